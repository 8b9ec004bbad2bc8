//! The folder that messages are saved in: `NNNN.eml`, its parts in `NNNN/`, its summary in `NNNN.json`.

use super::local;
use super::spool::Place;
use crate::opened::Opened;
use postkontor_plugin::Error;
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// What is not a message yet ends in this. Whoever writes it holds a lock on it, so that what a crash left behind is told from
/// what somebody else is writing.
const PART: &str = "part";

/// The file whose lock says who may give numbers.
const LOCK: &str = ".postkontor.lock";

pub(super) struct Folder {
    path: PathBuf,
    /// The number that was given last.
    last: u64,
    lock: File,
}

impl Folder {
    /// Opens a folder, which is created where it does not exist. Numbering goes on after what lies there; messages that a crash
    /// left incomplete are removed, since they are fetched again.
    pub(super) fn open(path: PathBuf) -> Result<Folder, Error> {
        let failed = |error: std::io::Error| local(&error, &path);
        std::fs::create_dir_all(&path).map_err(failed)?;
        let lock = File::options().create(true).truncate(false).write(true).open(path.join(LOCK)).map_err(failed)?;
        let folder = Folder { path: path.clone(), last: 0, lock };
        let last = folder.alone(|| {
            let mut last = 0;
            for entry in std::fs::read_dir(&path)? {
                let entry = entry?;
                let name = entry.file_name();
                let Some(name) = name.to_str() else { continue };
                let number: Option<u64> = name.split('.').next().and_then(|number| number.parse().ok());
                if number.is_some() && Path::new(name).extension().is_some_and(|extension| extension == PART) && is_abandoned(&entry.path())
                {
                    // What was completed just now is not abandoned, and not there under this name any more.
                    std::fs::remove_file(entry.path())
                        .or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })?;
                    continue;
                }
                last = last.max(number.unwrap_or(0));
            }
            Ok(last)
        });
        let last = last.map_err(|error| local(&error, &folder.path))?;
        Ok(Folder { last, ..folder })
    }

    /// The place of the next message, and its file under the temporary name.
    pub(super) fn next(&mut self) -> Result<(Place, File), Error> {
        let mut last = self.last;
        let place = self.alone(|| {
            loop {
                last = last.checked_add(1).ok_or(ErrorKind::FileTooLarge)?;
                let number = format!("{last:04}");
                let (path, temporary) = (self.path.join(format!("{number}.eml")), self.path.join(format!("{number}.{PART}")));
                let file = match create(&temporary) {
                    Ok(file) => file,
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                    Err(error) => return Err(error),
                };
                // Another process may be filling the same folder, and complete this number at any moment. Once the temporary name is
                // ours nobody can any more.
                if path.exists() {
                    drop(file);
                    std::fs::remove_file(&temporary)?;
                    continue;
                }
                return Ok((Place { number, temporary, path }, file));
            }
        });
        self.last = last;
        place.map_err(|error| local(&error, &self.path))
    }

    /// Does something while nobody else gives numbers in this folder.
    fn alone<T>(&self, work: impl FnOnce() -> std::io::Result<T>) -> std::io::Result<T> {
        held(self.lock.lock())?;
        let result = work();
        held(self.lock.unlock())?;
        result
    }

    /// Saves the parts of a message, and notes in the summary where each lies.
    pub(super) fn save_parts(&self, number: &str, message: &Opened, summary: &mut Map<String, Value>) -> Result<(), Error> {
        let Some(parts) = summary.get_mut("parts").and_then(Value::as_array_mut).filter(|parts| !parts.is_empty()) else { return Ok(()) };
        let folder = self.path.join(number);
        std::fs::create_dir_all(&folder).map_err(|error| local(&error, &folder))?;
        let mut names = Names::default();
        for (index, part) in parts.iter_mut().enumerate() {
            let wanted = part["file_name"].as_str().unwrap_or("unnamed");
            let name = names.unused(wanted);
            let path = folder.join(&name);
            std::fs::write(&path, message.part(index)?).map_err(|error| local(&error, &path))?;
            part["file"] = Value::from(format!("{number}/{name}"));
        }
        Ok(())
    }

    /// Saves the summary beside the message, whole or not at all: where it is, the message and its parts are complete.
    pub(super) fn save_summary(&self, number: &str, summary: &Map<String, Value>) -> Result<(), Error> {
        let path = self.path.join(format!("{number}.json"));
        let temporary = self.path.join(format!("{number}.json.{PART}"));
        let json = serde_json::to_vec_pretty(summary).unwrap_or_default();
        let file = self.alone(|| create(&temporary));
        let saved = file.and_then(|mut file| file.write_all(&json)).and_then(|()| std::fs::rename(&temporary, &path));
        saved.map_err(|error| local(&error, &path))
    }

    /// Removes what was saved of a message that nobody has taken: it will be fetched again, and nobody is to find it twice.
    pub(super) fn discard(&self, number: &str) {
        // Without its summary it counts as incomplete, whatever else cannot be removed. As long as the message lies there nobody else gets
        // its number.
        let _ = std::fs::remove_file(self.path.join(format!("{number}.json")));
        let _ = std::fs::remove_dir_all(self.path.join(number));
        let _ = std::fs::remove_file(self.path.join(format!("{number}.json.{PART}")));
        let _ = std::fs::remove_file(self.path.join(format!("{number}.eml")));
    }

    /// Sees to it that a message survives a power cut, and so do its parts and its summary, whose presence says that all is whole.
    pub(super) fn sync(&self, number: &str) -> Result<(), Error> {
        let parts = self.path.join(number);
        let mut files = vec![self.path.join(format!("{number}.eml")), self.path.join(format!("{number}.json"))];
        let mut sync = || {
            if parts.exists() {
                for part in std::fs::read_dir(&parts)? {
                    files.push(part?.path());
                }
            }
            // Windows brings to the disk only what is open for writing.
            files.iter().try_for_each(|file| File::options().write(true).open(file)?.sync_all())?;
            if parts.exists() {
                sync_names(&parts)?;
            }
            sync_names(&self.path)
        };
        sync().map_err(|error: std::io::Error| local(&error, &self.path.join(format!("{number}.eml"))))
    }
}

