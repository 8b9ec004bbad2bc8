//! An account as a transport of [lettre](https://docs.rs/lettre), for programs that compose with it (feature `lettre`).
//!
//! Such a program changes the line that makes its transport, and its mail goes through plugins, gets a verdict for each recipient, and the
//! accounts of `send.fallback` stand in. The bytes are lettre's; nothing is added to them, and Bcc headers are taken out.
//!
//! ```
//! use lettre::{Message, Transport};
//! use postkontor_core::{Account, Config, Host, lettre::Mailer};
//!
//! # mod hidden { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/typed/pigeonhole.rs")); }
//! # use hidden::{PIGEONHOLE as SETTINGS, pigeonhole};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let host = Host::open_with(&Config::default(), Box::new(()), &[pigeonhole()])?;
//! let letter = Message::builder()
//!     .from("Anna <anna@example.com>".parse()?)
//!     .to("Berta <berta@example.com>".parse()?)
//!     .subject("Invoice 4711")
//!     .body("Please find it in the portal.".to_owned())?;
//!
//! // Was: SmtpTransport::relay("mail.example.com")?.build()
//! let mailer = Mailer::from(Account::open(&host, SETTINGS, None)?);
//! let receipt = mailer.send(&letter)?;
//! assert_eq!(receipt.recipients[0].address, "berta@example.com");
//! # Ok(())
//! # }
//! ```

use crate::{Account, Cancel, Receipt};
use lettre::address::Envelope;
use lettre::{Address, Message, Transport};
use postkontor_plugin::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// An account that lettre's messages go out by. Clones share it and its connection; where several are to send at a time, each opens its own.
#[derive(Clone)]
pub struct Mailer {
    account: Arc<Mutex<Account>>,
    timeout: Option<Duration>,
}

impl Mailer {
    /// Sets how long a call may take; without it a call has the account's own finite time.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Mailer {
        Mailer { timeout: Some(timeout), ..self }
    }

    fn deliver(&self, envelope: &Envelope, message: Vec<u8>) -> Result<Receipt, Error> {
        let from = envelope.from().map_or("", AsRef::as_ref);
        let recipients: Vec<&str> = envelope.to().iter().map(<Address as AsRef<str>>::as_ref).collect();
        let cancel = Cancel::new(self.timeout);
        // After a panic in another thread the account opens its session anew.
        let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
        let mail = account.compose_raw(from, &recipients, message, &cancel)?;
        account.deliver_one(mail, &cancel)
    }
}

impl From<Account> for Mailer {
    fn from(account: Account) -> Mailer {
        Mailer { account: Arc::new(Mutex::new(account)), timeout: None }
    }
}

/// A mail that some recipients got and others did not is an error with the status PARTIAL, which holds the receipt
/// ([`Receipt::of_partial`]).
impl Transport for Mailer {
    type Ok = Receipt;
    type Error = Error;

    fn send(&self, message: &Message) -> Result<Receipt, Error> {
        self.deliver(message.envelope(), message.formatted())
    }

    fn send_raw(&self, envelope: &Envelope, email: &[u8]) -> Result<Receipt, Error> {
        self.deliver(envelope, email.to_vec())
    }
}
