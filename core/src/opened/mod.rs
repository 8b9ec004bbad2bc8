//! Reading a message: from its bytes to a summary in JSON, and to its parts.
//!
//! The reader (`postkontor-reader`) takes a message apart, from memory or from its file, and decodes what is asked for; it is total: every
//! input is a message. What an ERP wants beyond that is done here: a summary it can keep, names that are safe as file names, and reports
//! (bounces, read receipts) recognised with the message they are about.

mod content;
mod enclosed;
mod head;
#[cfg(test)]
mod hostile;
mod json;
mod part;
mod people;
mod place;
mod reading;
mod report;
mod safe_name;
mod secured;
mod stream;
mod summary;
#[cfg(test)]
mod tests;
mod text;

use crate::error::{failed, file_failed};
use crate::whole_file::write_whole;
pub use content::{
    Attendee, Calendar, Content, Encrypted, Invoice, Layer, LayerFault, LayerSigner, Moment, Part, Person, Repaired, Reported,
    ReportedRecipient, Signed, Smime, Warning,
};
use place::{Body, Place};
use postkontor_plugin::{Error, Stage, Status};
use postkontor_reader::Repairs;
use postkontor_reader::source::Source;
use postkontor_reader::structure::Stop;
use postkontor_reader::tnef::Bytes;
use postkontor_reader::transfer::{Decoded, decoded};
use postkontor_smime::verify::Signer;
use reading::Reading;
pub use safe_name::safe_name;
pub use secured::Keys;
use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};
pub use stream::Stream;
use stream::unreadable;

/// A message that was opened for reading, in memory or in its file; it is read when something is asked of it, and parts are decoded when
/// they are asked for.
pub struct Opened {
    source: Source,
    /// What was put right while it was made of a message of Outlook's.
    repairs: Repairs,
    language: String,
    /// With what it is read where it is signed or encrypted.
    keys: Option<Arc<Keys>>,
    reading: OnceLock<Reading>,
}

impl Opened {
    /// Opens a message. Every input is a message, if need be one without headers or without text.
    ///
    /// A message of Outlook's own (`.msg`, or a `winmail.dat` that stands alone) is made into MIME, and is that message from then on.
    pub fn new(raw: Vec<u8>) -> Opened {
        Opened::of(raw.into())
    }

    /// The same, as long as `goes_on` says so: a message of Outlook's has to be made first. `None` where it was stopped.
    pub fn new_while(raw: Vec<u8>, goes_on: &dyn Fn() -> bool) -> Option<Opened> {
        Opened::of_while(raw.into(), goes_on)
    }

    /// Opens the message that a file holds. A large one stays in the file, which must not be changed meanwhile.
    pub fn open(file: &Path) -> Result<Opened, Error> {
        File::open(file).and_then(Opened::of_file).map_err(|error| not_opened(&error, file))
    }

    /// The same, as long as `goes_on` says so. `None` where it was stopped.
    pub fn open_while(file: &Path, goes_on: &dyn Fn() -> bool) -> Result<Option<Opened>, Error> {
        let source = File::open(file).and_then(Source::open).map_err(|error| not_opened(&error, file))?;
        Ok(Opened::of_while(source, goes_on))
    }

    /// The same with a file that is open.
    pub(crate) fn of_file(file: File) -> io::Result<Opened> {
        Source::open(file).map(Opened::of)
    }

    fn of(source: Source) -> Opened {
        let (source, repairs) = made(source, &|| true);
        Opened { source, repairs, language: String::new(), keys: None, reading: OnceLock::new() }
    }

    fn of_while(source: Source, goes_on: &dyn Fn() -> bool) -> Option<Opened> {
        let (source, repairs) = made(source, goes_on);
        goes_on().then(|| Opened { source, repairs, language: String::new(), keys: None, reading: OnceLock::new() })
    }

    /// The same, with its repairs told in this language, for example `de-AT`. It holds for what was not read yet.
    #[must_use]
    pub fn in_language(mut self, language: &str) -> Opened {
        language.clone_into(&mut self.language);
        self
    }

    /// The same, read with these keys where it is signed or encrypted by S/MIME: the summary has `smime`, and texts and parts are those of the content. It holds for what was not read
    /// yet; the raw message stays as it is.
    #[must_use]
    pub fn with_keys(mut self, keys: Arc<Keys>) -> Opened {
        self.keys = Some(keys);
        self
    }

    /// The bytes of the whole message.
    pub fn size(&self) -> u64 {
        self.source.size()
    }

    /// The message as JSON: headers, text, HTML, and the list of its parts. docs/messages.md describes it.
    pub fn summary(&self) -> &str {
        &self.reading().summary
    }

    /// What the message says, as types.
    pub fn content(&self) -> Content {
        // Read from the summary, which is written for speed; a test reads each member of it.
        serde_json::from_str(self.summary()).unwrap_or_else(|_| Content::none(self.size()))
    }

    /// Those who signed it, each with what is to be said of the signature; none where it is read without keys.
    pub fn signers(&self) -> &[Signer] {
        &self.reading().signers
    }

    /// The decoded subject; empty where there is none.
    pub fn subject(&self) -> &str {
        &self.reading().subject
    }

