//! Transport `gateway`: sends and fetches mail by a firm's own web service.
//!
//! It stands in the tests for all transports to come that have no `server` group and log in by tokens: everything of it lies in this
//! folder, and one line of the workspace names it. The service speaks HTTP/1.1 with JSON:
//!
//! | Request | Answer |
//! |---|---|
//! | `POST URL/token`, a grant of RFC 6749 | a new access token, perhaps a new refresh token |
//! | `GET URL/messages?after=ID` | the messages that came after that one |
//! | `GET URL/messages/ID`, `GET URL/messages/ID/head` | a message, its headers |
//! | `POST URL/messages/ID`, `DELETE URL/messages/ID` | it is marked, it is gone |
//! | `POST URL/messages`, the envelope in header fields | the message was taken, for all recipients or not for all |
//!
//! An access token is good for a while. When the service says that it is over, the transport fetches a new one, repeats what was
//! refused, and lets the host keep it under the name that the settings have for it.
#![forbid(unsafe_code)]

mod answer;
mod ask;
mod client;
mod mailbox;
mod send;
mod settings;
mod test;
mod tokens;

use client::Client;
use postkontor_plugin::net::{Recorder, http};
use postkontor_plugin::{
    Applied, ApplyRequest, Body, Call, Error, ListRequest, Listing, Mail, Opening, ReceiveRequest, Received, Report, Sent, TestRequest,
    Transport,
};
use settings::Settings;
use tokens::Tokens;

/// An account at the service; its connection and its tokens stay from one operation to the next.
pub struct Gateway {
    settings: Settings,
    tokens: Tokens,
    http: http::Client,
}

impl Transport for Gateway {
    const NAME: &'static str = "gateway";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const OPERATIONS: &'static [&'static str] = &["test", "send", "list", "receive", "apply"];
    const METHODS: &'static [&'static str] = &["token", "client-credentials"];
    const TEXTS: &'static [(&'static str, &'static str)] = postkontor_plugin::texts!("en", "de", "sl");
    type Settings = Settings;

    fn open(settings: Settings, opening: &Opening) -> Result<Gateway, Error> {
        let http = settings.client()?;
        let tokens = Tokens::new(&settings.auth, opening);
        Ok(Gateway { settings, tokens, http })
    }

    fn test(&mut self, _request: &TestRequest, call: &Call) -> Result<Report, Error> {
        let mut recorder = Recorder::telling(call);
        // Every step is taken anew.
        self.http.close();
        let looked = test::look(&mut self.client(call, &mut recorder));
        test::report(&self.http, looked, recorder)
    }

    fn send(&mut self, mail: &Mail, body: &mut Body, call: &Call) -> Result<Sent, Error> {
        send::send(&mut self.client(call, &mut Recorder::off()), mail, body)
    }

    fn list(&mut self, request: &ListRequest, call: &Call) -> Result<Listing, Error> {
        mailbox::list(&mut self.client(call, &mut Recorder::off()), request)
    }

    fn receive(&mut self, request: &ReceiveRequest, call: &Call) -> Result<Received, Error> {
        mailbox::receive(&mut self.client(call, &mut Recorder::off()), request)
    }

    fn apply(&mut self, request: &ApplyRequest, call: &Call) -> Result<Applied, Error> {
        mailbox::apply(&mut self.client(call, &mut Recorder::off()), request)
    }
}

impl Gateway {
    fn client<'a, 'c>(&'a mut self, call: &'a Call<'a>, recorder: &'a mut Recorder<'c>) -> Client<'a, 'c> {
        let Gateway { settings, tokens, http } = self;
        tokens.not_kept.clear();
        Client { settings, tokens, http, call, recorder, has_renewed: false }
    }
}

postkontor_plugin::export!(Gateway);
