//! A private RSA key, and how it signs with PKCS#1 1.5.
//!
//! Such a signature is the same whatever computes it (RFC 8017, section 8.2). On Unix, where OpenSSL is at hand for TLS, that does: it takes a tenth of the time. Where it does not take a
//! key, and everywhere else, `rsa` does.

use crate::{Digest, Error};
use getrandom::SysRng;
use rsa::Pkcs1v15Sign;
use sha2::{Sha256, Sha384, Sha512};
use std::ops::Deref;

/// A private RSA key of 1024 to 8192 bits. Dropping wipes it.
#[derive(Clone)]
pub struct PrivateRsa {
    key: rsa::PrivateKey,
    #[cfg(unix)]
    openssl: Option<openssl::pkey::PKey<openssl::pkey::Private>>,
}

impl PrivateRsa {
    /// Reads RSAPrivateKey (RFC 8017, appendix A.1.2).
    pub(super) fn from_pkcs1(der: &[u8]) -> Result<Self, String> {
        let parts = rsa::pkcs1::RsaPrivateKeyRef::try_from(der).map_err(|error| error.to_string())?;
        let key = rsa::PrivateKey::try_from(parts).map_err(|error| error.to_string())?;
        Ok(Self {
            key,
            #[cfg(unix)]
            openssl: openssl::rsa::Rsa::private_key_from_der(der).and_then(openssl::pkey::PKey::from_rsa).ok(),
        })
    }

    /// Signs a digest with PKCS#1 1.5.
    pub(crate) fn sign_pkcs1(&self, digest: Digest, hashed: &[u8]) -> Result<Vec<u8>, Error> {
        #[cfg(unix)]
        if let Some(signature) = self.openssl.as_ref().and_then(|key| by_openssl(key, digest, hashed).ok()) {
            return Ok(signature);
        }
        self.by_rsa(digest, hashed)
    }

    fn by_rsa(&self, digest: Digest, hashed: &[u8]) -> Result<Vec<u8>, Error> {
        let padding = match digest {
            Digest::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
            Digest::Sha384 => Pkcs1v15Sign::new::<Sha384>(),
            Digest::Sha512 => Pkcs1v15Sign::new::<Sha512>(),
        };
        self.key.sign_with_rng(&mut SysRng, padding, hashed).map_err(Error::failed)
    }
}

/// For all that only `rsa` does.
impl Deref for PrivateRsa {
    type Target = rsa::PrivateKey;

    fn deref(&self) -> &rsa::PrivateKey {
        &self.key
    }
}

#[cfg(unix)]
fn by_openssl(
    key: &openssl::pkey::PKeyRef<openssl::pkey::Private>,
    digest: Digest,
    hashed: &[u8],
) -> Result<Vec<u8>, openssl::error::ErrorStack> {
    use openssl::md::Md;
    let mut context = openssl::pkey_ctx::PkeyCtx::new(key)?;
    context.sign_init()?;
    context.set_rsa_padding(openssl::rsa::Padding::PKCS1)?;
    context.set_signature_md(match digest {
        Digest::Sha256 => Md::sha256(),
        Digest::Sha384 => Md::sha384(),
        Digest::Sha512 => Md::sha512(),
    })?;
    let mut signature = Vec::new();
    context.sign_to_vec(hashed, &mut signature)?;
    Ok(signature)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_same_whatever_computes_it() {
        for bits in [1024, 2048, 3072] {
            let pkcs1 = openssl::rsa::Rsa::generate(bits).unwrap().private_key_to_der().unwrap();
            let key = PrivateRsa::from_pkcs1(&pkcs1).unwrap();
            for digest in [Digest::Sha256, Digest::Sha384, Digest::Sha512] {
                let hashed = digest.of(b"content");
                let fast = by_openssl(key.openssl.as_ref().unwrap(), digest, &hashed).unwrap();
                assert_eq!(fast, key.by_rsa(digest, &hashed).unwrap(), "{bits} bits");
                assert_eq!(fast, key.sign_pkcs1(digest, &hashed).unwrap());
            }
        }
    }
}
