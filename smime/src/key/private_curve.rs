//! A private key on a curve, and how it signs.
//!
//! Every signature is another one, so nothing tells what computed it. On Unix OpenSSL does, in a tenth of the time; where it does not take a key, and everywhere else, `p256` and `p384` do.

use std::ops::Deref;

/// A private key on a curve. Dropping wipes it.
#[derive(Clone)]
pub struct PrivateCurve<K> {
    key: K,
    #[cfg(unix)]
    openssl: Option<openssl::pkey::PKey<openssl::pkey::Private>>,
}

impl<K> PrivateCurve<K> {
    /// The key that was read from PKCS#8 (RFC 5958).
    pub(super) fn new(key: K, pkcs8: &[u8]) -> Self {
        #[cfg(not(unix))]
        let _ = pkcs8;
        Self {
            key,
            #[cfg(unix)]
            openssl: openssl::pkey::PKey::private_key_from_pkcs8(pkcs8).ok(),
        }
    }

    /// The signature of a digest in DER (RFC 3279, section 2.2.3), by OpenSSL where that takes the key.
    pub(crate) fn sign_by_system(&self, hashed: &[u8]) -> Option<Vec<u8>> {
        #[cfg(unix)]
        return by_openssl(self.openssl.as_ref()?, hashed).ok();
        #[cfg(not(unix))]
        {
            let _ = hashed;
            None
        }
    }
}

impl<K> Deref for PrivateCurve<K> {
    type Target = K;

    fn deref(&self) -> &K {
        &self.key
    }
}

#[cfg(unix)]
fn by_openssl(key: &openssl::pkey::PKeyRef<openssl::pkey::Private>, hashed: &[u8]) -> Result<Vec<u8>, openssl::error::ErrorStack> {
    let mut context = openssl::pkey_ctx::PkeyCtx::new(key)?;
    context.sign_init()?;
    let mut signature = Vec::new();
    context.sign_to_vec(hashed, &mut signature)?;
    Ok(signature)
}
