//! What the server's errors mean for the store (PostgreSQL's manual, appendix A).

use super::super::fault::Fault;
use postkontor_core::{Error, Status};
use std::error::Error as _;

/// The error of a call.
pub(super) fn classified(error: &tokio_postgres::Error, store: &str) -> Error {
    let words = words(error);
    if words.starts_with("error performing TLS handshake") {
        return Error::new(Status::Tls, "outbox.store_tls_failed").usable().arg("store", store).cause(words);
    }
    fault(error).error(store, words)
}

fn fault(error: &tokio_postgres::Error) -> Fault {
    if is_away(error) {
        return Fault::Unreachable;
    }
    match error.code().map(tokio_postgres::error::SqlState::code).unwrap_or_default() {
        // Lock timeout, deadlock, serialization failure.
        "55P03" | "40P01" | "40001" => Fault::Locked,
        "53100" => Fault::Full,
        "25006" => Fault::ReadOnly,
        "XX001" | "XX002" => Fault::Damaged,
        "28000" | "28P01" => Fault::LoginRefused,
        "42501" => Fault::Forbidden,
        // No such database.
        "3D000" => Fault::Unreachable,
        _ => Fault::Failed,
    }
}

/// Whether the connection has ended, or there is none: the server is away, starts, stops, or takes no more connections.
pub(super) fn is_away(error: &tokio_postgres::Error) -> bool {
    match error.code().map(tokio_postgres::error::SqlState::code) {
        Some(code) => code.starts_with("08") || matches!(code, "57P01" | "57P02" | "57P03" | "57P05" | "53300" | "25P03"),
        None => error.is_closed() || has_io(error) || error.to_string().starts_with("error communicating with the server"),
    }
}

fn has_io(error: &tokio_postgres::Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        if cause.is::<std::io::Error>() {
            return true;
        }
        source = cause.source();
    }
    error.to_string().starts_with("error connecting to server")
}

/// The error with all its causes, as the topmost says nearly nothing.
pub(super) fn words(error: &tokio_postgres::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words = format!("{words}: {cause}");
        source = cause.source();
    }
    words
}
