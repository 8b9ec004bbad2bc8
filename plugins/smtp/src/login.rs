//! AUTH (RFC 4954): the credentials, by a mechanism of `sdk::net::sasl`.

use crate::reply::Reply;
use crate::session::Session;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postkontor_plugin::net::Trail;
use postkontor_plugin::net::sasl::{self, Exchange};
use postkontor_plugin::settings::Auth;
use postkontor_plugin::{Call, Error, Stage, Status, Step};
use zeroize::Zeroizing;

/// The longest AUTH command that may carry the first response (RFC 4954, section 4); a longer one waits for the server's question.
const COMMAND: usize = 512;

/// More questions than any mechanism has.
const QUESTIONS: usize = 8;

/// Logs in.
pub(crate) fn login(session: &mut Session, auth: &Auth, call: &Call, trail: &mut Trail) -> Result<(), Error> {
    let endpoint = session.stream.endpoint().clone();
    let at = |error: Error| error.stage(Stage::Login).arg("host", endpoint.host.as_str()).arg("user", auth.user.as_str());
    let mechanism = sasl::choose(auth, &session.capabilities.mechanisms, session.stream.protection()).map_err(at)?;
    let binding = session.stream.channel_binding();
    let mut exchange = Exchange::new(mechanism, auth, &endpoint, binding).map_err(at)?.for_service("SMTPSVC");
    let reply = converse(session, mechanism.name(), &mut exchange, call).map_err(at)?;
    if reply.code == 235 {
        exchange.finish().map_err(at)?;
        trail.push(Step::ok(Stage::Login).fact("mechanism", mechanism.name()).fact("user", auth.user.as_str()));
        return Ok(());
    }
    let told = reply.told(&mut session.stream);
    let error = refusal(reply.code).arg("mechanism", mechanism.name()).arg("text", told.text.as_str()).server(told);
    Err(at(error.detail(exchange.reason().unwrap_or_default())))
}

/// Everything from the command to the reply that ends the exchange.
fn converse(session: &mut Session, name: &str, exchange: &mut Exchange, call: &Call) -> Result<Reply, Error> {
    let mut line = Zeroizing::new(format!("AUTH {name}"));
    let mut shown = format!("AUTH {name}");
    let mut held = exchange.initial();
    if let Some(initial) = held.take_if(|initial| name.len() + 8 + initial.len().div_ceil(3) * 4 <= COMMAND) {
        line.push(' ');
        // An empty response is written as "=", to be told from none.
        line.push_str(&encoded(&initial, "="));
        shown.push_str(" ***");
    }
    line.push_str("\r\n");
    session.silent()?;
    session.stream.write_secret(line.as_bytes(), &shown, call)?;
    for _ in 0..QUESTIONS {
        let reply = session.reply(call)?;
        if reply.code != 334 {
            return Ok(reply);
        }
        let challenge = exchange.challenge(reply.lines().next().unwrap_or_default())?;
        let response = match held.take() {
            Some(initial) => initial,
            None => exchange.respond(&challenge, call)?,
        };
        let mut line = encoded(&response, "");
        line.push_str("\r\n");
        session.silent()?;
        session.stream.write_secret(line.as_bytes(), "***", call)?;
    }
    Err(Error::new(Status::Protocol, "auth.unexpected_challenge"))
}

fn encoded(response: &[u8], empty: &str) -> Zeroizing<String> {
    Zeroizing::new(if response.is_empty() { empty.to_owned() } else { STANDARD.encode(response) })
}

/// RFC 4954, section 6.
fn refusal(code: u16) -> Error {
    match code {
        421 => Error::new(Status::Later, "smtp.closing"),
        432 => Error::new(Status::Auth, "auth.password_change_needed"),
        400..500 => Error::new(Status::Later, "auth.later"),
        530 | 538 => Error::new(Status::Auth, "auth.encryption_needed"),
        534 => Error::new(Status::Auth, "auth.mechanism_too_weak"),
        500..600 => Error::new(Status::Auth, "auth.refused"),
        _ => Error::new(Status::Protocol, "protocol.unexpected_reply").arg("code", code),
    }
}
