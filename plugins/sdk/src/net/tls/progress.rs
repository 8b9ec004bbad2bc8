//! What an engine tells of a handshake.

use crate::net::certificate::Findings;
use crate::settings::TlsVersion;

/// How far a handshake has come.
pub(super) enum Progress {
    /// To its end.
    Done(Peer),
    /// As far as the socket allows; the socket knows which way it is blocked.
    Blocked,
    /// The server's certificate is being judged, for which no socket is to be waited: the engine has waited for a moment.
    #[cfg_attr(not(windows), allow(dead_code, reason = "only Windows fetches authorities"))]
    Judging,
    /// Nowhere.
    Failed(Failure),
}

/// The other side of a finished handshake.
pub(super) struct Peer {
    /// None where the engine does not tell.
    pub(super) version: Option<TlsVersion>,
    /// Empty where the engine does not tell.
    pub(super) cipher: String,
    pub(super) findings: Findings,
}

/// Why a handshake failed.
pub(super) struct Failure {
    pub(super) kind: FailureKind,
    /// English, for support.
    pub(super) detail: String,
    pub(super) findings: Findings,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FailureKind {
    /// The server's certificate was refused; the findings say why.
    #[cfg_attr(windows, allow(dead_code, reason = "SChannel refuses none"))]
    Certificate,
    /// No common protocol version: the server's are too old.
    Version,
    /// No common protocol version: those of this system are too old.
    #[cfg_attr(not(windows), allow(dead_code, reason = "other engines know them all"))]
    System,
    /// The server refused our certificate, or that there was none.
    OwnCertificate,
    /// The connection ended.
    Closed,
    /// Anything else.
    Other,
}
