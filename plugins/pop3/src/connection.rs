//! How a session begins: from the first byte to the login.

use crate::login;
use crate::session::{Capabilities, Session};
use crate::settings::{IMPLICIT, Settings};
use postkontor_plugin::net::{Security, Stream, Trail, clear_text};
use postkontor_plugin::{Call, Error, Reply, Stage, Status, Step};

/// The most lines of a list of capabilities.
const CAPABILITIES: usize = 256;

impl Session {
    /// Connects, secures the connection as the settings ask, and logs in.
    pub(crate) fn open(settings: &Settings, call: &Call, trail: &mut Trail, transcript: &mut Vec<String>) -> Result<Session, Error> {
        let mut stream = Stream::connect(&settings.server, settings.default_port(), call, trail)?;
        stream.transcript().hide_credentials(&settings.auth);
        let mut session = Session::new(stream);
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
}
