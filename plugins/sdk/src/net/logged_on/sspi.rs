//! SSPI, Windows' own GSSAPI.
//!
//! No machine of ours runs Windows. Under Wine 10 the messages of Kerberos were accepted by a real Dovecot with a ticket of a real KDC, and the
//! status of a package that is switched off or a user without credentials arrives as what it is. Wine has NTLM for the logged-on user only beside
//! a winbind, its Negotiate is Kerberos without an envelope, and its Kerberos knows no SECBUFFER_STREAM: that, [`Context::wrap`] and
//! [`Context::unwrap`] are written after Microsoft's pages ("SSPI/Kerberos Interoperability with GSSAPI") and were not seen running.

#![allow(unsafe_code, reason = "the system is asked by C functions")]

use super::peer::{Failure, Package, Peer, Reason, Reply, application_data};
use super::sspi_status::failure;
use std::ffi::c_void;
use std::ptr::{null, null_mut};
use windows_sys::Win32::Foundation::{SEC_E_OK, SEC_I_CONTINUE_NEEDED};
use windows_sys::Win32::Security::Authentication::Identity::{
    AcquireCredentialsHandleW, DecryptMessage, DeleteSecurityContext, EncryptMessage, FreeContextBuffer, FreeCredentialsHandle,
    ISC_REQ_ALLOCATE_MEMORY, ISC_REQ_INTEGRITY, ISC_REQ_MUTUAL_AUTH, ISC_REQ_REPLAY_DETECT, ISC_REQ_SEQUENCE_DETECT,
    InitializeSecurityContextW, QueryContextAttributesW, SECBUFFER_CHANNEL_BINDINGS, SECBUFFER_DATA, SECBUFFER_PADDING, SECBUFFER_STREAM,
    SECBUFFER_TOKEN, SECBUFFER_VERSION, SECPKG_ATTR_SIZES, SECPKG_CRED_OUTBOUND, SECQOP_WRAP_NO_ENCRYPT, SECURITY_NATIVE_DREP, SecBuffer,
    SecBufferDesc, SecPkgContext_Sizes,
};
use windows_sys::Win32::Security::Credentials::SecHandle;
use zeroize::Zeroizing;

/// Proof from both sides where the package has it; integrity, which SASL needs. Never delegation: the ticket stays here.
const FLAGS: u32 = ISC_REQ_MUTUAL_AUTH | ISC_REQ_REPLAY_DETECT | ISC_REQ_SEQUENCE_DETECT | ISC_REQ_INTEGRITY | ISC_REQ_ALLOCATE_MEMORY;

/// A security context with one service, from the first message to the last.
pub(super) struct Context {
    credentials: Credentials,
    context: Option<SecHandle>,
    /// The service's name, zero-terminated.
    target: Vec<u16>,
    /// `SEC_CHANNEL_BINDINGS` with the data behind it.
    bindings: Option<Vec<u8>>,
}

impl Context {
    pub(super) fn new(package: Package, peer: &Peer) -> Result<Context, Failure> {
        let target = wide(&format!("{}/{}", peer.service, peer.host));
        let bindings = peer.binding.as_deref().map(channel_bindings);
        Ok(Context { credentials: Credentials::new(package.name())?, context: None, target, bindings })
    }

    /// Answers the server's message; the first time there is none. This may ask a domain controller for a ticket and take its time.
    pub(super) fn step(&mut self, message: &[u8]) -> Result<Reply, Failure> {
        let mut input = Vec::new();
        if self.context.is_some() {
            input.push(buffer(SECBUFFER_TOKEN, message));
        }
        if let Some(bindings) = &self.bindings {
            input.push(buffer(SECBUFFER_CHANNEL_BINDINGS, bindings));
        }
        // Without anything to say there is no list: not every package takes an empty one.
        let is_silent = input.is_empty();
        let input = list(&mut input);
        let mut output = [buffer(SECBUFFER_TOKEN, &[])];
        let mut answer = list(&mut output);
        let mut next = self.context.unwrap_or_default();
        let mut attributes = 0;
        // SAFETY: all pointers are to fields and locals that outlive the call; the system reads the input buffers and writes the output
        // buffer, whose memory it allocates.
        let status = unsafe {
            InitializeSecurityContextW(
                &self.credentials.0,
                self.context.as_ref().map_or(null(), std::ptr::from_ref),
                self.target.as_ptr(),
                FLAGS,
                0,
                SECURITY_NATIVE_DREP,
                if is_silent { null() } else { &input },
                0,
                &mut next,
                &mut answer,
                &mut attributes,
                null_mut(),
            )
        };
        let message = take(&output[0]);
        if status != SEC_E_OK && status != SEC_I_CONTINUE_NEEDED {
            return Err(failure(status));
        }
        self.context = Some(next);
        Ok(Reply { message, is_complete: status == SEC_E_OK })
    }

