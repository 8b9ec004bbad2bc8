//! A connection to the server: POP3 from the greeting to the login, and QUIT.

use crate::login;
use crate::session::{Capabilities, Session, ok_text};
use crate::settings::{IMPLICIT, Settings};
use postkontor_plugin::net::{Advice, Connector, Protocol, Recorder, Security, StartTls, Stream, Target, quit};
use postkontor_plugin::serde_json::json;
use postkontor_plugin::settings::{Auth, Tls};
use postkontor_plugin::{Call, Error, Stage, Status, Step};

/// The most lines of a list of capabilities.
const CAPABILITIES: usize = 256;

/// How the account's server is reached.
pub(crate) fn connector<'a>(settings: &'a Settings, target: &'a Target) -> Connector<'a> {
    Connector { target, tls: &settings.tls, auth: &settings.auth, tokens: settings.tokens.as_deref() }
}

impl Session {
    /// Connects, secures the connection as the settings ask, and logs in.
    pub(crate) fn open(settings: &Settings, call: &Call, recorder: &mut Recorder) -> Result<Session, Error> {
        let target = settings.server.target(settings.default_port())?;
        connector(settings, &target).open(&Session::new, call, recorder)
    }

    /// Logs out of a session in which nothing was deleted: the response to QUIT does not matter.
    pub(crate) fn log_out(&mut self, call: &Call) -> Result<(), Error> {
        quit(self, call)
    }
}

impl Protocol for Session {
    const IMPLICIT_PORT: u16 = IMPLICIT;
    const STEPS: &'static [Stage] =
        &[Stage::Resolve, Stage::Connect, Stage::Greeting, Stage::Capabilities, Stage::Tls, Stage::Login, Stage::Mailbox, Stage::Quit];

    fn stream(&mut self) -> &mut Stream {
        &mut self.stream
    }

    fn greeting(&mut self, _security: Security, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
        let at = |error: Error| error.stage(Stage::Greeting);
        let line = self.stream.read_line(call).map_err(at)?.to_vec();
        let Some(words) = ok_text(&line) else {
            let reply = self.err_reply(&line).map_err(at)?;
            return Err(at(self.refused("pop3.greeting_refused", Status::Later, reply)));
        };
        self.timestamp = timestamp(words);
        let text = self.stream.transcript().clean(words.trim_ascii());
        recorder.note(Step::ok(Stage::Greeting).fact("text", text), call);
        Ok(())
    }

    fn capabilities(&mut self, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
        let at = |error: Error| error.stage(Stage::Capabilities);
        self.capabilities = Capabilities::default();
        // A server older than RFC 2449 does not know the command; its capabilities are then found by trying.
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
        recorder.note(step.fact("mechanisms", capabilities.mechanisms.clone()).fact("apop", self.timestamp.is_some()), call);
        Ok(())
    }

    fn start_tls(&mut self, call: &Call) -> Result<StartTls, Error> {
        // A server without CAPA may know STLS all the same.
        if self.capabilities.is_listed && !self.capabilities.stls {
            return Ok(StartTls::NotOffered(None));
        }
        // The timestamp may stay after TLS: an answer to a wrong one goes to the server alone, which refuses it.
        Ok(match self.command("STLS\r\n", call)? {
            Ok(_) => StartTls::Agreed,
            Err(reply) if self.capabilities.is_listed => StartTls::Refused(Status::Tls, reply),
            Err(reply) => StartTls::NotOffered(Some(reply)),
        })
    }

    fn login(&mut self, auth: &Auth, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
        if self.capabilities.utf8 {
            // Without this, which only goes before the login, a message with headers in UTF-8 is given in another form or not at
            // all (RFC 6856, section 2). A server that refuses is used as it is.
            drop(self.command("UTF8\r\n", call).map_err(|error| error.stage(Stage::Capabilities))?);
        }
        login::login(self, auth, call, recorder)
    }

    fn quit(&mut self, call: &Call) -> Result<(), Error> {
        Session::quit(self, call)
    }

    fn advice(code: &str, _tls: &Tls) -> Option<Advice> {
        let (pointer, advice): (_, &[&str]) = match code {
            "pop3.greeting_refused" => ("", &["advice.try_later"]),
            "pop3.apop_not_offered" => ("/auth/method", &["advice.method_auto"]),
            _ => return None,
        };
        let patch = (pointer == "/auth/method").then(|| json!({"auth": {"method": "auto"}}));
        Some(Advice { pointer, advice, patch })
    }
}

/// The timestamp in angle brackets by which a server says that it knows APOP (RFC 1939, section 7), wherever it stands in the greeting.
///
/// It must be a message id, that is, visible ASCII: with other bytes in it a server in between can learn the password by and by from
/// the digests (CVE-2007-1558).
fn timestamp(words: &[u8]) -> Option<String> {
    let begins = words.iter().enumerate().filter(|(_, byte)| **byte == b'<').map(|(at, _)| at);
    let mut stamps = begins.filter_map(|at| {
        let length = words[at..].iter().position(|byte| *byte == b'>')?;
        Some(&words[at..=at + length])
    });
    let is_id = |stamp: &&[u8]| stamp.contains(&b'@') && !stamp[1..].contains(&b'<') && stamp.iter().all(u8::is_ascii_graphic);
    stamps.rfind(is_id).map(|stamp| String::from_utf8_lossy(stamp).into_owned())
}

#[cfg(test)]
mod tests {
    use super::timestamp;

    #[test]
    fn a_timestamp_is_found_anywhere_in_the_greeting_and_is_a_message_id() {
        let found = |words: &[u8]| timestamp(words);
        assert_eq!(found(b" POP3 ready <1896.697170952@dbc.example>").as_deref(), Some("<1896.697170952@dbc.example>"));
        assert_eq!(found(b" <1@a> POP3 ready, have fun").as_deref(), Some("<1@a>"));
        assert_eq!(found(b" <<1@a>> <none>").as_deref(), Some("<1@a>"));
        for words in [&b" ready"[..], b" <noid>", b" <1@a", b" <1 2@a>", b" <1\xff@a>", b" <1\x01@a>", b" 1@a>"] {
            assert_eq!(found(words), None, "{words:?}");
        }
    }
}
