//! The shim between the frozen vtable and a [`Transport`]: pointers become references here, and panics become errors.
//!
//! Authors need only [`export!`](crate::export) from here. A host that links a plugin statically takes [`vtable`].

#![allow(unsafe_code, reason = "the host calls through pointers")]

use crate::merge;
use crate::settings::methods;
use crate::wire::{DescribeRequest, Description, Identity, OpenRequest, SendAnswer, SendRequest, Timed};
use crate::{ApplyAction, Call, Error, HostCalls, Level, Mail, Secret, Status, Transport};
pub use abi_stable;
pub use postkontor_abi as raw;
use raw::{Buffer, Bytes, Plugin};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::time::{Duration, Instant};

/// Exports a [`Transport`](crate::Transport) from a `cdylib` through both doors of the plugin ABI.
///
/// To be used once in a crate, at its root. The crate must unwind on panic, which is Cargo's default: with
/// `panic = "abort"` a defect in the plugin would end the host's process, so the macro refuses to compile.
#[macro_export]
macro_rules! export {
    ($transport:ty) => {
        #[cfg(panic = "abort")]
        ::core::compile_error!("a Postkontor plugin must be built with panic = \"unwind\"");

        static POSTKONTOR_PLUGIN: $crate::abi::raw::Plugin = $crate::abi::vtable::<$transport>();

        /// The door for every language: the symbol that the host looks for.
        #[unsafe(no_mangle)]
        pub extern "C" fn postkontor_plugin_v1() -> *const $crate::abi::raw::Plugin {
            &POSTKONTOR_PLUGIN
        }

        /// The door for Rust: the header whose type layouts the host compares before it takes the same vtable.
        #[unsafe(no_mangle)]
        #[allow(non_upper_case_globals)]
        pub static _1as_0lib_1header_0root_bmodule_bloader: $crate::abi::abi_stable::library::LibHeader = {
            fn root() -> $crate::abi::raw::RootRef {
                $crate::abi::root(postkontor_plugin_v1)
            }
            extern "C" fn load() -> $crate::abi::abi_stable::library::RootModuleResult {
                $crate::abi::abi_stable::library::__call_root_module_loader(root)
            }
            // SAFETY: `load` returns the module type named here, made by abi_stable's own constructor.
            unsafe {
                $crate::abi::abi_stable::library::LibHeader::from_constructor::<$crate::abi::raw::RootRef>(
                    load,
                    $crate::abi::abi_stable::library::CheckTypeLayout::Yes,
                )
            }
        };
    };
}

/// The texts of a transport, for [`Transport::TEXTS`](crate::Transport::TEXTS): of each language the file `locales/LANGUAGE.json` in
/// the folder of the crate.
#[macro_export]
macro_rules! texts {
    ($($language:literal),+ $(,)?) => {
        &[$(($language, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, ".json")))),+]
    };
}

/// Builds the root module of the Rust door. For [`export!`](crate::export).
#[doc(hidden)]
pub fn root(plugin: extern "C" fn() -> *const Plugin) -> raw::RootRef {
    use abi_stable::prefix_type::PrefixTypeTrait;
    raw::Root { plugin }.leak_into_prefix()
}

/// The vtable of a transport.
pub const fn vtable<T: Transport>() -> Plugin {
    Plugin { magic: raw::MAGIC, size: size_of::<Plugin>(), describe: describe::<T>, open: open::<T>, call: call::<T>, close: close::<T> }
}

/// A session as it lies behind the host's pointer; `None` once the transport has panicked.
struct Session<T> {
    transport: Option<T>,
    /// The host takes warnings.
    warnings: bool,
}

/// What a plugin says of itself, as much as is wanted.
#[derive(Serialize)]
struct Described {
    #[serde(flatten)]
    identity: Identity,
    #[serde(flatten)]
    description: Option<Description>,
}

