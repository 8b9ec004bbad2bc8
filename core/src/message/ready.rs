//! Ready-made messages: a file that another program composed, sent as it is but for what must not go out.
//!
//! Bcc headers are taken out, missing From, Date and Message-ID headers put in, and line ends made CRLF; nothing else is touched.

use super::address::{self, Address};
use super::composed::Composed;
use super::document::Message;
use super::envelope::Envelope;
use super::file::File;
use super::findings::{Findings, Place};
use super::header::Headers;
use super::identity::Identity;
use super::line_ends::Counter;
use super::reader::is_identifier;
use super::segments::Segment;
use super::{blind, date::Date, identifier};
use memchr::{memchr, memchr2};
use postkontor_plugin::{Error, Input};
use std::sync::Arc;

/// Far more than any header block has, little enough to hold in memory.
const HEAD_LENGTH: usize = 1 << 20;

/// Composes the message in the file at `path`.
pub(super) fn compose<'a>(
    path: &str,
    message: &Message<'_>,
    identity: &Identity<'_>,
    mut findings: Findings<'_>,
) -> Result<Composed<'a>, Error> {
    let Some((file, scan)) = look(path, &mut findings)? else { return Err(findings.into_error()) };
    let Some(fields) = Fields::parse(&scan.head).filter(|fields| !fields.0.is_empty()) else {
        findings.add("/file", "message.file_no_message", &[("file", path)]);
        return Err(findings.into_error());
    };
    let people = People::of(&fields, message, &mut findings);
    let author = people.authors.first().or(identity.from.as_ref());
    let envelope = people.envelope(author, message, identity, &mut findings);
    let (mut head, message_id) = head(&fields, author, message, identity, &mut findings);
    let mut segments = vec![Segment::Head(0..head.len()), Segment::Ready { file, body: scan.body }];
    let mut size = head.len() as u64 + scan.body_size;
    if scan.line_end_missing {
        segments.push(Segment::Head(head.len()..head.len() + 2));
        head.extend_from_slice(b"\r\n");
        size += 2;
    }
    // The Bcc header of the copy names the recipients: those in the file, unless the document names others.
    let mut blind = blind::write(&mut head, message, identity, &mut findings);
    if !names_recipients(message) {
        fields.0.iter().filter(|field| field.is("bcc")).for_each(|field| field.write(&mut head));
        blind.end = head.len();
    }
    let repaired = findings.into_result()?;
    let dsn = message.receipt.delivery.clone();
    let head = Arc::new(head);
    let composed = Composed { size, eight_bit: scan.eight_bit, dsn, head, blind, segments, ..Composed::of(envelope, message_id, repaired) };
    Ok(composed.appended_as(message.append.clone()))
}

/// Finds the file and reads it once. Nothing where it cannot go out, and `findings` say why.
fn look(path: &str, findings: &mut Findings<'_>) -> Result<Option<(File, Scan)>, Error> {
    let file = match File::find(path, Input::Message, "/file") {
        Ok(file) => file,
        Err(unreadable) => {
            unreadable.note(path, "/file", findings);
            return Ok(None);
        }
    };
    let Some(scan) = Scan::of(&file, findings)? else {
        findings.add("/file", "message.file_no_message", &[("file", path)]);
        return Ok(None);
    };
    if scan.nul {
        findings.add("/file", "message.control_character", &[("character", "U+0000")]);
    }
    Ok(Some((file, scan)))
}

/// Whether the document names those who get the message; else the message itself does.
fn names_recipients(message: &Message<'_>) -> bool {
    !(message.to.is_empty() && message.cc.is_empty() && message.bcc.is_empty())
}

/// Who stands in the headers of the file.
struct People {
    authors: Vec<Address<'static>>,
    submitters: Vec<Address<'static>>,
    /// Empty where the document names the recipients.
    recipients: Vec<Address<'static>>,
    /// Likewise, those of its Bcc headers.
    blind: Vec<Address<'static>>,
}

