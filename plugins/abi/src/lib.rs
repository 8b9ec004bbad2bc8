//! The frozen seam between the Postkontor host and a transport plugin.
//!
//! There is one vtable, [`Plugin`], and two doors through which the host takes it:
//!
//! 1. A Rust plugin exports an abi_stable root module, [`Root`], whose layout the host compares with its own.
//! 2. A plugin in any language exports the C symbol `postkontor_plugin_v1` ([`ENTRY`]), a function without arguments
//!    that returns `const Plugin *`. The host compares [`MAGIC`] and the size. `include/postkontor_plugin.h` is the manual.
//!
//! Nothing here ever changes, not even the version of this crate: abi_stable counts both as part of the layout. A new
//! operation is a new `op` name of [`Plugin::call`], a new fact a new member of the JSON that passes through it.
//!
//! # Rules that hold for every function
//!
//! - Text is UTF-8, JSON where so stated, given as pointer and length, without a closing zero byte.
//! - A [`Bytes`] is borrowed for the duration of the call. A [`Buffer`] belongs to the side that filled it: the
//!   receiver reads it and then calls its `free`.
//! - Statuses are the numbers of the C ABI (0 is success; see `include/postkontor.h`).
//! - No panic, exception or `longjmp` may leave a function of either side.
//! - A session is used by one thread at a time, not always the same one. Different sessions may run in parallel.
//! - The [`Host`] table and its context live until the function that received them returns, and may be used on that
//!   thread only.

use abi_stable::StableAbi;
use core::ffi::c_void;

/// The first member of every [`Plugin`]: the letters `PKPLUG` and the number of this ABI.
pub const MAGIC: u64 = 0x504b_504c_5547_0001;

/// The C symbol of the second door: `const Plugin *postkontor_plugin_v1(void)`.
pub const ENTRY: &str = "postkontor_plugin_v1";

/// The stream through which events and their answers pass, each one JSON text; streams from 1 on carry messages.
pub const CONTROL_STREAM: u64 = 0;

/// Borrowed bytes, usually UTF-8 text. `data` may be null when `len` is 0.
#[repr(C)]
#[derive(Clone, Copy, StableAbi)]
pub struct Bytes {
    /// The first byte.
    pub data: *const u8,
    /// Number of bytes.
    pub len: usize,
}

/// Bytes that the callee allocated for the caller, who gives them back through `free`.
#[repr(C)]
#[derive(StableAbi)]
pub struct Buffer {
    /// The first byte, or null when empty.
    pub data: *mut u8,
    /// Number of bytes that are filled.
    pub len: usize,
    /// For the owner's allocator; the receiver does not look at it.
    pub capacity: usize,
    /// Gives the bytes back to their owner; null when there is nothing to give back.
    pub free: Option<unsafe extern "C" fn(buffer: *mut Buffer)>,
}

/// What a plugin offers. All functions are thread-safe as long as no two calls share a session.
#[repr(C)]
#[derive(StableAbi)]
pub struct Plugin {
    /// [`MAGIC`].
    pub magic: u64,
    /// Size of this struct in bytes.
    pub size: usize,
    /// Writes a JSON object that describes the plugin: `{"name","version","operations"}`, and, when the request says
    /// `{"full":true}`, also `"schema"` (JSON Schema of the settings) and `"texts"` (texts by language).
    pub describe: unsafe extern "C" fn(request: Bytes, out: *mut Buffer) -> i32,
    /// Makes a session from `{"account","settings"}` without touching the network. On success `session` receives any
    /// value but null; on failure `out` receives the JSON error.
    pub open: unsafe extern "C" fn(request: Bytes, host: *const Host, session: *mut *mut c_void, out: *mut Buffer) -> i32,
    /// Performs the operation `op` with a JSON request; `out` receives the JSON result or the JSON error.
    pub call: unsafe extern "C" fn(session: *mut c_void, op: Bytes, request: Bytes, host: *const Host, out: *mut Buffer) -> i32,
    /// Ends a session that `open` made. Called exactly once for each.
    pub close: unsafe extern "C" fn(session: *mut c_void),
}

/// What the host offers a plugin during a call.
#[repr(C)]
#[derive(StableAbi)]
pub struct Host {
    /// Size of this struct in bytes.
    pub size: usize,
    /// Belongs to the host; the first argument of every function below.
    pub context: *mut c_void,
    /// Hands a line of text to the host's log. Levels: 1 error, 2 warning, 3 information, 4 debug, 5 trace.
    pub log: unsafe extern "C" fn(context: *mut c_void, level: i32, text: Bytes),
    /// Reports progress in bytes (0 of 0 where nothing is counted) and asks whether to go on: 0 yes, else the status to
    /// end the call with (8 timeout, 9 cancelled). To be called at least every 100 ms while waiting.
    pub progress: unsafe extern "C" fn(context: *mut c_void, done: u64, total: u64) -> i32,
    /// Asks the host for a secret by name.
    pub secret_get: unsafe extern "C" fn(context: *mut c_void, name: Bytes, value: *mut Buffer) -> i32,
    /// Asks the host to keep a secret, for example a renewed refresh token.
    pub secret_put: unsafe extern "C" fn(context: *mut c_void, name: Bytes, value: Bytes) -> i32,
    /// Reads the next bytes of a stream into `data`: their number, 0 at the end, or the negative status when the source
    /// failed. A message whose source failed must not be completed.
    pub read: unsafe extern "C" fn(context: *mut c_void, stream: u64, data: *mut u8, len: usize) -> i64,
    /// Writes bytes to a stream: their number (always `len`), or the negative status when the sink failed.
    pub write: unsafe extern "C" fn(context: *mut c_void, stream: u64, data: *const u8, len: usize) -> i64,
}

/// The abi_stable root module of door 1.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = RootRef)))]
#[sabi(missing_field(panic))]
pub struct Root {
    /// Returns the same vtable as [`ENTRY`].
    #[sabi(last_prefix_field)]
    pub plugin: extern "C" fn() -> *const Plugin,
}

impl abi_stable::library::RootModule for RootRef {
    abi_stable::declare_root_module_statics! {RootRef}
    const BASE_NAME: &'static str = "postkontor_plugin";
    const NAME: &'static str = "postkontor_plugin";
    const VERSION_STRINGS: abi_stable::sabi_types::VersionStrings = abi_stable::package_version_strings!();
}