/// Makes a new file that is locked as long as it is open.
fn create(path: &Path) -> std::io::Result<File> {
    let file = File::options().read(true).write(true).create_new(true).open(path)?;
    held(file.lock())?;
    Ok(file)
}

/// Whether nobody is writing a file any more.
fn is_abandoned(path: &Path) -> bool {
    File::options().write(true).open(path).is_ok_and(|file| file.try_lock().is_ok())
}

/// Some network file systems have no locks; then there is only the hope that nobody shares the folder.
fn held(result: std::io::Result<()>) -> std::io::Result<()> {
    result.or_else(|error| if error.kind() == ErrorKind::Unsupported { Ok(()) } else { Err(error) })
}

/// On Unix the new name of a file is durable only when its folder is.
#[cfg(unix)]
fn sync_names(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_names(_folder: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Gives the files of one folder different names.
#[derive(Default)]
struct Names {
    /// In small letters: systems that do not tell upper from lower case would put two of them into one file.
    taken: HashSet<String>,
    /// With which number the search goes on where a name comes again: thousands of parts may have the same.
    next: HashMap<String, u64>,
}

impl Names {
    /// The name itself, or the first of `name (2).pdf`, `name (3).pdf` … that is free.
    fn unused(&mut self, wanted: &str) -> String {
        let (stem, extension) = match wanted.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
            _ => (wanted, String::new()),
        };
        let mut name = wanted.to_owned();
        while !self.taken.insert(name.to_lowercase()) {
            let number = self.next.entry(wanted.to_lowercase()).or_insert(1);
            *number += 1;
            name = format!("{stem} ({number}){extension}");
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One may complete a message at any moment, also while the other looks which numbers are free.
    #[test]
    fn no_number_is_given_twice() {
        let path = std::env::temp_dir().join(format!("postkontor-numbers-{}", std::process::id()));
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let mut folder = Folder::open(path.clone()).unwrap();
                    for _ in 0..300 {
                        let (place, _file) = folder.next().unwrap();
                        std::fs::rename(&place.temporary, &place.path).unwrap();
                    }
                });
            }
        });
        let names = std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name());
        let messages = names.filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "eml")).count();
        std::fs::remove_dir_all(&path).unwrap();
        assert_eq!(messages, 900);
    }
}
