//! How each request says who we are.

use crate::settings::Settings;
use base64::Engine;
use postkontor_plugin::net::Recorder;
use postkontor_plugin::settings::Method;
use postkontor_plugin::{Call, Error, Opening, Secret, Stage, Status};

/// The login of an account.
pub(crate) enum Login {
    /// User name and password in each request.
    Basic(Secret),
    /// An access token in each request.
    Bearer(Secret),
}

impl Login {
    pub(crate) fn new(settings: &Settings, _opening: &Opening) -> Result<Login, Error> {
        let auth = &settings.auth;
        let token = auth.oauth2.as_ref().map(|oauth2| oauth2.access_token.clone()).filter(|token| !token.is_empty());
        match (auth.method, token) {
            (Method::Oauth2 | Method::Auto, Some(token)) => Ok(Login::Bearer(token)),
            (Method::Oauth2, None) => Err(Error::setting("/auth/oauth2/access_token", "auth.token_missing")),
            (Method::Password | Method::Auto | Method::Account, _) => {
                let pair = format!("{}:{}", auth.user, auth.password.reveal());
                Ok(Login::Basic(Secret::new(base64::engine::general_purpose::STANDARD.encode(pair))))
            }
            (method, _) => {
                let code = "auth.method_unsupported";
                let error = Error::new(Status::Unsupported, code).stage(Stage::Settings);
                Err(error.arg("method", method.name()).at("/auth/method", code))
            }
        }
    }

    /// Whether it is by a token, of which there may be a newer one.
    pub(crate) fn is_token(&self) -> bool {
        matches!(self, Login::Bearer(_))
    }

    /// What the field `Authorization` has: a word that may be seen, and the secret behind it.
    pub(crate) fn credentials(&mut self, _call: &Call, _recorder: &mut Recorder) -> Result<(&'static str, Secret), Error> {
        match self {
            Login::Basic(pair) => Ok(("Basic ", pair.clone())),
            Login::Bearer(token) => Ok(("Bearer ", token.clone())),
        }
    }

    /// Fetches a new token in the place of the one that was refused; whether there is one.
    pub(crate) fn renew(&mut self, _call: &Call, _recorder: &mut Recorder) -> Result<bool, Error> {
        Ok(false)
    }
}
