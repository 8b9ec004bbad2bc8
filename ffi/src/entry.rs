//! The one way from C into Rust.

use crate::abi::{Buf, HostHandle};
use crate::handle::{self, Kind};
use crate::{buffer, thread};
use postkontor_core::texts::Texts;
use postkontor_plugin::{Error, Status};
use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, Once, OnceLock, PoisonError};

/// The result of a function that has none. Bytes that there are none of are another thing: they are handed out as they are.
pub(crate) const NOTHING: &str = "{}";

/// Runs the body of an exported function and writes its result, or its error, to `out`.
///
/// The thread is set up as [`thread`] says, and a panic becomes an error with the status INTERNAL.
///
/// # Safety
///
/// `out` is null or may be written to.
pub(crate) unsafe fn call<R: Into<Vec<u8>>>(out: *mut Buf, body: impl FnOnce() -> Result<R, Error>) -> i32 {
    // SAFETY: the caller's promise is the one asked for.
    unsafe { call_of(std::ptr::null_mut::<HostHandle>(), out, body) }
}

/// The same for a function of an object: its errors are in the language of the host that the object belongs to.
///
/// # Safety
///
/// `out` is null or may be written to.
pub(crate) unsafe fn call_of<K: Kind, R: Into<Vec<u8>>>(object: *mut K, out: *mut Buf, body: impl FnOnce() -> Result<R, Error>) -> i32 {
    static HOOK: Once = Once::new();
    HOOK.call_once(keep_panics_quiet);

    thread::inside(|| {
        // SAFETY: the caller's promise is the one asked for.
        let run = || unsafe { finish(object, out, body()) };
        let ended = catch_unwind(AssertUnwindSafe(run));
        let ended = ended.or_else(|panic| {
            catch_unwind(AssertUnwindSafe(move || {
                let defect = defect(panic.as_ref());
                // Here, because what was thrown may itself panic when it goes.
                drop(panic);
                // SAFETY: as above.
                unsafe { finish::<K, Vec<u8>>(object, out, Err(defect)) }
            }))
        });
        // Not even the defect can be described: no memory, for example.
        // SAFETY: as above.
        ended.unwrap_or_else(|_| unsafe { last_resort(out) })
    })
}

/// A result of core's as the JSON that C gets.
pub(crate) fn json(result: impl serde::Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(&result).map_err(|error| Error::new(Status::Internal, "host.result_unwritable").detail(error.to_string()))
}

/// Writes the result of a call and says its status.
///
/// # Safety
///
/// `out` is null or may be written to.
unsafe fn finish<K: Kind, R: Into<Vec<u8>>>(object: *mut K, out: *mut Buf, result: Result<R, Error>) -> i32 {
    let (status, bytes) = match result {
        Ok(result) => (Status::Ok, result.into()),
        Err(error) => (error.status, describe(object, error)),
    };
    // SAFETY: the caller's promise is the one asked for.
    unsafe { buffer::hand_out(out, bytes) };
    status.number()
}

/// An error that needs neither memory nor texts. Giving it back does no harm, as with every buffer that is not ours.
///
/// # Safety
///
/// `out` is null or may be written to.
unsafe fn last_resort(out: *mut Buf) -> i32 {
    const ERROR: &std::ffi::CStr = cr#"{"status":16,"code":"internal.panic"}"#;
    if !out.is_null() {
        // SAFETY: the caller's promise is the one asked for.
        unsafe { out.write_unaligned(Buf { data: ERROR.as_ptr(), len: ERROR.count_bytes() }) }
    }
    Status::Internal.number()
}

/// The language of errors that no host is there to translate: that of the host opened last.
static LANGUAGE: Mutex<String> = Mutex::new(String::new());

/// Remembers the language of a host's configuration.
pub(crate) fn speak(config: &str) {
    #[derive(serde::Deserialize)]
    struct Config {
        #[serde(default)]
        language: String,
    }
    if let Ok(config) = serde_json::from_str::<Config>(config) {
        *LANGUAGE.lock().unwrap_or_else(PoisonError::into_inner) = config.language;
    }
}

fn describe<K: Kind>(object: *mut K, mut error: Error) -> Vec<u8> {
    static TEXTS: OnceLock<Texts> = OnceLock::new();
    if error.message.is_empty()
        && let Some(host) = handle::host(object)
    {
        error = host.localised(error);
    }
    if error.message.is_empty() {
        let language = LANGUAGE.lock().unwrap_or_else(PoisonError::into_inner).clone();
        error.message = TEXTS.get_or_init(Texts::new).sentence(&language, &error.code, &error.args).unwrap_or_else(|| error.code.clone());
    }
    // Every member is a string, a number or a list of such; serializing those cannot fail.
    serde_json::to_vec(&error).unwrap_or_else(|_| br#"{"status":16,"code":"internal.panic"}"#.to_vec())
}

thread_local! {
    /// The place of this thread's last panic.
    static WHERE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Panics inside a call say nothing on standard error: the caller gets them as an error.
fn keep_panics_quiet() {
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if thread::is_inside() {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            WHERE.with(|it| it.replace(place));
        } else {
            previous(panic);
        }
    }));
}

