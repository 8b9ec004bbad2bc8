//! A plugin file that is opened once: what is checked is what is loaded.

use super::binary;
use super::headers::Found;
use super::trust;
use super::vtable::Plugin;
use crate::error::failed;
use crate::texts;
use postkontor_plugin::{Error, Status};
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{self, Seek};
use std::path::{Path, PathBuf};

/// An open plugin file that only its trusted owner may change.
pub(super) struct PluginFile {
    path: PathBuf,
    file: File,
}

impl PluginFile {
    /// Opens a plugin. Where the path is a link, the file that it leads to has to be as safe.
    pub(super) fn open(path: &Path) -> Result<PluginFile, Error> {
        let unreadable =
            |error: io::Error| failed(Status::Transport, "plugin.file_unreadable").arg("path", texts::path(path)).detail(error.to_string());
        let target = path.canonicalize().map_err(unreadable)?;
        if let Some(folder) = target.parent() {
            trust::folder(folder)?;
        }
        let file = platform::open(&target).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(failed(Status::Transport, "plugin.not_a_file").arg("path", texts::path(path)));
        }
        trust::file(&target, &metadata)?;
        Ok(PluginFile { path: target, file })
    }

    /// The SHA-256 of its content, as `sha256:` and 64 hexadecimal digits.
    pub(super) fn digest(&mut self) -> io::Result<String> {
        let mut hash = Sha256::new();
        self.file.rewind()?;
        io::copy(&mut self.file, &mut hash)?;
        Ok(hash.finalize().iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}")))
    }

    /// What its headers say; nothing where it is no library.
    pub(super) fn headers(&mut self) -> io::Result<Option<Found>> {
        binary::look(&mut self.file)
    }

    /// Loads it. A file with a pin is loaded through its descriptor, as the path may lead to another one by now, even if only the
    /// user himself could have done that. All others go by their path, so that libraries of their own are found beside them.
    pub(super) fn load(self, is_pinned: bool) -> Result<Plugin, Error> {
        let place = if is_pinned { platform::keep(&self.path, &self.file) } else { Ok(self.path.clone()) };
        let place = place.map_err(|error| {
            failed(Status::Transport, "plugin.unloadable").arg("path", texts::path(&self.path)).detail(error.to_string())
        })?;
        // On Windows the open file keeps everybody from writing or replacing it until it is loaded.
        Plugin::load(&place, &self.path)
    }
}

#[cfg(unix)]
mod platform {
    use super::{File, OpenOptions, Path, PathBuf, io};
    use std::os::unix::fs::OpenOptionsExt;

    /// A link that takes the file's place meanwhile is not followed, and a pipe does not wait for its writer.
    pub(super) fn open(path: &Path) -> io::Result<File> {
        OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)
    }

    /// A path that leads to the open file for as long as the process lives.
    ///
    /// The system's loader knows libraries by the path that they were loaded by, so the number of a descriptor must not be used again:
    /// each file keeps the first one.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(super) fn keep(_path: &Path, file: &File) -> io::Result<PathBuf> {
        use std::os::fd::AsRawFd;
        use std::os::unix::fs::MetadataExt;
        use std::sync::{Mutex, PoisonError};
        static KEPT: Mutex<Vec<(u64, u64, File)>> = Mutex::new(Vec::new());
        let metadata = file.metadata()?;
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.iter().find(|(device, inode, _)| (*device, *inode) == (metadata.dev(), metadata.ino()));
        let number = match known {
            Some((_, _, file)) => file.as_raw_fd(),
            None => {
                let file = file.try_clone()?;
                let number = file.as_raw_fd();
                kept.push((metadata.dev(), metadata.ino(), file));
                number
            }
        };
        Ok(format!("/proc/self/fd/{number}").into())
    }

    /// Other systems load by path only.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub(super) fn keep(path: &Path, _file: &File) -> io::Result<PathBuf> {
        Ok(path.to_owned())
    }
}

#[cfg(windows)]
mod platform {
    use super::{File, OpenOptions, Path, PathBuf, io};
    use std::os::windows::fs::OpenOptionsExt;

    /// As long as the file is open, others may read it (and load it), but neither write nor replace it.
    pub(super) fn open(path: &Path) -> io::Result<File> {
        const FILE_SHARE_READ: u32 = 1;
        OpenOptions::new().read(true).share_mode(FILE_SHARE_READ).open(path)
    }

    /// The path itself: it cannot lead to another file while this one is open.
    pub(super) fn keep(path: &Path, _file: &File) -> io::Result<PathBuf> {
        Ok(path.to_owned())
    }
}
