//! What the extensions of a certificate say to mail.

use crate::{Capability, Error};
use const_oid::ObjectIdentifier;
use const_oid::db::{rfc5280, rfc5911};
use der::asn1::{AnyRef, OctetStringRef};
use der::{Decode, Tag, TagNumber, Tagged};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage};

/// The extension keyUsage.
pub(super) type Usage = KeyUsage;

/// SmtpUTF8Mailbox (RFC 8398, section 3): id-on-SmtpUTF8Mailbox.
const SMTP_UTF8_MAILBOX: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.8.9");

/// Extensions that need no reading here and do not narrow what a chain may be used for.
const HARMLESS: &[ObjectIdentifier] = &[
    rfc5280::ID_CE_CERTIFICATE_POLICIES,
    rfc5280::ID_CE_CRL_DISTRIBUTION_POINTS,
    rfc5280::ID_CE_ISSUER_ALT_NAME,
    rfc5280::ID_CE_POLICY_MAPPINGS,
    rfc5280::ID_CE_SUBJECT_DIRECTORY_ATTRIBUTES,
];

#[derive(Default)]
pub(super) struct Extensions {
    pub(super) emails: Vec<String>,
    pub(super) usage: Option<Usage>,
    pub(super) is_for_mail: bool,
    pub(super) is_ca: bool,
    pub(super) path_length: Option<u8>,
    pub(super) capabilities: Option<Vec<Capability>>,
    pub(super) key_identifier: Option<Vec<u8>>,
    pub(super) issuer_key_identifier: Option<Vec<u8>>,
    pub(super) unknown_critical: Vec<ObjectIdentifier>,
}

impl Extensions {
    /// Reads the known ones. One that is damaged damages the certificate: guessing at purposes is not safe.
    pub(super) fn read(extensions: &[Extension]) -> Result<Self, Error> {
        let mut read = Self { is_for_mail: true, ..Self::default() };
        for extension in extensions {
            let damaged = |error: der::Error| Error::CertificateUnreadable(format!("extension {}: {error}", extension.extn_id));
            read.take(extension).map_err(damaged)?;
        }
        Ok(read)
    }

    fn take(&mut self, extension: &Extension) -> der::Result<()> {
        let value = extension.extn_value.as_bytes();
        match extension.extn_id {
            rfc5280::ID_CE_SUBJECT_ALT_NAME => self.emails = emails(value)?,
            rfc5280::ID_CE_KEY_USAGE => self.usage = Some(KeyUsage::from_der(value)?),
            rfc5280::ID_CE_EXT_KEY_USAGE => {
                let purposes = ExtendedKeyUsage::from_der(value)?.0;
                let mail = [rfc5280::ID_KP_EMAIL_PROTECTION, rfc5280::ANY_EXTENDED_KEY_USAGE];
                self.is_for_mail = purposes.iter().any(|purpose| mail.contains(purpose));
            }
            rfc5280::ID_CE_BASIC_CONSTRAINTS => {
                let constraints = BasicConstraints::from_der(value)?;
                (self.is_ca, self.path_length) = (constraints.ca, constraints.path_len_constraint);
            }
            rfc5911::SMIME_CAPABILITIES => self.capabilities = Some(Capability::read_all(value)?),
            rfc5280::ID_CE_SUBJECT_KEY_IDENTIFIER => {
                self.key_identifier = Some(<&OctetStringRef>::from_der(value)?.as_bytes().to_vec());
            }
            rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER => {
                let identifier = AuthorityKeyIdentifier::from_der(value)?.key_identifier;
                self.issuer_key_identifier = identifier.map(|bytes| bytes.as_bytes().to_vec());
            }
            oid if extension.critical && !HARMLESS.contains(&oid) => self.unknown_critical.push(oid),
            _ => {}
        }
        Ok(())
    }
}

/// The mail addresses of a subject alternative name. Names of other kinds are skipped unread.
fn emails(value: &[u8]) -> der::Result<Vec<String>> {
    let mut found = Vec::new();
    for name in Vec::<AnyRef<'_>>::from_der(value)? {
        match name.tag() {
            Tag::ContextSpecific { number: TagNumber(1), constructed: false } => {
                found.push(String::from_utf8_lossy(name.value()).into_owned());
            }
            Tag::ContextSpecific { number: TagNumber(0), constructed: true } => found.extend(utf8_mailbox(name.value())),
            _ => {}
        }
    }
    found.retain(|address| !address.chars().any(char::is_control));
    Ok(found)
}

/// The address of an otherName of the kind SmtpUTF8Mailbox.
fn utf8_mailbox(other_name: &[u8]) -> Option<String> {
    let (kind, rest) = ObjectIdentifier::from_der_partial(other_name).ok()?;
    if kind != SMTP_UTF8_MAILBOX {
        return None;
    }
    let explicit = AnyRef::from_der(rest).ok()?;
    AnyRef::from_der(explicit.value()).ok()?.decode_as::<String>().ok()
}
