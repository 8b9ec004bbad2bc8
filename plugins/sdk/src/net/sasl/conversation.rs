//! The lines of an exchange, which SMTP, POP3 and IMAP carry alike: base64, one challenge and one response at a time.

use super::Exchange;
use super::misbehaviour::unexpected;
use crate::{Call, Error};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// More challenges than any mechanism has.
const CHALLENGES: usize = 8;

/// A session that carries an exchange: what the protocols do each in its own way.
pub trait Conversation {
    /// The answer that ends the exchange: success or failure.
    type Outcome;

    /// Sends a line that ends with CRLF. `shown` is what the transcript shows in its place.
    fn send(&mut self, line: &[u8], shown: &str, call: &Call) -> Result<(), Error>;

    /// Waits for the server's next message.
    fn receive(&mut self, call: &Call) -> Result<ServerMessage<Self::Outcome>, Error>;
}

/// A server's message in an exchange (RFC 4422, section 3).
pub enum ServerMessage<O> {
    /// A challenge, still in base64.
    Challenge(Vec<u8>),
    /// The answer that ends the exchange.
    Outcome(O),
}

impl Exchange {
    /// Runs the whole exchange, from the command to its outcome. Only the protocol knows whether the outcome is a success; then
    /// [`Exchange::finish`] says whether the server has proved itself, too.
    ///
    /// `command` names the mechanism (`AUTH PLAIN`, `A1 AUTHENTICATE PLAIN`). The first response goes with it where the line, its end
    /// not counted, has at most `room` bytes (RFC 4954, section 4; RFC 5034, section 4; RFC 4959); otherwise it waits for the server's
    /// challenge. Where the server asks for it although it went along, it is sent once more: some servers overlook it there.
    pub fn converse<C: Conversation>(&mut self, command: &str, room: usize, with: &mut C, call: &Call) -> Result<C::Outcome, Error> {
        let mut shown = command.to_owned();
        let mut initial = self.initial();
        let mut line = line_for(command.len() + 1, initial.as_ref().map_or(0, |initial| initial.len()));
        line.push_str(command);
        let fits = |initial: &&Zeroizing<Vec<u8>>| command.len() + 1 + initial.len().div_ceil(3).max(1) * 4 <= room;
        let went_along = initial.as_ref().filter(fits);
        if let Some(initial) = went_along {
            line.push(' ');
            // An empty response is written as "=", to be told from none.
            if initial.is_empty() {
                line.push('=')
            } else {
                STANDARD.encode_string(&**initial, &mut line)
            }
            shown.push_str(" ***");
            self.has_only_begun = true;
        }
        line.push_str("\r\n");
        let is_held = went_along.is_none();
        with.send(line.as_bytes(), &shown, call)?;
        for _ in 0..CHALLENGES {
            let challenge = match with.receive(call)? {
                ServerMessage::Challenge(challenge) => challenge,
                ServerMessage::Outcome(outcome) => return Ok(outcome),
            };
            self.has_only_begun = false;
            let response = match initial.take() {
                // Whatever words it is asked for by. A server that asks for it although it went along has not looked at it there.
                Some(initial) if is_held || self.is_still_asked(&challenge) => initial,
                _ => self.respond(&self.challenge(&challenge)?, call)?,
            };
            let mut line = line_for(0, response.len());
            STANDARD.encode_string(&**response, &mut line);
            line.push_str("\r\n");
            with.send(line.as_bytes(), "***", call)?;
        }
        Err(unexpected())
    }
}

/// Room for the whole of a line with a response in base64: a text that grows leaves its former self behind in memory.
fn line_for(before: usize, response: usize) -> Zeroizing<String> {
    Zeroizing::new(String::with_capacity(before + response.div_ceil(3).max(1) * 4 + "\r\n".len()))
}

#[cfg(test)]
mod tests {
    use super::super::{Mechanism, fixtures};
    use super::*;
    use crate::Secret;
    use crate::settings::{Auth, Endpoint, OAuth2};
    use std::collections::VecDeque;

    /// A server that says what it was given, then asks for ever.
    #[derive(Default)]
    struct Script {
        answers: VecDeque<ServerMessage<bool>>,
        sent: Vec<(String, String)>,
    }

    impl Conversation for Script {
        type Outcome = bool;

        fn send(&mut self, line: &[u8], shown: &str, _call: &Call) -> Result<(), Error> {
            self.sent.push((String::from_utf8_lossy(line).into_owned(), shown.to_owned()));
            Ok(())
        }

        fn receive(&mut self, _call: &Call) -> Result<ServerMessage<bool>, Error> {
            Ok(self.answers.pop_front().unwrap_or(ServerMessage::Challenge(Vec::new())))
        }
    }

    fn exchange(mechanism: Mechanism) -> Exchange {
        let auth = Auth { user: "anna".to_owned(), password: Secret::new("geheim"), ..Auth::default() };
        Exchange::new(mechanism, &auth, &Endpoint { host: "server.example.com".to_owned(), port: 25 }, None).unwrap()
    }

