//! Results for people.
//!
//! Everything here reads the JSON of the C ABI, as any other program would; what it does not know it leaves out. Control
//! characters, which a server may have sent, never reach the terminal.

use crate::answer::{Answer, Kind};
use crate::certificate;
use crate::discover;
use crate::outbox;
use crate::secret;
use crate::texts::Texts;
use postkontor_core::Error;
use serde_json::Value;
use std::io::{self, IsTerminal, Write};

/// Prints a result.
pub(crate) fn answer(out: &mut impl Write, answer: &Answer, texts: &Texts) -> io::Result<()> {
    let json = &answer.json;
    match answer.kind {
        Kind::Text => out.write_all(json.as_str().unwrap_or_default().as_bytes()),
        Kind::Transports => transports(out, json, texts),
        Kind::Schema => form(out, &json["schema"], 0),
        Kind::Check => check(out, json, texts),
        Kind::Secrets => secret::command::lines(json, texts).iter().try_for_each(|line| writeln!(out, "{}", clean(line))),
        Kind::Certificates => certificate::lines(json, texts).iter().try_for_each(|line| writeln!(out, "{}", clean(line))),
        Kind::Collected => certificate::collected(json, texts).iter().try_for_each(|line| writeln!(out, "{}", clean(line))),
        Kind::Outbox | Kind::Entries => {
            let is_whole = matches!(answer.kind, Kind::Entries);
            outbox::lines(json, is_whole, texts).iter().try_for_each(|line| writeln!(out, "{}", clean(line)))
        }
        Kind::Report => tested(out, json, texts),
        Kind::Receipt => match json["results"].as_array() {
            Some(results) => results.iter().try_for_each(|one| receipt(out, one, texts)),
            None => receipt(out, json, texts),
        },
        Kind::List => list(out, json),
        Kind::Changes => changes(out, json),
        Kind::Migrated => writeln!(out, "{json:#}"),
        Kind::Imported => writeln!(out, "{json:#}"),
        Kind::Printed => Ok(()),
        Kind::Consent => {
            let sign = if json["kept"] == false { "!" } else { "✓" };
            writeln!(out, "{sign} {}", clean(text(&json["message"])))
        }
        Kind::Discovered => discover::lines(json, texts).iter().try_for_each(|line| writeln!(out, "{}", clean(line).trim_end())),
    }
}

/// Whether what is written to standard error can have colours. An older console of Windows shows the signs for them instead.
pub(crate) fn has_colours() -> bool {
    cfg!(not(windows)) && io::stderr().is_terminal()
}

/// Prints an error: the sentence, the places that are wrong, and the words for support.
pub(crate) fn error(out: &mut impl Write, error: &Error, texts: &Texts, colour: bool) -> io::Result<()> {
    let (red, plain) = if colour { ("\x1b[31m", "\x1b[0m") } else { ("", "") };
    writeln!(out, "{red}✗{plain} {}", clean(&error.message))?;
    for at in error.at.iter().filter(|at| at.message != error.message || !at.pointer.is_empty()) {
        let message = if at.message == error.message { "" } else { at.message.as_str() };
        writeln!(out, "  {}  {}", clean(&at.pointer), clean(message))?;
    }
    if let Some(server) = error.server.as_ref().filter(|server| !server.text.is_empty()) {
        writeln!(out, "  {}: {} {}", texts.word("cli.server"), server.code, clean(&server.text))?;
    }
    if !error.detail.is_empty() {
        writeln!(out, "  {}: {}", texts.word("cli.detail"), clean(&error.detail))?;
    }
    writeln!(out, "  {}: {} ({})", texts.word("cli.code"), clean(&error.code), error.status.number())?;
    let warnings = error.more.get("warnings").and_then(Value::as_array);
    warnings.into_iter().flatten().try_for_each(|warning| writeln!(out, "  ! {}", clean(text(&warning["message"]))))
}

