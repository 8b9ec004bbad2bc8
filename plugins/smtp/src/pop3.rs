//! POP-before-SMTP: a POP3 login (RFC 1939) tells the mail server that this address may send for a while.

use crate::settings::{Pop3, Settings};
use postkontor_plugin::net::{Security, Stream, Trail};
use postkontor_plugin::settings::Tls;
use postkontor_plugin::{Call, Error, Reply, Stage, Status, Step};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// The port on which POP3 begins with TLS.
const IMPLICIT: u16 = 995;

/// How long taking leave may last.
const FAREWELL: Duration = Duration::from_millis(500);

/// The most lines of a list of capabilities.
const MOST_LINES: usize = 256;

/// Logs in to the POP3 server with the credentials of the account, and leaves again.
pub(crate) fn open_the_door(settings: &Settings, call: &Call, trail: &mut Trail, transcript: &mut Vec<String>) -> Result<(), Error> {
    // `Settings::check` has made sure that it is there.
    let Some(pop3) = &settings.smtp.pop3 else { return Err(Error::new(Status::Settings, "settings.pop3_missing")) };
    let mut stream = Stream::connect(&settings.pop3_server(pop3), pop3.default_port(), call, trail).map_err(elsewhere)?;
    stream.transcript().hide(&settings.auth.password);
    let result = login(&mut stream, pop3, settings, call, trail);
    transcript.append(&mut stream.transcript().take());
    stream.close();
    result.map_err(elsewhere)
}

fn login(stream: &mut Stream, pop3: &Pop3, settings: &Settings, call: &Call, trail: &mut Trail) -> Result<(), Error> {
    let tls = Tls { mode: pop3.mode, ..settings.tls.clone() };
    let host = stream.endpoint().host.clone();
    let security = Security::of(pop3.mode, stream.endpoint().port, IMPLICIT);
    if security == Security::Implicit {
        stream.secure(&tls, call, trail).map_err(|error| error.stage(Stage::Tls))?;
    }
    let greeting = answer(stream, Stage::Greeting, call)?;
    if let Err(text) = greeting {
        return Err(Error::new(Status::Later, "pop3.refused").stage(Stage::Greeting).arg("host", host).server(text));
    }
    if matches!(security, Security::Starttls | Security::IfOffered) {
        if offers_stls(stream, call)? {
            if let Err(text) = command(stream, "STLS\r\n", None, Stage::Tls, call)? {
                let error = Error::new(Status::Tls, "tls.refused_by_server").stage(Stage::Tls).arg("host", host);
                return Err(error.arg("text", text.text.as_str()).server(text));
            }
            stream.secure(&tls, call, trail).map_err(|error| error.stage(Stage::Tls))?;
        } else if security == Security::Starttls {
            let code = "tls.not_offered";
            return Err(Error::new(Status::Tls, code).stage(Stage::Tls).arg("host", host).at("/smtp/pop3/mode", code));
        }
    }
    if !stream.is_secure() && !settings.auth.allow_cleartext {
        let code = "auth.cleartext_forbidden";
        return Err(Error::new(Status::Auth, code).stage(Stage::Login).arg("host", host).at("/auth/allow_cleartext", code));
    }
    let refused = |text: Reply| {
        let error = Error::new(Status::Auth, "auth.refused").stage(Stage::Login).arg("host", host.as_str());
        error.arg("user", settings.auth.user.as_str()).arg("text", text.text.as_str()).server(text)
    };
    command(stream, &format!("USER {}\r\n", settings.auth.user), None, Stage::Login, call)?.map_err(refused)?;
    let line = Zeroizing::new(format!("PASS {}\r\n", settings.auth.password.reveal()));
    command(stream, &line, Some("PASS ***"), Stage::Login, call)?.map_err(refused)?;
    trail.push(Step::ok(Stage::Login).fact("method", "pop-before-smtp").fact("host", host.as_str()));
    // The door is open; whether the server says goodbye is of no consequence.
    drop(command(stream, "QUIT\r\n", None, Stage::Quit, &call.until(Instant::now() + FAREWELL)));
    Ok(())
}

/// Asks for the capabilities (RFC 2449); a server without the command has no STLS.
fn offers_stls(stream: &mut Stream, call: &Call) -> Result<bool, Error> {
    let at = |error: Error| error.stage(Stage::Capabilities);
    if command(stream, "CAPA\r\n", None, Stage::Capabilities, call)?.is_err() {
        return Ok(false);
    }
    let mut offered = false;
    for _ in 0..MOST_LINES {
        let line = stream.read_line(call).map_err(at)?;
        if line == b"." {
            return Ok(offered);
        }
        offered |= line.trim_ascii().eq_ignore_ascii_case(b"STLS");
    }
    Err(at(Error::new(Status::Protocol, "protocol.reply_too_long").arg("host", stream.endpoint().host.as_str())))
}

fn command(stream: &mut Stream, line: &str, shown: Option<&str>, stage: Stage, call: &Call) -> Result<Result<(), Reply>, Error> {
    if stream.pending() > 0 {
        let error = Error::new(Status::Protocol, "protocol.early_reply").stage(stage);
        return Err(error.arg("host", stream.endpoint().host.as_str()));
    }
    match shown {
        Some(shown) => stream.write_secret(line.as_bytes(), shown, call),
        None => stream.write(line.as_bytes(), call),
    }
    .map_err(|error| error.stage(stage))?;
    answer(stream, stage, call)
}

/// `+OK`, or the words after `-ERR`.
fn answer(stream: &mut Stream, stage: Stage, call: &Call) -> Result<Result<(), Reply>, Error> {
    let line = stream.read_line(call).map_err(|error| error.stage(stage))?.to_vec();
    if line.starts_with(b"+OK") {
        return Ok(Ok(()));
    }
    let text = stream.transcript().clean(line.strip_prefix(b"-ERR").unwrap_or(&line).trim_ascii());
    if line.starts_with(b"-ERR") {
        return Ok(Err(Reply { code: 0, enhanced: None, text }));
    }
    Err(Error::new(Status::Protocol, "protocol.reply_malformed").stage(stage).arg("host", stream.endpoint().host.as_str()).detail(text))
}

/// The settings that an error points to are those of the POP3 server.
fn elsewhere(mut error: Error) -> Error {
    for at in &mut error.at {
        at.pointer = at.pointer.replacen("/server/host", "/smtp/pop3/host", 1).replacen("/server/port", "/smtp/pop3/port", 1);
        at.pointer = at.pointer.replacen("/tls/mode", "/smtp/pop3/mode", 1);
    }
    error
}
