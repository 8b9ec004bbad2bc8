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
pub(super) use guard::{About, Guard, Protected};
pub(super) use wish::Wish;

use super::entity::Entity;
use super::fields::Already;
use super::findings::Findings;
use postkontor_plugin::Error;

impl Guard<'_> {
    /// The entity within what protects it. What stands in the way goes to `findings`, with its place in the message.
    pub(super) fn around<'a>(
        &self,
        mut entity: Entity<'a>,
        already: Already,
        out: &mut Vec<u8>,
        about: &About<'_>,
        findings: &mut Findings<'_>,
    ) -> Result<Protected<'a>, Error> {
        if self.signs(already) {
            entity = self.signed(entity, out, about, findings)?;
        }
        let protected = if self.encrypts(already) { self.encrypted(entity, out, about, findings)? } else { entity.into() };
        if self.signs(already) && about.eight_bit && !protected.entity.is_sealed() {
            findings.warn("", "message.smime_eight_bit", &[]);
        }
        Ok(protected)
    }
}
