//! Transport `imap`: fetches, files and sends mail through a mailbox with folders (RFC 3501, RFC 9051).
//!
//! The session is our own, over `sdk::net`, because bodies have to stream: a message of a gigabyte passes through as it comes.
//! `reader` takes responses apart into lines and literals; what is no body, `value` and `fetch_response` read.
//! Messages are named by UID only, so that several commands may be on their way at a time.
#![forbid(unsafe_code)]

mod account;
mod append;
mod apply;
mod body_structure;
mod capabilities;
mod command;
mod connection;
mod date;
mod fetch_response;
mod file;
mod filter;
mod find;
mod flags;
mod folder_changes;
mod folders;
mod idle;
mod keywords;
mod list_response;
mod login;
mod names;
mod provider;
mod reader;
mod receive;
mod response_code;
mod search;
mod selected;
mod sent;
mod session;
mod settings;
mod state;
mod test;
mod transfer;
mod uid_set;
mod uid_validity;
mod updates;
mod value;
mod window;

pub use account::Imap;
use postkontor_plugin::net::oauth::{Audience, Tokens};
use postkontor_plugin::settings::Method;
use postkontor_plugin::{
    Applied, ApplyRequest, Body, CONDITIONS, Call, Error, Filed, Filing, FindRequest, FoldersChanged, FoldersRequest, FoundMessages,
    ListRequest, Listing, Mail, Opening, PART, ReceiveRequest, Received, Report, STRUCTURE, Sent, TestRequest, Transport,
};
use settings::Settings;
use std::sync::Arc;

impl Transport for Imap {
    const NAME: &'static str = "imap";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const OPERATIONS: &'static [&'static str] =
        &["test", "send", "list", "receive", "apply", "mark", "copy", "folders", "file", "append", "find", "authorize"];
    const HEEDS: &'static [&'static str] = &[CONDITIONS, STRUCTURE, PART];
    const TAKES_WHOLE: bool = true;
    const METHODS: &'static [&'static str] = Method::SASL;
    const TEXTS: &'static [(&'static str, &'static str)] = postkontor_plugin::texts!("en", "de", "sl");
    type Settings = Settings;

    fn open(mut settings: Settings, opening: &Opening) -> Result<Imap, Error> {
        settings.check()?;
        let tokens = Tokens::for_login(&settings.auth, opening, &settings.server, &settings.tls, Audience::Imap)?;
        settings.tokens = tokens.map(Arc::new);
        Ok(Imap { settings, session: None, sent: None })
    }

    fn test(&mut self, _request: &TestRequest, call: &Call) -> Result<Report, Error> {
        test::test(&self.settings, call)
    }

    fn send(&mut self, mail: &Mail, body: &mut Body, call: &Call) -> Result<Sent, Error> {
        let mut session = self.connected(call)?;
        let sent = append::send(&mut session, &self.settings, mail, body, call);
        self.keep(session, &sent);
        sent
    }

    fn list(&mut self, request: &ListRequest, call: &Call) -> Result<Listing, Error> {
        let mut session = self.connected(call)?;
        let list = folders::list(&mut session, &self.settings, request, call);
        self.keep(session, &list);
        list
    }

    fn receive(&mut self, request: &ReceiveRequest, call: &Call) -> Result<Received, Error> {
        let mut session = self.connected(call)?;
        let received = receive::receive(&mut session, &self.settings, request, call);
        if received.as_ref().is_ok_and(|received| received.interrupted.is_none()) {
            self.session = Some(session);
        }
        received
    }

    fn apply(&mut self, request: &ApplyRequest, call: &Call) -> Result<Applied, Error> {
        let mut session = self.connected(call)?;
        let applied = apply::apply(&mut session, &self.settings, request, call);
        self.keep(session, &applied);
        applied
    }

    fn folders(&mut self, request: &FoldersRequest, call: &Call) -> Result<FoldersChanged, Error> {
        // The folder for copies may be one that has another name afterwards.
        self.sent = None;
        let mut session = self.connected(call)?;
        let changed = folder_changes::change(&mut session, &self.settings, request, call);
        self.keep(session, &changed);
        changed
    }

    fn file(&mut self, request: &Filing, call: &Call) -> Result<Filed, Error> {
        file::file(self, request, call)
    }

    fn find(&mut self, request: &FindRequest, call: &Call) -> Result<FoundMessages, Error> {
        find::find(self, request, call)
    }

    fn tokens(&self) -> Option<&Tokens> {
        self.settings.tokens.as_deref()
    }
}

#[cfg(feature = "export")]
postkontor_plugin::export!(Imap);
