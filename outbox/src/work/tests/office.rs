//! A store in a folder, and a host with the fake transport.

use super::fake::{Fake, fake};
use crate::content;
use crate::engine::{Engine, transaction};
use crate::place::Place;
use crate::queue;
use crate::recipient::Recipient;
use crate::work::lane::Lane;
use crate::work::pause::Pauses;
use crate::work::request::WorkRequest;
use crate::work::settle::Tally;
use crate::work::worker::{Rules, Worker};
use postkontor_core::{Account, Cancel, Config, Host, Watch};
use postkontor_tests::postgresql::Postgresql;
use serde_json::json;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

/// A mail that is put.
pub(super) struct Put<'a> {
    pub(super) to: &'a str,
    pub(super) queue: &'a str,
    pub(super) priority: i64,
    pub(super) due_in: i64,
    /// So many lines of text.
    pub(super) lines: usize,
}

impl Put<'_> {
    pub(super) fn to(to: &str) -> Put<'_> {
        Put { to, queue: "", priority: 5, due_in: 0, lines: 1 }
    }
}

pub(super) struct Office {
    folder: PathBuf,
    host: Arc<Host>,
    settings: String,
    place: Place,
    engine: Box<dyn Engine>,
    account: Account,
    pub(super) fake: Fake,
    pub(super) rules: Rules,
    lanes: AtomicU64,
    _server: Option<Arc<Server>>,
}

/// A server for all tests that run, which ends with the last of them.
struct Server {
    postgresql: Postgresql,
    folder: PathBuf,
}

