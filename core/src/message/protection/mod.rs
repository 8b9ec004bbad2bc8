//! S/MIME (RFC 8551) around what a message consists of: signed, encrypted, or signed and then encrypted.
//!
//! Signing reads the content once when the message is composed and once more when it is sent; the signature, and with it the size of the message, is known before the first
//! byte goes out. Encrypting happens while the message is read.

mod at_hand;
mod encrypting;
mod guard;
mod signing;
mod wish;

pub use at_hand::{Certificates, Held, Protection, Signature, When};
pub(super) use guard::Guard;
pub(super) use wish::Wish;

use super::entity::Entity;
use super::envelope::Recipient;
use super::findings::Findings;
use postkontor_plugin::Error;
use std::time::{SystemTime, UNIX_EPOCH};

impl Guard<'_> {
    /// The entity within what protects it. What stands in the way goes to `findings`, with its place in the message.
    pub(super) fn around<'a>(
        &self,
        mut entity: Entity<'a>,
        out: &mut Vec<u8>,
        about: &About<'_>,
        findings: &mut Findings<'_>,
    ) -> Result<Entity<'a>, Error> {
        if self.sign {
            entity = self.signed(entity, out, about, findings)?;
        }
        match self.encrypt {
            When::Never => Ok(entity),
            When::IfPossible | When::Always => self.encrypted(entity, out, about, findings),
        }
    }
}

/// What protecting has to know of a message.
pub(super) struct About<'m> {
    /// Stands in no text, and makes the boundary.
    pub(super) token: &'m str,
    pub(super) recipients: &'m [Recipient],
    /// The address of the author.
    pub(super) from: Option<&'m str>,
    pub(super) has_blind: bool,
    pub(super) eight_bit: bool,
}

/// The headers of a part that holds CMS.
fn part_head(out: &mut Vec<u8>, kind: &str, name: &str) {
    let head = format!(
        "Content-Type: application/{kind}\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\r\n"
    );
    out.extend_from_slice(head.as_bytes());
}

/// In seconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
