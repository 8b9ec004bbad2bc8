// Hands a mail over to the outbox, lets it be sent, and asks what became of it.
//
//     mcs -langversion:6 Outbox.cs ../../ffi/bindings/dotnet/Postkontor.cs
//     Outbox.exe SETTINGS.json put RECIPIENT KEY
//     Outbox.exe SETTINGS.json work
//     Outbox.exe SETTINGS.json ask KEY
//
// The settings name the store, {"outbox":{"store":"sqlite:/path/outbox.db"}} (docs/outbox.md). KEY is the program's own name for the mail,
// for example the number of the invoice: put twice, it goes out once. A secret is the environment variable of the name that the
// settings give.

using System;
using System.IO;
using System.Text;
using Postkontor;

internal static class Outbox
{
    private static void Put(PostkontorOutbox outbox, string recipient, string key)
    {
        var message = "{\"to\":[" + Json.Text(recipient) + "],\"subject\":" + Json.Text("Invoice " + key) +
            ",\"text\":\"Please find our invoice attached.\",\"attachments\":[{\"name\":" + Json.Text(key + ".txt") + ",\"part\":0}]}";
        // When Put returns, the mail is durable: the program may forget it.
        var answer = outbox.Put("{\"message\":" + message + ",\"key\":" + Json.Text(key) + "}", Encoding.ASCII.GetBytes("The amount is 1,234.56 EUR.\r\n"));
        var entry = Json.Items(Json.Member(answer, "entries"))[0];
        Console.WriteLine((Json.Member(entry, "found") == "true" ? "known already: " : "put: ") + Json.Member(entry, "id") + " " + Json.Member(entry, "state"));
    }

    private static void Work(PostkontorOutbox outbox)
    {
        // Usually a thread or a service of its own, with {"until":"stopped"}.
        var worked = outbox.Work();
        Console.WriteLine("sent: " + Json.Member(worked, "sent") + ", failed: " + Json.Member(worked, "failed") + ", held: " +
            Json.Member(worked, "held") + ", later: " + Json.Member(worked, "later"));
    }

    private static void Ask(PostkontorOutbox outbox, string key)
    {
        foreach (var entry in Json.Items(Json.Member(outbox.Query("{\"key\":" + Json.Text(key) + "}"), "entries")))
        {
            Console.WriteLine(Json.Member(entry, "state"));
            foreach (var recipient in Json.Items(Json.Member(entry, "recipients")))
                Console.WriteLine("  " + Json.Member(recipient, "address") + " " + Json.Member(recipient, "status"));
        }
    }

    private static int Main(string[] arguments)
    {
        var callbacks = new PostkontorCallbacks { GetSecret = Environment.GetEnvironmentVariable };
        try
        {
            using (var host = new PostkontorHost("{}", callbacks))
            using (var outbox = host.OpenOutbox(File.ReadAllText(arguments[0])))
                if (arguments[1] == "put")
                    Put(outbox, arguments[2], arguments[3]);
                else if (arguments[1] == "work")
                    Work(outbox);
                else
                    Ask(outbox, arguments[2]);
            return 0;
        }
        catch (PostkontorException error)
        {
            Console.Error.WriteLine("error " + (int)error.Status + " " + error.Code + ": " + error.Message + " " + error.Detail);
            return (int)error.Status;
        }
    }
}
