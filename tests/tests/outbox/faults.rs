//! Stores that fail: each says what is wrong, and what was acknowledged is there when it works again.

use crate::rig::{Store, count, entries, host, mail, patience, put, soon, sqlite, stores};
use postkontor_core::{Cancel, Error, Retry, Status};
use postkontor_outbox::Outbox;
use postkontor_tests::engine;
use postkontor_tests::folder::Folder;
use postkontor_tests::guard::until;
use postkontor_tests::postgresql::{PASSWORD, Postgresql, USER};
use postkontor_tests::skip;
use postkontor_tests::small_disk::SmallDisk;
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A program that holds a lock until its input ends.
struct Stranger(Child);

impl Stranger {
    fn locks(store: &Store) -> Stranger {
        const FILE: &str = "import sqlite3,sys
store = sqlite3.connect(sys.argv[1]); store.isolation_level = None
store.execute('BEGIN EXCLUSIVE'); print('locked', flush=True); sys.stdin.read()";
        let mut command = match &store.database {
            None => {
                let mut python = Command::new("python3");
                python.args(["-c", FILE]).arg(store.file());
                python
            }
            Some(database) => {
                let mut psql = Command::new("psql");
                let port = Postgresql::shared().unwrap().port.to_string();
                psql.args(["-X", "-q", "-A", "-t", "-h", "127.0.0.1", "-U", USER, "-p", &port, "-d", database]).env("PGPASSWORD", PASSWORD);
                psql
            }
        };
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        if store.database.is_some() {
            use std::io::Write as _;
            let lock = "BEGIN; LOCK TABLE postkontor_outbox_entries; SELECT 'locked';\n";
            child.stdin.as_mut().unwrap().write_all(lock.as_bytes()).unwrap();
        }
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "locked");
        Stranger(child)
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

#[test]
fn a_table_that_a_stranger_locks_is_waited_for_and_then_said_to_be_locked() {
    for store in stores() {
        let mut outbox = store.open().unwrap();
        put(&mut outbox, &mail("a@example.com")).unwrap();
        let stranger = Stranger::locks(&store);
        let started = Instant::now();
        let error = outbox.put(&mail("b@example.com").to_string(), &[], &soon(700)).unwrap_err();
        assert!(matches!(error.status, Status::Later | Status::Timeout) && error.retry == Retry::Later, "{error:?}");
        assert!(started.elapsed() < Duration::from_secs(5));
        let cancel = Cancel::default();
        std::thread::scope(|scope| {
            let canceller = cancel.clone();
            scope.spawn(move || {
                std::thread::sleep(Duration::from_millis(300));
                canceller.fire();
            });
            let error = outbox.put(&mail("c@example.com").to_string(), &[], &cancel).unwrap_err();
            assert_eq!(error.status, Status::Cancelled);
        });
        // With time enough it says who is to blame.
        let error = put(&mut outbox, &mail("d@example.com")).unwrap_err();
        assert_eq!((error.status, error.code.as_str(), error.retry), (Status::Later, "outbox.store_locked", Retry::Later));
        drop(stranger);
        put(&mut outbox, &mail("e@example.com")).unwrap();
        let found = entries(&mut outbox, &json!({"order": "oldest"}));
        let to: Vec<&str> = found.iter().map(|entry| entry.recipients[0].address.as_str()).collect();
        assert_eq!(to, ["a@example.com", "e@example.com"]);
    }
}

#[test]
fn a_lock_that_ends_in_time_is_not_noticed() {
    for store in stores() {
        let mut outbox = store.open().unwrap();
        let stranger = Stranger::locks(&store);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                std::thread::sleep(Duration::from_millis(500));
                drop(stranger);
            });
            put(&mut outbox, &mail("a@example.com")).unwrap();
        });
        assert_eq!(count(&mut outbox), 1);
    }
}

