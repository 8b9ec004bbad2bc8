// The dialog for an account of any transport. It is drawn from what the library says of the fields, and at each key stroke Check answers
// which of them show, what is wrong, and what would mend it; no transport is known here.
//
//     mcs -langversion:6 -r:System.Windows.Forms -r:System.Drawing SettingsForm.cs
//         ../../ffi/bindings/dotnet/Postkontor.cs ../../ffi/bindings/dotnet/PostkontorForm.cs
//     SettingsForm.exe FILE ACCOUNT TRANSPORT LANGUAGE
//
// FILE is the settings document. Neither it nor the account needs to be there yet; only then TRANSPORT counts. A secret is taken from
// the environment variable of its name, as a program would take it from its own store: {"password":{"secret":"MAIL_PASSWORD"}}.

using System;
using System.Collections.Generic;
using System.Drawing;
using System.IO;
using System.Threading.Tasks;
using System.Windows.Forms;
using Postkontor;

/// <summary>A field as it is drawn.</summary>
internal sealed class Row
{
    public PostkontorField Field;
    public PostkontorState State;
    public Label Title, Problem;
    public Control Input;
    public Button Mend;
}

internal sealed class SettingsForm : Form
{
    // In English, German and Slovenian.
    private static readonly string[,] Texts =
    {
        { "More settings", "Test", "Save", "Correct" }, { "Weitere Einstellungen", "Testen", "Speichern", "Korrigieren" },
        { "Več nastavitev", "Preizkusi", "Shrani", "Popravi" }
    };

    private readonly PostkontorHost host;
    private readonly PostkontorCancel closing = new PostkontorCancel();
    private readonly string id, place;
    private readonly int language;
    private readonly Panel scroll = new Panel { Dock = DockStyle.Fill, AutoScroll = true };
    private readonly CheckBox more;
    private readonly Button test;
    private readonly ToolTip help = new ToolTip();
    private bool isShowing;

    public readonly List<Row> Rows = new List<Row>();
    public readonly TextBox Report = new TextBox { Multiline = true, ReadOnly = true, Dock = DockStyle.Bottom, Height = 100, ScrollBars = ScrollBars.Vertical };
    /// <summary>The settings as they stand in the form.</summary>
    public string Document { get; private set; }

    /// <summary>For the account `id` of a document. ShowDialog answers OK when Document is to be saved.</summary>
    public SettingsForm(PostkontorHost host, string settings, string id, string language)
    {
        this.host = host;
        this.id = id;
        this.language = language.StartsWith("de") ? 1 : language.StartsWith("sl") ? 2 : 0;
        place = "/accounts/" + Json.Token(id);
        Document = settings;
        var form = host.Schema(Json.Plain(Json.At(Document, place + "/transport")), language);
        Text = id + ": " + Json.Plain(Json.At(form, "/schema/title"));
        StartPosition = FormStartPosition.CenterScreen;
        ClientSize = new Size(760, 700);
        var bar = new Panel { Dock = DockStyle.Bottom, Height = 36 };
        more = new CheckBox { Dock = DockStyle.Left, Width = 300, Text = Texts[this.language, 0] };
        more.CheckedChanged += (sender, e) => Check();
        test = new Button { Dock = DockStyle.Right, Width = 110, Text = Texts[this.language, 1] };
        test.Click += Test;
        var save = new Button { Dock = DockStyle.Right, Width = 110, Text = Texts[this.language, 2] };
        save.Click += Save;
        bar.Controls.AddRange(new Control[] { more, test, save });
        Controls.AddRange(new Control[] { scroll, bar, Report });
        foreach (var field in PostkontorForm.Fields(form, Document)) AddRow(field);
        FormClosing += (sender, e) => closing.Fire();
        scroll.Resize += (sender, e) => Check();
        Check();
    }

    private void AddRow(PostkontorField field)
    {
        var row = new Row { Field = field, Title = new Label { Text = field.Title }, Problem = new Label { ForeColor = Color.Firebrick } };
        row.Mend = new Button { Text = Texts[language, 3] };
        row.Mend.Click += (sender, e) => Mend(row);
        if (field.Kind == PostkontorKind.Group) row.Input = new GroupBox { Text = field.Title };
        else if (field.Kind == PostkontorKind.YesNo)
        {
            var box = new CheckBox();
            box.CheckedChanged += (sender, e) => Changed(row, box.Checked ? "true" : "false");
            row.Input = box;
        }
        else if (field.Kind == PostkontorKind.Choice)
        {
            var list = new ComboBox { DropDownStyle = ComboBoxStyle.DropDownList };
            foreach (var choice in field.Choices) list.Items.Add(choice.Value);
            list.SelectedIndexChanged += (sender, e) => Changed(row, field.Choices[list.SelectedIndex].Key);
            row.Input = list;
        }
        else
        {
            row.Input = new TextBox();
            row.Input.TextChanged += (sender, e) => Changed(row, PostkontorForm.Typed(field, row.Input.Text, row.State.IsReference));
        }
        help.SetToolTip(row.Input, field.Description);
        var parent = field.Group == null ? scroll : Rows.Find(other => other.Field == field.Group).Input;
        parent.Controls.AddRange(new[] { row.Title, row.Input, row.Problem, row.Mend });
        Rows.Add(row);
    }

    /// <summary>Puts into the settings what was typed or chosen.</summary>
    private void Changed(Row row, string value)
    {
        if (isShowing) return;
        Document = Json.Put(Document, place + row.Field.Pointer, value);
        Check();
    }

