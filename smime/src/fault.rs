//! What can be wrong with a signed or encrypted message.

use std::fmt;

/// Why a message cannot be opened, or what is to be said about its signature.
///
/// [`Fault::code`] is stable; the text that `Display` gives is English, for support.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The bytes are no CMS (RFC 5652); what was read when it showed.
    Malformed(&'static str),
    /// The bytes end before the structure does.
    Truncated,
    /// Structures within structures, deeper than any program writes them.
    TooDeep,
    /// A part of the structure, named here, that is longer or more numerous than is read.
    TooLarge(&'static str),
    /// The source failed, or gave other bytes the second time.
    Source(String),
    /// A kind of content, by its object identifier, that is not mail.
    ContentUnsupported(String),
    /// An algorithm, by its name or object identifier, that is not spoken here.
    AlgorithmUnsupported(String),
    /// Encrypted for others; who they are, as far as the message tells: issuer and serial number, or the identifier of a key.
    OtherRecipients(Vec<String>),
    /// Decrypting failed: another key, or the message was changed on its way. Which of them it was is not told, because an attacker would learn from it (RFC 3218).
    DecryptFailed,
    /// The cipher does not protect against changes (EFAIL): only a good signature within does.
    NoIntegrity,
    /// The content was encrypted with a cipher that is not secure any more.
    WeakCipher(&'static str),
    /// Nothing is signed: there is no signature where one should be.
    NotSigned,
    /// The content is not what was signed.
    ContentChanged,
    /// The signature is not the signer's.
    SignatureWrong,
    /// A signed attribute, named here, is missing, there twice, or says something else than the message (RFC 5652, section 5.3).
    AttributeWrong(&'static str),
    /// The certificate of the signer is neither in the message nor known.
    SignerUnknown,
    /// The signer signed with another certificate than the one in the message (RFC 5035).
    OtherCertificate,
    /// No chain leads from the certificate to a trusted one; the issuer that is missing or refused.
    Untrusted(String),
    /// The certificate was no longer valid when the message was signed; the end of its validity, in seconds since 1970.
    Expired(i64),
    /// The certificate was not yet valid when the message was signed; the begin of its validity, in seconds since 1970.
    NotYetValid(i64),
    /// The certificate was valid when the message was signed, and is not any more; the end of its validity, in seconds since 1970.
    ExpiredSince(i64),
    /// The time of signing is later than now, in seconds since 1970.
    SignedInFuture(i64),
    /// The certificate is for other addresses than the sender's: those that it is for.
    OtherAddress(Vec<String>),
    /// The certificate, named by its subject, is not for signing mail.
    NotForSigning(String),
    /// The digest is one for which forgeries can be made.
    WeakDigest(&'static str),
    /// The key, of so many bits, is too short.
    WeakKey(u32),
}

/// What a fault does to a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// It is good all the same.
    Note,
    /// It may be good, and cannot be relied on.
    Unknown,
    /// It is bad.
    Bad,
}

impl Fault {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "smime.malformed",
            Self::Truncated => "smime.truncated",
            Self::TooDeep => "smime.too_deep",
            Self::TooLarge(_) => "smime.too_large",
            Self::Source(_) => "smime.source_failed",
            Self::ContentUnsupported(_) => "smime.content_unsupported",
            Self::AlgorithmUnsupported(_) => "smime.algorithm_unsupported",
            Self::OtherRecipients(_) => "smime.other_recipients",
            Self::DecryptFailed => "smime.decrypt_failed",
            Self::NoIntegrity => "smime.no_integrity",
            Self::WeakCipher(_) => "smime.weak_cipher",
            Self::NotSigned => "smime.not_signed",
            Self::ContentChanged => "smime.content_changed",
            Self::SignatureWrong => "smime.signature_wrong",
            Self::AttributeWrong(_) => "smime.attribute_wrong",
            Self::SignerUnknown => "smime.signer_unknown",
            Self::OtherCertificate => "smime.other_certificate",
            Self::Untrusted(_) => "smime.untrusted",
            Self::Expired(_) => "smime.expired",
            Self::NotYetValid(_) => "smime.not_yet_valid",
            Self::ExpiredSince(_) => "smime.expired_since",
            Self::SignedInFuture(_) => "smime.signed_in_future",
            Self::OtherAddress(_) => "smime.other_address",
            Self::NotForSigning(_) => "smime.not_for_signing",
            Self::WeakDigest(_) => "smime.weak_digest",
            Self::WeakKey(_) => "smime.weak_key",
        }
    }

    /// What it does to a signature.
    pub fn weight(&self) -> Weight {
        match self {
            Self::ExpiredSince(_) | Self::NoIntegrity | Self::WeakCipher(_) => Weight::Note,
            Self::ContentUnsupported(_)
            | Self::AlgorithmUnsupported(_)
            | Self::SignerUnknown
            | Self::Untrusted(_)
            | Self::Expired(_)
            | Self::NotYetValid(_)
            | Self::SignedInFuture(_)
            | Self::NotForSigning(_)
            | Self::WeakDigest(_)
            | Self::WeakKey(_) => Weight::Unknown,
            _ => Weight::Bad,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(what) => write!(out, "the message is damaged: {what}"),
            Self::Truncated => out.write_str("the message ends too early"),
            Self::TooDeep => out.write_str("the message is nested too deeply"),
            Self::TooLarge(what) => write!(out, "{what} of the message is larger than is read"),
            Self::Source(reason) => write!(out, "the message could not be read: {reason}"),
            Self::ContentUnsupported(oid) => write!(out, "content of the kind {oid} is not mail"),
            Self::AlgorithmUnsupported(name) => write!(out, "the algorithm {name} is not supported"),
            Self::OtherRecipients(recipients) => write!(out, "the message is encrypted for others: {}", recipients.join("; ")),
            Self::DecryptFailed => out.write_str("the message cannot be decrypted: another key, or it was changed on its way"),
            Self::NoIntegrity => out.write_str("the cipher of the message does not protect against changes"),
            Self::WeakCipher(name) => write!(out, "the message is encrypted with {name}, which is not secure any more"),
            Self::NotSigned => out.write_str("the message has no signature"),
            Self::ContentChanged => out.write_str("the content was changed after it was signed"),
            Self::SignatureWrong => out.write_str("the signature is not the signer's"),
            Self::AttributeWrong(name) => write!(out, "the signed attribute {name} is missing, there twice or wrong"),
            Self::SignerUnknown => out.write_str("the certificate of the signer is neither in the message nor known"),
            Self::OtherCertificate => out.write_str("the message has another certificate than the one it was signed with"),
            Self::Untrusted(issuer) => write!(out, "no trusted issuer: {issuer}"),
            Self::Expired(seconds) => {
                write!(out, "the certificate had expired when the message was signed (at {seconds} seconds since 1970)")
            }
            Self::NotYetValid(seconds) => {
                write!(out, "the certificate was not yet valid when the message was signed (from {seconds} seconds since 1970)")
            }
            Self::ExpiredSince(seconds) => {
                write!(out, "the certificate has expired since the message was signed (at {seconds} seconds since 1970)")
            }
            Self::SignedInFuture(seconds) => write!(out, "the time of signing is in the future ({seconds} seconds since 1970)"),
            Self::OtherAddress(addresses) => write!(out, "the certificate is not for the sender but for {}", addresses.join(", ")),
            Self::NotForSigning(subject) => write!(out, "the certificate of {subject} is not for signing mail"),
            Self::WeakDigest(name) => write!(out, "the signature uses {name}, for which forgeries can be made"),
            Self::WeakKey(bits) => write!(out, "the key of the signer has only {bits} bits"),
        }
    }
}

impl std::error::Error for Fault {}
