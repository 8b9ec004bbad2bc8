//! AUTH (RFC 4954): the credentials, by a mechanism of `sdk::net::sasl`.

use crate::reply::Reply;
use crate::session::Session;
use postkontor_plugin::net::Recorder;
use postkontor_plugin::net::sasl::{self, Conversation, Exchange, Mechanism, ServerMessage};
use postkontor_plugin::settings::Auth;
use postkontor_plugin::{Call, Error, Reply as CleanReply, Stage, Status, Step};

/// The longest AUTH command without its end (RFC 4954, section 4, with RFC 5321, section 4.5.3.1.4).
const COMMAND: usize = 510;

/// Logs in.
pub(crate) fn login(session: &mut Session, auth: &Auth, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
    let endpoint = session.stream.endpoint().clone();
    let at = |error: Error| error.stage(Stage::Login).arg("host", endpoint.host.as_str()).arg("user", auth.user.as_str());
    let mechanism = sasl::choose(auth, &session.capabilities.mechanisms, session.stream.protection()).map_err(at)?;
    let mut room = COMMAND;
    let (reply, reason) = loop {
        let binding = session.stream.channel_binding();
        let mut exchange = Exchange::new(mechanism, auth, &endpoint, binding).map_err(at)?.for_service("SMTPSVC");
        let reply = exchange.converse(&format!("AUTH {}", mechanism.name()), room, session, call).map_err(at)?;
        if reply.code == 235 {
            exchange.finish().map_err(at)?;
            recorder.note(Step::ok(Stage::Login).fact("mechanism", mechanism.name()).fact("user", auth.user.as_str()), call);
            return Ok(());
        }
        // The server refused the syntax, not the credentials: some take AUTH only without an initial response.
        if !exchange.has_only_begun() || !matches!(reply.code, 500..=504) {
            break (reply, exchange.reason().map(str::to_owned));
        }
        room = 0;
    };
    let cleaned = reply.cleaned(&mut session.stream);
    let error = refusal(&cleaned, mechanism).arg("mechanism", mechanism.name()).arg("text", cleaned.text.as_str()).server(cleaned);
    Err(at(error.detail(reason.unwrap_or_default())))
}

/// A reply with 334 is a challenge; any other is the outcome.
impl Conversation for Session {
    type Outcome = Reply;

    fn send(&mut self, line: &[u8], shown: &str, call: &Call) -> Result<(), Error> {
        self.expect_silence()?;
        self.stream.write_secret(line, shown, call)
    }

    fn receive(&mut self, call: &Call) -> Result<ServerMessage<Reply>, Error> {
        let reply = self.reply(call)?;
        let challenge = (reply.code == 334).then(|| reply.lines().next().unwrap_or_default().to_vec());
        Ok(challenge.map_or(ServerMessage::Outcome(reply), ServerMessage::Challenge))
    }
}

/// The error of a refused login: RFC 4954, section 6, and the texts of providers.
fn refusal(reply: &CleanReply, mechanism: Mechanism) -> Error {
    let text = reply.text.to_ascii_lowercase();
    match reply.code {
        // Exchange Online has one code for many reasons; only the text tells a tenant without SMTP AUTH from a wrong password.
        535 if reply.enhanced.as_deref() == Some("5.7.139") && text.contains("disabled") => Error::new(Status::Auth, "auth.not_enabled"),
        // Gmail does not mean the mechanism: it wants a password that was made for programs, or a login by a browser first.
        534 if text.contains("password") || text.contains("browser") => Error::new(Status::Auth, "auth.refused"),
        421 => Error::new(Status::Later, "smtp.closing"),
        432 => Error::new(Status::Auth, "auth.password_change_needed"),
        400..500 => Error::new(Status::Later, "auth.later"),
        530 | 538 => Error::new(Status::Auth, "auth.encryption_needed"),
        534 => Error::new(Status::Auth, "auth.mechanism_too_weak"),
        500..600 => Error::new(Status::Auth, mechanism.refused()),
        code => Error::new(Status::Protocol, "protocol.unexpected_reply").arg("code", code),
    }
}
