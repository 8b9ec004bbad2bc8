//! The mail that is answered or passed on.

use crate::message::findings::Findings;
use crate::message::members::Original;
use crate::opened::{Content, Opened};
use postkontor_plugin::Error;
use std::path::Path;

/// The mail that is answered or passed on.
pub(super) struct Mail {
    pub(super) opened: Opened,
    pub(super) content: Content,
}

impl Mail {
    /// Opens it; nothing where that cannot be done, and `findings` say why.
    pub(super) fn open(original: &Original<'_>, pointer: &str, parts: &[&[u8]], findings: &mut Findings<'_>) -> Option<Mail> {
        let opened = match original {
            Original::File(path) => match Opened::open(Path::new(path.as_ref())) {
                Ok(opened) => opened,
                Err(error) => {
                    note(&error, &error.code, original, pointer, findings);
                    return None;
                }
            },
            Original::Part(index) => match parts.get(*index) {
                Some(bytes) => Opened::new(bytes.to_vec()),
                None => {
                    let (index, count) = (index.to_string(), parts.len().to_string());
                    let args = [("index", index.as_str()), ("count", count.as_str())];
                    findings.add(format!("{pointer}/part"), "message.attachment_part_missing", &args);
                    return None;
                }
            },
        };
        let watched = std::cell::RefCell::new(&mut *findings);
        match opened.read(&|| watched.borrow_mut().goes_on()) {
            Ok(true) => (),
            Ok(false) => return None,
            Err(error) => {
                note(&error, "message.file_unreadable", original, pointer, findings);
                return None;
            }
        }
        let content = opened.content();
        Some(Mail { opened, content })
    }
}

/// Says why a mail in a file cannot be read; one in memory always can.
fn note(error: &Error, code: &str, original: &Original<'_>, pointer: &str, findings: &mut Findings<'_>) {
    let Original::File(path) = original else { return };
    findings.add_local(format!("{pointer}/file"), code, &[("file", path), ("reason", &error.detail)]);
}
