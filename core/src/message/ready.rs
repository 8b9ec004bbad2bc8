//! Ready-made messages: a file that another program composed, sent as it is but for what must not go out.
//!
//! Bcc headers are taken out, missing From, Date and Message-ID headers put in, and line ends made CRLF; nothing else is touched.

use super::address::Address;
use super::composed::Composed;
use super::document::Message;
use super::entity::Entity;
use super::envelope::Envelope;
use super::fields::{Field, Fields, end_of_head};
use super::file::File;
use super::findings::{Findings, Place};
use super::header::Headers;
use super::identity::Identity;
use super::line_ends::Counter;
use super::protection::{About, Guard};
use super::segments::Segment;
use super::{blind, date::Date, identifier};
use memchr::memchr;
use postkontor_plugin::{Error, Input};
use std::sync::Arc;

/// Far more than any header block has, little enough to hold in memory.
const HEAD_LENGTH: usize = 1 << 20;

/// Composes the message in the file at `path`.
pub(super) fn compose<'a>(
    path: &str,
    message: &Message<'_>,
    identity: &Identity<'_>,
    guard: Option<&Guard<'_>>,
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
    let guard = guard.filter(|guard| guard.has_work(fields.protection()));
    let (mut head, message_id) = head(&fields, author, message, identity, guard.is_some(), &mut findings);
    let outside = 0..head.len();
    if guard.is_some() {
        fields.write_content(&mut head);
    } else {
        head.extend_from_slice(b"\r\n");
    }
    let entity = scan.entity(file, outside.end, &mut head);
    let (from, is_kept) = (author.map(|author| &*author.address), message.append.is_some());
    let about =
        About { token: &identifier::unique(), recipients: &envelope.recipients, from, is_kept, eight_bit: scan.eight_bit, fields: None };
    let protected = match guard.filter(|_| findings.is_empty()) {
        Some(guard) => guard.around(entity, fields.protection(), &mut head, &about, &mut findings)?,
        None => entity.into(),
    };
    let eight_bit = scan.eight_bit && !protected.entity.is_sealed() || !scan.head.is_ascii();
    let (Entity { segments, size }, copies) = protected.behind(&outside);
    // The Bcc header of the copy names the recipients: those in the file, unless the document names others.
    let mut blind = blind::write(&mut head, message, identity, &mut findings);
    if !names_recipients(message) {
        fields.0.iter().filter(|field| field.is("bcc")).for_each(|field| field.write(&mut head));
        blind.end = head.len();
    }
    let warnings = findings.take_warnings();
    let repaired = findings.into_result()?;
    let dsn = message.receipt.delivery.clone();
    let head = Arc::new(head);
    let composed = Composed { size, eight_bit, dsn, warnings, head, blind, segments, ..Composed::of(envelope, message_id, repaired) };
    Ok(composed.with_copies(copies).appended_as(message.append.clone()))
}

/// Finds the file and reads it once. Nothing where it cannot go out, and `findings` say why.
pub(super) fn look(path: &str, findings: &mut Findings<'_>) -> Result<Option<(File, Scan)>, Error> {
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

/// The header block as it goes out, with what is missing in the file, and the Message-ID. `is_protected` leaves the fields about the content to that.
fn head(
    fields: &Fields<'_>,
    author: Option<&Address<'_>>,
    message: &Message<'_>,
    identity: &Identity<'_>,
    is_protected: bool,
    findings: &mut Findings<'_>,
) -> (Vec<u8>, String) {
    let mut head = Vec::with_capacity(fields.size() + 1024);
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
    if is_protected && !fields.has("mime-version") {
        headers.plain("MIME-Version", "1.0");
    }
    fields.write_outside(is_protected, &mut head);
    (head, message_id)
}

/// What one pass over the file finds.
pub(super) struct Scan {
    /// The header block, without a byte order mark and without the empty line at its end.
    pub(super) head: Vec<u8>,
    /// Where the body begins in the file.
    body: u64,
    /// The body's size with all line ends as CRLF.
    body_size: u64,
    line_end_missing: bool,
    /// The body has bytes above 127.
    pub(super) eight_bit: bool,
    nul: bool,
}

impl Scan {
    /// What the message consists of, with the fields that stand in `head` from `start` on.
    pub(super) fn entity<'a>(&self, file: File, start: usize, head: &mut Vec<u8>) -> Entity<'a> {
        let begin = start..head.len();
        let mut entity = Entity { size: begin.len() as u64 + self.body_size, segments: vec![Segment::Head(begin)] };
        entity.segments.push(Segment::Ready { file, body: self.body });
        if self.line_end_missing {
            let end = head.len()..head.len() + 2;
            head.extend_from_slice(b"\r\n");
            entity.size += 2;
            entity.segments.push(Segment::Head(end));
        }
        entity
    }

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
        let mut eight_bit = !head[body..].is_ascii();
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
