//! S/MIME (RFC 8551) around what a message consists of: signed, encrypted, or signed and then encrypted.
//!
//! Signing reads the content once when the message is composed and once more when it is sent; the signature, and with it the size of the message, is known before the first
//! byte goes out. Encrypting happens while the message is read.

mod encrypting;
mod guard;
mod signing;
mod wish;

pub(super) use guard::Guard;
pub(super) use wish::Wish;

use super::entity::Entity;
use super::envelope::Recipient;
use super::findings::Findings;
use postkontor_plugin::Error;
use postkontor_smime::sign::Terms;
use postkontor_smime::{Identity, encrypt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// How the messages of a sender are protected by S/MIME, unless they say otherwise themselves.
#[derive(Clone, Copy)]
pub struct Protection<'p> {
    /// The certificates and keys there are.
    pub certificates: &'p dyn Certificates,
    /// Whether messages are signed.
    pub sign: bool,
    /// Whether they are encrypted.
    pub encrypt: When,
    /// Whether the sender can read what is encrypted, so that the copies that the sender keeps are of use.
    pub to_self: bool,
}

/// When messages are encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// They go out as they are.
    #[default]
    Never,
    /// Those for whose recipients there is a valid certificate each; the others go out as they are, with a warning.
    IfPossible,
    /// All; a recipient without a valid certificate is an error.
    Always,
}

/// What messages are signed and encrypted with. It is asked for each message, and only for what that message needs: what takes long to find should be kept.
pub trait Certificates {
    /// Who signs; `None` where the sender has no certificate for that.
    ///
    /// # Errors
    ///
    /// Those of a certificate or a key that cannot be used, with the place of the setting that names it.
    fn signature(&self) -> Result<Option<Arc<Signature>>, Error>;

    /// The certificates there are for an address, in any order. Of those that are valid and for encrypting, the newest is taken.
    ///
    /// # Errors
    ///
    /// Those of a folder that cannot be read, with the place of the setting that names it.
    fn of(&self, address: &str) -> Result<Vec<encrypt::Recipient>, Error>;
}

/// Who signs, and how.
#[derive(Clone, Debug)]
pub struct Signature {
    /// The signer's certificate and key.
    pub identity: Identity,
    /// How. The time of signing is that of composing, whatever stands here.
    pub terms: Terms,
}

/// Certificates and a key in memory.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// Who signs.
    pub signature: Option<Arc<Signature>>,
    /// Certificates of recipients.
    pub recipients: Vec<encrypt::Recipient>,
}

impl Certificates for Held {
    fn signature(&self) -> Result<Option<Arc<Signature>>, Error> {
        Ok(self.signature.clone())
    }

    fn of(&self, address: &str) -> Result<Vec<encrypt::Recipient>, Error> {
        Ok(self.recipients.iter().filter(|recipient| recipient.certificate.is_for(address)).cloned().collect())
    }
}

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
