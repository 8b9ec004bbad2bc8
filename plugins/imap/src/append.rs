//! Sending by putting the message into a folder, whose rule on the server sends it on.

use crate::names;
use crate::reader::Piece;
use crate::session::Session;
use crate::settings::Settings;
use postkontor_plugin::{Body, Call, Delivery, Error, Mail, Retry, Sent, Stage, Status};

/// A message up to this size goes out without waiting for the server's consent, where the server takes that (RFC 7888).
const WITHOUT_ASKING: u64 = 4096;

/// One block on its way from the composer to the connection.
const BLOCK: usize = 64 * 1024;

/// Puts a message into the outbox.
pub(crate) fn send(session: &mut Session, settings: &Settings, mail: &Mail, body: &mut Body, call: &Call) -> Result<Sent, Error> {
    let Some(outbox) = &settings.imap.outbox else {
        let code = "imap.outbox_missing";
        return Err(Error::new(Status::Settings, code).stage(Stage::Mailbox).at("/imap/outbox", code).usable());
    };
    let folder = session.real_name(outbox, call)?;
    let size = mail.size.ok_or_else(|| Error::new(Status::Internal, "plugin.request_unreadable").usable())?;
    let mut attempt = session.append(&folder, size, body, call)?;
    if matches!(attempt, Appended::Missing(_)) && settings.imap.create_folders {
        session.create(&folder, "/imap/outbox", call)?;
        // The server refused before the first byte of the message was read, so it is still whole.
        attempt = session.append(&folder, size, body, call)?;
    }
    match attempt {
        Appended::Yes(uid) => {
            let mut sent = Sent::to_all(mail, size);
            sent.saved_to = Some(uid.map_or_else(|| folder.clone(), |(validity, uid)| crate::folders::id(&folder, validity, uid)));
            Ok(sent)
        }
        Appended::Missing(error) => Err(error.arg("folder", folder).at("/imap/outbox", "imap.folder_missing")),
    }
}

enum Appended {
    /// With UIDVALIDITY and UID, where the server tells them.
    Yes(Option<(u32, u32)>),
    /// There is no such folder; nothing of the message was sent.
    Missing(Error),
}

impl Session {
    /// Appends a message to a folder. An error after the last byte may have left says that the outcome is not known.
    fn append(&mut self, folder: &str, size: u64, body: &mut Body, call: &Call) -> Result<Appended, Error> {
        let at = |error: Error| error.stage(Stage::Content);
        let unasked = size <= WITHOUT_ASKING && (self.capabilities.has("LITERAL+") || self.capabilities.has("LITERAL-"));
        let tag = self.next_tag();
        let plus = if unasked { "+" } else { "" };
        let command = format!("{tag} APPEND {} (\\Seen) {{{size}{plus}}}\r\n", names::folder(folder, self.utf8));
        let mut block = vec![0; BLOCK];
        if unasked {
            return self.append_at_once(&tag, &command, size, body, call).map_err(at);
        }
        self.stream.write(command.as_bytes(), call).map_err(at)?;
        if let Some(refusal) = self.consent(&tag, call).map_err(at)? {
            return Ok(Appended::Missing(refusal));
        }
        let mut left = size;
        while left > 0 {
            let count = body.read(&mut block)?;
            if count == 0 || count as u64 > left {
                // The size that was announced does not hold; the session is of no use any more, and half a message stays half.
                return Err(at(Error::new(Status::Local, "message.source_failed")));
            }
            left -= count as u64;
            let ends = left == 0;
            if ends && count + 2 <= block.len() {
                block[count..count + 2].copy_from_slice(b"\r\n");
                self.stream.write_body(&block[..count + 2], call).map_err(|error| in_doubt(error, ends))?;
            } else {
                self.stream.write_body(&block[..count], call).map_err(|error| in_doubt(error, ends))?;
                if ends {
                    self.stream.write_body(b"\r\n", call).map_err(|error| in_doubt(error, ends))?;
                }
            }
        }
        self.appended(&tag, call)
    }

    fn append_at_once(&mut self, tag: &str, command: &str, size: u64, body: &mut Body, call: &Call) -> Result<Appended, Error> {
        let mut all = command.as_bytes().to_vec();
        let start = all.len();
        all.resize(start + usize::try_from(size).unwrap_or_default() + 1, 0);
        let mut filled = start;
        loop {
            match body.read(&mut all[filled..])? {
                0 => break,
                count => filled += count,
            }
        }
        if (filled - start) as u64 != size {
            return Err(Error::new(Status::Local, "message.source_failed").usable());
        }
        all.truncate(filled);
        all.extend_from_slice(b"\r\n");
        self.stream.write_body(&all, call).map_err(|error| in_doubt(error, true))?;
        self.appended(tag, call)
    }

    /// Waits for the server to ask for the message. A refusal says so before anything of it was sent.
    fn consent(&mut self, tag: &str, call: &Call) -> Result<Option<Error>, Error> {
        loop {
            match self.reader.next(&mut self.stream, call)? {
                Piece::Response(line) if line.starts_with(b"+") => return Ok(None),
                Piece::Response(line) => {
                    if let Some(done) = self.done(tag, &line)? {
                        if done.is_ok {
                            return Err(self.malformed(&line));
                        }
                        return if done.has("TRYCREATE") || done.has("NONEXISTENT") {
                            Ok(Some(self.refused("imap.folder_missing", &done).stage(Stage::Mailbox)))
                        } else {
                            Err(self.refused("imap.append_refused", &done))
                        };
                    }
                }
                Piece::Body { length, .. } => self.reader.body(length, &mut self.stream, call, |_| Ok(()))?,
            }
        }
    }

    /// Waits for the verdict on a message that has left.
    fn appended(&mut self, tag: &str, call: &Call) -> Result<Appended, Error> {
        let done = self.finish(tag, call, |_| Ok(())).map_err(|error| in_doubt(error, true))?;
        if done.is_ok {
            return Ok(Appended::Yes(done.appended));
        }
        if done.has("TRYCREATE") || done.has("NONEXISTENT") {
            // The message was read from the composer and is gone; the caller may send it again once the folder is there.
            return Err(self.refused("imap.folder_missing", &done).stage(Stage::Mailbox).at("/imap/outbox", "imap.folder_missing"));
        }
        Err(self.refused("imap.append_refused", &done).stage(Stage::Acceptance))
    }
}

/// After the last byte may have left, nobody knows what the server did with the message.
fn in_doubt(error: Error, complete: bool) -> Error {
    if !complete {
        return error.stage(Stage::Content);
    }
    let mut error = error.stage(Stage::Acceptance).delivery(Delivery::Unknown).retry(Retry::No);
    error.detail = format!("{} {}", error.code, error.detail).trim_end().to_owned();
    error.status = Status::Uncertain;
    "delivery.uncertain".clone_into(&mut error.code);
    error
}
