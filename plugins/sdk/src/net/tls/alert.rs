//! What a server's alert means (RFC 5246, section 7.2; RFC 8446, section 6).

use super::progress::FailureKind;

/// The kind of failure that a fatal alert tells of.
pub(super) fn kind(alert: u8) -> FailureKind {
    match alert {
        // bad, unsupported, revoked, expired, unknown certificate; unknown authority; access denied; certificate required
        42..=46 | 48 | 49 | 116 => FailureKind::OwnCertificate,
        // protocol version
        70 => FailureKind::Version,
        _ => FailureKind::Other,
    }
}
