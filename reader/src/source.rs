//! The bytes of a message, in memory or in a file.

use std::borrow::Cow;
use std::fmt::Debug;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::ops::Range;

/// A larger file is not read into memory.
const MEMORY: u64 = 16 * 1024 * 1024;

/// So many bytes of a message in memory are looked at before the caller is asked whether to go on.
const STRIDE: usize = 4 * 1024 * 1024;

/// So many bytes of a file are read at once.
const BLOCK: usize = 256 * 1024;

/// The bytes of a message. Places in it are numbers of 64 bits.
#[derive(Debug)]
pub struct Source(Bytes);

#[derive(Debug)]
enum Bytes {
    Memory(Vec<u8>),
    File(File, u64),
    Other(Box<dyn ReadAt>, u64),
}

/// Bytes that are read by their place, and do not change meanwhile.
pub trait ReadAt: Debug + Send + Sync {
    /// Reads some of the bytes from `at` on into the block, and says how many; none at the end.
    ///
    /// # Errors
    ///
    /// They cannot be read any more.
    fn read_at(&self, block: &mut [u8], at: u64) -> io::Result<usize>;
}

impl From<Vec<u8>> for Source {
    fn from(bytes: Vec<u8>) -> Source {
        Source(Bytes::Memory(bytes))
    }
}

impl Source {
    /// The message that a file holds, from its first byte on. A large one stays in the file and must not be changed while it is read; a small one,
    /// and what is no file on a disk, is read at once.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn open(mut file: File) -> io::Result<Source> {
        let found = file.metadata()?;
        if found.is_file() && found.len() > MEMORY {
            return Ok(Source(Bytes::File(file, found.len())));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(found.len()).unwrap_or_default());
        file.read_to_end(&mut bytes)?;
        Ok(Source::from(bytes))
    }

    /// A message that stays in its file, however small it is. The file is read by place: its own position does not count.
    ///
    /// # Errors
    ///
    /// The file does not say how long it is.
    pub fn file(file: File) -> io::Result<Source> {
        let length = file.metadata()?.len();
        Ok(Source(Bytes::File(file, length)))
    }

    /// A message of so many bytes that lies elsewhere.
    pub fn of(bytes: Box<dyn ReadAt>, size: u64) -> Source {
        Source(Bytes::Other(bytes, size))
    }

    /// How many bytes it has.
    pub fn size(&self) -> u64 {
        match &self.0 {
            Bytes::Memory(bytes) => bytes.len() as u64,
            Bytes::File(_, length) | Bytes::Other(_, length) => *length,
        }
    }

    /// All of it, where it is in memory.
    pub fn memory(&self) -> Option<&[u8]> {
        match &self.0 {
            Bytes::Memory(bytes) => Some(bytes),
            Bytes::File(..) | Bytes::Other(..) => None,
        }
    }

    /// A piece of it, borrowed where it is in memory; shorter where the message ends before.
    ///
    /// # Errors
    ///
    /// The file cannot be read any more.
    pub fn piece(&self, range: Range<u64>) -> io::Result<Cow<'_, [u8]>> {
        let end = range.end.min(self.size());
        let length = place(end.saturating_sub(range.start));
        match &self.0 {
            Bytes::Memory(bytes) => {
                let start = place(range.start);
                Ok(Cow::Borrowed(bytes.get(start..start.saturating_add(length)).unwrap_or_default()))
            }
            Bytes::File(..) | Bytes::Other(..) => {
                let mut piece = vec![0; length];
                self.fill(range.start, &mut piece)?;
                Ok(Cow::Owned(piece))
            }
        }
    }

    /// All of it, read as long as `goes_on` says so; shorter where it does not.
    ///
    /// # Errors
    ///
    /// The file cannot be read any more.
    pub fn whole(&self, goes_on: &dyn Fn() -> bool) -> io::Result<Cow<'_, [u8]>> {
        if let Bytes::Memory(bytes) = &self.0 {
            return Ok(Cow::Borrowed(bytes));
        }
        let mut whole = Vec::with_capacity(place(self.size()));
        while (whole.len() as u64) < self.size() && goes_on() {
            let at = whole.len();
            whole.resize(place(self.size()).min(at + STRIDE), 0);
            self.fill(at as u64, whole.get_mut(at..).unwrap_or_default())?;
        }
        Ok(Cow::Owned(whole))
    }

    /// The bytes of a range, as a stream.
    pub fn stream(&self, range: Range<u64>) -> Stream<'_> {
        Stream { source: self, at: range.start, end: range.end.min(self.size()) }
    }

    /// Fills a block with the bytes from `at` on, all of which are there.
    fn fill(&self, mut at: u64, mut block: &mut [u8]) -> io::Result<()> {
        while !block.is_empty() {
            match self.read(at, block) {
                // It was shortened since it was opened.
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    at += count as u64;
                    block = block.get_mut(count..).unwrap_or_default();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => (),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn read(&self, at: u64, block: &mut [u8]) -> io::Result<usize> {
        match &self.0 {
            Bytes::Memory(bytes) => bytes.get(place(at)..).unwrap_or_default().read(block),
            #[cfg(unix)]
            Bytes::File(file, _) => std::os::unix::fs::FileExt::read_at(file, block, at),
            #[cfg(windows)]
            Bytes::File(file, _) => std::os::windows::fs::FileExt::seek_read(file, block, at),
            Bytes::Other(bytes, _) => bytes.read_at(block, at),
        }
    }
}

/// What lies in memory has places that fit there.
fn place(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

/// A range of a message, byte by byte.
#[derive(Debug)]
pub struct Stream<'a> {
    source: &'a Source,
    at: u64,
    end: u64,
}

impl Read for Stream<'_> {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        let count = block.len().min(place(self.end.saturating_sub(self.at)));
        let count = self.source.read(self.at, block.get_mut(..count).unwrap_or_default())?;
        if count == 0 && self.at < self.end && !block.is_empty() {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.at += count as u64;
        Ok(count)
    }
}

/// A view of a message that moves from its beginning to its end.
pub(crate) struct Window<'a> {
    source: &'a Source,
    /// What was read of a file, from `start` on.
    block: Vec<u8>,
    start: u64,
}

