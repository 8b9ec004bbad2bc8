//! Sending by putting the message into a folder, whose rule on the server sends it on.

use crate::command::Completion;
use crate::names::is_ambiguous;
use crate::session::Session;
use crate::settings::Settings;
use postkontor_plugin::{Body, Call, Delivery, Error, Mail, Retry, Sent, SessionState, Stage, Status};

/// A message up to this size is held in memory. It goes out as a non-synchronizing literal where the server takes them (RFC 7888 sets the
/// limit for LITERAL-).
const HELD: u64 = 4096;

/// One block on its way from the composer to the connection.
const BLOCK: usize = 64 * 1024;

/// The flags of a message that is sent.
const SEEN: &str = "\\Seen";

/// The code of an error because there is no such folder.
const MISSING: &str = "imap.folder_missing";

/// Puts a message into the outbox.
pub(crate) fn send(session: &mut Session, settings: &Settings, mail: &Mail, body: &mut Body, call: &Call) -> Result<Sent, Error> {
    let Some(outbox) = &settings.imap.outbox else {
        let code = "imap.outbox_missing";
        return Err(Error::new(Status::Settings, code).stage(Stage::Mailbox).at("/imap/outbox", code).usable());
    };
    let mut folder = session.real_name(outbox, "/imap/outbox", call)?;
    let size = mail.size.ok_or_else(|| Error::new(Status::Internal, "plugin.request_unreadable").usable())?;
    let at_outbox = |error: Error| if error.code == MISSING { error.at("/imap/outbox", MISSING) } else { error };
    let mut message = Message::of(body, size)?;
    let mut attempt = session.append(&folder, &mut message, SEEN, mail.utf8, call).map_err(at_outbox)?;
    if matches!(attempt, Appended::Missing(_))
        && let Some(other) = session.other_outbox(&folder, call)?
    {
        attempt = session.append(&other, &mut message, SEEN, mail.utf8, call).map_err(at_outbox)?;
        folder = other;
    }
    if matches!(attempt, Appended::Missing(_)) && settings.imap.create_folders {
        session.create(&folder, "/imap/outbox", call)?;
        attempt = session.append(&folder, &mut message, SEEN, mail.utf8, call).map_err(at_outbox)?;
    }
    match attempt {
        Appended::Yes(uid) => {
            let mut sent = Sent::to_all(mail, size);
            sent.saved_to = Some(uid.map_or_else(|| folder.clone(), |(validity, uid)| crate::folders::id(&folder, validity, uid)));
            Ok(sent)
        }
        Appended::Misunderstood(error) => Err(error),
        Appended::Missing(error) => Err(at_outbox(error.arg("folder", folder))),
    }
}

/// The message on its way.
pub(crate) enum Message<'a, 'b> {
    Held(Vec<u8>),
    Streamed { body: &'a mut Body<'b>, size: u64 },
}

impl<'a, 'b> Message<'a, 'b> {
    /// A small message is held, so that it can be sent once more when the folder had to be created first.
    pub(crate) fn of(body: &'a mut Body<'b>, size: u64) -> Result<Message<'a, 'b>, Error> {
        if size <= HELD { held(body, size).map(Message::Held) } else { Ok(Message::Streamed { body, size }) }
    }
}

pub(crate) enum Appended {
    /// With UIDVALIDITY and UID, where the server sends APPENDUID.
    Yes(Option<(u32, u32)>),
    /// There is no such folder, and the message is still whole.
    Missing(Error),
    /// The server does not understand the command, and the message is still whole.
    Misunderstood(Error),
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
    /// Appends a message with these flags to a folder; `utf8` says that it has headers in UTF-8. An error after the last byte may have left says that the
    /// outcome is not known.
    pub(crate) fn append(&mut self, folder: &str, message: &mut Message, flags: &str, utf8: bool, call: &Call) -> Result<Appended, Error> {
        let utf8 = utf8 && self.utf8 && self.capabilities.has_utf8();
        let folder = &self.appended_to(folder, call)?;
        let attempt = match self.append_as(folder, message, flags, utf8, call) {
            // Nothing of the message has left yet.
            Err(error) if error.session == SessionState::Usable && error.stage == Some(Stage::Content) => {
                let tried = self.wire(folder);
                match self.listed(folder, call)?.filter(|listed| self.wire(listed) != tried) {
                    Some(listed) => self.append_as(&listed, message, flags, utf8, call),
                    None => Err(error),
                }
            }
            attempt => attempt,
        };
        match attempt? {
            // Servers of RFC 6855 want the UTF8 data extension; RFC 9755 takes headers in UTF-8 without it.
            Appended::Misunderstood(_) if utf8 => self.append_as(folder, message, flags, false, call),
            attempt => Ok(attempt),
        }
    }

    /// The folder's name in the list, where its form on the wire is not certain: a message that was sent cannot be sent again.
    fn appended_to(&mut self, folder: &str, call: &Call) -> Result<String, Error> {
        let is_known = !is_ambiguous(folder) || self.wire_names.knows(folder);
        let listed = if is_known { None } else { self.listed(folder, call)? };
        Ok(listed.unwrap_or_else(|| folder.to_owned()))
    }

