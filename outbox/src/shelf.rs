//! The folder with the large mails, beside a store that is a file: each is a file of its own, on the disk before the row that names it.

use crate::engine::{Engine, Value};
use crate::place::Place;
use postkontor_core::{Error, Retry, Status, Watch, access, whole_file};
use std::fs::{DirBuilder, DirEntry, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How old a file is whose row will not come any more.
const YOUNG: Duration = Duration::from_secs(24 * 3600);

/// How many files are looked at when an outbox is opened.
const MOST: usize = 1000;

/// How much is written at once.
const STEP: usize = 64 << 10;

/// Writes what `read` gives into a new file of the folder, and returns its name. All of it is on the disk then, name and all; half a file does not stay.
pub(crate) fn write(folder: &Path, store: &str, read: impl FnMut(&mut [u8]) -> Result<usize, Error>) -> Result<String, Error> {
    let name = unique();
    let path = folder.join(&name);
    let made = make(folder).and_then(|()| whole_file::private().create_new(true).open(&path));
    let file = made.and_then(|file| access::keep_from_others(&file).map(|()| file)).map_err(|error| failed(&error, store))?;
    let written = copy(file, store, read).and_then(|()| whole_file::sync_folder(&path).map_err(|error| failed(&error, store)));
    if let Err(error) = written {
        // One that cannot be removed is found by the sweep.
        let _ = std::fs::remove_file(&path);
        return Err(error);
    }
    Ok(name)
}

fn copy(mut file: File, store: &str, mut read: impl FnMut(&mut [u8]) -> Result<usize, Error>) -> Result<(), Error> {
    let failed = |error: io::Error| failed(&error, store);
    let mut data = vec![0; STEP];
    loop {
        match read(&mut data)? {
            0 => break,
            count => file.write_all(&data[..count]).map_err(failed)?,
        }
    }
    file.sync_all().map_err(failed)
}

/// Makes the folder, for its owner alone, where it is not there.
fn make(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => whole_file::sync_folder(folder),
    }
}

/// Opens a file of the folder beside the store.
pub(crate) fn open(place: &Place, name: &str) -> Result<File, Error> {
    let folder = place.folder().unwrap_or_default();
    File::open(folder.join(name)).map_err(|error| failed(&error, &place.name()))
}

/// Removes a file of it. One that stays is found by the sweep.
pub(crate) fn remove(place: &Place, name: &str) {
    if let Some(folder) = place.folder() {
        let _ = std::fs::remove_file(folder.join(name));
    }
}

/// Removes files that no row names: of a program that ended before it could write the row, or remove the file. Young ones may still get theirs.
pub(crate) fn sweep(place: &Place, engine: &mut dyn Engine, watch: &Watch<'_>) -> Result<(), Error> {
    let Some(folder) = place.folder() else { return Ok(()) };
    // Without a folder there is nothing to sweep.
    let Ok(files) = std::fs::read_dir(folder) else { return Ok(()) };
    let is_old =
        |file: &DirEntry| file.metadata().and_then(|found| found.modified()).is_ok_and(|time| time.elapsed().is_ok_and(|age| age > YOUNG));
    for file in files.flatten().take(MOST).filter(is_old) {
        let Ok(name) = file.file_name().into_string() else { continue };
        let named = "SELECT 1 FROM postkontor_outbox_entries WHERE content = $1 AND content <> '' AND content <> 'blocks'";
        if engine.rows(named, &[Value::Text(format!("file:{name}"))], watch)?.is_empty() {
            remove(place, &name);
        }
    }
    Ok(())
}

/// A name that no other file has had: the time, the process, and a number.
fn unique() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!("{time:x}-{:x}-{:x}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed))
}

/// The error of a file beside the store.
pub(crate) fn failed(error: &io::Error, store: &str) -> Error {
    let code = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "outbox.store_full",
        io::ErrorKind::ReadOnlyFilesystem => "outbox.store_read_only",
        io::ErrorKind::PermissionDenied => "outbox.store_forbidden",
        _ => "outbox.store_failed",
    };
    Error::new(Status::Local, code).usable().retry(Retry::Later).arg("store", store).cause(error)
}
