//! The folder that messages are saved in: `NNNN.eml`, its parts in `NNNN/`, its summary in `NNNN.json`.

use super::directory::{Directory, local};
use super::draft::{self, Draft};
use super::names::Names;
use crate::opened::Opened;
use crate::watch::Watch;
use postkontor_plugin::Error;
use serde_json::{Map, Value};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Larger numbers are not ours: counting on from them would soon come to an end.
const LARGEST: u64 = 1_000_000_000_000;

/// How often a number may turn out to be taken by another program.
const TRIES: u32 = 1000;

pub(super) struct Folder {
    directory: Rc<Directory>,
    /// The number that was given last, as soon as one was wanted.
    last: Option<u64>,
}

/// A message that lies in the folder, with all that belongs to it.
pub(super) struct Saved {
    pub(super) number: String,
    parts: Option<Parts>,
}

/// The folder of a message's parts, and the files that were written there.
struct Parts {
    directory: Directory,
    names: Vec<String>,
}

impl Folder {
    /// Opens a folder, which is created where it does not exist.
    pub(super) fn open(path: PathBuf) -> Result<Folder, Error> {
        let directory = Directory::create_all(&path).map_err(|error| local(&error, &path))?;
        Ok(Folder { directory: Rc::new(directory), last: None })
    }

    pub(super) fn path(&self) -> &Path {
        &self.directory.path
    }

    /// The file of the next message while it comes in.
    pub(super) fn begin(&mut self, watch: &Watch<'_>) -> Result<Draft, Error> {
        // The folder is read when the first message is saved, not before: it may have some hundred thousand names.
        if self.last.is_none() {
            self.last = Some(self.survey(watch)?);
        }
        Draft::new(&self.directory).map_err(|error| local(&error, &self.directory.path))
    }

    /// The largest number so far. What a crash left behind is removed: it is fetched again.
    fn survey(&self, watch: &Watch<'_>) -> Result<u64, Error> {
        let (mut last, mut seen, mut stopped) = (0, 0_u32, None);
        let read = self.directory.names(|name| {
            seen += 1;
            if seen.is_multiple_of(1000) {
                stopped = watch.check().err();
                if stopped.is_some() {
                    return Err(ErrorKind::Interrupted.into());
                }
            }
            if draft::is_draft(name) {
                draft::clear(&self.directory, name);
            } else if let Some(number) = number(name) {
                last = last.max(number);
            }
            Ok(())
        });
        match (stopped, read) {
            (Some(error), _) => Err(error),
            (None, Err(error)) => Err(local(&error, &self.directory.path)),
            // Behind the last number of all it goes on with the gaps.
            (None, Ok(())) => Ok(if last + 1 >= LARGEST { 0 } else { last }),
        }
    }

    /// Saves a message with its parts and, last, its summary: where that is, the others are complete. The members of the summary learn where they lie.
    pub(super) fn save(
        &mut self,
        mut draft: Draft,
        message: &Opened,
        summary: &mut Map<String, Value>,
        watch: &Watch<'_>,
    ) -> Result<Saved, Error> {
        for _ in 0..TRIES {
            watch.check()?;
            let number = self.next(watch)?;
            let path = self.directory.path.join(format!("{number}.eml"));
            match draft.publish(&format!("{number}.eml")) {
                Ok(()) => (),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(local(&error, &path)),
            }
            let mut saved = Saved { number, parts: None };
            let complete = self.save_parts(&mut saved, message, summary, watch).and_then(|()| self.save_summary(&saved, summary));
            match complete {
                Ok(()) => return Ok(saved),
                // Another program has put a file under this name. It stays; the message gets another number.
                Err(Failure::Taken) => {
                    self.discard_parts(&saved);
                    draft.withdraw(&format!("{}.eml", saved.number)).map_err(|error| local(&error, &path))?;
                }
                Err(Failure::Failed(error)) => {
                    self.discard(&saved);
                    return Err(error);
                }
            }
        }
        Err(local(&ErrorKind::AlreadyExists.into(), &self.directory.path))
    }

    /// The next number of which nothing lies here.
    fn next(&mut self, watch: &Watch<'_>) -> Result<String, Error> {
        let last = self.last.get_or_insert(0);
        loop {
            watch.check()?;
            *last += 1;
            let number = format!("{last:04}");
            let is_taken = [format!("{number}.eml"), format!("{number}.json"), number.clone()]
                .iter()
                .try_fold(false, |is_taken, name| Ok(is_taken || self.directory.exists(name)?));
            if !is_taken.map_err(|error: io::Error| local(&error, &self.directory.path))? {
                return Ok(number);
            }
        }
    }

