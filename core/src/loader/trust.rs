//! Who may change what lies at a path.
//!
//! A file is what its owner wrote, unless others may write it, its folder, or a folder above: there they could put a folder of
//! their own in its place. Unix shows that in the mode, Windows in an access control list ([`crate::access`]).

use crate::error::failed;
use crate::texts;
use postkontor_plugin::{Error, Status};
use std::fs::Metadata;
use std::path::Path;

/// Refuses a folder, named by its canonical path, into which others may put files, or that others may replace.
pub(super) fn folder(path: &Path) -> Result<(), Error> {
    refuse(path, &metadata(path)?, Folder::Own)?;
    // From the root on: a folder proves something only where nothing above it can be replaced.
    let above: Vec<&Path> = path.ancestors().skip(1).collect();
    above.into_iter().rev().try_for_each(|above| refuse(above, &metadata(above)?, Folder::Above))
}

/// Refuses an open file that others may write.
pub(super) fn file(path: &Path, metadata: &Metadata) -> Result<(), Error> {
    refuse(path, metadata, Folder::Own)
}

/// How near to the plugin something is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Folder {
    /// The plugin, or its folder.
    Own,
    /// A folder above.
    Above,
}

/// The path is canonical, so a link in it was put there since, and is judged as what it is.
fn metadata(path: &Path) -> Result<Metadata, Error> {
    path.symlink_metadata().map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    failed(Status::Transport, "plugin.file_unreadable").arg("path", texts::path(path)).detail(error.to_string())
}

fn refuse(path: &Path, metadata: &Metadata, folder: Folder) -> Result<(), Error> {
    match platform::writer(path, metadata, folder).map_err(|error| unreadable(path, &error))? {
        None => Ok(()),
        Some(reason) => Err(failed(Status::Transport, "plugin.writable_by_others").arg("path", texts::path(path)).detail(reason)),
    }
}

#[cfg(unix)]
mod platform {
    use super::{Folder, Metadata, Path};
    use std::os::unix::fs::MetadataExt;

    /// Write permission of group and others.
    const OTHERS: u32 = 0o022;
    /// In such a folder only the owner of a file may rename or remove it.
    const STICKY: u32 = 0o1000;

    /// Who else could change it, if anybody could.
    pub(super) fn writer(_path: &Path, metadata: &Metadata, folder: Folder) -> std::io::Result<Option<String>> {
        let user = rustix::process::geteuid().as_raw();
        let mode = metadata.mode();
        if metadata.uid() != 0 && metadata.uid() != user {
            return Ok(Some(format!("it belongs to user {}, neither to root nor to user {user}", metadata.uid())));
        }
        let is_safe = mode & OTHERS == 0 || folder == Folder::Above && metadata.is_dir() && mode & STICKY != 0;
        Ok((!is_safe).then(|| format!("its mode is {:o}; group and others must not have write permission", mode & 0o7777)))
    }
}

#[cfg(windows)]
mod platform {
    use super::{Folder, Metadata, Path};
    use crate::access::{self, FILE, FOLDER, FOLDER_ABOVE, ROOT};
    use std::io::{ErrorKind, Result};

    /// Who else could change it, if anybody could.
    pub(super) fn writer(path: &Path, metadata: &Metadata, folder: Folder) -> Result<Option<String>> {
        let rights = match folder {
            Folder::Own if metadata.is_dir() => FOLDER,
            Folder::Own => FILE,
            Folder::Above if path.parent().is_none() => ROOT,
            Folder::Above => FOLDER_ABOVE,
        };
        match access::stranger(path, rights) {
            // File servers hide the folders above the one that is shared out; what this user may not even look at is well kept.
            Err(error) if folder == Folder::Above && error.kind() == ErrorKind::PermissionDenied => Ok(None),
            found => found,
        }
    }
}
