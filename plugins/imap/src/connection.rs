//! A connection to the server: IMAP from the greeting to the login, and LOGOUT.

use crate::capabilities::Capabilities;
use crate::login;
use crate::reader::{Piece, Reader};
use crate::session::Session;
use crate::settings::{IMPLICIT, Settings};
use postkontor_plugin::net::{Advice, Connector, Protocol, Recorder, Security, StartTls, Stream, Target};
use postkontor_plugin::settings::{Auth, Tls};
use postkontor_plugin::{Call, Error, Reply, Stage, Status, Step};
use std::time::{Duration, Instant};

/// How long the NOOP on a kept connection may take.
const PROOF: Duration = Duration::from_secs(5);

/// How the account's server is reached.
pub(crate) fn connector<'a>(settings: &'a Settings, target: &'a Target) -> Connector<'a> {
    Connector { target, tls: &settings.tls, auth: &settings.auth, tokens: settings.tokens.as_deref() }
}

impl Session {
    /// Connects, secures the connection as the settings ask, and logs in.
    pub(crate) fn open(settings: &Settings, call: &Call, recorder: &mut Recorder) -> Result<Session, Error> {
        let target = settings.server.target(settings.default_port())?;
        let begin = |mut stream: Stream| {
            Reader::limit_lines(&mut stream);
            Session::new(stream, settings.imap.compress)
        };
        connector(settings, &target).open(&begin, call, recorder)
    }

    fn ask_capabilities(&mut self, call: &Call) -> Result<(), Error> {
        let at = |error: Error| error.stage(Stage::Capabilities);
        let mut found = None;
        let completion = self.command_with("CAPABILITY", call, |line| {
            found = Capabilities::parse(line).or(found.take());
            Ok(())
        });
        let completion = completion.map_err(at)?;
        // A server that does not know the command is assumed to have no extension.
        if completion.is_bad {
            self.capabilities = Capabilities::default();
            return Ok(());
        }
        self.capabilities = found.filter(|_| completion.is_ok).ok_or_else(|| at(self.refused("imap.capabilities_missing", &completion)))?;
        Ok(())
    }

    /// Compresses the connection (RFC 4978). A server without COMPRESS is used uncompressed.
    fn compress(&mut self, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
        let host = self.stream.endpoint().host.as_str();
        let mut step = Step::warn(Stage::Capabilities, "imap.compress_not_offered").pointer("/imap/compress").fact("host", host);
        if self.capabilities.has("COMPRESS=DEFLATE") {
            let completion = self.command("COMPRESS DEFLATE", call)?;
            step = step.fact("text", completion.text);
            if completion.is_ok {
                self.stream.compress();
                step = Step::ok(Stage::Capabilities).fact("compression", "DEFLATE");
            }
        }
        recorder.note(step, call);
        Ok(())
    }

