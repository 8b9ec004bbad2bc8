//! Outboxes on a store of each kind.

use postkontor_core::{Cancel, Error, Host};
use postkontor_outbox::{Answered, Entry, Outbox, Put};
use postkontor_tests::engine;
use postkontor_tests::folder::Folder;
use postkontor_tests::postgresql::Postgresql;
use postkontor_tests::skip;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A store that no other test has.
pub(crate) struct Store {
    /// As the settings name it.
    pub(crate) url: String,
    /// Where it may put files.
    pub(crate) folder: Folder,
    /// The name of its database in PostgreSQL.
    pub(crate) database: Option<String>,
}

/// A store of each kind that this machine has.
pub(crate) fn stores() -> Vec<Store> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let mut stores = vec![sqlite()];
    if Postgresql::is_installed() {
        let name = format!("store{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let url = Postgresql::shared().unwrap().database(&name).unwrap();
        stores.push(Store { url, folder: Folder::new().unwrap(), database: Some(name) });
    } else {
        skip::because("PostgreSQL is not installed");
    }
    stores
}

/// A store in a file.
pub(crate) fn sqlite() -> Store {
    let folder = Folder::new().unwrap();
    Store { url: format!("sqlite:{}", folder.path().join("outbox.db").display()), folder, database: None }
}

impl Store {
    /// Settings with an smtp account at a port, and this store.
    pub(crate) fn settings(&self, port: u16) -> Value {
        let mut settings = engine::smtp(port, json!({"mode": "none"}), json!({"method": "none"}));
        settings["outbox"] = json!({"store": self.url});
        settings
    }

    /// Opens an outbox on it that has no server to send to.
    pub(crate) fn open(&self) -> Result<Outbox, Error> {
        Outbox::open(&host(), &self.settings(9).to_string(), &patience())
    }

    /// The file of a store that is one.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("outbox.db")
    }

    /// Runs SQL in it, as somebody who has nothing to do with the outbox.
    pub(crate) fn sql(&self, sql: &str) -> String {
        match &self.database {
            Some(database) => Postgresql::shared().unwrap().psql(database, sql).unwrap(),
            None => sqlite3(&self.file(), sql),
        }
    }
}

/// Runs SQL in a file with Python, which is on every machine that runs these tests.
fn sqlite3(file: &std::path::Path, sql: &str) -> String {
    const PROGRAM: &str = "import sqlite3,sys
with sqlite3.connect(sys.argv[1], timeout=30) as store:
    for row in store.execute(sys.argv[2]): print('|'.join(str(value) for value in row))";
    let output = std::process::Command::new("python3").args(["-c", PROGRAM]).arg(file).arg(sql).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A host with plugins, for the tests of this process.
pub(crate) fn host() -> Arc<Host> {
    engine::host("en").unwrap()
}

/// No test waits longer for a call.
pub(crate) fn patience() -> Cancel {
    Cancel::new(Some(Duration::from_secs(60)))
}

/// A call whose deadline is so near.
pub(crate) fn soon(milliseconds: u64) -> Cancel {
    Cancel::new(Some(Duration::from_millis(milliseconds)))
}

/// A mail for the outbox.
pub(crate) fn mail(to: &str) -> Value {
    json!({"message": engine::mail(to)})
}

/// Puts a mail, or several.
pub(crate) fn put(outbox: &mut Outbox, mails: &Value) -> Result<Put, Error> {
    outbox.put(&mails.to_string(), &[], &patience())
}

/// The entries that are found.
pub(crate) fn entries(outbox: &mut Outbox, request: &Value) -> Vec<Entry> {
    match outbox.query(&request.to_string(), &patience()).unwrap() {
        Answered::Entries { entries, .. } => entries,
        other => panic!("{other:?}"),
    }
}

/// How many entries there are.
pub(crate) fn count(outbox: &mut Outbox) -> u64 {
    match outbox.query(r#"{"stats": true}"#, &patience()).unwrap() {
        Answered::Stats { stats } => {
            stats.queued + stats.sending + stats.sent + stats.held + stats.failed + stats.cancelled + stats.bounced
        }
        other => panic!("{other:?}"),
    }
}
