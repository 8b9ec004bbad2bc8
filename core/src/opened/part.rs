//! What a summary says of a part.

use super::json::Json;
use super::safe_name;
use encoding_rs::Encoding;
use postkontor_reader::header::{self, ContentType, Disposition, Field, Fields};
use postkontor_reader::{Message, Repairs, tnef};
use std::borrow::Cow;
use std::io;

/// A part of a message, as the summary tells it.
pub(super) struct Part {
    pub(super) part: usize,
    /// Its number as IMAP counts; none for a file inside another part.
    section: Option<String>,
    pub(super) name: Option<String>,
    /// A name to store it under, safe on every system.
    file_name: String,
    pub(super) kind: String,
    pub(super) size: u64,
    inline: Option<String>,
    /// The number of the part that it is wrapped in, for a file inside a `winmail.dat`.
    within: Option<usize>,
    /// What its type says of content that is not here: the name of the member, and its members.
    apart: Option<Apart>,
}

type Apart = (&'static str, Vec<(&'static str, String)>);

impl Part {
    /// Takes its number away: what lies within an encrypted part has none on the server.
    pub(super) fn forget_section(&mut self) {
        self.section = None;
    }

    pub(super) fn write(&self, json: &mut Json) {
        json.object(|json| {
            json.name("part").number(self.part as u64);
            json.member("section", self.section.as_deref());
            json.member("name", self.name.as_deref());
            json.name("file_name").text(&self.file_name);
            json.name("type").text(&self.kind);
            json.name("size").number(self.size);
            json.member("inline", self.inline.as_deref());
            if let Some(within) = self.within {
                json.name("within").number(within as u64);
            }
            if let Some((name, members)) = &self.apart {
                json.name(name).object(|json| members.iter().for_each(|(name, value)| json.member(name, Some(value))));
            }
        });
    }
}

/// An attachment of the message's own. Letters in its name that name no character set are of `fallback` where they are not UTF-8.
pub(super) fn attachment(
    message: &Message<'_>,
    (index, entity): (usize, usize),
    size: u64,
    fallback: Option<&'static Encoding>,
    repairs: &mut Repairs,
) -> io::Result<Part> {
    let pointer = format!("/parts/{index}");
    let header = message.header(entity)?;
    let fields = Fields::read(&header);
    let first = |name: &str| fields.first(name).map(Field::value);
    let kind = message.entity(entity).map(|entity| entity.kind()).unwrap_or_default();
    let kind = format!("{}/{}", kind.0, kind.1);
    let subject = if matches!(kind.as_str(), "message/rfc822" | "message/global") {
        let attached = message.attached_header(entity)?;
        // What is wrong within it stands in its own summary.
        let subject = |field: Field<'_>| header::text(field.value(), fallback, &mut Repairs::default(), "").into_owned();
        Fields::read(&attached).first("Subject").map(subject).filter(|subject| !subject.is_empty())
    } else {
        None
    };
    let disposition = first("Content-Disposition").map(|value| Disposition::read_as(value, fallback, repairs, &pointer));
    let own = message.entity(entity).filter(|entity| entity.is_type_plain).and_then(|entity| entity.content_type.as_deref());
    let again = if own.is_some() { None } else { first("Content-Type") };
    let again = again.map(|value| ContentType::read_as(value, fallback, repairs, &pointer));
    let content_type = own.or(again.as_ref());
    let name = header::file_name(disposition.as_ref(), content_type).map(str::to_owned);
    let file_name = match (&name, subject) {
        (Some(name), _) => safe_name(name),
        (None, Some(subject)) => safe_name(&format!("{subject}.eml")),
        (None, None) => format!("part{}{}", index + 1, extension(&kind)),
    };
    let inline = first("Content-ID").and_then(header::message_id).map(Cow::into_owned);
    let section = Some(message.structure().section(entity));
    let apart = content_type.and_then(apart);
    Ok(Part { part: index, section, name, file_name, kind, size, inline, within: None, apart })
}

/// A file inside a `winmail.dat`.
pub(super) fn unwrapped(index: usize, outer: usize, file: &tnef::File) -> Part {
    let kind = file.kind.clone().unwrap_or_else(|| "application/octet-stream".to_owned());
    let file_name = if file.name.is_empty() { format!("part{}{}", index + 1, extension(&kind)) } else { safe_name(&file.name) };
    let name = Some(file.name.clone()).filter(|name| !name.is_empty());
    let size = file.bytes.len() as u64;
    Part { part: index, section: None, name, file_name, kind, size, inline: file.inline.clone(), within: Some(outer), apart: None }
}

/// A file in uuencode that stood in the text.
pub(super) fn within_text(index: usize, name: String, size: u64) -> Part {
    let (kind, file_name) = ("application/octet-stream".to_owned(), safe_name(&name));
    Part { part: index, section: None, name: Some(name), file_name, kind, size, inline: None, within: None, apart: None }
}

/// Of a piece of a larger message which piece it is (RFC 2046, 5.2.2); of content that lies elsewhere where that is (5.2.3; RFC 2017 for `url`).
fn apart(kind: &ContentType) -> Option<Apart> {
    const PARTIAL: [&str; 3] = ["id", "number", "total"];
    const EXTERNAL: [(&str, &str); 5] =
        [("access", "access-type"), ("url", "url"), ("site", "site"), ("directory", "directory"), ("name", "name")];
    let member = |name: &'static str, parameter: &str| Some((name, kind.parameter(parameter)?.to_owned()));
    match (kind.kind(), kind.subtype()) {
        ("message", "partial") => Some(("partial", PARTIAL.into_iter().filter_map(|name| member(name, name)).collect())),
        ("message", "external-body") => {
            Some(("external", EXTERNAL.into_iter().filter_map(|(name, parameter)| member(name, parameter)).collect()))
        }
        _ => None,
    }
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
        "application/msword" => ".doc",
        "application/vnd.ms-excel" => ".xls",
        "application/vnd.ms-powerpoint" => ".ppt",
        "application/pkcs7-signature" | "application/x-pkcs7-signature" => ".p7s",
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => ".p7m",
        "message/rfc822" => ".eml",
        _ => ".bin",
    }
}

/// Whether the message is signed or encrypted, by its type.
pub(super) fn security(message: &Message<'_>) -> Option<&'static str> {
    let entity = message.entity(0)?;
    match entity.kind() {
        ("multipart", "signed") => Some("signed"),
        ("multipart", "encrypted") => Some("encrypted"),
        ("application", "pkcs7-mime" | "x-pkcs7-mime") => {
            let kind = entity.content_type.as_ref().and_then(|kind| kind.parameter("smime-type"));
            Some(if kind.is_some_and(|kind| kind.eq_ignore_ascii_case("signed-data")) { "signed" } else { "encrypted" })
        }
        _ => None,
    }
}
