// Tells on standard output what the settings dialog shows, a line of JSON each time it has changed. It is compiled together with the
// example, which does not know of it, and runs it.

using System;
using System.Collections.Generic;
using System.Windows.Forms;
using Postkontor;

internal static class Watch
{
    private static string last;

    [STAThread]
    private static void Main(string[] arguments)
    {
        Application.Idle += (sender, e) => Tell();
        SettingsForm.Main(arguments);
    }

    private static void Tell()
    {
        SettingsForm form = null;
        foreach (Form open in Application.OpenForms) form = form ?? open as SettingsForm;
        if (form == null || !form.Visible) return;
        var rows = new List<string>();
        foreach (var row in form.Rows.FindAll(row => row.Input.Visible))
            rows.Add(Json.Text(row.Field.Pointer) + ":{\"title\":" + Caption(row.Title) + ",\"shows\":" + Json.Text(Shown(row.Input)) + ",\"problem\":"
                + Caption(row.Problem) + ",\"button\":" + Caption(row.Mend) + "}");
        var line = "{\"title\":" + Json.Text(form.Text) + ",\"focus\":" + Json.Text(Focused(form)) + ",\"report\":" + Json.Text(form.Report.Text)
            + ",\"busy\":" + (IsBusy(form) ? "true" : "false") + ",\"fields\":{" + string.Join(",", rows) + "}}";
        if (line != last) Console.WriteLine(line);
        last = line;
    }

    private static string Caption(Control control) { return Json.Text(control.Visible ? control.Text : ""); }

    /// <summary>Whether a button cannot be pressed, as that of a running test.</summary>
    private static bool IsBusy(Control control)
    {
        foreach (Control inner in control.Controls)
            if (IsBusy(inner)) return true;
        return control is Button && !control.Enabled;
    }

    /// <summary>What a control shows to the user.</summary>
    private static string Shown(Control input)
    {
        var box = input as CheckBox;
        var text = input as TextBox;
        if (box != null) return box.Checked ? "true" : "false";
        return text != null && text.PasswordChar != '\0' ? new string(text.PasswordChar, text.Text.Length) : input.Text;
    }

    /// <summary>The control with the focus: the pointer of a field, with a # behind it for its button; of others what stands on
    /// them.</summary>
    private static string Focused(SettingsForm form)
    {
        Control active = form.ActiveControl;
        var row = form.Rows.Find(found => found.Input == active || found.Mend == active);
        if (row == null) return active == null ? "" : active.Text;
        return row.Input == active ? row.Field.Pointer : row.Field.Pointer + "#";
    }
}
