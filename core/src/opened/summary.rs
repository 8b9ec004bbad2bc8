//! The summary of a message as JSON.

use super::report::{Report, report};
use super::tnef::File;
use super::{charset, flat, name, safe_name};
use mail_parser::{Address, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use serde::Serialize;
use std::borrow::Cow;

#[derive(Default, Serialize)]
struct Summary<'a> {
    size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    subject: Cow<'a, str>,
    from: Vec<Person<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sender: Vec<Person<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reply_to: Vec<Person<'a>>,
    to: Vec<Person<'a>>,
    cc: Vec<Person<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bcc: Vec<Person<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    in_reply_to: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    references: Vec<&'a str>,
    text: Cow<'a, str>,
    html: Cow<'a, str>,
    parts: Vec<Part<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<Report>,
    /// `signed` or `encrypted`, by S/MIME or OpenPGP; the parts are kept as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    security: Option<&'static str>,
}

#[derive(Serialize)]
struct Person<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    address: &'a str,
}

#[derive(Serialize)]
struct Part<'a> {
    part: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    /// A name to store it under, safe on every system.
    file_name: String,
    #[serde(rename = "type")]
    kind: String,
    size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    inline: Option<&'a str>,
    /// The number of the part that it is wrapped in, for a file inside a `winmail.dat`.
    #[serde(skip_serializing_if = "Option::is_none")]
    within: Option<usize>,
}

/// The summary of a parsed message.
pub(super) fn summary(message: &Message<'_>, size: usize, wrapped: &[(usize, File)]) -> String {
    let raw = message.raw_message();
    let body = |parts: &[u32]| {
        let texts: Vec<Cow<'_, str>> = parts.iter().filter_map(|id| text(message.part(*id)?, raw)).collect();
        if texts.len() == 1 { texts.into_iter().next().unwrap_or_default() } else { Cow::Owned(texts.join("\n")) }
    };
    // mail-parser offers the other kind where one is missing; here each stands for itself.
    let of_kind = |parts: &[u32], html: bool| -> Vec<u32> {
        let is = |id: &&u32| message.part(**id).is_some_and(|part| matches!(part.body, PartType::Html(_)) == html);
        parts.iter().filter(is).copied().collect()
    };
    let mut parts: Vec<Part<'_>> = message.attachments().enumerate().map(|(index, part)| attachment(index, part)).collect();
    parts.extend(wrapped.iter().enumerate().map(|(index, (outer, file))| unwrapped(message.attachment_count() + index, *outer, file)));
    let summary = Summary {
        size,
        message_id: message.message_id(),
        date: message.date().map(|date| date.to_rfc3339()),
        subject: message.subject().map(Cow::Borrowed).unwrap_or_default(),
        from: people(message.from()),
        sender: people(message.sender()),
        reply_to: people(message.reply_to()),
        to: people(message.to()),
        cc: people(message.cc()),
        bcc: people(message.bcc()),
        in_reply_to: list(message.in_reply_to()),
        references: list(message.references()),
        text: body(&of_kind(&message.text_body, false)),
        html: body(&of_kind(&message.html_body, true)),
        parts,
        report: report(message, raw),
        security: security(message),
    };
    // Strings, numbers and lists always serialize.
    serde_json::to_string(&summary).map_or_else(|_| empty(size), |json| flat::restored_json(&json))
}

/// The summary of a message that has nothing.
pub(super) fn empty(size: usize) -> String {
    serde_json::to_string(&Summary { size, ..Summary::default() }).unwrap_or_else(|_| "{}".to_owned())
}

fn text<'a>(part: &'a MessagePart<'_>, raw: &[u8]) -> Option<Cow<'a, str>> {
    match &part.body {
        PartType::Text(text) | PartType::Html(text) => Some(charset::text(part, text, raw)),
        _ => None,
    }
}

fn attachment<'a>(index: usize, part: &'a MessagePart<'_>) -> Part<'a> {
    let kind = part.content_type();
    let kind = kind.map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("octet-stream")).to_ascii_lowercase());
    let kind = kind.map(|kind| flat::restored(&kind)).unwrap_or_else(|| match &part.body {
        PartType::Text(_) => "text/plain".to_owned(),
        PartType::Html(_) => "text/html".to_owned(),
        _ => "application/octet-stream".to_owned(),
    });
    let is_message = matches!(kind.as_str(), "message/rfc822" | "message/global");
    let attached = if is_message { MessageParser::default().parse_headers(part.contents()) } else { None };
    let subject = attached.as_ref().and_then(Message::subject);
    let name = name(part);
    let file_name = match (name, subject) {
        (Some(name), _) => safe_name(&flat::restored(name)),
        (None, Some(subject)) => safe_name(&flat::restored(&format!("{subject}.eml"))),
        (None, None) => format!("part{}{}", index + 1, extension(&kind)),
    };
    let size = part.len();
    Part { part: index, name, file_name, kind, size, inline: part.content_id(), within: None }
}

fn unwrapped(index: usize, outer: usize, file: &File) -> Part<'_> {
    let kind = file.kind.clone().unwrap_or_else(|| "application/octet-stream".to_owned());
    let file_name = if file.name.is_empty() { format!("part{}{}", index + 1, extension(&kind)) } else { safe_name(&file.name) };
    let name = Some(file.name.as_str()).filter(|name| !name.is_empty());
    Part { part: index, name, file_name, kind, size: file.range.len(), inline: file.inline.as_deref(), within: Some(outer) }
}

/// The extension of a part without a name.
fn extension(kind: &str) -> &'static str {
    match kind {
        "text/plain" => ".txt",
        "text/html" => ".html",
        "text/calendar" => ".ics",
        "image/png" => ".png",
        "image/jpeg" => ".jpg",
        "image/gif" => ".gif",
        "application/pdf" => ".pdf",
        "application/pkcs7-signature" | "application/x-pkcs7-signature" => ".p7s",
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => ".p7m",
        "message/rfc822" => ".eml",
        _ => ".bin",
    }
}

fn security(message: &Message<'_>) -> Option<&'static str> {
    let kind = message.content_type()?;
    let kind = format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase();
    match kind.as_str() {
        "multipart/signed" => Some("signed"),
        "multipart/encrypted" => Some("encrypted"),
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => {
            let signed = message
                .content_type()
                .and_then(|kind| kind.attribute("smime-type"))
                .is_some_and(|kind| kind.eq_ignore_ascii_case("signed-data"));
            Some(if signed { "signed" } else { "encrypted" })
        }
        _ => None,
    }
}

fn people<'a>(address: Option<&'a Address<'_>>) -> Vec<Person<'a>> {
    let person = |address: &'a mail_parser::Addr<'_>| Some(Person { name: address.name(), address: address.address()? });
    address.into_iter().flat_map(Address::iter).filter_map(person).collect()
}

fn list<'a>(value: &'a HeaderValue<'_>) -> Vec<&'a str> {
    value.as_text_list().into_iter().flatten().map(AsRef::as_ref).collect()
}
