//! Transport `pop3`: fetches mail from a mailbox (RFC 1939, 2449, 2595, 5034).
//!
//! POP3 knows no flags and forgets what was fetched, so the transport remembers by unique identifiers in its `state`.
//! Deletions take effect with QUIT only; where its response is lost, the state keeps them for the next session.
#![forbid(unsafe_code)]

mod apply;
mod connection;
mod fetch;
mod filter;
mod fingerprint;
mod listing;
mod login;
mod mailbox;
mod naming;
mod receive;
mod retrieve;
mod session;
mod settings;
mod state;
mod test;

use postkontor_plugin::net::oauth::{Audience, Tokens};
use postkontor_plugin::{
    Applied, ApplyRequest, CONDITIONS, Call, Error, ListRequest, Listing, Opening, ReceiveRequest, Received, Report, STRUCTURE,
    TestRequest, Transport,
};
use settings::Settings;
use std::sync::Arc;
use std::time::Instant;

/// An account's mailbox. Each operation is a session of its own, since POP3 locks the mailbox as long as one lasts.
pub struct Pop3 {
    settings: Settings,
    /// The server wants no login before.
    not_before: Option<Instant>,
}

impl Transport for Pop3 {
    const NAME: &'static str = "pop3";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const OPERATIONS: &'static [&'static str] = &["test", "list", "receive", "apply", "authorize"];
    const HEEDS: &'static [&'static str] = &[CONDITIONS, STRUCTURE];
    const METHODS: &'static [&'static str] = settings::METHODS;
    const TEXTS: &'static [(&'static str, &'static str)] = postkontor_plugin::texts!("en", "de", "sl");
    type Settings = Settings;

    fn open(mut settings: Settings, opening: &Opening) -> Result<Pop3, Error> {
        settings.check()?;
        let tokens = Tokens::for_login(&settings.auth, opening, &settings.server, &settings.tls, Audience::Pop3)?;
        settings.tokens = tokens.map(Arc::new);
        Ok(Pop3 { settings, not_before: None })
    }

    fn test(&mut self, _request: &TestRequest, call: &Call) -> Result<Report, Error> {
        test::test(&self.settings, call)
    }

    fn list(&mut self, request: &ListRequest, call: &Call) -> Result<Listing, Error> {
        apply::list(&self.settings, request, call)
    }

    fn receive(&mut self, request: &ReceiveRequest, call: &Call) -> Result<Received, Error> {
        let now = Instant::now();
        // A call that waits is put off until then; any other gets the server's response.
        if let Some(left) = self.not_before.map(|moment| moment.saturating_duration_since(now)).filter(|left| !left.is_zero())
            && request.wait_seconds > 0
        {
            let state = request.state.clone().unwrap_or_default();
            return Ok(Received { state, again_seconds: Some(left.as_secs() + 1), ..Received::default() });
        }
        receive::receive(&self.settings, request, call, &mut self.not_before)
    }

    fn apply(&mut self, request: &ApplyRequest, call: &Call) -> Result<Applied, Error> {
        apply::apply(&self.settings, request, call)
    }

    fn tokens(&self) -> Option<&Tokens> {
        self.settings.tokens.as_deref()
    }
}

#[cfg(feature = "export")]
postkontor_plugin::export!(Pop3);
