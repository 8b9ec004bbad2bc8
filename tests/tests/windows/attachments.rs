//! Files that are enclosed: names of every script, files that another program has open, and a large one.

use crate::{Said, good};
use postkontor_tests::sandbox::{Options, Sandbox};
use postkontor_tests::windows::{Installation, Width, shown};
use serde_json::{Value, json};
use std::process::{Child, Stdio};

/// The size of the large file.
const LARGE: usize = 100 << 20;

/// A program that sends one letter by a server of its own.
struct Sender {
    installation: Installation,
    sandbox: Sandbox,
}

impl Sender {
    fn new(width: Width) -> Option<Sender> {
        let installation = Installation::new(width, &["smtp"]).unwrap()?;
        let sandbox = Sandbox::start(Options { keep: 1 << 20, ..Options::default() }).unwrap();
        let account = json!({"transport": "smtp", "server": {"host": "localhost", "port": sandbox.port}, "tls": {"mode": "none"},
            "auth": {"method": "none"}});
        let settings = json!({"accounts": {"main": account}, "sender": {"address": "anna@example.com"}});
        std::fs::write(installation.file("settings.json"), settings.to_string()).unwrap();
        Some(Sender { installation, sandbox })
    }

    /// Sends files, named as a program of Windows has their paths.
    fn send(&self, files: &[String]) -> Said {
        let files: Vec<Value> = files.iter().map(|file| json!({ "file": file })).collect();
        let letter = json!({"to": ["b@example.com"], "subject": "x", "text": "x", "attachments": files});
        std::fs::write(self.installation.file("letter.json"), letter.to_string()).unwrap();
        let program = self.installation.c("tests/callers/loaded.c", &["-pedantic", "-lpsapi"]).unwrap();
        let mut command = self.installation.command(&program);
        command.args(["settings.json", "letter.json"].map(|name| shown(&self.installation.file(name))));
        Said::read(&good(command.arg("send")))
    }

    /// Starts a program that has a file open until the answer is dropped; `shared`: whether it lets others read.
    fn hold(&self, file: &str, shared: bool) -> Holding {
        let program = self.installation.c("tests/callers/process.c", &["-pedantic"]).unwrap();
        let mut command = self.installation.command(&program);
        command.args(["hold", file, if shared { "shared" } else { "alone" }]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
        assert_eq!(line.trim_end(), "held");
        Holding(child)
    }
}

/// A program that has a file open.
struct Holding(Child);

impl Drop for Holding {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

#[test]
fn a_file_of_any_name_is_sent_also_while_another_program_writes_it() {
    for width in Width::ALL {
        let Some(sender) = Sender::new(width) else { return };
        for name in ["Größe.bin", "日本.bin"] {
            std::fs::write(sender.installation.folder().join(name), [0, 255, 13, 10]).unwrap();
        }
        std::fs::write(sender.installation.file("open.bin"), "open").unwrap();
        let _holding = sender.hold(&shown(&sender.installation.file("open.bin")), true);
        // By a path with the separator of Windows, too.
        let folder = shown(sender.installation.folder());
        let files =
            [format!("{folder}/Größe.bin"), format!("{folder}/日本.bin").replace('/', "\\"), shown(&sender.installation.file("open.bin"))];
        assert_eq!(sender.send(&files).call("send").0, 0, "{width:?}");
        let mail = sender.sandbox.mails()[0].text();
        for name in ["filename*=utf-8''Gr%C3%B6%C3%9Fe.bin", "filename*=utf-8''%E6%97%A5%E6%9C%AC.bin", "open.bin"] {
            assert!(mail.contains(name), "{name} in {mail}");
        }
        assert_eq!(mail.matches("AP8NCg==").count(), 2, "{mail}");
    }
}

#[test]
fn a_file_that_another_program_has_for_itself_is_an_error_at_its_place() {
    for width in Width::ALL {
        let Some(sender) = Sender::new(width) else { return };
        let file = sender.installation.file("open.bin");
        std::fs::write(&file, "open").unwrap();
        let holding = sender.hold(&shown(&file), false);
        let said = sender.send(&[shown(&file)]);
        let (status, error) = said.call("send");
        assert_eq!((status, error["code"].as_str()), (19, Some("message.file_in_use")), "{width:?}: {error:#}");
        // A long path is cut, so that the message may not show the name; the pointer says which file it is.
        assert_eq!(error["at"][0]["pointer"], "/attachments/0/file", "{error:#}");
        assert!(error["message"].as_str().is_some_and(|message| message.contains(" Z:/") && !message.contains('?')), "{error:#}");
        assert!(sender.sandbox.mails().is_empty());
        drop(holding);
        assert_eq!(sender.send(&[shown(&file)]).call("send").0, 0);
    }
}

#[test]
fn a_file_of_100_mb_is_sent_in_little_memory() {
    for width in Width::ALL {
        let Some(sender) = Sender::new(width) else { return };
        let file = sender.installation.file("large.bin");
        std::fs::write(&file, "").unwrap();
        let idle = peak(&sender.send(&[shown(&file)]));
        std::fs::File::options().write(true).open(&file).unwrap().set_len(LARGE as u64).unwrap();
        let said = sender.send(&[shown(&file)]);
        assert_eq!(said.call("send").0, 0, "{width:?}: {said:?}");
        assert!(said.of("send")["size"].as_u64().unwrap() > LARGE as u64, "{said:?}");
        let more = peak(&said).saturating_sub(idle);
        assert!(more < 8 << 20, "{width:?}: {more} bytes more than for an empty file, which took {idle}");
    }
}

fn peak(said: &Said) -> u64 {
    said.call("peak").1.as_u64().unwrap()
}
