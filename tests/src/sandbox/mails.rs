//! The mails that a sandbox accepted, and what else its sessions share.

use super::options::Options;
use serde_json::{Value, json};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// A mail that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Envelope sender, without angle brackets; empty for `<>`.
    pub from: String,
    /// Accepted recipients, without angle brackets.
    pub recipients: Vec<String>,
    /// The message as the client meant it: dot-stuffing undone. No more than [`Options::keep`] bytes of it.
    pub data: Vec<u8>,
    /// Its whole size in bytes.
    pub size: u64,
    /// SHA-256 of the whole message, in hexadecimal.
    pub sha256: String,
    /// The parameters of the MAIL command, for example `SIZE=1234 BODY=8BITMIME`.
    pub parameters: String,
    /// The parameters of the RCPT command, one for each of `recipients`.
    pub recipient_parameters: Vec<String>,
    /// The user who was logged in.
    pub user: Option<String>,
    /// Whether it came over TLS.
    pub secure: bool,
}

impl Mail {
    /// The message as text; bytes that are no UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.data).into_owned()
    }

    fn envelope(&self) -> Value {
        json!({
            "from": self.from, "recipients": self.recipients, "size": self.size, "sha256": self.sha256,
            "parameters": self.parameters, "recipient_parameters": self.recipient_parameters, "user": self.user, "secure": self.secure,
        })
    }
}

/// The state that the sessions of one sandbox share.
pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) mails: Mutex<Vec<Mail>>,
    pub(super) accepted: AtomicUsize,
    pub(super) connections: AtomicUsize,
    pub(super) logins: Mutex<Vec<String>>,
    pub(super) closing: AtomicBool,
}

impl Shared {
    pub(super) fn keep(&self, mail: Mail) -> io::Result<usize> {
        let mut mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        let number = self.accepted.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some(folder) = &self.options.folder {
            std::fs::write(folder.join(format!("{number:04}.eml")), &mail.data)?;
            std::fs::write(folder.join(format!("{number:04}.json")), format!("{:#}\n", mail.envelope()))?;
        }
        mails.push(mail);
        Ok(number)
    }
}
