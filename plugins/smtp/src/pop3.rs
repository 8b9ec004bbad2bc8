//! POP-before-SMTP: after a POP3 login (RFC 1939) the mail server accepts mail from this address for a while.

use crate::settings::Settings;
use postkontor_plugin::net::{Connector, Pointers, Protocol, Recorder, Security, StartTls, Stream, login_refused, quit};
use postkontor_plugin::settings::{Auth, Tls};
use postkontor_plugin::{Call, Error, Reply, Stage, Status, Step};
use zeroize::Zeroizing;

/// The most lines of a list of capabilities.
const MOST_LINES: usize = 256;

/// Logs in to the POP3 server with the credentials of the account, and logs out.
pub(crate) fn log_in(settings: &Settings, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
    // `Settings::check` has made sure that it is there.
    let Some(pop3) = &settings.smtp.pop3 else { return Err(Error::new(Status::Settings, "settings.pop3_missing")) };
    let mut target = settings.pop3_server(pop3).target(pop3.default_port())?;
    target.at = Pointers { host: "/smtp/pop3/host", port: "/smtp/pop3/port", mode: "/smtp/pop3/mode", ..Pointers::default() };
    let tls = Tls { mode: pop3.mode, ..settings.tls.clone() };
    let connector = Connector { target: &target, tls: &tls, auth: &settings.auth, tokens: None };
    let mut session =
        connector.open(&|stream| Pop3Session { stream, awaits_tls: false, is_listed: false, has_stls: false }, call, recorder)?;
    // The login has succeeded; the response to QUIT does not matter.
    drop(quit(&mut session, call));
    recorder.keep(session.stream.transcript().take());
    session.stream.close();
    Ok(())
}

/// A session with the POP3 server.
struct Pop3Session {
    stream: Stream,
    /// TLS is to begin with STLS.
    awaits_tls: bool,
    /// The server answered CAPA.
    is_listed: bool,
    has_stls: bool,
}

impl Protocol for Pop3Session {
    const IMPLICIT_PORT: u16 = 995;

    fn stream(&mut self) -> &mut Stream {
        &mut self.stream
    }

    fn greeting(&mut self, security: Security, call: &Call, _recorder: &mut Recorder) -> Result<(), Error> {
        self.awaits_tls = matches!(security, Security::Starttls | Security::IfOffered);
        let host = self.stream.endpoint().host.clone();
        let refused = |reply| Error::new(Status::Later, "pop3.refused").stage(Stage::Greeting).arg("host", host).server(reply);
        self.read_response(Stage::Greeting, call)?.map_err(refused)
    }

    /// Asks for the capabilities (RFC 2449), of which only STLS is of interest.
    fn capabilities(&mut self, call: &Call, _recorder: &mut Recorder) -> Result<(), Error> {
        if self.stream.is_secure() || !self.awaits_tls || self.command("CAPA\r\n", None, Stage::Capabilities, call)?.is_err() {
            return Ok(());
        }
        let at = |error: Error| error.stage(Stage::Capabilities);
        for _ in 0..MOST_LINES {
            let line = self.stream.read_line(call).map_err(at)?;
            if line == b"." {
                self.is_listed = true;
                return Ok(());
            }
            self.has_stls |= line.trim_ascii().eq_ignore_ascii_case(b"STLS");
        }
        Err(at(Error::new(Status::Protocol, "protocol.reply_too_long").arg("host", self.stream.endpoint().host.as_str())))
    }

    fn start_tls(&mut self, call: &Call) -> Result<StartTls, Error> {
        if self.is_listed && !self.has_stls {
            return Ok(StartTls::NotOffered(None));
        }
        // A server without CAPA may know STLS all the same.
        Ok(match self.command("STLS\r\n", None, Stage::Tls, call)? {
            Ok(()) => StartTls::Agreed,
            Err(reply) if self.is_listed => StartTls::Refused(Status::Tls, reply),
            Err(reply) => StartTls::NotOffered(Some(reply)),
        })
    }

    fn login(&mut self, auth: &Auth, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
        let host = self.stream.endpoint().host.clone();
        if !self.stream.is_secure() && !auth.allow_cleartext {
            let code = "auth.cleartext_forbidden";
            return Err(Error::new(Status::Auth, code).stage(Stage::Login).arg("host", host).at("/auth/allow_cleartext", code));
        }
        let refused = |reply: Reply| {
            let (status, code) = login_refused(&reply.text, None);
            let error = Error::new(status, code).stage(Stage::Login).arg("host", host.as_str()).arg("user", auth.user.as_str());
            error.arg("text", reply.text.as_str()).server(reply)
        };
        self.command(&format!("USER {}\r\n", auth.user), None, Stage::Login, call)?.map_err(refused)?;
        let line = Zeroizing::new(format!("PASS {}\r\n", auth.password.reveal()));
        self.command(&line, Some("PASS ***"), Stage::Login, call)?.map_err(refused)?;
        recorder.note(Step::ok(Stage::Login).fact("method", "pop-before-smtp").fact("host", host.as_str()), call);
        Ok(())
    }

    fn quit(&mut self, call: &Call) -> Result<(), Error> {
        self.command("QUIT\r\n", None, Stage::Quit, call).map(drop)
    }
}

impl Pop3Session {
    fn command(&mut self, line: &str, shown: Option<&str>, stage: Stage, call: &Call) -> Result<Result<(), Reply>, Error> {
        if self.stream.pending() > 0 {
            let error = Error::new(Status::Protocol, "protocol.early_reply").stage(stage);
            return Err(error.arg("host", self.stream.endpoint().host.as_str()));
        }
        match shown {
            Some(shown) => self.stream.write_secret(line.as_bytes(), shown, call),
            None => self.stream.write(line.as_bytes(), call),
        }
        .map_err(|error| error.stage(stage))?;
        self.read_response(stage, call)
    }

    /// `+OK`, or the text after `-ERR`.
    fn read_response(&mut self, stage: Stage, call: &Call) -> Result<Result<(), Reply>, Error> {
        let line = self.stream.read_line(call).map_err(|error| error.stage(stage))?.to_vec();
        if line.strip_prefix(b"+OK").is_some_and(|rest| rest.first().is_none_or(u8::is_ascii_whitespace)) {
            return Ok(Ok(()));
        }
        let text = self.stream.transcript().clean(line.strip_prefix(b"-ERR").unwrap_or(&line).trim_ascii());
        if line.starts_with(b"-ERR") {
            return Ok(Err(Reply { code: 0, enhanced: None, text }));
        }
        let error = Error::new(Status::Protocol, "protocol.reply_malformed").stage(stage);
        Err(error.arg("host", self.stream.endpoint().host.as_str()).detail(text))
    }
}
