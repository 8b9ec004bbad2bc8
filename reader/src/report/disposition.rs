//! Receipts that the reader's program sends (RFC 8098), with the words of its forerunners (RFC 2298, RFC 3798).

use super::outcome::{Given, Kind, LARGEST, Recipient, Report};
use super::{address, returned};
use crate::blocks::{self, Field};

const KINDS: [&str; 2] = ["message/disposition-notification", "message/global-disposition-notification"];

/// What a reader did with a message, in the order of the words.
const WORDS: [(&str, Kind); 9] = [
    ("displayed", Kind::Read),
    ("read", Kind::Read),
    ("deleted", Kind::Deleted),
    ("denied", Kind::Denied),
    ("failed", Kind::Failed),
    ("failure", Kind::Failed),
    ("error", Kind::Failed),
    ("processed", Kind::Processed),
    ("dispatched", Kind::Dispatched),
];

/// The receipt in a message, if it is one.
pub(super) fn read(given: &Given<'_>) -> Option<Report> {
    let entity = given.entities.iter().find(|entity| KINDS.contains(&entity.kind))?;
    let block: Vec<Field<'_>> = blocks::blocks(entity.bytes, LARGEST).into_iter().flatten().collect();
    let of = |name: &str| blocks::value(&block, name).and_then(address::of_field);
    let original = of("original-recipient");
    let recipient = of("final-recipient").or_else(|| original.clone()).map(|address| {
        let original = original.filter(|original| !original.eq_ignore_ascii_case(&address));
        Recipient { address, original, enhanced: None, text: None, verdict: None }
    });
    let kind = blocks::value(&block, "disposition").map_or(Kind::Unknown, kind);
    let message_id = returned::named(&block);
    Some(Report { kind, message_id, recipients: recipient.into_iter().collect() })
}

/// `automatic-action/MDN-sent-manually; deleted/expired`: how it came about, what was done, modifiers.
fn kind(disposition: &str) -> Kind {
    let done = match disposition.rsplit_once(';') {
        Some((_, done)) => done,
        None if disposition.contains("action") => "",
        None => disposition,
    };
    let word: String = done.trim().chars().take_while(char::is_ascii_alphabetic).collect();
    let known = WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(&word));
    known.map_or(Kind::Unknown, |(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_stands_behind_how_it_came_about() {
        for (disposition, expected) in [
            ("manual-action/MDN-sent-manually; displayed", Kind::Read),
            ("automatic-action/MDN-sent-automatically;deleted/expired", Kind::Deleted),
            ("manual-action/MDN-sent-manually; denied", Kind::Denied),
            ("automatic-action/MDN-sent-automatically; failed", Kind::Failed),
            ("automatic-action/MDN-sent-automatically; Processed/error", Kind::Processed),
            ("displayed", Kind::Read),
            ("manual-action/MDN-sent-manually", Kind::Unknown),
            ("manual-action/MDN-sent-manually; eaten", Kind::Unknown),
        ] {
            assert_eq!(kind(disposition), expected, "{disposition}");
        }
    }
}
