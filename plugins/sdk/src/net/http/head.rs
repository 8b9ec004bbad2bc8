//! The head of an answer: status line and fields (RFC 9112, sections 4 and 5).

use crate::net::Stream;
use crate::{Call, Error, Status, printable};

/// The largest head, and the most fields in it.
const HEAD: usize = 64 * 1024;
const FIELDS: usize = 200;

/// How many interim answers may come before the answer.
pub(super) const INTERIM: usize = 16;

/// The head of an answer.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: u16,
    /// HTTP/1.0.
    pub(super) is_old: bool,
    /// The words behind the status.
    pub(super) reason: String,
    pub(super) fields: Fields,
}

/// The fields of an answer, in their order. Names are compared without regard to letter case.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The value of the first field of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The values of all fields of this name.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// All fields.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Fields that did not come from a server, for tests.
    #[cfg(test)]
    pub(super) fn from_iter<'f>(fields: impl IntoIterator<Item = (&'f str, &'f str)>) -> Fields {
        Fields(fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// The words of a list, of all fields of this name, in lower case.
    pub(super) fn words(&self, name: &str) -> Vec<String> {
        self.all(name)
            .flat_map(|value| value.split(','))
            .map(|word| word.trim().to_ascii_lowercase())
            .filter(|word| !word.is_empty())
            .collect()
    }
}

/// Reads the head of the next answer, interim or not.
pub(super) fn read(stream: &mut Stream, call: &Call) -> Result<Head, Error> {
    let mut head = Vec::with_capacity(1024);
    loop {
        let begin = head.len();
        head.extend_from_slice(stream.read_unrecorded_line(call).map_err(too_long)?);
        let line = &head[begin..];
        record(stream, line, call);
        if begin == 0 && !line.starts_with(b"HTTP/") {
            let words = stream.transcript().clean(&line[..line.len().min(200)]);
            return Err(Error::new(Status::Protocol, "http.not_http").arg("host", host(stream)).arg("answer", words));
        }
        let is_end = line.is_empty();
        head.extend_from_slice(b"\r\n");
        if head.len() > HEAD {
            return Err(too_large(stream));
        }
        if is_end {
            return parse(&head, stream);
        }
    }
}

/// Shows a line in the transcript; of a cookie only its name.
fn record(stream: &mut Stream, line: &[u8], call: &Call) {
    let is_cookie = line.get(..11).is_some_and(|name| name.eq_ignore_ascii_case(b"set-cookie:"));
    match line.iter().position(|byte| *byte == b'=').filter(|_| is_cookie) {
        Some(end) => stream.transcript().server(&[&line[..=end], b"***"].concat(), call),
        None => stream.transcript().server(line, call),
    }
}

fn parse(head: &[u8], stream: &mut Stream) -> Result<Head, Error> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut answer = httparse::Response::new(&mut fields);
    match answer.parse(head) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => return Err(malformed(stream, "the head does not end")),
        Err(httparse::Error::TooManyHeaders) => return Err(too_large(stream)),
        Err(error) => return Err(malformed(stream, &error.to_string())),
    }
    let text = |value: &[u8]| match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().map(|byte| char::from(*byte)).collect(),
    };
    let fields = answer.headers.iter().map(|field| (field.name.to_owned(), text(field.value))).collect();
    let reason = answer.reason.unwrap_or_default().to_owned();
    let (Some(status @ 100..=599), Some(version)) = (answer.code, answer.version) else {
        return Err(malformed(stream, "a status out of range"));
    };
    Ok(Head { status, is_old: version == 0, reason, fields: Fields(fields) })
}

/// As much of a server's word as an error shows.
pub(super) fn excerpt(text: &str) -> String {
    printable(&text.chars().take(200).collect::<String>())
}

/// An answer that is no HTTP.
pub(super) fn malformed(stream: &Stream, detail: &str) -> Error {
    Error::new(Status::Protocol, "http.malformed").arg("host", host(stream)).detail(printable(detail))
}

fn too_large(stream: &Stream) -> Error {
    Error::new(Status::Protocol, "http.head_too_large").arg("host", host(stream)).arg("limit", HEAD as u64)
}

/// The stream's own word for it speaks of mail servers.
fn too_long(error: Error) -> Error {
    if error.code != "protocol.line_too_long" {
        return error;
    }
    let host = error.args.get("host").cloned().unwrap_or_default();
    Error::new(Status::Protocol, "http.head_too_large").arg("host", host).arg("limit", HEAD as u64)
}

/// The server's name, for errors.
pub(super) fn host(stream: &Stream) -> &str {
    stream.endpoint().host.as_str()
}

/// The longest line that the stream has to take.
pub(super) const LINE: usize = HEAD;