fn transports(out: &mut impl Write, entries: &Value, texts: &Texts) -> io::Result<()> {
    let entries = entries.as_array().map_or(&[][..], Vec::as_slice);
    if entries.is_empty() {
        return writeln!(out, "{}", texts.word("cli.no_transports"));
    }
    for entry in entries {
        let file = clean(text(&entry["file"]));
        if entry["error"].is_object() {
            writeln!(out, "✗ {file}\n    {}", clean(text(&entry["error"]["message"])))?;
            let detail = text(&entry["error"]["detail"]);
            if !detail.is_empty() {
                writeln!(out, "    {}: {}", texts.word("cli.detail"), clean(detail))?;
            }
        } else {
            let operations: Vec<_> = entry["operations"].as_array().into_iter().flatten().map(text).collect();
            let (name, version) = (clean(text(&entry["name"])), clean(text(&entry["version"])));
            // A transport that is linked in has no file.
            writeln!(out, "{}", format!("✓ {name:14} {version:8} {}  {file}", operations.join(" ")).trim_end())?;
        }
    }
    Ok(())
}

/// The fields of a form, indented as they are nested, those that depend on others after them.
fn form(out: &mut impl Write, schema: &Value, depth: usize) -> io::Result<()> {
    let required: Vec<_> = schema["required"].as_array().into_iter().flatten().map(text).collect();
    let conditional = schema["allOf"].as_array().into_iter().flatten().filter_map(|rule| rule["then"]["properties"].as_object());
    // A field that several conditions bring is shown once.
    let mut shown = Vec::new();
    for properties in schema["properties"].as_object().into_iter().chain(conditional) {
        for (name, field) in properties.iter().filter(|(_, field)| field.is_object()) {
            if shown.contains(&name) {
                continue;
            }
            shown.push(name);
            let indent = "    ".repeat(depth);
            let mark = if required.contains(&name.as_str()) { " *" } else { "" };
            let about = [text(&field["title"]), &kind(field)].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
            writeln!(out, "{indent}{:24} {}", format!("{name}{mark}"), clean(&about))?;
            let description = text(&field["description"]);
            if !description.is_empty() {
                writeln!(out, "{indent}    {}", clean(description))?;
            }
            for choice in field["oneOf"].as_array().into_iter().flatten().filter(|choice| !choice["const"].is_null()) {
                writeln!(out, "{indent}    {:20} {}", bare(&choice["const"]), clean(text(&choice["title"])))?;
            }
            form(out, field, depth + 1)?;
        }
    }
    Ok(())
}

/// The values that a field may have, in a few signs.
fn kind(field: &Value) -> String {
    let mut parts = Vec::new();
    match (&field["minimum"], &field["maximum"]) {
        (Value::Null, Value::Null) => {}
        (minimum, maximum) => parts.push(format!("{}–{}", bare(minimum), bare(maximum))),
    }
    if field["writeOnly"] == true {
        parts.push("***".to_owned());
    }
    if !field["default"].is_null() && !field["default"].is_object() {
        parts.push(format!("= {}", bare(&field["default"])));
    }
    parts.join(" ")
}

fn check(out: &mut impl Write, check: &Value, texts: &Texts) -> io::Result<()> {
    let problems = check["problems"].as_array().map_or(&[][..], Vec::as_slice);
    for problem in problems {
        let sign = if matches!(text(&problem["severity"]), "" | "error") { "✗" } else { "!" };
        writeln!(out, "{sign} {}\n    {}", clean(text(&problem["pointer"])), clean(text(&problem["message"])))?;
        if problem["patch"].is_object() {
            writeln!(out, "    {}: {}", texts.word("cli.patch"), clean(&problem["patch"].to_string()))?;
        }
    }
    if problems.is_empty() { writeln!(out, "✓ {}", texts.word("cli.no_problems")) } else { Ok(()) }
}

