//! GSSAPI (RFC 2744) of MIT Kerberos, looked for when it is first needed: a system without Kerberos has no use for the library, so
//! nothing here is linked with it.

#![allow(unsafe_code, reason = "the library is called through C functions")]

use super::peer::{Failure, Package, Peer, Reason, Reply, application_data};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use std::ffi::{c_int, c_void};
use std::ptr::{null, null_mut};
use std::sync::OnceLock;
use zeroize::{Zeroize, Zeroizing};

/// The name by which Linux distributions and BSDs have it.
const LIBRARY: &str = "libgssapi_krb5.so.2";

/// Proof from both sides; no replay, nothing out of order, integrity: SPNEGO and SASL need the last one for their own messages. Never
/// delegation: the ticket stays here.
const FLAGS: u32 = 2 | 4 | 8 | 32;

/// The object identifiers (RFC 2744, section 4; RFC 4121, section 1; RFC 4178, section 3).
const HOST_BASED_SERVICE: &[u8] = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x04";
const KERBEROS: &[u8] = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02";
const SPNEGO: &[u8] = b"\x2b\x06\x01\x05\x05\x02";

/// The bit of a status that says that another message is due.
const CONTINUE_NEEDED: u32 = 1;

/// How many sentences of one status are read.
const SENTENCES: usize = 4;

#[repr(C)]
struct Buffer {
    length: usize,
    value: *mut c_void,
}

#[repr(C)]
struct Oid {
    length: u32,
    elements: *const c_void,
}

#[repr(C)]
struct ChannelBindings {
    initiator_type: u32,
    initiator: Buffer,
    acceptor_type: u32,
    acceptor: Buffer,
    application: Buffer,
}

/// A name, credentials or a context: only the library knows what it points to.
type Handle = *mut c_void;

type Initiate = unsafe extern "C" fn(
    *mut u32,
    Handle,
    *mut Handle,
    Handle,
    *const Oid,
    u32,
    u32,
    *const ChannelBindings,
    *const Buffer,
    *mut *const Oid,
    *mut Buffer,
    *mut u32,
    *mut u32,
) -> u32;

/// The functions that are needed of it.
struct Functions {
    import_name: unsafe extern "C" fn(*mut u32, *const Buffer, *const Oid, *mut Handle) -> u32,
    release_name: unsafe extern "C" fn(*mut u32, *mut Handle) -> u32,
    initiate: Initiate,
    delete_context: unsafe extern "C" fn(*mut u32, *mut Handle, *mut Buffer) -> u32,
    release_buffer: unsafe extern "C" fn(*mut u32, *mut Buffer) -> u32,
    display_status: unsafe extern "C" fn(*mut u32, u32, c_int, *const Oid, *mut u32, *mut Buffer) -> u32,
    wrap: unsafe extern "C" fn(*mut u32, Handle, c_int, u32, *const Buffer, *mut c_int, *mut Buffer) -> u32,
    unwrap: unsafe extern "C" fn(*mut u32, Handle, *const Buffer, *mut Buffer, *mut c_int, *mut u32) -> u32,
    /// Keeps the functions in memory.
    _library: Library,
}

