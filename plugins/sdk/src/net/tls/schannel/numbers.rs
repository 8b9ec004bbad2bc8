//! What the numbers of Windows' TLS mean (winerror.h, schannel.h).

use crate::net::tls::progress::FailureKind;
use crate::settings::TlsVersion;

/// Success.
pub(super) const OK: u32 = 0;
/// SEC_I_CONTINUE_NEEDED: the handshake goes on.
pub(super) const CONTINUE_NEEDED: u32 = 0x0009_0312;
/// SEC_I_CONTEXT_EXPIRED: the server has ended the session.
pub(super) const CONTEXT_EXPIRED: u32 = 0x0009_0317;
/// SEC_I_INCOMPLETE_CREDENTIALS: the server asks for our certificate, and there is none.
pub(super) const INCOMPLETE_CREDENTIALS: u32 = 0x0009_0320;
/// SEC_I_RENEGOTIATE: a message of the handshake has arrived behind its end.
pub(super) const RENEGOTIATE: u32 = 0x0009_0321;
/// SEC_E_INCOMPLETE_MESSAGE: more bytes are needed.
pub(super) const INCOMPLETE_MESSAGE: u32 = 0x8009_0318;
/// SEC_E_ALGORITHM_MISMATCH
pub(super) const ALGORITHM_MISMATCH: u32 = 0x8009_0331;

