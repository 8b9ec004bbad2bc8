//! SASL (RFC 4422): authentication by one of several mechanisms, for any protocol that carries it.
//!
//! A session asks [`choose`] for the mechanism, makes an [`Exchange`], lets it [`converse`](Exchange::converse) with the server, and
//! calls [`finish`](Exchange::finish) when the server reports success. The session sends and receives the lines of its protocol
//! ([`Conversation`]). A protocol that carries no base64, or not line by line, sends [`initial`](Exchange::initial) and answers each
//! challenge with [`respond`](Exchange::respond).
//!
//! - Without TLS, and without `auth.allow_cleartext`, no mechanism of any kind is chosen: a challenge and its answer suffice to
//!   try passwords at leisure, and a token is as good as a password.
//! - A mechanism that the settings name is never replaced by another one.
//! - DIGEST-MD5, which is historic, is used only where the settings name it.
//! - NTLM and tickets of the logged-on user are used only where the settings name them, and only with a server that has proved who it is
//!   ([`Protection::Verified`]): another server could pass the answer on (relaying), or try passwords against it at leisure.
//! - Passwords are taken as they are, in UTF-8. Of SASLprep (RFC 4013) only the prohibition of control characters is applied; text
//!   as keyboards produce it is already in the form that SASLprep would give it.

mod choice;
mod constant_time;
mod conversation;
mod cram_md5;
mod credentials;
mod digest_md5;
mod external;
mod gssapi;
mod login;
mod misbehaviour;
mod ntlm;
mod oauth;
mod plain;
mod scram;

use super::logged_on::{Package, Peer};
use crate::settings::{Auth, Endpoint};
use crate::{Call, Error};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
pub use choice::{choose, wanted};
pub use conversation::{Conversation, ServerMessage};
pub use credentials::check;
use credentials::{password, token, user};
use misbehaviour::{malformed, unexpected};
use zeroize::Zeroizing;

/// A SASL mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// User name and password as they are (RFC 4616).
    Plain,
    /// User name and password, asked for one after the other; never standardised, widespread.
    Login,
    /// A keyed MD5 of the server's challenge (RFC 2195).
    CramMd5,
    /// A keyed MD5 with proof from both sides (RFC 2831); historic.
    DigestMd5,
    /// Salted challenge and response with proof from both sides (RFC 5802).
    ScramSha1,
    /// The same with SHA-256 (RFC 7677).
    ScramSha256,
    /// An OAuth 2.0 token in the form that Google and Microsoft began with.
    Xoauth2,
    /// An OAuth 2.0 token in standard form (RFC 7628).
    OauthBearer,
    /// The TLS client certificate is the proof (RFC 4422, appendix A).
    External,
    /// Challenge and response of Windows servers, version 2 only (MS-NLMP); bound to the TLS connection and to the service.
    Ntlm,
    /// The Kerberos ticket of the user who is logged on to this machine (RFC 4752).
    Gssapi,
    /// The same in the envelope of SPNEGO, as Windows servers have it.
    GssSpnego,
}

/// How well the connection protects what is sent on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protection {
    /// Clear text.
    None,
    /// TLS with an unknown server: the certificate was not checked.
    Unverified,
    /// TLS with the server that is meant.
    Verified,
}

impl Mechanism {
    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Mechanism::Plain => "PLAIN",
            Mechanism::Login => "LOGIN",
            Mechanism::CramMd5 => "CRAM-MD5",
            Mechanism::DigestMd5 => "DIGEST-MD5",
            Mechanism::ScramSha1 => "SCRAM-SHA-1",
            Mechanism::ScramSha256 => "SCRAM-SHA-256",
            Mechanism::Xoauth2 => "XOAUTH2",
            Mechanism::OauthBearer => "OAUTHBEARER",
            Mechanism::External => "EXTERNAL",
            Mechanism::Ntlm => "NTLM",
            Mechanism::Gssapi => "GSSAPI",
            Mechanism::GssSpnego => "GSS-SPNEGO",
        }
    }

    /// Whether a token is shown instead of a password.
    pub fn is_by_token(self) -> bool {
        matches!(self, Mechanism::Xoauth2 | Mechanism::OauthBearer)
    }

    /// Whether a ticket of the logged-on user is shown instead of a password.
    pub fn is_by_ticket(self) -> bool {
        matches!(self, Mechanism::Gssapi | Mechanism::GssSpnego)
    }

    /// The code of an error that says no more than that these credentials are refused: it names what was shown.
    pub fn refused(self) -> &'static str {
        if self.is_by_token() {
            "auth.token_refused"
        } else if self.is_by_ticket() {
            "auth.ticket_refused"
        } else {
            "auth.refused"
        }
    }
}

