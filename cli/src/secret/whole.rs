//! Files with secrets in them: readable for their owner only, and whole at each moment.

use std::fs::File;
use std::io::{Read, Result, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use zeroize::Zeroizing;

/// How many files this process has written.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

/// Writes a file that only its owner may read. The former one is there until the new one is whole.
pub(crate) fn write(path: &Path, content: &[u8]) -> Result<()> {
    // The file itself, not a link to it, is what is exchanged.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut name = path.file_name().unwrap_or_default().to_owned();
    // Threads of this process may write at a time.
    name.push(format!(".{}.{}", std::process::id(), WRITTEN.fetch_add(1, Ordering::Relaxed)));
    let beside = path.with_file_name(name);
    let mut file = private().open(&beside)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    written.and_then(|()| std::fs::rename(&beside, &path)).inspect_err(|_| drop(std::fs::remove_file(&beside)))
}

/// Reads a file, up to `limit` bytes of it; the copy is wiped when it is dropped.
pub(crate) fn read(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path)?;
    let size = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX).min(limit);
    // Room for all of it from the start: a list that grows leaves its former self behind.
    let mut content = Zeroizing::new(vec![0; size.max(1024) + 1]);
    let mut length = 0;
    let mut file = file.take(limit as u64 + 1);
    loop {
        if length == content.len() {
            let mut larger = Zeroizing::new(vec![0; length * 2]);
            larger.get_mut(..length).into_iter().for_each(|room| room.copy_from_slice(&content));
            content = larger;
        }
        match file.read(content.get_mut(length..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if length > limit {
        return Err(std::io::ErrorKind::FileTooLarge.into());
    }
    content.truncate(length);
    Ok(content)
}

/// How a file of one's own is made.
pub(crate) fn private() -> std::fs::OpenOptions {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whole_or_not_at_all() {
        let path = std::env::temp_dir().join(format!("postkontor-whole-{}", std::process::id()));
        for size in [0, 1, 1024, 1025, 5000] {
            let content = vec![b'x'; size];
            write(&path, &content).unwrap();
            assert_eq!(&**read(&path, 5000).unwrap(), &content);
        }
        assert_eq!(read(&path, 4999).unwrap_err().kind(), std::io::ErrorKind::FileTooLarge);
        std::fs::remove_file(&path).unwrap();
    }
}
