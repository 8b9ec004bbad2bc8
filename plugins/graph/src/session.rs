//! Asking the service: with the token that is good now, once more with a new one, and again after the time that it wants to be left alone.

use crate::ask::{Ask, Payload};
use crate::claims::has_role;
use crate::failure::Failure;
use crate::fault::{Fault, malformed, staged};
use crate::identifier;
use crate::settings::Settings;
use crate::wire::Wire;
use postkontor_plugin::net::Recorder;
use postkontor_plugin::net::http::percent_encoded;
use postkontor_plugin::net::http::{Content, Request, Response, Sent, Url};
use postkontor_plugin::serde::de::DeserializeOwned;
use postkontor_plugin::{Call, Error, Level, Secret, Stage, Status, serde_json};
use std::time::{Duration, Instant};

/// The longest answer in JSON: a page of a list is much shorter.
const JSON: u64 = 16 << 20;

/// How often something that may be done twice is tried again after the service has failed.
const REPEATS: u32 = 2;

/// One operation at the service.
pub(crate) struct Session<'a, 'c> {
    pub(crate) settings: &'a Settings,
    pub(crate) base: &'a Url,
    pub(crate) wire: &'a mut Wire,
    pub(crate) call: &'a Call<'a>,
    pub(crate) recorder: &'a mut Recorder<'c>,
}

/// What came of one request.
enum Outcome<T> {
    Taken(T),
    /// The service refused; the token that it got.
    Refused(Box<Fault>, Secret),
}

