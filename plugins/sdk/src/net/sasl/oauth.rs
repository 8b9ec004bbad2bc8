//! XOAUTH2 and OAUTHBEARER (RFC 7628): a token instead of a password.

use super::misbehaviour::{readable, unexpected};
use crate::settings::Endpoint;
use crate::{Error, Stage, Status};
use zeroize::Zeroizing;

pub(super) struct Token {
    initial: Option<Zeroizing<Vec<u8>>>,
    /// What to answer when the server explains why it refuses.
    acknowledgement: &'static [u8],
    reason: Option<String>,
}

impl Token {
    pub(super) fn xoauth2(user: &str, token: &str) -> Token {
        let initial = ["user=", user, "\x01auth=Bearer ", token, "\x01\x01"].concat();
        Token { initial: Some(Zeroizing::new(initial.into_bytes())), acknowledgement: b"", reason: None }
    }

    pub(super) fn oauthbearer(user: &str, endpoint: &Endpoint, token: &str) -> Token {
        let identity = if user.is_empty() { String::new() } else { format!("a={}", user.replace('=', "=3D").replace(',', "=2C")) };
        let port = endpoint.port.to_string();
        let initial = ["n,", &identity, ",\x01host=", &endpoint.host, "\x01port=", &port, "\x01auth=Bearer ", token, "\x01\x01"].concat();
        Token { initial: Some(Zeroizing::new(initial.into_bytes())), acknowledgement: b"\x01", reason: None }
    }

    pub(super) fn initial(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        self.initial.take()
    }

    /// A challenge after the token is a JSON text that tells why it is refused; the server waits for an acknowledgement before
    /// it ends the exchange.
    pub(super) fn respond(&mut self, challenge: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        if let Some(initial) = self.initial.take() {
            return Ok(initial);
        }
        if self.reason.is_some() {
            return Err(unexpected());
        }
        self.reason = Some(readable(challenge));
        Ok(Zeroizing::new(self.acknowledgement.to_vec()))
    }

    pub(super) fn finish(&self) -> Result<(), Error> {
        match &self.reason {
            None => Ok(()),
            Some(reason) => Err(Error::new(Status::Protocol, "auth.unexpected_challenge").stage(Stage::Login).detail(reason.clone())),
        }
    }

    pub(super) fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xoauth2_has_its_form() {
        let mut token = Token::xoauth2("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg");
        let expected = b"user=someuser@example.com\x01auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\x01\x01";
        assert_eq!(**token.initial().unwrap(), *expected);
    }

    #[test]
    fn oauthbearer_follows_the_example_of_rfc_7628() {
        let endpoint = Endpoint { host: "server.example.com".to_owned(), port: 143 };
        let mut token = Token::oauthbearer("user@example.com", &endpoint, "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
        let expected = b"n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01";
        assert_eq!(**token.initial().unwrap(), *expected);
    }

    #[test]
    fn a_refused_token_is_acknowledged_and_the_reason_kept() {
        let mut token = Token::xoauth2("u", "t");
        token.initial();
        assert!(token.respond(br#"{"status":"401"}"#).unwrap().is_empty());
        assert_eq!(token.reason(), Some(r#"{"status":"401"}"#));
        assert!(token.finish().is_err(), "success after a refusal makes no sense");
        let mut token = Token::oauthbearer("a,b=c", &Endpoint { host: "h".to_owned(), port: 1 }, "t");
        assert!(
            token.respond(b"").unwrap().starts_with(b"n,a=a=2Cb=3Dc,\x01"),
            "without an initial response the token answers the empty challenge"
        );
        assert_eq!(**token.respond(br#"{"status":"invalid_token"}"#).unwrap(), *b"\x01");
    }
}
