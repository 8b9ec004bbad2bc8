// A program in C# that opens a message of Outlook's, takes the e-invoice out of it, and makes a meeting request.
//
//     Enclosed.exe LETTER.msg FOLDER
//
// The program leaves in FOLDER the XML of the invoice and the message of the request; the test that runs it looks at them.

using System;
using System.IO;
using Postkontor;

internal static class Enclosed
{
    private const string Meeting = "BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1\nSUMMARY:Gespräch\nDTSTART:20261201T090000Z\nEND:VEVENT\nEND:VCALENDAR\n";

    private static void Must(bool condition, string what)
    {
        if (!condition) throw new InvalidOperationException(what);
    }

    private static void Main(string[] arguments)
    {
        var folder = arguments[1];
        using (var host = new PostkontorHost("{\"language\":\"en\"}"))
        {
            using (var message = host.OpenMessage(arguments[0]))
            {
                Must(message["subject"] == "Rechnung für Šunka", message["subject"]);
                Must(Json.Member(Json.Items(message["from"])[0], "address") == "anna@example.com", message["from"]);
                Must(Json.Member(message["invoice"], "format") == "factur-x", message.Summary);
                message.SavePartTo(int.Parse(Json.Member(message["invoice"], "part")), folder + "/invoice.xml");
            }
            var document = "{\"from\":\"anna@example.com\",\"to\":\"berta@example.com\",\"text\":\"Guten Tag\",\"calendar\":" + Json.Text(Meeting) + "}";
            File.WriteAllBytes(folder + "/meeting.eml", host.Build(document));
            using (var message = host.OpenMessage(folder + "/meeting.eml"))
            {
                Must(Json.Member(message["calendar"], "method") == "REQUEST", message.Summary);
                Must(Json.Member(message["calendar"], "summary") == "Gespräch", message.Summary);
                Must(Json.Member(Json.Member(message["calendar"], "start"), "time") == "2026-12-01T09:00:00Z", message.Summary);
            }
        }
    }
}
