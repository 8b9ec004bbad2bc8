//! Chains of certificates.

use super::{Certificate, Store, last_error};
use crate::net::tls::schannel::verdict::{Built, Element};
use std::mem::offset_of;
use std::ptr::{null, null_mut};
use windows_sys::Win32::Security::Cryptography::{
    CERT_CHAIN_CACHE_ONLY_URL_RETRIEVAL, CERT_CHAIN_CONTEXT, CERT_CHAIN_DISABLE_AIA, CERT_CHAIN_PARA, CERT_USAGE_MATCH, CTL_USAGE,
    CertFreeCertificateChain, CertGetCertificateChain, USAGE_MATCH_TYPE_OR, szOID_PKIX_KP_SERVER_AUTH,
};

/// How long Windows may look for an authority on the network, in milliseconds.
pub(in crate::net::tls::schannel) const LONGEST: u32 = 5_000;

/// Builds the chain of a server's certificate from what the server sent, what the settings name, and what this machine trusts.
///
/// With `fetches`, Windows may ask its maker for an authority that this machine trusts without knowing it yet. Addresses that a
/// certificate names are never asked, and revocation is not looked at.
pub(in crate::net::tls::schannel) fn build<'a>(own: &[u8], others: impl Iterator<Item = &'a Vec<u8>>, fetches: bool) -> Result<Built, u32> {
    let store = Store::new()?;
    let own = store.add(own).ok_or_else(last_error)?;
    let _others: Vec<Certificate> = others.filter_map(|der| store.add(der)).collect();
    let mut purposes = [szOID_PKIX_KP_SERVER_AUTH.cast_mut()];
    let usage = CTL_USAGE { cUsageIdentifier: 1, rgpszUsageIdentifier: purposes.as_mut_ptr() };
    // SAFETY: of this structure zero is a value that means nothing.
    let mut wish: CERT_CHAIN_PARA = unsafe { std::mem::zeroed() };
    // Without the fields that Windows 7 does not know.
    wish.cbSize = offset_of!(CERT_CHAIN_PARA, pStrongSignPara) as u32;
    wish.RequestedUsage = CERT_USAGE_MATCH { dwType: USAGE_MATCH_TYPE_OR, Usage: usage };
    wish.dwUrlRetrievalTimeout = LONGEST;
    let flags = CERT_CHAIN_DISABLE_AIA | if fetches { 0 } else { CERT_CHAIN_CACHE_ONLY_URL_RETRIEVAL };
    let mut chain = null_mut();
    // SAFETY: certificate, store and wish live through the call, and `chain` is writable.
    if unsafe { CertGetCertificateChain(null_mut(), own.0, null(), store.0, &wish, flags, null(), &mut chain) } == 0 || chain.is_null() {
        return Err(last_error());
    }
    let chain = Chain(chain);
    Ok(chain.read())
}

struct Chain(*const CERT_CHAIN_CONTEXT);

impl Chain {
    fn read(&self) -> Built {
        // SAFETY: the pointer is not null, and the chain lives as long as `self`.
        let context = unsafe { &*self.0 };
        let mut built = Built { status: context.TrustStatus.dwErrorStatus, elements: Vec::new() };
        if context.cChain == 0 {
            return built;
        }
        // SAFETY: CryptoAPI has that many pointers there. The first simple chain is that of the certificate; more come only with lists of
        // trusted authorities, each of which is a chain of its own.
        let first = unsafe { &**context.rgpChain };
        built.status |= first.TrustStatus.dwErrorStatus;
        for index in 0..first.cElement as usize {
            // SAFETY: CryptoAPI has that many pointers there, to elements with a certificate each.
            let element = unsafe { &**first.rgpElement.add(index) };
            // SAFETY: as above; the bytes live as long as the chain.
            let der = unsafe {
                let certificate = &*element.pCertContext;
                std::slice::from_raw_parts(certificate.pbCertEncoded, certificate.cbCertEncoded as usize)
            };
            built.elements.push(Element { der: der.to_vec(), status: element.TrustStatus.dwErrorStatus });
        }
        built
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        // SAFETY: the chain came from the system and is not used after this.
        unsafe { CertFreeCertificateChain(self.0) };
    }
}