impl People {
    fn of(fields: &Fields<'_>, message: &Message<'_>, findings: &mut Findings<'_>) -> People {
        let mut found = |name: &str| -> Vec<Address<'static>> {
            fields.0.iter().filter(|field| field.is(name)).flat_map(|field| field.addresses(findings)).collect()
        };
        let (authors, submitters) = (found("from"), found("sender"));
        if names_recipients(message) {
            return People { authors, submitters, recipients: Vec::new(), blind: Vec::new() };
        }
        let recipients = ["to", "cc"].into_iter().flat_map(&mut found).collect();
        People { authors, submitters, recipients, blind: found("bcc") }
    }

    /// The envelope. Its sender, who gets bounces, is the one of the document, else the Sender of the message, else its author.
    fn envelope(
        &self,
        author: Option<&Address<'_>>,
        message: &Message<'_>,
        identity: &Identity<'_>,
        findings: &mut Findings<'_>,
    ) -> Envelope {
        let mut envelope = Envelope::default();
        match message.from.as_ref().or(self.submitters.first()).or(author) {
            Some(address) => envelope.from(address),
            None => findings.add("/from", "message.no_from", &[]),
        }
        for address in self.recipients.iter().take_while(|_| findings.goes_on()) {
            envelope.recipient(address, Input::Message, "/file");
        }
        for address in self.blind.iter().take_while(|_| findings.goes_on()) {
            envelope.blind_recipient(address, Input::Message, "/file");
        }
        for listed in message.to.iter().chain(&message.cc).take_while(|_| findings.goes_on()) {
            envelope.recipient(&listed.address, Input::Message, &listed.pointer);
        }
        for listed in message.bcc.iter().take_while(|_| findings.goes_on()) {
            envelope.blind_recipient(&listed.address, Input::Message, &listed.pointer);
        }
        if envelope.recipients.is_empty() && message.append.is_none() {
            findings.add("/to", "message.no_recipient", &[]);
        }
        if let Some(author) = message.from.as_ref().or(author).filter(|_| identity.bcc_to_sender && message.append.is_none()) {
            envelope.blind_recipient(author, Input::Settings, "/sender/bcc_to_sender");
        }
        envelope
    }
}

/// The header block as it goes out, with what is missing in the file, and the Message-ID.
fn head(
    fields: &Fields<'_>,
    author: Option<&Address<'_>>,
    message: &Message<'_>,
    identity: &Identity<'_>,
    findings: &mut Findings<'_>,
) -> (Vec<u8>, String) {
    let mut head = Vec::with_capacity(fields.0.iter().flat_map(|field| &field.lines).map(|line| line.len() + 2).sum::<usize>() + 256);
    let mut message_id = fields.0.iter().find(|field| field.is("message-id")).map(Field::identifier).unwrap_or_default();
    let mut headers = Headers::new(&mut head, identity.charset, findings);
    if !fields.has("date") {
        headers.with("Date", |out| Date::now().write(out));
    }
    if let Some(author) = message.from.as_ref().or(author).filter(|_| !fields.has("from")) {
        let place = if message.from.is_some() { Place::message("/from") } else { Place::settings("/sender/name") };
        headers.addresses("From", [(author, place)]);
    }
    if !fields.has("message-id") {
        let domain = author.map_or("localhost", Address::domain);
        message_id = format!("{}@{domain}", identifier::unique());
        headers.identifiers("Message-ID", std::slice::from_ref(&message_id));
    }
    fields.0.iter().filter(|field| !field.is("bcc") && !field.is("resent-bcc")).for_each(|field| field.write(&mut head));
    head.extend_from_slice(b"\r\n");
    (head, message_id)
}

/// What one pass over the file finds.
struct Scan {
    /// The header block, without a byte order mark and without the empty line at its end.
    head: Vec<u8>,
    /// Where the body begins in the file.
    body: u64,
    /// The body's size with all line ends as CRLF.
    body_size: u64,
    line_end_missing: bool,
    eight_bit: bool,
    nul: bool,
}

impl Scan {
    /// Reads the file once; nothing when its header block has no end within reason, or when there is no time for it.
    fn of(file: &File, findings: &mut Findings<'_>) -> Result<Option<Scan>, Error> {
        let mut head = Vec::new();
        let mut opened = file.open(0)?;
        let body = loop {
            let block = opened.block(file)?;
            let ended = block.is_empty();
            head.extend_from_slice(block);
            let count = block.len();
            opened.consume(count);
            match end_of_head(&head, ended) {
                Some(end) => break end,
                None if head.len() > HEAD_LENGTH => return Ok(None),
                None => (),
            }
        };
        let mut counter = Counter::default();
        counter.add(&head[body..]);
        let mut eight_bit = !head.is_ascii();
        let mut nul = memchr(0, &head).is_some();
        head.truncate(body);
        if head.starts_with(b"\xef\xbb\xbf") {
            head.drain(..3);
        }
        loop {
            let block = opened.block(file)?;
            if block.is_empty() {
                break;
            }
            if !findings.goes_on() {
                return Ok(None);
            }
            eight_bit = eight_bit || !block.is_ascii();
            nul = nul || memchr(0, block).is_some();
            counter.add(block);
            let count = block.len();
            opened.consume(count);
        }
        Ok(Some(Scan {
            head,
            body: body as u64,
            body_size: counter.size,
            line_end_missing: counter.size > 0 && !counter.ends_line,
            eight_bit,
            nul,
        }))
    }
}

