//! A client of one web service.

use super::connection::Connection;
use super::cookies::Cookies;
use super::head::Head;
use super::outgoing::{Outgoing, Sent};
use super::request::{Content, Request};
use super::response::Response;
use super::url::Url;
use crate::net::{Pointers, Recorder, Target};
use crate::settings::{Route, Tls, WebTls};
use crate::{Call, Error, Secret, Status};
use std::time::SystemTime;

/// How many redirects of one request are followed.
const REDIRECTS: usize = 5;

/// A client of one origin, with one connection that is kept.
pub struct Client {
    origin: Url,
    target: Target,
    tls: Tls,
    connection: Connection,
    cookies: Cookies,
}

/// A request without an answer.
#[derive(Clone, Debug)]
pub struct Interrupted {
    /// Why.
    pub error: Error,
    /// How much of the request had left. After [`Sent::All`] a request that changes something may have been carried out.
    pub sent: Sent,
}

impl Client {
    /// A client of the origin of this URL; it does not connect yet. `at` says in which settings URL, time and proxy stand.
    pub fn new(url: &Url, route: &Route, tls: &WebTls, at: Pointers) -> Client {
        Client {
            origin: url.clone(),
            target: route.target(url.endpoint(), at),
            tls: tls.tls(),
            connection: Connection::default(),
            cookies: Cookies::default(),
        }
    }

    /// The URL that the client was made for.
    pub fn url(&self) -> &Url {
        &self.origin
    }

    /// Where the client connects to, for the steps of a test.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// How the client secures its connections, for the steps of a test.
    pub fn tls(&self) -> &Tls {
        &self.tls
    }

    /// Sends a request, connecting where there is no connection, and waits for the head of the answer.
    ///
    /// A GET or HEAD follows redirects within the origin; every other redirect is the caller's to see. Only what concerns HTTP
    /// itself is an error: an answer with any status is an answer.
    pub fn request(&mut self, mut request: Request<'_>, call: &Call, recorder: &mut Recorder) -> Result<Response<'_>, Interrupted> {
        for secret in request.fields.iter().filter_map(|field| field.secret) {
            self.connection.hide(secret);
        }
        let has_none = request.method == "HEAD";
        let follows = matches!(request.method, "GET" | "HEAD") && matches!(request.content, Content::Empty);
        let mut target = request.target.to_owned();
        let mut redirects = 0;
        loop {
            let (head, sent) = self.exchange(&mut request, &target, call, recorder)?;
            let interrupted = |error| Interrupted { error, sent };
            // What was sent was a target, so this is none other.
            let url = self.origin.join(&target).map_err(interrupted)?;
            self.cookies.take(&head.fields, url.path(), url.is_secure(), SystemTime::now());
            let next = if follows { redirect(&head, &url) } else { None };
            let Some(next) = next else {
                return Response::new(&mut self.connection, url, head, sent == Sent::All, has_none).map_err(interrupted);
            };
            redirects += 1;
            if redirects > REDIRECTS {
                self.connection.close();
                let error = Error::new(Status::Protocol, "http.redirect_loop").arg("host", self.origin.host());
                return Err(interrupted(error));
            }
            let response = Response::new(&mut self.connection, url, head, sent == Sent::All, has_none).map_err(interrupted)?;
            response.discard(call).map_err(interrupted)?;
            target = next;
        }
    }

    /// Masks this secret in the transcript, in every form, from now on.
    pub fn hide(&mut self, secret: &Secret) {
        self.connection.hide(secret);
    }

    /// A server's text as errors show it: secrets masked, control characters as escapes.
    pub fn clean(&self, text: &[u8]) -> String {
        self.connection.clean(text)
    }

    /// What was said since this was last asked, on all connections.
    pub fn take_dialogue(&mut self) -> Vec<String> {
        self.connection.take_dialogue()
    }

    /// The server's own certificate (DER), where the connection is secured.
    pub fn certificate(&self) -> Option<&[u8]> {
        self.connection.peek_stream().and_then(|stream| stream.certificate())
    }

    /// The channel binding `tls-server-end-point` (RFC 5929, section 4) of the connection.
    pub fn channel_binding(&self) -> Option<Vec<u8>> {
        self.connection.peek_stream().and_then(|stream| stream.channel_binding())
    }

    /// Whether the next request goes on a connection that exists already. A login that belongs to a connection is due where it does not.
    pub fn is_connected(&mut self) -> bool {
        self.connection.is_kept()
    }

    /// How many connections there were so far: another number means another connection.
    pub fn connection_number(&self) -> u64 {
        self.connection.number
    }

    /// Connects where there is no connection, so that certificate and channel binding are known before the first request.
    pub fn connect(&mut self, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
        if self.connection.is_kept() {
            return Ok(());
        }
        let tls = self.origin.is_secure().then_some(&self.tls);
        self.connection.open(&self.target, tls, call, recorder)
    }

    /// Closes the connection; the next request opens another.
    pub fn close(&mut self) {
        self.connection.close();
    }

    fn exchange(&mut self, request: &mut Request, target: &str, call: &Call, recorder: &mut Recorder) -> Result<(Head, Sent), Interrupted> {
        let nothing = |error| Interrupted { error, sent: Sent::Nothing };
        let repeatable = request.repeatable;
        let cookies = self.cookies.field(target.split('?').next().unwrap_or_default(), SystemTime::now());
        let mut outgoing = Outgoing::new(request, target, &self.origin.authority(), &cookies).map_err(nothing)?;
        loop {
            let is_kept = self.connection.is_kept();
            self.connect(call, recorder).map_err(nothing)?;
            let Some(stream) = self.connection.stream() else { continue };
            if recorder.keeps_dialogue() {
                stream.transcript().enable();
            }
            let error = match outgoing.exchange(stream, call) {
                Ok(head) => return Ok((head, outgoing.sent)),
                Err(error) => error,
            };
            // The server may have closed a kept connection just when the request left.
            let is_unheard = error.status == Status::Network && !outgoing.is_answered;
            self.connection.close();
            let may_repeat = outgoing.sent == Sent::Nothing || repeatable && outgoing.can_repeat();
            if !(is_kept && is_unheard && may_repeat) {
                return Err(Interrupted { error, sent: outgoing.sent });
            }
        }
    }
}

/// Where a redirect within the origin leads to.
fn redirect(head: &Head, here: &Url) -> Option<String> {
    if !matches!(head.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let there = here.join(head.fields.get("location")?).ok()?;
    there.is_same_origin(here).then(|| there.target().to_owned())
}
