//! Calls through the frozen vtable: the only place where the host touches a plugin's pointers.

#![allow(unsafe_code, reason = "plugins are called through pointers")]

use super::table;
use crate::error::{failed, unreadable, unwritable};
use crate::texts;
use crate::{Callbacks, Cancel};
use abi_stable::library::AbiHeaderRef;
use postkontor_abi as raw;
use postkontor_plugin::token_cache::{Visit, is_reserved};
use postkontor_plugin::wire::{DescribeRequest, Warned};
use postkontor_plugin::{Error, Secret, Status};
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// The symbol of the Rust door, as abi_stable names it.
const RUST_DOOR: &[u8] = b"_1as_0lib_1header_0root_bmodule_bloader\0";

/// The messages of one call, numbered as the request numbers them.
pub(crate) trait Streams {
    /// Reads the next bytes; 0 at the end.
    fn read(&mut self, stream: u64, data: &mut [u8]) -> Result<usize, Error>;
    /// Takes bytes.
    fn write(&mut self, stream: u64, data: &[u8]) -> Result<(), Error>;
}

/// For operations without messages.
impl Streams for () {
    fn read(&mut self, _stream: u64, _data: &mut [u8]) -> Result<usize, Error> {
        Err(failed(Status::Unsupported, "host.stream_unknown"))
    }

    fn write(&mut self, _stream: u64, _data: &[u8]) -> Result<(), Error> {
        Err(failed(Status::Unsupported, "host.stream_unknown"))
    }
}

/// How many warnings of one call are taken.
const MOST_WARNINGS: usize = 100;

/// What a plugin may ask of the host during one call.
pub(crate) struct Context<'a> {
    callbacks: &'a dyn Callbacks,
    cancel: &'a Cancel,
    streams: RefCell<&'a mut dyn Streams>,
    failure: RefCell<Option<Error>>,
    /// The tokens that all transports share, behind names that no program sees.
    tokens: Visit,
    warnings: RefCell<Vec<Error>>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(callbacks: &'a dyn Callbacks, cancel: &'a Cancel, streams: &'a mut dyn Streams) -> Context<'a> {
        Context {
            callbacks,
            cancel,
            streams: RefCell::new(streams),
            failure: RefCell::new(None),
            tokens: Visit::default(),
            warnings: RefCell::default(),
        }
    }

    /// Why a stream failed, if one did: the plugin learns only the status.
    pub(crate) fn failure(self) -> Option<Error> {
        self.failure.into_inner()
    }

    /// What the plugin warned of since this was last asked.
    pub(crate) fn take_warnings(&self) -> Vec<Error> {
        self.warnings.take()
    }

    /// Takes a warning, if it is one that can be read.
    fn warned(&self, stream: u64, data: &[u8]) -> Option<()> {
        if stream != raw::CONTROL_STREAM || !data.starts_with(Warned::BEGINNING) {
            return None;
        }
        let Warned { warning } = serde_json::from_slice(data).ok()?;
        let mut warnings = self.warnings.borrow_mut();
        if warnings.len() < MOST_WARNINGS {
            warnings.push(warning);
        }
        Some(())
    }

    fn secret(&self, name: &str) -> Result<Secret, Status> {
        match is_reserved(name) {
            true => self.tokens.get(name),
            false => self.callbacks.secret_get(name).ok_or(Status::NotFound),
        }
    }

    fn keep_secret(&self, name: &str, value: &Secret) -> Result<(), Status> {
        match is_reserved(name) {
            true => self.tokens.put(name, value),
            false if self.callbacks.secret_put(name, value) => Ok(()),
            false => Err(Status::Unsupported),
        }
    }

    fn transfer(&self, work: impl FnOnce(&mut dyn Streams) -> Result<usize, Error>) -> i64 {
        let result = match self.streams.try_borrow_mut() {
            Ok(mut streams) => work(&mut **streams),
            Err(_) => Err(failed(Status::Internal, "host.stream_busy")),
        };
        match result {
            Ok(number) => number as i64,
            Err(error) => {
                let status = error.status.number();
                self.failure.borrow_mut().get_or_insert(error);
                -i64::from(status)
            }
        }
    }
}

