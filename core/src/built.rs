//! Building a message without sending it, for archives and previews.

use crate::keys::{Going, Surroundings};
use crate::message::Composer;
use crate::settings::{Outgoing, Sender};
use crate::{Cancel, Host};
use postkontor_plugin::{At, Error, Level};
use serde::Serialize;

/// Takes the size of the whole, and its next block.
type WriteSized<'w> = dyn FnMut(u64, &[u8]) -> Result<(), Error> + 'w;

/// Bytes are handed over in blocks of this size.
const BLOCK: usize = 64 * 1024;

/// What is known of a message that was built.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Built {
    /// Its bytes.
    pub size: u64,
    /// Its Message-ID, without angle brackets.
    pub message_id: String,
    /// Envelope sender.
    pub from: String,
    /// Envelope recipients, each once.
    pub recipients: Vec<String>,
    /// The addresses that were put right.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub repaired: Vec<At>,
    /// What is worth a second look: an automatic mail that is answered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Error>,
}

impl Host {
    /// Builds the MIME form of a message document and gives it to `write` block by block. Bcc does not appear in it.
    pub fn build(
        &self,
        sender: &Sender,
        message: &str,
        parts: &[&[u8]],
        write: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<Built, Error> {
        self.build_sized(sender, message, parts, &mut |_, block| write(block))
    }

    /// The same in one piece: its bytes.
    pub fn build_whole(&self, sender: &Sender, message: &str, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let mut whole = Vec::new();
        self.build_sized(sender, message, parts, &mut |size, block| {
            // With a byte to spare for the zero that ends texts in C. Room for all of it spares the copies of one that grows; where there is not so much, growing tells.
            if let Some(size) = usize::try_from(size).ok().filter(|_| whole.is_empty()) {
                let _ = whole.try_reserve_exact(size.saturating_add(1));
            }
            whole.extend_from_slice(block);
            Ok(())
        })?;
        Ok(whole)
    }

    /// `write` gets the size of the whole with each block.
    fn build_sized(&self, sender: &Sender, message: &str, parts: &[&[u8]], write: &mut WriteSized<'_>) -> Result<Built, Error> {
        let cancel = Cancel::default();
        let watch = self.watch(&cancel);
        let composer = Composer::new(sender)?.watched_by(&watch).speaking(self.language());
        let (keyring, none) = (self.keyrings().of(sender.smime.as_ref()), Outgoing::default());
        let find = |name: &str| self.callbacks().secret_get(name);
        let note = |line: String| self.log().write(Level::Warning, "", line);
        let going = Going { on: &|| watch.check().is_ok(), note: &note };
        let smime = sender.smime.as_ref();
        let keys = Surroundings { smime: smime.unwrap_or(&none), keyring: &keyring, folders: self.folders(), find: &find, going };
        let composer = if smime.is_some() { composer.protected_by(keys.protection()) } else { composer };
        let mut composed = composer.compose(message, parts)?;
        let mut block = vec![0; BLOCK];
        loop {
            watch.check()?;
            match composed.read(&mut block)? {
                0 => break,
                count => write(composed.size, &block[..count])?,
            }
        }
        let recipients = composed.everyone().into_iter().map(|recipient| recipient.address.clone()).collect();
        self.explain(&mut composed.repaired);
        Ok(Built {
            size: composed.size,
            message_id: composed.message_id,
            from: composed.from,
            recipients,
            repaired: composed.repaired,
            warnings: composed.warnings.into_iter().map(|warning| self.localised(warning)).collect(),
        })
    }
}
