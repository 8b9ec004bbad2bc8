//! How the service learns who we are: by tokens, which each request shows, or by what the client does on its connection.

use crate::settings::Settings;
use postkontor_plugin::net::Recorder;
use postkontor_plugin::net::http::{Client, Login as ByConnection};
use postkontor_plugin::net::oauth::{Audience, Tokens};
use postkontor_plugin::settings::Method;
use postkontor_plugin::{Call, Error, Opening, Secret};
use std::sync::Arc;

/// The login of an account.
pub(crate) struct Login {
    tokens: Option<Arc<Tokens>>,
    /// The token that was shown last.
    shown: Secret,
}

/// The token source of an account that logs in by tokens.
pub(crate) fn tokens(settings: &Settings, opening: &Opening) -> Result<Option<Arc<Tokens>>, Error> {
    let auth = &settings.auth;
    if auth.method != Method::Oauth2 && !(auth.method == Method::Auto && auth.oauth2.is_some()) {
        return Ok(None);
    }
    let tokens = Tokens::new(auth, opening, &settings.server, &settings.tls, Audience::Ews)?;
    Ok(Some(Arc::new(tokens)))
}

impl Login {
    /// A login by these tokens, or else by the client.
    pub(crate) fn new(settings: &Settings, tokens: Option<Arc<Tokens>>, client: &mut Client) -> Result<Login, Error> {
        if tokens.is_none() {
            client.log_in_by(ByConnection::new(&settings.auth)?);
        }
        Ok(Login { tokens, shown: Secret::default() })
    }

    /// Whether it is by tokens.
    pub(crate) fn is_by_token(&self) -> bool {
        self.tokens.is_some()
    }

    /// The token that the next request shows; nothing where the client logs in.
    pub(crate) fn token(&mut self, call: &Call, recorder: &mut Recorder) -> Result<Option<Secret>, Error> {
        let Some(tokens) = &self.tokens else { return Ok(None) };
        self.shown = tokens.access(call, recorder)?;
        Ok(Some(self.shown.clone()))
    }

    /// Fetches another token in the place of the one that was refused.
    pub(crate) fn renew(&mut self, refused: Error, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
        let Some(tokens) = &self.tokens else { return Err(refused) };
        match tokens.renew(&self.shown, call, recorder) {
            Ok(_) => Ok(()),
            // There is none but the one that was refused.
            Err(error) if error.code == "auth.token_refused" => Err(refused),
            Err(error) => Err(error),
        }
    }

    /// Why the service refused a token, where the token itself tells.
    pub(crate) fn explain(&self, refused: Error) -> Error {
        match &self.tokens {
            Some(tokens) => tokens.explain(&self.shown, refused),
            None => refused,
        }
    }
}
