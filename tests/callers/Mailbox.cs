// A mailbox used from C#, from listing to filing.
//
//     Mailbox.exe SETTINGS.json FOLDER imap|pop3|exchange-ews
//
// SETTINGS has the accounts "inbox", with messages whose subjects say what becomes of them, and "full", which has no room for what is sent.
// The program leaves in FOLDER what it was given; the test that runs it compares that with what the server has, before and after.

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Threading;
using Postkontor;

internal sealed class Mine : Exception
{
    internal Mine() : base("from the function") { }
}

internal sealed class Mailbox
{
    private readonly PostkontorHost host;
    private readonly PostkontorAccount account;
    private readonly string folder;
    private readonly Dictionary<string, string> ids = new Dictionary<string, string>();
    private string subjects;
    private PostkontorMessage last;

    // Whether Progress stops the call.
    private static bool stopping;

    private Mailbox(PostkontorHost host, PostkontorAccount account, string folder)
    {
        this.host = host;
        this.account = account;
        this.folder = folder;
    }

    private static void Must(bool condition, string what)
    {
        if (!condition) throw new InvalidOperationException(what);
    }

    private static PostkontorException Fails(PostkontorStatus status, string code, Action action)
    {
        try
        {
            action();
        }
        catch (PostkontorException error)
        {
            Must(error.Status == status && error.Code == code, error.ErrorJson);
            return error;
        }
        throw new InvalidOperationException("no " + code);
    }

    private string File_(string word, string ending) { return Path.Combine(folder, word + "." + ending); }

    // What every fetch does with a message: keeps its summary, its id and its bytes.
    private string Take(PostkontorMessage message)
    {
        var subject = message["subject"];
        Must(subject.StartsWith("Prüfung: ", StringComparison.Ordinal), subject);
        var word = subject.Substring(9);
        subjects += word + " ";
        ids[word] = message["id"];
        var raw = message.Raw();
        using (var sha256 = SHA256.Create())
            Must(string.Concat(sha256.ComputeHash(raw).Select(b => b.ToString("x2"))) == message["sha256"], "sha256");
        File.WriteAllText(File_(word, "json"), message.Summary, new UTF8Encoding(false));
        File.WriteAllBytes(File_(word, "eml"), raw);
        last = message;
        return word;
    }

    // The first fetch: reads parts, and answers what the subject says.
    private PostkontorAction First(PostkontorMessage message)
    {
        var word = Take(message);
        if (word == "keep")
        {
            Must(message.Parts.Count == 1 && Json.Member(message.Parts[0], "name") == "Größe.bin", message.Summary);
            message.SaveTo(File_("keep", "raw"));
            message.SavePartTo(0, File_("keep", "saved"));
            File.WriteAllBytes(File_("keep", "part"), message.Part(0));
            Fails(PostkontorStatus.NotFound, "message.part_missing", () => message.Part(9));
        }
        return word == "seen" ? PostkontorAction.Seen
            : word == "delete" ? PostkontorAction.Delete
            : word == "stop" ? PostkontorAction.Stop : PostkontorAction.Keep;
    }

    private PostkontorAction Failing(PostkontorMessage message)
    {
        Take(message);
        throw new Mine();
    }

    // The account is in use, and stays so until the fetch is over; other handles are not.
    private PostkontorAction Reentering(PostkontorMessage message)
    {
        var word = Take(message);
        Fails(PostkontorStatus.Busy, "handle.busy", () => account.Receive(null, Failing));
        using (var copy = host.OpenMessage(message.Raw())) Must(copy["subject"] == message["subject"], "a copy");
        return word == "after" ? PostkontorAction.Delete : word == "stop" ? PostkontorAction.Seen : PostkontorAction.Keep;
    }

    // Has the next question of the library answered with "stop": it asks every 100 ms.
    private PostkontorAction Slow(PostkontorMessage message)
    {
        Take(message);
        stopping = true;
        Thread.Sleep(150);
        return PostkontorAction.Keep;
    }

    private string Fetch(Func<PostkontorMessage, PostkontorAction> received, string state)
    {
        subjects = "";
        // What lies around is collected: the delegates must stay.
        GC.Collect();
        return account.Receive("{\"state\":" + Json.Text(state) + "}", received);
    }

