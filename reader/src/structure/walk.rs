//! The way through a message, from one delimiter to the next.

use super::entity::{Entity, Stop, Structure};
use super::header::{self, Header, Reach, Rules};
use crate::header::ContentType;
use crate::repair::Repairs;
use crate::source::{Source, Window};
use crate::transfer::Encoding;
use memchr::memmem::Finder;
use std::ops::Range;

/// The most parts, and the most multiparts within each other.
const PARTS: usize = 20_000;
const DEPTH: usize = 64;

/// The most header fields, and bytes of them, in all parts together.
const FIELDS: usize = 50_000;
const FIELD_BYTES: usize = 1024 * 1024;

/// So much of a header is looked at first: nearly all are shorter.
const HEADER: usize = 16 * 1024;

/// The most blanks at the end of a delimiter.
const BLANKS: usize = 1024;

/// After so many fields and lines that look like delimiters the caller is asked whether to go on.
const STEPS: usize = 256;

/// Why there is no further part.
enum End {
    Reached,
    Cut(&'static str),
    Stop(Stop),
}

impl From<std::io::Error> for End {
    fn from(error: std::io::Error) -> End {
        End::Stop(Stop::Unreadable(error))
    }
}

/// A multipart whose end was not seen yet.
struct Open {
    boundary: Vec<u8>,
    entity: usize,
    parts: u32,
    is_digest: bool,
}

/// A line that delimits the multipart at a level.
struct Delimiter {
    level: usize,
    is_last: bool,
    end: u64,
}

/// What a header says of its body.
struct Made {
    content_type: Option<Box<ContentType>>,
    is_type_plain: bool,
    encoding: Encoding,
    is_attachment: bool,
}

pub(super) struct Walk<'a, 'w> {
    source: &'a Source,
    window: Window<'a>,
    structure: Structure,
    open: Vec<Open>,
    /// The part whose end was not seen yet, unless that is a multipart.
    leaf: Option<usize>,
    line_end: u8,
    fields: usize,
    field_bytes: usize,
    steps: usize,
    goes_on: &'w dyn Fn() -> bool,
    /// Made when it is needed first: messages of one part do not.
    finder: Option<Finder<'static>>,
}

impl<'a, 'w> Walk<'a, 'w> {
    pub(super) fn new(source: &'a Source, goes_on: &'w dyn Fn() -> bool) -> Walk<'a, 'w> {
        let (window, structure) = (Window::new(source), Structure::default());
        let (open, leaf, finder) = (Vec::new(), None, None);
        Walk { source, window, structure, open, leaf, line_end: b'\n', fields: 0, field_bytes: 0, steps: 0, goes_on, finder }
    }

    pub(super) fn structure(mut self) -> Result<Structure, Stop> {
        self.line_ends()?;
        let mut at = 0;
        let end = loop {
            match self.part(at) {
                Ok(next) => at = next,
                Err(end) => break end,
            }
        };
        match end {
            End::Reached => (),
            End::Cut(code) => self.structure.cut = Some(code),
            End::Stop(stop) => return Err(stop),
        }
        self.close(0, self.source.size())?;
        Ok(self.structure)
    }

    /// Finds out whether lines end in CR only: then the first one does, and no LF is near.
    fn line_ends(&mut self) -> Result<(), Stop> {
        let start = self.window.at(0, HEADER)?;
        let start = start.get(..HEADER).unwrap_or(start);
        if memchr::memchr(b'\n', start).is_none() && memchr::memchr(b'\r', start).is_some() {
            self.line_end = b'\r';
            self.structure.is_cr_only = true;
            self.fault("mime.line_ends", None);
        }
        Ok(())
    }

