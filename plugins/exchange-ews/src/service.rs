//! The service: one connection that is kept, the login, and what an answer is apart from its operation.

use crate::login::Login;
use crate::message::{MIME, Message, Take};
use crate::payload::Payload;
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::xml::{Bytes, Reader};
use postkontor_plugin::exchange::AT;
use postkontor_plugin::net::Recorder;
use postkontor_plugin::net::http::{Client, Content, Request, Response, Sent, Url};
use postkontor_plugin::net::oauth::Tokens;
use postkontor_plugin::{Call, Error, Stage, Status};
use std::sync::Arc;

/// The service that an account is at.
pub(crate) struct Service {
    client: Client,
    pub(crate) url: Url,
    pub(crate) login: Login,
    /// The mailbox that we act for; the front ends find its server by that.
    anchor: Option<String>,
}

/// The body of a request.
pub(crate) enum Outgoing<'o, 'p> {
    Held(&'o [u8]),
    /// Made while it is sent; its size, where that is known.
    Passing(Option<u64>, &'o mut Payload<'p>),
}

/// How a request went.
pub(crate) enum Outcome {
    /// All of it was answered, and the answers were taken.
    Answered,
    /// The service refused the request as a whole, and did nothing.
    Fault(Message),
    /// The answer is none of EWS.
    Refused(Refusal),
    /// There was none, or not all of one.
    Broken {
        error: Error,
        /// The service may have carried it out.
        in_doubt: bool,
    },
}

impl Service {
    /// A service at this URL; it is not connected yet.
    pub(crate) fn new(settings: &Settings, url: Url, tokens: Option<Arc<Tokens>>) -> Result<Service, Error> {
        let mut client = Client::new(&url, &settings.server, &settings.tls, AT);
        let anchor = settings.exchange.mailbox.clone().or_else(|| settings.address().map(str::to_owned));
        let login = Login::new(settings, tokens, &mut client)?;
        Ok(Service { client, login, url, anchor })
    }

    /// Sends a request and hands the answers over as they come; one that `repeats` does no harm where the service gets it twice.
    pub(crate) fn post(
        &mut self,
        content: Outgoing<'_, '_>,
        repeats: bool,
        take: &mut dyn Take,
        call: &Call,
        recorder: &mut Recorder,
    ) -> Outcome {
        let token = match self.login.token(call, recorder) {
            Ok(token) => token,
            Err(error) => return Outcome::Broken { error, in_doubt: false },
        };
        let (size, payload) = match content {
            Outgoing::Held(bytes) => (Some(bytes.len() as u64), Err(bytes)),
            Outgoing::Passing(size, payload) => (size, Ok(payload)),
        };
        let mut source;
        let content = match payload {
            Err(bytes) => Content::Bytes(bytes),
            Ok(payload) => {
                source = |block: &mut [u8]| payload.read(block);
                Content::Stream { size, source: &mut source }
            }
        };
        let mut request = Request::new("POST", self.url.target())
            .field("Content-Type", "text/xml; charset=utf-8")
            .field("Accept", "text/xml")
            .content(content);
        if let Some(token) = &token {
            request = request.secret("Authorization", "Bearer ", token);
        }
        if repeats {
            request = request.repeatable();
        }
        if let Some(anchor) = &self.anchor {
            request = request.field("X-AnchorMailbox", anchor.as_str());
        }
        let outcome = match self.client.request(request, call, recorder) {
            Ok(response) => read(response, take, call),
            Err(interrupted) => Outcome::Broken { error: interrupted.error, in_doubt: interrupted.sent == Sent::All },
        };
        recorder.keep(self.client.take_dialogue());
        outcome
    }

    /// The client, for the steps of a test.
    pub(crate) fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// What is known of the client without connecting.
    pub(crate) fn client_ref(&self) -> &Client {
        &self.client
    }
}

/// An answer's body as the XML reader wants it.
struct Body<'r, 'c> {
    response: Response<'c>,
    call: &'r Call<'r>,
}

impl Bytes for Body<'_, '_> {
    fn read(&mut self, block: &mut [u8]) -> Result<usize, Error> {
        self.response.read(block, self.call)
    }
}

/// Reads an answer; the whole of it has to be there before anything counts as answered.
fn read(response: Response<'_>, take: &mut dyn Take, call: &Call) -> Outcome {
    let is_fault = response.status() == 500;
    if !matches!(response.status(), 200 | 500) || !matches!(response.media_type().as_str(), "text/xml" | "application/soap+xml") {
        return Outcome::Refused(Refusal::read(response, call));
    }
    let mut body = Body { response, call };
    // A packed body of a large message is larger than the client takes by itself; time and the reader set the limits.
    body.response.set_limit(u64::MAX);
    match answers(&mut body, take) {
        Ok(None) => Outcome::Answered,
        Ok(Some(fault)) => Outcome::Fault(fault),
        Err(error) if is_fault && error.status == Status::Protocol => Outcome::Refused(Refusal::failed()),
        Err(error) => Outcome::Broken { error, in_doubt: true },
    }
}

/// Hands the answers over; a fault in their place is returned.
fn answers(body: &mut Body<'_, '_>, take: &mut dyn Take) -> Result<Option<Message>, Error> {
    let mut reader = Reader::new(body);
    let missing = || crate::xml::malformed("no SOAP envelope with a body");
    let envelope = reader.begin()?.filter(|node| node.name == "Envelope").ok_or_else(missing)?;
    drop(envelope);
    let inner = loop {
        let node = reader.begin()?.ok_or_else(missing)?;
        if node.name == "Body" {
            break reader.begin()?.ok_or_else(missing)?;
        }
        reader.rest(node, None)?;
    };
    if inner.name == "Fault" {
        let fault = reader.rest(inner, None)?;
        reader.finish()?;
        return Ok(Some(Message::of_fault(fault)));
    }
    let mut messages = reader.begin()?.ok_or_else(missing)?;
    while messages.name != "ResponseMessages" {
        reader.rest(messages, None)?;
        messages = reader.begin()?.ok_or_else(missing)?;
    }
    while let Some(begun) = reader.begin()? {
        let node = reader.rest(begun, Some((MIME, &mut *take)))?;
        if !take.message(Message::of(node))? {
            return Ok(None);
        }
    }
    reader.finish()?;
    Ok(None)
}

/// An error of the connection without a stage is about what was going on.
pub(crate) fn at(error: Error, stage: Stage) -> Error {
    if error.stage.is_some() { error } else { error.stage(stage) }
}
