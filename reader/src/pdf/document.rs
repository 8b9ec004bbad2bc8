//! Where the objects of a PDF are (ISO 32000-1, 7.5): by its cross-reference tables and streams, from the last one back.

use super::object::{Dictionary, Object, Parser};
use super::stream;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// The end of a file in which it says where its last table is.
const END: usize = 2048;
/// More tables, and more parts of all of them, than any document has.
const TABLES: usize = 1000;
const PARTS: usize = 5000;
/// More lookups than any document needs for its embedded files.
const LOOKUPS: usize = 20_000;
/// So many times the document may be read in all, however often what is in it refers to the same place.
const READINGS: usize = 4;
/// What may be inflated of one stream of objects or of a table, and of all of them.
const STREAM: usize = 16 * 1024 * 1024;
const ALL: usize = 64 * 1024 * 1024;

/// A stream of objects that was inflated: for each number where it begins, and the bytes.
type Packed = Rc<(HashMap<u32, usize>, Vec<u8>)>;

/// A document, whose objects are looked up when they are needed.
pub(super) struct Document<'a> {
    bytes: &'a [u8],
    tables: Vec<Table>,
    pub(super) trailer: Dictionary,
    packed: RefCell<HashMap<u32, Option<Packed>>>,
    lookups: Cell<usize>,
    /// What may still be inflated, and what may still be read.
    left: Cell<usize>,
    unread: Cell<usize>,
}

/// A part of a table: entries for numbers from `first` on.
struct Table {
    first: u32,
    count: u32,
    entries: Entries,
}

enum Entries {
    /// Lines of 20 bytes each, from here on.
    Lines(usize),
    /// Fields of so many bytes, from this place in what was inflated.
    Fields { widths: [usize; 3], bytes: Rc<Vec<u8>>, start: usize },
    /// Found by looking for objects: number and place, in order.
    Found(Vec<(u32, usize)>),
}

enum Place {
    At(usize),
    In(u32),
}

