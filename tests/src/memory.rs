//! The memory of this process, searched for what must not be there any more: what is in use, and what was freed. Linux only.

use std::io::Result;
use std::os::unix::fs::FileExt;

/// A text to be looked for, hidden from its own search: each byte is turned over.
#[derive(Clone, Debug)]
pub struct Needle {
    name: &'static str,
    turned: Vec<u8>,
}

impl Needle {
    /// A text of 16 to 64 bytes, given byte by byte so that there is no copy of it. A find is called by the name.
    pub fn new(name: &'static str, bytes: impl Iterator<Item = u8>) -> Needle {
        Needle { name, turned: bytes.map(|byte| !byte).collect() }
    }

    /// The places in a block at which the text begins.
    fn places(&self, block: &[u8]) -> impl Iterator<Item = usize> {
        let is_here = move |place: &usize| {
            let found = block.get(*place..*place + self.turned.len());
            found.is_some_and(|found| found.iter().zip(&self.turned).all(|(byte, turned)| *byte == !turned))
        };
        let first = self.turned.first().map_or(0, |first| !first);
        memchr::memchr_iter(first, block).filter(is_here)
    }
}

/// Bytes that are read again behind the end of a block: a find may lie across two.
const OVERLAP: u64 = 64;

/// Bytes of what stands before a find that its description shows: fewer than any needle has, for the description is in memory, too.
const SHOWN: usize = 12;

/// Each place in what the process may write to where one of the needles is, with what stands before it.
pub fn search(needles: &[Needle]) -> Result<Vec<String>> {
    let maps = std::fs::read_to_string("/proc/self/maps")?;
    let memory = std::fs::File::open("/proc/self/mem")?;
    let mut block = vec![0; 1 << 20];
    let mut finds = Vec::new();
    for line in maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|rights| rights.starts_with("rw"))) {
        let (from, to) = line.split(' ').next().and_then(|range| range.split_once('-')).unwrap_or_default();
        let number = |text: &str| u64::from_str_radix(text, 16).map_err(std::io::Error::other);
        let (mut at, to) = (number(from)?, number(to)?);
        while at < to {
            let length = usize::try_from(to - at).unwrap_or(usize::MAX).min(block.len());
            // What cannot be read, such as memory of a device, holds nothing of the program's.
            let Ok(read) = memory.read_at(&mut block[..length], at) else { break };
            // What was read for the search stands in the memory, too.
            let start = block.as_ptr().addr() as u64;
            let is_own = |place: &usize| (start..start + block.len() as u64).contains(&(at + *place as u64));
            for needle in needles {
                let shown = |place: usize| block[place.saturating_sub(SHOWN)..place].escape_ascii().to_string();
                let find = |place: usize| format!("{} at {:x} in {line:?} behind {:?}", needle.name, at + place as u64, shown(place));
                finds.extend(needle.places(&block[..read]).filter(|place| !is_own(place)).map(find));
            }
            let has_more = read == length && at + (length as u64) < to;
            at += if has_more { read as u64 - OVERLAP } else { read.max(1) as u64 };
        }
    }
    block.fill(0);
    Ok(finds)
}
