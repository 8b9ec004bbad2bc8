//! What there is to protect messages with, and what the settings wish.

use postkontor_plugin::Error;
use postkontor_smime::sign::Terms;
use postkontor_smime::{Identity, encrypt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

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