unsafe extern "C" fn describe<T: Transport>(request: Bytes, out: *mut Buffer) -> i32 {
    // SAFETY: the host lends the request for the duration of the call and `out` is null or writable (postkontor-abi).
    let (request, out) = unsafe { (borrow(&request), out.as_mut()) };
    let status = guarded(out, None, || {
        let request: DescribeRequest = parse(request)?;
        let identity = Identity {
            name: T::NAME.to_owned(),
            version: T::VERSION.to_owned(),
            operations: T::OPERATIONS.iter().map(ToString::to_string).collect(),
            heeds: T::HEEDS.iter().map(ToString::to_string).collect(),
            whole: T::TAKES_WHOLE,
            methods: (!T::METHODS.is_empty()).then(|| json!(T::METHODS)),
        };
        let describe = || {
            let mut schema = crate::settings::schema::<T::Settings>();
            methods::narrow(&mut schema, T::METHODS);
            let mut texts = json!({});
            for (language, text) in crate::SHARED_TEXTS.iter().chain(T::TEXTS) {
                let text: Value = parse(text.as_bytes())?;
                merge(&mut texts[*language], text);
            }
            Ok(Description { schema, texts })
        };
        let description = request.full.then(describe).transpose()?;
        // Written as it is: the texts of all languages are not copied first.
        to_json(&Described { identity, description })
    });
    shown(status)
}

unsafe extern "C" fn open<T: Transport>(request: Bytes, host: *const raw::Host, session: *mut *mut c_void, out: *mut Buffer) -> i32 {
    // SAFETY: the host lends all four for the duration of the call (postkontor-abi).
    let (request, host, session, out) = unsafe { (borrow(&request), host.as_ref(), session.as_mut(), out.as_mut()) };
    let Some(session) = session else { return Status::Argument.number() };
    let status = guarded(out, host, || {
        let request: OpenRequest = parse(request)?;
        LEVEL.set(Level::from_number(request.log));
        methods::accept(&request.settings, T::METHODS)?;
        // serde's own words would quote the value that does not fit, which may be the password.
        let settings = <T::Settings as serde::Deserialize>::deserialize(request.settings).map_err(|error| {
            let detail = if error.is_data() { "a setting has a type or value that the transport cannot read" } else { "broken JSON" };
            Error::new(Status::Settings, "settings.unreadable").detail(detail)
        })?;
        let transport = T::open(settings, &request.opening)?;
        *session = Box::into_raw(Box::new(Session { transport: Some(transport), warnings: request.opening.warnings })).cast();
        Ok(json!({}))
    });
    shown(status)
}

unsafe extern "C" fn call<T: Transport>(session: *mut c_void, op: Bytes, request: Bytes, host: *const raw::Host, out: *mut Buffer) -> i32 {
    // SAFETY: `session` came from `open::<T>`, was not closed, and no other thread uses it; the rest is lent for the
    // duration of the call (postkontor-abi).
    let (session, op, request, host, out) =
        unsafe { (session.cast::<Session<T>>().as_mut(), borrow(&op), borrow(&request), host.as_ref(), out.as_mut()) };
    let (Some(session), Some(host)) = (session, host) else { return Status::Argument.number() };
    // Taken out during the call, so that a panic leaves an empty session behind instead of a half-changed one.
    let (mut taken, warnings) = (session.transport.take(), session.warnings);
    let status = guarded(out, Some(host), || {
        let transport = taken.as_mut().ok_or_else(|| Error::new(Status::Internal, "session.broken"))?;
        let host = CallingHost { host: &RawHost(host), warnings };
        match op {
            b"send" => send(transport, request, &host),
            b"test" => perform(request, &host, |request, call| transport.test(request, call)),
            b"list" => perform(request, &host, |request, call| transport.list(request, call)),
            b"receive" => perform(request, &host, |request, call| transport.receive(request, call)),
            b"apply" | b"mark" | b"copy" => {
                known_action::<T>(request)?;
                perform(request, &host, |request, call| transport.apply(request, call))
            }
            b"folders" => perform(request, &host, |request, call| transport.folders(request, call)),
            b"file" | b"append" => perform(request, &host, |request, call| transport.file(request, call)),
            b"find" => perform(request, &host, |request, call| transport.find(request, call)),
            b"authorize" => perform(request, &host, |request, call| transport.authorize(request, call)),
            _ => Err(Error::new(Status::Unsupported, "transport.operation_unsupported")
                .arg("transport", T::NAME)
                .arg("operation", String::from_utf8_lossy(op))),
        }
    });
    if status != PANICKED {
        session.transport = taken;
        return status;
    }
    // The state is not to be trusted; dropping it may panic again, which costs nothing but the drop.
    drop(caught(|| drop(taken)));
    Status::Internal.number()
}

