//! The signed attributes (RFC 5652, section 11; RFC 8551, section 2.5; RFC 5035).

use super::terms::Terms;
use crate::{Capability, Certificate, Error, frame};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911;
use der::Encode;
use der::asn1::{GeneralizedTime, UtcTime};
use std::time::Duration;

/// signingCertificateV2 (RFC 5035, section 3).
const SIGNING_CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");

/// sMIMEEncryptionKeyPreference (RFC 8551, section 2.5.3).
const ENCRYPTION_KEY_PREFERENCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.11");

/// All attributes, each in DER.
pub(super) fn all(content: &[u8], terms: &Terms, signer: &Certificate, encrypt_for: Option<&Certificate>) -> Result<Vec<Vec<u8>>, Error> {
    let mut all = vec![
        attribute(rfc5911::ID_CONTENT_TYPE, &rfc5911::ID_DATA.to_der().map_err(Error::failed)?)?,
        attribute(rfc5911::ID_MESSAGE_DIGEST, &frame::value(0x04, content))?,
        attribute(rfc5911::ID_SIGNING_TIME, &time(terms.time)?)?,
        // SHA-256 is the default of hashAlgorithm, which DER leaves out.
        attribute(SIGNING_CERTIFICATE_V2, &nested(3, &frame::value(0x04, signer.fingerprint())))?,
    ];
    if !terms.capabilities.is_empty() {
        all.push(attribute(rfc5911::SMIME_CAPABILITIES, &Capability::write_all(&terms.capabilities)?)?);
    }
    if let Some(certificate) = encrypt_for {
        let mut preference = certificate.issuer_and_serial();
        // issuerAndSerialNumber [0] IMPLICIT.
        preference[0] = 0xa0;
        all.push(attribute(ENCRYPTION_KEY_PREFERENCE, &preference)?);
    }
    Ok(all)
}

/// UTCTime until 2049, then GeneralizedTime (RFC 5652, section 11.3).
pub(super) fn time(seconds: i64) -> Result<Vec<u8>, Error> {
    let unwritable = |_| Error::TimeUnwritable(seconds);
    let since = Duration::from_secs(u64::try_from(seconds).map_err(|_| Error::TimeUnwritable(seconds))?);
    match UtcTime::from_unix_duration(since) {
        Ok(time) => time.to_der(),
        Err(_) => GeneralizedTime::from_unix_duration(since).and_then(|time| time.to_der()),
    }
    .map_err(unwritable)
}

fn attribute(oid: ObjectIdentifier, value: &[u8]) -> Result<Vec<u8>, Error> {
    Ok(frame::value(0x30, &[oid.to_der().map_err(Error::failed)?, frame::value(0x31, value)].concat()))
}

/// A value within so many SEQUENCEs.
fn nested(depth: usize, value: &[u8]) -> Vec<u8> {
    (0..depth).fold(value.to_vec(), |inner, _| frame::value(0x30, &inner))
}
