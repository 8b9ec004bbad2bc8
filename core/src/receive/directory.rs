//! A folder that others may write into, too: nothing in it is followed, overwritten or waited for.
//!
//! On Unix everything goes through the folder's descriptor, so that each name means what lies in this very folder. On Windows there are only paths;
//! what is opened there is opened itself, not what it leads to.

use crate::error::failed;
use crate::texts;
use postkontor_plugin::{Error, Stage, Status};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

pub(super) use platform::Directory;

impl Directory {
    /// Opens a folder, which is created where it does not exist, only for its user, and so that it survives a power cut.
    pub(super) fn create_all(path: &Path) -> io::Result<Directory> {
        let is_missing = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
        let missing: Vec<&Path> = path.ancestors().take_while(is_missing).collect();
        for folder in missing.iter().rev() {
            let created = platform::create_folder(folder);
            created.or_else(|error| if error.kind() == ErrorKind::AlreadyExists { Ok(()) } else { Err(error) })?;
        }
        for folder in missing {
            let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
            durable(platform::sync_folder(parent.unwrap_or(Path::new("."))))?;
        }
        Directory::open(path)
    }

    /// Opens a file for reading that exists. What is none, a pipe for example, is not opened.
    pub(super) fn open_file(&self, name: &str) -> io::Result<File> {
        let file = self.open_any(name)?;
        if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::new(ErrorKind::InvalidInput, "not a regular file")) }
    }
}

/// A file or folder of this machine that failed.
pub(super) fn local(error: &io::Error, path: &Path) -> Error {
    let error = failed(Status::Local, "receive.not_saved").stage(Stage::Fetch).detail(error.to_string());
    error.arg("path", texts::path(path))
}

/// What became of bringing names to the disk. Some file systems have no way of doing so, and a folder that may be written and not read cannot be opened
/// for it.
fn durable(result: io::Result<()>) -> io::Result<()> {
    let is_refused =
        |error: &io::Error| matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::PermissionDenied);
    result.or_else(|error| if is_refused(&error) { Ok(()) } else { Err(error) })
}

#[cfg(unix)]
mod platform {
    use super::{ErrorKind, File, Path, PathBuf, io};
    use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags};
    use rustix::io::Errno;
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::{DirBuilderExt, MetadataExt};

    /// An open folder.
    pub(in crate::receive) struct Directory {
        handle: OwnedFd,
        pub(in crate::receive) path: PathBuf,
    }

    const FILE: Mode = Mode::RUSR.union(Mode::WUSR);

    pub(super) fn create_folder(path: &Path) -> io::Result<()> {
        std::fs::DirBuilder::new().mode(0o700).create(path)
    }

    pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    impl Directory {
        pub(super) fn open(path: &Path) -> io::Result<Directory> {
            let handle = rustix::fs::openat(CWD, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
            Ok(Directory { handle, path: path.to_owned() })
        }

        pub(super) fn open_any(&self, name: &str) -> io::Result<File> {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
            Ok(rustix::fs::openat(&self.handle, name, flags, Mode::empty())?.into())
        }

        /// Creates a file that does not exist yet, only for its user.
        pub(in crate::receive) fn create(&self, name: &str) -> io::Result<File> {
            let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            Ok(rustix::fs::openat(&self.handle, name, flags, FILE)?.into())
        }

        /// Creates a folder that does not exist yet, only for its user.
        pub(in crate::receive) fn create_folder(&self, name: &str) -> io::Result<Directory> {
            rustix::fs::mkdirat(&self.handle, name, Mode::RWXU)?;
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let handle = rustix::fs::openat(&self.handle, name, flags, Mode::empty())?;
            Ok(Directory { handle, path: self.path.join(name) })
        }

        /// Whether there is anything of this name, be it a link that leads nowhere.
        pub(in crate::receive) fn exists(&self, name: &str) -> io::Result<bool> {
            match rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(_) => Ok(true),
                Err(Errno::NOENT) => Ok(false),
                Err(error) => Err(error.into()),
            }
        }

        /// Whether a name is still that of an open file.
        pub(in crate::receive) fn is_name_of(&self, name: &str, file: &File) -> io::Result<bool> {
            let (named, open) = (self.open_any(name), file.metadata()?);
            match named {
                Ok(named) => named.metadata().map(|named| (named.dev(), named.ino()) == (open.dev(), open.ino())),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
                Err(error) => Err(error),
            }
        }

        /// Gives a file another name, which nothing has so far.
        pub(in crate::receive) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
            #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
            {
                let flags = rustix::fs::RenameFlags::NOREPLACE;
                match rustix::fs::renameat_with(&self.handle, from, &self.handle, to, flags) {
                    // Some network file systems, and old kernels, cannot.
                    Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => (),
                    done => return done.map_err(Into::into),
                }
            }
            match rustix::fs::linkat(&self.handle, from, &self.handle, to, AtFlags::empty()) {
                Ok(()) => self.remove(from),
                Err(Errno::EXIST) => Err(Errno::EXIST.into()),
                // Not even hard links: what remains is to look first.
                Err(_) if self.exists(to)? => Err(Errno::EXIST.into()),
                Err(_) => rustix::fs::renameat(&self.handle, from, &self.handle, to).map_err(Into::into),
            }
        }

        pub(in crate::receive) fn remove(&self, name: &str) -> io::Result<()> {
            rustix::fs::unlinkat(&self.handle, name, AtFlags::empty()).map_err(Into::into)
        }

        /// Removes an empty folder.
        pub(in crate::receive) fn remove_folder(&self, name: &str) -> io::Result<()> {
            rustix::fs::unlinkat(&self.handle, name, AtFlags::REMOVEDIR).map_err(Into::into)
        }

        /// Calls `each` with every name in the folder that is text.
        pub(in crate::receive) fn names(&self, mut each: impl FnMut(&str) -> io::Result<()>) -> io::Result<()> {
            for entry in Dir::read_from(&self.handle)? {
                if let Ok(name) = entry?.file_name().to_str() {
                    each(name)?;
                }
            }
            Ok(())
        }

        /// Brings a file to the disk.
        pub(in crate::receive) fn sync_file(&self, name: &str) -> io::Result<()> {
            self.open_file(name)?.sync_all()
        }

        /// Brings the names in the folder to the disk: a new file is durable only when its name is.
        pub(in crate::receive) fn sync(&self) -> io::Result<()> {
            super::durable(rustix::fs::fsync(&self.handle).map_err(Into::into))
        }
    }
}

