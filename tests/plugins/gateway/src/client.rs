//! Asking the service: with the token that is good now, or with a new one.

use crate::answer::{malformed, refused, reply, value};
use crate::ask::{Ask, Payload};
use crate::settings::{Method, Settings};
use crate::tokens::Tokens;
use postkontor_plugin::net::Recorder;
use postkontor_plugin::net::http::{Client as Http, Content, Interrupted, Request, Response, Sent};
use postkontor_plugin::serde_json::Value;
use postkontor_plugin::{Call, Error, Reply, Secret, Stage, Status};

/// One operation at the service.
pub(crate) struct Client<'a, 'c> {
    pub(crate) settings: &'a Settings,
    pub(crate) tokens: &'a mut Tokens,
    pub(crate) http: &'a mut Http,
    pub(crate) call: &'a Call<'a>,
    pub(crate) recorder: &'a mut Recorder<'c>,
    /// A new token was fetched; a second one would be no better.
    pub(crate) has_renewed: bool,
}

/// What came of one request.
enum Outcome<T> {
    Taken(T),
    /// The service does not accept the token.
    Over(Reply),
}

/// What is done with an answer, whatever its status but 401.
pub(crate) type Take<'t, T> = &'t mut dyn FnMut(&mut Response<'_>, &Call) -> Result<T, Error>;

impl Client<'_, '_> {
    /// Asks, and does something with the answer. Where the service does not accept the token, it is asked once more with a new one.
    pub(crate) fn ask<T>(&mut self, mut ask: Ask<'_, '_>, take: Take<'_, T>) -> Result<T, Error> {
        loop {
            if self.tokens.access.is_empty() {
                self.renew()?;
            }
            let token = self.tokens.access.clone();
            match self.once(&mut ask, Some(&token), take)? {
                Outcome::Taken(value) => return Ok(value),
                Outcome::Over(reply) if self.has_renewed => {
                    return Err(refused(self.host(), Status::Auth, "gateway.token_refused", reply).stage(Stage::Login));
                }
                Outcome::Over(_) => {
                    self.renew()?;
                    ask.begin_again()?;
                }
            }
        }
    }

    /// Asks for JSON.
    pub(crate) fn json(&mut self, ask: Ask<'_, '_>) -> Result<Value, Error> {
        self.ask(ask, &mut value)
    }

    pub(crate) fn host(&self) -> &str {
        self.http.url().host()
    }

    /// Fetches a new access token.
    fn renew(&mut self) -> Result<(), Error> {
        self.has_renewed = true;
        let auth = &self.settings.auth;
        [&self.tokens.refresh, &auth.client_secret].into_iter().for_each(|secret| self.http.hide(secret));
        let (grant, shown) = self.tokens.grant(auth);
        let refusal = match auth.method {
            Method::Token => "gateway.refresh_refused",
            Method::ClientCredentials => "gateway.client_refused",
        };
        let mut ask = Ask::new("POST", "/token", Stage::Login).with(Payload::Form(&grant, &shown));
        let outcome = self.once(&mut ask, None, &mut |response, call| {
            if !matches!(response.status(), 400 | 401 | 403) {
                return value(response, call);
            }
            let reply = reply(response, call)?;
            Err(refused(response.url().host(), Status::Auth, refusal, reply))
        })?;
        match outcome {
            Outcome::Taken(answer) if self.tokens.take(&answer, self.call) => Ok(()),
            _ => Err(malformed(self.host()).stage(Stage::Login)),
        }
    }

    /// Asks once, with a token or without one.
    fn once<T>(&mut self, ask: &mut Ask<'_, '_>, token: Option<&Secret>, take: Take<'_, T>) -> Result<Outcome<T>, Error> {
        let (call, stage) = (self.call, ask.stage);
        let is_mail = matches!(ask.payload, Payload::Mail { .. });
        let target = format!("{}{}", self.http.url().path().trim_end_matches('/'), ask.path);
        let mut source = None;
        let mut request = Request::new(ask.method, &target).field("User-Agent", "gateway");
        if let Some(token) = token {
            request = request.secret("Authorization", "Bearer ", token);
        }
        for (name, value) in &ask.fields {
            request = request.field(name, value.as_str());
        }
        let request = match &mut ask.payload {
            Payload::Nothing => request,
            Payload::Json(json) => request.field("Content-Type", "application/json").content(Content::Bytes(json.as_bytes())),
            Payload::Form(form, shown) => {
                let content = Content::Secret { bytes: form.as_bytes(), shown };
                request.field("Content-Type", "application/x-www-form-urlencoded").content(content)
            }
            Payload::Mail { size, body, read } => {
                read.set(0);
                let whole = size.unwrap_or(0);
                let source = source.insert(move |block: &mut [u8]| {
                    let length = body.read(block)?;
                    read.set(read.get() + length as u64);
                    call.progress(read.get(), whole).map(|()| length)
                });
                request.field("Content-Type", "message/rfc822").content(Content::Stream { size: *size, source })
            }
        };
        // Without the whole word of the service a mail that has left may have been delivered.
        let lost = |error: Error| if is_mail { uncertain(&error) } else { error };
        let outcome = match self.http.request(request, call, self.recorder) {
            Err(Interrupted { error, sent: Sent::All }) => Err(lost(error)),
            Err(interrupted) => Err(interrupted.error),
            Ok(mut response) if token.is_some() && response.status() == 401 => reply(&mut response, call).map(Outcome::Over).map_err(lost),
            Ok(mut response) => take(&mut response, call).and_then(|taken| response.discard(call).map(|()| Outcome::Taken(taken))),
        };
        self.recorder.keep(self.http.take_dialogue());
        outcome.map_err(|error| if error.stage.is_some() { error } else { error.stage(stage) })
    }
}

/// Whether a mail was delivered is not known.
pub(crate) fn uncertain(cause: &Error) -> Error {
    let host = cause.args.get("host").cloned().unwrap_or_default();
    let error = Error::new(Status::Uncertain, "delivery.uncertain").arg("host", host);
    error.stage(Stage::Acceptance).detail(cause.to_string())
}