    /// Reads the part that begins at `at`, and returns where the next one begins.
    fn part(&mut self, at: u64) -> Result<u64, End> {
        if self.structure.entities.len() == PARTS {
            return Err(End::Cut("message.parts_too_many"));
        }
        let (mut header, is_whole) = self.header(at)?;
        if at == 0 {
            self.structure.places = std::mem::take(&mut header.places);
        }
        let place = |offset: usize| at + offset as u64;
        let index = self.structure.entities.len();
        let Made { content_type, is_type_plain, encoding, is_attachment } = self.made(at, &header, index)?;
        let body = place(header.body);
        let parent = self.open.last_mut();
        let (number, is_in_digest) = parent.map_or((1, false), |open| {
            open.parts += 1;
            (open.parts, open.is_digest)
        });
        let boundary = content_type.as_deref().and_then(boundary);
        let is_digest = content_type.as_ref().is_some_and(|kind| kind.subtype() == "digest");
        let parent = self.open.last().map(|open| open.entity);
        let header = place(header.start)..place(header.end);
        self.structure.entities.push(Entity {
            header,
            body: body..body,
            parent,
            number,
            is_divided: false,
            content_type,
            is_type_plain,
            encoding,
            is_attachment,
            is_in_digest,
        });
        if !is_whole {
            return Err(End::Cut("message.header_too_large"));
        }
        match boundary {
            Some(_) if self.open.len() == DEPTH => {
                self.structure.entities.pop();
                return Err(End::Cut("message.nesting_too_deep"));
            }
            Some(boundary) => self.open.push(Open { boundary, entity: index, parts: 0, is_digest }),
            None => self.leaf = Some(index),
        }
        self.next(body)
    }

    /// Finds the header at `at`, and whether all of it was looked at.
    fn header(&mut self, at: u64) -> Result<(Header, bool), End> {
        let most = FIELD_BYTES - self.field_bytes;
        let size = self.source.size();
        let mut wanted = HEADER;
        loop {
            let bytes = self.window.at(at, wanted)?;
            // A few bytes more than may be there show whether there are more.
            let bytes = bytes.get(..most + 4).unwrap_or(bytes);
            let open = &self.open;
            let rules = Rules {
                is_all: at + bytes.len() as u64 == size,
                is_outermost: at == 0,
                line_end: self.line_end,
                fields: FIELDS - self.fields,
                is_delimiter: &|line| delimited(line, open).is_some(),
            };
            let (header, reach) = header::scan(bytes, &rules);
            if reach == Reach::More && bytes.len() <= most {
                wanted = bytes.len().saturating_mul(4);
                continue;
            }
            self.step(header.fields)?;
            self.fields += header.fields;
            self.field_bytes += header.end;
            let is_whole = reach == Reach::Whole && header.end <= most;
            return Ok((header, is_whole));
        }
    }

    /// What a header says of its body.
    fn made(&mut self, at: u64, header: &Header, index: usize) -> Result<Made, End> {
        let mut repairs = Repairs::default();
        let value = |range: &Option<Range<usize>>| {
            let range = range.as_ref().map(|range| at + range.start as u64..at + range.end as u64);
            range.map(|range| self.source.piece(range)).transpose()
        };
        let kind = value(&header.values[0])?.map(|value| Box::new(ContentType::read(&value, &mut repairs, "")));
        let encoding = value(&header.values[1])?.map(|value| Encoding::read(&value));
        let is_attachment = value(&header.values[2])?.is_some_and(|value| is_attachment(&value));
        let is_multipart = kind.as_ref().is_some_and(|kind| kind.kind() == "multipart");
        let is_type_plain = repairs.as_slice().is_empty();
        // What concerns letters becomes a repair where the letters are needed.
        let faults = repairs.as_slice().iter().map(|repair| repair.code).filter(|code| code.starts_with("mime."));
        let faults = faults.chain((encoding == Some(None) && !is_multipart).then_some("mime.encoding_unknown"));
        let faults = faults.chain(header.is_repeated.then_some("header.repeated"));
        let faults = faults.chain(header.has_strays.then_some("header.line_invalid"));
        for code in faults.chain(header.is_unended.then_some("mime.header_unended")) {
            self.fault(code, Some(index));
        }
        Ok(Made { content_type: kind, is_type_plain, encoding: encoding.flatten().unwrap_or_default(), is_attachment })
    }

    /// Looks for the delimiter behind which the next part begins, and ends what it ends.
    fn next(&mut self, body: u64) -> Result<u64, End> {
        let mut at = body;
        while !self.open.is_empty() {
            let Some(Delimiter { level, is_last, end }) = self.delimiter(at)? else {
                self.step(1)?;
                at = self.candidate(at)?.ok_or(End::Reached)?;
                continue;
            };
            self.close(level + 1, at)?;
            let Some(open) = self.open.get(level) else { return Err(End::Reached) };
            // What stands before the end of what never began is no preamble, but all there is.
            let (multipart, is_begun) = (open.entity, !is_last || open.parts > 0);
            if let Some(entity) = self.structure.entities.get_mut(multipart) {
                entity.is_divided = is_begun;
                entity.body.end = end;
            }
            if !is_begun {
                self.fault("mime.boundary_missing", Some(multipart));
            }
            if !is_last {
                return Ok(end);
            }
            self.open.pop();
            at = end;
        }
        Err(End::Reached)
    }

