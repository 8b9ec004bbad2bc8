// Fetches what is new in an account: each message with its attachments goes into a folder, and is marked as seen at the server.
//
//     mcs -langversion:6 Receive.cs ../../ffi/bindings/dotnet/Postkontor.cs
//     Receive.exe SETTINGS FOLDER
//
// SETTINGS is JSON text. The part between the marks stands in README.md.

using System;
using System.IO;
using Postkontor;

internal static class Receive
{
    private static void ReceiveMail(string settings, string folder, string stateFile)
    {
        var state = File.Exists(stateFile) ? File.ReadAllText(stateFile) : "";
        /* README */
        using (var host = new PostkontorHost())
        using (var account = host.OpenAccount(settings))
            try
            {
                account.Receive("{\"save_to\":" + Json.Text(folder) + ",\"state\":" + Json.Text(state) + "}", message =>
                {
                    Console.WriteLine(message["file"] + ": " + message["subject"]);     // it lies in the folder by now, with its parts
                    return PostkontorAction.Seen;                                      // done at the server only after this
                });
            }
            finally { File.WriteAllText(stateFile, account.State); }                    // with it, only what is new comes next time
        /* README */
    }

    private static int Main(string[] arguments)
    {
        try
        {
            // A program keeps the state in its database.
            ReceiveMail(arguments[0], arguments[1], arguments[1] + ".state");
            return 0;
        }
        catch (PostkontorException error)
        {
            Console.WriteLine((int)error.Status + " " + error.Message);
            return (int)error.Status;
        }
    }
}
