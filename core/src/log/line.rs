//! How lines of the log are written.

use crate::message::timestamp;
use postkontor_plugin::Error;
use std::cell::Cell;
use std::fmt::{self, Display, Formatter};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

/// A line as the log file has it: time (RFC 3339, UTC), level, process and thread, text.
///
/// `2026-11-28T22:13:03.123Z information 4711.1 main: sent …`
pub fn line(level: i32, text: &str) -> String {
    let level = match level {
        ..=1 => "error",
        2 => "warning",
        3 => "information",
        4 => "debug",
        5.. => "trace",
    };
    format!("{} {level:<11} {}.{} {text}\n", timestamp(SystemTime::now()), std::process::id(), thread())
}

/// A small number for the thread: the first that wrote a line is 1.
fn thread() -> u32 {
    static THREADS: AtomicU32 = AtomicU32::new(1);
    thread_local! {
        static OWN: Cell<u32> = const { Cell::new(0) };
    }
    if OWN.get() == 0 {
        OWN.set(THREADS.fetch_add(1, Ordering::Relaxed));
    }
    OWN.get()
}

/// An error in one line: code and status, stage, sentence, the server's words, the words for support.
pub(crate) fn failure(error: &Error) -> impl Display {
    struct Failure<'a>(&'a Error);
    impl Display for Failure<'_> {
        fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
            let Failure(error) = self;
            write!(f, "{} ({})", error.code, error.status.number())?;
            if let Some(stage) = error.stage {
                write!(f, " at {stage}")?;
            }
            write!(f, ": {}", error.message.trim_end_matches('.'))?;
            for at in error.at.iter().filter(|at| !at.pointer.is_empty()) {
                write!(f, " [{}]", at.pointer)?;
                if at.message != error.message {
                    write!(f, " {}", at.message)?;
                }
            }
            if let Some(server) = error.server.as_ref().filter(|server| !error.message.contains(&server.text)) {
                write!(f, "; server: {}", Said(server))?;
            }
            if !error.detail.is_empty() && !error.message.contains(&error.detail) {
                write!(f, "; detail: {}", error.detail)?;
            }
            Ok(())
        }
    }
    Failure(error)
}

/// A server's reply as it came: code, enhanced code, text.
pub(crate) struct Said<'a>(pub(crate) &'a postkontor_plugin::Reply);

impl Display for Said<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0.code != 0 {
            write!(f, "{} ", self.0.code)?;
        }
        if let Some(enhanced) = &self.0.enhanced {
            write!(f, "{enhanced} ")?;
        }
        f.write_str(&self.0.text)
    }
}

/// A duration as lines show it.
pub(crate) struct Seconds(pub(crate) Duration);

impl Display for Seconds {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} s", self.0.as_secs_f64())
    }
}

/// Names in one line: the first three, and how many more there are.
pub(crate) fn joined<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 3;
    let more = names.len().saturating_sub(SHOWN);
    let shown = names.take(SHOWN).collect::<Vec<_>>().join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}
