//! Transport `exchange-ews`: sends, fetches and files mail at an Exchange server by its web services (EWS).
//!
//! A request is SOAP over HTTP: `soap` writes the envelope, `service` sends it over the one connection that is kept, `talk` heeds what the
//! service says of itself: pauses, tokens that are over, answers that do not come. What is written and read lies beside it, operation by operation.
//!
//! Messages pass as base64 within XML in both directions, made and read while they pass (`payload`, `xml`): a message of 100 MB needs no more
//! memory than one of 2 KB.
#![forbid(unsafe_code)]

mod apply;
mod discover;
mod draft;
mod file;
mod folder_changes;
mod folders;
mod items;
mod large;
mod list;
mod login;
mod marking;
mod marks;
mod meaning;
mod message;
mod outcome;
mod payload;
mod place;
mod receive;
mod refusal;
mod send;
mod service;
mod settings;
mod soap;
mod talk;
mod test;
mod xml;

use postkontor_plugin::net::Recorder;
use postkontor_plugin::net::oauth::Tokens;
use postkontor_plugin::serde_json::Value;
use postkontor_plugin::settings::Method;
use postkontor_plugin::{
    Applied, ApplyRequest, Body, CONDITIONS, Call, Error, Filed, Filing, FindRequest, FoldersChanged, FoldersRequest, FoundMessages,
    ListRequest, Listing, Mail, Opening, ReceiveRequest, Received, Report, STRUCTURE, Sent, Status, TestRequest, Transport,
};
use service::Service;
use settings::Settings;
use std::sync::Arc;
use talk::{Account, Talk};

/// An account at an Exchange server. The connection is kept from one call to the next.
pub struct Ews {
    settings: Settings,
    tokens: Option<Arc<Tokens>>,
    account: Option<Account>,
}

impl Transport for Ews {
    const NAME: &'static str = settings::NAME;
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const OPERATIONS: &'static [&'static str] =
        &["test", "send", "list", "receive", "apply", "mark", "copy", "folders", "file", "append", "find", "authorize"];
    const HEEDS: &'static [&'static str] = &[CONDITIONS, STRUCTURE];
    const TAKES_WHOLE: bool = true;
    const METHODS: &'static [&'static str] =
        &Method::names([Method::Auto, Method::Password, Method::Ntlm, Method::Windows, Method::Oauth2, Method::Account]);
    const TEXTS: &'static [(&'static str, &'static str)] = postkontor_plugin::texts!("en", "de", "sl");
    type Settings = Settings;

    fn open(settings: Settings, opening: &Opening) -> Result<Ews, Error> {
        settings.check()?;
        let tokens = login::tokens(&settings, opening)?;
        Ok(Ews { settings, tokens, account: None })
    }

    fn test(&mut self, _request: &TestRequest, call: &Call) -> Result<Report, Error> {
        // A test is about what the settings say, not about what was found earlier.
        self.account = None;
        let mut recorder = Recorder::on();
        match self.account(call, &mut recorder) {
            Ok(account) => test::test(account, call),
            Err(error) => test::not_found(&error, recorder),
        }
    }

    fn send(&mut self, mail: &Mail, body: &mut Body, call: &Call) -> Result<Sent, Error> {
        self.talk(call, |talk| send::send(talk, mail, body))
    }

    fn list(&mut self, request: &ListRequest, call: &Call) -> Result<Listing, Error> {
        self.talk(call, |talk| list::list(talk, request))
    }

    fn receive(&mut self, request: &ReceiveRequest, call: &Call) -> Result<Received, Error> {
        self.talk(call, |talk| receive::receive(talk, request))
    }

    fn apply(&mut self, request: &ApplyRequest, call: &Call) -> Result<Applied, Error> {
        self.talk(call, |talk| apply::apply(talk, request))
    }

    fn folders(&mut self, request: &FoldersRequest, call: &Call) -> Result<FoldersChanged, Error> {
        self.talk(call, |talk| folder_changes::change(talk, request))
    }

    fn file(&mut self, request: &Filing, call: &Call) -> Result<Filed, Error> {
        self.talk(call, |talk| file::file(talk, request))
    }

    fn find(&mut self, request: &FindRequest, call: &Call) -> Result<FoundMessages, Error> {
        self.talk(call, |talk| file::find(talk, request))
    }

    fn authorize(&mut self, request: &Value, call: &Call) -> Result<Value, Error> {
        match &self.tokens {
            Some(tokens) => tokens.authorize(request, call),
            None => Err(Error::new(Status::Unsupported, "transport.operation_unsupported")
                .arg("transport", Self::NAME)
                .arg("operation", "authorize")),
        }
    }
}

impl Ews {
    /// The account's service, whose URL is found where it is not known.
    fn account(&mut self, call: &Call, recorder: &mut Recorder) -> Result<&mut Account, Error> {
        let account = match self.account.take() {
            Some(account) => account,
            None => {
                let url = match self.settings.url()? {
                    Some(url) => url,
                    None => discover::discover(&self.settings, call, recorder)?,
                };
                let service = Service::new(&self.settings, url, self.tokens.clone())?;
                Account { settings: self.settings.clone(), service, folders: place::Folders::new(), heard: None }
            }
        };
        Ok(self.account.insert(account))
    }

    fn talk<T>(&mut self, call: &Call, work: impl FnOnce(&mut Talk<'_, '_>) -> Result<T, Error>) -> Result<T, Error> {
        let mut recorder = Recorder::off();
        let account = self.account(call, &mut recorder)?;
        work(&mut Talk::new(account, call, &mut recorder))
    }
}

#[cfg(feature = "export")]
postkontor_plugin::export!(Ews);
