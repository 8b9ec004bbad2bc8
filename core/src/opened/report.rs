//! Reports about mail that was sent, and mail that programs send by themselves, as the summary tells them.

use super::json::Json;
use crate::message::plain;
use mail_parser::{Message, MessagePart, MimeHeaders, PartType};
use postkontor_reader::automatic;
use postkontor_reader::report::{self, Entity, Given, LARGEST, Report};
use std::borrow::Cow;

/// The beginning of HTML that is made text for the sake of a report.
const HTML: usize = 64 * 1024;

/// Writes `auto` and `report`, where they apply.
pub(super) fn write(json: &mut Json, message: &Message<'_>, raw: &[u8], text: &str, html: &str) {
    let root = message.parts.first();
    let header = root.and_then(|part| raw.get(..part.offset_body as usize)).unwrap_or_default();
    let subject = message.subject().unwrap_or_default();
    if let Some(auto) = automatic::read(header, subject) {
        json.name("auto").text(auto.name());
    }
    let kinds: Vec<(String, &MessagePart<'_>)> = message.parts.iter().filter_map(|part| Some((kind(part)?, part))).collect();
    let bodies: Vec<(&str, Cow<'_, [u8]>)> = kinds.iter().map(|(kind, part)| (kind.as_str(), body(part, raw))).collect();
    let entities: Vec<Entity<'_>> = bodies.iter().map(|(kind, bytes)| Entity { kind, bytes: &bytes[..bytes.len().min(LARGEST)] }).collect();
    let text = || if text.trim().is_empty() { Cow::Owned(plain(beginning(html))) } else { Cow::Borrowed(text) };
    if let Some(report) = report::read(&Given { header, entities: &entities, text: &text, subject }) {
        json.name("report").object(|json| of(json, &report));
    }
}

fn of(json: &mut Json, report: &Report) {
    json.name("kind").text(report.kind.name());
    member(json, "message_id", report.message_id.as_deref());
    json.name("recipients").list(&report.recipients, |json, recipient| {
        json.object(|json| {
            json.name("address").text(&recipient.address);
            member(json, "original", recipient.original.as_deref());
            member(json, "enhanced", recipient.enhanced.as_deref());
            member(json, "text", recipient.text.as_deref());
            if let Some(verdict) = recipient.verdict {
                json.name("kind").text(verdict.failure.name());
                json.name("confidence").text(verdict.confidence.name());
            }
        });
    });
}

fn member(json: &mut Json, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        json.name(name).text(value);
    }
}

/// The media type of a part that says something of a report.
fn kind(part: &MessagePart<'_>) -> Option<String> {
    let kind = part.content_type()?;
    let kind = format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase();
    (kind.starts_with("message/") || kind.starts_with("text/rfc822")).then_some(kind)
}

fn body<'a>(part: &'a MessagePart<'_>, raw: &'a [u8]) -> Cow<'a, [u8]> {
    match &part.body {
        PartType::Text(text) | PartType::Html(text) => Cow::Borrowed(text.as_bytes()),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => Cow::Borrowed(bytes),
        _ => Cow::Borrowed(raw.get(part.offset_body as usize..part.offset_end as usize).unwrap_or_default()),
    }
}

fn beginning(html: &str) -> &str {
    let mut end = html.len().min(HTML);
    while !html.is_char_boundary(end) {
        end -= 1;
    }
    &html[..end]
}
