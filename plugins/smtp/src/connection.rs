//! A connection to the server: SMTP from the greeting to the login, and QUIT.

use crate::capabilities::Capabilities;
use crate::session::{Session, renamed};
use crate::settings::{IMPLICIT, Settings};
use crate::{host_name, login, pop3};
use postkontor_plugin::net::{Advice, Connector, Protocol, Recorder, Security, StartTls, Stream, Target, sasl};
use postkontor_plugin::serde_json::json;
use postkontor_plugin::settings::{Auth, Method, Tls, TlsMode};
use postkontor_plugin::{Call, Error, Stage, Status, Step};
use std::sync::Arc;

/// How the account's server is reached.
pub(crate) fn connector<'a>(settings: &'a Settings, target: &'a Target) -> Connector<'a> {
    Connector { target, tls: &settings.tls, auth: &settings.auth, tokens: settings.tokens.as_deref() }
}

impl Session {
    /// Connects, secures the connection as the settings ask, and logs in.
    pub(crate) fn open(settings: &Settings, call: &Call, recorder: &mut Recorder) -> Result<Session, Error> {
        if settings.auth.method == Method::PopBeforeSmtp {
            pop3::log_in(settings, call, recorder)?;
        }
        let target = settings.server.target(settings.default_port())?;
        connector(settings, &target).open(&|stream| Session::new(stream, settings.smtp.ehlo.clone()), call, recorder)
    }

    /// Sends EHLO, or HELO to servers that do not know it.
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

    fn capabilities_step(&self, name: &str) -> Step {
        let capabilities = &self.capabilities;
        Step::ok(Stage::Capabilities)
            .fact("ehlo", name)
            .fact("capabilities", capabilities.lines.clone())
            .fact("mechanisms", capabilities.mechanisms.clone())
            .fact("size_limit", capabilities.limit().unwrap_or(0))
    }
}

impl Protocol for Session {
    const IMPLICIT_PORT: u16 = IMPLICIT;

    fn stream(&mut self) -> &mut Stream {
        &mut self.stream
    }

    fn greeting(&mut self, _security: Security, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
        let reply = self.reply(call).map_err(|error| match error.code.as_str() {
            "protocol.reply_malformed" => renamed(error, "smtp.not_smtp"),
            _ => error,
        });
        let reply = reply.map_err(|error| error.stage(Stage::Greeting))?;
        if reply.code != 220 {
            return Err(self.failure(Stage::Greeting, &reply));
        }
        if recorder.keeps_steps() {
            let text = reply.cleaned(&mut self.stream).text;
            recorder.note(Step::ok(Stage::Greeting).fact("text", text), call);
        }
        Ok(())
    }

    fn capabilities(&mut self, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
        let name = self.ehlo.clone().unwrap_or_else(|| host_name::name(self.stream.local_address()));
        self.hello(&name, call)?;
        recorder.note(self.capabilities_step(&name), call);
        Ok(())
    }

    fn start_tls(&mut self, call: &Call) -> Result<StartTls, Error> {
        if !self.capabilities.starttls {
            return Ok(StartTls::NotOffered(None));
        }
        let reply = self.command("STARTTLS\r\n", Stage::Tls, call)?;
        if reply.code == 220 {
            return Ok(StartTls::Agreed);
        }
        let status = if reply.is_closing() { Status::Later } else { Status::Tls };
        Ok(StartTls::Refused(status, reply.cleaned(&mut self.stream)))
    }

    fn login(&mut self, auth: &Auth, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
        if sasl::wanted(auth) {
            return login::login(self, auth, call, recorder);
        }
        recorder.note(Step::skipped(Stage::Login).fact("method", "none"), call);
        Ok(())
    }

    fn quit(&mut self, call: &Call) -> Result<(), Error> {
        let reply = self.command("QUIT\r\n", Stage::Quit, call)?;
        if reply.is_positive() { Ok(()) } else { Err(self.failure(Stage::Quit, &reply)) }
    }

    fn advice(code: &str, tls: &Tls) -> Option<Advice> {
        let (pointer, advice, patch): (_, &[&str], _) = match code {
            // Many servers take mail without a login.
            "auth.not_offered" if tls.mode != TlsMode::None => {
                ("/auth/method", &["advice.login_not_needed"], Some(json!({"auth": {"method": "none"}})))
            }
            "smtp.not_now" | "smtp.closing" => ("", &["advice.try_later"], None),
            "smtp.refused" => ("", &["advice.ask_administrator"], None),
            "smtp.not_smtp" => ("/server/port", &["advice.check_port"], None),
            _ => return None,
        };
        Some(Advice { pointer, advice, patch })
    }
}