#[cfg(windows)]
mod platform {
    use super::{ErrorKind, File, Path, PathBuf, io};
    use crate::rename::past_scanners;
    use crate::windows::{Identity, rename_to_new};
    use std::os::windows::fs::OpenOptionsExt;

    /// A folder.
    pub(in crate::receive) struct Directory {
        pub(in crate::receive) path: PathBuf,
    }

    /// Opens a link itself instead of what it leads to.
    const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;

    pub(super) fn create_folder(path: &Path) -> io::Result<()> {
        std::fs::create_dir(path)
    }

    /// Windows keeps no folder open for that.
    pub(super) fn sync_folder(_path: &Path) -> io::Result<()> {
        Ok(())
    }

    impl Directory {
        pub(super) fn open(path: &Path) -> io::Result<Directory> {
            if !path.metadata()?.is_dir() {
                return Err(io::Error::from(ErrorKind::NotADirectory));
            }
            Ok(Directory { path: path.to_owned() })
        }

        pub(super) fn open_any(&self, name: &str) -> io::Result<File> {
            File::options().read(true).custom_flags(FILE_FLAG_OPEN_REPARSE_POINT).open(self.path.join(name))
        }

        /// Creates a file that does not exist yet.
        pub(in crate::receive) fn create(&self, name: &str) -> io::Result<File> {
            File::options().read(true).write(true).create_new(true).open(self.path.join(name))
        }

        /// Creates a folder that does not exist yet.
        pub(in crate::receive) fn create_folder(&self, name: &str) -> io::Result<Directory> {
            let path = self.path.join(name);
            std::fs::create_dir(&path)?;
            Ok(Directory { path })
        }

        /// Whether there is anything of this name, be it a link that leads nowhere.
        pub(in crate::receive) fn exists(&self, name: &str) -> io::Result<bool> {
            match self.path.join(name).symlink_metadata() {
                Ok(_) => Ok(true),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
                Err(error) => Err(error),
            }
        }

        /// Whether a name is still that of an open file.
        pub(in crate::receive) fn is_name_of(&self, name: &str, file: &File) -> io::Result<bool> {
            match Identity::of(file)?.is_at(&self.path.join(name)) {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
                is_name => is_name,
            }
        }

        /// Gives a file another name, which nothing has so far.
        pub(in crate::receive) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
            past_scanners(|| rename_to_new(&self.path.join(from), &self.path.join(to)))
        }

        pub(in crate::receive) fn remove(&self, name: &str) -> io::Result<()> {
            std::fs::remove_file(self.path.join(name))
        }

        /// Removes an empty folder.
        pub(in crate::receive) fn remove_folder(&self, name: &str) -> io::Result<()> {
            std::fs::remove_dir(self.path.join(name))
        }

        /// Calls `each` with every name in the folder that is text.
        pub(in crate::receive) fn names(&self, mut each: impl FnMut(&str) -> io::Result<()>) -> io::Result<()> {
            for entry in std::fs::read_dir(&self.path)? {
                if let Some(name) = entry?.file_name().to_str() {
                    each(name)?;
                }
            }
            Ok(())
        }

        /// Brings a file to the disk, for which Windows wants it open for writing.
        pub(in crate::receive) fn sync_file(&self, name: &str) -> io::Result<()> {
            let options = File::options().write(true).custom_flags(FILE_FLAG_OPEN_REPARSE_POINT).open(self.path.join(name));
            options?.sync_all()
        }

        /// Names are durable without that.
        pub(in crate::receive) fn sync(&self) -> io::Result<()> {
            Ok(())
        }
    }
}