/// An operation whose request and answer are one JSON text each.
fn perform<R: DeserializeOwned, A: Serialize>(
    request: &[u8],
    host: &CallingHost<'_>,
    operation: impl FnOnce(&R, &Call) -> Result<A, Error>,
) -> Result<Vec<u8>, Error> {
    let Timed { deadline_ms, log, steps, request } = parse::<Timed<R>>(request)?;
    to_json(&operation(&request, &begin(host, deadline_ms, log).taking_steps(steps))?)
}

/// Refuses what a newer host may do with messages, and this plugin cannot.
fn known_action<T: Transport>(request: &[u8]) -> Result<(), Error> {
    #[derive(Deserialize)]
    struct Asked {
        // Its name in ABI 1.
        #[serde(rename = "do")]
        action: Value,
    }
    let Asked { action } = parse(request)?;
    let refused = || Error::new(Status::Unsupported, "transport.operation_unsupported").arg("transport", T::NAME);
    // One that the SDK knows and the transport does not is none of its operations.
    let known = ApplyAction::deserialize(&action).ok().filter(|action| T::OPERATIONS.contains(&action.operation()));
    known.map(drop).ok_or_else(|| refused().arg("operation", action.clone()).at_request("/do", "transport.operation_unsupported").usable())
}

/// Sends one mail or several, each with its own result.
fn send<T: Transport>(transport: &mut T, request: &[u8], host: &CallingHost<'_>) -> Result<Vec<u8>, Error> {
    let request: SendRequest<Mail> = parse(request)?;
    let call = begin(host, request.deadline_ms, request.log);
    let results = match request.messages.as_slice() {
        [mail] => vec![transport.send(mail, &mut call.body(mail.stream), &call)],
        mails => transport.send_batch(mails, &call),
    };
    to_json(&SendAnswer { results: results.into_iter().map(Into::into).collect() })
}

unsafe extern "C" fn close<T: Transport>(session: *mut c_void) {
    if session.is_null() {
        return;
    }
    // SAFETY: the pointer came from `open::<T>`, and the host closes a session once (postkontor-abi).
    let session = unsafe { Box::from_raw(session.cast::<Session<T>>()) };
    drop(caught(|| drop(session)));
}

/// What [`guarded`] answers after a panic; no status has this number.
const PANICKED: i32 = -1;

/// The status that the host sees.
fn shown(status: i32) -> i32 {
    if status == PANICKED { Status::Internal.number() } else { status }
}

/// Runs the work of one call, writes its result or error to `out`, and turns a panic into an error.
fn guarded<R: IntoJson>(out: Option<&mut Buffer>, host: Option<&raw::Host>, work: impl FnOnce() -> Result<R, Error>) -> i32 {
    let outer = HOST.replace(host.map_or(std::ptr::null(), std::ptr::from_ref));
    let level = LEVEL.take();
    let result = caught(|| work().and_then(IntoJson::into_json));
    HOST.set(outer);
    LEVEL.set(level);
    let (status, json) = match result {
        Ok(Ok(json)) => (Status::Ok.number(), json),
        Ok(Err(error)) => (error.status.number(), error_json(&error)),
        Err(payload) => {
            let place = PANIC.take().unwrap_or_default();
            let detail = format!("the plugin panicked: {} {place}", words(payload.as_ref()));
            (PANICKED, error_json(&Error::new(Status::Internal, "plugin.panicked").detail(detail.trim_end())))
        }
    };
    if let Some(out) = out {
        *out = buffer(json);
    }
    status
}

/// Runs the plugin's code and catches its panic, without a word on standard error.
fn caught<R>(work: impl FnOnce() -> R) -> std::thread::Result<R> {
    watch_panics();
    let outer = CAUGHT.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    CAUGHT.set(outer);
    result
}

trait IntoJson {
    fn into_json(self) -> Result<Vec<u8>, Error>;
}

impl IntoJson for Value {
    fn into_json(self) -> Result<Vec<u8>, Error> {
        to_json(&self)
    }
}

