//! The trait that a transport implements.

use crate::{
    Applied, ApplyRequest, Body, Call, Error, Filed, Filing, FindRequest, FoldersChanged, FoldersRequest, FoundMessages, ListRequest,
    Listing, Mail, Opening, ReceiveRequest, Received, Report, Sent, Status,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

/// What a test should do.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TestRequest {}

/// A way to send or fetch mail.
///
/// A value of the type is a session of one account: `open` makes it from the settings without touching the network, the
/// other functions connect when they first need to and may keep the connection for the next call. One thread at a time
/// uses a session. Every operation but `open` is optional; [`Transport::OPERATIONS`] says which ones there are.
pub trait Transport: Sized + Send + 'static {
    /// The name that settings choose it by, for example `smtp`.
    const NAME: &'static str;

    /// The version of the plugin, for support.
    const VERSION: &'static str;

    /// The operations that are implemented: `test`, `send`, `list`, `receive`, `apply`, `mark`, `copy`, `folders`, `file`, `append`, `find`, `authorize`.
    ///
    /// `mark` and `copy` say that [`Transport::apply`] takes the actions of that [operation](crate::ApplyAction::operation), `append` that
    /// [`Transport::file`] heeds [`Filing::flags`] and [`Filing::keywords`].
    const OPERATIONS: &'static [&'static str];

    /// The names of the login methods that the setting `/auth/method` may have; form, check and [`Transport::open`] take no other.
    /// All that the settings offer when left out.
    ///
    /// Of the shared group `Auth` they are picked with [`Method::names`](crate::settings::Method::names) or
    /// [`Method::all_but`](crate::settings::Method::all_but). A transport with methods of its
    /// own has a group `auth` of its own.
    const METHODS: &'static [&'static str] = &[];

    /// What the transport heeds in a request to `receive` beside what every transport does: [`CONDITIONS`](crate::CONDITIONS),
    /// [`STRUCTURE`](crate::STRUCTURE), [`PART`](crate::PART). What it does not name here it is never asked for.
    const HEEDS: &'static [&'static str] = &[];

    /// Whether the server takes nothing of a mail whose end it did not get, so that a mail that broke off in the middle was certainly not delivered.
    const TAKES_WHOLE: bool = false;

    /// Texts for users as pairs of language and JSON (docs/plugins.md); the shared ones need not be repeated.
    const TEXTS: &'static [(&'static str, &'static str)];

    /// The account's settings. Their schema becomes the form that users fill in.
    type Settings: DeserializeOwned + JsonSchema;

    /// Makes a session from settings that have passed the schema.
    fn open(settings: Self::Settings, opening: &Opening) -> Result<Self, Error>;

    /// Tries everything short of sending and reports each step. An error means that the test itself could not run.
    fn test(&mut self, _request: &TestRequest, _call: &Call) -> Result<Report, Error> {
        Err(unsupported::<Self>("test"))
    }

    /// Sends one mail. An error whose outcome is not known must have the status [`Status::Uncertain`].
    fn send(&mut self, _mail: &Mail, _body: &mut Body, _call: &Call) -> Result<Sent, Error> {
        Err(unsupported::<Self>("send"))
    }

    /// Sends several mails, each with its own result, in order. A transport that can keep several in flight overrides it.
    fn send_batch(&mut self, mails: &[Mail], call: &Call) -> Vec<Result<Sent, Error>> {
        mails.iter().map(|mail| self.send(mail, &mut call.body(mail.stream), call)).collect()
    }

    /// Lists folders or messages.
    fn list(&mut self, _request: &ListRequest, _call: &Call) -> Result<Listing, Error> {
        Err(unsupported::<Self>("list"))
    }

    /// Fetches messages, each in three steps: [`Call::announce`], [`Call::message`], [`Call::action`].
    fn receive(&mut self, _request: &ReceiveRequest, _call: &Call) -> Result<Received, Error> {
        Err(unsupported::<Self>("receive"))
    }

    /// Marks, copies, moves or deletes messages. The error of a call that ended early tells what was done ([`Applied::told_by`]).
    fn apply(&mut self, _request: &ApplyRequest, _call: &Call) -> Result<Applied, Error> {
        Err(unsupported::<Self>("apply"))
    }

    /// Creates, renames or deletes folders. The error of a change tells `folders` of those before it ([`Error::done`]).
    fn folders(&mut self, _request: &FoldersRequest, _call: &Call) -> Result<FoldersChanged, Error> {
        Err(unsupported::<Self>("folders"))
    }

    /// Puts messages into a folder, each unless one with its Message-ID is there. An error means that none was filed.
    fn file(&mut self, _request: &Filing, _call: &Call) -> Result<Filed, Error> {
        Err(unsupported::<Self>("file"))
    }

    /// Looks for messages by their Message-IDs in a folder. `<sent>` is where the account keeps what it sent; where it keeps none, that is
    /// [`Status::Unsupported`].
    fn find(&mut self, _request: &FindRequest, _call: &Call) -> Result<FoundMessages, Error> {
        Err(unsupported::<Self>("find"))
    }

    /// The token source of an account that logs in by tokens of OAuth 2.0. A transport that has one has the operation `authorize`, too,
    /// by naming it in [`Transport::OPERATIONS`].
    #[cfg(feature = "net")]
    fn tokens(&self) -> Option<&crate::net::oauth::Tokens> {
        None
    }

    /// Asks a person for consent (OAuth 2.0): `{"begin":true}` answers what to show, `{"finish":true}` waits for the consent.
    #[cfg_attr(not(feature = "net"), allow(unused_variables, reason = "without connections there is no provider to ask"))]
    fn authorize(&mut self, request: &Value, call: &Call) -> Result<Value, Error> {
        #[cfg(feature = "net")]
        if Self::OPERATIONS.contains(&"authorize") {
            let code = "oauth.no_consent";
            let none = || Error::new(Status::Unsupported, code).stage(crate::Stage::Settings).at("/auth/method", code);
            return self.tokens().ok_or_else(none)?.authorize(request, call);
        }
        Err(unsupported::<Self>("authorize"))
    }
}

fn unsupported<T: Transport>(operation: &str) -> Error {
    Error::new(Status::Unsupported, "transport.operation_unsupported").arg("transport", T::NAME).arg("operation", operation)
}
