//! Who may change what lies at a path.
//!
//! A file is what its owner wrote, unless others may write it, its folder, or a folder above: there they could put a folder of
//! their own in its place. Windows keeps program folders by access control lists that installers set; there is no mode to look at.

use crate::error::failed;
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
    let unreadable = |error: std::io::Error| {
        failed(Status::Transport, "plugin.file_unreadable").arg("path", path.display().to_string()).detail(error.to_string())
    };
    path.symlink_metadata().map_err(unreadable)
}

fn refuse(path: &Path, metadata: &Metadata, folder: Folder) -> Result<(), Error> {
    match platform::writer(metadata, folder) {
        None => Ok(()),
        Some(reason) => Err(failed(Status::Transport, "plugin.writable_by_others").arg("path", path.display().to_string()).detail(reason)),
    }
}

#[cfg(unix)]
mod platform {
    use super::Folder;
    use std::fs::Metadata;
    use std::os::unix::fs::MetadataExt;

    /// Write permission of group and others.
    const OTHERS: u32 = 0o022;
    /// In such a folder only the owner of a file may rename or remove it.
    const STICKY: u32 = 0o1000;

    /// Who else could change it, if anybody could.
    pub(super) fn writer(metadata: &Metadata, folder: Folder) -> Option<String> {
        let user = rustix::process::geteuid().as_raw();
        let mode = metadata.mode();
        if metadata.uid() != 0 && metadata.uid() != user {
            return Some(format!("it belongs to user {}, neither to root nor to user {user}", metadata.uid()));
        }
        let is_safe = mode & OTHERS == 0 || folder == Folder::Above && metadata.is_dir() && mode & STICKY != 0;
        (!is_safe).then(|| format!("its mode is {:o}; group and others must not have write permission", mode & 0o7777))
    }
}

#[cfg(not(unix))]
mod platform {
    use super::Folder;
    use std::fs::Metadata;

    /// No mode shows who else could change it.
    pub(super) fn writer(_metadata: &Metadata, _folder: Folder) -> Option<String> {
        None
    }
}
