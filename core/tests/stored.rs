//! Composed mail that is kept, and delivered by another process: the bytes are the same, and so is what stands beside them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use postkontor_core::message::{Composer, Content, compose};
use postkontor_core::settings::Sender;
use postkontor_core::{Composed, Error, Stored};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A folder of a test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("stored-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let removed = std::fs::remove_dir_all(&self.0);
        assert!(removed.is_ok() || std::thread::panicking(), "{removed:?}");
    }
}

/// The bytes of a mail in a file, of which no more than a thousand come at once.
#[derive(Debug)]
struct Kept(File);

impl Content for Kept {
    fn read_at(&mut self, position: u64, data: &mut [u8]) -> Result<usize, Error> {
        self.0.seek(SeekFrom::Start(position)).unwrap();
        let room = data.len().min(1000);
        Ok(self.0.read(&mut data[..room]).unwrap())
    }
}

/// Keeps a mail in the folder and lets go of it: what another process finds there.
fn kept(folder: &Folder, mut mail: Composed<'_>) -> (Composed<'static>, PathBuf) {
    let path = folder.0.join("mail");
    let mut file = File::create(&path).unwrap();
    let mut block = vec![0; 64 * 1024];
    while let count @ 1.. = mail.read(&mut block).unwrap() {
        file.write_all(&block[..count]).unwrap();
    }
    let beside = serde_json::to_string(&mail.stored()).unwrap();
    drop(mail);
    let stored: Stored = serde_json::from_str(&beside).unwrap();
    let content = Box::new(Kept(File::open(&path).unwrap()));
    (Composed::restored(stored, vec![content]).unwrap(), path)
}

/// Whether the mail gives what lies in the file, block by block of any size, twice.
fn assert_gives(mail: &mut Composed<'_>, path: &Path) {
    for size in [64 * 1024, 333] {
        let mut file = File::open(path).unwrap();
        let (mut block, mut expected, mut total) = (vec![0; size], vec![0; size], 0);
        while let count @ 1.. = mail.read(&mut block).unwrap() {
            file.read_exact(&mut expected[..count]).unwrap();
            assert!(block[..count] == expected[..count], "in the {count} bytes behind {total}");
            total += count as u64;
        }
        assert_eq!((total, file.metadata().unwrap().len()), (mail.size, mail.size));
        mail.rewind();
    }
}

fn composed(document: &Value) -> Composed<'static> {
    let sender = Sender { bcc_to_sender: true, ..Sender::default() };
    compose(&document.to_string(), &sender, &[]).unwrap()
}

#[test]
fn a_text_is_given_again_with_all_that_stands_beside_it() {
    let folder = Folder::new("text");
    let document = json!({
        "from": "anna@example.com", "to": ["Berta <berta@example.com>", "jörg@bücher.example"], "cc": "c@example.com", "bcc": ["d@example.com"],
        "subject": "Grüße", "text": "x", "html": "<p>x</p>", "receipt": {"delivery": ["failure"]},
    });
    let mail = composed(&document);
    let expected = mail.stored();
    let (mut restored, path) = kept(&folder, mail);
    assert_eq!(restored.stored(), expected);
    let blind: Vec<&str> = restored.recipients.iter().filter(|one| one.blind).map(|one| one.pointer.as_str()).collect();
    assert_eq!((restored.recipients.len(), blind), (5, vec!["/bcc/0", "/sender/bcc_to_sender"]));
    assert!(restored.utf8 && restored.dsn.is_some());
    assert_gives(&mut restored, &path);
}

