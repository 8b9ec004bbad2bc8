//! A message that is ready to be sent: its envelope, and its bytes as a stream.

use super::append::Append;
use super::entity::Entity;
use super::envelope::{Envelope, Recipient};
use super::segments::{Reading, Segment};
use postkontor_plugin::{At, Dsn, Error};
use std::ops::Range;
use std::sync::Arc;

/// A message that is ready to be sent: its envelope, and its bytes as a stream. Borrows the parts that it was composed from.
///
/// Headers and texts are in memory. Attachments are encoded while they are read, from the caller's parts or from their
/// files, so that a message of any size needs one block of 57 KiB.
#[derive(Debug)]
pub struct Composed<'a> {
    /// Envelope sender.
    pub from: String,
    /// Envelope recipients in the order to, cc, bcc; each address once. Those who get one of `copies` stand there.
    pub recipients: Vec<Recipient>,
    /// The same message for one of Bcc each: an encrypted message names all for whom it is encrypted. [`Account::deliver`](crate::Account::deliver) delivers them with the message.
    pub copies: Vec<Composed<'a>>,
    /// The Message-ID without its angle brackets.
    pub message_id: String,
    /// The exact number of bytes that [`Composed::read`] will give.
    pub size: u64,
    /// The message has bytes above 127 in its body; only ready-made messages and those that enclose one have.
    pub eight_bit: bool,
    /// An address needs SMTPUTF8 (RFC 6531).
    pub utf8: bool,
    /// The delivery reports that the message asks for.
    pub dsn: Option<Dsn>,
    /// The addresses that were put right, each with the place where it was given.
    pub repaired: Vec<At>,
    /// What is worth a second look, each with its place in the document.
    pub warnings: Vec<Error>,
    /// Its place among the messages of the call, where the caller passed an array of them.
    pub index: Option<usize>,
    /// The folder that it is put into; then it is not sent, and its Bcc header stays in it.
    pub append: Option<Append>,
    /// The places of `recipients` among all recipients, where some of those get a copy of their own.
    pub(crate) places: Vec<usize>,
    pub(super) head: Arc<Vec<u8>>,
    /// The Bcc header in `head`, which only the sender's own copy has; empty where there is none.
    pub(super) blind: Range<usize>,
    pub(super) segments: Vec<Segment<'a>>,
    pub(super) reading: Reading,
    /// In a box, as each mail is moved several times on its way.
    pub(super) failed: Option<Box<Error>>,
}

impl<'a> Composed<'a> {
    /// A message for this envelope, in which nothing stands yet.
    pub(super) fn of(envelope: Envelope, message_id: String, repaired: Vec<At>) -> Composed<'a> {
        let Envelope { from, recipients, utf8, .. } = envelope;
        Composed {
            from,
            recipients,
            copies: Vec::new(),
            places: Vec::new(),
            message_id,
            size: 0,
            eight_bit: false,
            utf8,
            dsn: None,
            repaired,
            warnings: Vec::new(),
            index: None,
            append: None,
            head: Arc::default(),
            blind: 0..0,
            segments: Vec::new(),
            reading: Reading::default(),
            failed: None,
        }
    }

    /// The same with a copy for each of these recipients, by their places.
    pub(super) fn with_copies(mut self, copies: Vec<(usize, Entity<'a>)>) -> Composed<'a> {
        if copies.is_empty() {
            return self;
        }
        let mut all: Vec<Option<Recipient>> = self.recipients.drain(..).map(Some).collect();
        for (place, Entity { segments, size }) in copies {
            let recipients = all.get_mut(place).and_then(Option::take).into_iter().collect();
            let (from, utf8) = (self.from.clone(), self.utf8);
            let envelope = Envelope { from, recipients, utf8, ..Envelope::default() };
            let (dsn, head) = (self.dsn.clone(), Arc::clone(&self.head));
            let copy = Composed { size, dsn, head, segments, ..Composed::of(envelope, self.message_id.clone(), Vec::new()) };
            self.copies.push(Composed { places: vec![place], ..copy });
        }
        let left = all.into_iter().enumerate().filter_map(|(place, recipient)| Some((place, recipient?)));
        (self.places, self.recipients) = left.unzip();
        self
    }

    /// All recipients, also those who get a copy of their own, in the order to, cc, bcc.
    pub fn everyone(&self) -> Vec<&Recipient> {
        let mut all: Vec<(usize, &Recipient)> = Vec::with_capacity(self.recipients.len() + self.copies.len());
        for mail in std::iter::once(self).chain(&self.copies) {
            all.extend(mail.recipients.iter().enumerate().map(|(index, found)| (mail.places.get(index).copied().unwrap_or(index), found)));
        }
        all.sort_by_key(|(place, _)| *place);
        all.into_iter().map(|(_, recipient)| recipient).collect()
    }

    /// Writes the next bytes into `data` and returns their number, 0 at the end. Lines end in CRLF.
    ///
    /// An error means that an attached file could not be read to its end or has changed since the message was composed:
    /// what was sent of the message must not be completed. After an error only [`Composed::rewind`] helps.
    pub fn read(&mut self, data: &mut [u8]) -> Result<usize, Error> {
        if let Some(error) = &self.failed {
            return Err(Error::clone(error));
        }
        self.reading.fill(&self.segments, &self.head, data).inspect_err(|error| self.failed = Some(Box::new(error.clone())))
    }

    /// Whether something of the message is in UTF-8. What a ready-made message holds is its maker's affair.
    pub(crate) fn is_utf_8(&self) -> bool {
        let says = |label: &[u8]| memchr::memmem::find(&self.head, label).is_some();
        !self.segments.iter().any(Segment::is_made) && (says(b"=?utf-8?") || says(b"; charset=utf-8\r\n"))
    }

    /// Starts again at the first byte, for a second attempt with the same Message-ID.
    pub fn rewind(&mut self) {
        (self.reading, self.failed) = (Reading::default(), None);
    }

    /// The same as a message that is put into a folder, where it is to be.
    pub(super) fn appended_as(mut self, append: Option<Append>) -> Composed<'a> {
        if append.is_some() {
            self.become_copy();
        }
        self.append = append;
        self
    }

    /// Starts again as the copy that the sender keeps: the same message with its Bcc header, the only place
    /// that names the blind recipients (RFC 5322, section 3.6.3).
    pub(crate) fn become_copy(&mut self) {
        self.rewind();
        let blind = std::mem::take(&mut self.blind);
        if !blind.is_empty() {
            self.size += blind.len() as u64;
            self.segments.insert(0, Segment::Head(blind));
        }
    }
}