impl Server {
    fn shared() -> Option<Arc<Server>> {
        static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
        if !Postgresql::is_installed() {
            postkontor_tests::skip::because("PostgreSQL is not installed");
            return None;
        }
        let mut shared = SHARED.lock().unwrap();
        if let Some(server) = shared.upgrade() {
            return Some(server);
        }
        let folder = std::env::temp_dir().join(format!("postkontor-work-server-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let server = Arc::new(Server { postgresql: Postgresql::start(&folder).unwrap(), folder });
        *shared = Arc::downgrade(&server);
        Some(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.postgresql.stop_immediately(&self.postgresql.data());
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn with_watch<T>(work: impl FnOnce(&Watch<'_>) -> T) -> T {
    let cancel = Cancel::default();
    work(&Watch::new(&(), &cancel, Duration::from_secs(60)))
}

impl Office {
    /// One with a store in a file, and one with a store in PostgreSQL where that is installed.
    pub(super) fn each(name: &str) -> Vec<Office> {
        let mut offices = vec![Office::open(name, None)];
        offices.extend(Server::shared().map(|server| Office::open(&format!("{}_server", name.replace('-', "_")), Some(server))));
        offices
    }

    fn open(name: &str, server: Option<Arc<Server>>) -> Office {
        let folder = std::env::temp_dir().join(format!("postkontor-work-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let host = Host::open_with(&Config::default(), Box::new(()), &[fake()]).unwrap();
        let settings =
            json!({"accounts": {"main": {"transport": "fake", "name": name}}, "sender": {"address": "office@example.com"}}).to_string();
        let account = Account::open(&host, &settings, None).unwrap();
        let place = match &server {
            Some(server) => Place::parse(&server.postgresql.database(name).unwrap()).unwrap(),
            None => Place::Sqlite(folder.join("outbox.db")),
        };
        let engine = with_watch(|watch| place.open(watch)).unwrap();
        let pauses = Pauses { first: 60_000, factor: 2.0, most: 3_600_000 };
        let rules = Rules { pauses, sends_again: false, keep: 30 * 86_400_000, limits: HashMap::new() };
        Office { folder, host, settings, place, engine, account, fake: Fake::named(name), rules, lanes: AtomicU64::new(0), _server: server }
    }

    pub(super) fn put_all(&mut self, count: usize) {
        let mails: Vec<String> = (0..count).map(|number| format!("{number}@example.com")).collect();
        with_watch(|watch| self.engine.begin(watch)).unwrap();
        mails.iter().for_each(|to| self.put_within(&Put::to(to)));
        with_watch(|watch| self.engine.commit(watch)).unwrap();
    }

    pub(super) fn put(&mut self, put: Put<'_>) {
        with_watch(|watch| self.engine.begin(watch)).unwrap();
        self.put_within(&put);
        with_watch(|watch| self.engine.commit(watch)).unwrap();
    }

    fn put_within(&mut self, put: &Put<'_>) {
        let to: Vec<&str> = put.to.split(", ").collect();
        let document = json!({"to": to, "subject": "Invoice", "text": "Please find it attached.\n".repeat(put.lines)}).to_string();
        let mut mail = self.account.compose_document(&document, &[], &Cancel::default()).unwrap();
        let recipients: Vec<Recipient> = mail.everyone().iter().map(|found| Recipient::new(found.address.as_str())).collect();
        let (stored, engine) = (mail.stored(), self.engine.as_mut());
        with_watch(|watch| {
            let now = engine.now(watch).unwrap();
            let is_ready = queue::is_free(engine, put.queue, watch).unwrap();
            let insert = "INSERT INTO postkontor_outbox_entries (account, queue, ready, priority, state, message_id, size, stored, recipients, \
                content, created, updated, due, give_up) VALUES ('main', $1, $2, $3, 'queued', $4, $5, $6, $7, 'blocks', $8, $8, $9, $10) \
                RETURNING id";
            let values = [
                put.queue.into(),
                i64::from(is_ready).into(),
                put.priority.into(),
                stored.message_id.as_str().into(),
                (stored.size as i64).into(),
                serde_json::to_string(&stored).unwrap().into(),
                serde_json::to_string(&recipients).unwrap().into(),
                now.into(),
                (now + put.due_in).into(),
                (now + 172_800_000).into(),
            ];
            let id = engine.rows(insert, &values, watch).unwrap()[0].int(0).unwrap();
            content::write(engine, id, &mut mail, watch).unwrap();
        });
    }

    /// One lane, until nothing is due.
    pub(super) fn work(&mut self) -> Tally {
        self.several(1, &WorkRequest::default(), &Cancel::default())
    }

    /// So many lanes at the same time, and what they did together.
    pub(super) fn several(&mut self, lanes: usize, request: &WorkRequest, cancel: &Cancel) -> Tally {
        let office = &*self;
        let (host, settings, place, rules, count) = (&office.host, &office.settings, &office.place, &office.rules, &office.lanes);
        std::thread::scope(|scope| {
            let lane = || {
                let mut engine = with_watch(|watch| place.open(watch)).unwrap();
                let rules = Rules { pauses: rules.pauses, sends_again: rules.sends_again, keep: rules.keep, limits: rules.limits.clone() };
                let worker = Worker { host, settings, place, engine: engine.as_mut(), rules };
                let name = format!("lane{}", count.fetch_add(1, Ordering::SeqCst));
                Lane::new(worker, name, vec!["main".to_owned()], request.clone(), cancel).unwrap().run(cancel).unwrap()
            };
            let running: Vec<_> = (0..lanes).map(|_| scope.spawn(lane)).collect();
            let mut all = Tally::default();
            running.into_iter().for_each(|lane| all.add(lane.join().unwrap()));
            all
        })
    }

    /// What runs a statement by a connection of its own.
    pub(super) fn later(&self, statement: &'static str) -> impl Fn() + Send + 'static {
        let place = self.place.clone();
        move || {
            let mut engine = with_watch(|watch| place.open(watch)).unwrap();
            with_watch(|watch| transaction(engine.as_mut(), watch, |engine| engine.run(statement, &[], watch))).unwrap();
        }
    }

    pub(super) fn sql(&mut self, statement: &str) {
        let engine = self.engine.as_mut();
        with_watch(|watch| transaction(engine, watch, |engine| engine.run(statement, &[], watch))).unwrap();
    }

    fn number(&mut self, query: &str) -> i64 {
        with_watch(|watch| self.engine.rows(query, &[], watch)).unwrap().first().map_or(0, |row| row.int(0).unwrap())
    }

    /// How many entries are like that.
    pub(super) fn count(&mut self, condition: &str) -> i64 {
        self.number(&format!("SELECT COUNT(*) FROM postkontor_outbox_entries WHERE {condition}"))
    }

    pub(super) fn size(&mut self) -> i64 {
        self.number("SELECT MAX(size) FROM postkontor_outbox_entries")
    }

    pub(super) fn blocks(&mut self) -> i64 {
        self.number("SELECT COUNT(*) FROM postkontor_outbox_blocks")
    }

    pub(super) fn pauses(&mut self) -> i64 {
        self.number("SELECT pauses FROM postkontor_outbox_accounts")
    }

    pub(super) fn lanes(&mut self) -> i64 {
        self.number("SELECT COUNT(*) FROM postkontor_outbox_lanes")
    }

    /// What stands in a column, where something does.
    pub(super) fn texts(&mut self, column: &str) -> Vec<String> {
        let query = format!("SELECT {column} FROM postkontor_outbox_entries WHERE {column} IS NOT NULL ORDER BY id");
        let rows = with_watch(|watch| self.engine.rows(&query, &[], watch)).unwrap();
        rows.iter().map(|row| row.text(0).unwrap().to_owned()).collect()
    }
}
