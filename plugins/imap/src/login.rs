//! Logging in: AUTHENTICATE with a SASL mechanism, or LOGIN.

use crate::capabilities::Capabilities;
use crate::command::Done;
use crate::names::{quoted, string};
use crate::reader::Piece;
use crate::session::Session;
use postkontor_plugin::net::Trail;
use postkontor_plugin::net::sasl::{self, Conversation, Exchange, Heard};
use postkontor_plugin::settings::{Auth, Method};
use postkontor_plugin::{Call, Error, Reply, Stage, Status, Step};
use zeroize::Zeroizing;

/// Logs in. A mailbox needs it, so every method but `none` is some way to do it. Returns what the server can from then on, where it says so.
pub(crate) fn login(session: &mut Session, auth: &Auth, call: &Call, trail: &mut Trail) -> Result<Option<Capabilities>, Error> {
    let host = session.stream.endpoint().host.clone();
    let at = |error: Error| error.stage(Stage::Login).arg("host", host.as_str()).arg("user", auth.user.as_str());
    let offered = session.capabilities.mechanisms();
    let disabled = session.capabilities.has("LOGINDISABLED");
    let mechanism = match (auth.method, sasl::choose(auth, &offered, session.stream.protection())) {
        // The protocol's own command is asked for first, and consent to clear text there is, or there would be an error.
        (Method::Password, Ok(_)) if !disabled => None,
        (_, Ok(mechanism)) => Some(mechanism),
        // Without a mechanism that both know, the protocol's own command is left, unless the server forbids it (RFC 9051, 6.2.3).
        (Method::Auto | Method::Password, Err(error)) if error.code != "auth.cleartext_forbidden" && has_password(auth) => {
            if disabled {
                return Err(at(Error::new(Status::Auth, "imap.login_disabled").at("/auth/method", "imap.login_disabled")));
            }
            None
        }
        (_, Err(error)) => return Err(at(error)),
    };
    let (name, done) = match mechanism {
        Some(mechanism) => {
            let endpoint = session.stream.endpoint().clone();
            let mut exchange = Exchange::new(mechanism, auth, &endpoint, session.stream.channel_binding()).map_err(at)?.for_service("IMAP");
            // Only SASL-IR lets the first response go along (RFC 4959); without it no command is short enough.
            let room = if session.capabilities.has("SASL-IR") { usize::MAX } else { 0 };
            let tag = session.next_tag();
            let command = format!("{tag} AUTHENTICATE {}", mechanism.name());
            let done = exchange.converse(&command, room, &mut Authenticate { session, tag }, call).map_err(at)?;
            if done.is_ok {
                exchange.finish().map_err(at)?;
            }
            (mechanism.name(), done)
        }
        None => ("LOGIN", by_command(session, auth, call).map_err(at)?),
    };
    if !done.is_ok {
        // RFC 5530: some refusals have nothing to do with the credentials.
        let (status, code) = if done.has("UNAVAILABLE") || done.has("LIMIT") || done.has("INUSE") {
            (Status::Later, "auth.later")
        } else {
            (Status::Auth, "auth.refused")
        };
        let reply = Reply { code: 0, enhanced: None, text: done.text.clone() };
        return Err(at(Error::new(status, code).arg("mechanism", name).arg("text", done.text).server(reply)));
    }
    trail.push(Step::ok(Stage::Login).fact("mechanism", name).fact("user", auth.user.as_str()));
    Ok(done.capabilities)
}

fn has_password(auth: &Auth) -> bool {
    !auth.password.is_empty()
}

fn by_command(session: &mut Session, auth: &Auth, call: &Call) -> Result<Done, Error> {
    let tag = session.next_tag();
    let password = Zeroizing::new(string(auth.password.reveal(), false));
    let command = Zeroizing::new(format!("LOGIN {} {}", string(&auth.user, false), password.as_str()));
    let shown = format!("{tag} LOGIN {} ***", quoted(&auth.user));
    match session.say(&tag, &command, Some(&shown), call)? {
        Some(done) => Ok(done),
        None => session.finish(&tag, call, |_| Ok(())),
    }
}

/// An AUTHENTICATE command that is under way.
struct Authenticate<'a> {
    session: &'a mut Session,
    tag: String,
}

/// A line that begins with `+` asks, one with the tag is the verdict; in between the server may say anything.
impl Conversation for Authenticate<'_> {
    type Verdict = Done;

    fn say(&mut self, line: &[u8], shown: &str, call: &Call) -> Result<(), Error> {
        self.session.stream.write_secret(line, shown, call)
    }

    fn hear(&mut self, call: &Call) -> Result<Heard<Done>, Error> {
        loop {
            let answer = match self.session.reader.next(&mut self.session.stream, call)? {
                Piece::Response(answer) => answer,
                Piece::Body { head, .. } => return Err(self.session.malformed(&head)),
            };
            if let Some(challenge) = answer.strip_prefix(b"+") {
                return Ok(Heard::Challenge(challenge.to_vec()));
            }
            if let Some(done) = self.session.done(&self.tag, &answer)? {
                return Ok(Heard::Verdict(done));
            }
        }
    }
}