/// One authentication exchange, from the first message to the outcome.
pub struct Exchange {
    state: State,
    /// The initial response went along with the command, and no challenge came since.
    has_only_begun: bool,
}

enum State {
    Plain(plain::Plain),
    Login(login::Login),
    CramMd5(cram_md5::CramMd5),
    DigestMd5(Box<digest_md5::DigestMd5>),
    Scram(Box<scram::Scram>),
    Token(oauth::Token),
    External(external::External),
    Ntlm(Box<ntlm::Ntlm>),
    Gssapi(Box<gssapi::Gssapi>),
}

impl Exchange {
    /// Prepares an exchange, and refuses credentials that are missing or that no server could accept.
    ///
    /// `endpoint` is the server as the settings name it; OAUTHBEARER, DIGEST-MD5 and NTLM tell it to the server. `binding` is what the TLS
    /// connection offers to bind the proof to, which is the certificate's hash of `tls-server-end-point`. NTLM and
    /// GSSAPI take it: the SCRAM-…-PLUS servers in the field want `tls-unique`.
    pub fn new(mechanism: Mechanism, auth: &Auth, endpoint: &Endpoint, binding: Option<Vec<u8>>) -> Result<Exchange, Error> {
        check(auth)?;
        let state = match mechanism {
            Mechanism::Plain => State::Plain(plain::Plain::new(user(auth)?, password(auth)?)),
            Mechanism::Login => State::Login(login::Login::new(user(auth)?, password(auth)?)),
            Mechanism::CramMd5 => State::CramMd5(cram_md5::CramMd5::new(user(auth)?, password(auth)?)),
            Mechanism::DigestMd5 => State::DigestMd5(Box::new(digest_md5::DigestMd5::new(user(auth)?, password(auth)?, endpoint)?)),
            Mechanism::ScramSha1 => State::Scram(Box::new(scram::Scram::new(scram::Hash::Sha1, user(auth)?, password(auth)?)?)),
            Mechanism::ScramSha256 => State::Scram(Box::new(scram::Scram::new(scram::Hash::Sha256, user(auth)?, password(auth)?)?)),
            Mechanism::Xoauth2 => State::Token(oauth::Token::xoauth2(user(auth)?, token(auth)?)),
            Mechanism::OauthBearer => State::Token(oauth::Token::oauthbearer(&auth.user, endpoint, token(auth)?)),
            Mechanism::External => State::External(external::External::new(&auth.user)),
            #[cfg(windows)]
            Mechanism::Ntlm if credentials::is_logged_on_user(auth) => as_logged_on(Package::Ntlm, endpoint, binding),
            Mechanism::Ntlm => State::Ntlm(Box::new(ntlm::Ntlm::new(auth, endpoint, binding)?)),
            Mechanism::Gssapi => as_logged_on(Package::Kerberos, endpoint, binding),
            Mechanism::GssSpnego => as_logged_on(Package::Negotiate, endpoint, binding),
        };
        Ok(Exchange { state, has_only_begun: false })
    }

    /// Names the kind of service that is meant to be reached, as Windows calls it: `SMTPSVC`, `POP`, `IMAP`, `HTTP`.
    ///
    /// A proof by NTLM, GSSAPI or DIGEST-MD5 is good for that service only, where the server looks at it; the other mechanisms do not say it.
    #[must_use]
    pub fn for_service(mut self, service: &str) -> Exchange {
        match &mut self.state {
            State::Ntlm(ntlm) => ntlm.aim(service),
            State::Gssapi(gssapi) => gssapi.aim(service),
            State::DigestMd5(digest) => digest.aim(service),
            _ => (),
        }
        self
    }

