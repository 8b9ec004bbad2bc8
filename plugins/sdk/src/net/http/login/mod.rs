//! The login of a client: Basic, NTLM and Negotiate (RFC 7617, RFC 4559, MS-NTHT). A token is a field of the request that shows it.
//!
//! A [`Login`] belongs to one [`Client`](super::Client), which asks it before each request and after each 401.
//!
//! - **Basic** goes with each request, without being asked where `auth.method` is `password`.
//! - **NTLM and Negotiate** belong to the connection: three requests with an empty body log it in, and only after that the request of
//!   the caller is sent, so that a large body is sent once. Another connection is logged in anew. A server that wants a ticket with each
//!   request gets one.
//! - **`auto`** asks without credentials first and takes the best of what is offered: NTLM, whose answer does not show the password and is
//!   bound to the TLS connection, then Basic. Every other method is exact.
//! - In clear text nothing is sent without `auth.allow_cleartext`; NTLM and tickets go to a verified server only.

mod handshake;
mod line;
mod offer;
mod refusal;

use crate::net::Recorder;
use crate::net::sasl::{Protection, check};
use crate::settings::{Auth, Method};
use crate::{Call, Error, Secret, Stage, Status};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use handshake::{Handshake, Proof};
pub(super) use line::{Answer, Authorization, Line};
use offer::Offer;
use zeroize::Zeroizing;

/// How a client logs in.
pub struct Login {
    auth: Auth,
    way: Way,
}

enum Way {
    /// There is no login.
    None,
    /// The server was not asked yet what it offers (`auto`).
    Unknown,
    Basic(Secret),
    Handshake(Handshake),
}

impl Login {
    /// The login that the settings ask for, by whatever but a token. Fails where credentials are missing or could break a field.
    pub fn new(auth: &Auth) -> Result<Login, Error> {
        check(auth)?;
        let way = match auth.method {
            Method::None => Way::None,
            Method::Auto | Method::Account if auth.user.is_empty() && auth.password.is_empty() => Way::None,
            Method::Auto | Method::Account => Way::Unknown,
            Method::Password => Way::Basic(basic(auth)?),
            Method::Windows if auth.user.is_empty() => Way::Handshake(Handshake::new(Proof::LoggedOn)),
            Method::Ntlm | Method::Windows => Way::Handshake(Handshake::new(Proof::Password)),
            other => {
                let code = "auth.method_unsupported";
                let error = Error::new(Status::Unsupported, code).stage(Stage::Login).arg("method", other.name());
                return Err(error.at("/auth/method", code));
            }
        };
        Ok(Login { auth: auth.clone(), way })
    }

