//! The errors of a server that breaks the rules of an exchange, and its reason for refusing.

use crate::{Error, Stage, Status};

/// The server asks for more than the mechanism has to give.
pub(super) fn unexpected() -> Error {
    Error::new(Status::Protocol, "auth.unexpected_challenge").stage(Stage::Login)
}

pub(super) fn malformed() -> Error {
    Error::new(Status::Protocol, "auth.challenge_malformed").stage(Stage::Login)
}

/// The server did not show that it knows the password.
pub(super) fn unproven() -> Error {
    Error::new(Status::Auth, "auth.server_unproven").stage(Stage::Login)
}

/// Makes a server's reason fit for an error text: one line, bounded.
pub(super) fn readable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect::<String>().trim().to_owned()
}