impl Functions {
    /// The library's functions; it stays loaded from the first time on.
    fn get() -> Result<&'static Functions, Failure> {
        static LOADED: OnceLock<Functions> = OnceLock::new();
        // A failure is not kept: the library may be installed while the program runs.
        if let Some(loaded) = LOADED.get() {
            return Ok(loaded);
        }
        let loaded = Functions::load().map_err(|error| Failure { reason: Reason::NotInstalled, detail: error.to_string() })?;
        Ok(LOADED.get_or_init(|| loaded))
    }

    fn load() -> Result<Functions, libloading::Error> {
        // SAFETY: the system's own library, found as the system finds its libraries; its initialisers only register mechanisms.
        let library = unsafe { Library::open(Some(LIBRARY), RTLD_NOW | RTLD_LOCAL) }?;
        // SAFETY: each symbol has the type that RFC 2744 gives the function of that name, in the C bindings which MIT Kerberos keeps
        // to (gssapi.h); the library is kept beside the pointers, in a static that is never dropped.
        unsafe {
            Ok(Functions {
                import_name: *library.get(b"gss_import_name\0")?,
                release_name: *library.get(b"gss_release_name\0")?,
                initiate: *library.get(b"gss_init_sec_context\0")?,
                delete_context: *library.get(b"gss_delete_sec_context\0")?,
                release_buffer: *library.get(b"gss_release_buffer\0")?,
                display_status: *library.get(b"gss_display_status\0")?,
                wrap: *library.get(b"gss_wrap\0")?,
                unwrap: *library.get(b"gss_unwrap\0")?,
                _library: library,
            })
        }
    }

    /// Takes the bytes out of a buffer of the library's, wipes them there, and releases it.
    fn take(&self, mut buffer: Buffer) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::new());
        if !buffer.value.is_null() && buffer.length > 0 {
            // SAFETY: the library filled the buffer with that many bytes, which are ours until it is released below.
            let filled = unsafe { std::slice::from_raw_parts_mut(buffer.value.cast::<u8>(), buffer.length) };
            bytes.extend_from_slice(filled);
            filled.zeroize();
        }
        let mut minor = 0;
        // SAFETY: the buffer came from the library, or is empty, which the function allows.
        unsafe { (self.release_buffer)(&mut minor, &mut buffer) };
        bytes
    }

    /// What the library says about a status, in English: of the interface, then of the mechanism.
    fn words(&self, major: u32, minor: u32, mechanism: &'static [u8]) -> String {
        let mut sentences: Vec<String> = Vec::new();
        let mechanism = oid(mechanism);
        for (status, kind) in [(major, 1), (minor, 2)] {
            let mut more = 0;
            for _ in 0..SENTENCES {
                let (mut ignored, mut text) = (0, empty());
                // SAFETY: all pointers are to locals that outlive the call; the library writes the count of what is left and the text.
                let result = unsafe { (self.display_status)(&mut ignored, status, kind, &mechanism, &mut more, &mut text) };
                let text = String::from_utf8_lossy(&self.take(text)).into_owned();
                if is_error(result) || text.is_empty() {
                    break;
                }
                sentences.push(text);
                if more == 0 {
                    break;
                }
            }
        }
        sentences.dedup();
        sentences.join(": ")
    }

    fn failure(&self, major: u32, minor: u32, mechanism: &'static [u8]) -> Failure {
        Failure { reason: reason(major, minor), detail: self.words(major, minor, mechanism) }
    }
}

/// A security context with one service, from the first message to the last.
pub(super) struct Context {
    functions: &'static Functions,
    mechanism: &'static [u8],
    service: Handle,
    context: Handle,
    binding: Option<Vec<u8>>,
}

// SAFETY: names and contexts of GSSAPI belong to no thread; they may be used from any, one at a time, which `&mut` and moving ensure.
unsafe impl Send for Context {}

impl Context {
    pub(super) fn new(package: Package, peer: &Peer) -> Result<Context, Failure> {
        let functions = Functions::get()?;
        let mechanism = match package {
            Package::Kerberos => KERBEROS,
            Package::Negotiate => SPNEGO,
        };
        let name = format!("{}@{}", peer.service_of_iana(), peer.host);
        let binding = peer.binding.as_deref().map(application_data);
        let mut context = Context { functions, mechanism, service: null_mut(), context: null_mut(), binding };
        let mut minor = 0;
        // SAFETY: the library copies the name; the buffer and the identifier outlive the call; the handle is a field of ours.
        let major =
            unsafe { (functions.import_name)(&mut minor, &buffer(name.as_bytes()), &oid(HOST_BASED_SERVICE), &mut context.service) };
        if is_error(major) { Err(functions.failure(major, minor, mechanism)) } else { Ok(context) }
    }

    /// Answers the server's message; the first time there is none. This may ask a domain controller for a ticket and take its time.
    pub(super) fn step(&mut self, message: &[u8]) -> Result<Reply, Failure> {
        let bindings = self.binding.as_deref().map(|data| ChannelBindings {
            initiator_type: 0,
            initiator: empty(),
            acceptor_type: 0,
            acceptor: empty(),
            application: buffer(data),
        });
        let input = buffer(message);
        let (mut minor, mut output) = (0, empty());
        // SAFETY: the pointers are to fields and locals that outlive the call and that the library may read, or write where C has no
        // const; no credentials means those of the logged-on user; null is allowed for what is not asked for.
        let major = unsafe {
            (self.functions.initiate)(
                &mut minor,
                null_mut(),
                &mut self.context,
                self.service,
                &oid(self.mechanism),
                FLAGS,
                0,
                bindings.as_ref().map_or(null(), std::ptr::from_ref),
                &input,
                null_mut(),
                &mut output,
                null_mut(),
                null_mut(),
            )
        };
        let message = self.functions.take(output);
        if is_error(major) {
            return Err(self.functions.failure(major, minor, self.mechanism));
        }
        Ok(Reply { message, is_complete: major & CONTINUE_NEEDED == 0 })
    }