    private void Receive()
    {
        var answer = Fetch(First, "");
        Must(subjects == "keep seen delete stop ", subjects);
        Must(Json.Member(answer, "more") == "true" && Json.Member(answer, "state") == account.State, answer);
        try
        {
            last.Raw();
            Must(false, "a message that is over");
        }
        catch (ObjectDisposedException) { }

        try
        {
            Fetch(Failing, account.State);
            Must(false, "the exception was lost");
        }
        catch (Mine error)
        {
            Must(error.Message == "from the function" && error.StackTrace.Contains("Failing"), error.ToString());
        }
        Must(subjects == "stop ", subjects);
        Fetch(Reentering, account.State);
        Must(subjects == "stop after ", subjects);
        Fetch(Failing, account.State);
        Must(subjects == "", subjects);

        var cancelled = Fails(PostkontorStatus.Cancelled, "call.cancelled", () => Fetch(Slow, ""));
        Must(Json.Member(cancelled.ErrorJson, "state") == account.State, cancelled.ErrorJson);
        stopping = false;
        Must(subjects == "keep ", subjects);
        Fetch(Reentering, account.State);
        Must(subjects == "seen stop ", subjects);
    }

    // What stands in a message, one part of it, and the beginning of its text. Nothing of it counts as fetched.
    private void LookCloser()
    {
        var state = account.State;
        var looked = "";
        const string chosen = "{\"or\":[{\"subject\":\"keep\"},{\"body\":\"steht nirgends\"},{\"subject\":\"stop\"}],"
            + "\"not\":{\"header\":{\"name\":\"Message-ID\",\"contains\":\"stop@\"}}}";
        account.Receive("{\"filter\":" + chosen + ",\"summary\":\"structure\"}", message =>
        {
            var part = message.Parts.Single();
            Must(Json.Member(part, "section") == "2" && Json.Member(part, "name") == "Größe.bin", message.Summary);
            Must(Json.Member(Json.Items(message["texts"]).Single(), "section") == "1", message.Summary);
            Must(Encoding.UTF8.GetString(message.Raw()).EndsWith("\r\n\r\n", StringComparison.Ordinal), "the headers");
            looked += message["subject"];
            return PostkontorAction.Delete;
        });
        var one = "{\"message\":" + Json.Text(ids["keep"]) + ",";
        account.Receive(one + "\"section\":\"2\"}", message =>
        {
            File.WriteAllBytes(File_("part", "raw"), message.Raw());
            File.WriteAllBytes(File_("part", "bytes"), message.Part(0));
            looked += message["section"];
            return PostkontorAction.Delete;
        });
        account.Receive(one + "\"section\":\"1\",\"first_bytes\":3}", message =>
        {
            File.WriteAllBytes(File_("begin", "raw"), message.Raw());
            Must(message["complete"] == "false", message.Summary);
            looked += message["text"];
            return PostkontorAction.Seen;
        });
        Must(looked == "Prüfung: keep2Gr" && account.State == state, looked);
        Fails(PostkontorStatus.NotFound, "imap.part_missing", () => account.Receive(one + "\"section\":\"7\"}", Failing));
    }

    private string Apply(string word, string what)
    {
        return account.Apply("{\"messages\":[" + Json.Text(ids[word]) + "]," + what + "}");
    }

    private void FileInFolders(string settings, bool byImap)
    {
        Apply("keep", "\"action\":\"seen\"");
        Must(Json.Items(Json.Member(Apply("keep", "\"action\":\"move\",\"folder\":\"Ablage/Größe\""), "applied"))[0] == ids["keep"], "moved");
        Apply("seen", "\"action\":\"unseen\"");
        Must(Json.Items(Json.Member(Apply("keep", "\"action\":\"delete\""), "missing")).Count == 1, "gone");
        var receipt = account.Send("{\"to\":[\"b@example.com\"],\"subject\":\"Über C#\",\"text\":\"Guten Tag\"}");
        Must(Json.Member(receipt, "saved_to") != null, receipt);
        using (var full = host.OpenAccount(settings, "full"))
        {
            var large = "{\"to\":[\"b@example.com\"],\"text\":\"" + new string('x', 60000) + "\"}";
            var error = byImap ? Fails(PostkontorStatus.Refused, "imap.append_refused", () => full.Send(large))
                : Fails(PostkontorStatus.Later, "ews.mailbox_full", () => full.Send(large));
            var words = Json.Member(Json.Member(error.ErrorJson, "server"), "text");
            Must(words.Contains(byImap ? "OVERQUOTA" : "quota"), error.ErrorJson);
        }
    }

