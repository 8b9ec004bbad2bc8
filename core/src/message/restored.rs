//! The bytes of a mail that was kept, as a stretch of the message that it is again.

use postkontor_plugin::{Error, Stage, Status};
use std::sync::{Mutex, PoisonError};

/// Where the bytes of a mail are kept.
pub trait Content: Send + std::fmt::Debug {
    /// Writes bytes into `data` from this position on and returns their number, 0 at the end.
    ///
    /// # Errors
    ///
    /// What was sent of the mail is then not completed.
    fn read_at(&mut self, position: u64, data: &mut [u8]) -> Result<usize, Error>;
}

/// A whole mail as it was kept.
#[derive(Debug)]
pub(super) struct Restored {
    /// Reading moves in it, where segments are only looked at.
    content: Mutex<Box<dyn Content>>,
    size: u64,
    message_id: String,
}

impl Restored {
    pub(super) fn new(content: Box<dyn Content>, size: u64, message_id: &str) -> Restored {
        Restored { content: Mutex::new(content), size, message_id: message_id.to_owned() }
    }

    /// Writes bytes from this position on and returns their number, 0 at the end.
    pub(super) fn read_at(&self, position: u64, data: &mut [u8]) -> Result<usize, Error> {
        let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        let left = self.size.saturating_sub(position);
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(data.len());
        if wanted == 0 {
            return Ok(0);
        }
        let count = content.read_at(position, &mut data[..wanted])?;
        let is_whole = match left.checked_sub(count as u64) {
            _ if count == 0 || count > wanted => false,
            // Before its last bytes are given away: a message that may be wrong stays incomplete.
            Some(0) => content.read_at(self.size, &mut [0])? == 0,
            _ => true,
        };
        if is_whole { Ok(count) } else { Err(changed(&self.message_id, self.size)) }
    }
}

/// The error of a mail that is no longer what it was when it was kept.
pub(super) fn changed(message_id: &str, size: u64) -> Error {
    Error::new(Status::Local, "message.stored_changed").stage(Stage::Content).arg("message_id", message_id).arg("size", size)
}
