//! A client of one web service.

use super::connection::Connection;
use super::cookies::Cookies;
use super::head::Head;
use super::login::{Answer, Authorization, Line, Login};
use super::outgoing::{Outgoing, Sent};
use super::request::{Content, Request};
use super::response::Response;
use super::url::Url;
use crate::net::sasl::Protection;
use crate::net::{Pointers, Recorder, Stream, Target};
use crate::settings::{Endpoint, Route, Tls, WebTls};
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
    login: Option<Login>,
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
            login: None,
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

    /// Logs in by this from the next request on. A request whose login is refused ends with an error in the place of an answer with the
    /// status 401, and the server has done nothing then.
    pub fn log_in_by(&mut self, login: Login) {
        login.secrets().iter().for_each(|secret| self.connection.hide_always(secret));
        self.login = Some(login);
    }

    /// The name of the login, where [`Client::log_in_by`] gave one and it is known which one it is.
    pub fn mechanism(&self) -> Option<&'static str> {
        self.login.as_ref().and_then(Login::mechanism)
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
            let (head, sent) = self.admitted(&mut request, &target, call, recorder)?;
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
        if self.connection.is_kept() { Ok(()) } else { self.open(call, recorder) }
    }

    fn open(&mut self, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
        let tls = self.origin.is_secure().then_some(&self.tls);
        self.connection.open(&self.target, tls, call, recorder)
    }

    /// Closes the connection; the next request opens another.
    pub fn close(&mut self) {
        self.connection.close();
    }

    /// Exchanges a request for the head of its answer, logged in where there is a login.
    fn admitted(&mut self, request: &mut Request, target: &str, call: &Call, recorder: &mut Recorder) -> Result<(Head, Sent), Interrupted> {
        let Some(mut login) = self.login.take() else { return self.exchange(request, target, None, None, call, recorder) };
        let result = self.admitted_by(&mut login, request, target, call, recorder);
        self.login = Some(login);
        result
    }

    fn admitted_by(
        &mut self,
        login: &mut Login,
        request: &mut Request,
        target: &str,
        call: &Call,
        recorder: &mut Recorder,
    ) -> Result<(Head, Sent), Interrupted> {
        let nothing = |error| Interrupted { error, sent: Sent::Nothing };
        // What has been read from its source cannot be sent once more.
        let mut is_last = matches!(request.content, Content::Stream { .. });
        loop {
            let shown = login.prepare(&mut Door { client: self, target }, call, recorder).map_err(nothing)?;
            let (head, sent) = self.exchange(request, target, Some(login), shown.as_ref(), call, recorder)?;
            let door = Door { client: self, target };
            if head.status != 401 {
                login.accepted(&Answer::of(&head), &door, call).map_err(|error| Interrupted { error, sent })?;
                return Ok((head, sent));
            }
            let answer = self.read_refusal(head, sent, target, call).map_err(nothing)?;
            login.refused(&answer, &mut Door { client: self, target }, is_last).map_err(nothing)?;
            is_last = true;
        }
    }

    /// Exchanges a request for the head of its answer. Where `login` is given, a connection that has to be opened is logged in before.
    fn exchange(
        &mut self,
        request: &mut Request,
        target: &str,
        mut login: Option<&mut Login>,
        shown: Option<&Authorization>,
        call: &Call,
        recorder: &mut Recorder,
    ) -> Result<(Head, Sent), Interrupted> {
        let nothing = |error| Interrupted { error, sent: Sent::Nothing };
        let repeatable = request.repeatable;
        let cookies = self.cookies.field(target.split('?').next().unwrap_or_default(), SystemTime::now());
        // A ticket for one request is worth nothing after it; a mask for each would grow as long as the connection lasts.
        shown.iter().filter(|shown| !shown.is_for_one_request).for_each(|shown| self.connection.hide(&shown.value));
        let shown = shown.map(Authorization::field);
        let mut outgoing = Outgoing::new(request, target, &self.origin.authority(), &cookies, shown.as_ref()).map_err(nothing)?;
        loop {
            let is_kept = self.connection.is_kept();
            if !is_kept {
                self.open(call, recorder).map_err(nothing)?;
                if let Some(login) = login.as_mut().filter(|login| login.belongs_to_connection()) {
                    login.prepare(&mut Door { client: self, target }, call, recorder).map_err(nothing)?;
                }
            }
            let Some(stream) = self.connection.stream() else { continue };
            if recorder.keeps_dialogue() {
                stream.transcript().enable();
            }
            let error = match outgoing.exchange(stream, is_kept, call) {
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

    /// What a 401 says; its body is read for nothing.
    fn read_refusal(&mut self, head: Head, sent: Sent, target: &str, call: &Call) -> Result<Answer, Error> {
        let mut answer = Answer::of(&head);
        let url = self.origin.join(target)?;
        let mut response = Response::new(&mut self.connection, url, head, sent == Sent::All, false)?;
        answer.is_bare = response.peek(call)?.is_empty();
        response.discard(call)?;
        Ok(answer)
    }
}

/// The client as its login sees it, for a request to this target.
struct Door<'d> {
    client: &'d mut Client,
    target: &'d str,
}

impl Line for Door<'_> {
    fn endpoint(&self) -> &Endpoint {
        &self.client.target.endpoint
    }

    fn protection(&self) -> Protection {
        self.client.connection.peek_stream().map_or(Protection::None, Stream::protection)
    }

    fn binding(&self) -> Option<Vec<u8>> {
        self.client.channel_binding()
    }

    fn number(&mut self) -> Option<u64> {
        self.client.connection.is_kept().then_some(self.client.connection.number)
    }

    fn connect(&mut self, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
        self.client.connect(call, recorder)
    }

    fn ask(&mut self, shown: Option<&Authorization>, call: &Call, recorder: &mut Recorder) -> Result<Answer, Error> {
        let mut request = Request::new("POST", self.target);
        let (head, sent) =
            self.client.exchange(&mut request, self.target, None, shown, call, recorder).map_err(|interrupted| interrupted.error)?;
        self.client.read_refusal(head, sent, self.target, call)
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
