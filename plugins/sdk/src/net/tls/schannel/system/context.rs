//! One session of a client.

use super::{Certificate, Credentials, buffer, list, wide};
use crate::net::tls::schannel::numbers::{CONTINUE_NEEDED, INCOMPLETE_MESSAGE, OK};
use std::ffi::c_void;
use std::net::IpAddr;
use std::ops::Range;
use std::ptr::{from_mut, null, null_mut};
use std::sync::Arc;
use windows_sys::Win32::Security::Authentication::Identity::{
    ApplyControlToken, DecryptMessage, DeleteSecurityContext, EncryptMessage, FreeContextBuffer, ISC_REQ_ALLOCATE_MEMORY,
    ISC_REQ_CONFIDENTIALITY, ISC_REQ_EXTENDED_ERROR, ISC_REQ_INTEGRITY, ISC_REQ_MANUAL_CRED_VALIDATION, ISC_REQ_REPLAY_DETECT,
    ISC_REQ_SEQUENCE_DETECT, ISC_REQ_STREAM, ISC_REQ_USE_SUPPLIED_CREDS, InitializeSecurityContextW, QueryContextAttributesW,
    SCHANNEL_SHUTDOWN, SECBUFFER_ALERT, SECBUFFER_DATA, SECBUFFER_EMPTY, SECBUFFER_EXTRA, SECBUFFER_STREAM_HEADER,
    SECBUFFER_STREAM_TRAILER, SECBUFFER_TOKEN, SECPKG_ATTR_CIPHER_INFO, SECPKG_ATTR_CONNECTION_INFO, SECPKG_ATTR_REMOTE_CERT_CONTEXT,
    SECPKG_ATTR_STREAM_SIZES, SecBuffer, SecBufferDesc, SecPkgContext_CipherInfo, SecPkgContext_ConnectionInfo, SecPkgContext_StreamSizes,
};
use windows_sys::Win32::Security::Credentials::SecHandle;
use windows_sys::Win32::Security::Cryptography::{CERT_CONTEXT, CertEnumCertificatesInStore};

const FLAGS: u32 = ISC_REQ_CONFIDENTIALITY
    | ISC_REQ_INTEGRITY
    | ISC_REQ_REPLAY_DETECT
    | ISC_REQ_SEQUENCE_DETECT
    | ISC_REQ_STREAM
    | ISC_REQ_ALLOCATE_MEMORY
    | ISC_REQ_EXTENDED_ERROR
    | ISC_REQ_MANUAL_CRED_VALIDATION;

/// A security context with one server.
pub(in crate::net::tls::schannel) struct Context {
    credentials: Arc<Credentials>,
    handle: Option<SecHandle>,
    /// The server's name, zero-terminated: announced to it, and the key under which sessions are resumed. An address is not announced
    /// (RFC 6066, section 3).
    target: Option<Vec<u16>>,
    sizes: SecPkgContext_StreamSizes,
}

/// What came of one step of a handshake.
pub(in crate::net::tls::schannel) struct Step {
    pub(in crate::net::tls::schannel) status: u32,
    /// For the server; also beside an error, as an alert.
    pub(in crate::net::tls::schannel) token: Vec<u8>,
    /// How many of the bytes given were used.
    pub(in crate::net::tls::schannel) used: usize,
}

/// What came of one record.
pub(in crate::net::tls::schannel) struct Decrypted {
    pub(in crate::net::tls::schannel) status: u32,
    /// Where in the record the clear text is.
    pub(in crate::net::tls::schannel) plain: Range<usize>,
    /// Where in it a message of the handshake is, to be given to the next step.
    pub(in crate::net::tls::schannel) extra: Range<usize>,
}

/// What is known of a session when the handshake is over.
pub(in crate::net::tls::schannel) struct Session {
    /// The protocol's bit in schannel.h.
    pub(in crate::net::tls::schannel) protocol: u32,
    /// The name of the cipher suite; empty where Windows does not tell it.
    pub(in crate::net::tls::schannel) cipher: String,
    /// The server's own certificate (DER).
    pub(in crate::net::tls::schannel) certificate: Vec<u8>,
    /// What the server sent beside it, in any order.
    pub(in crate::net::tls::schannel) others: Vec<Vec<u8>>,
}

impl Context {
    pub(in crate::net::tls::schannel) fn new(credentials: Arc<Credentials>, host: &str) -> Context {
        let target = host.parse::<IpAddr>().is_err().then(|| wide(host));
        Context { credentials, handle: None, target, sizes: SecPkgContext_StreamSizes::default() }
    }