    fn run(mechanism: Mechanism, room: usize, answers: Vec<ServerMessage<bool>>) -> (Result<bool, Error>, Vec<(String, String)>) {
        let mut script = Script { answers: answers.into(), sent: Vec::new() };
        let outcome = exchange(mechanism).converse("AUTH X", room, &mut script, &fixtures::call());
        (outcome, script.sent)
    }

    #[test]
    fn the_first_response_goes_along_where_there_is_room() {
        let credentials = STANDARD.encode("\0anna\0geheim");
        let whole = format!("AUTH X {credentials}");
        let (outcome, sent) = run(Mechanism::Plain, whole.len(), vec![ServerMessage::Outcome(true)]);
        assert_eq!((outcome.unwrap(), sent), (true, vec![(format!("{whole}\r\n"), "AUTH X ***".to_owned())]));
        let (outcome, sent) =
            run(Mechanism::Plain, whole.len() - 1, vec![ServerMessage::Challenge(Vec::new()), ServerMessage::Outcome(false)]);
        let apart = vec![("AUTH X\r\n".to_owned(), "AUTH X".to_owned()), (format!("{credentials}\r\n"), "***".to_owned())];
        assert_eq!((outcome.unwrap(), sent), (false, apart));
    }

    #[test]
    fn an_empty_first_response_differs_from_none() {
        let auth = Auth::default();
        let endpoint = Endpoint { host: "server.example.com".to_owned(), port: 25 };
        let mut external = Exchange::new(Mechanism::External, &auth, &endpoint, None).unwrap();
        let mut script = Script { answers: VecDeque::from([ServerMessage::Outcome(true)]), sent: Vec::new() };
        assert!(external.converse("AUTH EXTERNAL", 512, &mut script, &fixtures::call()).unwrap());
        assert_eq!(script.sent[0].0, "AUTH EXTERNAL =\r\n");
    }

    /// The answers that were sent, out of base64, after one challenge to a command that had the initial response with it.
    fn answered(mechanism: Mechanism, challenge: &str) -> Result<(String, String), Error> {
        let token = OAuth2 { access_token: Secret::new("token-7"), ..OAuth2::default() };
        let auth = Auth { user: "anna".to_owned(), password: Secret::new("geheim"), oauth2: Some(token), ..Auth::default() };
        let endpoint = Endpoint { host: "server.example.com".to_owned(), port: 25 };
        let mut exchange = Exchange::new(mechanism, &auth, &endpoint, None).unwrap();
        let answers = [ServerMessage::Challenge(challenge.as_bytes().to_vec()), ServerMessage::Outcome(true)];
        let mut script = Script { answers: answers.into(), sent: Vec::new() };
        exchange.converse("AUTH X", 4096, &mut script, &fixtures::call())?;
        let plain = |text: &str| String::from_utf8(STANDARD.decode(text.trim_end()).unwrap()).unwrap();
        Ok((plain(script.sent[0].0.strip_prefix("AUTH X ").unwrap()), plain(&script.sent[1].0)))
    }

    #[test]
    fn a_server_that_overlooks_the_first_response_gets_it_once_more() {
        for mechanism in [
            Mechanism::Plain,
            Mechanism::External,
            Mechanism::ScramSha1,
            Mechanism::ScramSha256,
            Mechanism::Xoauth2,
            Mechanism::OauthBearer,
        ] {
            for challenge in ["", " ", " Go ahead", "PLAIN supported", "ready for response"] {
                let (initial, response) = answered(mechanism, challenge).unwrap();
                assert!(!initial.is_empty() && initial == response, "{mechanism:?} {challenge:?}");
            }
        }
    }

    #[test]
    fn what_a_server_really_asks_after_the_first_response_is_answered() {
        let refusal = STANDARD.encode(r#"{"status":"401"}"#);
        for challenge in [refusal.as_str(), r#"{"status":"401"}"#] {
            assert_eq!(answered(Mechanism::Xoauth2, challenge).unwrap().1, "");
            assert_eq!(answered(Mechanism::OauthBearer, challenge).unwrap().1, "\x01");
        }
        let foreign = STANDARD.encode("r=foreign,s=QSXCR+Q6sek8bf92,i=4096");
        assert_eq!(answered(Mechanism::ScramSha256, &foreign).unwrap_err().code, "auth.nonce_foreign");
    }

    #[test]
    fn words_that_ask_for_the_first_response_are_not_looked_at() {
        for mechanism in [Mechanism::Plain, Mechanism::ScramSha1] {
            let invited = vec![ServerMessage::Challenge(b"SCRAM-SHA-1 supported".to_vec()), ServerMessage::Outcome(true)];
            let (outcome, sent) = run(mechanism, 0, invited);
            assert!(outcome.unwrap(), "{mechanism:?}");
            assert_eq!(sent[0].0, "AUTH X\r\n");
        }
    }

    #[test]
    fn a_server_that_never_stops_asking_is_refused() {
        let (outcome, sent) = run(Mechanism::Login, 512, Vec::new());
        assert_eq!(outcome.unwrap_err().code, "auth.unexpected_challenge");
        assert!(sent.len() <= CHALLENGES);
    }
}
