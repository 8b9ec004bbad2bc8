//! What a program of mail can do, as certificates and signatures announce it.

use const_oid::ObjectIdentifier;
use der::Decode;
use der::asn1::AnyRef;

/// An algorithm that a certificate or a signature announces (SMIMECapability, RFC 8551, section 2.5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capability {
    /// The algorithm.
    pub algorithm: ObjectIdentifier,
    /// Its parameters (DER), where there are any.
    pub parameters: Option<Vec<u8>>,
}

impl Capability {
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
