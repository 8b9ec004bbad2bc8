//! The summary of a message as JSON.

use super::json::Json;
use super::report;
use super::tnef::File;
use super::{charset, field, filename, safe_name};
use mail_parser::{Address, DateTime, HeaderValue, Message, MessagePart, MimeHeaders, PartType};
use std::borrow::Cow;

/// The most bytes of text, and of HTML, in a summary: no person reads more, and as JSON it may be six times as much.
const TEXT: usize = 4 * 1024 * 1024;

/// The summary of a message; `cut` says why not all of it was read.
pub(super) fn summary(message: &Message<'_>, size: usize, cut: Option<&str>, wrapped: &[(usize, File)]) -> String {
    let raw = message.raw_message();
    // mail-parser offers the other kind where one is missing; here each stands for itself.
    let ((text, text_is_all), (html, html_is_all)) = (body(message, &message.text_body, false), body(message, &message.html_body, true));
    // Most lines have two characters that need an escape: those of their end.
    let mut json = Json::with_capacity((text.len() + html.len()) / 16 * 17 + 512);
    json.object(|json| {
        json.name("size").number(size);
        let warnings = cut.into_iter().chain((!text_is_all || !html_is_all).then_some("message.text_too_long"));
        let mut warnings = warnings.peekable();
        if warnings.peek().is_some() {
            json.name("complete").json("false");
            json.name("warnings").list(warnings, |json, code| json.object(|json| json.name("code").text(code)));
        }
        member(json, "message_id", message.message_id());
        member(json, "date", message.date().map(DateTime::to_rfc3339).as_deref());
        json.name("subject").text(message.subject().unwrap_or_default());
        people(json, "from", message.from(), true);
        people(json, "sender", message.sender(), false);
        people(json, "reply_to", message.reply_to(), false);
        people(json, "to", message.to(), true);
        people(json, "cc", message.cc(), true);
        people(json, "bcc", message.bcc(), false);
        list(json, "in_reply_to", message.in_reply_to());
        list(json, "references", message.references());
        json.name("text").text(&text);
        json.name("html").text(&html);
        let own = message.attachments().filter(|_| cut.is_none()).enumerate().map(|(index, part)| attachment(index, part, raw));
        let wrapped = wrapped.iter().enumerate();
        let wrapped = wrapped.map(|(index, (outer, file))| unwrapped(message.attachment_count() + index, *outer, file));
        json.name("parts").list(own.chain(wrapped), |json, part| part.write(json));
        report::write(json, message, raw, &text, &html);
        member(json, "security", security(message));
    });
    json.into_text()
}

/// The summary of a message of which nothing was read.
pub(super) fn empty(size: usize, why: Option<&str>) -> String {
    summary(&Message { parts: vec![MessagePart::default()], ..Message::default() }, size, why, &[])
}

fn member(json: &mut Json, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        json.name(name).text(value);
    }
}

/// The texts of one kind, one below the other, and whether that is all of them.
fn body<'a>(message: &'a Message<'_>, parts: &[u32], html: bool) -> (Cow<'a, str>, bool) {
    let parts = parts.iter().filter_map(|id| message.part(*id)).filter(|part| matches!(part.body, PartType::Html(_)) == html);
    let texts = parts.filter_map(|part| text(part, &message.raw_message));
    let text = texts.reduce(|above, below| Cow::Owned(above.into_owned() + "\n" + &below)).unwrap_or_default();
    let mut end = text.len().min(TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    match text {
        text if end == text.len() => (text, true),
        Cow::Borrowed(text) => (Cow::Borrowed(&text[..end]), false),
        Cow::Owned(text) => (Cow::Owned(text[..end].to_owned()), false),
    }
}

struct Part<'a> {
    part: usize,
    name: Option<Cow<'a, str>>,
    /// A name to store it under, safe on every system.
    file_name: String,
    kind: String,
    size: usize,
    inline: Option<&'a str>,
    /// The number of the part that it is wrapped in, for a file inside a `winmail.dat`.
    within: Option<usize>,
}

impl Part<'_> {
    fn write(&self, json: &mut Json) {
        json.object(|json| {
            json.name("part").number(self.part);
            member(json, "name", self.name.as_deref());
            json.name("file_name").text(&self.file_name);
            json.name("type").text(&self.kind);
            json.name("size").number(self.size);
            member(json, "inline", self.inline);
            if let Some(within) = self.within {
                json.name("within").number(within);
            }
        });
    }
}

fn text<'a>(part: &'a MessagePart<'_>, raw: &[u8]) -> Option<Cow<'a, str>> {
    match &part.body {
        PartType::Text(text) | PartType::Html(text) => Some(charset::text(part, text, raw)),
        _ => None,
    }
}

fn attachment<'a>(index: usize, part: &'a MessagePart<'_>, raw: &[u8]) -> Part<'a> {
    let kind = part.content_type();
    let kind = kind.map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("octet-stream")).to_ascii_lowercase());
    let kind = kind.unwrap_or_else(|| match &part.body {
        PartType::Text(_) => "text/plain".to_owned(),
        PartType::Html(_) => "text/html".to_owned(),
        _ => "application/octet-stream".to_owned(),
    });
    let is_message = matches!(kind.as_str(), "message/rfc822" | "message/global");
    let attached = is_message.then(|| field::attached(part.contents()));
    let subject = attached.as_ref().and_then(Message::subject);
    let name = filename::name(part, raw);
    let file_name = match (&name, subject) {
        (Some(name), _) => safe_name(name),
        (None, Some(subject)) => safe_name(&format!("{subject}.eml")),
        (None, None) => format!("part{}{}", index + 1, extension(&kind)),
    };
    let size = part.len();
    Part { part: index, name, file_name, kind, size, inline: part.content_id(), within: None }
}

fn unwrapped(index: usize, outer: usize, file: &File) -> Part<'_> {
    let kind = file.kind.clone().unwrap_or_else(|| "application/octet-stream".to_owned());
    let file_name = if file.name.is_empty() { format!("part{}{}", index + 1, extension(&kind)) } else { safe_name(&file.name) };
    let name = Some(Cow::Borrowed(file.name.as_str())).filter(|name| !name.is_empty());
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

/// Persons with an address; an empty list only where it `always` stands.
fn people(json: &mut Json, name: &str, address: Option<&Address<'_>>, always: bool) {
    let mut people = address.into_iter().flat_map(Address::iter).filter_map(|person| Some((person.name(), person.address()?))).peekable();
    if always || people.peek().is_some() {
        json.name(name).list(people, |json, (name, address)| {
            json.object(|json| {
                member(json, "name", name);
                json.name("address").text(address);
            });
        });
    }
}

fn list(json: &mut Json, name: &str, value: &HeaderValue<'_>) {
    if let Some(texts) = value.as_text_list().filter(|texts| !texts.is_empty()) {
        json.name(name).list(texts, |json, text| json.text(text));
    }
}
