//! A storage of a compound file as a file of its own (MS-CFB, version 3), as the program that made it opens it.

use super::{Compound, HEADER, Id, MINI_LIMIT, MINI_SECTOR, NO_ENTRY, SIGNATURE};
use std::cmp::Ordering;

const SECTOR: usize = 512;
/// Numbers of sectors in a sector.
const NUMBERS: usize = SECTOR / 4;
/// Sectors of the table that the header lists.
const LISTED: usize = 109;
const END: u32 = 0xffff_fffe;
const FREE: u32 = u32::MAX;
/// The sectors of the table, and those of its lists.
const TABLE: u32 = 0xffff_fffd;
const LIST: u32 = 0xffff_fffc;

impl Compound<'_> {
    /// A storage with all that it holds as a compound file; `None` for what has more parts than a file can have.
    pub(crate) fn copy(&self, storage: Id) -> Option<Vec<u8>> {
        let mut entries = vec![Made { source: storage, ..Made::default() }];
        let mut at = 0;
        while at < entries.len() {
            let mut children = self.children(entries[at].source).to_vec();
            children.sort_by(|one, other| order(self.name(*one), self.name(*other)));
            let first = u32::try_from(entries.len()).ok()?;
            entries.extend(children.iter().map(|child| Made { source: *child, ..Made::default() }));
            entries[at].child = tree(&mut entries, first, u32::try_from(children.len()).ok()?);
            at += 1;
        }
        let (mut file, mut small) = (Chains::of(SECTOR), Chains::of(MINI_SECTOR));
        for entry in &mut entries {
            let Some(stream) = self.stream(entry.source) else { continue };
            entry.size = stream.len() as u64;
            let chains = if entry.size >= MINI_LIMIT { &mut file } else { &mut small };
            entry.start = chains.add(&stream)?;
        }
        // The root is a storage, and its stream holds the small ones.
        (entries[0].size, entries[0].start) = (small.bytes.len() as u64, file.add(&small.bytes)?);
        let small_table: Vec<u8> = small.next.iter().flat_map(|number| number.to_le_bytes()).collect();
        let small_start = file.add_filled(small_table, 0xff)?;
        let directory: Vec<u8> = entries.iter().enumerate().flat_map(|(number, entry)| self.entry(entry, number == 0)).collect();
        let directory = file.add(&directory)?;
        file.finish(directory, small_start, small.next.len().div_ceil(NUMBERS))
    }

    /// An entry of the directory.
    fn entry(&self, made: &Made, is_root: bool) -> Vec<u8> {
        let (name, class) = self.entries.get(made.source).map_or(("", [0; 16]), |entry| (entry.name.as_str(), entry.class));
        let name = if is_root { "Root Entry" } else { name };
        let units: Vec<u8> = name.encode_utf16().take(31).flat_map(u16::to_le_bytes).collect();
        let mut bytes = units.clone();
        bytes.resize(64, 0);
        bytes.extend((units.len() as u16 + 2).to_le_bytes());
        let is_stream = !is_root && self.entries.get(made.source).is_some_and(|entry| entry.kind == 2);
        // All nodes are black, which makes it a plain tree (MS-CFB, 2.6.4).
        bytes.extend([
            if is_root {
                5
            } else if is_stream {
                2
            } else {
                1
            },
            1,
        ]);
        [made.left, made.right, made.child].iter().for_each(|number| bytes.extend(number.to_le_bytes()));
        bytes.extend(class);
        // No flags, and no times.
        bytes.resize(116, 0);
        bytes.extend(if is_root || is_stream { made.start } else { 0 }.to_le_bytes());
        bytes.extend(made.size.to_le_bytes());
        bytes
    }
}

/// An entry of the new file.
struct Made {
    source: Id,
    left: u32,
    right: u32,
    child: u32,
    start: u32,
    size: u64,
}

impl Default for Made {
    fn default() -> Made {
        Made { source: 0, left: NO_ENTRY, right: NO_ENTRY, child: NO_ENTRY, start: END, size: 0 }
    }
}

/// How names are ordered: the shorter one comes first (MS-CFB, 2.6.4).
fn order(one: &str, other: &str) -> Ordering {
    let units = |name: &str| name.to_uppercase().encode_utf16().collect::<Vec<u16>>();
    one.encode_utf16().count().cmp(&other.encode_utf16().count()).then_with(|| units(one).cmp(&units(other)))
}

/// Makes a tree of so many entries in their order, and returns the number of its root.
fn tree(entries: &mut [Made], first: u32, count: u32) -> u32 {
    if count == 0 {
        return NO_ENTRY;
    }
    let middle = first + count / 2;
    let left = tree(entries, first, count / 2);
    let right = tree(entries, middle + 1, count - count / 2 - 1);
    if let Some(entry) = entries.get_mut(middle as usize) {
        (entry.left, entry.right) = (left, right);
    }
    middle
}

/// Sectors, and for each the one that follows it.
struct Chains {
    sector: usize,
    bytes: Vec<u8>,
    next: Vec<u32>,
}

impl Chains {
    fn of(sector: usize) -> Chains {
        Chains { sector, bytes: Vec::new(), next: Vec::new() }
    }

    /// Adds a chain of sectors; its first one.
    fn add(&mut self, bytes: &[u8]) -> Option<u32> {
        self.add_filled(bytes.to_vec(), 0)
    }

