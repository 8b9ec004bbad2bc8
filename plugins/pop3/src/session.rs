//! A session: from the greeting to the farewell.

use crate::login;
use crate::settings::{IMPLICIT, Settings};
use postkontor_plugin::net::{Security, Stream, Trail, clear_text};
use postkontor_plugin::{Call, Error, Reply, Stage, Status, Step};
use std::time::{Duration, Instant};

/// How long taking leave may last where nothing depends on it.
const FAREWELL: Duration = Duration::from_millis(500);

/// The most bytes of a list of lines: a million messages with the longest identifiers of RFC 1939 need no more.
const LIST_BYTES: usize = 80 * 1024 * 1024;

/// The most lines of a list of capabilities.
const CAPABILITIES: usize = 256;

/// A session after the login.
pub(crate) struct Session {
    pub(crate) stream: Stream,
    pub(crate) capabilities: Capabilities,
    /// The greeting's timestamp in angle brackets, for APOP.
    pub(crate) timestamp: Option<String>,
}

/// What the server says it can (RFC 2449).
#[derive(Clone, Debug, Default)]
pub(crate) struct Capabilities {
    pub(crate) lines: Vec<String>,
    pub(crate) mechanisms: Vec<String>,
    pub(crate) stls: bool,
    pub(crate) pipelining: bool,
    pub(crate) top: bool,
    pub(crate) uidl: bool,
    pub(crate) user: bool,
    pub(crate) utf8: bool,
    /// How many seconds have to lie between two logins.
    pub(crate) login_delay: Option<u64>,
    /// It answered CAPA at all.
    pub(crate) told: bool,
}

impl Session {
    /// Connects, secures the connection as the settings ask, and logs in.
    pub(crate) fn open(settings: &Settings, call: &Call, trail: &mut Trail, transcript: &mut Vec<String>) -> Result<Session, Error> {
        let mut stream = Stream::connect(&settings.server, settings.default_port(), call, trail)?;
        stream.transcript().hide_credentials(&settings.auth);
        let mut session = Session { stream, capabilities: Capabilities::default(), timestamp: None };
        match session.establish(settings, call, trail) {
            Ok(()) => Ok(session),
            Err(error) => {
                transcript.append(&mut session.stream.transcript().take());
                session.stream.close();
                Err(error)
            }
        }
    }

    fn establish(&mut self, settings: &Settings, call: &Call, trail: &mut Trail) -> Result<(), Error> {
        let security = Security::of(settings.tls.mode, self.stream.endpoint().port, IMPLICIT);
        if security == Security::Implicit {
            self.stream.secure(&settings.tls, call, trail).map_err(|error| error.stage(Stage::Tls))?;
        }
        self.greeting(call, trail)?;
        self.ask_capabilities(call, trail)?;
        if matches!(security, Security::Starttls | Security::IfOffered) {
            self.start_tls(settings, security, call, trail)?;
        }
        if !self.stream.is_secure() {
            trail.push(clear_text(settings.tls.mode));
        }
        if self.capabilities.utf8 {
            // Without this, which only goes before the login, a message with headers in UTF-8 is given in another form or not at
            // all (RFC 6856, section 2). A server that refuses is used as it is.
            drop(self.command("UTF8\r\n", call).map_err(|error| error.stage(Stage::Capabilities))?);
        }
        login::login(self, &settings.auth, call, trail)
    }

    fn greeting(&mut self, call: &Call, trail: &mut Trail) -> Result<(), Error> {
        let at = |error: Error| error.stage(Stage::Greeting);
        let line = match self.answer(call).map_err(at)? {
            Ok(line) => line,
            Err(reply) => return Err(at(self.refused("pop3.greeting_refused", Status::Later, reply))),
        };
        // RFC 1939, section 7: a message-id as the last word says that the server knows APOP.
        let stamp = line.rsplit(' ').next().filter(|word| word.starts_with('<') && word.ends_with('>') && word.contains('@'));
        self.timestamp = stamp.map(str::to_owned);
        trail.push(Step::ok(Stage::Greeting).fact("text", line));
        Ok(())
    }

