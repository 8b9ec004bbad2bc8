//! How a session begins and ends: from the first byte to the login, and the farewell.

use crate::capabilities::Capabilities;
use crate::login;
use crate::reader::{Piece, Reader};
use crate::session::Session;
use crate::settings::{IMPLICIT, Settings};
use postkontor_plugin::net::{Security, Stream, Trail, clear_text};
use postkontor_plugin::{Call, Error, Reply, Stage, Status, Step};
use std::time::{Duration, Instant};

/// How long taking leave, or asking whether a kept connection is good, may last.
const FAREWELL: Duration = Duration::from_millis(500);
const PROOF: Duration = Duration::from_secs(5);

impl Session {
    /// Connects, secures the connection as the settings ask, and logs in.
    pub(crate) fn open(settings: &Settings, call: &Call, trail: &mut Trail, transcript: &mut Vec<String>) -> Result<Session, Error> {
        let mut stream = Stream::connect(&settings.server, settings.default_port(), call, trail)?;
        Reader::limit_lines(&mut stream);
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
        let is_known = self.greeting(security, call, trail)?;
        let upgrades = matches!(security, Security::Starttls | Security::IfOffered);
        // What the greeting tells spares a round trip, unless it is silent on what decides whether there is TLS.
        if self.capabilities.0.is_empty() || upgrades && !self.capabilities.has("STARTTLS") {
            self.ask_capabilities(call)?;
        }
        trail.push(self.capabilities.step());
        if upgrades {
            self.start_tls(settings, security, call, trail)?;
        }
        if !self.stream.is_secure() {
            trail.push(clear_text(settings.tls.mode));
        }
        if is_known {
            trail.push(Step::skipped(Stage::Login).fact("method", "preauth"));
        } else {
            // What the server can may be more after the login (RFC 9051, section 6.2.3); many tell it in their consent.
            match login::login(self, &settings.auth, call, trail)? {
                Some(capabilities) => self.capabilities = capabilities,
                None => self.ask_capabilities(call).map_err(|error| error.stage(Stage::Login))?,
            }
        }
        if settings.imap.compress {
            self.compress(call, trail).map_err(|error| error.stage(Stage::Capabilities))?;
        }
        self.introduce(call).map_err(|error| error.stage(Stage::Mailbox))
    }

    /// Waits for the greeting; says whether the server knows us already (PREAUTH).
    fn greeting(&mut self, security: Security, call: &Call, trail: &mut Trail) -> Result<bool, Error> {
        let at = |error: Error| error.stage(Stage::Greeting);
        let line = match self.reader.next(&mut self.stream, call).map_err(at)? {
            Piece::Response(line) => line,
            Piece::Body { head, .. } => return Err(at(self.malformed(&head))),
        };
        let text = self.told(&line);
        let reply = Reply { code: 0, enhanced: None, text: text.clone() };
        let word =
            line.get(2..).unwrap_or_default().split(|byte| *byte == b' ' || *byte == b'\r').next().unwrap_or_default().to_ascii_uppercase();
        match (line.starts_with(b"* "), word.as_slice()) {
            (true, b"OK") => (),
            // Whoever stands between us and the server would so keep us from STARTTLS, which is not allowed any more.
            (true, b"PREAUTH") if matches!(security, Security::Starttls | Security::IfOffered) => {
                return Err(at(self.error(Status::Tls, "imap.preauth_prevents_tls").server(reply)));
            }
            (true, b"PREAUTH") => return Ok(true),
            (true, b"BYE") => return Err(at(self.error(Status::Later, "imap.closing").arg("text", text).server(reply))),
            _ => return Err(at(self.malformed(&line))),
        }
        self.capabilities = Capabilities::told(line.get(5..).unwrap_or_default()).unwrap_or_default();
        trail.push(Step::ok(Stage::Greeting).fact("text", text));
        Ok(false)
    }

