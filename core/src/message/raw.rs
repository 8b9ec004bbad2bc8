//! Messages that another program composed, in memory or in a file, with the envelope they are for.
//!
//! They go out byte by byte as they are, but for Bcc headers and bare line ends. To one in memory no header is added: the
//! program that composed the message decides what stands in it.

use super::address::{self, Address};
use super::composed::Composed;
use super::date::Date;
use super::entity::Entity;
use super::envelope::Envelope;
use super::fields::{Field, Fields, end_of_head};
use super::findings::Findings;
use super::header::Headers;
use super::identity::Identity;
use super::line_ends::with_line_ends;
use super::protection::{About, Guard};
use super::segments::Segment;
use super::{identifier, ready};
use memchr::memchr;
use postkontor_plugin::{Error, Input};
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

/// Composes the message for this envelope. An empty sender is the null sender of reports.
pub(super) fn compose<'a>(
    from: &str,
    recipients: &[&str],
    message: Vec<u8>,
    identity: &Identity<'_>,
    guard: Option<&Guard<'_>>,
    mut findings: Findings<'_>,
) -> Result<Composed<'a>, Error> {
    let envelope = envelope(from, recipients, identity, &mut findings);
    if memchr(0, &message).is_some() {
        findings.add("", "message.control_character", &[("character", "U+0000")]);
    }
    let mut whole = with_line_ends(message);
    let end = end_of_head(&whole, true).unwrap_or(whole.len());
    let body = whole.split_off(end);
    let Some(fields) = Fields::parse(&whole).filter(|fields| !fields.0.is_empty()) else {
        findings.add("", "message.no_message", &[]);
        return Err(findings.into_error());
    };
    let given = Given { fields, missing: Vec::new(), eight_bit_head: !whole.is_ascii(), eight_bit_body: !body.is_ascii() };
    let entity = |start: usize, head: &mut Vec<u8>| {
        let begin = start..head.len();
        Entity { size: (begin.len() + body.len()) as u64, segments: vec![Segment::Head(begin), Segment::Raw(body)] }
    };
    given.composed(envelope, entity, guard, findings)
}

/// The same for a message in a file, which is read in blocks, and which was submitted by another program: Date and Message-ID are added where they are missing (RFC 6409,
/// section 8).
pub(super) fn compose_file<'a>(
    from: &str,
    recipients: &[&str],
    path: &str,
    identity: &Identity<'_>,
    guard: Option<&Guard<'_>>,
    mut findings: Findings<'_>,
) -> Result<Composed<'a>, Error> {
    let envelope = envelope(from, recipients, identity, &mut findings);
    let Some((file, scan)) = ready::look(path, &mut findings)? else { return Err(findings.into_error()) };
    let Some(fields) = Fields::parse(&scan.head).filter(|fields| !fields.0.is_empty()) else {
        findings.add("/file", "message.file_no_message", &[("file", path)]);
        return Err(findings.into_error());
    };
    let missing = missing(&fields, &envelope.from, identity, &mut findings);
    let given = Given { fields, missing, eight_bit_head: !scan.head.is_ascii(), eight_bit_body: scan.eight_bit };
    given.composed(envelope, |start, head| scan.entity(file, start, head), guard, findings)
}

/// The header fields that a submitted message lacks.
fn missing(fields: &Fields<'_>, from: &str, identity: &Identity<'_>, findings: &mut Findings<'_>) -> Vec<u8> {
    let mut missing = Vec::new();
    let mut headers = Headers::new(&mut missing, identity.charset, findings);
    if !fields.has("date") {
        headers.with("Date", |out| Date::now().write(out));
    }
    if !fields.has("message-id") {
        let domain = from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        headers.identifiers("Message-ID", &[format!("{}@{domain}", identifier::unique())]);
    }
    missing
}

/// A message that was given whole.
struct Given<'g> {
    fields: Fields<'g>,
    /// What goes in front of its fields.
    missing: Vec<u8>,
    eight_bit_head: bool,
    eight_bit_body: bool,
}