    /// Takes a challenge out of base64, in which SMTP, POP3 and IMAP carry it.
    ///
    /// Some servers invite to NTLM by words ("334 NTLM supported"); those count as an empty challenge. Where the answer does not depend
    /// on the question, words in clear are taken as they are.
    pub fn challenge(&self, text: &[u8]) -> Result<Vec<u8>, Error> {
        match (STANDARD.decode(text.trim_ascii()), &self.state) {
            (Ok(challenge), _) => Ok(challenge),
            (Err(_), State::Ntlm(ntlm)) if ntlm.is_at_start() => Ok(Vec::new()),
            (Err(_), State::Gssapi(gssapi)) if gssapi.is_at_start() => Ok(Vec::new()),
            // These answer whatever they are asked, and some servers ask in clear ("334 Username:"); after a token it is the reason.
            (Err(_), State::Plain(_) | State::Login(_) | State::External(_) | State::Token(_)) => Ok(text.trim_ascii().to_vec()),
            (Err(_), _) => Err(malformed()),
        }
    }

    /// Whether the first challenge after the initial response, still in base64, only asks for that response: it is empty or in clear words
    /// ("334 PLAIN supported"), or the mechanism has nothing else to ask for.
    fn is_still_asked(&self, text: &[u8]) -> bool {
        let text = text.trim_ascii();
        match &self.state {
            State::Plain(_) | State::External(_) => true,
            // Why a token is refused is a JSON text.
            State::Token(_) => !STANDARD.decode(text).unwrap_or_else(|_| text.to_vec()).trim_ascii_start().starts_with(b"{"),
            _ => text.is_empty() || STANDARD.decode(text).is_err(),
        }
    }

    /// The response to send before any challenge, unencoded; `None` where the server speaks first. With NTLM it is taken to do so,
    /// by an empty challenge: Microsoft's servers document the bare command in each protocol.
    ///
    /// A session that cannot carry it sends nothing and passes the server's empty challenge to [`Exchange::respond`].
    pub fn initial(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        match &mut self.state {
            State::Plain(plain) => plain.initial(),
            State::Scram(scram) => scram.initial(),
            State::Token(token) => token.initial(),
            State::External(external) => external.initial(),
            State::Login(_) | State::CramMd5(_) | State::DigestMd5(_) | State::Ntlm(_) | State::Gssapi(_) => None,
        }
    }

    /// The response to a challenge, both unencoded. After an error the session is to be closed.
    pub fn respond(&mut self, challenge: &[u8], call: &Call) -> Result<Zeroizing<Vec<u8>>, Error> {
        match &mut self.state {
            State::Plain(plain) => plain.initial().ok_or_else(unexpected),
            State::External(external) => external.initial().ok_or_else(unexpected),
            State::Login(login) => login.respond(),
            State::CramMd5(cram) => cram.respond(challenge),
            State::DigestMd5(digest) => digest.respond(challenge),
            State::Scram(scram) => scram.respond(challenge, call),
            State::Token(token) => token.respond(challenge),
            State::Ntlm(ntlm) => ntlm.respond(challenge),
            State::Gssapi(gssapi) => gssapi.respond(challenge, call),
        }
    }

    /// To be called when the server reports success: fails where the server itself still owed us a proof.
    pub fn finish(&mut self) -> Result<(), Error> {
        match &mut self.state {
            State::DigestMd5(digest) => digest.finish(),
            State::Scram(scram) => scram.finish(),
            State::Token(token) => token.finish(),
            State::Ntlm(ntlm) => ntlm.finish(),
            State::Gssapi(gssapi) => gssapi.finish(),
            _ => Ok(()),
        }
    }

    /// Whether no challenge came after the command that carried the initial response: a server that refuses may not have understood
    /// that form of the command.
    pub fn has_only_begun(&self) -> bool {
        self.has_only_begun
    }

    /// The server's reason for refusing, where the mechanism has room for one.
    pub fn reason(&self) -> Option<&str> {
        match &self.state {
            State::Scram(scram) => scram.reason(),
            State::Token(token) => token.reason(),
            _ => None,
        }
    }
}

