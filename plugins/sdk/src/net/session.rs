//! How every session begins and ends: what the protocols share between connecting and their first command of use.
//!
//! A protocol gives its words ([`Protocol`]), a [`Connector`] does the rest in the order that is safe: connect, hide the
//! credentials, TLS from the first byte or greeting, capabilities and STARTTLS, login. The [`Recorder`] keeps the dialogue when it
//! fails. [`Connector::test`] makes the report of a test of it.

use super::advice::{self, Advice};
use super::oauth::Tokens;
use super::patch;
use super::{Recorder, Security, Stream, Target, clear_text, probe};
use crate::settings::{Auth, OAuth2, Tls};
use crate::{Call, Error, Reply, Report, Stage, Status, Step, StepStatus};
use serde_json::json;
use std::time::{Duration, Instant};

/// How long QUIT may take: nothing depends on it.
const QUIT_LIMIT: Duration = Duration::from_millis(500);

/// The same when an account is closed.
const LOG_OUT_LIMIT: Duration = Duration::from_millis(250);

/// The steps of a whole test, in the order of a session that switches to TLS.
const STEPS: &[Stage] = &[Stage::Resolve, Stage::Connect, Stage::Greeting, Stage::Capabilities, Stage::Tls, Stage::Login, Stage::Quit];

/// What a line protocol does in its own way. An error of each function carries its stage.
pub trait Protocol: Sized {
    /// The port on which TLS begins with the first byte.
    const IMPLICIT_PORT: u16;

    /// The steps of a whole test: those that were not reached are reported as skipped.
    const STEPS: &'static [Stage] = STEPS;

    /// The connection.
    fn stream(&mut self) -> &mut Stream;

    /// Waits for the server's greeting.
    fn greeting(&mut self, security: Security, call: &Call, recorder: &mut Recorder) -> Result<(), Error>;

    /// Asks for the server's capabilities; once more after [`Protocol::start_tls`], since an attacker can change what came in clear text.
    fn capabilities(&mut self, call: &Call, recorder: &mut Recorder) -> Result<(), Error>;

    /// Asks the server to begin with TLS, where it offers that.
    fn start_tls(&mut self, call: &Call) -> Result<StartTls, Error>;

    /// Logs in, and does what has to be done before the first command of use.
    fn login(&mut self, auth: &Auth, call: &Call, recorder: &mut Recorder) -> Result<(), Error>;

    /// Sends QUIT or LOGOUT. An error if the server refuses it.
    fn quit(&mut self, call: &Call) -> Result<(), Error>;

    /// What to do about an error with a code of the protocol's own, or about another one where the protocol knows better.
    fn advice(_code: &str, _tls: &Tls) -> Option<Advice> {
        None
    }
}

/// The server's answer to STARTTLS.
#[derive(Debug)]
pub enum StartTls {
    /// TLS begins now.
    Agreed,
    /// The server has no STARTTLS; its reply, where it was asked.
    NotOffered(Option<Reply>),
    /// The server offers STARTTLS and then refuses it.
    Refused(Status, Reply),
}

/// What it takes to open a session with one server.
#[derive(Clone, Copy)]
pub struct Connector<'a> {
    /// Where it is.
    pub target: &'a Target,
    /// How the connection is secured.
    pub tls: &'a Tls,
    /// Who we are.
    pub auth: &'a Auth,
    /// Where the access token comes from, unless the settings bring it or want none.
    pub tokens: Option<&'a Tokens>,
}

