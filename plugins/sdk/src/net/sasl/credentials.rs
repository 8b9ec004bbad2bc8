//! The credentials of the settings, as far as every mechanism wants the same of them.

use crate::settings::{Auth, Method};
use crate::{Error, Stage, Status};

/// Refuses credentials that could break a line or a message of any mechanism.
pub fn check(auth: &Auth) -> Result<(), Error> {
    let token = auth.oauth2.as_ref().map_or("", |oauth2| oauth2.access_token.reveal());
    for (pointer, text) in
        [("/auth/user", auth.user.as_str()), ("/auth/password", auth.password.reveal()), ("/auth/oauth2/access_token", token)]
    {
        if text.chars().any(char::is_control) {
            return Err(wrong("settings.control_character", pointer));
        }
    }
    // A token is a word of visible ASCII characters (RFC 6750, section 2.1).
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(wrong("auth.token_malformed", "/auth/oauth2/access_token"));
    }
    Ok(())
}

pub(super) fn user(auth: &Auth) -> Result<&str, Error> {
    if auth.user.is_empty() { Err(wrong("auth.user_missing", "/auth/user")) } else { Ok(&auth.user) }
}

pub(super) fn password(auth: &Auth) -> Result<&str, Error> {
    if auth.password.is_empty() { Err(wrong("auth.password_missing", "/auth/password")) } else { Ok(auth.password.reveal()) }
}

pub(super) fn token(auth: &Auth) -> Result<&str, Error> {
    let token = auth.oauth2.as_ref().map(|oauth2| oauth2.access_token.reveal()).filter(|token| !token.is_empty());
    token.ok_or_else(|| wrong("auth.token_missing", "/auth/oauth2/access_token"))
}

fn wrong(code: &str, pointer: &str) -> Error {
    Error::new(Status::Settings, code).stage(Stage::Login).at(pointer, code)
}

/// Whether the user who is logged on to this machine is meant.
pub(super) fn is_logged_on_user(auth: &Auth) -> bool {
    auth.method == Method::Windows && auth.user.is_empty()
}
