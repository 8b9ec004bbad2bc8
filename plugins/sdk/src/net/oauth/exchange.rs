//! One question to the provider, and its answer.

use super::form::Form;
use super::refusal::{Asked, Refusal};
use crate::net::http::{Client, Content, Request, Url};
use crate::net::{Pointers, Recorder};
use crate::settings::{Route, WebTls};
use crate::{Call, Error, Secret, Stage, Status};
use zeroize::Zeroizing;

/// The largest answer that is read; real ones have a few KB.
const LARGEST: u64 = 128 * 1024;

/// The settings that the way to the provider comes from.
const AT: Pointers = Pointers {
    host: "/auth/oauth2/token_url",
    port: "/auth/oauth2/token_url",
    timeout: "/server/timeout_seconds",
    proxy: "/server/proxy",
    mode: "/auth/oauth2/token_url",
};

/// The way to one of the provider's services, and its connection.
pub(super) struct Exchange {
    client: Client,
    target: String,
    host: String,
}

/// What the provider has answered.
pub(super) struct Reply {
    status: u16,
    /// Seconds after which another attempt makes sense, where the provider says so.
    wait: Option<u64>,
    is_html: bool,
    /// It may hold tokens.
    body: Zeroizing<Vec<u8>>,
}

impl Exchange {
    /// Does not connect yet. Of the account's TLS settings only those count that are not about its own server.
    pub(super) fn new(url: &Url, route: &Route, tls: &WebTls) -> Exchange {
        let tls = WebTls { minimum: tls.minimum, ca_file: tls.ca_file.clone(), ..WebTls::default() };
        Exchange { client: Client::new(url, route, &tls, AT), target: url.target().to_owned(), host: url.host().to_owned() }
    }

    /// Masks a secret in what is shown of the dialogue and of the provider's words.
    pub(super) fn hide(&mut self, secret: &Secret) {
        if !secret.is_empty() {
            self.client.hide(secret);
        }
    }

    /// Sends a form and reads the answer, whatever it says. `repeatable`: asking twice does no harm.
    pub(super) fn post(&mut self, form: &Form, repeatable: bool, call: &Call, recorder: &mut Recorder) -> Result<Reply, Error> {
        // The steps of this connection are not those of the account's server.
        let mut inner = if recorder.keeps_dialogue() { Recorder::on() } else { Recorder::off() };
        let content = Content::Secret { bytes: form.body(), shown: form.shown() };
        let request = Request::new("POST", &self.target).field("Content-Type", "application/x-www-form-urlencoded");
        let request = request.field("Accept", "application/json").content(content);
        let request = if repeatable { request.repeatable() } else { request };
        let reply = match self.client.request(request, call, &mut inner) {
            Err(interrupted) => Err(interrupted.error),
            Ok(mut response) => {
                let status = response.status();
                let wait = response.fields().retry_after().map(|wait| wait.as_secs());
                let is_html = matches!(response.media_type().as_str(), "text/html" | "application/xhtml+xml");
                response.bytes(LARGEST, call).map(|body| Reply { status, wait, is_html, body: Zeroizing::new(body) })
            }
        };
        recorder.keep(inner.take_transcript());
        recorder.keep(self.client.take_dialogue());
        reply.map_err(|error| {
            let error = error.stage(Stage::Token).arg("host", self.host.as_str());
            let code = error.code.clone();
            if error.at.is_empty() && error.status != Status::Cancelled { error.at(AT.host, &code) } else { error }
        })
    }

    /// The error for an answer that refuses.
    pub(super) fn refused(&mut self, reply: &Reply, asked: &Asked) -> Error {
        let Some(refusal) = reply.refusal() else { return self.foreign(reply) };
        let client = std::cell::RefCell::new(&mut self.client);
        let error = refusal.error(reply.status, asked, &|text| client.borrow_mut().clean(text.as_bytes()));
        match reply.wait {
            Some(seconds) if error.status == Status::Later => error.arg("seconds", seconds),
            _ => error,
        }
    }

    /// The error for an answer that is not one of a token service.
    pub(super) fn foreign(&mut self, reply: &Reply) -> Error {
        let start = reply.body.trim_ascii_start();
        let is_page = reply.is_html || start.first() == Some(&b'<');
        let (status, code) = match (reply.status, is_page) {
            (429 | 500..600, _) => (Status::Later, "oauth.later"),
            (_, true) => (Status::Protocol, "oauth.reply_foreign"),
            (_, false) => (Status::Protocol, "oauth.reply_malformed"),
        };
        let error = Error::new(status, code).stage(Stage::Token).arg("host", self.host.as_str()).arg("status", reply.status);
        let error = error.arg("text", format!("HTTP {}", reply.status)).detail(format!("HTTP {}", reply.status));
        if status == Status::Later { error } else { error.at(AT.host, code) }
    }
}

impl Reply {
    /// Whether the provider agrees.
    pub(super) fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// The body of an answer, which may hold tokens.
    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The refusal, where the answer is one in the form of RFC 6749.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        let refusal: Refusal = serde_json::from_slice(&self.body).ok()?;
        (!refusal.word().is_empty()).then_some(refusal)
    }
}
