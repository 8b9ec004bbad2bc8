//! What two mails with one key have to agree in: the message document, whatever the order of its members, the bytes that it refers to, account and
//! queue.

use postkontor_core::{Error, Status, Watch};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// How much of a file is read at once.
const STEP: usize = 64 << 10;

/// Digests mails of one call, whose parts they share.
pub(crate) struct Digester<'p, 'w> {
    parts: &'p [&'p [u8]],
    digests: Vec<Option<[u8; 32]>>,
    watch: &'w Watch<'w>,
}

impl<'p, 'w> Digester<'p, 'w> {
    pub(crate) fn new(parts: &'p [&'p [u8]], watch: &'w Watch<'w>) -> Digester<'p, 'w> {
        Digester { parts, digests: vec![None; parts.len()], watch }
    }

    /// The digest of a message document for an account and a queue.
    pub(crate) fn document(&mut self, message: &str, account: &str, queue: &str) -> Result<Vec<u8>, Error> {
        let unreadable = |error: serde_json::Error| Error::new(Status::Argument, "message.unreadable").usable().detail(error.to_string());
        let message: Value = serde_json::from_str(message).map_err(unreadable)?;
        let mut hash = Sha256::new();
        text(&mut hash, account);
        text(&mut hash, queue);
        self.value(&mut hash, &message)?;
        Ok(hash.finalize().to_vec())
    }

    fn value(&mut self, hash: &mut Sha256, value: &Value) -> Result<(), Error> {
        match value {
            Value::Object(members) => {
                hash.update(b"{");
                for (name, value) in members.iter().collect::<BTreeMap<_, _>>() {
                    text(hash, name);
                    self.value(hash, value)?;
                    self.referred(hash, name, value)?;
                }
                hash.update(b"}");
            }
            Value::Array(items) => {
                hash.update(b"[");
                items.iter().try_for_each(|item| self.value(hash, item))?;
                hash.update(b"]");
            }
            Value::String(words) => text(hash, words),
            other => text(hash, &other.to_string()),
        }
        Ok(())
    }

    /// The bytes that a member refers to: those of a file, or of a part of the call.
    fn referred(&mut self, hash: &mut Sha256, name: &str, value: &Value) -> Result<(), Error> {
        match (name, value) {
            ("file", Value::String(path)) => hash.update(file(Path::new(path), self.watch)?),
            ("part", Value::Number(number)) => {
                let index = number.as_u64().and_then(|index| usize::try_from(index).ok()).unwrap_or(usize::MAX);
                if let (Some(part), Some(known)) = (self.parts.get(index), self.digests.get_mut(index)) {
                    hash.update(known.get_or_insert_with(|| Sha256::digest(part).into()));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// The digest of a message that another program composed, in its envelope.
pub(crate) fn raw(from: &str, recipients: &[&str], content: [u8; 32], account: &str, queue: &str) -> Vec<u8> {
    let mut hash = Sha256::new();
    [account, queue, from].iter().chain(recipients).for_each(|word| text(&mut hash, word));
    hash.update(content);
    hash.finalize().to_vec()
}

/// The digest of a file.
pub(crate) fn file(path: &Path, watch: &Watch<'_>) -> Result<[u8; 32], Error> {
    let failed = |error: std::io::Error| unreadable(path, &error);
    let (mut file, mut hash, mut data) = (File::open(path).map_err(failed)?, Sha256::new(), vec![0; STEP]);
    loop {
        watch.check()?;
        match file.read(&mut data).map_err(failed)? {
            0 => return Ok(hash.finalize().into()),
            count => hash.update(&data[..count]),
        }
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    let file = postkontor_core::texts::path(path);
    Error::new(Status::Local, "message.file_unreadable").usable().arg("file", file).detail(error.to_string())
}

/// A text with its length before it, so that no two documents run together alike.
fn text(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_le_bytes());
    hash.update(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use postkontor_core::Cancel;
    use std::time::Duration;

    #[test]
    fn two_mails_agree_in_content_and_not_in_the_order_of_their_members() {
        let (cancel, one, other) = (Cancel::default(), b"one".as_slice(), b"other".as_slice());
        let watch = Watch::new(&(), &cancel, Duration::from_secs(60));
        let file = std::env::temp_dir().join(format!("postkontor-digest-{}", std::process::id()));
        let of = |message: &str, parts: &[&[u8]], queue: &str| Digester::new(parts, &watch).document(message, "main", queue).unwrap();
        let mail = r#"{"to":["a","b"],"attachments":[{"part":0}]}"#;
        assert_eq!(of(mail, &[one], ""), of(r#"{ "attachments": [{"part": 0}], "to": ["a", "b"] }"#, &[one, other], ""));
        for (message, parts, queue) in [
            (mail, [other], ""),
            (mail, [one], "q"),
            (r#"{"to":["ab"],"attachments":[{"part":0}]}"#, [one], ""),
            (r#"{"to":["a","b"],"attachments":[{"part":1}]}"#, [one], ""),
        ] {
            assert_ne!(of(mail, &[one], ""), of(message, &parts, queue), "{message}");
        }
        let attached = serde_json::json!({"attachments": [{"file": file}]}).to_string();
        let digests = [one, other].map(|content| {
            std::fs::write(&file, content).unwrap();
            of(&attached, &[], "")
        });
        assert_ne!(digests[0], digests[1]);
        std::fs::remove_file(&file).unwrap();
    }
}
