//! Opening a message that a program brings, to read from.

use crate::opened::Keys;
use crate::request::Source;
use crate::settings::Incoming;
use crate::unsealing::{Collection, Loading};
use crate::{Cancel, Host, Opened};
use postkontor_plugin::{Error, Input};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

impl Host {
    /// Opens a message and reads it: the file that `source` names, else these bytes.
    ///
    /// With `smime` in the source it is decrypted and verified; then its files have to be usable.
    ///
    /// The program's progress callback is asked meanwhile and may stop it.
    ///
    /// # Errors
    ///
    /// NOT_FOUND, LOCAL, SETTINGS: the file, or one that `smime` names, cannot be read. CANCELLED, TIMEOUT: the callback or `timeout_seconds` has ended it.
    pub fn open_message(&self, source: &Source, bytes: impl FnOnce() -> Result<Vec<u8>, Error>) -> Result<Opened, Error> {
        let cancel = Cancel::new(source.timeout_seconds.map(Duration::from_secs));
        let watch = self.watch(&cancel);
        let goes_on = || watch.check().is_ok();
        let keys = source.smime.as_ref().map(|incoming| self.keys(incoming)).transpose()?;
        let opened = match &source.file {
            Some(file) => Opened::open_while(file, &goes_on)?,
            None => Opened::new_while(bytes()?, &goes_on),
        };
        // What was stopped stays stopped: the watch says why.
        if let Some(opened) = opened.map(|opened| opened.in_language(self.language())) {
            let opened = match keys {
                Some(keys) => opened.with_keys(Arc::new(keys)),
                None => opened,
            };
            if opened.read(&goes_on)? {
                if let Some(folder) = source.smime.as_ref().and_then(|smime| smime.collect.as_ref()) {
                    Collection::of(Path::new(folder)).add_all(&opened).map_err(|error| {
                        let code = error.code.clone();
                        error.at_request("/smime/collect", &code)
                    })?;
                }
                return Ok(opened);
            }
        }
        watch.check()?;
        Err(crate::error::failed(postkontor_plugin::Status::Cancelled, "call.cancelled"))
    }

    /// The keys of a request.
    fn keys(&self, incoming: &Incoming) -> Result<Keys, Error> {
        let secret = |name: &str| self.callbacks().secret_get(name);
        let place = |pointer: &str| format!("/smime{pointer}");
        let mut loaded = Loading { secret: &secret, of: Input::Request, place: &place }.incoming(incoming);
        if loaded.errors.is_empty() { Ok(loaded.keys) } else { Err(loaded.errors.swap_remove(0)) }
    }
}
