// A mail opened, answered and passed on from C#, and a bounce understood.
//
//     Answer.exe FOLDER
//
// FOLDER has mail.eml and bounce.eml; the program leaves reply.eml and forward.eml there, and the test that runs it looks at them.

using System;
using System.IO;
using Postkontor;

internal static class Answer
{
    private const string Sender = "{\"address\":\"orders@shop.example\"}";

    private static void Must(bool condition, string what)
    {
        if (!condition) throw new InvalidOperationException(what);
    }

    private static void Main(string[] arguments)
    {
        Func<string, string> inFolder = name => Path.Combine(arguments[0], name);
        using (var host = new PostkontorHost("{\"language\":\"de\"}", new PostkontorCallbacks()))
        {
            using (var mail = host.OpenMessage(inFolder("mail.eml")))
            {
                Must(mail["subject"] == "AW: Prüfung", mail.Summary);
                var reply = "{\"reply\":{\"part\":0,\"all\":true,\"quote\":\"text\"},\"text\":\"Danke\"}";
                File.WriteAllBytes(inFolder("reply.eml"), host.Build(reply, Sender, mail.Raw()));
            }
            var forward = "{\"forward\":{\"file\":" + Json.Text(inFolder("mail.eml")) + ",\"as\":\"attachment\"},"
                + "\"to\":\"dora@shop.example\",\"text\":\"Bitte\"}";
            File.WriteAllBytes(inFolder("forward.eml"), host.Build(forward, Sender));
            using (var bounce = host.OpenMessage(inFolder("bounce.eml")))
            {
                var report = bounce["report"];
                var recipient = Json.Items(Json.Member(report, "recipients"))[0];
                Must(Json.Member(report, "kind") == "failure" && Json.Member(recipient, "kind") == "hard", report);
            }
        }
    }
}
