//! Compound files (MS-CFB): streams and storages in sectors, as `.msg` and old Office documents are.
//!
//! Whatever the bytes claim, no chain of sectors is followed further than the stream is long, no stream is longer than the file, and all
//! streams together are not read to more than [`GROWTH`] times the file.

mod copy;

use crate::cursor::Cursor;
use std::borrow::Cow;
use std::cell::Cell;

/// What a compound file begins with.
pub(crate) const SIGNATURE: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
const HEADER: usize = 512;
const MINI_SECTOR: usize = 64;
/// Shorter streams lie in mini sectors (MS-CFB, 2.2: always 4096).
const MINI_LIMIT: u64 = 4096;
const ENTRY: usize = 128;
const NO_ENTRY: u32 = u32::MAX;
/// Sectors in a well-formed file belong to one stream, so this leaves room for reading each once more.
const GROWTH: usize = 2;

/// A compound file.
pub(crate) struct Compound<'a> {
    bytes: &'a [u8],
    sector: usize,
    /// For each sector the one that follows it.
    next: Vec<u32>,
    next_mini: Vec<u32>,
    /// The sectors that hold the mini sectors, one behind the other.
    mini: Cow<'a, [u8]>,
    entries: Vec<Entry>,
    /// How many bytes may still be copied.
    left: Cell<usize>,
}

/// A stream or a storage.
#[derive(Debug, Default)]
struct Entry {
    name: String,
    kind: u8,
    left: u32,
    right: u32,
    child: u32,
    /// The program that a storage is a document of.
    class: [u8; 16],
    start: u32,
    size: u64,
    /// What a storage holds, in order.
    children: Vec<Id>,
}

/// The number of an entry.
pub(crate) type Id = usize;

impl<'a> Compound<'a> {
    /// Opens a compound file; `None` for what is none.
    pub(crate) fn open(bytes: &'a [u8]) -> Option<Compound<'a>> {
        if !bytes.starts_with(&SIGNATURE) {
            return None;
        }
        let number = |at: usize| Cursor::new(bytes.get(at..)?).u32();
        let sector = match Cursor::new(bytes.get(30..)?).u16()? {
            12 => 4096,
            _ => HEADER,
        };
        let mut compound = Compound {
            bytes,
            sector,
            next: Vec::new(),
            next_mini: Vec::new(),
            mini: Cow::Borrowed(&[]),
            entries: Vec::new(),
            left: Cell::new(bytes.len().saturating_mul(GROWTH)),
        };
        compound.next = compound.table(number(68)?);
        let directory = compound.chain(number(48)?, bytes.len());
        compound.entries = directory.chunks_exact(ENTRY).filter_map(Entry::read).collect();
        compound.next_mini = numbers(&compound.chain(number(60)?, bytes.len())).collect();
        let root = compound.entries.first().filter(|root| root.kind == 5)?;
        compound.mini = compound.chain(root.start, usize::try_from(root.size).ok()?.min(bytes.len()));
        compound.plant();
        Some(compound)
    }

    pub(crate) fn root(&self) -> Id {
        0
    }

    /// What a storage holds.
    pub(crate) fn children(&self, storage: Id) -> &[Id] {
        self.entries.get(storage).map_or(&[], |entry| &entry.children)
    }

    pub(crate) fn name(&self, entry: Id) -> &str {
        self.entries.get(entry).map_or("", |entry| &entry.name)
    }

    /// The entry of this name in a storage. Letters are compared as ASCII; all names that are looked for are.
    pub(crate) fn find(&self, storage: Id, name: &str) -> Option<Id> {
        self.children(storage).iter().copied().find(|child| self.name(*child).eq_ignore_ascii_case(name))
    }

    /// The bytes of a stream, as far as they are there; `None` for a storage.
    pub(crate) fn stream(&self, entry: Id) -> Option<Cow<'a, [u8]>> {
        let entry = self.entries.get(entry).filter(|entry| entry.kind == 2)?;
        let size = usize::try_from(entry.size).ok().filter(|size| *size <= self.bytes.len())?;
        if entry.size >= MINI_LIMIT { Some(self.chain(entry.start, size)) } else { Some(Cow::Owned(self.mini_chain(entry.start, size))) }
    }