impl Given<'_> {
    /// The message for its envelope. `entity` makes of it what stands behind the header fields, which stand in the buffer from a place on.
    fn composed<'a>(
        self,
        mut envelope: Envelope,
        entity: impl FnOnce(usize, &mut Vec<u8>) -> Entity<'a>,
        guard: Option<&Guard<'_>>,
        mut findings: Findings<'_>,
    ) -> Result<Composed<'a>, Error> {
        let Given { fields, missing, eight_bit_head, eight_bit_body } = self;
        let added = Fields::parse(&missing);
        let all = || fields.0.iter().chain(added.iter().flat_map(|added| &added.0));
        let message_id = all().find(|field| field.is("message-id")).map(Field::identifier).unwrap_or_default();
        let guard = guard.filter(|guard| guard.has_work(fields.protection()));
        let mut head = outside(&fields, &missing, guard.is_some());
        let outside = 0..head.len();
        if guard.is_some() {
            hide(&mut envelope, &fields, &findings);
            fields.write_content(&mut head);
        } else {
            head.extend_from_slice(b"\r\n");
        }
        let entity = entity(outside.end, &mut head);
        let token = identifier::unique();
        let author = fields.0.iter().filter(|field| field.is("from")).flat_map(|field| field.addresses(&mut findings.aside())).next();
        let from = author.as_ref().map(|author| &*author.address);
        let about =
            About { token: &token, recipients: &envelope.recipients, from, is_kept: false, eight_bit: eight_bit_body, fields: None };
        let protected = match guard.filter(|_| findings.is_empty()) {
            Some(guard) => guard.around(entity, fields.protection(), &mut head, &about, &mut findings)?,
            None => entity.into(),
        };
        let eight_bit = eight_bit_body && !protected.entity.is_sealed() || eight_bit_head;
        let (Entity { segments, size }, copies) = protected.behind(&outside);
        // The Bcc header of the copy names the recipients.
        let begin = head.len();
        fields.0.iter().filter(|field| field.is("bcc")).for_each(|field| field.write(&mut head));
        let blind = begin..head.len();
        let warnings = findings.take_warnings();
        let repaired = findings.into_result()?;
        let head = Arc::new(head);
        let composed = Composed { size, eight_bit, warnings, blind, head, segments, ..Composed::of(envelope, message_id, repaired) };
        Ok(composed.with_copies(copies))
    }
}

/// The fields that stand in the message itself: all but Bcc, and but those about the content where that is protected.
fn outside(fields: &Fields<'_>, missing: &[u8], is_protected: bool) -> Vec<u8> {
    let mut head = Vec::with_capacity(2048);
    head.extend_from_slice(missing);
    if is_protected && !fields.has("mime-version") {
        head.extend_from_slice(b"MIME-Version: 1.0\r\n");
    }
    fields.write_outside(is_protected, &mut head);
    head
}

/// Marks those as blind whom no field names: the others must not learn of them.
fn hide(envelope: &mut Envelope, fields: &Fields<'_>, findings: &Findings<'_>) {
    // What others wrote into these fields is no concern of the caller's.
    let mut aside = findings.aside();
    let named = ["to", "cc", "resent-to", "resent-cc"].into_iter().flat_map(|name| fields.0.iter().filter(move |field| field.is(name)));
    let named: HashSet<String> =
        named.flat_map(|field| field.addresses(&mut aside)).map(|address| address.address.to_ascii_lowercase()).collect();
    for recipient in &mut envelope.recipients {
        recipient.blind |= !named.contains(&recipient.address.to_ascii_lowercase());
    }
}

fn envelope(from: &str, recipients: &[&str], identity: &Identity<'_>, findings: &mut Findings<'_>) -> Envelope {
    let mut envelope = Envelope::default();
    let mut checked = |address: &str, pointer: &str| {
        let address = address::check(Cow::Owned(address.to_owned()), pointer, findings)?;
        Some(Address { name: Cow::Borrowed(""), address })
    };
    let sender = if from.is_empty() { None } else { checked(from, "/from") };
    if let Some(sender) = &sender {
        envelope.from(sender);
    }
    for (index, recipient) in recipients.iter().enumerate() {
        let pointer = format!("/to/{index}");
        if let Some(address) = checked(recipient, &pointer) {
            envelope.recipient(&address, Input::Message, &pointer);
        }
    }
    if recipients.is_empty() {
        findings.add("/to", "message.no_recipient", &[]);
    }
    if let Some(sender) = sender.filter(|_| identity.bcc_to_sender) {
        envelope.blind_recipient(&sender, Input::Settings, "/sender/bcc_to_sender");
    }
    envelope
}
