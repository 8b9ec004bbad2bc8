//! Transport `graph`: sends and fetches mail of Exchange Online over Microsoft Graph v1.0.
//!
//! Every operation is a session (`session`), which asks one request after the other over a connection that is kept: with the token that is
//! good now, once more with a new one, and again after the time that the service wants to be left alone. `fault` says what a refusal means.
//!
//! A message goes out as MIME where it fits into a request (`message`), else as a draft of properties (`draft`) that gets its
//! attachments one by one (`upload`). Nothing is sent a second time: where an answer is lost the mailbox itself is asked (`doubt`).
#![forbid(unsafe_code)]

mod account;
mod advice;
mod apply;
mod ask;
mod claims;
mod doubt;
mod draft;
mod entry;
mod failure;
mod fault;
mod fetch;
mod file;
mod filter;
mod folder_changes;
mod folders;
mod identifier;
mod listing;
mod message;
mod path;
mod receive;
mod send;
mod session;
mod settings;
mod state;
mod test;
mod upload;
mod wire;

pub use account::Graph;
use postkontor_plugin::net::Recorder;
use postkontor_plugin::serde_json::Value;
use postkontor_plugin::settings::Method;
use postkontor_plugin::{
    Applied, ApplyRequest, Body, CONDITIONS, Call, Error, Filed, Filing, FindRequest, FoldersChanged, FoldersRequest, FoundMessages,
    ListRequest, Listing, Mail, Opening, ReceiveRequest, Received, Report, STRUCTURE, Sent, TestRequest, Transport,
};
use settings::Settings;

impl Transport for Graph {
    const NAME: &'static str = "graph";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const OPERATIONS: &'static [&'static str] =
        &["test", "send", "list", "receive", "apply", "mark", "copy", "folders", "file", "append", "find", "authorize"];
    const HEEDS: &'static [&'static str] = &[CONDITIONS, STRUCTURE];
    const TAKES_WHOLE: bool = true;
    const METHODS: &'static [&'static str] = &Method::names([Method::Oauth2, Method::Account]);
    const TEXTS: &'static [(&'static str, &'static str)] = postkontor_plugin::texts!("en", "de", "sl");
    type Settings = Settings;

    fn open(settings: Settings, opening: &Opening) -> Result<Graph, Error> {
        Graph::new(settings, opening)
    }

    fn test(&mut self, _request: &TestRequest, call: &Call) -> Result<Report, Error> {
        test::test(&mut self.session(call, &mut Recorder::telling(call)))
    }

    fn send(&mut self, mail: &Mail, body: &mut Body, call: &Call) -> Result<Sent, Error> {
        send::send(&mut self.session(call, &mut Recorder::off()), mail, body)
    }

    fn list(&mut self, request: &ListRequest, call: &Call) -> Result<Listing, Error> {
        listing::list(&mut self.session(call, &mut Recorder::off()), request)
    }

    fn receive(&mut self, request: &ReceiveRequest, call: &Call) -> Result<Received, Error> {
        receive::receive(&mut self.session(call, &mut Recorder::off()), request)
    }

    fn apply(&mut self, request: &ApplyRequest, call: &Call) -> Result<Applied, Error> {
        apply::apply(&mut self.session(call, &mut Recorder::off()), request)
    }

    fn folders(&mut self, request: &FoldersRequest, call: &Call) -> Result<FoldersChanged, Error> {
        folder_changes::change(&mut self.session(call, &mut Recorder::off()), request)
    }

    fn file(&mut self, request: &Filing, call: &Call) -> Result<Filed, Error> {
        file::file(&mut self.session(call, &mut Recorder::off()), request)
    }

    fn find(&mut self, request: &FindRequest, call: &Call) -> Result<FoundMessages, Error> {
        file::find(&mut self.session(call, &mut Recorder::off()), request)
    }

    fn authorize(&mut self, request: &Value, call: &Call) -> Result<Value, Error> {
        self.authorize_by(request, call)
    }
}

#[cfg(feature = "export")]
postkontor_plugin::export!(Graph);
