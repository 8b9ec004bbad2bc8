//! Logging in: USER and PASS, APOP, or SASL (RFC 1939, RFC 5034).

use crate::session::Session;
use md5::Md5;
use postkontor_plugin::net::sasl::{self, Conversation, Exchange, Mechanism, ServerMessage};
use postkontor_plugin::net::{Recorder, login_refused, secret_hash};
use postkontor_plugin::settings::{Auth, Method};
use postkontor_plugin::{Call, Error, Reply, Stage, Status, Step};
use zeroize::Zeroizing;

/// The longest AUTH command without its end (RFC 5034, section 4, with RFC 2449, section 4).
const COMMAND: usize = 253;

/// The text after `+OK`, or the refusal.
type Outcome = Result<String, Reply>;

/// The command that carries the credentials.
enum LoginCommand {
    UserPass,
    Apop(String),
    Auth(Mechanism),
}

/// Logs in. A mailbox needs it, so every method but `none` is some way to do it.
pub(crate) fn login(session: &mut Session, auth: &Auth, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
    let host = session.stream.endpoint().host.clone();
    let at = |error: Error| error.stage(Stage::Login).arg("host", host.as_str()).arg("user", auth.user.as_str());
    let command = login_command(session, auth).map_err(at)?;
    let mut shown = None;
    let mut reason = None;
    let (name, response) = match command {
        LoginCommand::UserPass => ("USER", user_pass(session, auth, call).map_err(at)?),
        LoginCommand::Apop(timestamp) => ("APOP", apop(session, auth, &timestamp, call).map_err(at)?),
        LoginCommand::Auth(mechanism) => {
            shown = Some(mechanism);
            let (response, given) = by_mechanism(session, mechanism, auth, call).map_err(at)?;
            reason = given;
            (mechanism.name(), response)
        }
    };
    if let Err(reply) = response {
        let (status, code) = login_refused(&reply.text, shown);
        let error = Error::new(status, code).arg("text", reply.text.as_str()).arg("mechanism", name).server(reply);
        return Err(at(error.detail(reason.unwrap_or_default())));
    }
    recorder.note(Step::ok(Stage::Login).fact("mechanism", name).fact("user", auth.user.as_str()), call);
    Ok(())
}

fn login_command(session: &Session, auth: &Auth) -> Result<LoginCommand, Error> {
    let secure = session.stream.is_secure();
    let consent = || {
        let code = "auth.cleartext_forbidden";
        if secure || auth.allow_cleartext { Ok(()) } else { Err(Error::new(Status::Auth, code).at("/auth/allow_cleartext", code)) }
    };
    let no_apop = || Error::new(Status::Auth, "pop3.apop_not_offered").at("/auth/method", "pop3.apop_not_offered");
    match auth.method {
        Method::Apop => {
            consent()?;
            session.timestamp.clone().map(LoginCommand::Apop).ok_or_else(no_apop)
        }
        Method::Password => {
            consent()?;
            Ok(by_command(session))
        }
        Method::Auto => {
            consent()?;
            // Without SASL, or with none that both know, the protocol's own commands are left.
            match sasl::choose(auth, &session.capabilities.mechanisms, session.stream.protection()) {
                Ok(mechanism) => Ok(LoginCommand::Auth(mechanism)),
                Err(error) if auth.password.is_empty() => Err(error),
                Err(_) => Ok(by_command(session)),
            }
        }
        _ => sasl::choose(auth, &session.capabilities.mechanisms, session.stream.protection()).map(LoginCommand::Auth),
    }
}

/// USER and PASS; where the connection is in clear text and the server can, APOP, which does not show the password.
fn by_command(session: &Session) -> LoginCommand {
    match &session.timestamp {
        Some(timestamp) if !session.stream.is_secure() => LoginCommand::Apop(timestamp.clone()),
        _ => LoginCommand::UserPass,
    }
}

/// AUTH; with the response, the reason that the mechanism has room for.
fn by_mechanism(session: &mut Session, mechanism: Mechanism, auth: &Auth, call: &Call) -> Result<(Outcome, Option<String>), Error> {
    let endpoint = session.stream.endpoint().clone();
    let command = format!("AUTH {}", mechanism.name());
    let mut room = COMMAND;
    loop {
        let mut exchange = Exchange::new(mechanism, auth, &endpoint, session.stream.channel_binding())?.for_service("POP");
        let response = exchange.converse(&command, room, session, call)?;
        match &response {
            Ok(_) => exchange.finish()?,
            // The server did not check the credentials: it takes AUTH only without an initial response.
            Err(reply) if room > 0 && exchange.has_only_begun() && is_about_syntax(&reply.text) => {
                room = 0;
                continue;
            }
            Err(_) => (),
        }
        return Ok((response, exchange.reason().map(str::to_owned)));
    }
}

/// Whether the text is about the syntax of the command. POP3 has no code for that, and a second attempt with refused credentials may lock
/// the account, so only unmistakable words count.
fn is_about_syntax(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    !text.starts_with('[') && ["syntax", "argument", "parameter"].iter().any(|word| text.contains(word))
}

fn user_pass(session: &mut Session, auth: &Auth, call: &Call) -> Result<Outcome, Error> {
    if let Err(reply) = session.command(&format!("USER {}\r\n", auth.user), call)? {
        return Ok(Err(reply));
    }
    let line = Zeroizing::new(format!("PASS {}\r\n", auth.password.reveal()));
    session.secret_command(&line, "PASS ***", call)
}

fn apop(session: &mut Session, auth: &Auth, timestamp: &str, call: &Call) -> Result<Outcome, Error> {
    let hash = secret_hash::<Md5>(&[timestamp.as_bytes(), auth.password.reveal().as_bytes()]);
    let digest: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let line = Zeroizing::new(format!("APOP {} {digest}\r\n", auth.user));
    session.secret_command(&line, &format!("APOP {} ***", auth.user), call)
}

/// A line that begins with `+ ` is a challenge; any other is the outcome.
impl Conversation for Session {
    type Outcome = Outcome;

    fn send(&mut self, line: &[u8], shown: &str, call: &Call) -> Result<(), Error> {
        self.expect_silence()?;
        self.stream.write_secret(line, shown, call)
    }

    fn receive(&mut self, call: &Call) -> Result<ServerMessage<Outcome>, Error> {
        let line = self.stream.read_line(call)?.to_vec();
        match line.strip_prefix(b"+ ").or_else(|| (line == b"+").then_some(&b""[..])) {
            Some(challenge) => Ok(ServerMessage::Challenge(challenge.to_vec())),
            None => self.parse_response(&line).map(ServerMessage::Outcome),
        }
    }
}