/// Puts mails of some size with keys until the store fails; the keys that were acknowledged.
fn fill(outbox: &mut Outbox, size: usize) -> (Vec<String>, Error) {
    let text = "x".repeat(size);
    let mut keys = Vec::new();
    loop {
        let key = format!("k{}", keys.len());
        match outbox.put(&json!({"message": {"to": "a@example.com", "text": text}, "key": key}).to_string(), &[], &patience()) {
            Ok(_) => keys.push(key),
            Err(error) => return (keys, error),
        }
        assert!(keys.len() < 100_000, "the disk does not become full");
    }
}

fn each_is_there(outbox: &mut Outbox, keys: &[String]) {
    assert!(!keys.is_empty());
    for key in keys {
        assert_eq!(entries(outbox, &json!({"key": key})).len(), 1, "{key} was acknowledged");
    }
}

#[test]
fn a_full_disk_is_said_and_nothing_that_was_acknowledged_is_lost() {
    let folder = Folder::new().unwrap();
    // Mails in rows, and in files beside.
    for size in [100_000, 600_000] {
        let place = folder.path().join(size.to_string());
        std::fs::create_dir(&place).unwrap();
        let Some(disk) = SmallDisk::mount(&place, "8m") else { return };
        let store = Store { url: format!("sqlite:{}", place.join("outbox.db").display()), folder: Folder::new().unwrap(), database: None };
        let mut outbox = store.open().unwrap();
        let (keys, error) = fill(&mut outbox, size);
        assert_eq!((error.status, error.code.as_str(), error.retry), (Status::Local, "outbox.store_full", Retry::Later), "{error:?}");
        each_is_there(&mut outbox, &keys);
        drop(outbox);
        let mut outbox = store.open().unwrap();
        each_is_there(&mut outbox, &keys);
        assert_eq!(count(&mut outbox), keys.len() as u64);
        disk.remount("size=32m").unwrap();
        put(&mut outbox, &mail("b@example.com")).unwrap();
        let files = std::fs::read_dir(place.join("outbox.db-content")).map_or(0, Iterator::count);
        assert_eq!(files, if size > 300_000 { keys.len() } else { 0 }, "half a file does not stay");
    }
}

#[test]
fn a_full_disk_of_a_server_is_said_and_nothing_that_was_acknowledged_is_lost() {
    if !Postgresql::is_installed() {
        return skip::because("PostgreSQL is not installed");
    }
    let folder = Folder::new().unwrap();
    let space = folder.path().join("space");
    std::fs::create_dir(&space).unwrap();
    let Some(disk) = SmallDisk::mount(&space, "24m") else { return };
    let server = Postgresql::shared().unwrap();
    postkontor_tests::guard::hand_over(&space).unwrap();
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let said = server.psql("postgres", &format!("CREATE TABLESPACE small LOCATION '{}'", space.display())).unwrap();
    assert!(!said.contains("ERROR"), "{said}");
    let url = server.database("small TABLESPACE small").unwrap().replace(" TABLESPACE small", "");
    let store = Store { url, folder, database: Some("small".to_owned()) };
    let mut outbox = store.open().unwrap();
    let (keys, error) = fill(&mut outbox, 100_000);
    assert_eq!((error.status, error.code.as_str(), error.retry), (Status::Local, "outbox.store_full", Retry::Later), "{error:?}");
    each_is_there(&mut outbox, &keys);
    disk.remount("size=64m").unwrap();
    put(&mut outbox, &mail("b@example.com")).unwrap();
    each_is_there(&mut outbox, &keys);
    assert_eq!(count(&mut outbox), keys.len() as u64 + 1);
    drop(outbox);
    let said = server.psql("postgres", "DROP DATABASE small").unwrap() + &server.psql("postgres", "DROP TABLESPACE small").unwrap();
    assert!(!said.contains("ERROR"), "{said}");
}

