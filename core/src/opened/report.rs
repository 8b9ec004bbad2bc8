//! Reports about mail that was sent: bounces (RFC 3464) and read receipts (RFC 8098).

use super::field;
use mail_parser::{Message, MessagePart, MimeHeaders, PartType};
use serde::Serialize;
use std::borrow::Cow;

/// The most bytes of a report that are read: a thousand recipients need less.
const REPORT: usize = 1024 * 1024;

/// What a report says about the message it is about.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// `failure`, `delay`, `success`, `relayed`, `read` or `deleted`.
    kind: &'static str,
    /// Message-ID of the message it is about, without angle brackets.
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    recipients: Vec<Recipient>,
}

#[derive(Debug, Serialize)]
struct Recipient {
    address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    enhanced: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// The report in a message, if it is one.
pub(super) fn report(message: &Message<'_>, raw: &[u8]) -> Option<Report> {
    let kind = message.content_type()?;
    let is_report = kind.c_type.eq_ignore_ascii_case("multipart") && kind.subtype().is_some_and(|kind| kind.eq_ignore_ascii_case("report"));
    if !is_report {
        return None;
    }
    let of_kind = |subtype: &str| message.parts.iter().find(|part| part.is_content_type("message", subtype));
    if let Some(part) = of_kind("delivery-status").or_else(|| of_kind("global-delivery-status")) {
        return Some(delivery(&fields(part, raw), original(message, raw)));
    }
    let part = of_kind("disposition-notification").or_else(|| of_kind("global-disposition-notification"))?;
    Some(disposition(&fields(part, raw), original(message, raw)))
}

fn delivery(blocks: &[Vec<(String, String)>], message_id: Option<String>) -> Report {
    let field = |block: &[(String, String)], name: &str| block.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let mut kind = "success";
    let mut recipients = Vec::new();
    for block in blocks {
        let Some(address) = field(block, "final-recipient").or_else(|| field(block, "original-recipient")) else { continue };
        let action = field(block, "action").unwrap_or_default().to_ascii_lowercase();
        // The worst news wins: a report about several recipients is a failure as soon as one failed.
        kind = match (kind, action.as_str()) {
            ("failure", _) | (_, "failed") => "failure",
            ("delay", _) | (_, "delayed") => "delay",
            (_, "relayed" | "expanded") => "relayed",
            (kind, _) => kind,
        };
        let text = field(block, "diagnostic-code").map(|text| untyped(&text));
        recipients.push(Recipient { address: untyped(&address), enhanced: field(block, "status"), text });
    }
    Report { kind, message_id, recipients }
}

fn disposition(blocks: &[Vec<(String, String)>], original: Option<String>) -> Report {
    let field = |name: &str| blocks.iter().flatten().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let deleted = field("disposition").is_some_and(|disposition| disposition.to_ascii_lowercase().contains("deleted"));
    let message_id = field("original-message-id").map(|id| bare(&id).to_owned()).or(original);
    let recipient = field("final-recipient").map(|address| Recipient { address: untyped(&address), enhanced: None, text: None });
    Report { kind: if deleted { "deleted" } else { "read" }, message_id, recipients: recipient.into_iter().collect() }
}

/// The Message-ID of the returned message or of its returned headers.
fn original(message: &Message<'_>, raw: &[u8]) -> Option<String> {
    let id = |part: &MessagePart<'_>| {
        let kind = part.content_type()?;
        let kind = format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase();
        let is_it = ["message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"].contains(&kind.as_str());
        let bytes = is_it.then(|| body(part, raw))?;
        field::attached(&bytes).message_id().map(str::to_owned)
    };
    message.parts.iter().find_map(id)
}

/// The header-like blocks of a report part, names in lower case, folded lines joined.
fn fields(part: &MessagePart<'_>, raw: &[u8]) -> Vec<Vec<(String, String)>> {
    let bytes = body(part, raw);
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(REPORT)]);
    let mut blocks = vec![Vec::<(String, String)>::new()];
    for line in text.lines() {
        let last = blocks.last_mut();
        if line.trim().is_empty() {
            blocks.push(Vec::new());
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = last.and_then(|block| block.last_mut()) {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let (Some(block), Some((name, value))) = (last, line.split_once(':')) {
            block.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    blocks
}

fn body<'a>(part: &'a MessagePart<'_>, raw: &'a [u8]) -> Cow<'a, [u8]> {
    match &part.body {
        PartType::Text(text) | PartType::Html(text) => Cow::Borrowed(text.as_bytes()),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => Cow::Borrowed(bytes),
        _ => Cow::Borrowed(raw.get(part.offset_body as usize..part.offset_end as usize).unwrap_or_default()),
    }
}

/// `rfc822; anna@example.com` without its type.
fn untyped(value: &str) -> String {
    value.split_once(';').map_or(value, |(_, value)| value).trim().to_owned()
}

fn bare(id: &str) -> &str {
    id.trim().trim_start_matches('<').trim_end_matches('>')
}