    /// Reads the message, as long as `goes_on` says so. Where it does not, the message stays as it was, and `false` is returned. What asks for
    /// something of a message that was not read reads it, however long that takes.
    pub fn read(&self, goes_on: &dyn Fn() -> bool) -> Result<bool, Error> {
        if self.reading.get().is_some() {
            return Ok(true);
        }
        match self.read_with(goes_on) {
            Ok(reading) => {
                // Another thread may have read it meanwhile, with the same result.
                self.reading.get_or_init(|| reading);
                Ok(true)
            }
            Err(Stop::Stopped) => Ok(false),
            Err(Stop::Unreadable(error)) => Err(unreadable(error)),
        }
    }

    /// Leaves a message unread that takes too long: its summary says so, and its raw bytes are there.
    pub(crate) fn leave_unread(&self) {
        self.reading.get_or_init(|| Reading::none(self.size(), Some("message.reading_too_long")));
    }

    fn read_with(&self, goes_on: &dyn Fn() -> bool) -> Result<Reading, Stop> {
        reading::read(&self.source, self.keys.as_deref(), &self.repairs, &self.language, goes_on)
    }

    /// Where the bytes of parts lie.
    fn parts_source(&self) -> &Source {
        self.reading().content.as_ref().unwrap_or(&self.source)
    }

    fn reading(&self) -> &Reading {
        self.reading.get_or_init(|| {
            let read = self.read_with(&|| true);
            // Nothing stops it; a file that cannot be read any more makes a warning.
            read.unwrap_or_else(|_| Reading::none(self.size(), Some("message.not_read")))
        })
    }

    /// The bytes of a part, decoded; where none is named all of it as it came.
    pub fn bytes(&self, part: Option<usize>) -> Result<Cow<'_, [u8]>, Error> {
        match part {
            Some(index) => self.part(index),
            None => self.source.piece(0..self.size()).map_err(unreadable),
        }
    }

    /// The same as a stream, which needs little memory whatever the size.
    pub fn stream(&self, part: Option<usize>) -> Result<Stream<'_>, Error> {
        let Some(index) = part else { return Ok(Stream::new(stream::Bytes::Raw(self.source.stream(0..self.size())))) };
        Ok(Stream::new(match self.place(index)? {
            Place::Own(body) => stream::Bytes::Decoded(Box::new(Decoded::new(self.parts_source(), body.range.clone(), body.encoding))),
            Place::Inner { outer, bytes } => stream::Bytes::Memory(self.inner(*outer, bytes)?),
        }))
    }

    /// Saves a part of it, or all of it, in a file, all or nothing, and says how many bytes that are.
    pub fn save(&self, part: Option<usize>, file: &Path) -> Result<u64, Error> {
        let mut stream = self.stream(part)?;
        write_whole(file, |target| stream.copy_to(target))
            .map_err(|error| file_failed(&error, Status::Local, "message.part_not_saved", file))
    }

    /// The decoded bytes of a part, by its number in the summary's `parts`.
    pub fn part(&self, index: usize) -> Result<Cow<'_, [u8]>, Error> {
        match self.place(index)? {
            Place::Own(body) => self.decoded(body),
            Place::Inner { outer, bytes } => self.inner(*outer, bytes).map(Cow::Borrowed),
        }
    }

    fn place(&self, index: usize) -> Result<&Place, Error> {
        let parts = &self.reading().parts;
        let missing =
            || failed(Status::NotFound, "message.part_missing").stage(Stage::Message).arg("part", index).arg("parts", parts.len());
        parts.get(index).ok_or_else(missing)
    }

    fn decoded(&self, body: &Body) -> Result<Cow<'_, [u8]>, Error> {
        decoded(self.parts_source(), body.range.clone(), body.encoding, u64::MAX).map(|(bytes, _)| bytes).map_err(unreadable)
    }

    /// The bytes of a file inside a part.
    fn inner<'a>(&'a self, outer: usize, bytes: &'a Bytes) -> Result<&'a [u8], Error> {
        let range = match bytes {
            Bytes::Made(bytes) => return Ok(bytes),
            Bytes::At(range) => range.clone(),
        };
        // What is inside a part comes behind it.
        let Place::Own(body) = self.place(outer)? else { return Ok(&[]) };
        if body.unwrapped.get().is_none() {
            let whole = self.decoded(body)?.into_owned();
            body.unwrapped.get_or_init(|| whole);
        }
        Ok(body.unwrapped.get().and_then(|whole| whole.get(range)).unwrap_or_default())
    }
}

fn not_opened(error: &io::Error, file: &Path) -> Error {
    let is_missing = error.kind() == io::ErrorKind::NotFound;
    let missing = (Status::NotFound, "message.file_missing");
    let (status, code) = if is_missing { missing } else { (Status::Local, "message.file_unreadable") };
    file_failed(error, status, code, file)
}

/// The message that a source holds, made into MIME where it is one of Outlook's.
fn made(source: Source, goes_on: &dyn Fn() -> bool) -> (Source, Repairs) {
    let mut repairs = Repairs::default();
    (enclosed::mime(&source, &mut repairs, goes_on).unwrap_or(source), repairs)
}