    /// <summary>A draft in a folder of its own: marked, labelled, copied; the folder is renamed and deleted.</summary>
    private void ChangeFolders(string prefix)
    {
        var made = account.Apply("{\"folders\":[{\"create\":\"Prüfung\"},{\"create\":\"Prüfung/Größe\"}]}");
        Must(made == "{\"folders\":[{\"created\":\"Prüfung\"},{\"created\":\"Prüfung/Größe\"}]}", made);
        var receipt = account.Send("{\"subject\":\"Entwurf von C#\",\"text\":\"x\",\"bcc\":[\"c@example.com\"],"
            + "\"append\":{\"folder\":\"Prüfung/Größe\",\"flags\":[\"draft\"]}}");
        Must(Json.Member(Json.Member(receipt, "filed"), "status") == "saved", receipt);
        Must(Json.Items(Json.Member(receipt, "recipients")).Count == 0, receipt);
        ids["draft"] = Json.Member(receipt, "saved_to");
        Apply("draft", "\"action\":\"flagged\"");
        Apply("draft", "\"action\":\"keywords\",\"add\":[\"Bezahlt\"]");
        var copied = Apply("draft", "\"action\":\"copy\",\"folder\":\"<drafts>\"");
        Must(Json.Member(Json.Items(Json.Member(copied, "new_ids"))[0], "id") == ids["draft"], copied);
        account.Apply("{\"folders\":[{\"rename\":\"Prüfung/Größe\",\"to\":\"Prüfung/Maß\"}]}");
        var error = Fails(PostkontorStatus.Refused, prefix + ".folder_not_empty", () => account.Apply("{\"folders\":[{\"delete\":\"Prüfung/Maß\"}]}"));
        Must(Json.Member(Json.Items(Json.Member(error.ErrorJson, "at"))[0], "pointer") == "/folders/0/delete", error.ErrorJson);
        account.Apply("{\"folders\":[{\"delete\":\"Prüfung/Maß\",\"with_messages\":true},{\"delete\":\"Prüfung\"}]}");
    }

    private void FileByPop3()
    {
        Fails(PostkontorStatus.Unsupported, "pop3.only_delete", () => Apply("keep", "\"action\":\"move\",\"folder\":\"Ablage/Größe\""));
        Apply("keep", "\"action\":\"delete\"");
    }

    private static int Main(string[] arguments)
    {
        var settings = File.ReadAllText(arguments[0], Encoding.UTF8);
        var callbacks = new PostkontorCallbacks { Progress = (done, total) => stopping };
        using (var host = new PostkontorHost("{\"language\":\"en\"}", callbacks))
        using (var account = host.OpenAccount(settings, "inbox"))
        {
            var mailbox = new Mailbox(host, account, arguments[1]);
            Must(Json.Items(Json.Member(account.List("{\"folder\":\"\"}"), "messages")).Count == 5, "messages are listed");
            if (arguments[2] != "pop3")
            {
                var drafts = Json.Items(Json.Member(account.List(), "folders")).Single(entry => Json.Member(entry, "name") == "Entwürfe");
                Must(Json.Items(Json.Member(drafts, "uses"))[0] == "drafts", drafts);
            }
            mailbox.Receive();
            if (arguments[2] == "imap") mailbox.LookCloser();
            if (arguments[2] != "pop3") mailbox.ChangeFolders(arguments[2] == "imap" ? "imap" : "ews");
            if (arguments[2] != "pop3") mailbox.FileInFolders(settings, arguments[2] == "imap");
            else mailbox.FileByPop3();
        }
        Console.WriteLine("held");
        return 0;
    }
}
