//! What a login needs of its client, and the client of its login.

use crate::net::Recorder;
use crate::net::http::head::Head;
use crate::net::http::request::Field;
use crate::net::sasl::Protection;
use crate::settings::Endpoint;
use crate::{Call, Error, Secret};

/// What a request shows: the field `Authorization`.
#[derive(Clone)]
pub(in crate::net::http) struct Authorization {
    /// The scheme with the space behind it.
    pub(in crate::net::http) scheme: &'static str,
    pub(in crate::net::http) value: Secret,
    /// The next request shows another one.
    pub(in crate::net::http) is_for_one_request: bool,
}

/// What an answer says about the login.
#[derive(Clone, Debug, Default)]
pub(in crate::net::http) struct Answer {
    pub(in crate::net::http) status: u16,
    /// The values of the fields `WWW-Authenticate`.
    pub(in crate::net::http) offered: Vec<String>,
    /// Nothing but the status is there: no body.
    pub(in crate::net::http) is_bare: bool,
    /// The server said that it wants a proof with each request (`Persistent-Auth: false`).
    pub(in crate::net::http) forgets: bool,
}

/// What a login needs of its client.
pub(in crate::net::http) trait Line {
    /// The server.
    fn endpoint(&self) -> &Endpoint;
    /// How well the connection protects what is sent on it.
    fn protection(&self) -> Protection;
    /// The data of `tls-server-end-point`.
    fn binding(&self) -> Option<Vec<u8>>;
    /// Which connection there is at the moment; `None` where there is none that may be used.
    fn number(&mut self) -> Option<u64>;
    /// Connects where there is no connection.
    fn connect(&mut self, call: &Call, recorder: &mut Recorder) -> Result<(), Error>;
    /// Sends a request with an empty body.
    fn ask(&mut self, authorization: Option<&Authorization>, call: &Call, recorder: &mut Recorder) -> Result<Answer, Error>;
}

impl Authorization {
    /// The field of a request.
    pub(in crate::net::http) fn field(&self) -> Field<'_> {
        Field { name: "Authorization", open: self.scheme.into(), secret: Some(&self.value) }
    }
}

impl Answer {
    /// What the head of an answer says; whether there is a body is not known yet.
    pub(in crate::net::http) fn of(head: &Head) -> Answer {
        let offered = head.fields.all("www-authenticate").map(str::to_owned).collect();
        let forgets = head.fields.get("persistent-auth").is_some_and(|value| value.trim().eq_ignore_ascii_case("false"));
        Answer { status: head.status, offered, is_bare: false, forgets }
    }
}
