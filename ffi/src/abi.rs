//! The types and numbers of the C ABI. Every doc comment here becomes a comment of `include/postkontor.h`.

use std::ffi::{c_char, c_void};

/// How a call ended: POSTKONTOR_OK, one of the other numbers above, or a newer one.
pub type StatusNumber = i32;

/// The number of this C ABI: functions, statuses and callbacks that were added since raise it by one.
pub const POSTKONTOR_ABI: i32 = 2;

/// Status: done.
pub const POSTKONTOR_OK: i32 = 0;
/// An argument is invalid. If `at` points into the message, a user has mistyped something, such as a recipient: show it. Else
/// the program is wrong: a null pointer, a stale handle, broken JSON, an unknown member of a request.
pub const POSTKONTOR_ARGUMENT: i32 = 1;
/// The settings are incomplete or contradictory.
pub const POSTKONTOR_SETTINGS: i32 = 2;
/// There is no such transport, or its plugin does not load.
pub const POSTKONTOR_TRANSPORT: i32 = 3;
/// The transport or the server cannot do what was asked.
pub const POSTKONTOR_UNSUPPORTED: i32 = 4;
/// The server refused the credentials, or offers no way to present them that the settings allow.
pub const POSTKONTOR_AUTH: i32 = 5;
/// No secure connection: a certificate, a protocol version, missing STARTTLS.
pub const POSTKONTOR_TLS: i32 = 6;
/// The server was not found, not reached, or the connection broke.
pub const POSTKONTOR_NETWORK: i32 = 7;
/// The deadline passed.
pub const POSTKONTOR_TIMEOUT: i32 = 8;
/// The caller stopped the call.
pub const POSTKONTOR_CANCELLED: i32 = 9;
/// The server refused for good; trying the same again is useless.
pub const POSTKONTOR_REFUSED: i32 = 10;
/// The server cannot now; later it may.
pub const POSTKONTOR_LATER: i32 = 11;
/// Some recipients were accepted, some not.
pub const POSTKONTOR_PARTIAL: i32 = 12;
/// The message may or may not have been delivered. Do not send it again without a human's decision.
pub const POSTKONTOR_UNCERTAIN: i32 = 13;
/// The thing named does not exist.
pub const POSTKONTOR_NOT_FOUND: i32 = 14;
/// The handle is in use by another call.
pub const POSTKONTOR_BUSY: i32 = 15;
/// A defect in Postkontor or in a plugin.
pub const POSTKONTOR_INTERNAL: i32 = 16;
/// Switched off by "enabled": false.
pub const POSTKONTOR_DISABLED: i32 = 17;
/// The server's answer makes no sense or exceeds a limit.
pub const POSTKONTOR_PROTOCOL: i32 = 18;
/// A file, disk or program on this machine.
pub const POSTKONTOR_LOCAL: i32 = 19;

/// Level of the log: something failed.
pub const POSTKONTOR_LOG_ERROR: i32 = 1;
/// Level of the log: something is not as it should be.
pub const POSTKONTOR_LOG_WARNING: i32 = 2;
/// Level of the log: something worth knowing.
pub const POSTKONTOR_LOG_INFORMATION: i32 = 3;
/// Level of the log: for support.
pub const POSTKONTOR_LOG_DEBUG: i32 = 4;
/// Level of the log: for the author.
pub const POSTKONTOR_LOG_TRACE: i32 = 5;

/// Action on a received message: leave it as it was.
pub const POSTKONTOR_KEEP: i32 = 0;
/// Action on a received message: mark it as seen.
pub const POSTKONTOR_SEEN: i32 = 1;
/// Action on a received message: delete it.
pub const POSTKONTOR_DELETE: i32 = 2;
/// Action on a received message: leave it as it was, and fetch no more.
pub const POSTKONTOR_STOP: i32 = 3;

/// An open host: the loaded plugins, the language, the callbacks.
pub struct HostHandle {
    _private: [u8; 0],
}

/// An open account: its settings, and its connection once there is one.
pub struct AccountHandle {
    _private: [u8; 0],
}

