//! Logging in: AUTHENTICATE with a SASL mechanism, or LOGIN.

use crate::capabilities::Capabilities;
use crate::command::Completion;
use crate::names::{quoted, string};
use crate::session::Session;
use postkontor_plugin::net::sasl::{self, Conversation, Exchange, Mechanism, ServerMessage};
use postkontor_plugin::net::{Recorder, login_refused};
use postkontor_plugin::settings::{Auth, Method};
use postkontor_plugin::{Call, Error, Reply, Stage, Status, Step};
use zeroize::Zeroizing;

/// Logs in. A mailbox needs it, so every method but `none` is some way to do it. Returns the capabilities from then on, where the server
/// lists them.
pub(crate) fn login(session: &mut Session, auth: &Auth, call: &Call, recorder: &mut Recorder) -> Result<Option<Capabilities>, Error> {
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
    let (name, completion, reason) = match mechanism {
        Some(mechanism) => {
            let (completion, reason) = by_mechanism(session, mechanism, auth, call).map_err(at)?;
            (mechanism.name(), completion, reason)
        }
        None => ("LOGIN", by_command(session, auth, call).map_err(at)?, None),
    };
    if !completion.is_ok {
        let (status, code) = login_refused(&completion.text, mechanism);
        let reply = Reply { code: 0, enhanced: None, text: completion.text.clone() };
        let error = Error::new(status, code).arg("mechanism", name).arg("text", completion.text).server(reply);
        return Err(at(error.detail(reason.unwrap_or_default())));
    }
    recorder.note(Step::ok(Stage::Login).fact("mechanism", name).fact("user", auth.user.as_str()), call);
    Ok(completion.capabilities)
}

fn has_password(auth: &Auth) -> bool {
    !auth.password.is_empty()
}

/// AUTHENTICATE; with the end of the command, the reason that the mechanism has room for.
fn by_mechanism(session: &mut Session, mechanism: Mechanism, auth: &Auth, call: &Call) -> Result<(Completion, Option<String>), Error> {
    let endpoint = session.stream.endpoint().clone();
    // Only SASL-IR lets the first response go along (RFC 4959); without it no command is short enough.
    let mut room = if session.capabilities.has("SASL-IR") { usize::MAX } else { 0 };
    loop {
        let mut exchange = Exchange::new(mechanism, auth, &endpoint, session.stream.channel_binding())?.for_service("IMAP");
        let tag = session.next_tag();
        let command = format!("{tag} AUTHENTICATE {}", mechanism.name());
        let completion = exchange.converse(&command, room, &mut Authenticate { session, tag }, call)?;
        if completion.is_ok {
            exchange.finish()?;
        }
        // BAD says that the command was not understood, not that the credentials are wrong; some offer SASL-IR and do not have it.
        if !completion.is_bad || !exchange.has_only_begun() {
            return Ok((completion, exchange.reason().map(str::to_owned)));
        }
        room = 0;
    }
}

fn by_command(session: &mut Session, auth: &Auth, call: &Call) -> Result<Completion, Error> {
    let tag = session.next_tag();
    let password = Zeroizing::new(string(auth.password.reveal(), false));
    let command = Zeroizing::new(format!("LOGIN {} {}", string(&auth.user, false), password.as_str()));
    let shown = format!("{tag} LOGIN {} ***", quoted(&auth.user));
    match session.send_with_literals(&tag, &command, Some(&shown), call)? {
        Some(completion) => Ok(completion),
        None => session.read_completion(&tag, call, |_| Ok(())),
    }
}

/// An AUTHENTICATE command that is under way.
struct Authenticate<'a> {
    session: &'a mut Session,
    tag: String,
}

/// A continuation request is a challenge, the tagged response the outcome; untagged responses may stand between them.
impl Conversation for Authenticate<'_> {
    type Outcome = Completion;

    fn send(&mut self, line: &[u8], shown: &str, call: &Call) -> Result<(), Error> {
        self.session.stream.write_secret(line, shown, call)
    }

    fn receive(&mut self, call: &Call) -> Result<ServerMessage<Completion>, Error> {
        let mut count = 0;
        loop {
            let response = self.session.next_response(&mut count, call)?;
            if let Some(challenge) = response.strip_prefix(b"+") {
                return Ok(ServerMessage::Challenge(challenge.to_vec()));
            }
            if let Some(completion) = self.session.completion(&self.tag, &response)? {
                return Ok(ServerMessage::Outcome(completion));
            }
        }
    }
}
