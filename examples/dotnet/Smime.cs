// Sends a mail that is signed and encrypted, and says of what was received who signed it and whether it was encrypted.
//
//     mcs -langversion:6 Smime.cs ../../ffi/bindings/dotnet/Postkontor.cs
//     Smime.exe SETTINGS.json send RECIPIENT
//     Smime.exe SETTINGS.json receive
//     Smime.exe SETTINGS.json open MAIL.eml
//
// The settings name the certificates (docs/smime.md). A password is the environment variable of the name that the settings give,
// {"password":{"secret":"KEY_PASSWORD"}}, as a program would take it from its own store.

using System;
using System.IO;
using System.Text;
using Postkontor;

internal static class Smime
{
    private static void Send(PostkontorAccount account, string recipient)
    {
        // Without a certificate for the recipient nothing goes out.
        var receipt = account.Send("{\"to\":[" + Json.Text(recipient) + "],\"subject\":\"Invoice 4711\",\"text\":\"The amount is 1,234.56 EUR.\"," +
            "\"smime\":{\"sign\":true,\"encrypt\":\"always\"}}");
        Console.WriteLine("sent: " + Json.Member(receipt, "message_id"));
    }

    private static PostkontorAction Received(PostkontorMessage message)
    {
        var smime = message["smime"];
        Console.WriteLine(message["subject"]);
        Say("signed", Json.Member(smime, "signed"));
        Say("encrypted", Json.Member(smime, "encrypted"));
        // Only then is the text from the person who seems to have sent it.
        if (Json.Member(Json.Member(smime, "signed"), "status") == "good")
            Console.WriteLine("  text: " + message["text"].Trim());
        return PostkontorAction.Seen;
    }

    private static void Say(string what, string verdict)
    {
        var status = Json.Member(verdict, "status");
        Console.WriteLine("  " + what + ": " + (status == null ? "no" : status + ", " + Json.Member(verdict, "by") + " " + Json.Member(verdict, "message")));
    }

    private static void Run(PostkontorHost host, string settings, string task, string[] arguments)
    {
        using (var account = host.OpenAccount(settings))
            if (task == "send")
                Send(account, arguments[2]);
            else if (task == "open")
                // A message that was kept, with the same keys.
                using (var message = host.OpenMessage(arguments[2], Json.At(settings, "/receive/smime")))
                    Received(message);
            else
                account.Receive("{}", Received);
    }

    private static int Main(string[] arguments)
    {
        var callbacks = new PostkontorCallbacks { GetSecret = Environment.GetEnvironmentVariable };
        try
        {
            using (var host = new PostkontorHost("{\"language\":\"en\"}", callbacks))
                Run(host, File.ReadAllText(arguments[0], Encoding.UTF8), arguments[1], arguments);
            return 0;
        }
        catch (PostkontorException error)
        {
            Console.Error.WriteLine("error {0} {1}: {2}", (int)error.Status, error.Code, error.Message);
            return (int)error.Status;
        }
    }
}