    /// Goes on with the bytes of the server; the first time there are none. With `goes_without`, the server that asks for a certificate
    /// gets none.
    pub(in crate::net::tls::schannel) fn step(&mut self, bytes: &mut [u8], goes_without: bool) -> Step {
        let given = bytes.len();
        let mut input = [buffer(SECBUFFER_TOKEN, bytes), buffer(SECBUFFER_EMPTY, &mut [])];
        // A later handshake may begin with no bytes; then, too, there has to be a place for them.
        let mut place = [0_u8];
        if given == 0 {
            input[0].pvBuffer = place.as_mut_ptr().cast();
        }
        let input_list = list(&mut input);
        let (status, token) = self.initialize(self.handle.is_some().then_some(&input_list), goes_without);
        let extra = if input[1].BufferType == SECBUFFER_EXTRA { input[1].cbBuffer as usize } else { 0 };
        let used = if status == OK || status == CONTINUE_NEEDED { given.saturating_sub(extra) } else { 0 };
        Step { status, token, used }
    }

    fn initialize(&mut self, input: Option<&SecBufferDesc>, goes_without: bool) -> (u32, Vec<u8>) {
        let mut output = [buffer(SECBUFFER_TOKEN, &mut []), buffer(SECBUFFER_ALERT, &mut []), buffer(SECBUFFER_EMPTY, &mut [])];
        let mut answer = list(&mut output);
        let flags = FLAGS | if goes_without { ISC_REQ_USE_SUPPLIED_CREDS } else { 0 };
        let mut next = self.handle.unwrap_or_default();
        let mut attributes = 0;
        // SAFETY: all pointers are to fields and locals that outlive the call; the system reads and writes within the input buffers, and
        // allocates the memory of the output buffers.
        let status = unsafe {
            InitializeSecurityContextW(
                self.credentials.handle(),
                self.handle.as_ref().map_or(null(), std::ptr::from_ref),
                self.target.as_ref().map_or(null(), |target| target.as_ptr()),
                flags,
                0,
                0,
                input.map_or(null(), std::ptr::from_ref),
                0,
                &mut next,
                &mut answer,
                &mut attributes,
                null_mut(),
            )
        } as u32;
        let [token, alert, _] = output;
        let token = take(&token);
        drop(take(&alert));
        // Where the first step fails there is no context; later ones keep it.
        if self.handle.is_none() && (status == OK || status == CONTINUE_NEEDED || status == INCOMPLETE_MESSAGE) {
            self.handle = Some(next);
        }
        (status, token)
    }

    /// The session, after the handshake.
    pub(in crate::net::tls::schannel) fn session(&mut self) -> Result<Session, u32> {
        self.read_sizes()?;
        let mut connection = SecPkgContext_ConnectionInfo::default();
        // SAFETY: for this attribute the system writes such a structure.
        unsafe { self.query(SECPKG_ATTR_CONNECTION_INFO, from_mut(&mut connection).cast()) }?;
        let mut found: *mut CERT_CONTEXT = null_mut();
        // SAFETY: for this attribute the system writes a pointer to a certificate, which is ours then.
        unsafe { self.query(SECPKG_ATTR_REMOTE_CERT_CONTEXT, from_mut(&mut found).cast()) }?;
        if found.is_null() {
            return Err(OK);
        }
        let own = Certificate(found);
        let (certificate, others) = (own.der().to_vec(), others(&own));
        Ok(Session { protocol: connection.dwProtocol, cipher: self.cipher(), certificate, others })
    }

    fn read_sizes(&mut self) -> Result<(), u32> {
        let mut sizes = SecPkgContext_StreamSizes::default();
        // SAFETY: for this attribute the system writes such a structure.
        unsafe { self.query(SECPKG_ATTR_STREAM_SIZES, from_mut(&mut sizes).cast()) }?;
        self.sizes = sizes;
        Ok(())
    }

    fn cipher(&self) -> String {
        // SAFETY: the structure consists of numbers.
        let mut info: SecPkgContext_CipherInfo = unsafe { std::mem::zeroed() };
        info.dwVersion = 1;
        // SAFETY: for this attribute the system writes such a structure.
        let is_known = unsafe { self.query(SECPKG_ATTR_CIPHER_INFO, from_mut(&mut info).cast()) }.is_ok();
        let length = info.szCipherSuite.iter().position(|unit| *unit == 0).unwrap_or_default();
        if is_known { String::from_utf16_lossy(&info.szCipherSuite[..length]) } else { String::new() }
    }

    /// # Safety
    /// `room` is a structure of the type that the attribute has.
    unsafe fn query(&self, attribute: u32, room: *mut c_void) -> Result<(), u32> {
        let handle = self.handle.as_ref().ok_or(OK)?;
        // SAFETY: the context lives; the caller vouches for the room.
        let status = unsafe { QueryContextAttributesW(handle, attribute, room) } as u32;
        if status == OK { Ok(()) } else { Err(status) }
    }

