//! Files that are replaced as a whole: the former one is there until the new one is on the disk.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{Result, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many files this process has written.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

/// Writes a file, all of it or not at all. It gets the owner and the mode of the `former` one; without, only its owner may read it.
pub(crate) fn write(path: &Path, content: &[u8], former: Option<&Metadata>) -> Result<()> {
    // The file itself, not a link to it, is what is exchanged.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut name = path.file_name().unwrap_or_default().to_owned();
    // Threads of this process may write at a time.
    name.push(format!(".{}.{}", std::process::id(), WRITTEN.fetch_add(1, Ordering::Relaxed)));
    let beside = path.with_file_name(name);
    let mut file = private().open(&beside)?;
    let written = file.write_all(content).and_then(|()| like(&file, former)).and_then(|()| file.sync_all());
    drop(file);
    let replaced = written.and_then(|()| std::fs::rename(&beside, &path));
    replaced.inspect_err(|_| drop(std::fs::remove_file(&beside)))?;
    sync_folder(&path)
}

/// How a file of one's own is made.
pub(crate) fn private() -> OpenOptions {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Gives a file the owner and the mode of the one that it replaces.
#[cfg(unix)]
fn like(file: &File, former: Option<&Metadata>) -> Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let Some(former) = former else { return Ok(()) };
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (former.uid(), former.gid()) {
        // A member of the group may keep the group, if not the owner.
        fchown(file, Some(former.uid()), Some(former.gid())).or_else(|_| fchown(file, None, Some(former.gid())))?;
    }
    file.set_permissions(former.permissions())
}

#[cfg(not(unix))]
fn like(file: &File, former: Option<&Metadata>) -> Result<()> {
    former.map_or(Ok(()), |former| file.set_permissions(former.permissions()))
}

/// The new name is on the disk only once its folder is.
#[cfg(unix)]
fn sync_folder(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> Result<()> {
    Ok(())
}