/// A message to read from.
pub struct MessageHandle {
    _private: [u8; 0],
}

/// An open outbox: a connection to its store, and the accounts by which it sends.
pub struct OutboxHandle {
    _private: [u8; 0],
}

/// A deadline, and a way to stop a call from another thread.
pub struct CancelHandle {
    _private: [u8; 0],
}

/// A result of a function. Give it back with postkontor_buf_free; never change it or free it otherwise.
#[repr(C)]
pub struct Buf {
    /// The first byte. `data[len]` is always a zero byte. Null only after postkontor_buf_free.
    pub data: *const c_char,
    /// Number of bytes, without the zero byte behind them.
    pub len: usize,
}

/// Bytes of an attachment, borrowed for the duration of the call. `data` may be null when `len` is 0.
#[repr(C)]
pub struct Slice {
    /// The first byte.
    pub data: *const u8,
    /// Number of bytes.
    pub len: usize,
}

/// Takes a line for the log. Levels are the POSTKONTOR_LOG_... numbers: what failed, with its code; what was weakened or
/// replaced (no TLS, a fallback); what was done; each step; the dialogue with the server. The line begins with the account that
/// it is about, and has no line breaks; time and level are the program's to add. Secrets never appear. Without this function
/// nothing is written, so that a log that is not read costs nothing.
pub type Log = Option<unsafe extern "system" fn(user: *mut c_void, level: i32, text: *const c_char)>;

/// Tells how many bytes are done (0 of 0 where nothing is counted), at least every 100 ms. Returns 0 to go on; any other
/// value stops the call with POSTKONTOR_CANCELLED.
pub type Progress = Option<unsafe extern "system" fn(user: *mut c_void, done: u64, total: u64) -> i32>;

/// Fetches the secret that the settings call by name: {"password":{"secret":"name"}}. Writes at most `capacity` bytes of
/// UTF-8 to `value` and returns the length of the secret, or a negative number when there is none. When the length
/// exceeds `capacity`, nothing needs to be written: the function is called again with more room. `value` is wiped after use.
pub type SecretGet = Option<unsafe extern "system" fn(user: *mut c_void, name: *const c_char, value: *mut c_char, capacity: i32) -> i32>;

/// Keeps a secret, for example a renewed token. Returns 0 when it is kept.
pub type SecretPut = Option<unsafe extern "system" fn(user: *mut c_void, name: *const c_char, value: *const c_char) -> i32>;

/// Takes a step of a test as it ends, where the request says {"steps":true}: a JSON object like those of the report's "steps", of `size` bytes
/// without the zero byte behind them. The report has them all once more.
pub type Step = Option<unsafe extern "system" fn(user: *mut c_void, json: *const c_char, size: usize)>;

/// The callbacks of the host's process. Each function may be null.
#[repr(C)]
pub struct Callbacks {
    /// sizeof(postkontor_callbacks) as the caller was compiled.
    pub size: usize,
    /// The first argument of each function below.
    pub user: *mut c_void,
    /// Takes lines for the log.
    pub log: Log,
    /// Follows and stops a call.
    pub progress: Progress,
    /// Fetches secrets.
    pub secret_get: SecretGet,
    /// Keeps secrets.
    pub secret_put: SecretPut,
    /// Takes the steps of a test. Structs of earlier programs end before it.
    pub step: Step,
}

/// Takes the next `len` bytes. Returns 0 to go on; any other value stops the call with POSTKONTOR_CANCELLED.
pub type Write = Option<unsafe extern "system" fn(user: *mut c_void, data: *const u8, len: usize) -> i32>;

/// Takes a message: its summary as JSON, and a handle that is valid until the function returns. Returns the action:
/// POSTKONTOR_KEEP, POSTKONTOR_SEEN, POSTKONTOR_DELETE or POSTKONTOR_STOP. The message is marked or deleted only after that.
pub type Received = Option<unsafe extern "system" fn(user: *mut c_void, summary: *const c_char, message: *mut MessageHandle) -> i32>;