    fn ask_capabilities(&mut self, call: &Call, trail: &mut Trail) -> Result<(), Error> {
        let at = |error: Error| error.stage(Stage::Capabilities);
        self.capabilities = Capabilities::default();
        // A server older than RFC 2449 does not know the command; what it can is then found by trying.
        if self.command("CAPA\r\n", call).map_err(at)?.is_ok() {
            let mut lines = Vec::new();
            let take = |line: &str| {
                lines.push(line.to_owned());
                Ok(())
            };
            self.lines(CAPABILITIES, call, take).map_err(at)?;
            self.capabilities = Capabilities::parse(lines);
        }
        let capabilities = &self.capabilities;
        let step = Step::ok(Stage::Capabilities).fact("capabilities", capabilities.lines.clone());
        trail.push(step.fact("mechanisms", capabilities.mechanisms.clone()).fact("apop", self.timestamp.is_some()));
        Ok(())
    }

    fn start_tls(&mut self, settings: &Settings, security: Security, call: &Call, trail: &mut Trail) -> Result<(), Error> {
        let at = |error: Error| error.stage(Stage::Tls);
        let host = self.stream.endpoint().host.clone();
        // A server without CAPA may know STLS all the same.
        if self.capabilities.told && !self.capabilities.stls {
            return self.no_tls(security, Reply::default());
        }
        if let Err(reply) = self.command("STLS\r\n", call).map_err(at)? {
            if self.capabilities.told {
                // A server that offers TLS and then refuses it may not be the server.
                let error = Error::new(Status::Tls, "tls.refused_by_server").arg("host", host).arg("text", reply.text.as_str());
                return Err(at(error.server(reply)));
            }
            return self.no_tls(security, reply);
        }
        self.stream.secure(&settings.tls, call, trail).map_err(at)?;
        // What was said before TLS may have been anybody's words. The timestamp may stay: an answer to a wrong one goes to the server
        // alone, which refuses it.
        self.ask_capabilities(call, trail)
    }

    fn no_tls(&self, security: Security, reply: Reply) -> Result<(), Error> {
        if security == Security::IfOffered {
            return Ok(());
        }
        let code = "tls.not_offered";
        let error = Error::new(Status::Tls, code).stage(Stage::Tls).arg("host", self.stream.endpoint().host.as_str());
        Err(error.server(reply).at("/tls/mode", code))
    }

    /// Sends one command and reads its answer: the words after `+OK`, or the server's refusal.
    pub(crate) fn command(&mut self, line: &str, call: &Call) -> Result<Result<String, Reply>, Error> {
        self.silent()?;
        self.stream.write(line.as_bytes(), call)?;
        self.answer(call)
    }

    /// Sends a command that holds a secret.
    pub(crate) fn secret_command(&mut self, line: &str, shown: &str, call: &Call) -> Result<Result<String, Reply>, Error> {
        self.silent()?;
        self.stream.write_secret(line.as_bytes(), shown, call)?;
        self.answer(call)
    }

    /// Reads the answer to a command.
    pub(crate) fn answer(&mut self, call: &Call) -> Result<Result<String, Reply>, Error> {
        let line = self.stream.read_line(call)?.to_vec();
        match agreed(&line) {
            Some(words) => Ok(Ok(self.stream.transcript().clean(words.trim_ascii()))),
            None => self.disagreed(&line).map(Err),
        }
    }

    /// Reads the answer to a command where the server's words are of no interest if it agrees.
    pub(crate) fn accepted(&mut self, call: &Call) -> Result<Result<(), Reply>, Error> {
        let line = self.stream.read_line(call)?;
        if agreed(line).is_some() {
            return Ok(Ok(()));
        }
        let line = line.to_vec();
        self.disagreed(&line).map(Err)
    }