#[test]
fn a_store_that_cannot_be_written_says_so() {
    for store in stores() {
        let Some(database) = &store.database else { continue };
        let mut outbox = store.open().unwrap();
        put(&mut outbox, &mail("a@example.com")).unwrap();
        store.sql(&format!("ALTER DATABASE {database} SET default_transaction_read_only = on"));
        let mut outbox = store.open().unwrap();
        let error = put(&mut outbox, &mail("b@example.com")).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Local, "outbox.store_read_only"));
        assert_eq!(count(&mut outbox), 1, "it can still be read");
    }
    let folder = Folder::new().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path(), "8m") else { return };
    let store =
        Store { url: format!("sqlite:{}", folder.path().join("outbox.db").display()), folder: Folder::new().unwrap(), database: None };
    put(&mut store.open().unwrap(), &mail("a@example.com")).unwrap();
    disk.remount("ro").unwrap();
    let error = store.open().and_then(|mut outbox| put(&mut outbox, &mail("b@example.com"))).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Local, "outbox.store_read_only"), "{error:?}");
}

#[test]
fn a_file_that_is_damaged_says_so_and_breaks_nothing() {
    let (mut at_once, mut later) = (0, 0);
    for place in [0, 100, 4096, 8192, 3 * 4096, 8 * 4096] {
        let store = sqlite();
        let mut outbox = store.open().unwrap();
        put(&mut outbox, &json!((0..50).map(|_| mail("a@example.com")).collect::<Vec<_>>())).unwrap();
        drop(outbox);
        let mut bytes = std::fs::read(store.file()).unwrap();
        bytes[place..place + 4000].fill(0xA5);
        std::fs::write(store.file(), &bytes).unwrap();
        match store.open() {
            Err(error) => {
                assert_eq!((error.status, error.code.as_str()), (Status::Local, "outbox.store_damaged"), "{error:?}");
                at_once += 1;
            }
            Ok(mut outbox) => {
                let put = put(&mut outbox, &mail("b@example.com")).map(drop);
                let asked = outbox.query(r#"{"limit": 1000}"#, &patience()).map(drop);
                for error in [put, asked].into_iter().filter_map(Result::err) {
                    assert_eq!(error.code, "outbox.store_damaged", "{error:?}");
                    later += 1;
                }
            }
        }
    }
    assert!(at_once >= 1 && at_once + later >= 3, "{at_once} {later}");
    let store = sqlite();
    std::fs::write(store.file(), "This is a letter and no database. ".repeat(100)).unwrap();
    assert_eq!(store.open().err().map(|error| error.code.clone()), Some("outbox.store_damaged".to_owned()));
}

/// A server of its own, which is to die.
fn mortal() -> Option<(Folder, Postgresql)> {
    if !Postgresql::is_installed() {
        skip::because("PostgreSQL is not installed");
        return None;
    }
    let folder = Folder::new().unwrap();
    let server = Postgresql::start(folder.path()).unwrap();
    Some((folder, server))
}

fn open(url: &str) -> Result<Outbox, Error> {
    let mut settings = engine::smtp(9, json!({"mode": "none"}), json!({"method": "none"}));
    settings["outbox"] = json!({"store": url});
    Outbox::open(&host(), &settings.to_string(), &patience())
}

#[test]
fn a_table_of_a_server_that_is_damaged_says_so() {
    let Some((_folder, mut server)) = mortal() else { return };
    let url = server.database("damaged").unwrap();
    put(&mut open(&url).unwrap(), &mail("a@example.com")).unwrap();
    let path = server.psql("damaged", "CHECKPOINT; SELECT pg_relation_filepath('postkontor_outbox_entries')").unwrap();
    let data = server.data();
    server.stop_immediately(&data).unwrap();
    let file = data.join(path.lines().last().unwrap().trim());
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[..8192].fill(0xA5);
    std::fs::write(&file, &bytes).unwrap();
    server.go_on(&data).unwrap();
    let error = open(&url).unwrap().query("", &patience()).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Local, "outbox.store_damaged"), "{error:?}");
}

