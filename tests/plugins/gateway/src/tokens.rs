//! The tokens of an account: fetched when the service wants a new one, and kept by the host.

use crate::settings::{Auth, Method};
use postkontor_plugin::serde_json::Value;
use postkontor_plugin::{Call, Error, Level, Opening, Secret};

/// The tokens as they are now.
pub(crate) struct Tokens {
    pub(crate) access: Secret,
    pub(crate) refresh: Secret,
    /// The names under which the host keeps them, where the settings refer to them by name.
    access_name: Option<String>,
    refresh_name: Option<String>,
    /// Where the host could not keep one.
    pub(crate) not_kept: Vec<Error>,
}

impl Tokens {
    pub(crate) fn new(auth: &Auth, opening: &Opening) -> Tokens {
        let name = |pointer: &str| opening.secrets.get(pointer).cloned();
        Tokens {
            access: auth.access_token.clone(),
            refresh: auth.refresh_token.clone(),
            access_name: name("/auth/access_token"),
            refresh_name: name("/auth/refresh_token"),
            not_kept: Vec::new(),
        }
    }

    /// The request for a new access token, and as the dialogue shows it.
    pub(crate) fn grant(&self, auth: &Auth) -> (String, String) {
        let open = match auth.method {
            Method::Token => "grant_type=refresh_token&refresh_token=".to_owned(),
            Method::ClientCredentials => {
                format!("grant_type=client_credentials&client_id={}&client_secret=", encoded(&auth.client_id))
            }
        };
        let secret = if auth.method == Method::Token { &self.refresh } else { &auth.client_secret };
        (format!("{open}{}", encoded(secret.reveal())), format!("{open}***"))
    }

    /// Takes the tokens of an answer, and lets the host keep them. What cannot be kept serves until the account is closed.
    pub(crate) fn take(&mut self, answer: &Value, call: &Call) -> bool {
        let new = |name: &str| answer[name].as_str().filter(|token| is_token(token)).map(Secret::new);
        let Some(access) = new("access_token") else { return false };
        call.log(Level::Information, "the service has issued a new access token");
        self.access = access;
        let mut kept = vec![(&self.access_name, &self.access)];
        if let Some(refresh) = new("refresh_token") {
            self.refresh = refresh;
            kept.push((&self.refresh_name, &self.refresh));
        }
        for (name, token) in kept {
            let Some(name) = name else { continue };
            if let Err(error) = call.secret_put(name, token) {
                call.log(Level::Warning, format_args!("the new token cannot be kept as {name}: the next session will ask for another"));
                self.not_kept.push(error);
            }
        }
        true
    }
}

/// Whether a text can stand in a header field (RFC 6750, section 2.1).
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A value of a form (application/x-www-form-urlencoded).
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
