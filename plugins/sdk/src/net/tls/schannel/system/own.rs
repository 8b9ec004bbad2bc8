//! The client's certificate with its private key.
//!
//! SChannel signs in another process (LSASS), which finds a key only in the user's key store. So the key is taken in there, once for all
//! connections with it and under a name that Windows makes up for it, and is deleted when the last of them has ended.

use super::{Certificate, Store, last_error, wide};
use std::ptr::{null, null_mut};
use windows_sys::Win32::Security::Cryptography::{
    CERT_CONTEXT, CERT_KEY_PROV_INFO_PROP_ID, CERT_NCRYPT_KEY_SPEC, CRYPT_ACQUIRE_ALLOW_NCRYPT_KEY_FLAG, CRYPT_ACQUIRE_COMPARE_KEY_FLAG,
    CRYPT_ACQUIRE_SILENT_FLAG, CRYPT_DELETEKEYSET, CRYPT_INTEGER_BLOB, CRYPT_KEY_PROV_INFO, CRYPT_MACHINE_KEYSET, CRYPT_SILENT,
    CRYPT_USER_KEYSET, CertEnumCertificatesInStore, CertGetCertificateContextProperty, CryptAcquireCertificatePrivateKey,
    CryptAcquireContextW, CryptReleaseContext, NCRYPT_MACHINE_KEY_FLAG, NCRYPT_SILENT_FLAG, NCryptDeleteKey, NCryptFreeObject,
    NCryptOpenKey, NCryptOpenStorageProvider, PFXImportCertStore, PKCS12_ALWAYS_CNG_KSP,
};

/// A certificate whose key Windows can use.
pub(in crate::net::tls::schannel) struct Own {
    certificate: Certificate,
    /// With the certificates of its authorities.
    _store: Store,
}

impl Own {
    /// Takes a certificate with its key in from PKCS#12.
    pub(in crate::net::tls::schannel) fn import(certificate: &[u8], pkcs12: &[u8], password: &str) -> Result<Own, u32> {
        // CNG first, whose keys alone sign for TLS 1.3; then what Windows itself chooses. A service whose user has no profile has no key
        // store of its own, but has that of the machine.
        let ways = [CRYPT_USER_KEYSET | PKCS12_ALWAYS_CNG_KSP, CRYPT_USER_KEYSET, CRYPT_MACHINE_KEYSET | PKCS12_ALWAYS_CNG_KSP];
        let mut first = None;
        for flags in ways {
            match Own::import_as(certificate, pkcs12, password, flags) {
                Ok(own) => return Ok(own),
                Err(number) => drop(first.get_or_insert(number)),
            }
        }
        Err(first.unwrap_or_default())
    }

    fn import_as(certificate: &[u8], pkcs12: &[u8], password: &str, flags: u32) -> Result<Own, u32> {
        let blob = CRYPT_INTEGER_BLOB { cbData: pkcs12.len() as u32, pbData: pkcs12.as_ptr().cast_mut() };
        let password = zeroize::Zeroizing::new(wide(password));
        // SAFETY: the bytes are only read, and the password is zero-terminated.
        let store = unsafe { PFXImportCertStore(&blob, password.as_ptr(), flags) };
        if store.is_null() {
            return Err(last_error());
        }
        let store = Store(store);
        let certificate = find(&store, certificate)?;
        // From here on the key is deleted, whatever comes.
        let own = Own { certificate, _store: store };
        own.has_key()?;
        Ok(own)
    }

    /// The certificate, for as long as `self` lives.
    pub(super) fn certificate(&self) -> *const CERT_CONTEXT {
        self.certificate.0
    }

