//! Reports of servers in the form that is made for them (RFC 3464, RFC 6533), and in what programs make of it.

use super::outcome::{Given, Kind, LARGEST, Recipient, Report};
use super::status::{self, Codes};
use super::verdict::{Evidence, verdict};
use super::{address, prose, returned};
use crate::blocks::{self, Field};

const KINDS: [&str; 2] = ["message/delivery-status", "message/global-delivery-status"];

/// What became of a recipient, by the beginning of the word in the field Action (RFC 3464, 2.3.3).
const ACTIONS: [(&str, Kind); 7] = [
    ("fail", Kind::Failure),
    ("delay", Kind::Delay),
    ("delivered", Kind::Success),
    ("relay", Kind::Relayed),
    ("expanded", Kind::Relayed),
    ("bounce", Kind::Failure),
    ("undeliver", Kind::Failure),
];

/// From the worst to the best: a report about several recipients tells the worst.
const WORST_FIRST: [Kind; 5] = [Kind::Failure, Kind::Delay, Kind::Unknown, Kind::Relayed, Kind::Success];

/// The delivery report in a message, if it is one. Where its parts name no recipient, the prose beside them may.
pub(super) fn read(given: &Given<'_>, header: &[Field<'_>]) -> Option<Report> {
    let parts = || given.entities.iter().filter(|entity| KINDS.contains(&entity.kind));
    parts().next()?;
    // Of several parts one may be prose; what tells nothing of a recipient is passed over.
    let blocks: Vec<Vec<Field<'_>>> = parts().flat_map(|part| blocks::blocks(part.bytes, LARGEST)).collect();
    let message_id = blocks.iter().find_map(|block| returned::named(block));
    // Room at once: while a list grows, it is in memory twice.
    let (mut kinds, mut recipients) = (Vec::with_capacity(blocks.len()), Vec::with_capacity(blocks.len()));
    for (kind, recipient) in blocks.iter().filter_map(|block| recipient(block)) {
        kinds.push(kind);
        recipients.push(recipient);
    }
    // Kinds are there without recipients, too: a block that has lost its address.
    let stray = blocks.iter().filter(|block| recipient(block).is_none()).filter_map(|block| kind(block));
    let worst = WORST_FIRST.into_iter().find(|worst| kinds.contains(worst));
    let worst = worst.or_else(|| stray.min_by_key(|kind| WORST_FIRST.iter().position(|known| known == kind)));
    let told = prose::read(given, header).filter(|_| recipients.is_empty() || worst.is_none_or(|kind| kind == Kind::Unknown));
    let kind = match (worst, &told) {
        (Some(kind), _) if kind != Kind::Unknown => kind,
        (_, Some(told)) => told.kind,
        (worst, None) => worst.unwrap_or(Kind::Unknown),
    };
    if recipients.is_empty() {
        recipients = told.map_or_else(Vec::new, |told| told.recipients);
    }
    Some(Report { kind, message_id, recipients })
}

/// The recipient of a block, and what became of it; nothing where the block names none.
fn recipient(block: &[Field<'_>]) -> Option<(Kind, Recipient)> {
    let of = |name: &str| blocks::value(block, name).and_then(address::of_field);
    let original = of("original-recipient");
    // Gateways of X.400 tell an address that no one has written to.
    let last = of("final-recipient").filter(|last| last.contains('@') || !original.as_ref().is_some_and(|original| original.contains('@')));
    let address = last.or_else(|| original.clone()).or_else(|| of("x-actual-recipient"))?;
    let original = original.filter(|original| !original.eq_ignore_ascii_case(&address));
    let text = blocks::value(block, "diagnostic-code").map(|text| status::typed(text).1.to_owned()).filter(|text| !text.is_empty());
    let status = blocks::value(block, "status").and_then(status::of_field);
    let in_text = text.as_deref().map(Codes::of).unwrap_or_default();
    // A general status beside words with an exact one is what a server writes that had to put something there.
    let exact = status.clone().filter(|status| !status::is_general(status));
    let enhanced = exact.or_else(|| in_text.enhanced.clone()).or(status);
    let kind = kind(block).unwrap_or(Kind::Unknown);
    let fails = matches!(kind, Kind::Failure | Kind::Delay) || (kind == Kind::Unknown && (enhanced.is_some() || in_text.reply.is_some()));
    let verdict = fails.then(|| {
        let text = text.as_deref().unwrap_or_default();
        verdict(&Evidence { status: enhanced.as_deref(), text, goes_on: kind == Kind::Delay })
    });
    Some((kind, Recipient { address, original, enhanced, text, verdict }))
}

/// What a block says that became of its recipient: its action; without one a permanent failure or a success by its status (RFC 3463, 2).
fn kind(block: &[Field<'_>]) -> Option<Kind> {
    let action = blocks::value(block, "action").unwrap_or_default().to_ascii_lowercase();
    let known = ACTIONS.iter().find(|(word, _)| action.starts_with(word)).map(|(_, kind)| *kind);
    let status = || blocks::value(block, "status").and_then(status::of_field);
    let by_status = || match status()?.bytes().next()? {
        b'5' => Some(Kind::Failure),
        b'2' => Some(Kind::Success),
        _ => None,
    };
    let by_text = || Codes::of(status::typed(blocks::value(block, "diagnostic-code")?).1).is_permanent();
    known.or_else(|| by_status().filter(|_| action.is_empty())).or_else(|| by_text().filter(|permanent| *permanent).map(|_| Kind::Failure))
}
