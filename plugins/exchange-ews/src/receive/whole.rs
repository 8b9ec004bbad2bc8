//! A message that is asked for so that its text can be looked at.

use crate::items::{Row, get_mime, item_id};
use crate::meaning::Class;
use crate::message::{Message, Take};
use crate::talk::Talk;
use crate::xml::Content;
use postkontor_plugin::{Error, Stage, Status};

/// A message with more bytes is not fetched to look for a text in it.
pub(super) const MOST: usize = 32 * 1024 * 1024;

/// What became of it.
#[derive(Debug)]
pub(super) enum Whole {
    Message(Vec<u8>),
    TooLarge,
    /// It is not there any more.
    Gone,
    /// The service does not hand it over.
    Withheld(Error),
}

impl Talk<'_, '_> {
    /// All of a message.
    pub(super) fn whole(&mut self, row: &Row) -> Result<Whole, Error> {
        let document = self.envelope(|xml| get_mime(xml, std::slice::from_ref(row)));
        let host = self.host();
        let mut coming = Coming { id: &row.id, host: &host, bytes: Vec::new(), is_too_large: false, whole: None };
        self.each(&document, Stage::Fetch, &mut coming)?;
        let missing = || crate::xml::malformed("no answer for the message that was asked for").stage(Stage::Fetch);
        coming.whole.ok_or_else(missing)
    }
}

/// A message on its way.
struct Coming<'w> {
    id: &'w str,
    host: &'w str,
    bytes: Vec<u8>,
    is_too_large: bool,
    whole: Option<Whole>,
}

impl Content for Coming<'_> {
    fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.is_too_large |= self.bytes.len() + bytes.len() > MOST;
        if self.is_too_large {
            // It is read to its end, so that the connection can be used again.
            self.bytes = Vec::new();
        } else {
            self.bytes.extend_from_slice(bytes);
        }
        Ok(())
    }
}

impl Take for Coming<'_> {
    fn message(&mut self, message: Message) -> Result<bool, Error> {
        self.whole = Some(if !message.is_success {
            if message.class() == Class::Gone { Whole::Gone } else { Whole::Withheld(message.error(self.host, Stage::Fetch)) }
        } else if message.item().and_then(item_id) != Some(self.id) {
            return Err(Error::new(Status::Protocol, "ews.item_foreign").arg("host", self.host).stage(Stage::Fetch));
        } else if self.is_too_large {
            Whole::TooLarge
        } else {
            Whole::Message(std::mem::take(&mut self.bytes))
        });
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_not_kept() {
        let mut coming = Coming { id: "1", host: "mail.example.com", bytes: Vec::new(), is_too_large: false, whole: None };
        let piece = vec![b'x'; MOST / 4];
        for _ in 0..4 {
            coming.take(&piece).unwrap();
        }
        assert_eq!((coming.bytes.len(), coming.is_too_large), (MOST, false));
        coming.take(b"x").unwrap();
        coming.take(b"x").unwrap();
        assert_eq!((coming.bytes.capacity(), coming.is_too_large), (0, true));
    }
}
