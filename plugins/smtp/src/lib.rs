//! Transport `smtp`: sends mail to a mail server (RFC 5321), as few round trips as the server allows.
//!
//! A mail passes through these modules:
//!
//! - `settings` says where to, `connection` connects, secures (STARTTLS or from the first byte) and logs in (`login`, or `pop3` for
//!   POP-before-SMTP), and `capabilities` reads the server's extensions.
//! - `delivery` keeps the connection for the next call, and replaces it once where it is dead and nothing of the mail can have been
//!   accepted.
//! - `window` sends small mails to servers with PIPELINING and CHUNKING, many at a time; `blocks` sends large ones; `data` serves all
//!   other servers. `envelope` writes the commands, `line_guard` refuses bare line breaks, `write_buffer` holds the bytes.
//! - `transaction` and `verdict` turn replies into a verdict for each recipient.
//!
//! # When the outcome is uncertain
//!
//! From the moment in which the last byte of a message may have left until its reply is there, a lost connection, a deadline and a
//! cancelled call all mean the same: the message may have been delivered. The result is then
//! [`Status::Uncertain`], and nothing is sent again. Before that moment the server
//! cannot have accepted the message, since half a message is never completed: the connection is closed instead.
#![forbid(unsafe_code)]

mod account;
mod blocks;
mod capabilities;
mod connection;
mod data;
mod delivery;
mod envelope;
mod host_name;
mod line_guard;
mod login;
mod pop3;
mod reply;
mod session;
mod settings;
mod test;
mod transaction;
mod verdict;
mod window;
mod write_buffer;

pub use account::Smtp;
use postkontor_plugin::net::oauth::{Audience, Tokens};
use postkontor_plugin::{Body, Call, Error, Mail, Opening, Report, Sent, Status, TestRequest, Transport};
pub use settings::{Options, Pop3, Settings};
use std::sync::Arc;

impl Transport for Smtp {
    const NAME: &'static str = "smtp";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const OPERATIONS: &'static [&'static str] = &["test", "send", "authorize"];
    const TAKES_WHOLE: bool = true;
    const METHODS: &'static [&'static str] = settings::METHODS;
    const TEXTS: &'static [(&'static str, &'static str)] = postkontor_plugin::texts!("en", "de", "sl");
    type Settings = Settings;

    fn open(mut settings: Settings, opening: &Opening) -> Result<Smtp, Error> {
        settings.check()?;
        let tokens = Tokens::for_login(&settings.auth, opening, &settings.server, &settings.tls, Audience::Smtp)?;
        settings.tokens = tokens.map(Arc::new);
        Ok(Smtp { settings, session: None, buffer: write_buffer::WriteBuffer::default() })
    }

    fn test(&mut self, _request: &TestRequest, call: &Call) -> Result<Report, Error> {
        test::test(&self.settings, call)
    }

    fn send(&mut self, mail: &Mail, _body: &mut Body, call: &Call) -> Result<Sent, Error> {
        // The body is taken from the call, as for the mails of a batch.
        let result = delivery::deliver(self, std::slice::from_ref(mail), call).pop();
        result.unwrap_or_else(|| Err(Error::new(Status::Internal, "smtp.unsettled")))
    }

    fn send_batch(&mut self, mails: &[Mail], call: &Call) -> Vec<Result<Sent, Error>> {
        delivery::deliver(self, mails, call)
    }

    fn tokens(&self) -> Option<&Tokens> {
        self.settings.tokens.as_deref()
    }
}

#[cfg(feature = "export")]
postkontor_plugin::export!(Smtp);
