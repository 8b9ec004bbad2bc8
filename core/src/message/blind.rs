//! The Bcc header, which only the copy has that the sender keeps.

use super::address::Address;
use super::document::Message;
use super::header::Headers;
use super::identity::Identity;
use std::borrow::Cow;
use std::ops::Range;

/// Writes the Bcc header of the document behind all that goes out, and says where it stands.
pub(super) fn write(out: &mut Vec<u8>, message: &Message<'_>, identity: &Identity<'_>) -> Range<usize> {
    let start = out.len();
    let addresses = || message.bcc.iter().map(|listed| &listed.address);
    if !message.bcc.is_empty() && Headers::new(out, identity.charset).addresses("Bcc", addresses()).is_err() {
        // A name that the character set lacks is no reason to refuse a message in which it does not stand.
        let nameless: Vec<_> = addresses().map(|address| Address { name: Cow::Borrowed(""), address: address.address.clone() }).collect();
        out.truncate(start);
        if Headers::new(out, identity.charset).addresses("Bcc", nameless.iter()).is_err() {
            out.truncate(start);
        }
    }
    start..out.len()
}
