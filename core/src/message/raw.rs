//! Messages that another program composed, in memory, with the envelope they are for.
//!
//! They go out byte by byte as they are, but for Bcc headers and bare line ends. No header is added: the
//! program that composed the message decides what stands in it.

use super::address::{self, Address};
use super::composed::Composed;
use super::entity::Entity;
use super::envelope::Envelope;
use super::fields::{Field, Fields, end_of_head};
use super::findings::Findings;
use super::identifier;
use super::identity::Identity;
use super::line_ends::with_line_ends;
use super::protection::{About, Guard};
use super::segments::Segment;
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
    let mut envelope = envelope(from, recipients, identity, &mut findings);
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
    let message_id = fields.0.iter().find(|field| field.is("message-id")).map(Field::identifier).unwrap_or_default();
    let guard = guard.filter(|guard| guard.has_work(fields.protection()));
    let mut head = outside(&fields, guard.is_some());
    let outside = 0..head.len();
    if guard.is_some() {
        hide(&mut envelope, &fields, &findings);
        fields.write_content(&mut head);
    } else {
        head.extend_from_slice(b"\r\n");
    }
    let begin = outside.end..head.len();
    let has_eight_bits = !body.is_ascii();
    let entity = Entity { size: (begin.len() + body.len()) as u64, segments: vec![Segment::Head(begin), Segment::Raw(body)] };
    let token = identifier::unique();
    let author = fields.0.iter().filter(|field| field.is("from")).flat_map(|field| field.addresses(&mut findings.aside())).next();
    let from = author.as_ref().map(|author| &*author.address);
    let about = About { token: &token, recipients: &envelope.recipients, from, is_kept: false, eight_bit: has_eight_bits, fields: None };
    let protected = match guard.filter(|_| findings.is_empty()) {
        Some(guard) => guard.around(entity, fields.protection(), &mut head, &about, &mut findings)?,
        None => entity.into(),
    };
    let eight_bit = has_eight_bits && !protected.entity.is_sealed() || !whole.is_ascii();
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

/// The fields that stand in the message itself: all but Bcc, and but those about the content where that is protected.
fn outside(fields: &Fields<'_>, is_protected: bool) -> Vec<u8> {
    let mut head = Vec::with_capacity(2048);
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