/// Number, name, what it means here, and whether it tells more than that the handshake failed. Windows validates nothing for us, so the
/// numbers about certificates are the server's alerts about ours.
const NUMBERS: &[(u32, &str, &str, FailureKind)] = &[
    (0x8009_0300, "SEC_E_INSUFFICIENT_MEMORY", "Windows has not enough memory", FailureKind::Other),
    (0x8009_0301, "SEC_E_INVALID_HANDLE", "the session is not known to Windows", FailureKind::Other),
    (0x8009_0302, "SEC_E_UNSUPPORTED_FUNCTION", "no version of TLS is common to both sides", FailureKind::Version),
    (0x8009_0303, "SEC_E_TARGET_UNKNOWN", "the name of the server is not known", FailureKind::Other),
    (0x8009_0304, "SEC_E_INTERNAL_ERROR", "Windows cannot go on with what the server sent", FailureKind::Other),
    (0x8009_0305, "SEC_E_SECPKG_NOT_FOUND", "this Windows has no TLS", FailureKind::Other),
    (0x8009_0308, "SEC_E_INVALID_TOKEN", "what the server sent is no TLS that Windows understands", FailureKind::Other),
    (0x8009_030C, "SEC_E_LOGON_DENIED", "the server denies access to our certificate", FailureKind::OwnCertificate),
    (0x8009_030D, "SEC_E_UNKNOWN_CREDENTIALS", "Windows cannot use the client certificate or its key", FailureKind::Other),
    (0x8009_030E, "SEC_E_NO_CREDENTIALS", "Windows has no access to the key of the client certificate", FailureKind::Other),
    (0x8009_030F, "SEC_E_MESSAGE_ALTERED", "a message was changed on its way", FailureKind::Other),
    (0x8009_0310, "SEC_E_OUT_OF_SEQUENCE", "a message came out of its turn", FailureKind::Other),
    (0x8009_0317, "SEC_E_CONTEXT_EXPIRED", "the session has ended", FailureKind::Closed),
    (0x8009_0318, "SEC_E_INCOMPLETE_MESSAGE", "a message is not complete", FailureKind::Other),
    (0x8009_0320, "SEC_E_INCOMPLETE_CREDENTIALS", "the server asks for a client certificate", FailureKind::OwnCertificate),
    (0x8009_0321, "SEC_E_BUFFER_TOO_SMALL", "a message is longer than it may be", FailureKind::Other),
    (0x8009_0322, "SEC_E_WRONG_PRINCIPAL", "the name in the certificate is another one", FailureKind::Other),
    (0x8009_0324, "SEC_E_TIME_SKEW", "the clocks of the two sides differ", FailureKind::Other),
    (0x8009_0325, "SEC_E_UNTRUSTED_ROOT", "the server does not know the authority of our certificate", FailureKind::OwnCertificate),
    (0x8009_0326, "SEC_E_ILLEGAL_MESSAGE", "a message is not what TLS expects here, or the server says so of ours", FailureKind::Other),
    (0x8009_0327, "SEC_E_CERT_UNKNOWN", "the server does not accept our certificate", FailureKind::OwnCertificate),
    (0x8009_0328, "SEC_E_CERT_EXPIRED", "the server says that our certificate has expired", FailureKind::OwnCertificate),
    (0x8009_0329, "SEC_E_ENCRYPT_FAILURE", "a message cannot be encrypted", FailureKind::Other),
    (0x8009_0330, "SEC_E_DECRYPT_FAILURE", "a message cannot be decrypted", FailureKind::Other),
    (ALGORITHM_MISMATCH, "SEC_E_ALGORITHM_MISMATCH", "no version or cipher is common to both sides", FailureKind::Version),
    (0x8009_0332, "SEC_E_SECURITY_QOS_FAILED", "the security that was asked for cannot be had", FailureKind::Other),
    (0x8009_0333, "SEC_E_UNFINISHED_CONTEXT_DELETED", "the session ended before it was complete", FailureKind::Closed),
    (0x8009_033F, "SEC_E_SHUTDOWN_IN_PROGRESS", "this machine is being shut down", FailureKind::Other),
    (0x8009_0346, "SEC_E_BAD_BINDINGS", "the session is bound to another connection", FailureKind::Other),
    (0x8009_0349, "SEC_E_CERT_WRONG_USAGE", "the server says that our certificate is not for this", FailureKind::OwnCertificate),
    (0x8009_0350, "SEC_E_DOWNGRADE_DETECTED", "the versions or ciphers on offer were changed on the way", FailureKind::Other),
    (0x8009_0352, "SEC_E_ISSUING_CA_UNTRUSTED", "the server does not trust the authority of our certificate", FailureKind::OwnCertificate),
    (0x8009_035D, "SEC_E_INVALID_PARAMETER", "Windows does not know what it was asked for", FailureKind::Other),
    (0x8009_0361, "SEC_E_DELEGATION_REQUIRED", "delegation is required", FailureKind::Other),
    (0x8009_0367, "SEC_E_APPLICATION_PROTOCOL_MISMATCH", "no protocol is common to both sides", FailureKind::Other),
    (0x8009_2010, "CRYPT_E_REVOKED", "the server says that our certificate was revoked", FailureKind::OwnCertificate),
    (0x8009_2012, "CRYPT_E_NO_REVOCATION_CHECK", "whether a certificate was revoked cannot be found out", FailureKind::Other),
    (0x8009_2013, "CRYPT_E_REVOCATION_OFFLINE", "whether a certificate was revoked cannot be found out", FailureKind::Other),
    (0x800B_0101, "CERT_E_EXPIRED", "a certificate is not valid at this time", FailureKind::OwnCertificate),
    (0x800B_0109, "CERT_E_UNTRUSTEDROOT", "the authority of a certificate is not trusted", FailureKind::OwnCertificate),
    (0x800B_010A, "CERT_E_CHAINING", "the authority of a certificate is not found", FailureKind::OwnCertificate),
    (0x800B_010C, "CERT_E_REVOKED", "a certificate was revoked", FailureKind::OwnCertificate),
    (0x800B_010F, "CERT_E_CN_NO_MATCH", "a certificate has another name", FailureKind::OwnCertificate),
    (0x800B_0110, "CERT_E_WRONG_USAGE", "a certificate is not for this", FailureKind::OwnCertificate),
    (0x0000_0056, "ERROR_INVALID_PASSWORD", "the password does not fit", FailureKind::Other),
    (0x0000_0005, "ERROR_ACCESS_DENIED", "Windows denies access", FailureKind::Other),
    (0x0000_0002, "ERROR_FILE_NOT_FOUND", "Windows does not find where it keeps the keys of this user", FailureKind::Other),
    (0x8009_0016, "NTE_BAD_KEYSET", "Windows does not find the key", FailureKind::Other),
    (0x8009_0029, "NTE_NOT_SUPPORTED", "Windows does not know this kind of key", FailureKind::Other),
    (0x8009_000B, "NTE_BAD_KEY_STATE", "Windows may not use the key", FailureKind::Other),
];