    pub(crate) fn stream_named(&self, storage: Id, name: &str) -> Option<Cow<'a, [u8]>> {
        self.stream(self.find(storage, name)?)
    }

    /// A sector; the last one of a file may be cut.
    fn sector(&self, number: u32) -> Option<&'a [u8]> {
        // The header takes the room of the first one.
        let start = (usize::try_from(number).ok()?.checked_add(1)?).checked_mul(self.sector)?;
        let bytes = self.bytes.get(start..).filter(|bytes| !bytes.is_empty())?;
        Some(bytes.get(..self.sector).unwrap_or(bytes))
    }

    /// Reads the table of sectors, whose own sectors are listed in the header and in a chain of further lists.
    fn table(&self, first_list: u32) -> Vec<u32> {
        let sectors = self.bytes.len() / self.sector + 1;
        let mut table = Vec::new();
        let add = |table: &mut Vec<u32>, number: u32| {
            // More of them than the file has sectors would list the same again.
            if table.len() < sectors {
                table.extend(self.sector(number).into_iter().flat_map(numbers));
            }
        };
        for number in numbers(self.bytes.get(76..HEADER).unwrap_or_default()) {
            add(&mut table, number);
        }
        let mut list = first_list;
        for _ in 0..sectors {
            let Some(bytes) = self.sector(list).filter(|_| table.len() < sectors) else { break };
            let mut entries = Vec::from_iter(numbers(bytes));
            list = entries.pop().unwrap_or(NO_ENTRY);
            for number in entries {
                add(&mut table, number);
            }
        }
        table
    }

    /// The first `size` bytes of a chain of sectors; sectors that follow each other in the file are not copied.
    fn chain(&self, start: u32, size: usize) -> Cow<'a, [u8]> {
        let follows = |number: u32| self.next.get(usize::try_from(number).ok()?).copied();
        let (mut number, mut run, mut length) = (start, start, 0);
        let mut copied: Vec<u8> = Vec::new();
        let place = |run: u32, length: usize| {
            let from = (run as usize).saturating_add(1).saturating_mul(self.sector);
            self.bytes.get(from..from.saturating_add(length)).unwrap_or_default()
        };
        while copied.len() + length < size {
            let Some(sector) = self.sector(number) else { break };
            length += sector.len().min(size - copied.len() - length);
            let after = follows(number).unwrap_or(NO_ENTRY);
            if after != number.wrapping_add(1) && copied.len() + length < size && self.sector(after).is_some() {
                if !self.spend(length) {
                    return Cow::Owned(copied);
                }
                copied.extend_from_slice(place(run, length));
                (run, length) = (after, 0);
            }
            number = after;
        }
        if copied.is_empty() {
            return if self.spend(length) { Cow::Borrowed(place(run, length)) } else { Cow::Borrowed(&[]) };
        }
        if self.spend(length) {
            copied.extend_from_slice(place(run, length));
        }
        Cow::Owned(copied)
    }

    fn mini_chain(&self, start: u32, size: usize) -> Vec<u8> {
        let mut copied = Vec::new();
        let mut number = start;
        while copied.len() < size {
            let Ok(index) = usize::try_from(number) else { break };
            let Some(sector) = index.checked_mul(MINI_SECTOR).and_then(|at| self.mini.get(at..)) else { break };
            let taken = sector.len().min(MINI_SECTOR).min(size - copied.len());
            if taken == 0 || !self.spend(taken) {
                break;
            }
            copied.extend_from_slice(&sector[..taken]);
            number = self.next_mini.get(index).copied().unwrap_or(NO_ENTRY);
        }
        copied
    }

    /// Takes so many bytes from what may still be read.
    fn spend(&self, bytes: usize) -> bool {
        self.left.get().checked_sub(bytes).map(|left| self.left.set(left)).is_some()
    }

    /// Makes lists of the trees in which the entries of each storage are ordered. An entry belongs to the first storage that names it.
    fn plant(&mut self) {
        let mut seen = vec![false; self.entries.len()];
        let mut storages = vec![self.root()];
        while let Some(storage) = storages.pop() {
            let mut stack = vec![self.entries[storage].child];
            let mut children = Vec::new();
            while let Some(number) = stack.pop() {
                let Some(id) = usize::try_from(number).ok().filter(|id| *id != 0 && seen.get(*id) == Some(&false)) else { continue };
                seen[id] = true;
                let entry = &self.entries[id];
                stack.extend([entry.left, entry.right]);
                match entry.kind {
                    1 => storages.push(id),
                    2 => (),
                    _ => continue,
                }
                children.push(id);
            }
            children.sort_by(|a, b| self.entries[*a].name.cmp(&self.entries[*b].name));
            self.entries[storage].children = children;
        }
    }
}

impl Entry {
    fn read(bytes: &[u8]) -> Option<Entry> {
        let (name, mut rest) = (bytes.get(..64)?, Cursor::new(bytes.get(64..)?));
        let length = usize::from(rest.u16()?).clamp(2, 64) - 2;
        let units: Vec<u16> = name[..length].as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
        let kind = rest.u8()?;
        rest.u8()?;
        let (left, right, child) = (rest.u32()?, rest.u32()?, rest.u32()?);
        let class = rest.take(16)?.try_into().ok()?;
        rest.take(20)?;
        let start = rest.u32()?;
        // Files of version 3 have sizes of 32 bits; some programs leave what they like in the rest (MS-CFB, 2.6.3).
        let size = rest.u64()? & 0xffff_ffff;
        Some(Entry { name: String::from_utf16_lossy(&units), kind, left, right, child, class, start, size, children: Vec::new() })
    }
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.as_chunks::<4>().0.iter().map(|number| u32::from_le_bytes(*number))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::io::{Cursor as File, Read, Write};

