//! Messages that another program composed, in memory, with the envelope they are for.
//!
//! They go out byte by byte as they are, but for Bcc headers and bare line ends. No header is added: the
//! program that composed the message decides what stands in it.

use super::address::{self, Address};
use super::composed::Composed;
use super::envelope::Envelope;
use super::findings::Findings;
use super::identity::Identity;
use super::line_ends::with_line_ends;
use super::ready::{Field, Fields, end_of_head};
use super::segments::Segment;
use memchr::memchr;
use postkontor_plugin::{Error, Input};
use std::borrow::Cow;
use std::sync::Arc;

/// Composes the message for this envelope. An empty sender is the null sender of reports.
pub(super) fn compose<'a>(
    from: &str,
    recipients: &[&str],
    message: Vec<u8>,
    identity: &Identity<'_>,
    mut findings: Findings<'_>,
) -> Result<Composed<'a>, Error> {
    let envelope = envelope(from, recipients, identity, &mut findings);
    if memchr(0, &message).is_some() {
        findings.add("", "message.control_character", &[("character", "U+0000")]);
    }
    let mut whole = with_line_ends(message);
    let end = end_of_head(&whole, true).unwrap_or(whole.len());
    let Some(fields) = Fields::parse(&whole[..end]).filter(|fields| !fields.0.is_empty()) else {
        findings.add("", "message.no_message", &[]);
        return Err(findings.into_error());
    };
    let message_id = fields.0.iter().find(|field| field.is("message-id")).map(Field::identifier).unwrap_or_default();
    // The Bcc header of the copy names the recipients.
    let (head, bcc) = without_blind(&fields);
    if let Some(mut head) = head {
        head.extend_from_slice(&whole[end..]);
        whole = head;
    }
    let repaired = findings.into_result()?;
    Ok(Composed {
        size: whole.len() as u64,
        eight_bit: !whole.is_ascii(),
        blind: 0..bcc.len(),
        head: Arc::new(bcc),
        segments: vec![Segment::Raw(whole)],
        ..Composed::of(envelope, message_id, repaired)
    })
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

/// The header block without its Bcc headers, and those by themselves; no block where there are none.
fn without_blind(fields: &Fields<'_>) -> (Option<Vec<u8>>, Vec<u8>) {
    let (mut head, mut bcc) = (Vec::new(), Vec::new());
    let is_blind = |field: &Field<'_>| field.is("bcc") || field.is("resent-bcc");
    if !fields.0.iter().any(is_blind) {
        return (None, bcc);
    }
    fields.0.iter().filter(|field| !is_blind(field)).for_each(|field| field.write(&mut head));
    fields.0.iter().filter(|field| field.is("bcc")).for_each(|field| field.write(&mut bcc));
    head.extend_from_slice(b"\r\n");
    (Some(head), bcc)
}
