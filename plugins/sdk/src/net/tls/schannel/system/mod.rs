//! What Windows does for TLS: SChannel by SSPI, chains and keys by CryptoAPI. Nothing here judges; numbers go up as they come.

#![allow(unsafe_code, reason = "the system is asked by C functions")]

mod chain;
mod context;
mod credentials;
mod own;

pub(super) use chain::{LONGEST, build};
pub(super) use context::{Context, Decrypted, Session};
pub(super) use credentials::Credentials;
pub(super) use own::Own;

use windows_sys::Win32::Foundation::GetLastError;
use windows_sys::Win32::Security::Authentication::Identity::{SECBUFFER_VERSION, SecBuffer, SecBufferDesc};
use windows_sys::Win32::Security::Cryptography::{
    CERT_CONTEXT, CERT_STORE_ADD_ALWAYS, CERT_STORE_PROV_MEMORY, CertAddEncodedCertificateToStore, CertCloseStore,
    CertFreeCertificateContext, CertOpenStore, HCERTSTORE, X509_ASN_ENCODING,
};

/// The number of what went wrong last on this thread.
fn last_error() -> u32 {
    // SAFETY: it only reads a number of this thread.
    unsafe { GetLastError() }
}

/// A store of certificates in memory.
struct Store(HCERTSTORE);

// SAFETY: CryptoAPI locks its stores itself; a handle may be used and closed on any thread.
unsafe impl Send for Store {}
// SAFETY: as above.
unsafe impl Sync for Store {}

impl Store {
    fn new() -> Result<Store, u32> {
        // SAFETY: a store in memory takes no parameters.
        let store = unsafe { CertOpenStore(CERT_STORE_PROV_MEMORY, 0, 0, 0, std::ptr::null()) };
        if store.is_null() { Err(last_error()) } else { Ok(Store(store)) }
    }

    /// Adds a certificate (DER). One that Windows cannot read is of no use for a chain either.
    fn add(&self, der: &[u8]) -> Option<Certificate> {
        let mut added = std::ptr::null_mut();
        // SAFETY: the store is open, the bytes are read only, and `added` is writable.
        let is_added = unsafe {
            CertAddEncodedCertificateToStore(self.0, X509_ASN_ENCODING, der.as_ptr(), der.len() as u32, CERT_STORE_ADD_ALWAYS, &mut added)
        };
        (is_added != 0 && !added.is_null()).then_some(Certificate(added))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // SAFETY: the store is open and not used after this; certificates from it keep what they need.
        unsafe { CertCloseStore(self.0, 0) };
    }
}

/// A certificate of CryptoAPI, never null.
struct Certificate(*const CERT_CONTEXT);

// SAFETY: CryptoAPI never changes a certificate, and counts its owners with a lock.
unsafe impl Send for Certificate {}
// SAFETY: as above.
unsafe impl Sync for Certificate {}

impl Certificate {
    fn der(&self) -> &[u8] {
        // SAFETY: the pointer is not null, and the certificate lives as long as `self`.
        let context = unsafe { &*self.0 };
        // SAFETY: CryptoAPI holds that many bytes there for as long as the certificate lives.
        unsafe { std::slice::from_raw_parts(context.pbCertEncoded, context.cbCertEncoded as usize) }
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        // SAFETY: this is one of the counted owners, and it is gone after this.
        unsafe { CertFreeCertificateContext(self.0) };
    }
}

/// A buffer that the system reads, and writes where its kind says so; it must not outlive the bytes.
fn buffer(kind: u32, bytes: &mut [u8]) -> SecBuffer {
    let value = if bytes.is_empty() { std::ptr::null_mut() } else { bytes.as_mut_ptr().cast() };
    SecBuffer { cbBuffer: bytes.len() as u32, BufferType: kind, pvBuffer: value }
}

/// A list of buffers, which it must not outlive.
fn list(buffers: &mut [SecBuffer]) -> SecBufferDesc {
    SecBufferDesc { ulVersion: SECBUFFER_VERSION, cBuffers: buffers.len() as u32, pBuffers: buffers.as_mut_ptr() }
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}