    fn save_parts(&self, saved: &mut Saved, message: &Opened, summary: &mut Map<String, Value>, watch: &Watch<'_>) -> Result<(), Failure> {
        let Some(parts) = summary.get_mut("parts").and_then(Value::as_array_mut).filter(|parts| !parts.is_empty()) else { return Ok(()) };
        let number = saved.number.clone();
        let directory = self.directory.create_folder(&number).map_err(|error| Failure::of(&error, &self.directory.path.join(&number)))?;
        let written = saved.parts.insert(Parts { directory, names: Vec::new() });
        let mut names = Names::default();
        for (index, part) in parts.iter_mut().enumerate() {
            watch.check()?;
            let wanted = part["file_name"].as_str().unwrap_or("unnamed");
            let (name, mut file) = names
                .create(index, wanted, |name| written.directory.create(name))
                .map_err(|error| local(&error, &written.directory.path.join(wanted)))?;
            written.names.push(name.clone());
            let mut stream = message.stream(Some(index))?;
            while let Some(block) = stream.block()? {
                watch.check()?;
                file.write_all(block).map_err(|error| local(&error, &written.directory.path.join(&name)))?;
            }
            part["file"] = Value::from(format!("{number}/{name}"));
        }
        Ok(())
    }

    /// Saves the summary beside the message, whole or not at all.
    fn save_summary(&self, saved: &Saved, summary: &mut Map<String, Value>) -> Result<(), Failure> {
        let name = format!("{}.json", saved.number);
        summary.insert("file".to_owned(), Value::from(format!("{}.eml", saved.number)));
        let json = serde_json::to_vec_pretty(summary).unwrap_or_default();
        let write = || {
            let mut draft = Draft::new(&self.directory)?;
            draft.file.write_all(&json)?;
            draft.publish(&name)
        };
        write().map_err(|error| Failure::of(&error, &self.directory.path.join(&name)))
    }

    /// Removes what was saved of a message that was not taken: it will be fetched again and must not lie here twice.
    pub(super) fn discard(&self, saved: &Saved) {
        // The summary goes first: without it the message counts as incomplete. The message goes last, because it reserves the number.
        let _ = self.directory.remove(&format!("{}.json", saved.number));
        self.discard_parts(saved);
        let _ = self.directory.remove(&format!("{}.eml", saved.number));
    }

    /// Removes the parts that were written, and their folder unless it holds other files.
    fn discard_parts(&self, saved: &Saved) {
        if let Some(parts) = &saved.parts {
            for name in &parts.names {
                let _ = parts.directory.remove(name);
            }
            let _ = self.directory.remove_folder(&saved.number);
        }
    }

    /// Brings a message, its parts and its summary to the disk, so that they survive a power cut.
    pub(super) fn sync(&self, saved: &Saved, watch: &Watch<'_>) -> Result<(), Error> {
        if let Some(parts) = &saved.parts {
            for name in &parts.names {
                watch.check()?;
                parts.directory.sync_file(name).map_err(|error| local(&error, &parts.directory.path.join(name)))?;
            }
            parts.directory.sync().map_err(|error| local(&error, &parts.directory.path))?;
        }
        let names = ["eml", "json"].map(|extension| format!("{}.{extension}", saved.number));
        let sync = || names.iter().try_for_each(|name| self.directory.sync_file(name)).and_then(|()| self.directory.sync());
        sync().map_err(|error: io::Error| local(&error, &self.directory.path.join(&names[0])))
    }
}

/// Why a message does not lie whole under its number.
enum Failure {
    /// Something else lies there.
    Taken,
    Failed(Error),
}

impl Failure {
    fn of(error: &io::Error, path: &Path) -> Failure {
        if error.kind() == ErrorKind::AlreadyExists { Failure::Taken } else { Failure::Failed(local(error, path)) }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Failed(error)
    }
}

/// The number in a name as this folder gives them; `None` for other names.
fn number(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".eml").or_else(|| name.strip_suffix(".json")).unwrap_or(name);
    let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()?;
    (number < LARGEST && format!("{number:04}") == digits).then_some(number)
}
