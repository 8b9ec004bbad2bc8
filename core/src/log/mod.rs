//! The log: what was done, what was weakened or replaced, what failed, and at the finer levels each step and the dialogue.
//!
//! Lines go to the program's callback, to a file, or to both, up to the level that the host's configuration says. A level that
//! neither reads costs nothing: its lines are not written, and each request names the level to transports (`Log::level`).

mod config;
mod dialogue;
mod file;
mod line;
mod listener;

use crate::Callbacks;
pub use config::Config;
pub(crate) use config::unknown;
pub(crate) use dialogue::Dialogue;
use file::LogFile;
pub use line::line;
pub(crate) use line::{Said, Seconds, failure, joined};
pub(crate) use listener::Listener;
use postkontor_plugin::{Error, Level, printable};
use std::fmt::Display;

/// Where the lines of a host go.
pub(crate) struct Log {
    callbacks: Box<dyn Callbacks>,
    /// The most detailed level that the callback takes.
    callback: Option<Level>,
    file: Option<LogFile>,
    /// The most detailed level that the file takes.
    level: Level,
    /// Whether the error of a failed call holds the dialogue.
    keeps_protocol: bool,
}

impl Log {
    /// Opens the log. A file that cannot be written is no error; the callback gets one line about it.
    pub(crate) fn open(config: Config, callbacks: Box<dyn Callbacks>, keeps_protocol: bool) -> Log {
        let callback = callbacks.log_level().map(|own| config.level.map_or(own, |level| level.min(own)));
        let level = config.level.unwrap_or(Level::Information);
        let file = config.file.map(|path| LogFile::new(path, config.max_bytes, config.keep));
        Log { callbacks, callback, file, level, keeps_protocol }
    }

    /// What the program does for the host beside reading its log.
    pub(crate) fn callbacks(&self) -> &dyn Callbacks {
        &*self.callbacks
    }

    /// Whether the callback or the file takes lines of this level.
    pub(crate) fn reads(&self, level: Level) -> bool {
        self.callback >= Some(level) || self.file.is_some() && self.level >= level
    }

    /// Whether the error of a failed call holds the dialogue.
    pub(crate) fn keeps_protocol(&self) -> bool {
        self.keeps_protocol
    }

    /// The most detailed level that a transport is asked for, as a number of requests; 0 where no line is read.
    pub(crate) fn level(&self) -> i32 {
        let file = self.file.as_ref().map(|_| self.level);
        let dialogue = self.keeps_protocol.then_some(Level::Trace);
        self.callback.max(file).max(dialogue).map_or(0, |level| level as i32)
    }

    /// Writes a line; `account` is empty where it is about none.
    pub(crate) fn write(&self, level: Level, account: &str, text: impl Display) {
        if !self.reads(level) {
            return;
        }
        let separator = if account.is_empty() { "" } else { ": " };
        let text = printable(&format!("{account}{separator}{text}"));
        if self.callback >= Some(level) {
            self.callbacks.log(level as i32, &text);
        }
        if self.level >= level
            && let Some(file) = &self.file
            && let Err(trouble) = file.write(&line(level as i32, &text))
            && self.callback >= Some(Level::Warning)
        {
            self.callbacks.log(Level::Warning as i32, &printable(&trouble));
        }
    }

    /// Writes down that a call failed.
    pub(crate) fn failed(&self, account: &str, what: &str, error: &Error) {
        if self.reads(Level::Error) {
            self.write(Level::Error, account, format_args!("{what} failed: {}", failure(error)));
        }
    }
}

/// The level of a plugin's line. A number beyond the known ones is the nearest.
pub(crate) fn level(number: i32) -> Level {
    Level::from_number(u64::try_from(number).unwrap_or_default()).unwrap_or(Level::Error)
}
