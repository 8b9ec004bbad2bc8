//! What a parser tells of a message, in the form of our summary.

use mail_parser::{Address, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use postkontor_core::Opened;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Our summary; each part with `sha256` of the bytes handed out, and with `handed` where these are not as many as `size` says.
pub(crate) fn by_us(raw: &[u8]) -> Value {
    let message = Opened::new(raw.to_vec());
    let mut summary: Value = serde_json::from_str(message.summary()).expect("a summary is JSON");
    for (index, part) in summary["parts"].as_array_mut().expect("a summary has parts").iter_mut().enumerate() {
        let bytes = message.part(index).expect("a part that is told is there");
        part["sha256"] = json!(sha256(&bytes));
        if part["size"] != bytes.len() {
            part["handed"] = json!(bytes.len());
        }
    }
    summary
}

/// What mail-parser tells of a message.
pub(crate) fn by_mail_parser(raw: &[u8]) -> Value {
    let Some(message) = MessageParser::default().parse(raw) else { return json!({"failed": "no message"}) };
    let mut told = json!({
        "subject": message.subject().unwrap_or_default(),
        "text": texts(&message, &message.text_body, |body| match body { PartType::Text(text) => Some(text.to_string()), _ => None }),
        "html": texts(&message, &message.html_body, |body| match body { PartType::Html(text) => Some(text.to_string()), _ => None }),
        "parts": message.attachments().map(attachment).collect::<Vec<_>>(),
        "message_id": message.message_id(),
        "date": message.date().map(mail_parser::DateTime::to_rfc3339),
    });
    let fields = [("from", message.from()), ("sender", message.sender()), ("reply_to", message.reply_to()), ("to", message.to())];
    for (name, address) in fields.into_iter().chain([("cc", message.cc()), ("bcc", message.bcc())]) {
        told[name] = people(address);
    }
    told
}

fn texts(message: &Message<'_>, parts: &[u32], of: fn(&PartType<'_>) -> Option<String>) -> String {
    parts.iter().filter_map(|id| message.part(*id)).filter_map(|part| of(&part.body)).collect::<Vec<_>>().join("\n")
}

fn people(address: Option<&Address<'_>>) -> Value {
    let mut people = Vec::new();
    let mut add = |person: &mail_parser::Addr<'_>, group: Option<&str>| {
        let (name, place) = (person.name(), person.address());
        let kind = if place.is_some_and(|place| place.contains('@')) { "address" } else { "text" };
        let mut told = json!({ kind: place });
        [("name", name), ("group", group)]
            .into_iter()
            .filter(|(_, value)| value.is_some())
            .for_each(|(name, value)| told[name] = json!(value));
        people.push(told);
    };
    match address {
        Some(Address::List(list)) => list.iter().for_each(|person| add(person, None)),
        Some(Address::Group(groups)) => {
            groups.iter().for_each(|group| group.addresses.iter().for_each(|person| add(person, group.name.as_deref())));
        }
        None => (),
    }
    json!(people)
}

fn attachment(part: &MessagePart<'_>) -> Value {
    let kind = part.content_type().map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase());
    let kind = kind.unwrap_or_else(|| if part.is_text() { "text/plain" } else { "message/rfc822" }.to_owned());
    let bytes = part.contents();
    let mut told = json!({"type": kind, "size": bytes.len(), "sha256": sha256(bytes)});
    [("name", part.attachment_name()), ("inline", part.content_id())]
        .into_iter()
        .filter(|(_, value)| value.is_some())
        .for_each(|(name, value)| told[name] = json!(value));
    told
}

/// The digest of bytes, as answers have it.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
