//! A connection to the server, from the greeting to the moment in which it takes mail.

use crate::capabilities::Capabilities;
use crate::session::{Session, renamed};
use crate::settings::{IMPLICIT, Settings};
use crate::{login, machine, pop3};
use postkontor_plugin::net::{Security, Stream, Trail, clear_text, sasl};
use postkontor_plugin::settings::Method;
use postkontor_plugin::{Call, Error, Stage, Status, Step};
use std::sync::Arc;

impl Session {
    /// Connects, secures the connection as the settings ask, and logs in.
    pub(crate) fn open(settings: &Settings, call: &Call, trail: &mut Trail) -> Result<Session, Error> {
        let mut transcript = Vec::new();
        Session::open_recorded(settings, call, trail, &mut transcript)
    }

    /// The same; what was said is in `transcript` also when it fails.
    pub(crate) fn open_recorded(
        settings: &Settings,
        call: &Call,
        trail: &mut Trail,
        transcript: &mut Vec<String>,
    ) -> Result<Session, Error> {
        if settings.auth.method == Method::PopBeforeSmtp {
            pop3::open_the_door(settings, call, trail, transcript)?;
        }
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
        let name = settings.smtp.ehlo.clone().unwrap_or_else(|| machine::name(self.stream.local_address()));
        self.hello(&name, call)?;
        trail.push(self.capabilities_step(&name));
        if matches!(security, Security::Starttls | Security::IfOffered) {
            self.start_tls(settings, security, call, trail)?;
            if self.stream.is_secure() {
                // What was said before TLS may have been anybody's words (RFC 3207, section 4.2).
                self.hello(&name, call)?;
                trail.push(self.capabilities_step(&name));
            }
        }
        if !self.stream.is_secure() {
            trail.push(clear_text(settings.tls.mode));
        }
        if sasl::wanted(&settings.auth) {
            login::login(self, &settings.auth, call, trail)
        } else {
            trail.push(Step::skipped(Stage::Login).fact("method", "none"));
            Ok(())
        }
    }

    fn greeting(&mut self, call: &Call, trail: &mut Trail) -> Result<(), Error> {
        let reply = self.reply(call).map_err(|error| match error.code.as_str() {
            "protocol.reply_malformed" => renamed(error, "smtp.not_smtp"),
            _ => error,
        });
        let reply = reply.map_err(|error| error.stage(Stage::Greeting))?;
        if reply.code != 220 {
            return Err(self.failure(Stage::Greeting, &reply));
        }
        if trail.is_on() {
            let text = reply.told(&mut self.stream).text;
            trail.push(Step::ok(Stage::Greeting).fact("text", text));
        }
        Ok(())
    }

    /// EHLO, or HELO for servers that do not know it.
    fn hello(&mut self, name: &str, call: &Call) -> Result<(), Error> {
        let mut reply = self.command(&format!("EHLO {name}\r\n"), Stage::Capabilities, call)?;
        if matches!(reply.code, 500 | 501 | 502 | 504 | 550) {
            self.capabilities = Arc::default();
            reply = self.command(&format!("HELO {name}\r\n"), Stage::Capabilities, call)?;
        } else if reply.is_positive() {
            self.capabilities = Arc::new(Capabilities::parse(&reply));
        }
        if reply.is_positive() { Ok(()) } else { Err(self.failure(Stage::Capabilities, &reply)) }
    }

    fn start_tls(&mut self, settings: &Settings, security: Security, call: &Call, trail: &mut Trail) -> Result<(), Error> {
        let host = self.stream.endpoint().host.clone();
        if !self.capabilities.starttls {
            if security == Security::IfOffered {
                return Ok(());
            }
            let code = "tls.not_offered";
            return Err(Error::new(Status::Tls, code).stage(Stage::Tls).arg("host", host).at("/tls/mode", code));
        }
        let reply = self.command("STARTTLS\r\n", Stage::Tls, call)?;
        if reply.code != 220 {
            // Also in the mode `auto`: a server that offers TLS and then refuses it may not be the server.
            let told = reply.told(&mut self.stream);
            let status = if reply.is_closing() { Status::Later } else { Status::Tls };
            return Err(Error::new(status, "tls.refused_by_server")
                .stage(Stage::Tls)
                .arg("host", host)
                .arg("text", told.text.as_str())
                .server(told));
        }
        self.stream.secure(&settings.tls, call, trail).map_err(|error| error.stage(Stage::Tls))
    }

    fn capabilities_step(&self, name: &str) -> Step {
        let capabilities = &self.capabilities;
        Step::ok(Stage::Capabilities)
            .fact("ehlo", name)
            .fact("capabilities", capabilities.lines.clone())
            .fact("mechanisms", capabilities.mechanisms.clone())
            .fact("size_limit", capabilities.limit().unwrap_or(0))
    }
}