impl<'a> Window<'a> {
    pub(crate) fn new(source: &'a Source) -> Window<'a> {
        Window { source, block: Vec::new(), start: 0 }
    }

    /// The bytes from `at` on: as many as are `wanted` or more, and fewer only where the message ends.
    pub(crate) fn at(&mut self, at: u64, wanted: usize) -> io::Result<&[u8]> {
        if let Some(bytes) = self.source.memory() {
            let rest = bytes.get(place(at)..).unwrap_or_default();
            return Ok(rest.get(..wanted.max(STRIDE)).unwrap_or(rest));
        }
        let left = self.source.size().saturating_sub(at);
        let known = at.checked_sub(self.start).and_then(|skipped| self.block.get(place(skipped)..)).map_or(0, <[u8]>::len);
        if known < wanted && (known as u64) < left {
            let length = place(left.min(wanted.max(BLOCK) as u64));
            // What is known already moves to the front.
            let from = self.block.len() - known;
            self.block.copy_within(from.., 0);
            self.block.resize(length, 0);
            self.start = at;
            let read = self.source.fill(at + known as u64, self.block.get_mut(known..).unwrap_or_default());
            // Zeros must not pass for bytes of the message.
            read.inspect_err(|_| self.block.clear())?;
        }
        Ok(self.block.get(place(at - self.start)..).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn file(bytes: &[u8]) -> Source {
        let path = std::env::temp_dir().join(format!("postkontor-source-{}-{}", std::process::id(), bytes.len()));
        let mut file = File::options().read(true).write(true).create(true).truncate(true).open(&path).unwrap();
        file.write_all(bytes).unwrap();
        // Windows keeps a file that is open.
        let _ = std::fs::remove_file(path);
        Source::file(file).unwrap()
    }

    #[test]
    fn a_file_is_read_as_memory_is() {
        let bytes: Vec<u8> = (0..BLOCK * 3 + 17).map(|at| (at % 251) as u8).collect();
        let (memory, file) = (Source::from(bytes.clone()), file(&bytes));
        assert_eq!((memory.size(), file.size()), (bytes.len() as u64, bytes.len() as u64));
        let (mut one, mut other) = (Window::new(&memory), Window::new(&file));
        for (at, wanted) in [(0, 1), (5, 300_000), (250_000, 20_000), (260_000, 1), (700_000, 100), (BLOCK * 3 + 16, 10), (bytes.len(), 1)]
        {
            let expected = &bytes[at..bytes.len().min(at + wanted)];
            for window in [&mut one, &mut other] {
                assert!(window.at(at as u64, wanted).unwrap().starts_with(expected), "{at} {wanted}");
            }
            let range = at as u64..(at + wanted) as u64;
            assert_eq!(memory.piece(range.clone()).unwrap(), expected);
            assert_eq!(file.piece(range.clone()).unwrap(), expected);
            for source in [&memory, &file] {
                let mut read = Vec::new();
                source.stream(range.clone()).read_to_end(&mut read).unwrap();
                assert_eq!(read, expected);
            }
        }
    }

    #[test]
    fn a_file_that_was_shortened_is_an_error_and_not_the_end() {
        let source = file(&vec![b'x'; 20_001]);
        let Source(Bytes::File(file, _)) = &source else { panic!("{source:?}") };
        file.set_len(10_000).unwrap();
        assert_eq!(source.piece(0..20_001).unwrap_err().kind(), ErrorKind::UnexpectedEof);
        assert_eq!(Window::new(&source).at(0, 1).unwrap_err().kind(), ErrorKind::UnexpectedEof);
        assert_eq!(source.stream(5000..20_001).read_to_end(&mut Vec::new()).unwrap_err().kind(), ErrorKind::UnexpectedEof);
        assert_eq!(source.stream(0..10_000).read_to_end(&mut Vec::new()).unwrap(), 10_000);
    }
}