    fn disagreed(&mut self, line: &[u8]) -> Result<Reply, Error> {
        let told = self.stream.transcript().clean(line.strip_prefix(b"-ERR").unwrap_or(line).trim_ascii());
        if line.starts_with(b"-ERR") {
            return Ok(Reply { code: 0, enhanced: None, text: told });
        }
        Err(Error::new(Status::Protocol, "protocol.reply_malformed").arg("host", self.stream.endpoint().host.as_str()).detail(told))
    }

    /// Hands on the lines of a multi-line answer as they come, at most so many, without the dots that protect them.
    pub(crate) fn lines(&mut self, limit: usize, call: &Call, mut take: impl FnMut(&str) -> Result<(), Error>) -> Result<(), Error> {
        let (mut count, mut bytes) = (0, 0);
        loop {
            let line = self.stream.read_line(call)?;
            if line == b"." {
                return Ok(());
            }
            let line = line.strip_prefix(b".").unwrap_or(line);
            count += 1;
            bytes += line.len();
            if count > limit || bytes > LIST_BYTES {
                let error = Error::new(Status::Protocol, "protocol.reply_too_long").arg("limit", limit as u64);
                return Err(error.arg("host", self.stream.endpoint().host.as_str()));
            }
            take(&String::from_utf8_lossy(line))?;
        }
    }

    /// Fails when the server has spoken although nothing was asked: its next words would be taken for the wrong answer.
    pub(crate) fn silent(&self) -> Result<(), Error> {
        if self.stream.pending() == 0 {
            return Ok(());
        }
        Err(Error::new(Status::Protocol, "protocol.early_reply").arg("host", self.stream.endpoint().host.as_str()))
    }

    /// Ends the session and makes its deletions take effect. Only `+OK` proves that they did (RFC 1939, section 6).
    pub(crate) fn quit(&mut self, call: &Call) -> Result<(), Error> {
        match self.command("QUIT\r\n", call).map_err(|error| error.stage(Stage::Quit))? {
            Ok(_) => Ok(()),
            Err(reply) => Err(self.refused("pop3.quit_refused", Status::Later, reply).stage(Stage::Quit)),
        }
    }

    /// Ends a session in which nothing was deleted: whether the server answers is of no consequence.
    pub(crate) fn leave(&mut self, call: &Call) -> Result<(), Error> {
        self.quit(&call.until(Instant::now() + FAREWELL))
    }

    /// An error with the server's words.
    pub(crate) fn refused(&self, code: &str, status: Status, reply: Reply) -> Error {
        // RFC 2449, section 8, and RFC 3206: the words in brackets say what kind of refusal it is.
        let status =
            if reply.text.starts_with("[IN-USE]") || reply.text.starts_with("[LOGIN-DELAY]") || reply.text.starts_with("[SYS/TEMP]") {
                Status::Later
            } else {
                status
            };
        let error = Error::new(status, code).arg("host", self.stream.endpoint().host.as_str());
        error.arg("text", reply.text.as_str()).server(reply)
    }
}

/// The server's words behind `+OK`, if that is what it says.
fn agreed(line: &[u8]) -> Option<&[u8]> {
    line.strip_prefix(b"+OK").filter(|rest| rest.first().is_none_or(u8::is_ascii_whitespace))
}

impl Capabilities {
    fn parse(lines: Vec<String>) -> Capabilities {
        let mut capabilities = Capabilities { told: true, ..Capabilities::default() };
        for line in &lines {
            let mut words = line.split_ascii_whitespace().map(str::to_ascii_uppercase);
            match words.next().as_deref() {
                Some("SASL") => capabilities.mechanisms = words.collect(),
                Some("STLS") => capabilities.stls = true,
                Some("PIPELINING") => capabilities.pipelining = true,
                Some("TOP") => capabilities.top = true,
                Some("UIDL") => capabilities.uidl = true,
                Some("USER") => capabilities.user = true,
                Some("UTF8") => capabilities.utf8 = true,
                // Before the login this is the longest that any user has (RFC 2449, section 6.5).
                Some("LOGIN-DELAY") => capabilities.login_delay = words.next().and_then(|seconds| seconds.parse().ok()),
                _ => (),
            }
        }
        capabilities.lines = lines;
        capabilities
    }
}