/// What a number says of a handshake that failed.
pub(super) fn kind(number: u32) -> FailureKind {
    NUMBERS.iter().find(|(known, ..)| *known == number).map_or(FailureKind::Other, |(.., kind)| *kind)
}

/// A number in words, for support. Windows' own words are in the user's language, and Wine has none.
pub(super) fn words(number: u32) -> String {
    match NUMBERS.iter().find(|(known, ..)| *known == number) {
        Some((_, name, words, _)) => format!("{words} ({name}, {number:#010x})"),
        None if number == OK => "Windows does not say why".to_owned(),
        None => format!("Windows gives the error {number:#010x}"),
    }
}

/// The protocols of a client as schannel.h numbers them, oldest first.
const PROTOCOLS: [(TlsVersion, u32); 4] =
    [(TlsVersion::Tls10, 0x80), (TlsVersion::Tls11, 0x200), (TlsVersion::Tls12, 0x800), (TlsVersion::Tls13, 0x2000)];

/// SSL 2.0 and 3.0.
const BROKEN: u32 = 0x8 | 0x20;

/// The protocols that are too old, for credentials that name what is forbidden.
pub(super) fn forbidden(minimum: TlsVersion) -> u32 {
    PROTOCOLS.iter().filter(|(version, _)| *version < minimum).fold(BROKEN, |all, (_, bit)| all | bit)
}

/// The protocols that are new enough, for credentials that name what is allowed. Those do not know TLS 1.3.
pub(super) fn allowed(minimum: TlsVersion) -> u32 {
    PROTOCOLS.iter().filter(|(version, _)| *version >= minimum && *version < TlsVersion::Tls13).fold(0, |all, (_, bit)| all | bit)
}

/// The version of a session.
pub(super) fn version(protocol: u32) -> Option<TlsVersion> {
    // The bit of a server stands below that of a client.
    PROTOCOLS.iter().find(|(_, bit)| protocol & (bit | bit >> 1) != 0).map(|(version, _)| *version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_words() {
        assert_eq!(words(0x8009_0325), "the server does not know the authority of our certificate (SEC_E_UNTRUSTED_ROOT, 0x80090325)");
        assert_eq!(words(0x8009_03FF), "Windows gives the error 0x800903ff");
        let mut numbers: Vec<u32> = NUMBERS.iter().map(|(number, ..)| *number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), NUMBERS.len());
    }

    #[test]
    fn alerts_about_our_certificate_are_not_taken_for_faults_of_the_servers() {
        for number in [0x8009_0325, 0x8009_0327, 0x8009_0328] {
            assert_eq!(kind(number), FailureKind::OwnCertificate, "{number:#x}");
        }
        assert_eq!((kind(0x8009_0302), kind(0x8009_0304), kind(7)), (FailureKind::Version, FailureKind::Other, FailureKind::Other));
    }

    #[test]
    fn protocols_are_those_from_the_minimum_on() {
        assert_eq!([allowed(TlsVersion::Tls10), allowed(TlsVersion::Tls12), allowed(TlsVersion::Tls13)], [0xa80, 0x800, 0]);
        assert_eq!([forbidden(TlsVersion::Tls12), forbidden(TlsVersion::Tls13)], [0x2a8, 0xaa8]);
        assert_eq!(
            [version(0x2000), version(0x800), version(0x400), version(0x80), version(0x20)],
            [Some(TlsVersion::Tls13), Some(TlsVersion::Tls12), Some(TlsVersion::Tls12), Some(TlsVersion::Tls10), None]
        );
    }
}
