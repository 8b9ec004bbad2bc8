//! The envelope (RFC 5321, section 2.3.1): the sender and the recipients that the server gets.

use super::address::Address;
use postkontor_plugin::Input;
use std::collections::HashSet;

/// A recipient of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The address for the envelope; an international domain is written in its ASCII form.
    pub address: String,
    /// What `pointer` leads into: the message document, or the settings for the copy to the sender.
    pub of: Input,
    /// Where it is named, as JSON pointer; `/file` when it was found inside a ready-made message, and `/sender/bcc_to_sender`
    /// for the copy to the sender.
    pub pointer: String,
    /// Whether the other recipients must not learn of him: he stands in no header.
    pub blind: bool,
}

/// The envelope while it is being filled in.
#[derive(Default)]
pub(super) struct Envelope {
    pub(super) from: String,
    pub(super) recipients: Vec<Recipient>,
    pub(super) utf8: bool,
    pub(super) known: HashSet<String>,
}

impl Envelope {
    /// Sets the sender.
    pub(super) fn from(&mut self, address: &Address<'_>) {
        self.from = address.address.clone().into_owned();
        self.utf8 |= address.is_utf8();
    }

    /// Adds a recipient who is not yet among them, and whom the headers name.
    pub(super) fn recipient(&mut self, address: &Address<'_>, of: Input, pointer: &str) {
        self.add(address, of, pointer, false);
    }

    /// Adds a recipient who is not yet among them, and whom no header names.
    pub(super) fn blind_recipient(&mut self, address: &Address<'_>, of: Input, pointer: &str) {
        self.add(address, of, pointer, true);
    }

    fn add(&mut self, address: &Address<'_>, of: Input, pointer: &str, blind: bool) {
        // Most messages have one recipient, who needs no comparing.
        if self.recipients.len() == 1 {
            let (local, domain) = self.recipients[0].address.rsplit_once('@').unwrap_or_default();
            self.known.insert(format!("{local}@{}", domain.to_ascii_lowercase()));
        }
        if !self.recipients.is_empty() && !self.known.insert(address.identity()) {
            return;
        }
        self.utf8 |= address.is_utf8();
        self.recipients.push(Recipient { address: address.address.clone().into_owned(), of, pointer: pointer.to_owned(), blind });
    }
}