fn as_logged_on(package: Package, endpoint: &Endpoint, binding: Option<Vec<u8>>) -> State {
    State::Gssapi(Box::new(gssapi::Gssapi::new(package, Peer::new(endpoint, binding))))
}

#[cfg(test)]
mod fixtures {
    use crate::Call;
    use std::time::{Duration, Instant};

    pub(super) fn call() -> Call<'static> {
        Call::new(&(), Instant::now() + Duration::from_secs(60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;
    use crate::settings::OAuth2;

    fn endpoint() -> Endpoint {
        Endpoint { host: "server.example.com".to_owned(), port: 587 }
    }

    fn auth(user: &str, password: &str) -> Auth {
        Auth { user: user.to_owned(), password: Secret::new(password), ..Auth::default() }
    }

    fn pointer(result: Result<Exchange, Error>) -> String {
        result.err().map(|error| error.at[0].pointer.clone()).unwrap_or_default()
    }

    #[test]
    fn missing_credentials_are_named_by_their_pointer() {
        let new = |mechanism, auth: &Auth| pointer(Exchange::new(mechanism, auth, &endpoint(), None));
        assert_eq!(new(Mechanism::Plain, &auth("", "x")), "/auth/user");
        assert_eq!(new(Mechanism::CramMd5, &auth("x", "")), "/auth/password");
        assert_eq!(new(Mechanism::DigestMd5, &auth("", "x")), "/auth/user");
        assert_eq!(new(Mechanism::DigestMd5, &auth("x", "")), "/auth/password");
        assert_eq!(new(Mechanism::Xoauth2, &auth("x", "x")), "/auth/oauth2/access_token");
        assert_eq!(new(Mechanism::External, &auth("", "")), "");
        assert_eq!(new(Mechanism::Ntlm, &auth("", "x")), "/auth/user");
        assert_eq!(new(Mechanism::Ntlm, &auth("x", "")), "/auth/password");
    }

    #[test]
    fn control_characters_in_credentials_are_refused() {
        for text in ["a\r\nb", "a\0b", "a\u{1}b", "a\u{85}b"] {
            assert_eq!(pointer(Exchange::new(Mechanism::Plain, &auth(text, "x"), &endpoint(), None)), "/auth/user", "{text:?}");
            assert_eq!(pointer(Exchange::new(Mechanism::ScramSha256, &auth("x", text), &endpoint(), None)), "/auth/password", "{text:?}");
        }
        let token = Auth { oauth2: Some(OAuth2 { access_token: Secret::new("a b"), ..OAuth2::default() }), ..auth("x", "") };
        assert_eq!(pointer(Exchange::new(Mechanism::OauthBearer, &token, &endpoint(), None)), "/auth/oauth2/access_token");
    }

    #[test]
    fn a_server_that_never_stops_asking_is_refused() {
        for mechanism in
            [Mechanism::Plain, Mechanism::Login, Mechanism::CramMd5, Mechanism::DigestMd5, Mechanism::External, Mechanism::Ntlm]
        {
            let mut exchange = Exchange::new(mechanism, &auth("x", "x"), &endpoint(), None).unwrap();
            let refused = (0..4).any(|_| exchange.respond(b"<1@x>", &fixtures::call()).is_err());
            assert!(refused, "{mechanism:?}");
        }
    }

    #[test]
    fn only_ntlm_is_invited_by_words_and_only_once() {
        let new = |mechanism| Exchange::new(mechanism, &auth("x", "x"), &endpoint(), None).unwrap();
        let mut ntlm = new(Mechanism::Ntlm);
        assert_eq!(ntlm.initial(), None);
        assert_eq!(ntlm.challenge(b"NTLM supported").unwrap(), b"");
        ntlm.respond(b"", &fixtures::call()).unwrap();
        assert_eq!(ntlm.challenge(b"NTLM supported").unwrap_err().code, "auth.challenge_malformed");
        assert_eq!(new(Mechanism::CramMd5).challenge(b"CRAM supported").unwrap_err().code, "auth.challenge_malformed");
        assert_eq!(new(Mechanism::CramMd5).challenge(b" PDFAeD4= ").unwrap(), b"<1@x>");
    }
}
