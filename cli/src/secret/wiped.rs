//! Files with secrets in them, read so that no copy stays in memory.

use std::fs::File;
use std::io::{Read, Result};
use std::path::Path;
use zeroize::Zeroizing;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whole_or_not_at_all() {
        let path = std::env::temp_dir().join(format!("postkontor-whole-{}", std::process::id()));
        for size in [0, 1, 1024, 1025, 5000] {
            let content = vec![b'x'; size];
            postkontor_core::whole_file::replace(&path, &content, None).unwrap();
            assert_eq!(&**read(&path, 5000).unwrap(), &content);
        }
        assert_eq!(read(&path, 4999).unwrap_err().kind(), std::io::ErrorKind::FileTooLarge);
        std::fs::remove_file(&path).unwrap();
    }
}
