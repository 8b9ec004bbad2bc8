use super::*;
use std::collections::BTreeSet;

/// A folder of a test's own, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("postkontor-log-{name}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        std::fs::create_dir(&path).unwrap();
        Folder(path)
    }

    fn log(&self) -> PathBuf {
        self.0.join("mail.log")
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.0.join(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn names(&self) -> BTreeSet<String> {
        std::fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

#[test]
fn a_full_file_is_put_aside_and_the_oldest_go() {
    let folder = Folder::new("full");
    let log = LogFile::new(folder.log(), 20, 2);
    for line in ["one line here\n", "two lines now\n", "three of them\n", "and four lines\n"] {
        log.write(line).unwrap();
    }
    assert_eq!(folder.lines("mail.log"), ["and four lines"]);
    assert_eq!(folder.lines("mail.log.1"), ["three of them"]);
    assert_eq!(folder.lines("mail.log.2"), ["two lines now"]);
    assert_eq!(folder.names().len(), 4, "{:?}", folder.names());
}

#[test]
fn without_files_to_keep_a_full_file_begins_anew() {
    let folder = Folder::new("none");
    let log = LogFile::new(folder.log(), 20, 0);
    log.write("one line here\n").unwrap();
    log.write("two lines now\n").unwrap();
    assert_eq!(folder.lines("mail.log"), ["two lines now"]);
    assert!(!folder.0.join("mail.log.1").exists());
}

/// Each writer has its own handle of the file and of its lock, as processes have.
#[test]
#[cfg_attr(windows, ignore = "Wine loses one of some thousand lines that several handles append, in every program")]
fn several_writers_lose_no_line_while_the_file_is_put_aside() {
    const WRITERS: usize = 4;
    const LINES: usize = 200;
    let folder = Folder::new("several");
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let path = folder.log();
            scope.spawn(move || {
                let log = LogFile::new(path, 5000, 100);
                (0..LINES).for_each(|line| log.write(&format!("writer {writer} line {line} {}\n", "x".repeat(40))).unwrap());
            });
        }
    });
    let names = folder.names();
    assert!(names.contains("mail.log.3"), "{names:?}");
    let lines: Vec<String> = names.iter().flat_map(|name| folder.lines(name)).collect();
    assert_eq!(lines.len(), WRITERS * LINES);
    assert_eq!(lines.iter().collect::<BTreeSet<_>>().len(), WRITERS * LINES);
    assert!(lines.iter().all(|line| line.starts_with("writer ") && line.ends_with(&"x".repeat(40))));
}

#[test]
#[cfg_attr(windows, ignore = "under Wine a file that is removed can be opened as long as another handle has it")]
fn a_file_that_was_removed_is_made_again() {
    let folder = Folder::new("removed");
    let log = LogFile::new(folder.log(), 1000, 1);
    log.write("one\n").unwrap();
    std::fs::remove_file(folder.log()).unwrap();
    log.write("two\n").unwrap();
    assert_eq!(folder.lines("mail.log"), ["two"]);
}

#[test]
fn a_file_that_cannot_be_written_is_reported_once() {
    let folder = Folder::new("trouble");
    let log = LogFile::new(folder.0.join("missing").join("mail.log"), 1000, 1);
    let trouble = log.write("one\n").unwrap_err();
    assert!(trouble.contains("mail.log cannot be written"), "{trouble}");
    log.write("two\n").unwrap();
    std::fs::create_dir(folder.0.join("missing")).unwrap();
    log.write("three\n").unwrap();
    assert_eq!(folder.lines("missing/mail.log"), ["three"]);
}

#[cfg(unix)]
#[test]
fn only_its_owner_may_read_it_and_no_link_leads_elsewhere() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = Folder::new("links");
    LogFile::new(folder.log(), 10, 1).write("one\n").unwrap();
    LogFile::new(folder.log(), 4, 1).write("two\n").unwrap();
    for name in ["mail.log", "mail.log.1", "mail.log.lock"] {
        assert_eq!(std::fs::metadata(folder.0.join(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
    let victim = folder.0.join("victim");
    std::fs::write(&victim, "as it was").unwrap();
    for (name, planted) in [("symbolic", symlink as fn(_, _) -> _), ("hard", |from: PathBuf, to: PathBuf| std::fs::hard_link(from, to))] {
        let path = folder.0.join(name);
        planted(victim.clone(), path.clone()).unwrap();
        assert!(LogFile::new(path, 1000, 1).write("one\n").is_err(), "{name}");
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "as it was", "{name}");
    }
    // The lock and the names of full files, too.
    std::fs::remove_file(folder.0.join("hard")).unwrap();
    for name in ["mail.log.lock", "mail.log.1"] {
        std::fs::remove_file(folder.0.join(name)).unwrap();
        symlink(&victim, folder.0.join(name)).unwrap();
        drop(LogFile::new(folder.log(), 4, 1).write("three\n"));
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "as it was", "{name}");
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_under_the_name_holds_up_no_call() {
    let folder = Folder::new("pipe");
    let made = std::process::Command::new("mkfifo").arg(folder.log()).status().unwrap();
    assert!(made.success());
    assert!(LogFile::new(folder.log(), 1000, 1).write("one\n").is_err());
}
