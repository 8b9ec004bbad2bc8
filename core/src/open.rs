//! Opening a message that a program brings, to read from.

use crate::request::Source;
use crate::{Cancel, Host, Opened};
use postkontor_plugin::Error;
use std::time::Duration;

impl Host {
    /// Opens a message and reads it: the file that `source` names, else these bytes.
    ///
    /// The program's progress callback is asked meanwhile and may stop it.
    ///
    /// # Errors
    ///
    /// NOT_FOUND, LOCAL: the file cannot be read. CANCELLED, TIMEOUT: the callback or `timeout_seconds` has ended it.
    pub fn open_message(&self, source: &Source, bytes: impl FnOnce() -> Result<Vec<u8>, Error>) -> Result<Opened, Error> {
        let cancel = Cancel::new(source.timeout_seconds.map(Duration::from_secs));
        let watch = self.watch(&cancel);
        let goes_on = || watch.check().is_ok();
        let opened = match &source.file {
            Some(file) => Opened::open_while(file, &goes_on)?,
            None => Opened::new_while(bytes()?, &goes_on),
        };
        // What was stopped stays stopped: the watch says why.
        if let Some(opened) = opened.map(|opened| opened.in_language(self.language()))
            && opened.read(&goes_on)?
        {
            return Ok(opened);
        }
        watch.check()?;
        Err(crate::error::failed(postkontor_plugin::Status::Cancelled, "call.cancelled"))
    }
}
