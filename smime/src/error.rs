//! What can be wrong with a certificate, a key or their use.

use std::fmt;

/// Why a certificate or a key cannot be used.
///
/// [`Error::code`] is stable; the text that `Display` gives is English, for support.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The bytes are no certificate (RFC 5280), or a damaged one.
    CertificateUnreadable(String),
    /// The bytes are neither PKCS#12 nor PEM, or damaged.
    IdentityUnreadable(String),
    /// The password does not open the file.
    IdentityLocked(String),
    /// The file has no private key.
    NoKey,
    /// The file has no certificate.
    NoCertificate,
    /// The private key belongs to none of the file's certificates.
    KeyDoesNotFit,
    /// A key of a kind that is not spoken here.
    KeyUnsupported(String),
    /// The certificate, named by its subject, is not for signing mail.
    NotForSigning(String),
    /// The certificate, named by its subject, is not for encrypting mail.
    NotForEncrypting(String),
    /// There is none to encrypt for.
    NoRecipient,
    /// Content of so many bytes, more than a cipher takes.
    TooLong(u64),
    /// The content has another size than was announced.
    OtherSize,
    /// A time, in seconds since 1970, that no certificate or signature can have.
    TimeUnwritable(i64),
    /// The cryptography failed, or the system gave no random numbers.
    Failed(String),
}

impl Error {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::CertificateUnreadable(_) => "smime.certificate_unreadable",
            Self::IdentityUnreadable(_) => "smime.identity_unreadable",
            Self::IdentityLocked(_) => "smime.identity_locked",
            Self::NoKey => "smime.no_key",
            Self::NoCertificate => "smime.no_certificate",
            Self::KeyDoesNotFit => "smime.key_does_not_fit",
            Self::KeyUnsupported(_) => "smime.key_unsupported",
            Self::NotForSigning(_) => "smime.not_for_signing",
            Self::NotForEncrypting(_) => "smime.not_for_encrypting",
            Self::NoRecipient => "smime.no_recipient",
            Self::TooLong(_) => "smime.too_long",
            Self::OtherSize => "smime.other_size",
            Self::TimeUnwritable(_) => "smime.time_unwritable",
            Self::Failed(_) => "smime.failed",
        }
    }

    pub(crate) fn failed(error: impl fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CertificateUnreadable(reason) => write!(out, "the certificate cannot be read: {reason}"),
            Self::IdentityUnreadable(reason) => write!(out, "the file with the private key cannot be read: {reason}"),
            Self::IdentityLocked(reason) => write!(out, "the password does not open the private key: {reason}"),
            Self::NoKey => out.write_str("the file has no private key"),
            Self::NoCertificate => out.write_str("the file has no certificate"),
            Self::KeyDoesNotFit => out.write_str("the private key belongs to none of the file's certificates"),
            Self::KeyUnsupported(kind) => write!(out, "keys of the kind {kind} are not supported"),
            Self::NotForSigning(subject) => write!(out, "the certificate of {subject} is not for signing mail"),
            Self::NotForEncrypting(subject) => write!(out, "the certificate of {subject} is not for encrypting mail"),
            Self::NoRecipient => out.write_str("there is no recipient to encrypt for"),
            Self::TooLong(size) => write!(out, "content of {size} bytes is more than the cipher takes"),
            Self::OtherSize => out.write_str("the content has another size than was announced"),
            Self::TimeUnwritable(seconds) => write!(out, "{seconds} seconds since 1970 are no time for a signature"),
            Self::Failed(reason) => write!(out, "the cryptography failed: {reason}"),
        }
    }
}

impl std::error::Error for Error {}
