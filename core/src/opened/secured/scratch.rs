//! Where the content of a layer is kept while its message is open.
//!
//! A small one stays in memory. A large one goes to a file of its own, which has no name any more, or goes away with its handle, so that a crash leaves nothing behind. What lies on the disk is encrypted with a key
//! that is in memory alone: disks, their backups and their waste give nothing away of a message that was encrypted.

use postkontor_reader::source::{ReadAt, Source};
use postkontor_smime::veil::Veil;
use std::fmt::{self, Debug, Formatter};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Up to this size content stays in memory.
const MEMORY: usize = 8 * 1024 * 1024;

/// Content that is being written.
pub(super) struct Scratch {
    memory: Vec<u8>,
    file: Option<Hidden>,
    size: u64,
    /// What is encrypted on its way to the file.
    block: Vec<u8>,
}

impl Scratch {
    /// Begins with these bytes.
    pub(super) fn new(begin: &[u8]) -> Self {
        Self { memory: begin.to_vec(), file: None, size: begin.len() as u64, block: Vec::new() }
    }

    /// Its bytes so far.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Adds a block.
    pub(super) fn add(&mut self, block: &[u8]) -> io::Result<()> {
        if self.file.is_none() && self.memory.len() + block.len() > MEMORY {
            let mut file = Hidden::new()?;
            let memory = std::mem::take(&mut self.memory);
            file.write(0, &memory, &mut self.block)?;
            self.file = Some(file);
        }
        match &mut self.file {
            Some(file) => file.write(self.size, block, &mut self.block)?,
            None => self.memory.extend_from_slice(block),
        }
        self.size += block.len() as u64;
        Ok(())
    }

    /// What was written, to be read.
    pub(super) fn source(self) -> Source {
        match self.file {
            Some(file) => Source::of(Box::new(file), self.size),
            None => Source::from(self.memory),
        }
    }
}

/// A file without a name, whose bytes are hidden.
struct Hidden {
    file: File,
    veil: Veil,
}

impl Hidden {
    fn new() -> io::Result<Self> {
        Ok(Self { file: unnamed(&folder())?, veil: Veil::new().map_err(io::Error::other)? })
    }

    fn write(&mut self, at: u64, bytes: &[u8], block: &mut Vec<u8>) -> io::Result<()> {
        block.clear();
        block.extend_from_slice(bytes);
        self.veil.apply(block, at).map_err(io::Error::other)?;
        self.file.write_all(block)
    }
}

impl ReadAt for Hidden {
    fn read_at(&self, block: &mut [u8], at: u64) -> io::Result<usize> {
        #[cfg(unix)]
        let count = std::os::unix::fs::FileExt::read_at(&self.file, block, at)?;
        #[cfg(windows)]
        let count = std::os::windows::fs::FileExt::seek_read(&self.file, block, at)?;
        self.veil.apply(block.get_mut(..count).unwrap_or_default(), at).map_err(io::Error::other)?;
        Ok(count)
    }
}

impl Debug for Hidden {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.debug_struct("Hidden").field("file", &self.file).finish_non_exhaustive()
    }
}

/// Where large files are put for a while. Of Linux `/tmp` is often in memory.
fn folder() -> PathBuf {
    let usual = Path::new("/var/tmp");
    if cfg!(unix) && std::env::var_os("TMPDIR").is_none() && usual.is_dir() { usual.to_owned() } else { std::env::temp_dir() }
}

/// A new file in a folder that its owner alone can open, without a name.
fn unnamed(folder: &Path) -> io::Result<File> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    // Only somebody who wants to be in the way can have taken the name before, and not a hundred times.
    for _ in 0..100 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let (process, number) = (std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        match create(&folder.join(format!(".postkontor-{now:x}-{process:x}-{number:x}.part"))) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            created => return created,
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

#[cfg(unix)]
fn create(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
    std::fs::remove_file(path)?;
    Ok(file)
}

/// Here the file keeps its name, no other handle opens it, and it goes away with this one.
#[cfg(windows)]
fn create(path: &Path) -> io::Result<File> {
    use std::os::windows::fs::OpenOptionsExt;
    use windows_sys::Win32::Storage::FileSystem::{FILE_ATTRIBUTE_TEMPORARY, FILE_FLAG_DELETE_ON_CLOSE};
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).share_mode(0);
    options.attributes(FILE_ATTRIBUTE_TEMPORARY).custom_flags(FILE_FLAG_DELETE_ON_CLOSE).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn content_of_any_size_is_read_as_it_was_written_and_lies_encrypted() {
        let line = b"Gehaltsabrechnung November\r\n";
        for repeated in [1, MEMORY / line.len() + 10_000] {
            let mut scratch = Scratch::new(b"Subject: x\r\n");
            let mut expected = b"Subject: x\r\n".to_vec();
            for lines in line.repeat(repeated).chunks(70_001) {
                scratch.add(lines).unwrap();
                expected.extend_from_slice(lines);
            }
            assert_eq!(scratch.size(), expected.len() as u64);
            if let Some(hidden) = &scratch.file {
                let mut kept = vec![0; 100_000];
                #[cfg(unix)]
                std::os::unix::fs::FileExt::read_exact_at(&hidden.file, &mut kept, 0).unwrap();
                #[cfg(windows)]
                std::os::windows::fs::FileExt::seek_read(&hidden.file, &mut kept, 0).unwrap();
                assert!(!kept.windows(8).any(|bytes| bytes == b"abrechnu"));
                #[cfg(unix)]
                {
                    use std::os::unix::fs::MetadataExt;
                    let found = hidden.file.metadata().unwrap();
                    assert_eq!((found.nlink(), found.mode() & 0o777), (0, 0o600));
                }
            }
            assert_eq!(scratch.file.is_some(), repeated > 1);
            let source = scratch.source();
            assert_eq!(source.piece(0..source.size()).unwrap(), expected);
            for range in [0..5, 12..40, 65_530..65_600, 1_000_003..1_200_000] {
                let mut read = Vec::new();
                source.stream(range.clone()).read_to_end(&mut read).unwrap();
                let end = expected.len().min(range.end as usize);
                assert_eq!(read, expected.get(range.start as usize..end).unwrap_or_default());
            }
        }
    }
}