    /// A compound file with these streams; storages are made as their paths need them.
    pub(crate) fn written(version: cfb::Version, streams: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut file = cfb::CompoundFile::create_with_version(version, File::new(Vec::new())).unwrap();
        for (path, bytes) in streams {
            file.create_storage_all(path.rsplit_once('/').unwrap().0).unwrap();
            file.create_new_stream(path).unwrap().write_all(bytes).unwrap();
        }
        file.flush().unwrap();
        file.into_inner().into_inner()
    }

    fn streams() -> Vec<(&'static str, Vec<u8>)> {
        let bytes = |length: usize| (0..length).map(|n| (n % 251) as u8).collect();
        vec![
            ("/a", bytes(3)),
            ("/b", bytes(100_000)),
            ("/s/c", bytes(4095)),
            ("/s/d", bytes(4096)),
            ("/s/t/\u{1}e", Vec::new()),
            ("/s/f", bytes(600)),
        ]
    }

    fn walk(compound: &Compound<'_>, storage: Id, path: &str, found: &mut Vec<(String, Vec<u8>)>) {
        for child in compound.children(storage) {
            let path = format!("{path}/{}", compound.name(*child));
            match compound.stream(*child) {
                Some(bytes) => found.push((path, bytes.into_owned())),
                None => walk(compound, *child, &path, found),
            }
        }
    }

    #[test]
    fn streams_are_read_as_the_cfb_crate_wrote_them() {
        for version in [cfb::Version::V3, cfb::Version::V4] {
            let bytes = written(version, &streams());
            let compound = Compound::open(&bytes).unwrap();
            let mut found = Vec::new();
            walk(&compound, compound.root(), "", &mut found);
            found.sort();
            let mut expected: Vec<(String, Vec<u8>)> = streams().into_iter().map(|(path, bytes)| (path.to_owned(), bytes)).collect();
            expected.sort();
            assert!(found == expected, "{:?}", found.iter().map(|(path, bytes)| (path, bytes.len())).collect::<Vec<_>>());
        }
        assert!(Compound::open(b"PK").is_none());
    }

    /// Where both read a damaged file, they read the same.
    #[test]
    fn damaged_files_are_read_within_bounds_and_as_the_cfb_crate_reads_them() {
        let whole = written(cfb::Version::V3, &streams());
        let mut random = 5u64;
        let mut both = 0;
        for _ in 0..2000 {
            let mut bytes = whole.clone();
            for _ in 0..3 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                // Sectors of tables and directories are small; half of the changes go there.
                let at = (random >> 33) as usize % if random & 1024 == 0 { bytes.len() } else { 1024 };
                bytes[at] = if random & 2048 == 0 { (random >> 20) as u8 } else { 0xff };
            }
            let Some(compound) = Compound::open(&bytes) else { continue };
            let mut found = Vec::new();
            walk(&compound, compound.root(), "", &mut found);
            let total: usize = found.iter().map(|(_, bytes)| bytes.len()).sum();
            assert!(total <= bytes.len() * GROWTH, "{total}");
            let Ok(mut judge) = cfb::CompoundFile::open(File::new(&bytes)) else { continue };
            both += 1;
            for (path, bytes) in &found {
                let mut expected = Vec::new();
                if judge.open_stream(path).is_ok_and(|mut stream| stream.read_to_end(&mut expected).is_ok()) {
                    assert!(&expected == bytes, "{path}: {} and {}", expected.len(), bytes.len());
                }
            }
        }
        assert!(both > 500, "{both}");
    }

    #[test]
    fn many_streams_of_the_same_sectors_do_not_multiply_them() {
        let names: Vec<String> = (0..2000).map(|n| format!("/{n}")).collect();
        let streams: Vec<(&str, Vec<u8>)> = names.iter().map(|name| (name.as_str(), vec![0; 8192])).collect();
        let mut bytes = written(cfb::Version::V3, &streams);
        // Each stream is said to lie where the first one does, and to be as long as half the file.
        let size = (bytes.len() / 2) as u64;
        let directory: Vec<usize> = (0..bytes.len() / ENTRY)
            .map(|n| n * ENTRY)
            .filter(|at| bytes[at + 66] == 2 && bytes[at + 120..at + 128] == 8192u64.to_le_bytes())
            .collect();
        assert_eq!(directory.len(), 2000);
        let first: Vec<u8> = bytes[directory[0] + 116..directory[0] + 120].to_vec();
        for at in directory {
            bytes[at + 116..at + 120].copy_from_slice(&first);
            bytes[at + 120..at + 128].copy_from_slice(&size.to_le_bytes());
        }
        let compound = Compound::open(&bytes).unwrap();
        let mut found = Vec::new();
        walk(&compound, compound.root(), "", &mut found);
        assert!(found.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() <= bytes.len() * GROWTH);
    }
}
