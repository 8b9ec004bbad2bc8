//! What the outbox answers, in lines for people.

use crate::texts::Texts;
use serde_json::Value;

/// Lines for an answer. `is_whole`: each entry with all that is known of it.
pub(crate) fn lines(json: &Value, is_whole: bool, texts: &Texts) -> Vec<String> {
    if let Some(stats) = json.get("stats") {
        return stats_lines(stats, texts);
    }
    let Some(entries) = json["entries"].as_array() else { return worked(json, texts) };
    if entries.is_empty() {
        return vec![texts.word("cli.outbox_nothing")];
    }
    let mut lines: Vec<String> = match is_whole {
        true => entries.iter().flat_map(|entry| whole(entry, texts)).collect(),
        false => entries.iter().map(|entry| line(entry, texts)).collect(),
    };
    if let Some(next) = json["next"].as_str() {
        lines.push(texts.word("cli.outbox_more").replace("{next}", next));
    }
    lines
}

/// `✓ 17  sent       2026-11-30T20:00:00Z  berta@example.com  Invoice 4711`.
fn line(entry: &Value, texts: &Texts) -> String {
    let state = text(&entry["state"]);
    let sign = match state {
        "sent" => "✓",
        "failed" | "bounced" => "✗",
        "held" => "!",
        _ => "·",
    };
    let recipients: Vec<&str> = entry["recipients"].as_array().into_iter().flatten().map(|one| text(&one["address"])).collect();
    let who = match recipients.as_slice() {
        [] => text(&entry["message_id"]).to_owned(),
        [one] => (*one).to_owned(),
        [first, rest @ ..] => format!("{first} +{}", rest.len()),
    };
    let found = if entry["found"] == true { format!("  ({})", texts.word("cli.outbox_found")) } else { String::new() };
    let standing = padded(&texts.word(&format!("cli.state_{state}")));
    let rest = [text(&entry["created"]), &who, text(&entry["subject"])].into_iter().filter(|part| !part.is_empty());
    format!("{sign} {:>6}  {standing} {}{found}", text(&entry["id"]), rest.collect::<Vec<_>>().join("  "))
}

fn whole(entry: &Value, texts: &Texts) -> Vec<String> {
    let mut lines = vec![line(entry, texts)];
    for (word, member) in [
        ("cli.outbox_key", "key"),
        ("cli.outbox_account", "account"),
        ("cli.outbox_queue", "queue"),
        ("cli.outbox_not_before", "not_before"),
        ("cli.outbox_next_try", "next_try"),
        ("cli.outbox_give_up", "give_up_at"),
        ("cli.outbox_updated", "updated"),
    ] {
        // When it is given up concerns only what is not ended.
        let is_shown = member != "give_up_at" || matches!(text(&entry["state"]), "queued" | "sending");
        if let Some(value) = entry[member].as_str().filter(|value| !value.is_empty() && is_shown) {
            lines.push(format!("    {} {value}", padded(&texts.word(word))));
        }
    }
    if let Some(attempts) = entry["attempts"].as_i64().filter(|attempts| *attempts > 0) {
        lines.push(format!("    {} {attempts}", padded(&texts.word("cli.outbox_attempts"))));
    }
    lines.push(format!("    Message-ID     <{}>", text(&entry["message_id"])));
    for recipient in entry["recipients"].as_array().into_iter().flatten() {
        let code = recipient["code"].as_u64().filter(|code| *code > 0).map(|code| format!("  {code}")).unwrap_or_default();
        let standing = texts.word(&format!("cli.recipient_{}", text(&recipient["status"])));
        lines.push(format!("      {}  {standing}{code} {}", text(&recipient["address"]), text(&recipient["text"])).trim_end().to_owned());
    }
    let error = &entry["error"];
    if error.is_object() {
        let message = if text(&error["message"]).is_empty() { text(&error["code"]) } else { text(&error["message"]) };
        lines.push(format!("    {message}"));
    }
    lines
}

fn stats_lines(stats: &Value, texts: &Texts) -> Vec<String> {
    let row = |word: &str, value: &Value| format!("{} {:>10}", padded(&texts.word(word)), value.as_u64().unwrap_or_default());
    let states = ["queued", "sending", "sent", "held", "failed", "cancelled", "bounced"];
    let mut lines: Vec<String> = states.iter().map(|state| row(&format!("cli.state_{state}"), &stats[*state])).collect();
    lines.push(row("cli.outbox_per_minute", &stats["per_minute"]));
    lines.push(row("cli.outbox_oldest", &stats["oldest_seconds"]));
    for account in stats["accounts"].as_array().into_iter().flatten() {
        let until = account["paused_until"].as_str().map(|until| texts.word("cli.outbox_paused").replace("{until}", until));
        lines.push(format!("! {}: {} {}", text(&account["account"]), until.unwrap_or_default(), text(&account["error"]["message"])));
    }
    lines
}

fn worked(json: &Value, texts: &Texts) -> Vec<String> {
    let count = |name: &str| json[name].as_u64().unwrap_or_default().to_string();
    let sentence = texts.word("cli.outbox_worked");
    let names = ["sent", "held", "failed", "later", "left"];
    vec![names.iter().fold(sentence, |sentence, name| sentence.replace(&format!("{{{name}}}"), &count(name)))]
}

/// Words of one column stand below each other.
fn padded(word: &str) -> String {
    format!("{word:14}")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