    /// Whether the key is there and is that of the certificate.
    fn has_key(&self) -> Result<(), u32> {
        let flags = CRYPT_ACQUIRE_COMPARE_KEY_FLAG | CRYPT_ACQUIRE_SILENT_FLAG | CRYPT_ACQUIRE_ALLOW_NCRYPT_KEY_FLAG;
        let (mut key, mut kind, mut is_ours) = (0, 0, 0);
        // SAFETY: the certificate lives, and the numbers are writable.
        if unsafe { CryptAcquireCertificatePrivateKey(self.certificate.0, flags, null(), &mut key, &mut kind, &mut is_ours) } == 0 {
            return Err(last_error());
        }
        if is_ours != 0 {
            match kind {
                // SAFETY: the handle is of this kind and ours to free.
                CERT_NCRYPT_KEY_SPEC => drop(unsafe { NCryptFreeObject(key) }),
                // SAFETY: as above.
                _ => drop(unsafe { CryptReleaseContext(key, 0) }),
            }
        }
        Ok(())
    }

    /// Deletes the key from the key store.
    fn delete_key(&self) {
        let mut size = 0;
        let property = |bytes: *mut std::ffi::c_void, size: &mut u32| {
            // SAFETY: the certificate lives; with null only the size is asked, else there is room for that many bytes.
            unsafe { CertGetCertificateContextProperty(self.certificate.0, CERT_KEY_PROV_INFO_PROP_ID, bytes, size) }
        };
        if property(null_mut(), &mut size) == 0 || (size as usize) < size_of::<CRYPT_KEY_PROV_INFO>() {
            return;
        }
        // Numbers instead of bytes, for the alignment that the structure needs.
        let mut room = vec![0_u64; (size as usize).div_ceil(8)];
        if property(room.as_mut_ptr().cast(), &mut size) == 0 {
            return;
        }
        // SAFETY: Windows has written such a structure, whose texts lie behind it in the same room.
        let info = unsafe { &*room.as_ptr().cast::<CRYPT_KEY_PROV_INFO>() };
        if info.dwProvType == 0 {
            delete_from_cng(info);
            return;
        }
        let mut none = 0;
        let flags = CRYPT_DELETEKEYSET | CRYPT_SILENT | (info.dwFlags & CRYPT_MACHINE_KEYSET);
        // SAFETY: the names are zero-terminated texts; with this flag no handle comes back.
        unsafe { CryptAcquireContextW(&mut none, info.pwszContainerName, info.pwszProvName, info.dwProvType, flags) };
    }
}

fn delete_from_cng(info: &CRYPT_KEY_PROV_INFO) {
    let (mut provider, mut key) = (0, 0);
    // SAFETY: the name is a zero-terminated text, and the handle is writable.
    if unsafe { NCryptOpenStorageProvider(&mut provider, info.pwszProvName, 0) } != 0 {
        return;
    }
    let flags = NCRYPT_SILENT_FLAG | if info.dwFlags & CRYPT_MACHINE_KEYSET != 0 { NCRYPT_MACHINE_KEY_FLAG } else { 0 };
    // SAFETY: the provider is open; as above.
    if unsafe { NCryptOpenKey(provider, &mut key, info.pwszContainerName, info.dwKeySpec, flags) } == 0 {
        // SAFETY: the key is open; the handle goes with it, or is freed where it stays.
        if unsafe { NCryptDeleteKey(key, 0) } != 0 {
            // SAFETY: the handle is open still.
            unsafe { NCryptFreeObject(key) };
        }
    }
    // SAFETY: the provider is open and not used after this.
    unsafe { NCryptFreeObject(provider) };
}

impl Drop for Own {
    fn drop(&mut self) {
        self.delete_key();
    }
}

/// The certificate with these bytes.
fn find(store: &Store, der: &[u8]) -> Result<Certificate, u32> {
    let mut last = null_mut();
    loop {
        // SAFETY: the store is open; the last certificate is given back with the call.
        last = unsafe { CertEnumCertificatesInStore(store.0, last) };
        if last.is_null() {
            return Err(last_error());
        }
        // SAFETY: it is not null, and lives until the next call.
        let context = unsafe { &*last };
        // SAFETY: CryptoAPI holds that many bytes there.
        if unsafe { std::slice::from_raw_parts(context.pbCertEncoded, context.cbCertEncoded as usize) } == der {
            return Ok(Certificate(last));
        }
    }
}