/// A step of a test, as it comes.
pub(crate) fn step(out: &mut impl Write, step: &Value, texts: &Texts) -> io::Result<()> {
    let sign = match text(&step["status"]) {
        "ok" => "✓",
        "warn" => "!",
        "fail" => "✗",
        _ => "·",
    };
    let ms = step["ms"].as_u64().filter(|ms| *ms > 0).map_or(String::new(), |ms| format!("{ms} ms"));
    let message = clean(text(&step["message"])) + &if sign == "✓" { seen(&step["facts"]) } else { String::new() };
    writeln!(out, "{}", format!("{sign} {:13} {ms:>8}  {message}", text(&step["step"])).trim_end())?;
    let margin = " ".repeat(26);
    for advice in step["advice"].as_array().into_iter().flatten() {
        writeln!(out, "{margin}→ {}", clean(text(advice)))?;
    }
    if step["patch"].is_object() {
        writeln!(out, "{margin}{}: {}", texts.word("cli.patch"), step["patch"])?;
    }
    let detail = text(&step["detail"]);
    if !detail.is_empty() && sign == "✗" {
        writeln!(out, "{margin}{}: {}", texts.word("cli.detail"), clean(detail))?;
    }
    Ok(())
}

/// The end of a test, whose steps are shown already.
fn tested(out: &mut impl Write, report: &Value, texts: &Texts) -> io::Result<()> {
    let summary = if report["ok"] == true { "cli.test_ok" } else { "cli.test_failed" };
    writeln!(out, "{} ({} ms)", texts.word(summary), report["elapsed_ms"])
}

/// The facts of a step that a person wants to see beside its sentence.
fn seen(facts: &Value) -> String {
    let names = ["addresses", "address", "text", "version", "cipher", "subject", "mechanism", "path"];
    let stores = facts["stores"].as_object().into_iter().flatten().map(|(name, store)| format!("{name} ({})", text(store)));
    let facts: Vec<_> = names.iter().map(|name| bare(&facts[*name])).chain(stores).filter(|fact| !fact.is_empty()).collect();
    if facts.is_empty() { String::new() } else { clean(&format!(": {}", facts.join(", "))) }
}

fn receipt(out: &mut impl Write, receipt: &Value, texts: &Texts) -> io::Result<()> {
    if !receipt["message_id"].is_string() {
        return writeln!(out, "✗ {}", clean(text(&receipt["message"])));
    }
    let way = format!("{} ({})", clean(text(&receipt["account"])), clean(text(&receipt["transport"])));
    if receipt["filed"].is_object() {
        // Never the word for what was sent.
        let message = clean(text(&receipt["filed"]["message"]));
        writeln!(out, "✓ <{}>, {} bytes, {way}", clean(text(&receipt["message_id"])), receipt["size"])?;
        return writeln!(out, "  ✓ {message}");
    }
    writeln!(out, "✓ {} <{}>, {} bytes, {way}", texts.word("cli.sent"), clean(text(&receipt["message_id"])), receipt["size"])?;
    if receipt["fallback"] == true {
        writeln!(out, "  ! {} {}", texts.word("cli.fallback"), clean(text(&receipt["reason"]["message"])))?;
    }
    for answer in receipt["recipients"].as_array().into_iter().flatten() {
        let sign = match text(&answer["status"]) {
            "accepted" => "✓",
            "refused" => "✗",
            _ => "?",
        };
        writeln!(out, "  {sign} {} {}", clean(text(&answer["address"])), clean(text(&answer["text"])))?;
    }
    warnings(out, receipt, "  ")?;
    let copy = &receipt["sent_copy"];
    if copy.is_object() {
        let sign = if copy["status"] == "failed" { "!" } else { "✓" };
        return writeln!(out, "  {sign} {}", clean(text(&copy["message"])));
    }
    let place = text(&receipt["saved_to"]);
    if place.is_empty() { Ok(()) } else { writeln!(out, "  {}: {}", texts.word("cli.saved_to"), clean(place)) }
}

