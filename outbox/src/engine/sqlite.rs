//! SQLite: a store in a file, for the programs of one machine.

use super::connection::{Dialect, Engine, LOCK_PATIENCE};
use super::fault::Fault;
use super::value::{Row, Value};
use postkontor_core::{Error, Status, Watch, access, whole_file};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ToSql};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How many statements stay prepared.
const STATEMENTS: usize = 64;

/// Rows between two questions whether to go on.
const ROWS: usize = 256;

/// A connection to a file.
pub(crate) struct Sqlite {
    connection: Connection,
    path: PathBuf,
}

impl Sqlite {
    /// Opens the file, which is made where there is none: readable by its owner only.
    pub(crate) fn open(path: &Path, watch: &Watch<'_>) -> Result<Sqlite, Error> {
        let unreachable = |error: io::Error| Fault::of_file(&error).error(&path.to_string_lossy(), error);
        if !path.exists() {
            create(path).map_err(unreachable)?;
        }
        let connection = Connection::open(path).map_err(|error| classified(&error, path))?;
        let mut store = Sqlite { connection, path: path.to_owned() };
        store.set_up(watch)?;
        Ok(store)
    }

    /// A commit is one write into the log beside the file, and its sync; readers do not wait for writers.
    fn set_up(&mut self, watch: &Watch<'_>) -> Result<(), Error> {
        // Waiting is ours: it asks the program whether to go on.
        self.patiently(watch, |connection| connection.busy_timeout(Duration::ZERO))?;
        self.connection.set_prepared_statement_cache_capacity(STATEMENTS);
        let mode = self.patiently(watch, |connection| {
            connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0)).or_else(|error| match code(&error) {
                // A file that cannot be written can still be read.
                Some(ErrorCode::ReadOnly) => Ok(String::new()),
                _ => Err(error),
            })
        })?;
        // Without that log a folder has to be synced, too.
        let synchronous = if mode == "wal" { "FULL" } else { "EXTRA" };
        let pragmas = format!(
            "PRAGMA synchronous = {synchronous}; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -8000; PRAGMA journal_size_limit = 67108864"
        );
        self.patiently(watch, |connection| connection.execute_batch(&pragmas))
    }

    /// Does what may meet a lock of another program, again and again until it is gone.
    fn patiently<T>(&mut self, watch: &Watch<'_>, mut attempt: impl FnMut(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        let (started, mut pause) = (Instant::now(), Duration::from_millis(1));
        loop {
            let error = match attempt(&self.connection) {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let is_locked = matches!(code(&error), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked));
            if !is_locked || started.elapsed() > LOCK_PATIENCE {
                return Err(self.classified(&error));
            }
            watch.check().map_err(|stopped| locked(stopped, &error, &self.path))?;
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }

    fn classified(&self, error: &rusqlite::Error) -> Error {
        classified(error, &self.path)
    }
}

impl Engine for Sqlite {
    fn begin(&mut self, watch: &Watch<'_>) -> Result<(), Error> {
        watch.check()?;
        self.patiently(watch, |connection| connection.execute_batch("BEGIN IMMEDIATE"))
    }

    fn commit(&mut self, _watch: &Watch<'_>) -> Result<(), Error> {
        self.connection.execute_batch("COMMIT").map_err(|error| {
            self.rollback();
            // After a sync that failed, nothing says whether the commit is on the disk.
            let is_open = code(&error) == Some(ErrorCode::SystemIoFailure);
            if is_open { Fault::CommitUnknown.error(&self.path.to_string_lossy(), &error) } else { self.classified(&error) }
        })
    }

    fn rollback(&mut self) {
        // A full disk may have ended it already.
        if !self.connection.is_autocommit() {
            // What cannot be rolled back now is rolled back by the next to open the file.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }

    fn run(&mut self, sql: &str, values: &[Value], watch: &Watch<'_>) -> Result<u64, Error> {
        let run = |connection: &Connection| {
            let mut statement = connection.prepare_cached(sql)?;
            statement.execute(rusqlite::params_from_iter(values))
        };
        self.patiently(watch, run).map(|count| count as u64)
    }

    fn rows(&mut self, sql: &str, values: &[Value], watch: &Watch<'_>) -> Result<Vec<Row>, Error> {
        let mut stopped = Ok(());
        let found = self.patiently(watch, |connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let columns = statement.column_count();
            let (mut rows, mut found) = (statement.query(rusqlite::params_from_iter(values))?, Vec::new());
            while let Some(row) = rows.next()? {
                found.push(Row((0..columns).map(|column| row.get_ref(column).map(Value::from)).collect::<Result<_, _>>()?));
                if found.len() % ROWS == 0 {
                    stopped = watch.check();
                    if stopped.is_err() {
                        break;
                    }
                }
            }
            Ok(found)
        })?;
        stopped.map(|()| found)
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    /// All who share the file are on one machine.
    fn now(&mut self, _watch: &Watch<'_>) -> Result<i64, Error> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn has_table(&mut self, name: &str, watch: &Watch<'_>) -> Result<bool, Error> {
        let found = self.rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1", &[name.into()], watch)?;
        Ok(!found.is_empty())
    }
}

/// Makes an empty file, which SQLite takes for an empty database. Its name has to survive a crash, or what was put into it would not.
fn create(path: &Path) -> io::Result<()> {
    match whole_file::private().create_new(true).open(path) {
        Ok(file) => access::keep_from_others(&file)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => (),
        Err(error) => return Err(error),
    }
    whole_file::sync_folder(path)
}

fn code(error: &rusqlite::Error) -> Option<ErrorCode> {
    error.sqlite_error_code()
}

/// The error of a wait for a lock that the caller or its deadline has ended.
fn locked(stopped: Error, error: &rusqlite::Error, path: &Path) -> Error {
    let waited = format!("waited for a lock of {}: {error}", path.display());
    if stopped.status == Status::Timeout { Fault::Locked.error(&path.to_string_lossy(), waited) } else { stopped.detail(waited) }
}

fn classified(error: &rusqlite::Error, path: &Path) -> Error {
    // The log's index could not be made as large as it has to be.
    const SQLITE_IOERR_SHMSIZE: i32 = 10 | 19 << 8;
    let is_index = error.sqlite_extended_error_code() == Some(SQLITE_IOERR_SHMSIZE);
    let fault = match code(error) {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Fault::Locked,
        Some(ErrorCode::DiskFull) => Fault::Full,
        Some(ErrorCode::SystemIoFailure) if is_index => Fault::Full,
        Some(ErrorCode::ReadOnly) => Fault::ReadOnly,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Fault::Damaged,
        // SQLite says the same of a log that it cannot make beside a file which it may not write.
        Some(ErrorCode::CannotOpen) => match File::options().append(true).open(path) {
            Err(error) => Fault::of_file(&error),
            Ok(_) => Fault::Unreachable,
        },
        Some(ErrorCode::PermissionDenied) => Fault::Forbidden,
        _ => Fault::Failed,
    };
    fault.error(&path.to_string_lossy(), error)
}

impl Fault {
    /// What is wrong with a store whose file cannot be opened or written.
    pub(crate) fn of_file(error: &io::Error) -> Fault {
        match error.kind() {
            io::ErrorKind::ReadOnlyFilesystem => Fault::ReadOnly,
            io::ErrorKind::PermissionDenied => Fault::Forbidden,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Fault::Full,
            _ => Fault::Unreachable,
        }
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl From<ValueRef<'_>> for Value {
    fn from(value: ValueRef<'_>) -> Value {
        match value {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Int(number),
            // No column holds one.
            ValueRef::Real(_) => Value::Null,
            ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
            ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
        }
    }
}