/// A transport plugin that is open and was found to be one.
#[derive(Clone, Copy)]
pub(crate) struct Plugin(&'static raw::Plugin);

impl Plugin {
    /// Opens a library at `place` and takes the vtable through whichever door it has. Errors name the plugin by `path`.
    pub(crate) fn load(place: &Path, path: &Path) -> Result<Plugin, Error> {
        let wrong = |code: &str| failed(Status::Transport, code).arg("path", texts::path(path));
        let library = platform::open(place).map_err(|reason| wrong("plugin.unloadable").detail(reason))?;
        // SAFETY: the symbol, if it is there, is abi_stable's header; `upgrade` checks its magic before anything else.
        let header = unsafe { library.get::<AbiHeaderRef>(RUST_DOOR) }.map(|symbol| *symbol);
        // SAFETY: the symbol, if it is there, is a function of this type (include/postkontor_plugin.h).
        let entry = unsafe { library.get::<unsafe extern "C" fn() -> *const raw::Plugin>(c_entry()) }.map(|symbol| *symbol);
        // Never unloaded: whatever the plugin left behind (statics, thread locals) would point into nothing.
        std::mem::forget(library);
        let plugin = match (header, entry) {
            (Ok(header), _) => {
                let root = header.upgrade().and_then(|header| header.init_root_module::<raw::RootRef>());
                // The report is hundreds of lines with the point at the end; the sentence is ours, the report is for the log.
                let root = root.map_err(|error| wrong("plugin.other_abi").detail(error.to_string()))?;
                root.plugin()()
            }
            // SAFETY: see above; the function takes nothing and returns a pointer.
            (Err(_), Ok(entry)) => unsafe { entry() },
            (Err(_), Err(_)) => return Err(wrong("plugin.no_entry")),
        };
        // SAFETY: a plugin returns null or a table that lives as long as the plugin, that is, for ever.
        match unsafe { table::read(plugin) } {
            Ok(plugin) => Ok(Plugin(plugin)),
            Err((code, detail)) => Err(wrong(code).detail(detail)),
        }
    }

    /// Takes a plugin that is linked into the host.
    #[cfg_attr(not(test), allow(dead_code, reason = "for hosts that link their transports statically"))]
    pub(crate) fn builtin(plugin: &'static raw::Plugin) -> Plugin {
        Plugin(plugin)
    }

    /// Asks the plugin to describe itself.
    pub(crate) fn describe<T: DeserializeOwned>(&self, request: DescribeRequest) -> Result<T, Error> {
        let request = serde_json::to_vec(&request).map_err(unwritable)?;
        // SAFETY: the request is lent for the call, and `out` is writable.
        let json = receive(|out| unsafe { (self.0.describe)(lend(&request), out) })?;
        serde_json::from_slice(&json).map_err(unreadable)
    }

    /// Makes a session.
    pub(crate) fn open(&self, request: &[u8], context: &Context<'_>) -> Result<Session, Error> {
        let host = host_table(context);
        let mut session = std::ptr::null_mut();
        // SAFETY: the request and the table are lent for the call, `session` and `out` are writable.
        receive(|out| unsafe { (self.0.open)(lend(request), &host, &mut session, out) })?;
        if session.is_null() {
            return Err(unreadable("open succeeded without a session"));
        }
        Ok(Session { plugin: *self, session })
    }
}

/// A session of one account inside a plugin.
pub(crate) struct Session {
    plugin: Plugin,
    session: *mut c_void,
}

// SAFETY: the plugin ABI says that a session may be used by any thread, one at a time; `&mut self` sees to the latter.
unsafe impl Send for Session {}

impl Session {
    /// Performs an operation and returns the JSON result.
    pub(crate) fn call(&mut self, op: &str, request: &[u8], context: &Context<'_>) -> Result<Vec<u8>, Error> {
        let host = host_table(context);
        // SAFETY: the session is open until it is dropped; everything else is lent for the call.
        receive(|out| unsafe { (self.plugin.0.call)(self.session, lend(op.as_bytes()), lend(request), &host, out) })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: `open` made the session, and only this closes it.
        unsafe { (self.plugin.0.close)(self.session) }
    }
}

/// Runs one function of the vtable and takes what it wrote, result or error.
fn receive(call: impl FnOnce(*mut raw::Buffer) -> i32) -> Result<Vec<u8>, Error> {
    let mut out = raw::Buffer { data: std::ptr::null_mut(), len: 0, capacity: 0, free: None };
    let status = call(&mut out);
    // SAFETY: the plugin filled the buffer and keeps it until `free`.
    let json = unsafe { borrow(&raw::Bytes { data: out.data, len: out.len }) }.to_vec();
    if let Some(free) = out.free {
        // SAFETY: the plugin asked to get the buffer back, once.
        unsafe { free(&mut out) }
    }
    if status == Status::Ok.number() {
        return Ok(json);
    }
    // A plugin that fails without a readable error still says its status.
    Err(serde_json::from_slice::<Error>(&json).unwrap_or_else(|error| {
        let detail = format!("the plugin's error cannot be read ({error})");
        failed(Status::from_number(status), "plugin.failed").detail(detail)
    }))
}

/// The table for one call. It points to the context, which the caller keeps alive for the call.
fn host_table(context: &Context<'_>) -> raw::Host {
    raw::Host {
        size: size_of::<raw::Host>(),
        context: std::ptr::from_ref(context).cast_mut().cast(),
        log,
        progress,
        secret_get,
        secret_put,
        read,
        write,
    }
}

/// Runs what a plugin asked for. No panic may cross the seam, so one becomes `otherwise`.
///
/// # Safety
/// `context` must be the pointer that [`host_table`] made of a context that is alive.
unsafe fn enter<R>(context: *mut c_void, otherwise: R, work: impl FnOnce(&Context<'_>) -> R) -> R {
    // SAFETY: promised by the caller.
    let Some(context) = (unsafe { context.cast::<Context<'_>>().as_ref() }) else { return otherwise };
    catch_unwind(AssertUnwindSafe(|| work(context))).unwrap_or(otherwise)
}

unsafe extern "C" fn log(context: *mut c_void, level: i32, text: raw::Bytes) {
    // SAFETY: the plugin passes the table's context and a text that is valid for the call (postkontor-abi).
    unsafe { enter(context, (), |context| context.callbacks.log(level, &String::from_utf8_lossy(borrow(&text)))) }
}

unsafe extern "C" fn progress(context: *mut c_void, done: u64, total: u64) -> i32 {
    // SAFETY: as above.
    unsafe {
        enter(context, Status::Internal.number(), |context| {
            let go_on = context.callbacks.progress(done, total);
            if !go_on || context.cancel.is_fired() {
                return Status::Cancelled.number();
            }
            if context.cancel.is_overdue() { Status::Timeout.number() } else { 0 }
        })
    }
}

unsafe extern "C" fn secret_get(context: *mut c_void, name: raw::Bytes, value: *mut raw::Buffer) -> i32 {
    // SAFETY: as above; `value` is null or writable.
    unsafe {
        enter(context, Status::Internal.number(), |context| {
            let Some(value) = value.as_mut() else { return Status::Argument.number() };
            match context.secret(&String::from_utf8_lossy(borrow(&name))) {
                Ok(secret) => *value = give(secret.reveal().as_bytes().to_vec()),
                Err(status) => return status.number(),
            }
            0
        })
    }
}

unsafe extern "C" fn secret_put(context: *mut c_void, name: raw::Bytes, value: raw::Bytes) -> i32 {
    // SAFETY: as above.
    unsafe {
        enter(context, Status::Internal.number(), |context| {
            let Ok(value) = std::str::from_utf8(borrow(&value)) else { return Status::Argument.number() };
            context.keep_secret(&String::from_utf8_lossy(borrow(&name)), &Secret::new(value)).map_or_else(Status::number, |()| 0)
        })
    }
}

unsafe extern "C" fn read(context: *mut c_void, stream: u64, data: *mut u8, len: usize) -> i64 {
    // SAFETY: as above; `data` is writable for `len` bytes.
    unsafe {
        enter(context, -i64::from(Status::Internal.number()), |context| {
            if data.is_null() || len > isize::MAX as usize {
                return -i64::from(Status::Argument.number());
            }
            let data = std::slice::from_raw_parts_mut(data, len);
            context.transfer(|streams| streams.read(stream, data))
        })
    }
}

unsafe extern "C" fn write(context: *mut c_void, stream: u64, data: *const u8, len: usize) -> i64 {
    // SAFETY: as above; `data` is readable for `len` bytes.
    unsafe {
        enter(context, -i64::from(Status::Internal.number()), |context| {
            let data = borrow(&raw::Bytes { data, len });
            if context.warned(stream, data).is_some() {
                return len as i64;
            }
            context.transfer(|streams| streams.write(stream, data).map(|()| data.len()))
        })
    }
}

/// Borrows bytes that came across the seam.
///
/// # Safety
/// `bytes` must be valid for reads for the lifetime of the result.
unsafe fn borrow<'a>(bytes: &raw::Bytes) -> &'a [u8] {
    if bytes.data.is_null() || bytes.len > isize::MAX as usize {
        return &[];
    }
    // SAFETY: promised by the caller; null and impossible lengths were answered above.
    unsafe { std::slice::from_raw_parts(bytes.data, bytes.len) }
}

fn lend(bytes: &[u8]) -> raw::Bytes {
    raw::Bytes { data: bytes.as_ptr(), len: bytes.len() }
}

fn give(bytes: Vec<u8>) -> raw::Buffer {
    let mut bytes = std::mem::ManuallyDrop::new(bytes);
    raw::Buffer { data: bytes.as_mut_ptr(), len: bytes.len(), capacity: bytes.capacity(), free: Some(take_back) }
}

unsafe extern "C" fn take_back(buffer: *mut raw::Buffer) {
    // SAFETY: the plugin passes the buffer that `give` filled, writable, once (postkontor-abi).
    let Some(buffer) = (unsafe { buffer.as_mut() }) else { return };
    if buffer.data.is_null() {
        return;
    }
    // SAFETY: pointer, length and capacity are those of the Vec that `give` took apart.
    let mut bytes = unsafe { Vec::from_raw_parts(buffer.data, buffer.len, buffer.capacity) };
    buffer.data = std::ptr::null_mut();
    buffer.len = 0;
    // Only secrets pass here.
    zeroize::Zeroize::zeroize(&mut bytes);
}

fn c_entry() -> &'static [u8] {
    raw::ENTRY.as_bytes()
}

mod platform {
    use std::path::Path;

    /// Opens a library so that its symbols stay private and it stays in memory.
    #[cfg(unix)]
    pub(super) fn open(path: &Path) -> Result<libloading::Library, String> {
        use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
        // SAFETY: opening a library runs its initialisers; the search path and the owner's checks vouch for the file.
        let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL | libc::RTLD_NODELETE) };
        library.map(Into::into).map_err(|error| reason(&error))
    }

    /// Opens a library whose own dependencies come from its folder or the system only.
    #[cfg(windows)]
    pub(super) fn open(path: &Path) -> Result<libloading::Library, String> {
        use libloading::os::windows::{LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR, LOAD_LIBRARY_SEARCH_SYSTEM32, Library};
        // SAFETY: opening a library runs its initialisers; the search path vouches for the file.
        let library = unsafe { Library::load_with_flags(path, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_SYSTEM32) };
        library.map(Into::into).map_err(|error| reason(&error))
    }

    /// The system's own words: libloading's Display says only which call failed.
    fn reason(error: &libloading::Error) -> String {
        use std::error::Error;
        error.source().map_or_else(|| error.to_string(), ToString::to_string)
    }
}