    /// Sends ID where the server knows it, and enables UTF-8.
    fn identify(&mut self, call: &Call) -> Result<(), Error> {
        if self.capabilities.has("ID") {
            // Some providers (Netease among them) refuse SELECT before ID. The response does not matter.
            self.command("ID (\"name\" \"Postkontor\")", call)?;
        }
        // A server with IMAP4rev2 alone has folder names in UTF-8 (RFC 9051, section 5.1).
        self.utf8 = self.capabilities.has("IMAP4rev2") && !self.capabilities.has("IMAP4rev1");
        if self.capabilities.has_utf8() {
            let mut enabled = false;
            // An extension that is not named in the response is not in force, whatever the command ended with (RFC 5161, section 3.1).
            self.command_with("ENABLE UTF8=ACCEPT", call, |line| {
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
        // A server may send EXISTS or BYE unasked, so neither silence nor data prove anything.
        let call = call.until(Instant::now() + PROOF);
        self.command("NOOP", &call).is_ok_and(|completion| completion.is_ok)
    }
}

impl Protocol for Session {
    const IMPLICIT_PORT: u16 = IMPLICIT;
    const STEPS: &'static [Stage] =
        &[Stage::Resolve, Stage::Connect, Stage::Greeting, Stage::Capabilities, Stage::Tls, Stage::Login, Stage::Mailbox, Stage::Quit];

    fn stream(&mut self) -> &mut Stream {
        &mut self.stream
    }

    fn greeting(&mut self, security: Security, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
        self.awaits_tls = matches!(security, Security::Starttls | Security::IfOffered);
        let at = |error: Error| error.stage(Stage::Greeting);
        let line = loop {
            match self.reader.next(&mut self.stream, call).map_err(at)? {
                // Some servers send blank lines before their greeting.
                Piece::Response(line) if line == b"\r\n" => (),
                Piece::Response(line) => break line,
                Piece::Body { head, .. } => return Err(at(self.malformed(&head))),
            }
        };
        let text = self.cleaned(&line);
        let reply = Reply { code: 0, enhanced: None, text: text.clone() };
        let word =
            line.get(2..).unwrap_or_default().split(|byte| *byte == b' ' || *byte == b'\r').next().unwrap_or_default().to_ascii_uppercase();
        match (line.starts_with(b"* "), word.as_slice()) {
            (true, b"OK") => (),
            // An attacker on the way could prevent STARTTLS by PREAUTH, after which it is not allowed.
            (true, b"PREAUTH") if self.awaits_tls => {
                return Err(at(self.error(Status::Tls, "imap.preauth_prevents_tls").server(reply)));
            }
            (true, b"PREAUTH") => {
                self.is_preauthenticated = true;
                return Ok(());
            }
            (true, b"BYE") => return Err(at(self.error(Status::Later, "imap.closing").arg("text", text).server(reply))),
            _ => return Err(at(self.malformed(&line))),
        }
        self.capabilities = Capabilities::from_response_code(line.get(5..).unwrap_or_default()).unwrap_or_default();
        recorder.note(Step::ok(Stage::Greeting).fact("text", text), call);
        Ok(())
    }

    fn capabilities(&mut self, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
        // Capabilities in the greeting spare a round trip, unless STARTTLS is needed and not among them.
        if self.capabilities.0.is_empty() || self.awaits_tls && !self.capabilities.has("STARTTLS") {
            self.ask_capabilities(call)?;
        }
        recorder.note(self.capabilities.step(), call);
        Ok(())
    }

    fn start_tls(&mut self, call: &Call) -> Result<StartTls, Error> {
        // A server that lists no capabilities may know STARTTLS.
        let is_listed = !self.capabilities.0.is_empty();
        if is_listed && !self.capabilities.has("STARTTLS") {
            return Ok(StartTls::NotOffered(None));
        }
        let completion = self.command("STARTTLS", call)?;
        let reply = Reply { code: 0, enhanced: None, text: completion.text.clone() };
        match (completion.is_ok, is_listed) {
            (true, _) => {
                self.awaits_tls = false;
                self.capabilities = Capabilities::default();
                Ok(StartTls::Agreed)
            }
            (false, true) => Ok(StartTls::Refused(Status::Tls, reply)),
            (false, false) => Ok(StartTls::NotOffered(Some(reply))),
        }
    }

    fn login(&mut self, auth: &Auth, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
        if self.is_preauthenticated {
            recorder.note(Step::skipped(Stage::Login).fact("method", "preauth"), call);
        } else {
            // There may be more capabilities after the login (RFC 9051, section 6.2.3); many servers list them in the OK.
            match login::login(self, auth, call, recorder)? {
                Some(capabilities) => self.capabilities = capabilities,
                None => self.ask_capabilities(call).map_err(|error| error.stage(Stage::Login))?,
            }
        }
        if self.wants_compression {
            self.compress(call, recorder).map_err(|error| error.stage(Stage::Capabilities))?;
        }
        self.identify(call).map_err(|error| error.stage(Stage::Mailbox))
    }

    fn quit(&mut self, call: &Call) -> Result<(), Error> {
        self.is_logging_out = true;
        let completion = self.command("LOGOUT", call).map_err(|error| error.stage(Stage::Quit))?;
        if completion.is_ok { Ok(()) } else { Err(self.refused("imap.logout_refused", &completion).stage(Stage::Quit)) }
    }

    fn advice(code: &str, _tls: &Tls) -> Option<Advice> {
        let (pointer, advice): (_, &[&str]) = match code {
            "imap.closing" => ("", &["advice.try_later"]),
            "imap.select_refused" => ("", &["advice.try_later", "advice.ask_administrator"]),
            "imap.login_disabled" => ("/auth/method", &["advice.login_needs_tls", "advice.ask_administrator"]),
            "imap.preauth_prevents_tls" => ("/tls/mode", &["advice.tls_port", "advice.distrust_network"]),
            "imap.folder_missing" => ("/imap/inbox", &["advice.imap_check_folder", "advice.imap_create_folders"]),
            _ => return None,
        };
        Some(Advice { pointer, advice, patch: None })
    }
}
