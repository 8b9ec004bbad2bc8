//! Transport `pop3`: fetches mail from a mailbox (RFC 1939, 2449, 2595, 5034).
//!
//! POP3 knows no flags and forgets what was fetched, so the transport remembers by unique identifiers in its `state`.
//! Deletions take effect with QUIT only; where its answer is lost, the state keeps them for the next session.
#![forbid(unsafe_code)]

mod apply;
mod listing;
mod login;
mod receive;
mod retrieve;
mod session;
mod settings;
mod state;
mod test;

use postkontor_plugin::serde_json::Value;
use postkontor_plugin::{Call, Error, Opening, ReceiveRequest, Received, Report, TestRequest, Transport};
use settings::Settings;

/// An account's mailbox. Each operation is a session of its own, since POP3 locks the mailbox as long as one lasts.
pub struct Pop3 {
    settings: Settings,
}

impl Transport for Pop3 {
    const NAME: &'static str = "pop3";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const OPERATIONS: &'static [&'static str] = &["test", "list", "receive", "apply"];
    const TEXTS: &'static [(&'static str, &'static str)] = &[
        ("en", include_str!("../locales/en.json")),
        ("de", include_str!("../locales/de.json")),
        ("sl", include_str!("../locales/sl.json")),
    ];
    type Settings = Settings;

    fn open(settings: Settings, _opening: &Opening) -> Result<Pop3, Error> {
        settings.check()?;
        Ok(Pop3 { settings })
    }

    fn test(&mut self, _request: &TestRequest, call: &Call) -> Result<Report, Error> {
        Ok(test::test(&self.settings, call))
    }

    fn list(&mut self, _request: &Value, call: &Call) -> Result<Value, Error> {
        apply::list(&self.settings, call)
    }

    fn receive(&mut self, request: &ReceiveRequest, call: &Call) -> Result<Received, Error> {
        receive::receive(&self.settings, request, call)
    }

    fn apply(&mut self, request: &Value, call: &Call) -> Result<Value, Error> {
        apply::apply(&self.settings, request, call)
    }
}

#[cfg(not(feature = "builtin"))]
postkontor_plugin::export!(Pop3);
