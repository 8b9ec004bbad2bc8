//! What a program of mail can do, as certificates and signatures announce it.

use crate::{Error, frame};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911;
use der::asn1::AnyRef;
use der::{Decode, Encode};

/// An algorithm that a certificate or a signature announces (SMIMECapability, RFC 8551, section 2.5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capability {
    /// The algorithm.
    pub algorithm: ObjectIdentifier,
    /// Its parameters (DER), where there are any.
    pub parameters: Option<Vec<u8>>,
}

impl Capability {
    /// What is decrypted here, best first: AES in GCM (RFC 5084), then in CBC (RFC 3565).
    pub fn own() -> Vec<Self> {
        [rfc5911::ID_AES_256_GCM, rfc5911::ID_AES_128_GCM, rfc5911::ID_AES_256_CBC, rfc5911::ID_AES_192_CBC, rfc5911::ID_AES_128_CBC]
            .map(|algorithm| Self { algorithm, parameters: None })
            .into()
    }

    /// Writes SMIMECapabilities.
    ///
    /// # Errors
    ///
    /// [`Error::Failed`] where an object identifier cannot be written.
    pub fn write_all(capabilities: &[Self]) -> Result<Vec<u8>, Error> {
        let mut entries = Vec::new();
        for capability in capabilities {
            let oid = capability.algorithm.to_der().map_err(Error::failed)?;
            let parameters = capability.parameters.as_deref().unwrap_or_default();
            entries.extend(frame::value(0x30, &[&oid, parameters].concat()));
        }
        Ok(frame::value(0x30, &entries))
    }

    /// Reads SMIMECapabilities (RFC 8551, section 2.5.2).
    ///
    /// # Errors
    ///
    /// The error of `der` where it is none.
    pub fn read_all(der: &[u8]) -> der::Result<Vec<Self>> {
        let entries = Vec::<AnyRef<'_>>::from_der(der)?;
        let read = |entry: AnyRef<'_>| {
            let (algorithm, rest) = ObjectIdentifier::from_der_partial(entry.value())?;
            Ok(Self { algorithm, parameters: Some(rest.to_vec()).filter(|rest| !rest.is_empty()) })
        };
        entries.into_iter().map(read).collect()
    }
}