    /// What no transcript may show, whatever the server sends.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        let mut secrets = vec![self.auth.password.clone()];
        if let Way::Basic(value) = &self.way {
            secrets.push(value.clone());
        }
        secrets
    }

    /// Logs the connection in where that is due, and gives what the next request has to show.
    pub(super) fn prepare(&mut self, line: &mut dyn Line, call: &Call, recorder: &mut Recorder) -> Result<Option<Authorization>, Error> {
        let prepared = self.prepare_for(line, call, recorder);
        prepared.map_err(|error| self.told(error, line))
    }

    fn prepare_for(&mut self, line: &mut dyn Line, call: &Call, recorder: &mut Recorder) -> Result<Option<Authorization>, Error> {
        if matches!(self.way, Way::None) {
            return Ok(None);
        }
        line.connect(call, recorder)?;
        self.permit(line.protection())?;
        if matches!(self.way, Way::Unknown) {
            self.look(line, call, recorder)?;
        }
        match &mut self.way {
            Way::None | Way::Unknown => Ok(None),
            Way::Basic(value) => Ok(Some(Authorization { scheme: "Basic ", value: value.clone(), is_for_one_request: false })),
            Way::Handshake(handshake) => handshake.prepare(&self.auth, line, call, recorder),
        }
    }

    /// Whether another connection has to be logged in before a request goes out on it.
    pub(super) fn belongs_to_connection(&self) -> bool {
        matches!(&self.way, Way::Handshake(handshake) if handshake.belongs_to_connection())
    }

    /// The name of the login, once it is known which one it is.
    pub(super) fn mechanism(&self) -> Option<&'static str> {
        match &self.way {
            Way::None | Way::Unknown => None,
            Way::Basic(_) => Some("Basic"),
            Way::Handshake(handshake) => Some(handshake.mechanism()),
        }
    }

    /// Takes note of an answer other than 401.
    pub(super) fn accepted(&mut self, answer: &Answer, line: &dyn Line, call: &Call) -> Result<(), Error> {
        match &mut self.way {
            Way::Handshake(handshake) => handshake.accepted(answer, call).map_err(|error| self.told(error, line)),
            _ => Ok(()),
        }
    }

    /// What a 401 means: an error where it is the end, else the request may be sent once more.
    pub(super) fn refused(&mut self, answer: &Answer, line: &mut dyn Line, is_last: bool) -> Result<(), Error> {
        let refused = self.refused_at(answer, line, is_last);
        refused.map_err(|error| self.told(error, line))
    }

    fn refused_at(&mut self, answer: &Answer, line: &mut dyn Line, is_last: bool) -> Result<(), Error> {
        let offer = Offer::of(&answer.offered);
        match &mut self.way {
            Way::None => Err(refusal::unasked(&offer)),
            Way::Unknown if is_last => Err(refusal::unasked(&offer)),
            Way::Unknown => self.choose(&offer, line.protection()),
            Way::Basic(_) if offer.has("Basic") => Err(refusal::password("Basic", answer.is_bare, false)),
            Way::Basic(_) => Err(refusal::not_offered(&self.auth, "Basic", &offer)),
            Way::Handshake(handshake) => handshake.refused(answer, line, is_last),
        }
    }

    /// Asks without credentials what is offered.
    fn look(&mut self, line: &mut dyn Line, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
        let answer = line.ask(None, call, recorder)?;
        // What is open to all at the moment may still want a login later, and then says so.
        if answer.status == 401 { self.choose(&Offer::of(&answer.offered), line.protection()) } else { Ok(()) }
    }

    /// Takes the best of what is offered.
    fn choose(&mut self, offer: &Offer, protection: Protection) -> Result<(), Error> {
        let is_verified = protection == Protection::Verified || self.auth.allow_cleartext;
        self.way = if is_verified && (offer.has("NTLM") || offer.has("Negotiate")) {
            Way::Handshake(Handshake::new(Proof::Password))
        } else if offer.has("Basic") {
            Way::Basic(basic(&self.auth)?)
        } else {
            return Err(refusal::not_offered(&self.auth, "NTLM, Negotiate, Basic", offer));
        };
        Ok(())
    }

    /// Refuses to show credentials to whom they are not for.
    fn permit(&self, protection: Protection) -> Result<(), Error> {
        let refusal = match protection {
            _ if self.auth.allow_cleartext => return Ok(()),
            Protection::None => ("auth.cleartext_forbidden", "/auth/allow_cleartext"),
            // Its answer can be passed on to the server that it is for.
            Protection::Unverified if matches!(self.way, Way::Handshake(_)) => ("auth.server_unverified", "/tls/verify"),
            _ => return Ok(()),
        };
        Err(Error::new(Status::Auth, refusal.0).stage(Stage::Login).at(refusal.1, refusal.0))
    }

    /// Adds to an error what every sentence about a login names. Errors of the connection keep their stage.
    fn told(&self, error: Error, line: &dyn Line) -> Error {
        if !error.code.starts_with("auth.") && !error.code.starts_with("settings.") {
            return error;
        }
        error.stage(Stage::Login).arg("host", line.endpoint().host.as_str()).arg("user", self.auth.user.as_str())
    }
}

/// The value of Basic: in UTF-8, as RFC 7617 has it and IIS understands it.
fn basic(auth: &Auth) -> Result<Secret, Error> {
    let missing = |pointer: &str, code: &str| Err(Error::new(Status::Settings, code).stage(Stage::Login).at(pointer, code));
    if auth.user.is_empty() {
        return missing("/auth/user", "auth.user_missing");
    }
    if auth.password.is_empty() {
        return missing("/auth/password", "auth.password_missing");
    }
    // The first colon ends the name.
    if auth.user.contains(':') {
        return missing("/auth/user", "auth.user_has_colon");
    }
    let credentials = Zeroizing::new(format!("{}:{}", auth.user, auth.password.reveal()));
    Ok(Secret::new(STANDARD.encode(credentials.as_bytes())))
}