impl Connector<'_> {
    /// Opens a session; `begin` makes it of a new connection, before the greeting.
    ///
    /// On an error the failed step, with what to do about it, and the dialogue are in the recorder.
    pub fn open<P: Protocol>(&self, begin: &dyn Fn(Stream) -> P, call: &Call, recorder: &mut Recorder) -> Result<P, Error> {
        let before = recorder.mark();
        let mut is_stale = false;
        let mut result = self.connect(begin, &mut is_stale, call, recorder);
        if is_stale {
            // The token was an earlier call's, and has been taken back since. A new one shows whether that was all.
            recorder.forget(before);
            result = self.connect(begin, &mut false, call, recorder);
        }
        if let Err(error) = &result {
            self.fail::<P>(error, recorder);
        }
        result
    }

    /// Tests the settings: opens a session, examines it by `look`, and quits. An error means that the caller has cancelled the test.
    ///
    /// `open` opens the session, as a rule by [`Connector::open`]; an error of `look` becomes the failed step.
    pub fn test<P: Protocol>(
        &self,
        open: impl FnOnce(&mut Recorder) -> Result<P, Error>,
        look: impl FnOnce(&mut P, &mut Recorder) -> Result<(), Error>,
        call: &Call,
    ) -> Result<Report, Error> {
        let mut recorder = Recorder::telling(call);
        let result = match open(&mut recorder) {
            Ok(mut session) => {
                let result = look(&mut session, &mut recorder).and_then(|()| quit_step(&mut session, call, &mut recorder));
                recorder.keep(session.stream().transcript().take());
                session.stream().close();
                result.inspect_err(|error| self.fail::<P>(error, &mut recorder))
            }
            // A connector has put the failed step into the recorder; other errors come from before it.
            Err(error) if recorder.has_failed() => Err(error),
            Err(error) => {
                self.fail::<P>(&error, &mut recorder);
                Err(error)
            }
        };
        if let Err(error) = result
            && error.status == Status::Cancelled
        {
            return Err(error);
        }
        Ok(recorder.report(P::STEPS))
    }

    /// The failed step of an error, with pointer, advice, and the patch that would repair it.
    pub fn step<P: Protocol>(&self, error: &Error) -> Step {
        let mut step = advice::step(error, self.target, self.tls, P::advice(&error.code, self.tls));
        let settings = json!({"auth": {"method": self.auth.method}, "tls": {"mode": self.tls.mode}});
        if step.patch.as_ref().is_some_and(|patch| patch::is_so_already(patch, &settings)) {
            step.patch = None;
            step.advice.retain(|code| code != "advice.method_auto");
        }
        step
    }

    fn fail<P: Protocol>(&self, error: &Error, recorder: &mut Recorder) {
        if recorder.keeps_steps() && error.status != Status::Cancelled {
            recorder.push(self.step::<P>(error));
        }
    }

    fn connect<P: Protocol>(
        &self,
        begin: &dyn Fn(Stream) -> P,
        is_stale: &mut bool,
        call: &Call,
        recorder: &mut Recorder,
    ) -> Result<P, Error> {
        let mut stream = Stream::reach(self.target, call, recorder)?;
        stream.transcript().hide_credentials(self.auth);
        let mut session = begin(stream);
        let result = self.establish(&mut session, begin, call, recorder);
        let result = result.and_then(|()| self.log_in(&mut session, is_stale, call, recorder));
        if result.is_err() {
            recorder.keep(session.stream().transcript().take());
            session.stream().close();
        }
        result.map(|()| session)
    }

    fn establish<P: Protocol>(
        &self,
        session: &mut P,
        begin: &dyn Fn(Stream) -> P,
        call: &Call,
        recorder: &mut Recorder,
    ) -> Result<(), Error> {
        let security = self.security::<P>();
        if security == Security::Implicit {
            self.secure(session, begin, call, recorder)?;
        } else {
            probe::silence(session.stream(), self.target, call)?;
        }
        session.greeting(security, call, recorder)?;
        session.capabilities(call, recorder)?;
        if matches!(security, Security::Starttls | Security::IfOffered) && self.agree(session, security, call)? {
            self.secure(session, begin, call, recorder)?;
            session.capabilities(call, recorder)?;
        }
        if !session.stream().is_secure() {
            recorder.note(clear_text(self.tls.mode, self.target.at.mode), call);
        }
        Ok(())
    }

    /// Logs in, by a token where the account has a source of them. `is_stale` becomes true where the server has refused one that was
    /// not got for this login.
    fn log_in<P: Protocol>(&self, session: &mut P, is_stale: &mut bool, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
        let Some(tokens) = self.tokens else { return session.login(self.auth, call, recorder) };
        let (token, is_new) = tokens.find(call, recorder)?;
        session.stream().transcript().hide(&token);
        let oauth2 = self.auth.oauth2.clone().unwrap_or_default();
        let auth = Auth { oauth2: Some(OAuth2 { access_token: token.clone(), ..oauth2 }), ..self.auth.clone() };
        let Err(mut error) = session.login(&auth, call, recorder) else { return Ok(()) };
        // The host does not know the token, and cannot take it out of what the server says of it.
        error.detail = session.stream().transcript().clean(error.detail.as_bytes());
        if error.code != "auth.token_refused" {
            return Err(error);
        }
        tokens.forget(&token, call);
        *is_stale = !is_new;
        Err(tokens.explain_login(&token, error))
    }

    fn security<P: Protocol>(&self) -> Security {
        Security::of(self.tls.mode, self.target.endpoint.port, P::IMPLICIT_PORT)
    }

    fn secure<P: Protocol>(&self, session: &mut P, begin: &dyn Fn(Stream) -> P, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
        let Err(error) = session.stream().secure(self.tls, call, recorder) else { return Ok(()) };
        let error = error.stage(Stage::Tls);
        // A test has the time to find out the version of a server that gives no reason.
        if !recorder.keeps_steps() || !probe::may_be_old(&error, self.tls) {
            return Err(error);
        }
        let attempt = |tls: &Tls, call: &Call, recorder: &mut Recorder| self.attempt(begin, tls, call, recorder);
        Err(probe::oldest(error, self.tls, call, &attempt))
    }

    /// Connects once more and secures the connection with other settings. Nothing secret is sent.
    fn attempt<P: Protocol>(&self, begin: &dyn Fn(Stream) -> P, tls: &Tls, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
        let mut off = Recorder::off();
        let mut session = begin(Stream::reach(self.target, call, &mut off)?);
        let security = self.security::<P>();
        if security != Security::Implicit {
            session.greeting(security, call, &mut off)?;
            session.capabilities(call, &mut off)?;
            if !self.agree(&mut session, security, call)? {
                return Ok(());
            }
        }
        let secured = session.stream().secure(tls, call, recorder);
        session.stream().close();
        secured
    }

    /// Whether TLS begins now. An error where the settings ask for TLS and the server has none, or refuses what it offers.
    fn agree<P: Protocol>(&self, session: &mut P, security: Security, call: &Call) -> Result<bool, Error> {
        let host = self.target.endpoint.host.as_str();
        match session.start_tls(call).map_err(|error| error.stage(Stage::Tls))? {
            StartTls::Agreed => Ok(true),
            StartTls::NotOffered(_) if security == Security::IfOffered => Ok(false),
            StartTls::NotOffered(reply) => {
                let code = "tls.not_offered";
                let error = Error::new(Status::Tls, code).stage(Stage::Tls).arg("host", host).at(self.target.at.mode, code);
                Err(reply.into_iter().fold(error, Error::server))
            }
            // Also in the mode `auto`: the refusal of TLS that was offered may come from an attacker.
            StartTls::Refused(status, reply) => {
                let error = Error::new(status, "tls.refused_by_server").stage(Stage::Tls).arg("host", host);
                Err(error.arg("text", reply.text.as_str()).server(reply))
            }
        }
    }
}

/// Quits within half a second: nothing depends on it.
pub fn quit<P: Protocol>(session: &mut P, call: &Call) -> Result<(), Error> {
    session.quit(&call.until(Instant::now() + QUIT_LIMIT))
}

/// Quits and closes a session outside a call, when an account is closed. A silent server delays that by a quarter of a second at most.
pub fn log_out<P: Protocol>(session: &mut P) {
    // The account is closed in any case, and no call is there to return an error.
    drop(session.quit(&Call::new(&(), Instant::now() + LOG_OUT_LIMIT)));
    session.stream().close();
}

/// The step `quit`. Everything that matters has worked, so a server that does not answer is no failure.
fn quit_step<P: Protocol>(session: &mut P, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
    match quit(session, call) {
        Ok(()) => recorder.push(Step::ok(Stage::Quit)),
        Err(error) if error.status == Status::Cancelled => return Err(error),
        Err(error) => recorder.push(Step { status: StepStatus::Warn, status_number: 0, ..Step::fail(Stage::Quit, &error) }),
    }
    Ok(())
}
