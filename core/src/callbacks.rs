//! What the program that uses Postkontor does for it.

use postkontor_plugin::{Level, Secret};

/// What the program that uses Postkontor does for it. Called on the thread that called, and only during the call.
pub trait Callbacks: Send + Sync {
    /// Takes a line for the log. Levels: 1 error, 2 warning, 3 information, 4 debug, 5 trace.
    fn log(&self, _level: i32, _text: &str) {}
    /// The most detailed level that is read; `None` where no line is. Finer lines are not even written.
    fn log_level(&self) -> Option<Level> {
        Some(Level::Trace)
    }
    /// Learns the progress in bytes, at least every 100 ms while something is waited for; `false` stops the call.
    fn progress(&self, _done: u64, _total: u64) -> bool {
        true
    }
    /// Learns of each step of a test as it ends, where the request asks for that (`"steps": true`): a JSON object as in the report.
    fn step(&self, _step: &str) {}
    /// Finds a secret that the settings refer to as `{"secret":"name"}`.
    fn secret_get(&self, _name: &str) -> Option<Secret> {
        None
    }
    /// Keeps a secret, for example a renewed token; `false` where it cannot.
    fn secret_put(&self, _name: &str, _value: &Secret) -> bool {
        false
    }
}

/// Callbacks that do nothing.
impl Callbacks for () {
    fn log_level(&self) -> Option<Level> {
        None
    }
}