    fn append_as(&mut self, folder: &str, message: &mut Message, flags: &str, utf8: bool, call: &Call) -> Result<Appended, Error> {
        let at = |error: Error| error.stage(Stage::Content);
        let size = match message {
            Message::Held(message) => message.len() as u64,
            Message::Streamed { size, .. } => *size,
        };
        let is_non_synchronizing = matches!(message, Message::Held(message) if self.takes_non_synchronizing(message.len()));
        let tag = self.next_tag();
        let plus = if is_non_synchronizing { "+" } else { "" };
        // RFC 6855, section 4: headers in UTF-8 travel as a literal8 in parentheses.
        let (before, behind): (&str, &[u8]) = if utf8 { ("UTF8 (~", b")\r\n") } else { ("", b"\r\n") };
        let command = format!("{tag} APPEND {} ({flags}) {before}{{{size}{plus}}}\r\n", self.wire(folder));
        let mut before = command.into_bytes();
        if !is_non_synchronizing {
            self.stream.write(&before, call).map_err(at)?;
            if let Some(refusal) = self.consent(&tag, call).map_err(at)? {
                return Ok(refusal);
            }
            before.clear();
        }
        match message {
            Message::Held(message) => {
                let all = [&before, message.as_slice(), behind].concat();
                self.write_last(&all, behind, call)?;
            }
            Message::Streamed { body, .. } => self.append_stream(body, size, behind, call)?,
        }
        self.appended(&tag, matches!(message, Message::Held(_)), call)
    }

    fn append_stream(&mut self, body: &mut Body, size: u64, behind: &[u8], call: &Call) -> Result<(), Error> {
        let mut block = vec![0; BLOCK + behind.len()];
        let mut left = size;
        while left > 0 {
            let count = body.read(&mut block[..BLOCK])?;
            if count == 0 || count as u64 > left {
                // The session cannot be used any more, and the message stays incomplete.
                return Err(another_size());
            }
            left -= count as u64;
            if left > 0 {
                self.stream.write_body(&block[..count], call).map_err(|error| error.stage(Stage::Content))?;
            } else {
                block[count..count + behind.len()].copy_from_slice(behind);
                self.write_last(&block[..count + behind.len()], behind, call)?;
            }
        }
        Ok(())
    }

    /// Writes the last bytes of a command, which end in `behind`. When not all of them left, the server cannot have the whole message.
    fn write_last(&mut self, data: &[u8], behind: &[u8], call: &Call) -> Result<(), Error> {
        let before = self.stream.written();
        self.stream.write_body(data, call).map_err(|error| {
            // Only the end of the line may be missing, and some server might do without it.
            let complete = self.stream.written() - before + behind.len() as u64 >= data.len() as u64;
            if complete { in_doubt(error) } else { error.stage(Stage::Content) }
        })
    }

    /// Waits for the continuation request. A refusal in its place comes before anything of the message was sent.
    fn consent(&mut self, tag: &str, call: &Call) -> Result<Option<Appended>, Error> {
        match self.wait_for_continuation(tag, call)? {
            None => Ok(None),
            Some(completion) => self.whole(&completion).map(Some).ok_or_else(|| self.refused("imap.append_refused", &completion)),
        }
    }

    /// How a refused message can be sent again, as long as it is whole.
    fn whole(&self, completion: &Completion) -> Option<Appended> {
        if completion.has("TRYCREATE") || completion.has("NONEXISTENT") {
            Some(Appended::Missing(self.refused(MISSING, completion).stage(Stage::Mailbox)))
        } else if completion.is_bad {
            Some(Appended::Misunderstood(self.refused("imap.append_refused", completion).stage(Stage::Content)))
        } else {
            None
        }
    }

    /// Waits for the reply to a message that has been sent.
    fn appended(&mut self, tag: &str, held: bool, call: &Call) -> Result<Appended, Error> {
        let completion = self.read_completion(tag, call, |_| Ok(())).map_err(in_doubt)?;
        if completion.is_ok {
            return Ok(Appended::Yes(completion.append_uid));
        }
        // A message that was streamed is gone; the caller may send it again.
        match self.whole(&completion) {
            Some(appended) if held => return Ok(appended),
            Some(Appended::Missing(error)) => return Err(error),
            _ => (),
        }
        Err(self.refused("imap.append_refused", &completion).stage(Stage::Acceptance))
    }
}

/// The error of a connection that broke after the last byte may have left: the outcome is unknown.
fn in_doubt(error: Error) -> Error {
    let mut error = error.stage(Stage::Acceptance).delivery(Delivery::Unknown).retry(Retry::No);
    error.detail = format!("{} {}", error.code, error.detail).trim_end().to_owned();
    error.status = Status::Uncertain;
    "delivery.uncertain".clone_into(&mut error.code);
    error
}