    /// The same with what the last sector is filled up with.
    fn add_filled(&mut self, mut bytes: Vec<u8>, filling: u8) -> Option<u32> {
        if bytes.is_empty() {
            return Some(END);
        }
        let first = u32::try_from(self.next.len()).ok()?;
        let count = u32::try_from(bytes.len().div_ceil(self.sector)).ok()?;
        bytes.resize(bytes.len().next_multiple_of(self.sector), filling);
        self.bytes.append(&mut bytes);
        let last = first.checked_add(count).filter(|end| *end < LIST)? - 1;
        self.next.extend((first..last).map(|number| number + 1).chain([END]));
        Some(first)
    }

    /// The file: its header, its sectors, and their table.
    fn finish(mut self, directory: u32, small_start: u32, small_sectors: usize) -> Option<Vec<u8>> {
        let used = self.next.len();
        let (mut tables, mut lists) = (0, 0);
        loop {
            let needed = (used + tables + lists).div_ceil(NUMBERS);
            let listed = needed.saturating_sub(LISTED).div_ceil(NUMBERS - 1);
            if (needed, listed) == (tables, lists) {
                break;
            }
            (tables, lists) = (needed, listed);
        }
        let place = |number: usize| u32::try_from(used + number).ok().filter(|number| *number < LIST);
        let table_places = (0..tables).map(place).collect::<Option<Vec<u32>>>()?;
        self.next.extend(std::iter::repeat_n(TABLE, tables).chain(std::iter::repeat_n(LIST, lists)));
        self.next.resize(tables * NUMBERS, FREE);
        let (head, rest) = table_places.split_at(tables.min(LISTED));
        let first_list = if lists == 0 { END } else { place(tables)? };
        let mut file = header(&[tables, small_sectors, lists], [directory, small_start, first_list], head)?;
        file.append(&mut self.bytes);
        self.next.iter().for_each(|number| file.extend(number.to_le_bytes()));
        for (index, piece) in rest.chunks(NUMBERS - 1).enumerate() {
            let next = if index + 1 == lists { END } else { place(tables + index + 1)? };
            let filling = std::iter::repeat_n(&FREE, NUMBERS - 1 - piece.len());
            piece.iter().chain(filling).chain([&next]).for_each(|number| file.extend(number.to_le_bytes()));
        }
        Some(file)
    }
}

fn header(counts: &[usize; 3], starts: [u32; 3], tables: &[u32]) -> Option<Vec<u8>> {
    let [table_sectors, small_sectors, list_sectors] = counts.map(|count| u32::try_from(count).ok());
    let [directory, small, list] = starts;
    let mut bytes = SIGNATURE.to_vec();
    bytes.extend([0; 16]);
    // Version 3.62, little-endian, sectors of 2^9 and 2^6 bytes.
    [0x3e_u16, 3, 0xfffe, 9, 6].iter().for_each(|number| bytes.extend(number.to_le_bytes()));
    bytes.extend([0; 10]);
    let limit = u32::try_from(MINI_LIMIT).ok()?;
    for number in [table_sectors?, directory, 0, limit, small, small_sectors?, list, list_sectors?] {
        bytes.extend(number.to_le_bytes());
    }
    tables.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
    bytes.resize(HEADER, 0xff);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::tests::written;
    use super::*;
    use std::io::{Cursor as File, Read};

    /// The streams of a file as another reader finds them.
    fn read(file: &[u8]) -> Vec<(String, Vec<u8>)> {
        let mut file = cfb::CompoundFile::open_strict(File::new(file)).unwrap();
        let paths: Vec<_> = file.walk().filter(cfb::Entry::is_stream).map(|entry| entry.path().to_path_buf()).collect();
        let mut stream = |path: &std::path::PathBuf| {
            let mut bytes = Vec::new();
            file.open_stream(path).unwrap().read_to_end(&mut bytes).unwrap();
            (path.display().to_string(), bytes)
        };
        paths.iter().map(&mut stream).collect()
    }

    #[test]
    fn a_storage_is_a_file_that_other_readers_open() {
        let bytes = |length: usize| (0..length).map(|n| (n % 251) as u8).collect::<Vec<u8>>();
        let lengths = [0, 1, 63, 64, 65, 4095, 4096, 4097, 100_000, 9_000_000];
        let mut streams: Vec<(String, Vec<u8>)> = lengths.map(|length| (format!("/outer/object/s{length}"), bytes(length))).to_vec();
        streams.extend((0..50).map(|number| (format!("/outer/object/in/n{number}"), bytes(number))));
        streams.push(("/outer/beside".to_owned(), bytes(10)));
        let given: Vec<(&str, Vec<u8>)> = streams.iter().map(|(path, bytes)| (path.as_str(), bytes.clone())).collect();
        for version in [cfb::Version::V3, cfb::Version::V4] {
            let file = written(version, &given);
            let compound = Compound::open(&file).unwrap();
            let outer = compound.find(compound.root(), "outer").unwrap();
            let copy = compound.copy(compound.find(outer, "object").unwrap()).unwrap();
            let mut expected: Vec<_> =
                streams.iter().filter_map(|(path, bytes)| Some((path.strip_prefix("/outer/object")?.to_owned(), bytes.clone()))).collect();
            let mut found = read(&copy);
            expected.sort();
            found.sort();
            assert!(found == expected);
            let again = Compound::open(&copy).unwrap();
            assert_eq!(again.stream_named(again.root(), "s4097").unwrap(), bytes(4097));
        }
    }

    #[test]
    fn an_empty_storage_is_an_empty_file() {
        let file = written(cfb::Version::V3, &[("/object/empty/x", Vec::new())]);
        let compound = Compound::open(&file).unwrap();
        let empty = compound.find(compound.find(compound.root(), "object").unwrap(), "empty").unwrap();
        assert_eq!(read(&compound.copy(empty).unwrap()), [("/x".to_owned(), Vec::new())]);
    }
}
