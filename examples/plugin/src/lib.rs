//! Transport `folder`: writes each mail as a file into a drop folder, where another program picks it up.
//!
//! Every mail becomes a file `….eml`. It is written under another name and renamed when it is complete, so a program
//! that watches the folder never sees half a mail. The envelope stands in the first lines, as `X-Sender` and `X-Receiver`,
//! because the message itself does not name its BCC recipients.
#![forbid(unsafe_code)]

#[cfg(test)]
mod tests;

use postkontor_plugin::schemars::JsonSchema;
use postkontor_plugin::serde::Deserialize;
use postkontor_plugin::{Body, Call, Error, Mail, Opening, Report, Sent, Stage, Status, Step, TestRequest, Transport};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// What the user fills in. The form is made from this type and from the titles in `locales/`.
#[derive(Deserialize, JsonSchema)]
#[serde(crate = "postkontor_plugin::serde", deny_unknown_fields)]
#[schemars(crate = "postkontor_plugin::schemars")]
pub struct Settings {
    folder: Group,
}

/// Settings group `folder`.
#[derive(Deserialize, JsonSchema)]
#[serde(crate = "postkontor_plugin::serde", deny_unknown_fields)]
#[schemars(crate = "postkontor_plugin::schemars")]
struct Group {
    /// The folder that mail is written to, as absolute path.
    #[schemars(length(min = 1), extend("x-postkontor" = {"scope": "workstation", "order": 10}))]
    path: PathBuf,
}

/// A session: there is nothing to keep open, so it is the folder's path.
pub struct Folder {
    path: PathBuf,
}

impl Transport for Folder {
    const NAME: &'static str = "folder";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const OPERATIONS: &'static [&'static str] = &["test", "send"];
    const TEXTS: &'static [(&'static str, &'static str)] = postkontor_plugin::texts!("en", "de", "sl");
    type Settings = Settings;

    fn open(settings: Settings, _opening: &Opening) -> Result<Folder, Error> {
        let path = settings.folder.path;
        if path.is_absolute() {
            return Ok(Folder { path });
        }
        Err(Error::setting("/folder/path", "folder.relative").arg("path", path.display().to_string()))
    }

    fn test(&mut self, _request: &TestRequest, call: &Call) -> Result<Report, Error> {
        call.check()?;
        let trial = self.path.join(format!("{}.part", unique_name()));
        let step = match File::create_new(&trial).and_then(|_| fs::remove_file(&trial)) {
            Ok(()) => Step::ok(Stage::Mailbox).fact("path", self.path.display().to_string()),
            Err(cause) => Step::fail(Stage::Mailbox, &self.failed(Stage::Mailbox, &cause)).advice("advice.folder_rights"),
        };
        Ok(step.pointer("/folder/path").into())
    }

    fn send(&mut self, mail: &Mail, body: &mut Body, call: &Call) -> Result<Sent, Error> {
        let name = unique_name();
        let [part, complete] = ["part", "eml"].map(|ending| self.path.join(format!("{name}.{ending}")));
        let stored = self.write(&part, mail, body, call).and_then(|size| {
            fs::rename(&part, &complete).map_err(|cause| self.failed(Stage::Acceptance, &cause))?;
            Ok(Sent { saved_to: Some(complete.display().to_string()), ..Sent::to_all(mail, size) })
        });
        // What is left of half a mail is of no use; if it cannot be removed, its name still ends in `.part`.
        stored.inspect_err(|_| drop(fs::remove_file(&part)))
    }
}

postkontor_plugin::export!(Folder);

impl Folder {
    /// Writes envelope and message, and waits until the disk has them. The answer is the message's size.
    fn write(&self, file: &Path, mail: &Mail, body: &mut Body, call: &Call) -> Result<u64, Error> {
        let failed = |cause: io::Error| self.failed(Stage::Content, &cause);
        let mut file = File::create_new(file).map_err(failed)?;
        let receivers: String = mail.recipients.iter().map(|recipient| format!("X-Receiver: <{recipient}>\r\n")).collect();
        file.write_all(format!("X-Sender: <{}>\r\n{receivers}", mail.from).as_bytes()).map_err(failed)?;
        let size = body.each_block(mail, call, |block| file.write_all(block).map_err(failed))?;
        file.sync_all().map_err(failed)?;
        Ok(size)
    }

    fn failed(&self, stage: Stage, cause: &io::Error) -> Error {
        let code = if self.path.is_dir() { "folder.not_writable" } else { "folder.missing" };
        let error = Error::new(Status::Local, code).stage(stage).arg("path", self.path.display().to_string());
        error.cause(cause).at("/folder/path", code)
    }
}

/// A file name that no other mail has: the time in microseconds, the process, and a number within it.
fn unique_name() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
    format!("{time}-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}