impl IntoJson for Vec<u8> {
    fn into_json(self) -> Result<Vec<u8>, Error> {
        Ok(self)
    }
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::new(Status::Internal, "plugin.result_unwritable").detail(error.to_string())
}

fn to_json(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    // Room for the receipt of one mail, so that it is written without moving.
    let mut json = Vec::with_capacity(1024);
    serde_json::to_writer(&mut json, value).map_err(unwritable)?;
    Ok(json)
}

fn error_json(error: &Error) -> Vec<u8> {
    // An error consists of strings and numbers only, which always serialize; an empty text would still be understood.
    serde_json::to_vec(error).unwrap_or_default()
}

fn parse<'a, V: Deserialize<'a>>(text: &'a [u8]) -> Result<V, Error> {
    // Looked at as a whole, which costs a fraction of what it costs string by string.
    match std::str::from_utf8(text) {
        Ok(text) => serde_json::from_str(text).map_err(unreadable),
        Err(_) => serde_json::from_slice(text).map_err(unreadable),
    }
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::new(Status::Internal, "plugin.request_unreadable").detail(error.to_string())
}

/// The host of a call, and whether it takes warnings.
struct CallingHost<'a> {
    host: &'a RawHost<'a>,
    warnings: bool,
}

/// The call that a request asks for.
fn begin<'a>(host: &CallingHost<'a>, deadline_ms: u64, log: u64) -> Call<'a> {
    let level = Level::from_number(log);
    LEVEL.set(level);
    // A day is far beyond every real deadline and near enough for every clock.
    let deadline = Instant::now() + Duration::from_millis(deadline_ms.min(86_400_000));
    Call::new(host.host, deadline).logging(level).taking_warnings(host.warnings)
}

fn words(payload: &(dyn Any + Send)) -> &str {
    payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("without words")
}

thread_local! {
    /// Whether a panic of this thread will be caught here.
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
    /// Where the panic that is being caught happened.
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
    /// The host of the call that this thread is in, for the plugin's `log` records; null outside a call.
    static HOST: Cell<*const raw::Host> = const { Cell::new(std::ptr::null()) };
    /// The most detailed level that the log of that call is read at.
    static LEVEL: Cell<Option<Level>> = const { Cell::new(None) };
}

/// Keeps the place of a panic for the error instead of printing it: standard error belongs to the host's process.
fn watch_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if CAUGHT.get() {
                PANIC.set(panic.location().map(|place| format!("at {place}")));
            } else {
                before(panic);
            }
        }));
        // Fails only where the plugin's author has set a logger, which then stays.
        if log::set_logger(&Forward).is_ok() {
            log::set_max_level(log::LevelFilter::Debug);
        }
    });
}

/// Forwards what the plugin and its libraries write with the `log` crate to the host of the call.
struct Forward;

impl log::Log for Forward {
    fn enabled(&self, record: &log::Metadata<'_>) -> bool {
        LEVEL.get() >= Some(level(record.level()))
    }

    fn log(&self, record: &log::Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        // SAFETY: the pointer is set for the duration of a call only, in which the host table is alive (postkontor-abi).
        let Some(host) = (unsafe { HOST.get().as_ref() }) else { return };
        let level = level(record.level());
        RawHost(host).log(level, &format!("{}: {}", record.target(), record.args()));
    }

    fn flush(&self) {}
}

fn level(level: log::Level) -> Level {
    match level {
        log::Level::Error => Level::Error,
        log::Level::Warn => Level::Warning,
        log::Level::Info => Level::Information,
        log::Level::Debug => Level::Debug,
        log::Level::Trace => Level::Trace,
    }
}

/// Borrows bytes that came across the seam.
///
/// # Safety
/// `bytes` must be valid for reads for the lifetime of the result.
unsafe fn borrow<'a>(bytes: &Bytes) -> &'a [u8] {
    if bytes.data.is_null() || bytes.len > isize::MAX as usize {
        return &[];
    }
    // SAFETY: promised by the caller; null and impossible lengths were answered above.
    unsafe { std::slice::from_raw_parts(bytes.data, bytes.len) }
}

/// Lends bytes to the other side.
fn lend(bytes: &[u8]) -> Bytes {
    Bytes { data: bytes.as_ptr(), len: bytes.len() }
}

