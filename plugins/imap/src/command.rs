//! Commands and their responses.

use crate::reader::Piece;
use crate::session::Session;
use imap_proto::{Response, ResponseCode, Status as Word};
use postkontor_plugin::{Call, Error, Reply, Status};

/// More untagged responses than any command has for each message.
const RESPONSES: usize = 4_000_000;

/// How a command ended.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    pub(crate) is_ok: bool,
    /// The server's words, with their code in brackets.
    pub(crate) text: String,
    /// APPENDUID's UIDVALIDITY and UID.
    pub(crate) appended: Option<(u32, u32)>,
}

impl Done {
    /// Whether the server gives this response code in brackets.
    pub(crate) fn has(&self, code: &str) -> bool {
        let inside = self.text.strip_prefix('[').and_then(|rest| rest.split([']', ' ']).next());
        inside.is_some_and(|inside| inside.eq_ignore_ascii_case(code))
    }
}

impl Session {
    /// Sends a command and gives every untagged response that comes before its end to `take`.
    pub(crate) fn run(&mut self, command: &str, call: &Call, take: impl FnMut(&[u8]) -> Result<(), Error>) -> Result<Done, Error> {
        let tag = self.start(command, call)?;
        self.finish(&tag, call, take)
    }

    /// Sends a command whose responses are of no interest.
    pub(crate) fn perform(&mut self, command: &str, call: &Call) -> Result<Done, Error> {
        self.run(command, call, |_| Ok(()))
    }

    /// Sends a command; its responses are read later.
    pub(crate) fn start(&mut self, command: &str, call: &Call) -> Result<String, Error> {
        let tag = self.next_tag();
        self.stream.write(format!("{tag} {command}\r\n").as_bytes(), call)?;
        Ok(tag)
    }

    /// Reads to the end of a command.
    pub(crate) fn finish(&mut self, tag: &str, call: &Call, mut take: impl FnMut(&[u8]) -> Result<(), Error>) -> Result<Done, Error> {
        for _ in 0..RESPONSES {
            match self.reader.next(&mut self.stream, call)? {
                Piece::Response(line) => {
                    if let Some(done) = self.done(tag, &line)? {
                        return Ok(done);
                    }
                    take(&line)?;
                }
                // Nobody asked for a body: it is read past.
                Piece::Body { length, .. } => self.reader.body(length, &mut self.stream, call, |_| Ok(()))?,
            }
        }
        Err(self.error(Status::Protocol, "protocol.reply_too_long").arg("limit", RESPONSES))
    }

    /// The end of the command, if this response is that. A tag that was not sent, or a farewell, ends the session.
    pub(crate) fn done(&mut self, tag: &str, line: &[u8]) -> Result<Option<Done>, Error> {
        if line.starts_with(b"* ") {
            self.watch.note(line);
            let is_farewell =
                line.get(2..5).is_some_and(|word| word.eq_ignore_ascii_case(b"BYE")) && matches!(line.get(5), Some(b' ' | b'\r'));
            if is_farewell && !self.leaving {
                let text = self.told(&line[5..]);
                let reply = Reply { code: 0, enhanced: None, text: text.clone() };
                return Err(self.error(Status::Later, "imap.closing").arg("text", text).server(reply));
            }
            return Ok(None);
        }
        if line.starts_with(b"+") {
            return Err(self.malformed(line));
        }
        // A server that had ended IDLE when our DONE came takes that for a command.
        if self.watch.was_idle && line.starts_with(b"DONE BAD") {
            return Ok(None);
        }
        let rest = line.strip_prefix(tag.as_bytes()).and_then(|rest| rest.strip_prefix(b" "));
        let Some(rest) = rest else { return Err(self.malformed(line)) };
        let is_ok = match rest.split(|byte| *byte == b' ' || *byte == b'\r').next().unwrap_or_default().to_ascii_uppercase().as_slice() {
            b"OK" => true,
            b"NO" | b"BAD" => false,
            _ => return Err(self.malformed(line)),
        };
        let words = rest.iter().position(|byte| *byte == b' ').map_or(&b""[..], |at| &rest[at + 1..]);
        let appended = match Response::parse(line) {
            Ok((_, Response::Done { status: Word::Ok, outcome, .. })) => match outcome.code {
                Some(ResponseCode::AppendUid(validity, uids)) => uids.first().map(|uid| match uid {
                    imap_proto::rfc4315::UidSetMember::Uid(uid) => (validity, *uid),
                    imap_proto::rfc4315::UidSetMember::UidRange(range) => (validity, *range.start()),
                }),
                _ => None,
            },
            _ => None,
        };
        Ok(Some(Done { is_ok, text: self.told(words), appended }))
    }

    /// The server's words without control characters and secrets.
    pub(crate) fn told(&mut self, words: &[u8]) -> String {
        self.stream.transcript().clean(words.trim_ascii())
    }

    pub(crate) fn malformed(&mut self, line: &[u8]) -> Error {
        let told = self.told(&line[..line.len().min(200)]);
        self.error(Status::Protocol, "protocol.reply_malformed").detail(told)
    }

    /// An error about this server.
    pub(crate) fn error(&self, status: Status, code: &str) -> Error {
        Error::new(status, code).arg("host", self.stream.endpoint().host.as_str())
    }

    /// The error of a command that the server refused; the session goes on.
    pub(crate) fn refused(&self, code: &str, done: &Done) -> Error {
        let status = if done.has("UNAVAILABLE") || done.has("INUSE") || done.has("SERVERBUG") || done.has("LIMIT") {
            Status::Later
        } else if done.has("NONEXISTENT") || done.has("TRYCREATE") {
            Status::NotFound
        } else {
            Status::Refused
        };
        let reply = Reply { code: 0, enhanced: None, text: done.text.clone() };
        self.error(status, code).arg("text", done.text.as_str()).server(reply).usable()
    }
}
