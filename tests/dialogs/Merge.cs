// Reads lines of a JSON array [document, patch, pointer] and prints an array of the merged document and of what is at the pointer in it.

using System;
using System.IO;
using System.Text;
using Postkontor;

internal static class Merge
{
    private static void Main()
    {
        var input = new StreamReader(Console.OpenStandardInput(), Encoding.UTF8);
        var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false));
        for (var line = input.ReadLine(); line != null; line = input.ReadLine())
        {
            var merged = Json.Merge(Json.At(line, "/0"), Json.At(line, "/1"));
            output.WriteLine("[" + merged + "," + (Json.At(merged, Json.Plain(Json.At(line, "/2"))) ?? "\"nothing\"") + "]");
        }
        output.Flush();
    }
}