/// A line for each folder or message, with what is known of it.
fn list(out: &mut impl Write, json: &Value) -> io::Result<()> {
    for folder in json["folders"].as_array().into_iter().flatten() {
        writeln!(out, "{:32} {}", clean(text(&folder["name"])), clean(&bare(&folder["uses"])).trim_end())?;
    }
    for message in json["messages"].as_array().into_iter().flatten() {
        let facts = ["file", "id", "received", "size", "flags", "subject", "action"].map(|name| bare(&message[name]));
        let facts: Vec<_> = facts.iter().filter(|fact| !fact.is_empty()).map(|fact| clean(fact)).collect();
        writeln!(out, "{}", facts.join("  "))?;
        for part in ["texts", "parts"].into_iter().flat_map(|list| message[list].as_array().into_iter().flatten()) {
            let facts = ["section", "type", "encoded_size", "name"].map(|name| bare(&part[name]));
            let facts: Vec<_> = facts.iter().filter(|fact| !fact.is_empty()).map(|fact| clean(fact)).collect();
            writeln!(out, "    {}", facts.join("  "))?;
        }
    }
    for missing in json["missing"].as_array().into_iter().flatten() {
        writeln!(out, "! {}  {}", clean(text(&missing["id"])), clean(text(&missing["error"]["message"])))?;
    }
    warnings(out, json, "")
}

/// A line for each thing that one should know although the call went well.
fn warnings(out: &mut impl Write, json: &Value, indent: &str) -> io::Result<()> {
    for warning in json["warnings"].as_array().into_iter().flatten() {
        writeln!(out, "{indent}! {}", clean(text(&warning["message"])))?;
    }
    Ok(())
}

/// A line for each message or folder that something was done with, and for each that was not there.
fn changes(out: &mut impl Write, json: &Value) -> io::Result<()> {
    let ids = |name: &str| json[name].as_array().into_iter().flatten().map(text);
    for id in ids("applied") {
        let pair = json["new_ids"].as_array().into_iter().flatten().find(|pair| text(&pair["id"]) == id);
        let new_id = pair.map(|pair| format!("  → {}", clean(text(&pair["new_id"])))).unwrap_or_default();
        writeln!(out, "✓ {}{new_id}", clean(id))?;
    }
    ids("missing").try_for_each(|id| writeln!(out, "! {}", clean(id)))?;
    for (done, name) in json["folders"].as_array().into_iter().flatten().filter_map(|folder| folder.as_object()?.iter().next()) {
        writeln!(out, "✓ {:32} {}", clean(text(name)), clean(done))?;
    }
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A value as a person writes it: a text without its quotes, a list with commas, nothing for nothing and for an object.
fn bare(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(bare).collect::<Vec<_>>().join(", "),
        Value::Object(_) => String::new(),
        other => other.to_string(),
    }
}

