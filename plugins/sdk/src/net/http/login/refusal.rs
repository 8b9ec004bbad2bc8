//! What a 401 means.

use super::offer::Offer;
use crate::settings::Auth;
use crate::{Error, Reply, Stage, Status};

/// The password was refused by a login of this name. With `is_bound` the proof was bound to the TLS connection: where the server says
/// nothing at all, another end of the TLS connection is as likely as a wrong password.
pub(super) fn password(mechanism: &str, is_bare: bool, is_bound: bool) -> Error {
    refused(if is_bound && is_bare { "auth.binding_refused" } else { "auth.refused" }, mechanism)
}

/// The ticket of the logged-on user was refused.
pub(super) fn ticket(mechanism: &str) -> Error {
    refused("auth.ticket_refused", mechanism)
}

/// A login is wanted, and the settings ask for none.
pub(super) fn unasked(offer: &Offer) -> Error {
    let code = "auth.wanted";
    Error::new(Status::Auth, code).stage(Stage::Login).arg("offered", offer.names()).at("/auth/method", code)
}

/// The server does not offer the login that the settings ask for.
pub(super) fn not_offered(auth: &Auth, wanted: &str, offer: &Offer) -> Error {
    let offered = offer.names();
    let code = if offered.is_empty() { "auth.not_offered" } else { "auth.mechanism_not_offered" };
    let error = Error::new(Status::Auth, code).stage(Stage::Login).at("/auth/method", code);
    error.arg("method", auth.method.name()).arg("wanted", wanted).arg("offered", offered)
}

/// The server closes the connection that is being logged in.
pub(super) fn not_kept(mechanism: &str) -> Error {
    Error::new(Status::Network, "auth.connection_not_kept").stage(Stage::Login).arg("mechanism", mechanism)
}

fn refused(code: &str, mechanism: &str) -> Error {
    let text = "HTTP 401";
    let reply = Reply { code: 401, enhanced: None, text: text.to_owned() };
    Error::new(Status::Auth, code).stage(Stage::Login).arg("mechanism", mechanism).arg("text", text).server(reply)
}
