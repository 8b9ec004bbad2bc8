// What the log tells a program in C# of a test, a mail, a refused mail and a wrong password.
//
//     Log.exe SETTINGS.json FILE
//
// SETTINGS has one account, whose password the program gives: the one in PASSWORD, and at last another. The program leaves in FILE each
// line that it was given, behind its level; the test that runs it looks at them.

using System;
using System.IO;
using System.Text;
using Postkontor;

internal static class Log
{
    private const string Wrong = "Falsch-8";

    private static void Must(bool condition, string what)
    {
        if (!condition) throw new InvalidOperationException(what);
    }

    private static string To(string address) { return "{\"to\":[" + Json.Text(address) + "],\"text\":\"Guten Tag\"}"; }

    private static void Fails(PostkontorStatus status, PostkontorAccount account, string address)
    {
        try
        {
            account.Send(To(address));
        }
        catch (PostkontorException error)
        {
            Must(error.Status == status, error.ErrorJson);
            return;
        }
        throw new InvalidOperationException("sent to " + address);
    }

    private static void Main(string[] arguments)
    {
        Must(new Guard(new PostkontorCallbacks()).Native().Log == null, "the library puts lines together that the program does not take");
        var settings = File.ReadAllText(arguments[0], Encoding.UTF8);
        var password = Environment.GetEnvironmentVariable("PASSWORD");
        using (var lines = new StreamWriter(arguments[1], false, new UTF8Encoding(false)))
        {
            var callbacks = new PostkontorCallbacks
            {
                Log = (level, text) => lines.Write(level + " " + text + "\n"),
                GetSecret = name => name == "mail" ? password : null
            };
            using (var host = new PostkontorHost("{\"language\":\"en\"}", callbacks))
            {
                using (var account = host.OpenAccount(settings))
                {
                    var report = account.Test();
                    Must(Json.Member(report, "ok") == "true", report);
                    // What lies around is collected: the delegates must stay.
                    GC.Collect();
                    account.Send(To("b@example.com"));
                    Fails(PostkontorStatus.Refused, account, "refused@example.com");
                }
                password = Wrong;
                using (var account = host.OpenAccount(settings)) Fails(PostkontorStatus.Auth, account, "b@example.com");
            }
        }
    }
}
