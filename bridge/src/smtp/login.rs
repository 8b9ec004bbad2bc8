//! Logging in (RFC 4954): PLAIN, LOGIN and CRAM-MD5.

use super::reply::{self, Reply};
use crate::channel::{Channel, Line};
use crate::logins::Proof;
use crate::socket::End;
use crate::token::token;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::time::Duration;
use zeroize::Zeroizing;

/// What a client says to log in.
pub(crate) struct Given {
    pub(crate) user: Vec<u8>,
    secret: Zeroizing<Vec<u8>>,
    /// The challenge that the secret is the answer to.
    challenge: Option<Vec<u8>>,
}

impl Given {
    /// How the client proves that it knows the password.
    pub(crate) fn proof(&self) -> Proof<'_> {
        match &self.challenge {
            None => Proof::Password(&self.secret),
            Some(challenge) => Proof::Hmac { challenge, digest: &self.secret },
        }
    }
}

/// A dialogue with the client.
pub(crate) struct Dialogue<'a> {
    pub(crate) channel: &'a mut Channel,
    /// The longest line.
    pub(crate) limit: usize,
    /// How long the client may take for each line.
    pub(crate) patience: Duration,
}

impl Dialogue<'_> {
    /// Learns who the client is. The inner reply says why it does not come to that.
    pub(crate) fn learn(&mut self, mechanism: &str, initial: Option<Zeroizing<Vec<u8>>>) -> Result<Result<Given, Reply>, End> {
        match mechanism {
            "PLAIN" => self.plain(initial),
            "LOGIN" => self.login(initial),
            "CRAM-MD5" if initial.is_none() => self.cram_md5(),
            "CRAM-MD5" => Ok(Err(reply::LOGIN_UNREADABLE)),
            _ => Ok(Err(reply::MECHANISM)),
        }
    }

    /// Identity, user and password in one answer (RFC 4616).
    fn plain(&mut self, initial: Option<Zeroizing<Vec<u8>>>) -> Result<Result<Given, Reply>, End> {
        let answer = match initial {
            Some(initial) => decoded(&initial),
            None => self.ask("")?,
        };
        Ok(answer.and_then(|answer| {
            let mut parts = answer.splitn(3, |byte| *byte == 0);
            let (identity, user, password) = (parts.next(), parts.next(), parts.next());
            let (Some(identity), Some(user), Some(password)) = (identity, user, password) else { return Err(reply::LOGIN_UNREADABLE) };
            // To act for another is not offered.
            if !identity.is_empty() && identity != user {
                return Err(reply::LOGIN_WRONG);
            }
            Ok(Given { user: user.to_vec(), secret: Zeroizing::new(password.to_vec()), challenge: None })
        }))
    }

    fn login(&mut self, initial: Option<Zeroizing<Vec<u8>>>) -> Result<Result<Given, Reply>, End> {
        let user = match initial {
            Some(initial) => decoded(&initial),
            None => self.ask("Username:")?,
        };
        let user = match user {
            Ok(user) => user.to_vec(),
            Err(reply) => return Ok(Err(reply)),
        };
        Ok(self.ask("Password:")?.map(|secret| Given { user, secret, challenge: None }))
    }

    fn cram_md5(&mut self) -> Result<Result<Given, Reply>, End> {
        let challenge = format!("<{}@postkontor>", token());
        Ok(self.ask(&challenge)?.and_then(|answer| {
            // The user may have blanks in it, the digits have none.
            let at = answer.iter().rposition(|byte| *byte == b' ').ok_or(reply::LOGIN_UNREADABLE)?;
            let secret = Zeroizing::new(answer[at + 1..].to_vec());
            Ok(Given { user: answer[..at].to_vec(), secret, challenge: Some(challenge.into_bytes()) })
        }))
    }

    fn ask(&mut self, question: &str) -> Result<Result<Zeroizing<Vec<u8>>, Reply>, End> {
        self.channel.write(format!("334 {}\r\n", STANDARD.encode(question)).as_bytes())?;
        Ok(match self.channel.line(self.limit, self.patience)? {
            Line::TooLong => Err(reply::LINE_TOO_LONG),
            Line::Whole(line) if *line == b"*" => Err(reply::LOGIN_STOPPED),
            Line::Whole(line) => decoded(&line),
        })
    }
}

/// Base64; `=` stands for nothing (RFC 4954, section 4).
fn decoded(text: &[u8]) -> Result<Zeroizing<Vec<u8>>, Reply> {
    if text == b"=" {
        return Ok(Zeroizing::default());
    }
    STANDARD.decode(text).map(Zeroizing::new).map_err(|_| reply::LOGIN_UNREADABLE)
}
