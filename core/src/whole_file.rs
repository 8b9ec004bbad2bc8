//! A file is written whole or not at all: a draft beside it takes its name once all is in it.

use crate::{access, rename};
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Writes a file with what `fill` puts into it and counts, in place of one that is there. When the disk is full, or anything else fails, that one stays as it was, and half a new one does not
/// stay. What cannot be replaced, a device or a pipe, is written into.
pub(crate) fn write_whole(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<u64>) -> io::Result<u64> {
    let (target, old) = match path.metadata() {
        Ok(found) if !found.is_file() => return fill(&mut OpenOptions::new().write(true).open(path)?),
        // A link means the file that it leads to.
        Ok(found) => (path.canonicalize()?, Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => (path.to_owned(), None),
        Err(error) => return Err(error),
    };
    put(&target, File::options().write(true), |file| {
        // Windows keeps the rights of the file that is replaced.
        if let Some(old) = old.filter(|_| cfg!(unix)) {
            file.set_permissions(old.permissions())?;
        }
        fill(file)
    })
}

/// Replaces a file that this program keeps for itself, settings or secrets: all of it is on the disk when this returns. It gets the owner
/// and the mode of the `former` one, on Windows its access control list; without, only its owner may read it.
pub fn replace(path: &Path, content: &[u8], former: Option<&Metadata>) -> io::Result<()> {
    // The file itself, not a link to it, is what is exchanged.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    put(&target, &mut private(), |file| {
        access::keep_from_others(file)?;
        file.write_all(content)?;
        like(file, former)?;
        file.sync_all()
    })?;
    sync_folder(&target)
}

/// How a file is opened to be written that only its owner may read, where it is new.
pub fn private() -> OpenOptions {
    let mut options = File::options();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    #[cfg(windows)]
    std::os::windows::fs::OpenOptionsExt::access_mode(&mut options, crate::windows::WRITE_WITH_RIGHTS);
    options
}

/// Lets a draft that `fill` has filled take the name of the target. One that could not be filled does not stay.
fn put<T>(target: &Path, options: &mut OpenOptions, fill: impl FnOnce(&mut File) -> io::Result<T>) -> io::Result<T> {
    let (mut file, draft) = draft(target, options)?;
    let filled = fill(&mut file);
    drop(file);
    let put = filled.and_then(|done| rename::over(&draft, target).map(|()| done));
    put.inspect_err(|_| {
        // A draft that cannot be removed is known by its name.
        let _ = std::fs::remove_file(&draft);
    })
}

/// Gives a file the owner and the mode of the one that it replaces.
#[cfg(unix)]
fn like(file: &File, former: Option<&Metadata>) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let Some(former) = former else { return Ok(()) };
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (former.uid(), former.gid()) {
        // A member of the group may keep the group, if not the owner.
        fchown(file, Some(former.uid()), Some(former.gid())).or_else(|_| fchown(file, None, Some(former.gid())))?;
    }
    file.set_permissions(former.permissions())
}

/// Windows keeps the rights of the file that is replaced.
#[cfg(not(unix))]
fn like(_file: &File, _former: Option<&Metadata>) -> io::Result<()> {
    Ok(())
}

/// Writes the folder of a file to the disk: the name of a new file is there only then.
#[cfg(unix)]
pub fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Nothing: Windows writes the names of a folder down by itself.
#[cfg(not(unix))]
pub fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// A new file beside the target, so that it can take its name.
fn draft(target: &Path, options: &mut OpenOptions) -> io::Result<(File, PathBuf)> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let name = target.file_name().ok_or(ErrorKind::InvalidInput)?.to_string_lossy();
    // Room for the rest of the name, where names have 255 bytes at most.
    let begin: String = name.chars().take(40).collect();
    loop {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let path = target.with_file_name(format!(".{begin}.{:x}-{number:x}.part", std::process::id()));
        match options.create_new(true).open(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => (),
            file => return file.map(|file| (file, path)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<u64> {
        super::write_whole(path, |file| file.write_all(bytes).map(|()| bytes.len() as u64))
    }

    fn names(folder: &Path) -> Vec<String> {
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_is_replaced_by_a_whole_one_only() {
        let folder = std::env::temp_dir().join(format!("postkontor-whole-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let file = folder.join("a.pdf");
        write_whole(&file, b"old").unwrap();
        // A second name of the old file shows that nothing was written into it.
        let second = folder.join("b.pdf");
        std::fs::hard_link(&file, &second).unwrap();
        write_whole(&file, b"new").unwrap();
        assert_eq!([&file, &second].map(|file| std::fs::read(file).unwrap()), [b"new", b"old"]);
        std::fs::remove_file(&second).unwrap();
        assert_eq!(names(&folder), ["a.pdf"]);
        assert!(write_whole(&folder.join("missing/a.pdf"), b"x").is_err() && write_whole(&folder, b"x").is_err());
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_file_in_place_of_another_keeps_its_permissions_and_the_link_that_leads_to_it() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = std::env::temp_dir().join(format!("postkontor-whole-link-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let (file, link) = (folder.join("a.pdf"), folder.join("link.pdf"));
        std::fs::write(&file, b"old").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        write_whole(&link, b"new").unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!((std::fs::read(&file).unwrap().as_slice(), file.metadata().unwrap().permissions().mode() & 0o777), (&b"new"[..], 0o640));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_file_of_ones_own_is_its_owners_alone_or_like_the_former_one() {
        use std::os::unix::fs::PermissionsExt;
        let folder = std::env::temp_dir().join(format!("postkontor-whole-own-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let file = folder.join("key");
        let mode = || file.metadata().unwrap().permissions().mode() & 0o777;
        replace(&file, b"first", None).unwrap();
        assert_eq!((std::fs::read(&file).unwrap().as_slice(), mode()), (&b"first"[..], 0o600));
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        replace(&file, b"second", Some(&file.metadata().unwrap())).unwrap();
        assert_eq!((std::fs::read(&file).unwrap().as_slice(), mode()), (&b"second"[..], 0o640));
        replace(&file, b"third", None).unwrap();
        assert_eq!((mode(), names(&folder)), (0o600, vec!["key".to_owned()]));
        assert!(replace(&folder.join("missing/key"), b"x", None).is_err());
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn half_a_file_does_not_stay_on_a_full_disk() {
        use crate::small_disk::SmallDisk;
        use std::os::unix::fs::FileTypeExt;
        // A device is written into and not replaced.
        let full = Path::new("/dev/full");
        assert_eq!(write_whole(full, b"x").unwrap_err().kind(), ErrorKind::StorageFull);
        assert!(full.metadata().unwrap().file_type().is_char_device());
        let disk = std::env::temp_dir().join(format!("postkontor-disk-{}", std::process::id()));
        std::fs::create_dir(&disk).unwrap();
        if let Some(mounted) = SmallDisk::mount(&disk, "256k") {
            let file = disk.join("a.pdf");
            write_whole(&file, b"old").unwrap();
            let errors = [&file, &disk.join("b.pdf")].map(|file| write_whole(file, &[0; 1_000_000]).unwrap_err().kind());
            let left = (std::fs::read(&file), names(&disk));
            drop(mounted);
            assert_eq!(errors, [ErrorKind::StorageFull; 2]);
            assert_eq!((left.0.unwrap().as_slice(), left.1), (&b"old"[..], vec!["a.pdf".to_owned()]));
        }
        std::fs::remove_dir(&disk).unwrap();
    }
}