/// What is done with an answer that is as it should be.
pub(crate) type Take<'t, T> = &'t mut dyn FnMut(&mut Response<'_>, &Call) -> Result<T, Error>;

impl Session<'_, '_> {
    /// The target of something in the mailbox.
    pub(crate) fn at(&self, path: &str) -> String {
        let owner = self.settings.mailbox().map_or_else(|| "/me".to_owned(), |mailbox| format!("/users/{}", percent_encoded(mailbox)));
        format!("{}{owner}{path}", self.base.path().trim_end_matches('/'))
    }

    /// The target of a link that the service has sent: tokens go nowhere else.
    pub(crate) fn link(&self, link: &str) -> Result<String, Error> {
        let url = self.base.join(link)?;
        let foreign = || Error::new(Status::Protocol, "graph.link_foreign").arg("host", self.host()).arg("other", url.host());
        if url.is_same_origin(self.base) { Ok(url.target().to_owned()) } else { Err(foreign()) }
    }

    pub(crate) fn host(&self) -> &str {
        self.base.host()
    }

    /// Asks for something in JSON.
    pub(crate) fn json<T: DeserializeOwned>(&mut self, ask: Ask<'_>) -> Result<T, Failure> {
        let host = self.host().to_owned();
        self.exchange(ask, &mut |response, call| {
            if response.media_type() == "text/html" {
                return Err(Error::new(Status::Protocol, "graph.web_page")
                    .arg("host", host.as_str())
                    .at("/exchange/url", "graph.web_page"));
            }
            let body = response.bytes(JSON, call)?;
            serde_json::from_slice(&body).map_err(|error| malformed(&host, error.to_string()))
        })
    }

    /// Asks for something to be done.
    pub(crate) fn done(&mut self, ask: Ask<'_>) -> Result<(), Failure> {
        self.exchange(ask, &mut |_, _| Ok(()))
    }

    /// Asks, and does something with the answer.
    pub(crate) fn exchange<T>(&mut self, mut ask: Ask<'_>, take: Take<'_, T>) -> Result<T, Failure> {
        let (mut has_renewed, mut repeats) = (false, 0);
        loop {
            let (fault, token) = match self.once(&mut ask, take)? {
                Outcome::Taken(value) => return Ok(value),
                Outcome::Refused(fault, token) => (fault, token),
            };
            if fault.status == 401 && !has_renewed {
                has_renewed = true;
                match self.wire.tokens.renew(&token, self.call, self.recorder) {
                    Ok(_) => continue,
                    // The settings bring the token: there is no other, and the service says why it does not take it.
                    Err(error) if error.code == "auth.token_refused" => (),
                    Err(error) => return Err(Failure::before(error)),
                }
            }
            let role = if fault.status == 403 { has_role(&token, ask.role) } else { None };
            let error = || {
                let error = fault.error(self.host(), ask.role, role).stage(stage(&fault, ask.stage));
                if fault.status == 401 { self.wire.tokens.explain(&token, error) } else { error }
            };
            let wait = match fault.status {
                _ if fault.is_throttling() => fault.wait.max(Duration::from_secs(1)),
                500 | 502 | 504 if ask.is_repeatable && repeats < REPEATS => Duration::from_secs(1 << repeats),
                _ => return Err(Failure { error: error(), is_in_doubt: fault.is_in_doubt(), fault: Some(fault) }),
            };
            repeats += u32::from(!fault.is_throttling());
            if wait >= self.call.remaining() {
                return Err(Failure { error: error(), is_in_doubt: false, fault: Some(fault) });
            }
            self.call
                .log(Level::Information, format_args!("{} answers {}; asked again in {} s", self.host(), fault.status, wait.as_secs()));
            self.pause(wait).map_err(|error| Failure::before(staged(error, ask.stage)))?;
        }
    }

    /// Sends the request once.
    fn once<T>(&mut self, ask: &mut Ask<'_>, take: Take<'_, T>) -> Result<Outcome<T>, Failure> {
        let stage = ask.stage;
        let before = |error: Error| Failure::before(staged(error, stage));
        let token = self.wire.tokens.access(self.call, self.recorder).map_err(before)?;
        let identifier = identifier::new();
        let mut prefer = "IdType=\"ImmutableId\"".to_owned();
        if let Some(entries) = ask.page {
            prefer += &format!(", odata.maxpagesize={entries}");
        }
        let request = Request::new(ask.method, &ask.target)
            .secret("Authorization", "Bearer ", &token)
            .field("Prefer", prefer)
            .field("client-request-id", identifier.as_str())
            .field("return-client-request-id", "true");
        let request = if ask.is_repeatable { request.repeatable() } else { request };
        let (mut source, mut size);
        let request = match &mut ask.payload {
            Payload::Empty if matches!(ask.method, "GET" | "DELETE") => request,
            Payload::Empty => request.content(Content::Bytes(b"")),
            Payload::Json(json) => request.field("Content-Type", "application/json").content(Content::Bytes(json)),
            Payload::Message(message) => {
                size = Some(message.begin().map_err(before)?);
                source = |data: &mut [u8]| message.fill(data);
                request.field("Content-Type", "text/plain").content(Content::Stream { size: size.take(), source: &mut source })
            }
        };
        let (call, traced) = (self.call, |error: Error| traced(staged(error, stage), &identifier));
        let answered = self.wire.http.request(request, call, self.recorder);
        let mut response = answered.map_err(|interrupted| Failure {
            error: traced(interrupted.error),
            is_in_doubt: interrupted.sent == Sent::All,
            fault: None,
        })?;
        if response.is_success() {
            let taken = take(&mut response, call);
            let taken = taken.and_then(|taken| response.discard(call).map(|()| taken));
            return taken.map(Outcome::Taken).map_err(|error| Failure { error: traced(error), is_in_doubt: true, fault: None });
        }
        // What a gateway says may come after the service has done it, also where its words do not arrive whole.
        let is_in_doubt = matches!(response.status(), 500 | 502 | 504..);
        let fault = Fault::read(&mut response, &identifier, call);
        let fault = fault.map_err(|error| Failure { error: traced(error), is_in_doubt, fault: None })?;
        drop(response);
        Ok(Outcome::Refused(Box::new(fault.cleaned(&mut self.wire.http)), token))
    }

    /// Waits, as long as the call may last.
    pub(crate) fn pause(&self, time: Duration) -> Result<(), Error> {
        let end = Instant::now() + time;
        loop {
            self.call.check()?;
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(self.call.slice()));
        }
    }
}

impl Drop for Session<'_, '_> {
    fn drop(&mut self) {
        self.recorder.keep(self.wire.take_dialogue());
    }
}

/// A token that is not accepted is a matter of the login, wherever it shows.
fn stage(fault: &Fault, stage: Stage) -> Stage {
    if fault.status == 401 { Stage::Login } else { stage }
}

/// The error with the identifier by which Microsoft finds the request.
fn traced(error: Error, identifier: &str) -> Error {
    let detail = format!("{} (client-request-id {identifier})", error.detail);
    error.detail(detail.trim_start().to_owned())
}