    fn ask_capabilities(&mut self, call: &Call) -> Result<(), Error> {
        let at = |error: Error| error.stage(Stage::Capabilities);
        let mut found = None;
        let done = self.run("CAPABILITY", call, |line| {
            found = Capabilities::parse(line).or(found.take());
            Ok(())
        });
        let done = done.map_err(at)?;
        self.capabilities = found.filter(|_| done.is_ok).ok_or_else(|| at(self.refused("imap.capabilities_missing", &done)))?;
        Ok(())
    }

    fn start_tls(&mut self, settings: &Settings, security: Security, call: &Call, trail: &mut Trail) -> Result<(), Error> {
        let at = |error: Error| error.stage(Stage::Tls);
        if !self.capabilities.has("STARTTLS") {
            if security == Security::IfOffered {
                return Ok(());
            }
            return Err(at(self.error(Status::Tls, "tls.not_offered").at("/tls/mode", "tls.not_offered")));
        }
        let done = self.perform("STARTTLS", call).map_err(at)?;
        if !done.is_ok {
            // A server that offers TLS and then refuses it may not be the server.
            let reply = Reply { code: 0, enhanced: None, text: done.text.clone() };
            return Err(at(self.error(Status::Tls, "tls.refused_by_server").arg("text", done.text).server(reply)));
        }
        self.stream.secure(&settings.tls, call, trail).map_err(at)?;
        // What was said before TLS may have been anybody's words.
        self.ask_capabilities(call)?;
        trail.push(self.capabilities.step());
        Ok(())
    }

    /// Compresses the connection (RFC 4978). A server that cannot is used as it is.
    fn compress(&mut self, call: &Call, trail: &mut Trail) -> Result<(), Error> {
        let host = self.stream.endpoint().host.as_str();
        let mut step = Step::warn(Stage::Capabilities, "imap.compress_not_offered").pointer("/imap/compress").fact("host", host);
        if self.capabilities.has("COMPRESS=DEFLATE") {
            let done = self.perform("COMPRESS DEFLATE", call)?;
            step = step.fact("text", done.text);
            if done.is_ok {
                self.stream.compress();
                step = Step::ok(Stage::Capabilities).fact("compression", "DEFLATE");
            }
        }
        trail.push(step);
        Ok(())
    }

    /// Says who we are, where the server wants to know, and asks for UTF-8.
    fn introduce(&mut self, call: &Call) -> Result<(), Error> {
        if self.capabilities.has("ID") {
            // Some providers (Netease among them) let nobody select a folder who has not said this. The answer is of no interest.
            self.perform("ID (\"name\" \"Postkontor\")", call)?;
        }
        // A server that can nothing but IMAP4rev2 has folder names in UTF-8 (RFC 9051, section 5.1).
        self.utf8 = self.capabilities.has("IMAP4rev2") && !self.capabilities.has("IMAP4rev1");
        if self.capabilities.has_utf8() {
            let mut enabled = false;
            // An extension that is not named in the answer is not in force, whatever the command ended with (RFC 5161, section 3.1).
            self.run("ENABLE UTF8=ACCEPT", call, |line| {
                let line = line.to_ascii_uppercase();
                enabled |=
                    line.starts_with(b"* ENABLED ") && line.split(|byte| byte.is_ascii_whitespace()).any(|word| word == b"UTF8=ACCEPT");
                Ok(())
            })?;
            self.utf8 |= enabled;
        }
        Ok(())
    }

    /// Whether a connection that was kept is still good.
    pub(crate) fn is_alive(&mut self, call: &Call) -> bool {
        // A server may say something of its own accord (EXISTS, a farewell), so silence proves nothing and words neither.
        let call = call.until(Instant::now() + PROOF);
        self.perform("NOOP", &call).is_ok_and(|done| done.is_ok)
    }

    /// Takes leave, as long as that is quick.
    pub(crate) fn leave(&mut self, call: &Call) -> Result<(), Error> {
        self.leaving = true;
        let call = call.until(Instant::now() + FAREWELL);
        let done = self.perform("LOGOUT", &call).map_err(|error| error.stage(Stage::Quit))?;
        if done.is_ok { Ok(()) } else { Err(self.refused("imap.logout_refused", &done).stage(Stage::Quit)) }
    }
}