/// Puts mail after mail; the keys that were acknowledged, and how many commits had an unknown end. What is not known is put again, as often as it takes.
fn put_until(outbox: &mut Outbox, round: usize, done: &Cancel, so_far: &AtomicUsize) -> (Vec<String>, usize) {
    let (mut acknowledged, mut unknown) = (Vec::new(), 0);
    while !done.is_fired() {
        let key = format!("{round}-{}", acknowledged.len());
        let mail = json!({"message": engine::mail("a@example.com"), "key": key});
        let kept = until(Duration::from_secs(60), || match put(outbox, &mail) {
            Ok(_) => Some(()),
            Err(error) => {
                unknown += usize::from(error.code == "outbox.commit_unknown");
                assert!(["outbox.commit_unknown", "outbox.store_unreachable"].contains(&error.code.as_str()), "{error:?}");
                None
            }
        });
        kept.unwrap();
        acknowledged.push(key);
        so_far.fetch_add(1, Ordering::Relaxed);
    }
    (acknowledged, unknown)
}

#[test]
fn a_server_that_is_started_anew_loses_nothing_that_was_acknowledged() {
    let Some((_folder, mut server)) = mortal() else { return };
    let (url, data) = (server.database("mortal").unwrap(), server.data());
    let mut outbox = open(&url).unwrap();
    put(&mut outbox, &mail("a@example.com")).unwrap();
    server.stop_immediately(&data).unwrap();
    let error = put(&mut outbox, &mail("b@example.com")).unwrap_err();
    assert_eq!((error.status, error.code.as_str(), error.retry), (Status::Network, "outbox.store_unreachable", Retry::Later), "{error:?}");
    assert_eq!(outbox.query("", &patience()).unwrap_err().code, "outbox.store_unreachable");
    server.go_on(&data).unwrap();
    // The same handle goes on.
    put(&mut outbox, &mail("c@example.com")).unwrap();
    assert_eq!(count(&mut outbox), 2);
    let (mut acknowledged, mut unknown) = (Vec::new(), 0);
    for round in 0..5 {
        let (done, so_far) = (Cancel::default(), AtomicUsize::new(0));
        let (keys, uncertain) = std::thread::scope(|scope| {
            let putter = scope.spawn(|| put_until(&mut outbox, round, &done, &so_far));
            // In the middle of a put, each time in another one.
            until(Duration::from_secs(60), || (so_far.load(Ordering::Relaxed) >= 10 + 7 * round).then_some(())).unwrap();
            server.stop_immediately(&data).unwrap();
            server.go_on(&data).unwrap();
            done.fire();
            putter.join().unwrap()
        });
        acknowledged.extend(keys);
        unknown += uncertain;
    }
    each_is_there(&mut outbox, &acknowledged);
    assert_eq!(count(&mut outbox), 2 + acknowledged.len() as u64, "{unknown} commits were not known, and nothing is there twice");
}

#[test]
fn a_server_with_tls_is_verified_and_one_that_is_another_is_refused() {
    let Some((_folder, server)) = mortal() else { return };
    server.database("secured").unwrap();
    let url = |host: &str, rest: &str| format!("postgresql://{USER}:{PASSWORD}@{host}:{}/secured?{rest}", server.port);
    let authority = server.authority().display().to_string();
    let verified = open(&url("localhost", &format!("sslmode=verify-full&sslrootcert={authority}"))).unwrap();
    drop(verified);
    // The certificate is for localhost, and its authority is unknown to the system.
    for refused in [url("localhost", "sslmode=require"), url("127.0.0.1", &format!("sslmode=verify-full&sslrootcert={authority}"))] {
        let error = open(&refused).err().unwrap();
        assert_eq!((error.status, error.code.as_str()), (Status::Tls, "outbox.store_tls_failed"), "{error:?}");
        assert!(!format!("{error:?}").contains(PASSWORD));
    }
    open(&url("127.0.0.1", &format!("sslmode=verify-ca&sslrootcert={authority}"))).unwrap();
    let wrong = url("127.0.0.1", "").replace(PASSWORD, "falsch");
    let error = open(&wrong).err().unwrap();
    assert_eq!((error.status, error.code.as_str()), (Status::Auth, "outbox.store_login_refused"), "{error:?}");
}
