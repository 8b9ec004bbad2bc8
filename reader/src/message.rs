//! A message that was read.

use crate::bodies::{self, Bodies};
use crate::header::Fields;
use crate::source::Source;
use crate::structure::{Entity, Stop, Structure, header_of, structure};
use crate::transfer::{self, Decoded, Encoding, Faults};
use std::borrow::Cow;
use std::io;

/// The most bytes at the beginning of an attached message that are read for its header.
const ATTACHED: u64 = 64 * 1024;

/// The first bytes of a body, which show whether it is encoded at all.
const FIRST: u64 = 4 * 1024;

/// A message: its parts, and which of them are its text. Nothing is decoded before it is asked for.
pub struct Message<'a> {
    source: &'a Source,
    structure: Structure,
    bodies: Bodies,
}

impl<'a> Message<'a> {
    /// Reads a message, as long as `goes_on` says so.
    ///
    /// # Errors
    ///
    /// It was stopped, or the message lies in a file that cannot be read any more.
    pub fn read(source: &'a Source, goes_on: &dyn Fn() -> bool) -> Result<Message<'a>, Stop> {
        let mut message = Message { source, structure: structure(source, goes_on)?, bodies: Bodies::default() };
        for index in 0..message.structure.entities.len() {
            message.check_encoding(index)?;
        }
        let mut roots = Vec::new();
        for (index, entity) in message.structure.entities.iter().enumerate() {
            if entity.is_divided && entity.kind() == ("multipart", "related") {
                roots.push((index, message.root(index)?));
            }
        }
        let root = |related| roots.binary_search_by_key(&related, |(index, _)| *index).ok().and_then(|at| roots.get(at)?.1);
        message.bodies = bodies::bodies(&message.structure, root);
        if !goes_on() {
            return Err(Stop::Stopped);
        }
        Ok(message)
    }

    /// Its bytes.
    pub fn source(&self) -> &'a Source {
        self.source
    }

    /// Its parts.
    pub fn structure(&self) -> &Structure {
        &self.structure
    }

    /// Which of the parts are its text, and which are attachments.
    pub fn bodies(&self) -> &Bodies {
        &self.bodies
    }

    /// A part.
    pub fn entity(&self, index: usize) -> Option<&Entity> {
        self.structure.entities.get(index)
    }

    /// The header of a part, its lines with LF at their ends at least.
    ///
    /// # Errors
    ///
    /// The file of the message cannot be read any more.
    pub fn header(&self, index: usize) -> io::Result<Cow<'a, [u8]>> {
        let header = self.entity(index).map(|entity| entity.header.clone()).unwrap_or_default();
        let mut header = self.source.piece(header)?;
        if self.structure.is_cr_only {
            header.to_mut().iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b'\n');
        }
        Ok(header)
    }

    /// The fields of the message itself; `header` is that of its first part.
    pub fn fields<'h>(&'h self, header: &'h [u8]) -> Fields<'h> {
        Fields::of(header, &self.structure.places)
    }

    /// The bytes of a part, decoded, or the first of them, and what was not as it should be.
    ///
    /// # Errors
    ///
    /// The file of the message cannot be read any more.
    pub fn decoded(&self, index: usize, most: u64) -> io::Result<(Cow<'a, [u8]>, Faults)> {
        let Some(entity) = self.entity(index) else { return Ok((Cow::Borrowed(b""), [None; 2])) };
        transfer::decoded(self.source, entity.body.clone(), entity.encoding, most)
    }

    /// The bytes of a part, decoded block by block.
    pub fn stream(&self, index: usize) -> Decoded<'a> {
        let (range, encoding) = self.entity(index).map(|entity| (entity.body.clone(), entity.encoding)).unwrap_or_default();
        Decoded::new(self.source, range, encoding)
    }

    /// The header of the message that a part of the type `message/rfc822` is.
    ///
    /// # Errors
    ///
    /// The file of the message cannot be read any more.
    pub fn attached_header(&self, index: usize) -> io::Result<Vec<u8>> {
        Ok(header_of(&self.decoded(index, ATTACHED)?.0).to_vec())
    }

    /// Takes a body as it stands that is evidently not encoded in the way that its header says.
    fn check_encoding(&mut self, index: usize) -> io::Result<()> {
        let Some(entity) = self.structure.entities.get_mut(index).filter(|entity| !entity.is_divided) else { return Ok(()) };
        if matches!(entity.encoding, Encoding::Identity | Encoding::QuotedPrintable) {
            return Ok(());
        }
        let first = self.source.piece(entity.body.start..entity.body.end.min(entity.body.start + FIRST))?;
        if !entity.encoding.is_likely(&first) {
            entity.encoding = Encoding::Identity;
            self.structure.faults.push(("mime.encoding_wrong", Some(index)));
        }
        Ok(())
    }

    /// The root of a multipart/related (RFC 2387, 3.2).
    fn root(&self, related: usize) -> io::Result<Option<usize>> {
        // All that is within it follows it, up to a part of something further out.
        let entities = self.structure.entities.iter().enumerate().skip(related + 1);
        let entities = entities.take_while(|(_, entity)| entity.parent >= Some(related));
        let parts: Vec<(usize, &Entity)> = entities.filter(|(_, entity)| entity.parent == Some(related)).collect();
        let start = self.entity(related).and_then(|entity| entity.content_type.as_ref()?.parameter("start"));
        let mut named = None;
        if let Some(start) = start.map(|start| bare(start.as_bytes())).filter(|start| !start.is_empty()) {
            for (index, _) in &parts {
                if named.is_none() && content_id(&self.header(*index)?).is_some_and(|id| id == start) {
                    named = Some(*index);
                }
            }
        }
        Ok(bodies::root(&parts, named))
    }
}

/// The Content-ID in a header, without angle brackets.
fn content_id(header: &[u8]) -> Option<&[u8]> {
    const NAME: &[u8] = b"content-id:";
    let mut lines = header.split(|byte| *byte == b'\n');
    lines.find_map(|line| line.get(NAME.len()..).filter(|_| line[..NAME.len()].eq_ignore_ascii_case(NAME)).map(bare))
}

fn bare(id: &[u8]) -> &[u8] {
    let id = id.trim_ascii();
    id.strip_prefix(b"<").and_then(|id| id.strip_suffix(b">")).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_that_were_found_with_the_structure_are_those_of_the_header() {
        let long = "Subject: a\r\n".repeat(400) + "To: b\r\n\r\n";
        let messages = [
            "Subject: a\r\n b\r\nTo : c\r\n\t\r\n d\r\nEmpty:\r\n\r\nX: body\r\n",
            "Subject: a\nno field\n Cc: x\nSubject\r: x\nTwo words: x\n: x\nTo: b\n\nbody",
            "Subject: a\r\rTo: b\r\rbody",
            "Subject: a\r b\rTo: c\r\rbody",
            "Subject: a\rTo: b\r\nCc: c\r\n\r\nbody",
            "From anna Sun Nov 29\nTo: b\n\nbody",
            "From : anna@example.com\nTo: b\n\nbody",
            "\u{feff}Subject: a\nTo: b",
            "Subject: a\nTo: b\r",
            "Subject\x0c: a\nTo\t: b\nSubj",
            "\nbody",
            "",
            &long,
        ];
        for message in messages {
            let source = Source::from(message.as_bytes().to_vec());
            let read = Message::read(&source, &|| true).unwrap();
            let header = read.header(0).unwrap();
            let fields = Fields::read(&header);
            assert_eq!(read.fields(&header).iter().collect::<Vec<_>>(), fields.iter().collect::<Vec<_>>(), "{message:?}");
        }
    }
}
