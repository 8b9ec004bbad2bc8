//! What a client brings to all its sessions: the versions it speaks, and its certificate.

use super::Own;
use crate::net::tls::schannel::numbers::{self, ALGORITHM_MISMATCH, OK};
use crate::settings::TlsVersion;
use std::ptr::{null, null_mut};
use windows_sys::Win32::Security::Authentication::Identity::{
    AcquireCredentialsHandleW, FreeCredentialsHandle, SCH_CRED_MANUAL_CRED_VALIDATION, SCH_CRED_NO_DEFAULT_CREDS, SCH_CREDENTIALS,
    SCH_CREDENTIALS_VERSION, SCH_USE_STRONG_CRYPTO, SCHANNEL_CRED, SCHANNEL_CRED_VERSION, SECPKG_CRED_OUTBOUND, TLS_PARAMETERS,
    UNISP_NAME_W,
};
use windows_sys::Win32::Security::Credentials::SecHandle;
use windows_sys::Win32::Security::Cryptography::CERT_CONTEXT;

/// Credentials of SChannel. Sessions are resumed among connections that share them.
pub(in crate::net::tls::schannel) struct Credentials {
    handle: SecHandle,
    /// Lives as long as the handle, which may sign with it at any time.
    _own: Option<Own>,
}

impl Credentials {
    /// Credentials for versions from `minimum` on.
    ///
    /// The newer form of the question names what is forbidden, and alone leads to TLS 1.3. The older one names what is allowed: with it
    /// versions can be had that Windows leaves out unless they are asked for, and Windows before build 17763 knows no other.
    pub(in crate::net::tls::schannel) fn new(minimum: TlsVersion, own: Option<Own>) -> Result<Credentials, u32> {
        let mut certificates: Vec<*mut CERT_CONTEXT> = own.iter().map(|own| own.certificate().cast_mut()).collect();
        let handle = match minimum {
            TlsVersion::Tls10 | TlsVersion::Tls11 => old(minimum, &mut certificates),
            TlsVersion::Tls12 | TlsVersion::Tls13 => match new(minimum, &mut certificates) {
                Err(number) if number != ALGORITHM_MISMATCH => old(minimum, &mut certificates),
                known => known,
            },
        };
        Ok(Credentials { handle: handle?, _own: own })
    }

    pub(super) fn handle(&self) -> &SecHandle {
        &self.handle
    }
}

impl Drop for Credentials {
    fn drop(&mut self) {
        // SAFETY: the handle came from the system and is not used after this.
        unsafe { FreeCredentialsHandle(&self.handle) };
    }
}

/// Windows validates nothing, and takes no certificate of its own choice.
const FLAGS: u32 = SCH_CRED_MANUAL_CRED_VALIDATION | SCH_CRED_NO_DEFAULT_CREDS;

fn new(minimum: TlsVersion, certificates: &mut [*mut CERT_CONTEXT]) -> Result<SecHandle, u32> {
    let mut parameters = TLS_PARAMETERS {
        cAlpnIds: 0,
        rgstrAlpnIds: null_mut(),
        grbitDisabledProtocols: numbers::forbidden(minimum),
        cDisabledCrypto: 0,
        pDisabledCrypto: null_mut(),
        dwFlags: 0,
    };
    let wish = SCH_CREDENTIALS {
        dwVersion: SCH_CREDENTIALS_VERSION,
        dwCredFormat: 0,
        cCreds: certificates.len() as u32,
        paCred: if certificates.is_empty() { null_mut() } else { certificates.as_mut_ptr() },
        hRootStore: null_mut(),
        cMappers: 0,
        aphMappers: null_mut(),
        dwSessionLifespan: 0,
        dwFlags: FLAGS | SCH_USE_STRONG_CRYPTO,
        cTlsParameters: 1,
        pTlsParameters: &mut parameters,
    };
    acquire(std::ptr::from_ref(&wish).cast())
}

fn old(minimum: TlsVersion, certificates: &mut [*mut CERT_CONTEXT]) -> Result<SecHandle, u32> {
    let protocols = numbers::allowed(minimum);
    if protocols == 0 {
        // None would stand for all.
        return Err(ALGORITHM_MISMATCH);
    }
    let strength = if minimum < TlsVersion::Tls12 { 0 } else { SCH_USE_STRONG_CRYPTO };
    let wish = SCHANNEL_CRED {
        dwVersion: SCHANNEL_CRED_VERSION,
        cCreds: certificates.len() as u32,
        paCred: if certificates.is_empty() { null_mut() } else { certificates.as_mut_ptr() },
        hRootStore: null_mut(),
        cMappers: 0,
        aphMappers: null_mut(),
        cSupportedAlgs: 0,
        palgSupportedAlgs: null_mut(),
        grbitEnabledProtocols: protocols,
        dwMinimumCipherStrength: 0,
        dwMaximumCipherStrength: 0,
        dwSessionLifespan: 0,
        dwFlags: FLAGS | strength,
        dwCredFormat: 0,
    };
    acquire(std::ptr::from_ref(&wish).cast())
}

fn acquire(wish: *const std::ffi::c_void) -> Result<SecHandle, u32> {
    let mut handle = SecHandle::default();
    // SAFETY: the wish is a structure of the version it names, and lives through the call with all it points to; `handle` is writable.
    let status = unsafe {
        AcquireCredentialsHandleW(null(), UNISP_NAME_W, SECPKG_CRED_OUTBOUND, null(), wish, None, null(), &mut handle, null_mut())
    };
    if status as u32 == OK { Ok(handle) } else { Err(status as u32) }
}
