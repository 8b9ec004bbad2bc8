//! Content-Type (RFC 2045, 5) and Content-Disposition (RFC 2183).

use super::parameter::Parameters;
use super::scanner::comment;
use crate::Repairs;
use encoding_rs::Encoding;
use std::borrow::Cow;

/// The type of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentType {
    kind: Cow<'static, str>,
    subtype: Cow<'static, str>,
    parameters: Parameters,
}

impl ContentType {
    /// Reads a value. Where it names no type, it is text/plain, as RFC 2045 (5.2) wants it, or else what its one word tells.
    ///
    /// Notes `mime.type_invalid`, `mime.parameter_invalid` and the codes of [`super::text`] at `pointer`.
    pub fn read(value: &[u8], repairs: &mut Repairs, pointer: &str) -> ContentType {
        ContentType::read_as(value, None, repairs, pointer)
    }

    /// The same; raw bytes above 127 in parameters are of `fallback` where they are not UTF-8.
    pub fn read_as(value: &[u8], fallback: Option<&'static Encoding>, repairs: &mut Repairs, pointer: &str) -> ContentType {
        let (kind, rest) = word(value);
        let (subtype, rest) = match skipped(rest).strip_prefix(b"/") {
            Some(rest) => word(rest),
            None => (Cow::Borrowed(""), rest),
        };
        let parameters = Parameters::read(rest, fallback, repairs, pointer);
        if !kind.is_empty() && !subtype.is_empty() {
            if skipped(value).starts_with(b"\"") {
                repairs.note("mime.type_invalid", pointer);
            }
            return ContentType { kind, subtype, parameters };
        }
        repairs.note("mime.type_invalid", pointer);
        let (kind, subtype) = match &*kind {
            "multipart" => ("multipart", "mixed"),
            "" if parameters.raw("boundary").is_some() => ("multipart", "mixed"),
            "html" => ("text", "html"),
            "application" | "image" | "audio" | "video" | "font" | "model" | "message" | "pdf" | "zip" | "octet-stream" => {
                ("application", "octet-stream")
            }
            _ => ("text", "plain"),
        };
        ContentType { kind: Cow::Borrowed(kind), subtype: Cow::Borrowed(subtype), parameters }
    }

    /// `text`, `multipart`, `application` …, in lower case.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// `plain`, `mixed`, `pdf` …, in lower case.
    pub fn subtype(&self) -> &str {
        &self.subtype
    }

    /// Whether this is the type, given in lower case.
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind == kind && self.subtype == subtype
    }

    /// A parameter by its name in lower case, decoded.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.text(name)
    }

    /// The boundary of a multipart, byte for byte as its delimiters have it.
    pub fn boundary(&self) -> Option<&[u8]> {
        self.parameters.raw("boundary").filter(|boundary| !boundary.is_empty())
    }
}

/// How a part is to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disposition {
    kind: Cow<'static, str>,
    parameters: Parameters,
}

impl Disposition {
    /// Reads a value. Where it names no kind, it is an attachment, as RFC 2183 (2.8) wants unknown ones to be.
    ///
    /// Notes `mime.type_invalid`, `mime.parameter_invalid` and the codes of [`super::text`] at `pointer`.
    pub fn read(value: &[u8], repairs: &mut Repairs, pointer: &str) -> Disposition {
        Disposition::read_as(value, None, repairs, pointer)
    }

    /// The same; raw bytes above 127 in parameters are of `fallback` where they are not UTF-8.
    pub fn read_as(value: &[u8], fallback: Option<&'static Encoding>, repairs: &mut Repairs, pointer: &str) -> Disposition {
        let (mut kind, rest) = word(value);
        let parameters = Parameters::read(rest, fallback, repairs, pointer);
        if kind.is_empty() {
            repairs.note("mime.type_invalid", pointer);
            kind = Cow::Borrowed("attachment");
        }
        Disposition { kind, parameters }
    }

    /// `attachment`, `inline` or another word, in lower case.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// A parameter by its name in lower case, decoded.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.text(name)
    }
}

/// The name under which a part travels: that of its disposition, else that of its type; never empty.
pub fn file_name<'a>(disposition: Option<&'a Disposition>, kind: Option<&'a ContentType>) -> Option<&'a str> {
    let own = ["filename", "name"].map(|name| disposition.and_then(|disposition| disposition.parameter(name)));
    let older = ["name", "filename"].map(|name| kind.and_then(|kind| kind.parameter(name)));
    own.into_iter().chain(older).flatten().map(str::trim).find(|name| !name.is_empty())
}

/// The first word in lower case, and what follows it. A word with `=` behind it is a parameter already, and there is no first word.
fn word(value: &[u8]) -> (Cow<'static, str>, &[u8]) {
    let start = skipped(value);
    let bare = start.strip_prefix(b"\"").unwrap_or(start);
    let length = bare
        .iter()
        .take_while(|byte| byte.is_ascii_graphic() && !matches!(byte, b';' | b'/' | b'=' | b'(' | b')' | b',' | b'"' | b'<' | b'>'))
        .count();
    let (word, rest) = bare.split_at(length);
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    if skipped(rest).starts_with(b"=") {
        return (Cow::Borrowed(""), start);
    }
    // All of it is ASCII.
    let word = usual(word).map_or_else(|| Cow::Owned(String::from_utf8(word.to_ascii_lowercase()).unwrap_or_default()), Cow::Borrowed);
    (word, rest)
}

/// The words that nearly all parts have, as nearly all write them: a copy of each would cost more than the rest of the field.
fn usual(word: &[u8]) -> Option<&'static str> {
    Some(match word {
        b"text" => "text",
        b"plain" => "plain",
        b"html" => "html",
        b"multipart" => "multipart",
        b"mixed" => "mixed",
        b"alternative" => "alternative",
        b"related" => "related",
        b"application" => "application",
        b"pdf" => "pdf",
        b"octet-stream" => "octet-stream",
        b"image" => "image",
        b"png" => "png",
        b"jpeg" => "jpeg",
        b"attachment" => "attachment",
        b"inline" => "inline",
        _ => return None,
    })
}

/// What follows blanks and comments.
fn skipped(value: &[u8]) -> &[u8] {
    let mut rest = value.trim_ascii_start();
    while let Some(end) = rest.first().filter(|byte| **byte == b'(').and_then(|_| comment(rest)) {
        rest = rest[end..].trim_ascii_start();
    }
    rest
}

#[cfg(test)]
mod tests;