    /// Protects bytes against change, without hiding them.
    pub(super) fn wrap(&mut self, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let context = self.context.as_ref().ok_or_else(incomplete)?;
        let mut sizes = SecPkgContext_Sizes::default();
        // SAFETY: with SIZES the system writes such a structure.
        let status = unsafe { QueryContextAttributesW(context, SECPKG_ATTR_SIZES, std::ptr::from_mut(&mut sizes).cast()) };
        if status != SEC_E_OK {
            return Err(failure(status));
        }
        let (mut token, mut data) = (vec![0; sizes.cbSecurityTrailer as usize], bytes.to_vec());
        let mut padding = vec![0; sizes.cbBlockSize as usize];
        let mut buffers =
            [writable(SECBUFFER_TOKEN, &mut token), writable(SECBUFFER_DATA, &mut data), writable(SECBUFFER_PADDING, &mut padding)];
        let message = list(&mut buffers);
        // SAFETY: the buffers are ours and writable for their lengths, which the system shortens and never exceeds.
        let status = unsafe { EncryptMessage(context, SECQOP_WRAP_NO_ENCRYPT, &message, 0) };
        if status != SEC_E_OK {
            return Err(failure(status));
        }
        let [token_length, _, padding_length] = buffers.map(|buffer| buffer.cbBuffer as usize);
        token.truncate(token_length);
        padding.truncate(padding_length);
        Ok(Zeroizing::new([token, data, padding].concat()))
    }

    /// The bytes that the server protected.
    pub(super) fn unwrap(&mut self, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let context = self.context.as_ref().ok_or_else(incomplete)?;
        let mut stream = bytes.to_vec();
        let mut buffers = [writable(SECBUFFER_STREAM, &mut stream), buffer(SECBUFFER_DATA, &[])];
        let message = list(&mut buffers);
        // SAFETY: the stream is ours and writable; the system puts into the second buffer where in it the data is.
        let status = unsafe { DecryptMessage(context, &message, 0, null_mut()) };
        if status != SEC_E_OK {
            return Err(failure(status));
        }
        let [_, data] = buffers;
        let start = (data.pvBuffer as usize).checked_sub(stream.as_ptr() as usize).ok_or_else(incomplete)?;
        let found = start.checked_add(data.cbBuffer as usize).and_then(|end| stream.get(start..end)).ok_or_else(incomplete)?;
        Ok(Zeroizing::new(found.to_vec()))
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        if let Some(context) = &self.context {
            // SAFETY: the context came from the system and is not used after this.
            unsafe { DeleteSecurityContext(context) };
        }
    }
}

/// The credentials of the logged-on user.
struct Credentials(SecHandle);

impl Credentials {
    fn new(package: &str) -> Result<Credentials, Failure> {
        let mut handle = SecHandle::default();
        // SAFETY: the name is zero-terminated; null stands for the user whom the process runs as; `handle` is writable.
        let status = unsafe {
            AcquireCredentialsHandleW(
                null(),
                wide(package).as_ptr(),
                SECPKG_CRED_OUTBOUND,
                null(),
                null(),
                None,
                null(),
                &mut handle,
                null_mut(),
            )
        };
        if status == SEC_E_OK { Ok(Credentials(handle)) } else { Err(failure(status)) }
    }
}

impl Drop for Credentials {
    fn drop(&mut self) {
        // SAFETY: the handle came from the system and is not used after this.
        unsafe { FreeCredentialsHandle(&self.0) };
    }
}

/// `SEC_CHANNEL_BINDINGS`, which has no addresses, and the data behind it.
fn channel_bindings(binding: &[u8]) -> Vec<u8> {
    /// Eight numbers of four bytes; the last one says where the data begins.
    const HEADER: u32 = 32;
    let data = application_data(binding);
    // The longest hash has 64 bytes.
    let numbers = [0, 0, 0, 0, 0, 0, data.len() as u32, HEADER];
    [numbers.map(u32::to_le_bytes).as_flattened(), &data].concat()
}

/// A buffer that the system only reads; it must not outlive the bytes.
fn buffer(kind: u32, bytes: &[u8]) -> SecBuffer {
    let value = if bytes.is_empty() { null_mut() } else { bytes.as_ptr().cast_mut().cast::<c_void>() };
    SecBuffer { cbBuffer: bytes.len() as u32, BufferType: kind, pvBuffer: value }
}

/// A buffer that the system writes; it must not outlive the bytes.
fn writable(kind: u32, bytes: &mut [u8]) -> SecBuffer {
    SecBuffer { cbBuffer: bytes.len() as u32, BufferType: kind, pvBuffer: bytes.as_mut_ptr().cast() }
}

/// A list of buffers, which it must not outlive.
fn list(buffers: &mut [SecBuffer]) -> SecBufferDesc {
    SecBufferDesc { ulVersion: SECBUFFER_VERSION, cBuffers: buffers.len() as u32, pBuffers: buffers.as_mut_ptr() }
}

/// Takes the bytes out of a buffer that the system allocated, and frees it.
fn take(buffer: &SecBuffer) -> Zeroizing<Vec<u8>> {
    if buffer.pvBuffer.is_null() {
        return Zeroizing::new(Vec::new());
    }
    // SAFETY: the system allocated and filled that many bytes, which are ours until they are freed below.
    let bytes = unsafe { std::slice::from_raw_parts(buffer.pvBuffer.cast::<u8>(), buffer.cbBuffer as usize) }.to_vec();
    // SAFETY: the memory came from the system and is not used after this.
    unsafe { FreeContextBuffer(buffer.pvBuffer) };
    Zeroizing::new(bytes)
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

fn incomplete() -> Failure {
    Failure { reason: Reason::Other, detail: "the security context is not complete".to_owned() }
}
