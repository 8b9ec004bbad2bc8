//! A message of a gigabyte is signed and encrypted in little memory, and signing it can be stopped. The test of memory runs in a process of its own.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

#[path = "../../smime/tests/people/mod.rs"]
mod people;

use people::{Folder, certificate, identity};
use postkontor_core::message::{Composer, Held, Protection, Signature, When};
use postkontor_core::settings::Sender;
use postkontor_core::{Callbacks, Cancel, Status, Watch};
use postkontor_smime::Capability;
use postkontor_smime::encrypt::Recipient;
use postkontor_smime::sign::Terms;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Names the program that this process is to be.
const CHILD: &str = "PROTECTED_LARGE_CHILD";

const GIGABYTE: u64 = 1 << 30;

/// A signer and a recipient, with what the recipient can open. They are of this process alone, where those of the program would be its child's as well.
fn held(capabilities: Option<Vec<Capability>>) -> Held {
    let folder = people::authority();
    people::certify(&folder, "person2", people::P256, people::FOR_MAIL);
    people::certify(&folder, "person3", people::RSA_2048, people::FOR_MAIL);
    let signature = Signature { identity: identity(&folder, "person2"), terms: Terms::default() };
    let recipient = Recipient { capabilities, ..Recipient::new(certificate(&folder, "person3")) };
    Held { signature: Some(Arc::new(signature)), recipients: vec![recipient] }
}

fn document(file: &Path) -> String {
    format!(r#"{{"from":"person2@example.com","to":"person3@example.com","text":"x","attachments":[{{"file":{file:?}}}]}}"#)
}

/// A file of nothing but zeros, which takes no room.
fn zeros(folder: &Folder, size: u64) -> std::path::PathBuf {
    let path = folder.write("large.bin", "");
    std::fs::File::options().write(true).open(&path).unwrap().set_len(size).unwrap();
    path
}

/// The most memory that this process had so far, in KB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}

#[test]
fn a_gigabyte_is_signed_and_encrypted_in_sixty_megabytes() {
    let folder = Folder::new();
    let file = zeros(&folder, GIGABYTE);
    if let Ok(cipher) = std::env::var(CHILD) {
        let held = held((cipher == "gcm").then(Capability::own));
        let protection = Protection { certificates: &held, sign: true, encrypt: When::Always, to_self: true };
        let sender = Sender::default();
        let mut composed = Composer::new(&sender).unwrap().protected_by(protection).compose(&document(&file), &[]).unwrap();
        let (mut size, mut block) = (0, vec![0; 64 * 1024]);
        loop {
            match composed.read(&mut block).unwrap() {
                0 => break,
                count => size += count as u64,
            }
        }
        assert_eq!(size, composed.size);
        assert!(size > GIGABYTE * 3 / 2);
        assert!(peak() < 60 * 1024, "{cipher} took {} KB", peak());
        return;
    }
    for cipher in ["gcm", "cbc"] {
        let program = std::env::current_exe().unwrap();
        let mut child = Command::new(program);
        child.args(["--exact", "a_gigabyte_is_signed_and_encrypted_in_sixty_megabytes", "--nocapture"]).env(CHILD, cipher);
        let output = child.output().unwrap();
        assert!(output.status.success(), "{cipher}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Stops the call when it is asked for the third time.
#[derive(Default)]
struct Impatient(AtomicU32);

impl Callbacks for Impatient {
    fn progress(&self, _: u64, _: u64) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) < 2
    }
}

#[test]
fn signing_stops_at_the_deadline_and_when_the_program_wants_it() {
    let folder = Folder::new();
    // More than could be read in the time that is given.
    let file = zeros(&folder, 1 << 40);
    let (held, sender) = (held(None), Sender::default());
    let protection = Protection { certificates: &held, sign: true, encrypt: When::Never, to_self: true };
    let stopped = |callbacks: &dyn Callbacks, cancel: &Cancel, left: Duration| {
        let watch = Watch::new(callbacks, cancel, left);
        let started = Instant::now();
        let error = Composer::new(&sender).unwrap().watched_by(&watch).protected_by(protection).compose(&document(&file), &[]).unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(60), "it was read to its end");
        error.status
    };
    let cancel = Cancel::default();
    assert_eq!(stopped(&(), &cancel, Duration::from_millis(200)), Status::Timeout);
    let impatient = Impatient::default();
    assert_eq!(stopped(&impatient, &cancel, Duration::from_secs(3600)), Status::Cancelled);
    assert_eq!(impatient.0.load(Ordering::Relaxed), 3, "the program was asked while the file was read");
    cancel.fire();
    assert_eq!(stopped(&(), &cancel, Duration::from_secs(3600)), Status::Cancelled);
}
