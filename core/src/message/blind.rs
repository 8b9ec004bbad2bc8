//! The Bcc header, which only the copy has that the sender keeps.

use super::address::Address;
use super::document::Message;
use super::findings::{Findings, Place};
use super::header::Headers;
use super::identity::Identity;
use super::members::Listed;
use std::borrow::Cow;
use std::ops::Range;

/// Writes the Bcc header of the document behind all that goes out, and says where it stands.
pub(super) fn write(out: &mut Vec<u8>, message: &Message<'_>, identity: &Identity<'_>, findings: &mut Findings<'_>) -> Range<usize> {
    let start = out.len();
    if message.bcc.is_empty() {
        return start..start;
    }
    let mut aside = findings.aside();
    Headers::new(out, identity.charset, &mut aside)
        .addresses("Bcc", message.bcc.iter().map(|listed| (&listed.address, Place::message(&listed.pointer))));
    if !aside.is_empty() {
        // A name that the character set lacks is no reason to refuse a message in which it does not stand.
        out.truncate(start);
        let nameless =
            |listed: &Listed<'_>| Address { name: Cow::Borrowed(""), address: listed.address.address.clone().into_owned().into() };
        let nameless: Vec<Address<'_>> = message.bcc.iter().map(nameless).collect();
        aside = findings.aside();
        Headers::new(out, identity.charset, &mut aside).addresses("Bcc", nameless.iter().map(|address| (address, Place::message("/bcc"))));
    }
    findings.stop_with(aside);
    start..out.len()
}