/// A text without control characters and without those that turn the direction of writing.
pub(crate) fn clean(text: &str) -> String {
    let harmless = |c: &char| !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if c == '\n' || c == '\t' { ' ' } else { c }).filter(harmless).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use postkontor_core::Status;
    use serde_json::json;

    fn shown(kind: Kind, json: Value) -> String {
        let mut out = Vec::new();
        answer(&mut out, &Answer { json, status: Status::Ok, kind }, &Texts::new(Some("en"))).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_report_shows_each_step_with_its_advice_and_patch() {
        let report = json!({"ok": false, "elapsed_ms": 12, "steps": [
                {"step": "connect", "status": "ok", "ms": 3, "message": "Connected", "facts": {"address": "192.0.2.1", "port": 25}},
                {"step": "tls", "status": "fail", "ms": 9, "message": "Expired.", "advice": ["Renew it."], "patch": {"tls": {"verify": false}}, "detail": "x509"},
                {"step": "login", "status": "skipped"}]});
        let mut out = Vec::new();
        for step in report["steps"].as_array().unwrap() {
            super::step(&mut out, step, &Texts::new(Some("en"))).unwrap();
        }
        let shown = String::from_utf8(out).unwrap() + &shown(Kind::Report, report);
        let expected = "✓ connect           3 ms  Connected: 192.0.2.1\n\
            ✗ tls               9 ms  Expired.\n\
            \x20                         → Renew it.\n\
            \x20                         Patch: {\"tls\":{\"verify\":false}}\n\
            \x20                         Detail: x509\n\
            · login\n\
            The test failed. (12 ms)\n";
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_server_cannot_write_to_the_terminal() {
        let shown = shown(
            Kind::Receipt,
            json!({"message_id": "a", "size": 1, "recipients": [{"address": "b", "status": "refused", "text": "\u{1b}[2Jno\u{202e}"}]}),
        );
        assert!(shown.contains("✗ b [2Jno\n"), "{shown:?}");
    }

    #[test]
    fn a_list_has_a_line_for_each() {
        let folders = json!({"folders": [{"name": "INBOX", "uses": []}, {"name": "Gesendet", "uses": ["\\Sent"]}]});
        let lines: Vec<String> =
            shown(Kind::List, folders).lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(lines, ["INBOX", "Gesendet \\Sent"]);
        let messages = json!({"messages": [{"file": "0001.eml", "id": "7", "size": 120, "subject": "Hi", "action": "seen"}], "state": "x"});
        assert_eq!(shown(Kind::List, messages), "0001.eml  7  120  Hi  seen\n");
        let missing = json!({"messages": [], "missing": [{"id": "8", "error": {"message": "The server refused it."}}], "state": "x"});
        assert_eq!(shown(Kind::List, missing), "! 8  The server refused it.\n");
        let warnings = json!({"messages": [], "warnings": [{"message": "It took longer."}], "state": "x"});
        assert_eq!(shown(Kind::List, warnings), "! It took longer.\n");
        let receipt = json!({"message_id": "1@x", "size": 7, "account": "a", "transport": "smtp", "warnings": [{"message": "Not kept."}]});
        assert!(shown(Kind::Receipt, receipt).ends_with("\n  ! Not kept.\n"));
        assert_eq!(shown(Kind::Consent, json!({"kept": false, "message": "Not kept."})), "! Not kept.\n");
    }

    #[test]
    fn what_was_changed_has_a_line_and_what_was_filed_is_never_called_sent() {
        let applied =
            json!({"applied": ["1.7.INBOX", "2.7.INBOX"], "missing": ["3.7.INBOX"], "new_ids": [{"id": "1.7.INBOX", "new_id": "9.8.A"}]});
        assert_eq!(shown(Kind::Changes, applied), "✓ 1.7.INBOX  → 9.8.A\n✓ 2.7.INBOX\n! 3.7.INBOX\n");
        let folders = json!({"folders": [{"created": "Rechnungen/2026"}]});
        assert_eq!(shown(Kind::Changes, folders), format!("✓ {:32} created\n", "Rechnungen/2026"));
        let filed = json!({"message_id": "a", "size": 1, "account": "m", "transport": "imap", "recipients": [], "saved_to": "1.7.Entwürfe",
            "filed": {"status": "saved", "folder": "Entwürfe", "message": "The message is in the folder Entwürfe. It was not sent."}});
        let shown = shown(Kind::Receipt, filed);
        assert_eq!(shown, "✓ <a>, 1 bytes, m (imap)\n  ✓ The message is in the folder Entwürfe. It was not sent.\n");
    }

    #[test]
    fn a_form_shows_conditional_fields_too() {
        let schema = json!({"schema": {"type": "object", "required": ["server"], "properties": {"server": {"title": "Server", "properties": {
            "port": {"title": "Port", "minimum": 1, "maximum": 65535, "default": 25}}}},
            "allOf": [{"if": {}, "then": {"properties": {"password": {"title": "Password", "writeOnly": true}}}}]}});
        let shown = shown(Kind::Schema, schema);
        assert!(shown.contains("server *                 Server\n"), "{shown}");
        assert!(shown.contains("    port                     Port, 1–65535 = 25\n"), "{shown}");
        assert!(shown.contains("password                 Password, ***\n"), "{shown}");
    }
}
