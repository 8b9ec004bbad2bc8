//! A session with the server: commands and their responses.

use postkontor_plugin::net::Stream;
use postkontor_plugin::{Call, Error, Reply, Stage, Status};

/// The most bytes of a list of lines: a million messages with the longest identifiers of RFC 1939 need no more.
const LIST_BYTES: usize = 80 * 1024 * 1024;

/// A session after the login.
pub(crate) struct Session {
    pub(crate) stream: Stream,
    pub(crate) capabilities: Capabilities,
    /// The greeting's timestamp in angle brackets, for APOP.
    pub(crate) timestamp: Option<String>,
}

/// The server's capabilities (RFC 2449).
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
    pub(crate) is_listed: bool,
}

impl Session {
    /// A session before the greeting.
    pub(crate) fn new(stream: Stream) -> Session {
        Session { stream, capabilities: Capabilities::default(), timestamp: None }
    }

    /// Sends one command and reads its response: the text after `+OK`, or the refusal.
    pub(crate) fn command(&mut self, line: &str, call: &Call) -> Result<Result<String, Reply>, Error> {
        self.expect_silence()?;
        self.stream.write(line.as_bytes(), call)?;
        self.read_response(call)
    }

    /// Sends a command that holds a secret.
    pub(crate) fn secret_command(&mut self, line: &str, shown: &str, call: &Call) -> Result<Result<String, Reply>, Error> {
        self.expect_silence()?;
        self.stream.write_secret(line.as_bytes(), shown, call)?;
        self.read_response(call)
    }

    /// Reads the response to a command.
    pub(crate) fn read_response(&mut self, call: &Call) -> Result<Result<String, Reply>, Error> {
        let line = self.stream.read_line(call)?.to_vec();
        self.parse_response(&line)
    }

    /// Parses the response to a command.
    pub(crate) fn parse_response(&mut self, line: &[u8]) -> Result<Result<String, Reply>, Error> {
        match ok_text(line) {
            Some(words) => Ok(Ok(self.stream.transcript().clean(words.trim_ascii()))),
            None => self.err_reply(line).map(Err),
        }
    }

    /// Reads the response to a command whose text after `+OK` does not matter.
    pub(crate) fn read_status(&mut self, call: &Call) -> Result<Result<(), Reply>, Error> {
        let line = self.stream.read_line(call)?;
        if ok_text(line).is_some() {
            return Ok(Ok(()));
        }
        let line = line.to_vec();
        self.err_reply(&line).map(Err)
    }

    pub(crate) fn err_reply(&mut self, line: &[u8]) -> Result<Reply, Error> {
        let told = self.stream.transcript().clean(line.strip_prefix(b"-ERR").unwrap_or(line).trim_ascii());
        if line.starts_with(b"-ERR") {
            return Ok(Reply { code: 0, enhanced: None, text: told });
        }
        Err(Error::new(Status::Protocol, "protocol.reply_malformed").arg("host", self.stream.endpoint().host.as_str()).detail(told))
    }

    /// Hands on the lines of a multi-line response as they come, at most so many, without byte-stuffing.
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

    /// Fails when a response has arrived before its command: it would be taken for the response to the next one.
    pub(crate) fn expect_silence(&self) -> Result<(), Error> {
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

    /// An error with the server's text.
    pub(crate) fn refused(&self, code: &str, status: Status, reply: Reply) -> Error {
        // RFC 2449, section 8, and RFC 3206: the response code in brackets says what kind of refusal it is.
        let status =
            if reply.text.starts_with("[IN-USE]") || reply.text.starts_with("[LOGIN-DELAY]") || reply.text.starts_with("[SYS/TEMP]") {
                Status::Later
            } else {
                status
            };
        self.error(status, code).arg("text", reply.text.as_str()).server(reply)
    }

    /// An error about this server.
    pub(crate) fn error(&self, status: Status, code: &str) -> Error {
        Error::new(status, code).arg("host", self.stream.endpoint().host.as_str())
    }
}

/// The text behind `+OK`, if the line begins with that.
pub(crate) fn ok_text(line: &[u8]) -> Option<&[u8]> {
    line.strip_prefix(b"+OK").filter(|rest| rest.first().is_none_or(u8::is_ascii_whitespace))
}

impl Capabilities {
    pub(crate) fn parse(lines: Vec<String>) -> Capabilities {
        let mut capabilities = Capabilities { is_listed: true, ..Capabilities::default() };
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