fn defect(panic: &(dyn Any + Send)) -> Error {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let place = WHERE.with(RefCell::take);
    Error::new(Status::Internal, "internal.panic").detail(format!("{} ({place})", text.unwrap_or("panic")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    fn run<R: Into<Vec<u8>>>(body: impl FnOnce() -> Result<R, Error>) -> (i32, String) {
        let mut out = Buf { data: std::ptr::null(), len: 0 };
        let status = unsafe { call(&mut out, body) };
        let text = unsafe { CStr::from_ptr(out.data) }.to_str().unwrap().to_owned();
        assert_eq!(text.len(), out.len);
        unsafe { buffer::give_back(&mut out) };
        (status, text)
    }

    #[test]
    fn a_result_is_handed_out_as_it_is() {
        assert_eq!(run(|| Ok("[1]".to_owned())), (0, "[1]".to_owned()));
        assert_eq!(run(|| Ok(NOTHING)), (0, "{}".to_owned()));
        assert_eq!(run(|| Ok(Vec::<u8>::new())), (0, String::new()));
    }

    #[test]
    fn a_panic_becomes_an_error_that_says_where() {
        let (status, text) = run::<String>(|| panic!("defect {}", 7));
        let error: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((status, &error["code"]), (16, &"internal.panic".into()));
        assert!(error["detail"].as_str().unwrap().starts_with("defect 7 ("), "{error}");
        assert!(error["detail"].as_str().unwrap().contains("entry.rs:"), "{error}");
        assert!(!error["message"].as_str().unwrap().is_empty());
    }

    #[test]
    fn every_error_of_this_crate_has_a_sentence_in_every_language() {
        let texts = Texts::new();
        let source = [
            include_str!("argument.rs"),
            include_str!("handle.rs"),
            include_str!("entry.rs"),
            include_str!("message.rs"),
            include_str!("features.rs"),
        ]
        .concat();
        let codes = source.split('"').filter(|word| {
            let known = ["argument.", "handle.", "internal.", "message."].iter().any(|start| word.starts_with(start));
            known && word.len() < 30 && !word.ends_with('.') && !word.contains(' ') && !word.ends_with(".rs")
        });
        let mut count = 0;
        for code in codes {
            let args = serde_json::Map::new();
            let sentences = ["en", "de", "sl"].map(|language| texts.sentence(language, code, &args).expect(code));
            assert!(sentences[0] != sentences[1] && sentences[1] != sentences[2] && sentences[0] != sentences[2], "{code}");
            count += 1;
        }
        assert!(count > 8, "{count}");
    }

    #[test]
    fn a_panic_while_the_result_is_written_is_caught_too() {
        struct Broken;
        impl From<Broken> for Vec<u8> {
            fn from(_: Broken) -> Vec<u8> {
                panic!("cannot be written")
            }
        }
        let mut out = Buf { data: std::ptr::null(), len: 0 };
        assert_eq!(unsafe { call(&mut out, || Ok(Broken)) }, 16);
        assert!(unsafe { CStr::from_ptr(out.data) }.to_str().unwrap().contains("cannot be written"));
        unsafe { buffer::give_back(&mut out) };
    }

    #[test]
    fn what_cannot_even_be_described_is_an_error_all_the_same() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("what was thrown panics when it goes")
            }
        }
        let explode = |out: *mut Buf| {
            let ended = catch_unwind(|| unsafe { call::<String>(out, || std::panic::panic_any(Bomb)) });
            // Where it gets here it is not to explode in the test's own hands.
            ended.map_err(std::mem::forget)
        };
        let mut out = Buf { data: std::ptr::null(), len: 0 };
        assert_eq!(explode(&mut out), Ok(16), "a panic left the library");
        let text = unsafe { CStr::from_ptr(out.data) }.to_str().unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(text).unwrap()["status"], 16);
        assert_eq!(text.len(), out.len);
        unsafe { buffer::give_back(&mut out) };
        assert!(out.data.is_null());
        assert_eq!(explode(std::ptr::null_mut()), Ok(16));
    }

    #[test]
    fn the_result_need_not_be_taken() {
        assert_eq!(unsafe { call(std::ptr::null_mut(), || Ok(NOTHING)) }, 0);
        assert_eq!(unsafe { call::<String>(std::ptr::null_mut(), || Err(Error::new(Status::Busy, "handle.busy"))) }, 15);
    }
}
