//! A large message that is signed and encrypted is written and read in little memory. This program has one test, so that the memory is that test's.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

#[path = "../../smime/tests/people/mod.rs"]
mod people;

use people::{certificate, identity, town};
use postkontor_core::message::{Composer, Held, Protection, Signature, When};
use postkontor_core::settings::Sender;
use postkontor_core::{Keys, Opened};
use postkontor_smime::Capability;
use postkontor_smime::encrypt::Recipient;
use postkontor_smime::sign::Terms;
use postkontor_smime::verify::Anchors;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// The bytes of the attachment.
const SIZE: u64 = 128 * 1024 * 1024;

/// A file that goes away with the test.
struct Large(PathBuf);

impl Large {
    fn new(name: &str) -> Self {
        Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id())))
    }
}

impl Drop for Large {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}

/// The most memory that this process had so far, in MB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    kilobytes.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() / 1024
}

/// Signs and encrypts an attachment into a file.
fn compose(attachment: &Path, to: &Path, capabilities: Option<Vec<Capability>>) {
    let sender = Sender::default();
    let signature = Signature { identity: identity(town(), "person0"), terms: Terms::default() };
    let recipients = vec![Recipient { capabilities, ..Recipient::new(certificate(town(), "person2")) }];
    let held = Held { signature: Some(Arc::new(signature)), recipients };
    let protection = Protection { certificates: &held, sign: true, encrypt: When::Always, to_self: false };
    let document = format!(
        r#"{{"from":"person0@example.com","to":["person2@example.com"],"subject":"x","text":"see below","attachments":[{{"name":"a.bin","file":{attachment:?}}}]}}"#
    );
    let mut composed = Composer::new(&sender).unwrap().protected_by(protection).compose(&document, &[]).unwrap();
    let (mut file, mut block) = (BufWriter::new(File::create(to).unwrap()), vec![0; 64 * 1024]);
    loop {
        match composed.read(&mut block).unwrap() {
            0 => break file.flush().unwrap(),
            count => file.write_all(&block[..count]).unwrap(),
        }
    }
}

#[test]
fn a_large_message_that_is_signed_and_encrypted_is_read_in_sixty_megabytes() {
    let (attachment, message) = (Large::new("attachment"), Large::new("message"));
    let line: Vec<u8> = (0..=255).collect();
    let mut file = BufWriter::new(File::create(&attachment.0).unwrap());
    (0..SIZE / 256).for_each(|_| file.write_all(&line).unwrap());
    file.flush().unwrap();
    drop(file);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let trust = Anchors::new(vec![certificate(town(), "ca")]);
    let keys = Arc::new(Keys { identities: vec![identity(town(), "person2")], trust, known: Vec::new(), now });
    for (capabilities, cipher) in [(Some(Capability::own()), "AES-256-GCM"), (None, "AES-256-CBC")] {
        compose(&attachment.0, &message.0, capabilities);
        let opened = Opened::open(&message.0).unwrap().with_keys(keys.clone());
        let content = opened.content();
        let smime = content.smime.unwrap();
        assert_eq!((smime.signed.unwrap().status.as_str(), smime.encrypted.unwrap().cipher.as_deref()), ("good", Some(cipher)));
        assert_eq!((content.text.as_str(), content.parts[0].size), ("see below", SIZE));
        let mut stream = opened.stream(Some(0)).unwrap();
        let mut streamed = 0;
        while let Some(block) = stream.block().unwrap() {
            streamed += block.len() as u64;
        }
        assert_eq!(streamed, SIZE);
        assert!(peak() < 60, "{cipher} took {} MB", peak());
    }
}