#[test]
fn a_large_attachment_is_given_again() {
    let folder = Folder::new("large");
    let attachment = folder.0.join("large.bin");
    let block: Vec<u8> = (0..1_000_003_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let mut file = File::create(&attachment).unwrap();
    (0..100).for_each(|_| file.write_all(&block).unwrap());
    let mail = composed(&json!({"from": "a@example.com", "to": "b@example.com", "attachments": [{"file": attachment}]}));
    assert!(mail.size > 130_000_000);
    let (mut restored, path) = kept(&folder, mail);
    // What it was made of is no longer needed.
    std::fs::remove_file(&attachment).unwrap();
    assert_gives(&mut restored, &path);
}

#[test]
fn a_ready_made_message_and_a_draft_are_given_again() {
    let folder = Folder::new("made");
    let ready = folder.0.join("ready.eml");
    std::fs::write(&ready, b"From: a@example.com\nTo: b@example.com\nBcc: c@example.com\nSubject: \xfc\n\nbody\rline\n.\nend").unwrap();
    let (mut restored, path) = kept(&folder, composed(&json!({"file": ready})));
    std::fs::remove_file(&ready).unwrap();
    assert!(restored.eight_bit);
    assert_gives(&mut restored, &path);
    let draft = composed(
        &json!({"from": "a@example.com", "bcc": "c@example.com", "append": {"folder": "<drafts>", "flags": ["draft"], "keywords": ["$Later"]}}),
    );
    let append = draft.append.clone();
    let (mut restored, path) = kept(&folder, draft);
    assert!(append.is_some() && restored.append == append);
    assert_gives(&mut restored, &path);
    assert!(String::from_utf8(std::fs::read(&path).unwrap()).unwrap().contains("Bcc: c@example.com\r\n"));
}

#[test]
fn members_of_a_later_version_are_ignored() {
    let mail = composed(&json!({"from": "a@example.com", "to": "b@example.com", "text": "x"}));
    let mut written = serde_json::to_value(mail.stored()).unwrap();
    written["later"] = json!({"x": [1]});
    written["recipients"][0]["later"] = json!(true);
    let stored: Stored = serde_json::from_value(written).unwrap();
    assert_eq!(stored, mail.stored());
}

#[test]
fn a_file_is_submitted_as_the_same_bytes_in_memory_are() {
    let folder = Folder::new("submitted");
    let path = folder.0.join("spool");
    let sender = Sender::default();
    let composer = Composer::new(&sender).unwrap();
    let whole = b"Date: x\nMessage-ID: <m@example.com>\nFrom: a@example.com\nBcc: \xe4 <c@example.com>\n\nbody\rline \xfc\n.\nend";
    std::fs::write(&path, whole).unwrap();
    for (from, to) in [("bounce@example.com", vec!["b@example.com", "c@example.com", "B@example.com"]), ("", vec!["b@example.com"])] {
        let mut in_file = composer.compose_raw_file(from, &to, &path).unwrap();
        let mut in_memory = composer.compose_raw(from, &to, whole.to_vec()).unwrap();
        assert_eq!(in_file.stored(), in_memory.stored());
        assert_eq!((in_file.eight_bit, in_file.message_id.as_str()), (true, "m@example.com"));
        let mut blocks = [vec![0; 200], vec![0; 200]];
        let counts = [in_file.read(&mut blocks[0]).unwrap(), in_memory.read(&mut blocks[1]).unwrap()];
        assert_eq!((counts[0], &blocks[0]), (counts[1], &blocks[1]));
        assert_eq!(counts[0] as u64, in_file.size);
    }
}

#[test]
fn a_submitted_file_gets_what_it_lacks_and_what_is_wrong_is_pointed_to() {
    let folder = Folder::new("lacking");
    let path = folder.0.join("spool");
    let sender = Sender::default();
    let composer = Composer::new(&sender).unwrap();
    std::fs::write(&path, "Subject: x\n\ny").unwrap();
    let mut mail = composer.compose_raw_file("scanner@example.com", &["b@example.com"], &path).unwrap();
    let mut block = vec![0; 500];
    let count = mail.read(&mut block).unwrap();
    let text = String::from_utf8(block[..count].to_vec()).unwrap();
    assert!(mail.message_id.ends_with("@example.com") && text.contains(&format!("Message-ID: <{}>\r\n", mail.message_id)), "{text}");
    assert!(text.starts_with("Date: ") && text.ends_with("Subject: x\r\n\r\ny\r\n"), "{text}");
    let places = |error: Error| error.at.iter().map(|at| format!("{} {}", at.pointer, at.code)).collect::<Vec<_>>();
    let refused = |from: &str, to: &[&str], path: &Path| places(composer.compose_raw_file(from, to, path).unwrap_err());
    assert_eq!(refused("a", &["b@example.com", "c"], &path), ["/from message.address_invalid", "/to/1 message.address_invalid"]);
    assert_eq!(refused("", &[], &path), ["/to message.no_recipient"]);
    assert_eq!(refused("", &["b@example.com"], &folder.0.join("none")), ["/file message.file_missing"]);
    std::fs::write(&path, "no header").unwrap();
    assert_eq!(refused("", &["b@example.com"], &path), ["/file message.file_no_message"]);
    std::fs::write(&path, "A: b\n\nx\0").unwrap();
    assert_eq!(refused("", &["b@example.com"], &path), ["/file message.control_character"]);
}