    /// Protects bytes against change, without hiding them.
    pub(super) fn wrap(&mut self, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let (mut minor, mut output) = (0, empty());
        // SAFETY: the context is a complete one of the library's, or null, which it refuses; the rest are locals and constants.
        let major = unsafe { (self.functions.wrap)(&mut minor, self.context, 0, 0, &buffer(bytes), null_mut(), &mut output) };
        self.finish(major, minor, output)
    }

    /// The bytes that the server protected.
    pub(super) fn unwrap(&mut self, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let (mut minor, mut output) = (0, empty());
        // SAFETY: as for `wrap`.
        let major = unsafe { (self.functions.unwrap)(&mut minor, self.context, &buffer(bytes), &mut output, null_mut(), null_mut()) };
        self.finish(major, minor, output)
    }

    fn finish(&self, major: u32, minor: u32, output: Buffer) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let bytes = self.functions.take(output);
        if is_error(major) { Err(self.functions.failure(major, minor, self.mechanism)) } else { Ok(bytes) }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        let mut minor = 0;
        if !self.context.is_null() {
            // SAFETY: the context came from the library and is not used after this.
            unsafe { (self.functions.delete_context)(&mut minor, &mut self.context, null_mut()) };
        }
        if !self.service.is_null() {
            // SAFETY: so did the name.
            unsafe { (self.functions.release_name)(&mut minor, &mut self.service) };
        }
    }
}

fn empty() -> Buffer {
    Buffer { length: 0, value: null_mut() }
}

/// A buffer that the library only reads; it must not outlive the bytes.
fn buffer(bytes: &[u8]) -> Buffer {
    Buffer { length: bytes.len(), value: bytes.as_ptr().cast_mut().cast() }
}

fn oid(bytes: &'static [u8]) -> Oid {
    // Ten bytes at most.
    Oid { length: bytes.len() as u32, elements: bytes.as_ptr().cast() }
}

/// Whether a status has an error of the call or of the routine (RFC 2744, section 3.9.1).
fn is_error(major: u32) -> bool {
    major & 0xffff_0000 != 0
}

/// What a status means for the user: by the interface's number, then by Kerberos' own (krb5.h).
fn reason(major: u32, minor: u32) -> Reason {
    /// GSS_S_NO_CRED, GSS_S_CREDENTIALS_EXPIRED.
    const NO_TICKET: [u32; 2] = [7, 11];
    /// GSS_S_BAD_SIG, GSS_S_DEFECTIVE_TOKEN: only the server's messages are judged here.
    const UNPROVEN: [u32; 2] = [6, 9];
    match minor.cast_signed() {
        // The clocks differ (KRB5KRB_AP_ERR_SKEW), also in what the domain controller says (KRB5_KDCREP_SKEW).
        -1_765_328_347 | -1_765_328_236 => Reason::Clock,
        // The service is not in the domain (KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN); no domain is known for its host (KRB5_ERR_HOST_REALM_UNKNOWN).
        -1_765_328_377 | -1_765_328_167 => Reason::ServiceUnknown,
        // No domain controller answers (KRB5_KDC_UNREACH) or is found (KRB5_REALM_UNKNOWN, KRB5_REALM_CANT_RESOLVE).
        -1_765_328_228 | -1_765_328_230 | -1_765_328_164 => Reason::Unreachable,
        // The ticket is too old (KRB5KRB_AP_ERR_TKT_EXPIRED, KRB5_CC_END), or there is none (KRB5_CC_NOTFOUND, KRB5_FCC_NOFILE).
        -1_765_328_352 | -1_765_328_242 | -1_765_328_243 | -1_765_328_189 => Reason::NoTicket,
        _ if NO_TICKET.contains(&(major >> 16 & 0xff)) => Reason::NoTicket,
        _ if UNPROVEN.contains(&(major >> 16 & 0xff)) => Reason::Unproven,
        _ => Reason::Other,
    }
}