    /// <summary>Asks what the settings are now, and shows it.</summary>
    private void Check()
    {
        var answer = host.Check(Document);
        foreach (var row in Rows) row.State = PostkontorForm.State(row.Field, Document, place, answer);
        isShowing = true;
        Arrange(null, scroll.Width - SystemInformation.VerticalScrollBarWidth - 4);
        isShowing = false;
    }

    /// <summary>Puts the fields of a group that show below each other; the answer is how high they are together.</summary>
    private int Arrange(PostkontorField group, int width)
    {
        var top = 0;
        foreach (var row in Rows.FindAll(row => row.Field.Group == group))
        {
            var state = row.State;
            var isGroup = row.Field.Kind == PostkontorKind.Group;
            var inner = isGroup ? Arrange(row.Field, width - 20) : 1;
            var shows = state.IsVisible && inner > 0 && (more.Checked || !row.Field.IsAdvanced || state.Problem != null);
            row.Input.Visible = shows;
            row.Title.Visible = shows && !isGroup;
            row.Problem.Visible = shows && (state.Problem ?? state.Certificate) != null;
            row.Mend.Visible = shows && state.Patch != null;
            if (!shows) continue;
            var left = isGroup ? 8 : 250;
            var from = group == null ? scroll.AutoScrollPosition.Y : 20;
            row.Title.SetBounds(8, from + top + 3, 240, 20);
            row.Input.SetBounds(left, from + top, width - left - 12, isGroup ? inner + 24 : row.Input.Height);
            Show(row, state);
            top += row.Input.Height + 4;
            row.Problem.SetBounds(left, from + top, width - left - 136, state.Certificate == null ? 34 : 110);
            row.Problem.Text = state.Problem + Seen(state.Certificate);
            row.Problem.ForeColor = state.Problem == null ? SystemColors.GrayText : Color.Firebrick;
            row.Mend.SetBounds(width - 132, from + top, 120, 26);
            if (row.Problem.Visible) top += row.Problem.Height + 2;
        }
        return top;
    }

    /// <summary>Whose a certificate is, its dates and its fingerprint, each in a line.</summary>
    private static string Seen(string certificate)
    {
        if (certificate == null) return "";
        var dates = Json.Member(certificate, "not_before").Substring(0, 10) + " - " + Json.Member(certificate, "not_after").Substring(0, 10);
        return "\n" + Json.Member(certificate, "subject") + "\n" + dates + "\nSHA-256 " + Json.Member(certificate, "fingerprint");
    }

    private static void Show(Row row, PostkontorState state)
    {
        var box = row.Input as CheckBox;
        var list = row.Input as ComboBox;
        var text = row.Input as TextBox;
        if (box != null) box.Checked = state.Text == "true";
        if (list != null) list.SelectedIndex = state.Choice;
        if (text == null) return;
        if (text.Text != state.Text) text.Text = state.Text;
        text.PasswordChar = row.Field.Kind == PostkontorKind.Secret && !state.IsReference ? '*' : '\0';
    }

    private void Mend(Row row)
    {
        Document = Json.Merge(Document, row.State.Patch);
        row.Input.Focus();
        Check();
    }

    /// <summary>Goes to the field at a pointer, which Check or an error of any call gave.</summary>
    public void Focus(string pointer)
    {
        var field = PostkontorForm.FieldAt(Rows.ConvertAll(row => row.Field), place, pointer);
        if (field == null) return;
        var input = Rows.Find(row => row.Field == field).Input;
        if (!input.CanFocus) more.Checked = true;
        input.Focus();
    }

    private async void Test(object sender, EventArgs e)
    {
        test.Enabled = false;
        Report.Clear();
        try
        {
            var settings = Document;
            await Task.Run(() => { using (var account = host.OpenAccount(settings, id)) account.Test("{\"steps\":true}", closing); });
        }
        catch (PostkontorException error)
        {
            Report.AppendText(error.Message);
            Focus(Json.Plain(Json.At(error.ErrorJson, "/at/0/pointer")));
        }
        test.Enabled = true;
    }

    /// <summary>Shows a step of a test, which ended on another thread.</summary>
    public void Step(string step)
    {
        BeginInvoke(new Action(() =>
        {
            var status = Json.Member(step, "status");
            if (status == "skipped") return;
            // Signs need no language.
            var sign = status == "ok" ? "\u2713" : status == "fail" ? "\u2717" : "!";
            Report.AppendText(sign + " " + Json.Member(step, "message") + " " + Json.Member(step, "advice") + Environment.NewLine);
            if (status == "fail") Focus(Json.Member(step, "pointer"));
        }));
    }

    /// <summary>Where Check finds an error, the dialog stays open and leads to it.</summary>
    private void Save(object sender, EventArgs e)
    {
        var wrong = Rows.Find(row => row.State.IsError);
        if (wrong == null) DialogResult = DialogResult.OK;
        else Focus(place + wrong.Field.Pointer);
    }

    [STAThread]
    internal static void Main(string[] arguments)
    {
        string file = arguments[0], account = arguments[1], language = arguments[3], pointer = "/accounts/" + Json.Token(account);
        var settings = File.Exists(file) ? File.ReadAllText(file) : "{}";
        if (Json.At(settings, pointer) == null) settings = Json.Put(settings, pointer + "/transport", Json.Text(arguments[2]));
        SettingsForm form = null;
        var callbacks = new PostkontorCallbacks { GetSecret = Environment.GetEnvironmentVariable, Step = step => form.Step(step) };
        using (var host = new PostkontorHost("{\"language\":" + Json.Text(language) + "}", callbacks))
        using (form = new SettingsForm(host, settings, account, language))
            if (form.ShowDialog() == DialogResult.OK) File.WriteAllText(file, form.Document);
    }
}