/// Gives bytes to the other side, who returns them through `free`.
fn buffer(bytes: Vec<u8>) -> Buffer {
    let mut bytes = std::mem::ManuallyDrop::new(bytes);
    Buffer { data: bytes.as_mut_ptr(), len: bytes.len(), capacity: bytes.capacity(), free: Some(free) }
}

unsafe extern "C" fn free(buffer: *mut Buffer) {
    // SAFETY: the receiver passes the buffer that it was given, writable, once (postkontor-abi).
    let Some(buffer) = (unsafe { buffer.as_mut() }) else { return };
    if buffer.data.is_null() {
        return;
    }
    // SAFETY: pointer, length and capacity are those of the Vec that `buffer` took apart.
    drop(unsafe { Vec::from_raw_parts(buffer.data, buffer.len, buffer.capacity) });
    buffer.data = std::ptr::null_mut();
    buffer.len = 0;
}

/// The host's table as the safe trait that transports see.
struct RawHost<'a>(&'a raw::Host);

impl HostCalls for RawHost<'_> {
    fn log(&self, level: Level, text: &str) {
        // SAFETY: table and context are alive during the call, and the text is borrowed for the duration of this one.
        unsafe { (self.0.log)(self.0.context, level as i32, lend(text.as_bytes())) }
    }

    fn progress(&self, done: u64, total: u64) -> Result<(), Status> {
        // SAFETY: as above.
        check(unsafe { (self.0.progress)(self.0.context, done, total) })
    }

    fn secret_get(&self, name: &str) -> Result<Secret, Status> {
        let mut value = Buffer { data: std::ptr::null_mut(), len: 0, capacity: 0, free: None };
        // SAFETY: as above; `value` is writable.
        check(unsafe { (self.0.secret_get)(self.0.context, lend(name.as_bytes()), &mut value) })?;
        // SAFETY: the host filled the buffer and it stays valid until `free`.
        let text = String::from_utf8(unsafe { borrow(&Bytes { data: value.data, len: value.len }) }.to_vec());
        if let Some(free) = value.free {
            // SAFETY: the host asked to get this buffer back, once.
            unsafe { free(&mut value) }
        }
        text.map(Secret::new).map_err(|_| Status::Argument)
    }

    fn secret_put(&self, name: &str, value: &Secret) -> Result<(), Status> {
        // SAFETY: as above; both texts are borrowed for the duration of the call.
        check(unsafe { (self.0.secret_put)(self.0.context, lend(name.as_bytes()), lend(value.reveal().as_bytes())) })
    }

    fn read(&self, stream: u64, data: &mut [u8]) -> Result<usize, Status> {
        // SAFETY: as above; the host writes at most `len` bytes.
        let read = unsafe { (self.0.read)(self.0.context, stream, data.as_mut_ptr(), data.len()) };
        transferred(read, data.len())
    }

    fn write(&self, stream: u64, data: &[u8]) -> Result<(), Status> {
        // SAFETY: as above.
        let written = unsafe { (self.0.write)(self.0.context, stream, data.as_ptr(), data.len()) };
        transferred(written, data.len()).map(drop)
    }
}

fn check(status: i32) -> Result<(), Status> {
    if status == 0 { Ok(()) } else { Err(Status::from_number(status)) }
}

fn transferred(number: i64, at_most: usize) -> Result<usize, Status> {
    match usize::try_from(number) {
        Ok(number) if number <= at_most => Ok(number),
        Ok(_) => Err(Status::Internal),
        // Not by negation: the smallest number has no positive one.
        Err(_) => Err(Status::from_number(i32::try_from(number.unsigned_abs()).unwrap_or(Status::Internal.number()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_may_answer_with_any_number() {
        for number in [i64::MIN, i64::MIN + 1, i64::from(i32::MIN) - 1, 9, i64::MAX] {
            assert_eq!(transferred(number, 8), Err(Status::Internal), "{number}");
        }
        assert_eq!(transferred(-i64::from(Status::Cancelled.number()), 8), Err(Status::Cancelled));
        assert_eq!((transferred(0, 8), transferred(8, 8)), (Ok(0), Ok(8)));
    }
}