/// Where the body begins: behind the first empty line. `ended` says that no more bytes follow.
pub(super) fn end_of_head(bytes: &[u8], ended: bool) -> Option<usize> {
    let mut start = 0;
    loop {
        let Some(length) = memchr2(b'\r', b'\n', &bytes[start..]) else { return ended.then_some(bytes.len()) };
        let place = start + length;
        let next = match bytes[place..] {
            [b'\r'] if !ended => return None,
            [b'\r', b'\n', ..] => place + 2,
            _ => place + 1,
        };
        if length == 0 {
            return Some(next);
        }
        start = next;
    }
}

/// The headers of a block.
#[derive(Default)]
pub(super) struct Fields<'h>(pub(super) Vec<Field<'h>>);

/// One header with its continuation lines.
pub(super) struct Field<'h> {
    name: &'h [u8],
    lines: Vec<&'h [u8]>,
}

impl<'h> Fields<'h> {
    /// Divides a header block; nothing when there is a line in it that no header has.
    pub(super) fn parse(head: &'h [u8]) -> Option<Fields<'h>> {
        let mut fields: Vec<Field<'h>> = Vec::new();
        for line in head.split(|byte| matches!(byte, b'\r' | b'\n')).filter(|line| !line.is_empty()) {
            if matches!(line[0], b' ' | b'\t') {
                fields.last_mut()?.lines.push(line);
                continue;
            }
            let name = line[..memchr(b':', line)?].trim_ascii_end();
            if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
                return None;
            }
            fields.push(Field { name, lines: vec![line] });
        }
        Some(Fields(fields))
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|field| field.is(name))
    }
}

impl Field<'_> {
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for line in &self.lines {
            out.extend_from_slice(line);
            out.extend_from_slice(b"\r\n");
        }
    }

    fn value(&self) -> String {
        let whole = String::from_utf8_lossy(&self.lines.concat()).into_owned();
        whole.split_once(':').map_or_else(String::new, |(_, value)| value.trim().to_owned())
    }

    pub(super) fn identifier(&self) -> String {
        let value = self.value();
        let identifier = value.trim_start_matches('<').trim_end_matches('>');
        // What others wrote may be anything; what goes into receipts and to transports is a plain word or nothing.
        if is_identifier(identifier) { identifier.to_owned() } else { String::new() }
    }

    fn addresses(&self, findings: &mut Findings<'_>) -> Vec<Address<'static>> {
        let list = plain_list(&self.value());
        let addresses = address::parse_list(&list, "/file", findings).into_iter();
        addresses.map(|found| Address { name: found.name.into_owned().into(), address: found.address.into_owned().into() }).collect()
    }
}

/// An address list without comments and without the names of groups (RFC 5322 sections 3.2.2 and 3.4).
fn plain_list(value: &str) -> String {
    let mut list = String::with_capacity(value.len());
    let (mut quoted, mut escaped, mut literal, mut comments) = (false, false, false, 0_usize);
    let mut start = 0;
    for c in value.chars() {
        if escaped {
            escaped = false;
        } else {
            match c {
                '\\' if quoted || comments > 0 => escaped = true,
                '"' if comments == 0 => quoted = !quoted,
                '(' if !quoted => comments += 1,
                ')' if !quoted && comments > 0 => {
                    comments -= 1;
                    continue;
                }
                '[' if !quoted => literal = true,
                ']' if !quoted => literal = false,
                ':' if !quoted && !literal && comments == 0 => {
                    list.truncate(start);
                    continue;
                }
                _ => (),
            }
        }
        if comments > 0 {
            continue;
        }
        list.push(if c == '\t' { ' ' } else { c });
        if !quoted && matches!(c, ',' | ';') {
            start = list.len();
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_ends_at_the_first_empty_line() {
        assert_eq!(end_of_head(b"A: b\r\n\r\nbody", false), Some(8));
        assert_eq!(end_of_head(b"A: b\n\nbody", false), Some(6));
        assert_eq!(end_of_head(b"A: b\r\n\r", false), None);
        assert_eq!(end_of_head(b"A: b\r\n", true), Some(6));
        assert_eq!(end_of_head(b"\r\nbody", false), Some(2));
    }

    #[test]
    fn groups_and_comments_are_no_addresses() {
        assert_eq!(
            plain_list("Team (all): a@example.com, \"B: (x)\" <b@example.com>;, c@[IPv6:::1]"),
            " a@example.com, \"B: (x)\" <b@example.com>;, c@[IPv6:::1]"
        );
        assert_eq!(plain_list("undisclosed-recipients:;"), ";");
    }
}
