//! Probes of a server's TLS, on a second connection that never carries credentials.

use super::{Recorder, Stream, Target};
use crate::settings::{Tls, TlsVersion};
use crate::{Call, Error, Stage, Status};
use serde_json::Value;
use std::time::{Duration, Instant};

/// How long a server may be silent before a probe asks whether it waits for TLS. Servers that delay the greeting for unknown clients do
/// so for five or six seconds, and a second connection does no harm there.
const PATIENCE: Duration = Duration::from_secs(5);

/// The same where custom says that TLS begins with the first byte.
const SHORT: Duration = Duration::from_secs(1);

/// How long one probe may last.
const LIMIT: Duration = Duration::from_secs(5);

/// The ports on which TLS begins with the first byte (RFC 8314).
const IMPLICIT: [u16; 3] = [465, 993, 995];

/// Waits for the greeting of a server that speaks first, or for too long; then finds out whether it waits for TLS, which is an error.
pub(super) fn silence(stream: &mut Stream, target: &Target, call: &Call) -> Result<(), Error> {
    let at = |error: Error| error.stage(Stage::Greeting).arg("host", target.endpoint.host.as_str()).arg("port", target.endpoint.port);
    let patience = if IMPLICIT.contains(&target.endpoint.port) { SHORT } else { PATIENCE };
    let idle = target.idle.min(call.remaining());
    // The probe is part of the wait: with it, the server has no more time for its greeting than without.
    let until = Instant::now() + idle;
    let half_over = |error: &Error| error.status != Status::Cancelled && !call.remaining().is_zero();
    match stream.arrives(Instant::now() + patience.min(idle / 2), call) {
        Ok(false) => (),
        // The protocol finds every other error when it reads.
        Err(error) if !half_over(&error) => return Err(at(error)),
        _ => return Ok(()),
    }
    let is_tls = speaks_tls(target, &call.until(Instant::now() + LIMIT.min(idle / 4)))?;
    // A port may serve both: a silent client gets the greeting after a while.
    let wait = if is_tls { Instant::now() } else { until };
    if stream.arrives(wait, call).map_err(at)? {
        return Ok(());
    }
    call.check().map_err(at)?;
    let error = match is_tls {
        true => Error::new(Status::Tls, "tls.expected_at_once").at(target.at.mode, "tls.expected_at_once"),
        false => Error::new(Status::Timeout, "net.idle_timeout").arg("seconds", target.idle.as_secs()),
    };
    Err(at(error))
}

/// Whether the server answers a TLS hello. Only cancelling is an error.
fn speaks_tls(target: &Target, call: &Call) -> Result<bool, Error> {
    match Stream::reach(target, call, &mut Recorder::off()).and_then(|mut stream| stream.answers_tls(call)) {
        Err(error) if error.status == Status::Cancelled => Err(error.stage(Stage::Greeting)),
        answered => Ok(answered.unwrap_or(false)),
    }
}

/// Whether a handshake may have failed because the server has only TLS versions below the minimum of the settings.
pub(super) fn may_be_old(error: &Error, tls: &Tls) -> bool {
    matches!(error.code.as_str(), "tls.handshake_closed" | "tls.handshake_failed" | "tls.version_too_old")
        && tls.minimum > TlsVersion::Tls10
}

/// Finds out the TLS version of such a server, and returns an error that names it. `attempt` connects once more and secures that
/// connection, as far as it goes.
pub(super) fn oldest(error: Error, tls: &Tls, call: &Call, attempt: &dyn Fn(&Tls, &Call, &mut Recorder) -> Result<(), Error>) -> Error {
    let call = call.until(Instant::now() + LIMIT.min(call.remaining() / 2));
    // Nothing secret is sent, so the certificate need not be checked.
    let any = Tls { mode: tls.mode, minimum: TlsVersion::Tls10, verify: false, ca_file: None, client_certificate: None, pin: None };
    let mut recorder = Recorder::on();
    if let Err(stopped) = attempt(&any, &call, &mut recorder)
        && stopped.status == Status::Cancelled
    {
        return stopped.stage(Stage::Tls);
    }
    let steps = recorder.steps();
    let version = steps.iter().find_map(|step| step.facts.get("version")).and_then(Value::as_str);
    let Some(version) = version.filter(|version| *version < tls.minimum.name()) else { return error };
    let mut found = error.arg("version", version).arg("minimum", tls.minimum.name());
    found.code = "tls.version_too_old".to_owned();
    found
}