    /// Encrypts as much as one record takes, to the end of `out`. Gives how much that was.
    pub(in crate::net::tls::schannel) fn encrypt(&self, data: &[u8], out: &mut Vec<u8>) -> Result<usize, u32> {
        let handle = self.handle.as_ref().ok_or(OK)?;
        let (header, trailer) = (self.sizes.cbHeader as usize, self.sizes.cbTrailer as usize);
        let length = data.len().min(self.sizes.cbMaximumMessage as usize);
        let start = out.len();
        out.resize(start + header + length + trailer, 0);
        let (head, rest) = out[start..].split_at_mut(header);
        let (body, tail) = rest.split_at_mut(length);
        body.copy_from_slice(&data[..length]);
        let mut buffers = [
            buffer(SECBUFFER_STREAM_HEADER, head),
            buffer(SECBUFFER_DATA, body),
            buffer(SECBUFFER_STREAM_TRAILER, tail),
            buffer(SECBUFFER_EMPTY, &mut []),
        ];
        let message = list(&mut buffers);
        // SAFETY: the context lives; the buffers are ours, lie one behind the other, and have the sizes that the system asked for.
        let status = unsafe { EncryptMessage(handle, 0, &message, 0) } as u32;
        let used: usize = buffers[..3].iter().map(|buffer| buffer.cbBuffer as usize).sum();
        out.truncate(if status == OK { start + used } else { start });
        if status == OK { Ok(length) } else { Err(status) }
    }

    /// Decrypts one whole record where it lies.
    pub(in crate::net::tls::schannel) fn decrypt(&self, record: &mut [u8]) -> Decrypted {
        let mut decrypted = Decrypted { status: OK, plain: 0..0, extra: 0..0 };
        let Some(handle) = self.handle.as_ref() else { return decrypted };
        let (start, length) = (record.as_ptr() as usize, record.len());
        let empty = || buffer(SECBUFFER_EMPTY, &mut []);
        let mut buffers = [buffer(SECBUFFER_DATA, record), empty(), empty(), empty()];
        let message = list(&mut buffers);
        // SAFETY: the context lives, and the record is ours and writable for its length.
        decrypted.status = unsafe { DecryptMessage(handle, &message, 0, null_mut()) } as u32;
        for SecBuffer { cbBuffer, BufferType, pvBuffer } in buffers {
            let at = (pvBuffer as usize).checked_sub(start).filter(|at| at.saturating_add(cbBuffer as usize) <= length);
            match (BufferType, at) {
                (SECBUFFER_DATA, Some(at)) => decrypted.plain = at..at + cbBuffer as usize,
                (SECBUFFER_EXTRA, Some(at)) => decrypted.extra = at..at + cbBuffer as usize,
                // Without a place it counts from the end.
                (SECBUFFER_EXTRA, None) => decrypted.extra = length.saturating_sub(cbBuffer as usize)..length,
                _ => {}
            }
        }
        decrypted
    }

    /// The close_notify of TLS, as a record for the server; empty where it cannot be had.
    pub(in crate::net::tls::schannel) fn close_notify(&mut self) -> Vec<u8> {
        let Some(handle) = self.handle.as_ref() else { return Vec::new() };
        let mut wish = SCHANNEL_SHUTDOWN.to_ne_bytes();
        let mut buffers = [buffer(SECBUFFER_TOKEN, &mut wish)];
        // SAFETY: the context lives, and the buffer holds the number that the system expects.
        if unsafe { ApplyControlToken(handle, &list(&mut buffers)) } as u32 != OK {
            return Vec::new();
        }
        self.initialize(None, false).1
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        if let Some(handle) = &self.handle {
            // SAFETY: the context came from the system and is not used after this.
            unsafe { DeleteSecurityContext(handle) };
        }
    }
}

/// The certificates that a server sent with its own, which share a store with it. More of them than this are not worth a look.
fn others(own: &Certificate) -> Vec<Vec<u8>> {
    // SAFETY: the certificate lives.
    let store = unsafe { (*own.0).hCertStore };
    let (mut found, mut last) = (Vec::new(), null_mut());
    while !store.is_null() && found.len() < 10 {
        // SAFETY: the store lives with the certificate; the last one is given back with the call.
        last = unsafe { CertEnumCertificatesInStore(store, last) };
        if last.is_null() {
            return found;
        }
        // SAFETY: it is not null, and lives until the next call.
        let context = unsafe { &*last };
        // SAFETY: CryptoAPI holds that many bytes there.
        found.push(unsafe { std::slice::from_raw_parts(context.pbCertEncoded, context.cbCertEncoded as usize) }.to_vec());
    }
    if !last.is_null() {
        drop(Certificate(last));
    }
    found
}

/// Takes the bytes out of a buffer that the system allocated, and frees it.
fn take(buffer: &SecBuffer) -> Vec<u8> {
    if buffer.pvBuffer.is_null() {
        return Vec::new();
    }
    // SAFETY: the system allocated and filled that many bytes, which are ours until they are freed below.
    let bytes = unsafe { std::slice::from_raw_parts(buffer.pvBuffer.cast::<u8>(), buffer.cbBuffer as usize) }.to_vec();
    // SAFETY: the memory came from the system and is not used after this.
    unsafe { FreeContextBuffer(buffer.pvBuffer) };
    bytes
}