impl<'a> Document<'a> {
    /// Opens a document by its tables.
    pub(super) fn open(bytes: &'a [u8]) -> Option<Document<'a>> {
        let mut document = Document::empty(bytes);
        let from = bytes.len().saturating_sub(END);
        let mark = from + memchr::memmem::rfind(&bytes[from..], b"startxref")?;
        let mut next = usize::try_from(Parser::new(bytes, mark + 9).count()?).ok();
        let mut seen = Vec::new();
        while let Some(at) = next.filter(|at| !seen.contains(at) && seen.len() < TABLES) {
            seen.push(at);
            let trailer = document.table(at)?;
            let place = |name: &str| trailer.number(name).and_then(|at| usize::try_from(at).ok());
            if let Some(hybrid) = place("XRefStm").filter(|at| !seen.contains(at)) {
                seen.push(hybrid);
                document.table(hybrid);
            }
            next = place("Prev");
            if document.trailer.get("Root").is_none() {
                document.trailer = trailer;
            }
        }
        document.trailer.get("Root").is_some().then_some(document)
    }

    /// Opens a document whose tables are damaged, by looking for its objects.
    pub(super) fn search(bytes: &'a [u8]) -> Option<Document<'a>> {
        let mut document = Document::empty(bytes);
        let mut found = Vec::new();
        for at in memchr::memmem::find_iter(bytes, b"obj") {
            let Some((number, start)) = numbered(bytes, at) else { continue };
            found.push((number, start));
            let head = bytes.get(at..bytes.len().min(at + 400)).unwrap_or_default();
            let is_packed = memchr::memmem::find(head, b"/ObjStm").is_some();
            if is_packed || memchr::memmem::find(head, b"/Catalog").is_some() {
                document.note(number, start, is_packed, &mut found);
            }
        }
        // Of two objects with one number the later one counts.
        found.reverse();
        found.sort_by_key(|(number, _)| *number);
        found.dedup_by_key(|(number, _)| *number);
        document.tables = vec![Table { first: 0, count: u32::MAX, entries: Entries::Found(found) }];
        document.trailer.get("Root").is_some().then_some(document)
    }

    fn empty(bytes: &'a [u8]) -> Document<'a> {
        Document {
            bytes,
            tables: Vec::new(),
            trailer: Dictionary::default(),
            packed: RefCell::default(),
            lookups: Cell::new(LOOKUPS),
            left: Cell::new(ALL),
            unread: Cell::new(bytes.len().saturating_mul(READINGS).saturating_add(ALL)),
        }
    }

    /// Notes the catalog, and what a stream of objects holds, while objects are looked for.
    fn note(&mut self, number: u32, start: usize, is_packed: bool, found: &mut Vec<(u32, usize)>) {
        let Some((dictionary, _)) = self.at(start).and_then(|(object, end)| Some((object.into_dictionary()?, end))) else { return };
        if dictionary.is("Type", "Catalog") {
            self.trailer = Dictionary::of("Root", Object::Reference(number));
        }
        if is_packed && dictionary.is("Type", "ObjStm") {
            self.tables = vec![Table { first: 0, count: u32::MAX, entries: Entries::Found(vec![(number, start)]) }];
            let Some(packed) = self.unpack(number) else { return };
            for (inner, at) in &packed.0 {
                let object = self.parsed(&packed.1, *at).and_then(|(object, _)| object.into_dictionary());
                if object.is_some_and(|object| object.is("Type", "Catalog")) {
                    self.trailer = Dictionary::of("Root", Object::Reference(*inner));
                }
                // Places beyond the file are those of streams of objects.
                found.push((*inner, self.bytes.len() + number as usize));
            }
        }
    }

    /// Reads the table at a place, and gives its trailer.
    fn table(&mut self, at: usize) -> Option<Dictionary> {
        let mut parser = Parser::new(self.bytes, at);
        if !parser.word(b"xref") {
            return self.table_stream(at);
        }
        while !parser.word(b"trailer") {
            let (first, count) = (u32::try_from(parser.count()?).ok()?, u32::try_from(parser.count()?).ok()?);
            parser.skip_blanks();
            self.tables.push(Table { first, count, entries: Entries::Lines(parser.at) });
            parser.at = parser.at.checked_add(usize::try_from(count).ok()?.checked_mul(20)?)?;
            if self.tables.len() > PARTS {
                return None;
            }
        }
        parser.object()?.into_dictionary()
    }

    fn table_stream(&mut self, at: usize) -> Option<Dictionary> {
        let (object, end) = self.at(at)?;
        let dictionary = object.into_dictionary().filter(|dictionary| dictionary.is("Type", "XRef"))?;
        let bytes = Rc::new(self.inflated(&dictionary, end)?);
        let numbers = |name: &str| match dictionary.get(name) {
            Some(Object::List(list)) => {
                Some(list.iter().map(|object| if let Object::Number(number) = object { u32::try_from(*number).unwrap_or(0) } else { 0 }))
            }
            _ => None,
        };
        let widths: Vec<usize> = numbers("W")?.map(|width| width as usize).collect();
        let widths: [usize; 3] = widths.get(..3)?.try_into().ok().filter(|widths: &[usize; 3]| widths.iter().all(|width| *width <= 8))?;
        let index: Vec<u32> = match numbers("Index") {
            Some(index) => index.collect(),
            None => vec![0, u32::try_from(dictionary.number("Size")?).ok()?],
        };
        let mut start = 0;
        for pair in index.as_chunks::<2>().0 {
            let [first, count] = *pair;
            self.tables.push(Table { first, count, entries: Entries::Fields { widths, bytes: Rc::clone(&bytes), start } });
            start = (count as usize).saturating_mul(widths.iter().sum()).saturating_add(start);
        }
        Some(dictionary)
    }

    /// The object of a number; `Null` and `None` for what is not there.
    pub(super) fn object(&self, number: u32) -> Option<Object> {
        self.lookups.set(self.lookups.get().checked_sub(1)?);
        match self.place(number)? {
            Place::At(at) => Some(self.at(at)?.0),
            Place::In(container) => {
                let packed = self.unpack(container)?;
                Some(self.parsed(&packed.1, *packed.0.get(&number)?)?.0)
            }
        }
    }

    /// The object itself where it is a reference.
    pub(super) fn resolved(&self, object: &Object) -> Option<Object> {
        match object {
            Object::Reference(number) => self.object(*number),
            other => Some(other.clone()),
        }
    }

    /// What the stream with this number holds.
    pub(super) fn stream(&self, number: u32, limit: usize) -> Option<Vec<u8>> {
        let Place::At(at) = self.place(number)? else { return None };
        let (object, end) = self.at(at)?;
        let dictionary = object.into_dictionary()?;
        stream::decoded(&dictionary, self.stream_bytes(&dictionary, end)?, limit)
    }

    fn place(&self, number: u32) -> Option<Place> {
        self.tables.iter().find_map(|table| table.place(number, self.bytes))
    }

    /// The object at a place, and where it ends.
    fn at(&self, at: usize) -> Option<(Object, usize)> {
        let mut parser = Parser::new(self.bytes, at);
        parser.header()?;
        self.parsed(self.bytes, parser.at)
    }

    /// Reads an object, as far as reading may go on.
    fn parsed(&self, bytes: &[u8], at: usize) -> Option<(Object, usize)> {
        let end = at.saturating_add(self.unread.get()).min(bytes.len());
        let mut parser = Parser::new(bytes.get(..end)?, at);
        let object = parser.object();
        self.spend(parser.at.saturating_sub(at))?;
        Some((object?, parser.at))
    }

    /// Takes so many bytes from what may still be read.
    fn spend(&self, bytes: usize) -> Option<()> {
        self.unread.set(self.unread.get().checked_sub(bytes.max(1))?);
        Some(())
    }

    /// The bytes of a stream whose dictionary ends here.
    fn stream_bytes(&self, dictionary: &Dictionary, end: usize) -> Option<&'a [u8]> {
        let mut parser = Parser::new(self.bytes, end);
        if !parser.word(b"stream") {
            return None;
        }
        let rest = self.bytes.get(parser.at..)?;
        let rest = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")).or_else(|| rest.strip_prefix(b"\r")).unwrap_or(rest);
        let length = match dictionary.get("Length")? {
            Object::Reference(number) => match self.place(*number) {
                Some(Place::At(at)) => self.at(at).map(|(object, _)| object),
                _ => self.object(*number),
            },
            other => Some(other.clone()),
        };
        let length = if let Some(Object::Number(length)) = length { usize::try_from(length).ok() } else { None };
        let told = length.and_then(|length| rest.get(..length)).filter(|told| {
            let behind = rest.get(told.len()..rest.len().min(told.len() + 32)).unwrap_or_default();
            memchr::memmem::find(behind, b"endstream").is_some()
        });
        told.or_else(|| {
            let end = memchr::memmem::find(rest, b"endstream");
            self.spend(end.unwrap_or(rest.len()))?;
            rest.get(..end?)
        })
    }

    /// What a stream at this end of its dictionary holds, within what may be inflated.
    fn inflated(&self, dictionary: &Dictionary, end: usize) -> Option<Vec<u8>> {
        let limit = STREAM.min(self.left.get());
        let bytes = stream::decoded(dictionary, self.stream_bytes(dictionary, end)?, limit)?;
        self.left.set(self.left.get() - bytes.len());
        Some(bytes)
    }

    /// The objects in a stream of objects (7.5.7).
    fn unpack(&self, container: u32) -> Option<Packed> {
        if let Some(known) = self.packed.borrow().get(&container) {
            return known.clone();
        }
        // A container within itself finds nothing.
        self.packed.borrow_mut().insert(container, None);
        let Place::At(at) = self.place(container)? else { return None };
        let (object, end) = self.at(at)?;
        let dictionary = object.into_dictionary()?;
        let bytes = self.inflated(&dictionary, end)?;
        let first = usize::try_from(dictionary.number("First")?).ok()?;
        let mut parser = Parser::new(&bytes, 0);
        let mut places = HashMap::new();
        for _ in 0..dictionary.number("N")? {
            let (Some(number), Some(at)) = (parser.count(), parser.count()) else { break };
            if let (Ok(number), Ok(at)) = (u32::try_from(number), usize::try_from(at)) {
                places.insert(number, first.saturating_add(at));
            }
        }
        let packed = Rc::new((places, bytes));
        self.packed.borrow_mut().insert(container, Some(Rc::clone(&packed)));
        Some(packed)
    }
}

impl Table {
    fn place(&self, number: u32, file: &[u8]) -> Option<Place> {
        let index = usize::try_from(number.checked_sub(self.first).filter(|index| *index < self.count)?).ok()?;
        match &self.entries {
            Entries::Lines(start) => {
                let line = file.get(start.checked_add(index.checked_mul(20)?)?..)?.get(..18)?;
                let at = Parser::new(line, 0).count()?;
                (line[17] == b'n').then(|| usize::try_from(at).ok().map(Place::At)).flatten()
            }
            Entries::Fields { widths, bytes, start } => {
                let width = widths.iter().sum::<usize>();
                let mut entry = bytes.get(start.checked_add(index.checked_mul(width)?)?..)?.get(..width)?;
                let mut field = |width: usize, missing: u64| {
                    let (field, rest) = entry.split_at_checked(width)?;
                    entry = rest;
                    Some(if width == 0 { missing } else { field.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)) })
                };
                match (field(widths[0], 1)?, field(widths[1], 0)?) {
                    (1, at) => usize::try_from(at).ok().map(Place::At),
                    (2, container) => u32::try_from(container).ok().map(Place::In),
                    _ => None,
                }
            }
            Entries::Found(found) => {
                let at = found.binary_search_by_key(&number, |(number, _)| *number).ok()?;
                let (_, place) = found.get(at)?;
                Some(match place.checked_sub(file.len()) {
                    Some(container) => Place::In(u32::try_from(container).ok()?),
                    None => Place::At(*place),
                })
            }
        }
    }
}

/// The number of the object whose `obj` stands here, and where it begins.
fn numbered(bytes: &[u8], at: usize) -> Option<(u32, usize)> {
    let before = bytes.get(at.saturating_sub(24)..at)?;
    let before = before.trim_ascii_end();
    let generation = before.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let before = before.get(..before.len().checked_sub(generation).filter(|_| generation > 0)?)?;
    let trimmed = before.trim_ascii_end();
    let digits = trimmed.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let number = trimmed.get(trimmed.len() - digits..)?;
    let start = at.saturating_sub(24) + trimmed.len() - digits;
    let is_apart = trimmed.len() < before.len();
    Some((std::str::from_utf8(number).ok()?.parse().ok().filter(|_| is_apart)?, start))
}
