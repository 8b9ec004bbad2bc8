//! The folder that messages are saved in: `NNNN.eml`, its parts in `NNNN/`, its summary in `NNNN.json`.

use super::local;
use super::spool::Place;
use crate::error::failed;
use crate::opened::Opened;
use postkontor_plugin::{Error, Stage, Status};
use serde_json::{Map, Value};
use std::fs::File;
use std::path::{Path, PathBuf};

pub(super) struct Folder {
    path: PathBuf,
    /// The number that was given last.
    last: u64,
}

impl Folder {
    /// Opens a folder, which is created where it does not exist. Numbering goes on after what lies there.
    pub(super) fn open(path: PathBuf) -> Result<Folder, Error> {
        std::fs::create_dir_all(&path).map_err(|error| local(&error, &path))?;
        let mut last = 0;
        for entry in std::fs::read_dir(&path).map_err(|error| local(&error, &path))? {
            let name = entry.map_err(|error| local(&error, &path))?.file_name();
            let number = name.to_str().and_then(|name| name.split('.').next()?.parse().ok());
            last = last.max(number.unwrap_or(0));
        }
        Ok(Folder { path, last })
    }

    /// The place of the next message.
    pub(super) fn next(&mut self) -> Result<Place, Error> {
        self.last = self.last.checked_add(1).ok_or_else(|| failed(Status::Local, "receive.not_saved").stage(Stage::Fetch))?;
        let number = format!("{:04}", self.last);
        let temporary = self.path.join(format!("{number}.part"));
        // Left behind by a crash: the message was never complete, and is fetched again.
        if temporary.exists() {
            std::fs::remove_file(&temporary).map_err(|error| local(&error, &temporary))?;
        }
        Ok(Place { path: self.path.join(format!("{number}.eml")), temporary, number })
    }

    /// Saves the parts of a message, and notes in the summary where each lies.
    pub(super) fn save_parts(&self, number: &str, message: &Opened, summary: &mut Map<String, Value>) -> Result<(), Error> {
        let Some(parts) = summary.get_mut("parts").and_then(Value::as_array_mut).filter(|parts| !parts.is_empty()) else { return Ok(()) };
        let folder = self.path.join(number);
        std::fs::create_dir_all(&folder).map_err(|error| local(&error, &folder))?;
        let mut names: Vec<String> = Vec::with_capacity(parts.len());
        for (index, part) in parts.iter_mut().enumerate() {
            let wanted = part["file_name"].as_str().unwrap_or("unnamed");
            let name = unused(wanted, &names);
            let path = folder.join(&name);
            std::fs::write(&path, message.part(index)?).map_err(|error| local(&error, &path))?;
            part["file"] = Value::from(format!("{number}/{name}"));
            // Systems that do not tell upper from lower case would put two of them into one file.
            names.push(name.to_lowercase());
        }
        Ok(())
    }

    /// Saves the summary beside the message.
    pub(super) fn save_summary(&self, number: &str, summary: &Map<String, Value>) -> Result<(), Error> {
        let path = self.path.join(format!("{number}.json"));
        let json = serde_json::to_vec_pretty(summary).unwrap_or_default();
        std::fs::write(&path, json).map_err(|error| local(&error, &path))
    }

    /// Sees to it that a message survives a power cut.
    pub(super) fn sync(&self, number: &str) -> Result<(), Error> {
        let path = self.path.join(format!("{number}.eml"));
        let synced = File::open(&path).and_then(|file| file.sync_all()).and_then(|()| sync_names(&self.path));
        synced.map_err(|error| local(&error, &path))
    }
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

/// The name itself, or the first of `name (2).pdf`, `name (3).pdf` … that is free.
fn unused(wanted: &str, taken: &[String]) -> String {
    let is_free = |name: &str| !taken.contains(&name.to_lowercase());
    let (stem, extension) = match wanted.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
        _ => (wanted, String::new()),
    };
    let numbered = (2..).map(|number| format!("{stem} ({number}){extension}"));
    std::iter::once(wanted.to_owned()).chain(numbered).find(|name| is_free(name)).unwrap_or_else(|| wanted.to_owned())
}