    /// The next line behind `at` that begins as a delimiter does. From the end of the line before, or from within this one.
    fn candidate(&mut self, at: u64) -> Result<Option<u64>, End> {
        let mut at = at;
        loop {
            let block = self.window.at(at, HEADER)?;
            let finder = self.finder.get_or_insert_with(|| Finder::new(if self.line_end == b'\r' { b"\r--" } else { b"\n--" }));
            let (found, length) = (finder.find(block), block.len() as u64);
            match found {
                Some(found) => return Ok(Some(at + found as u64 + 1)),
                None if at + length >= self.source.size() => return Ok(None),
                None => at += length - 2,
            }
            if !(self.goes_on)() {
                return Err(End::Stop(Stop::Stopped));
            }
        }
    }

    /// Which of the open multiparts the line at `at` delimits, if it does.
    fn delimiter(&mut self, at: u64) -> Result<Option<Delimiter>, End> {
        let longest = self.open.iter().map(|open| open.boundary.len()).max().unwrap_or_default();
        let most = longest + 4 + BLANKS;
        let bytes = self.window.at(at, most)?;
        let bytes = bytes.get(..most).unwrap_or(bytes);
        if !bytes.starts_with(b"--") {
            return Ok(None);
        }
        let is_all = at + bytes.len() as u64 == self.source.size();
        let end = memchr::memchr(self.line_end, bytes).map(|end| end + 1).or(is_all.then_some(bytes.len()));
        let line = end.and_then(|end| bytes.get(..end));
        Ok(line.and_then(|line| {
            let (level, is_last) = delimited(line, &self.open)?;
            Some(Delimiter { level, is_last, end: at + line.len() as u64 })
        }))
    }

    /// Ends, in front of the line at `at`, the last part and the multiparts from this level on.
    fn close(&mut self, level: usize, at: u64) -> std::io::Result<()> {
        let before = self.source.piece(at.saturating_sub(2)..at)?;
        let is_line = at < self.source.size() && before.last() == Some(&self.line_end);
        // The line end before a delimiter belongs to the delimiter.
        let end = if is_line { at - 1 - u64::from(before.ends_with(b"\r\n")) } else { at };
        let last = self.structure.entities.len().checked_sub(1);
        let is_whole = self.structure.cut.is_none();
        for index in self.open.drain(level..).map(|open| open.entity).chain(self.leaf.take()) {
            let Some(entity) = self.structure.entities.get_mut(index) else { continue };
            entity.body.end = end.max(entity.body.start);
            let is_multipart = entity.content_type.as_ref().is_some_and(|kind| kind.kind() == "multipart");
            if is_multipart && is_whole {
                // What may be missing is the end of the last part in it.
                let fault = if entity.is_divided { ("mime.boundary_unclosed", last) } else { ("mime.boundary_missing", Some(index)) };
                self.structure.faults.push(fault);
            }
        }
        Ok(())
    }

    fn fault(&mut self, code: &'static str, entity: Option<usize>) {
        self.structure.faults.push((code, entity));
    }

    fn step(&mut self, count: usize) -> Result<(), End> {
        let before = self.steps / STEPS;
        self.steps += count;
        if self.steps / STEPS != before && !(self.goes_on)() { Err(End::Stop(Stop::Stopped)) } else { Ok(()) }
    }
}

/// The innermost of the open multiparts that a line delimits, and whether as its last.
fn delimited(line: &[u8], open: &[Open]) -> Option<(usize, bool)> {
    let line = line.strip_prefix(b"--")?.trim_ascii_end();
    open.iter().enumerate().rev().find_map(|(level, open)| match line.strip_prefix(open.boundary.as_slice())? {
        b"" => Some((level, false)),
        b"--" => Some((level, true)),
        _ => None,
    })
}

/// The boundary of a multipart that has one.
fn boundary(kind: &ContentType) -> Option<Vec<u8>> {
    let boundary = kind.boundary().filter(|_| kind.kind() == "multipart")?.trim_ascii_end();
    (!boundary.is_empty()).then(|| boundary.to_vec())
}

/// Whether a Content-Disposition field says so.
fn is_attachment(value: &[u8]) -> bool {
    let kind = value.split(|byte| *byte == b';').next().unwrap_or_default();
    kind.trim_ascii().eq_ignore_ascii_case(b"attachment")
}
