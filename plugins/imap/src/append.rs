//! Sending by putting the message into a folder, whose rule on the server sends it on.

use crate::names;
use crate::reader::Piece;
use crate::session::Session;
use crate::settings::Settings;
use postkontor_plugin::{Body, Call, Delivery, Error, Mail, Retry, Sent, Stage, Status};

/// A message up to this size is held in memory. It goes out without waiting for the server's consent, where the server takes
/// that (RFC 7888 sets the limit for LITERAL-).
const HELD: u64 = 4096;

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
    // A small message is held, so that it can be sent once more when the folder had to be created first.
    let mut message = if size <= HELD { Message::Held(held(body, size)?) } else { Message::Streamed { body, size } };
    let mut attempt = session.append(&folder, &mut message, call)?;
    if matches!(attempt, Appended::Missing(_)) && settings.imap.create_folders {
        session.create(&folder, "/imap/outbox", call)?;
        attempt = session.append(&folder, &mut message, call)?;
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

/// The message on its way.
enum Message<'a, 'b> {
    Held(Vec<u8>),
    Streamed { body: &'a mut Body<'b>, size: u64 },
}

enum Appended {
    /// With UIDVALIDITY and UID, where the server tells them.
    Yes(Option<(u32, u32)>),
    /// There is no such folder, and the message is still whole.
    Missing(Error),
}

/// Reads a small message to its end.
fn held(body: &mut Body, size: u64) -> Result<Vec<u8>, Error> {
    let mut message = vec![0; usize::try_from(size).unwrap_or_default() + 1];
    let mut filled = 0;
    loop {
        match body.read(&mut message[filled..]).map_err(Error::usable)? {
            0 => break,
            count => filled += count,
        }
    }
    message.truncate(filled);
    if message.len() as u64 == size { Ok(message) } else { Err(another_size().usable()) }
}

/// The source gave more or less than it had announced.
fn another_size() -> Error {
    Error::new(Status::Local, "message.source_failed").stage(Stage::Content).detail("the size announced is not that of the message")
}

impl Session {
    /// Appends a message to a folder. An error after the last byte may have left says that the outcome is not known.
    fn append(&mut self, folder: &str, message: &mut Message, call: &Call) -> Result<Appended, Error> {
        let at = |error: Error| error.stage(Stage::Content);
        let size = match message {
            Message::Held(message) => message.len() as u64,
            Message::Streamed { size, .. } => *size,
        };
        let unasked = matches!(message, Message::Held(_)) && (self.capabilities.has("LITERAL+") || self.capabilities.has("LITERAL-"));
        let tag = self.next_tag();
        let plus = if unasked { "+" } else { "" };
        let command = format!("{tag} APPEND {} (\\Seen) {{{size}{plus}}}\r\n", names::folder(folder, self.utf8));
        let mut before = command.into_bytes();
        if !unasked {
            self.stream.write(&before, call).map_err(at)?;
            if let Some(refusal) = self.consent(&tag, call).map_err(at)? {
                return Ok(Appended::Missing(refusal));
            }
            before.clear();
        }
        match message {
            Message::Held(message) => {
                let all = [&before, message.as_slice(), b"\r\n"].concat();
                self.write_last(&all, call)?;
            }
            Message::Streamed { body, .. } => self.append_stream(body, size, call)?,
        }
        self.appended(&tag, matches!(message, Message::Held(_)), call)
    }

    fn append_stream(&mut self, body: &mut Body, size: u64, call: &Call) -> Result<(), Error> {
        let mut block = vec![0; BLOCK + 2];
        let mut left = size;
        while left > 0 {
            let count = body.read(&mut block[..BLOCK])?;
            if count == 0 || count as u64 > left {
                // The session is of no use any more, and half a message stays half.
                return Err(another_size());
            }
            left -= count as u64;
            if left > 0 {
                self.stream.write_body(&block[..count], call).map_err(|error| error.stage(Stage::Content))?;
            } else {
                block[count..count + 2].copy_from_slice(b"\r\n");
                self.write_last(&block[..count + 2], call)?;
            }
        }
        Ok(())
    }

    /// Writes the last bytes of a command. When not all of them left, the server cannot have the whole message.
    fn write_last(&mut self, data: &[u8], call: &Call) -> Result<(), Error> {
        let before = self.stream.written();
        self.stream.write_body(data, call).map_err(|error| {
            // The line's end alone may be missing, and some server might do without it.
            let complete = self.stream.written() - before + 2 >= data.len() as u64;
            if complete { in_doubt(error) } else { error.stage(Stage::Content) }
        })
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
    fn appended(&mut self, tag: &str, held: bool, call: &Call) -> Result<Appended, Error> {
        let done = self.finish(tag, call, |_| Ok(())).map_err(in_doubt)?;
        if done.is_ok {
            return Ok(Appended::Yes(done.appended));
        }
        if done.has("TRYCREATE") || done.has("NONEXISTENT") {
            let error = self.refused("imap.folder_missing", &done).stage(Stage::Mailbox);
            // A message that was streamed is gone; the caller may send it again once the folder is there.
            return if held { Ok(Appended::Missing(error)) } else { Err(error.at("/imap/outbox", "imap.folder_missing")) };
        }
        Err(self.refused("imap.append_refused", &done).stage(Stage::Acceptance))
    }
}

/// After the last byte may have left, nobody knows what the server did with the message.
fn in_doubt(error: Error) -> Error {
    let mut error = error.stage(Stage::Acceptance).delivery(Delivery::Unknown).retry(Retry::No);
    error.detail = format!("{} {}", error.code, error.detail).trim_end().to_owned();
    error.status = Status::Uncertain;
    "delivery.uncertain".clone_into(&mut error.code);
    error
}
