//! Saving into a folder that others write into, too, at any moment.

use super::draft::Draft;
use super::tests::{reception, request, watch};
use super::*;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;

/// A folder that goes away with the test.
struct Place(PathBuf);

impl Place {
    fn new() -> Place {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("postkontor-saving-{}-{number}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Place(path)
    }

    fn names(&self) -> Vec<String> {
        let names = std::fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    fn reception(&self) -> Reception<'static, 'static> {
        reception(&json!({"save_to": self.0, "action": "delete"}))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let removed = std::fs::remove_dir_all(&self.0);
        // A second panic would end the whole test program, and hide the first.
        assert!(removed.is_ok() || std::thread::panicking(), "{removed:?}");
    }
}

const LETTER: &[u8] = b"Content-Disposition: attachment; filename=a.txt\r\n\r\nx";

/// Fetches a message, and does something in the middle of it.
fn fetch_while(reception: &mut Reception<'_, '_>, raw: &[u8], meanwhile: impl FnOnce()) -> Result<Option<String>, Error> {
    reception.write(CONTROL, br#"{"message":{"id":"1"}}"#)?;
    reception.write(MESSAGE, raw)?;
    meanwhile();
    reception.write(CONTROL, br#"{"end":true}"#)?;
    Ok(reception.taken.last().and_then(|taken| taken.file.clone()))
}

fn fetch(reception: &mut Reception<'_, '_>, raw: &[u8]) -> Option<String> {
    fetch_while(reception, raw, || ()).unwrap()
}

#[test]
fn nothing_stays_of_a_message_that_is_not_taken() {
    for (action, files) in [(Action::Stop, &[][..]), (Action::Keep, &["0001", "0001.eml", "0001.json"])] {
        let place = Place::new();
        let mut take = |fetched: Fetched<'_>| {
            assert!(fetched.summary.contains(r#""file":"0001.eml""#));
            action
        };
        let request = request(&json!({"save_to": place.0}));
        let mut reception = Reception::new(&request, &Receive::default(), Some(&mut take), watch(), "en").unwrap();
        assert_eq!(fetch(&mut reception, LETTER).is_some(), action == Action::Keep);
        assert_eq!(place.names(), files, "{action:?}");
    }
}

#[test]
fn a_file_of_another_program_stays_and_the_next_number_is_taken() {
    let place = Place::new();
    let mut reception = place.reception();
    assert_eq!(fetch(&mut reception, LETTER).as_deref(), Some("0001.eml"));
    for name in ["0002", "0003.eml", "0004.json"] {
        std::fs::write(place.0.join(name), "in the way").unwrap();
    }
    assert_eq!(fetch(&mut reception, LETTER).as_deref(), Some("0005.eml"));
    // One who comes afterwards goes on behind all of them.
    std::fs::create_dir(place.0.join("0010")).unwrap();
    assert_eq!(fetch(&mut place.reception(), LETTER).as_deref(), Some("0011.eml"));
    for name in ["0002", "0003.eml", "0004.json"] {
        assert_eq!(std::fs::read_to_string(place.0.join(name)).unwrap(), "in the way");
    }
}

#[test]
fn numbers_of_others_do_not_stop_the_counting() {
    let place = Place::new();
    for name in
        ["18446744073709551615", "18446744073709551615.eml", "99999999999999999999999.json", "7.eml", "00012.eml", "12.pdf", "0020.pdf"]
    {
        std::fs::write(place.0.join(name), "").unwrap();
    }
    assert_eq!(fetch(&mut place.reception(), LETTER).as_deref(), Some("0001.eml"));
    // Behind the last number the gaps are used.
    std::fs::write(place.0.join("999999999999.eml"), "").unwrap();
    assert_eq!(fetch(&mut place.reception(), LETTER).as_deref(), Some("0002.eml"));
}

#[test]
fn only_drafts_without_a_writer_are_leftovers() {
    let place = Place::new();
    let foreign = ["2024.Rechnung.xlsx.part", "4711.part", "4711.pdf.part", ".postkontor-1-1-1.part"];
    let folder = Rc::new(directory::Directory::create_all(&place.0).unwrap());
    for name in &foreign[..3] {
        std::fs::write(place.0.join(name), "of another program").unwrap();
    }
    std::fs::create_dir(place.0.join(foreign[3])).unwrap();
    let written = Draft::new(&folder).unwrap();
    // As a crash leaves it: there, and without its lock. It never had one, which a program that another test starts could hold on to.
    std::fs::write(place.0.join(".postkontor-2-2-2.part"), "").unwrap();
    // Where nothing comes, nothing is looked at.
    drop(place.reception());
    assert!(place.0.join(".postkontor-2-2-2.part").exists());
    fetch(&mut place.reception(), LETTER).unwrap();
    let drafts = || place.names().into_iter().filter(|name| name.starts_with(".postkontor-") && name != foreign[3]).count();
    assert!(!place.0.join(".postkontor-2-2-2.part").exists());
    assert_eq!(drafts(), 1);
    drop(written);
    assert_eq!(drafts(), 0);
    assert!(foreign.iter().all(|name| place.0.join(name).exists()), "{:?}", place.names());
}

/// One may complete a message at any moment, also while the other looks which numbers are free.
#[test]
fn no_number_is_given_twice() {
    let place = Place::new();
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            let sender = sender.clone();
            scope.spawn(|| {
                let sender = sender;
                let mut reception = reception(&json!({"save_to": place.0}));
                (0..100).for_each(|_| sender.send(fetch(&mut reception, LETTER).unwrap()).unwrap());
            });
        }
    });
    drop(sender);
    let mut files: Vec<String> = receiver.iter().collect();
    files.sort();
    files.dedup();
    assert_eq!((files.len(), place.names().len()), (300, 900));
}

#[cfg(unix)]
mod unix {
    use super::*;
    use crate::small_disk::SmallDisk;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;
    use std::process::Command;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn no_link_is_followed() {
        let (place, outside) = (Place::new(), Place::new());
        std::fs::write(outside.0.join("a.txt"), "precious").unwrap();
        let mut reception = place.reception();
        fetch(&mut reception, LETTER);
        let plant = |target: &str, name: &str| symlink(outside.0.join(target), place.0.join(name)).unwrap();
        let meanwhile = || {
            plant("", "0002");
            plant("missing.eml", "0003.eml");
            plant("missing.json", "0004.json");
            plant("missing", ".postkontor.lock");
            plant("missing", "0005.part");
        };
        assert_eq!(fetch_while(&mut reception, LETTER, meanwhile).unwrap().as_deref(), Some("0005.eml"));
        plant("a.txt", ".postkontor-3-3-3.part");
        assert_eq!(fetch(&mut place.reception(), LETTER).as_deref(), Some("0006.eml"));
        assert_eq!(outside.names(), ["a.txt"]);
        assert_eq!(std::fs::read_to_string(outside.0.join("a.txt")).unwrap(), "precious");
        assert_eq!(std::fs::read_to_string(place.0.join("0005/a.txt")).unwrap(), "x");
    }

    #[test]
    fn what_is_saved_is_for_its_user_only() {
        let place = Place::new();
        let inbox = place.0.join("new/in");
        let mut reception = reception(&json!({"save_to": inbox, "action": "delete"}));
        fetch(&mut reception, LETTER);
        for folder in ["new", "new/in", "new/in/0001"] {
            assert_eq!(mode(&place.0.join(folder)), 0o700, "{folder}");
        }
        for file in ["0001.eml", "0001.json", "0001/a.txt"] {
            assert_eq!(mode(&inbox.join(file)), 0o600, "{file}");
        }
    }

    /// Deleted on the server, a message must survive a power cut here: its files, their names, and the names of the folders made for it. The test before
    /// runs once more, traced.
    #[cfg(target_os = "linux")]
    #[test]
    fn what_the_server_is_to_delete_is_on_the_disk_with_the_names_of_its_folders() {
        let place = Place::new();
        let trace = place.0.join("trace");
        let mut traced = Command::new("strace");
        traced.args(["-f", "-qq", "-y", "-e", "trace=fsync", "-o"]).arg(&trace).arg(std::env::current_exe().unwrap());
        traced.args(["--exact", "receive::saving::unix::what_is_saved_is_for_its_user_only"]);
        let Ok(output) = traced.output() else {
            println!("skipped: there is no strace here");
            return;
        };
        if String::from_utf8_lossy(&output.stderr).contains("ptrace") {
            println!("skipped: no process may be traced here");
            return;
        }
        assert!(output.status.success(), "{output:?}");
        let trace = std::fs::read_to_string(trace).unwrap();
        // The folder of that test is the one above all others.
        let synced: Vec<&str> = trace.lines().filter_map(|line| line.split_once('<')?.1.split_once('>')).map(|(path, _)| path).collect();
        let above = synced.iter().min_by_key(|path| path.len()).unwrap_or_else(|| panic!("{trace}"));
        for path in ["", "/new", "/new/in", "/new/in/0001", "/new/in/0001/a.txt", "/new/in/0001.eml", "/new/in/0001.json"] {
            assert!(synced.contains(&format!("{above}{path}").as_str()), "{path} of {synced:?}");
        }
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let place = Place::new();
        for name in [".postkontor.lock", ".postkontor-1-1-1.part", "0001.part"] {
            assert!(Command::new("mkfifo").arg(place.0.join(name)).status().unwrap().success());
        }
        let (sender, receiver) = mpsc::channel();
        let path = place.0.clone();
        std::thread::spawn(move || {
            let mut reception = reception(&json!({"save_to": path, "action": "delete"}));
            sender.send(fetch(&mut reception, LETTER)).unwrap();
        });
        assert_eq!(receiver.recv_timeout(Duration::from_secs(60)).unwrap().as_deref(), Some("0001.eml"));
    }

    #[test]
    fn of_a_message_that_fills_the_disk_nothing_stays() {
        let place = Place::new();
        let Some(disk) = SmallDisk::mount(&place.0, "1m") else { return };
        let mut large = LETTER.to_vec();
        let mut found = Vec::new();
        // Too large for the message itself, for its part, and for nothing.
        for size in [3_000_000, 600_000, 1000] {
            large.resize(size, b'x');
            let mut reception = place.reception();
            let fetched = fetch_while(&mut reception, &large, || ());
            drop(reception);
            found.push((fetched.map_err(|error| (error.status, error.code.clone())), place.names()));
        }
        drop(disk);
        let full = Err((Status::Local, "receive.not_saved".to_owned()));
        assert_eq!(found[0], (full.clone(), Vec::new()));
        assert_eq!(found[1], (full, Vec::new()));
        assert_eq!(found[2].0, Ok(Some("0001.eml".to_owned())));
        assert_eq!(found[2].1, ["0001", "0001.eml", "0001.json"]);
    }
}
