//! Commands and their responses.

use crate::capabilities::Capabilities;
use crate::reader::Piece;
use crate::response_code::response_code;
use crate::session::Session;
use postkontor_plugin::{Call, Error, Reply, Status};
use zeroize::{Zeroize, Zeroizing};

/// More responses than any command has, IDLE included.
const RESPONSES: usize = 4_000_000;

/// The tagged response that completes a command (RFC 9051, section 7.1).
#[derive(Clone, Debug)]
pub(crate) struct Completion {
    pub(crate) is_ok: bool,
    /// BAD: the server did not understand the command.
    pub(crate) is_bad: bool,
    /// The text, with its response code in brackets.
    pub(crate) text: String,
    /// APPENDUID's UIDVALIDITY and UID.
    pub(crate) append_uid: Option<(u32, u32)>,
    /// The capabilities from now on, where the response lists them.
    pub(crate) capabilities: Option<Capabilities>,
}

impl Completion {
    /// Whether the text begins with this response code.
    pub(crate) fn has(&self, code: &str) -> bool {
        let inside = self.text.strip_prefix('[').and_then(|rest| rest.split([']', ' ']).next());
        inside.is_some_and(|inside| inside.eq_ignore_ascii_case(code))
    }
}

impl Session {
    /// Sends a command and gives every untagged response before its completion to `take`.
    pub(crate) fn command_with(
        &mut self,
        command: &str,
        call: &Call,
        take: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<Completion, Error> {
        let tag = self.next_tag();
        match self.send_with_literals(&tag, command, None, call)? {
            Some(completion) => Ok(completion),
            None => self.read_completion(&tag, call, take),
        }
    }

    /// Sends a command whose untagged responses do not matter.
    pub(crate) fn command(&mut self, command: &str, call: &Call) -> Result<Completion, Error> {
        self.command_with(command, call, |_| Ok(()))
    }

    /// Sends a command with its literals (see [`names::string`](crate::names::string)), synchronizing ones after the continuation request;
    /// a completion in its place is returned. The transcript shows `shown` where there is a secret.
    pub(crate) fn send_with_literals(
        &mut self,
        tag: &str,
        command: &str,
        shown: Option<&str>,
        call: &Call,
    ) -> Result<Option<Completion>, Error> {
        let mut line = Zeroizing::new(format!("{tag} "));
        let mut shown = shown;
        let mut pieces = command.split("\r\n").peekable();
        while let Some(piece) = pieces.next() {
            let text = pieces.peek().copied();
            let non_synchronizing = text.and_then(|_| piece.strip_suffix('}').filter(|_| self.takes_non_synchronizing(length(piece))));
            if let Some(head) = non_synchronizing {
                line.push_str(head);
                line.push_str("+}\r\n");
                continue;
            }
            line.push_str(piece);
            line.push_str("\r\n");
            match &mut shown {
                Some(shown) => self.stream.write_secret(line.as_bytes(), std::mem::replace(shown, "***"), call)?,
                None => self.stream.write(line.as_bytes(), call)?,
            }
            line.zeroize();
            if text.is_some()
                && let Some(refusal) = self.wait_for_continuation(tag, call)?
            {
                return Ok(Some(refusal));
            }
        }
        Ok(None)
    }

    /// Whether the server takes a non-synchronizing literal of this length (RFC 7888). IMAP4rev2 includes LITERAL-.
    pub(crate) fn takes_non_synchronizing(&self, length: usize) -> bool {
        let has = |name| self.capabilities.has(name);
        has("LITERAL+") || length <= 4096 && (has("LITERAL-") || has("IMAP4rev2"))
    }

    /// Waits for the continuation request. A completion in its place is returned.
    pub(crate) fn wait_for_continuation(&mut self, tag: &str, call: &Call) -> Result<Option<Completion>, Error> {
        let mut count = 0;
        loop {
            let line = self.next_response(&mut count, call)?;
            if line.starts_with(b"+") {
                return Ok(None);
            }
            if let Some(completion) = self.completion(tag, &line)? {
                // A command cannot succeed before it was sent whole.
                return if completion.is_ok { Err(self.malformed(&line)) } else { Ok(Some(completion)) };
            }
        }
    }

    /// Sends a command without literals; its responses are read later.
    pub(crate) fn send_command(&mut self, command: &str, call: &Call) -> Result<String, Error> {
        let tag = self.next_tag();
        self.stream.write(format!("{tag} {command}\r\n").as_bytes(), call)?;
        Ok(tag)
    }

    /// Reads up to the completion of a command.
    pub(crate) fn read_completion(
        &mut self,
        tag: &str,
        call: &Call,
        mut take: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<Completion, Error> {
        let mut count = 0;
        loop {
            let mut line = self.next_response(&mut count, call)?;
            // Exchange sends a response code without the words before it: `[COPYUID 7 1 11]` in a line of its own, in answer to UID MOVE.
            if response_code(&line).is_some() {
                line.splice(0..0, *b"* OK ");
            }
            if let Some(completion) = self.completion(tag, &line)? {
                return Ok(completion);
            }
            take(&line)?;
        }
    }

    /// The next response to a command that fetches no body; bodies are skipped. `count` is how many responses came since the command.
    pub(crate) fn next_response(&mut self, count: &mut usize, call: &Call) -> Result<Vec<u8>, Error> {
        while *count < RESPONSES {
            *count += 1;
            match self.reader.next(&mut self.stream, call)? {
                // Some servers put blank lines between their responses.
                Piece::Response(line) if line == b"\r\n" => (),
                Piece::Response(line) => return Ok(line),
                Piece::Body { length, .. } => self.reader.body(length, &mut self.stream, call, |_| Ok(()))?,
            }
        }
        Err(self.error(Status::Protocol, "protocol.reply_too_long").arg("limit", RESPONSES))
    }

    /// The completion of the command, if this response is that. A tag that was not sent, or BYE, ends the session.
    pub(crate) fn completion(&mut self, tag: &str, line: &[u8]) -> Result<Option<Completion>, Error> {
        if line.starts_with(b"* ") {
            self.updates.note(line);
            if self.uid_validity.is_ended_by(line) {
                return Err(self.error(Status::Later, "imap.renumbered"));
            }
            let is_bye = line.get(2..5).is_some_and(|word| word.eq_ignore_ascii_case(b"BYE")) && matches!(line.get(5), Some(b' ' | b'\r'));
            if is_bye && !self.is_logging_out {
                let text = self.cleaned(&line[5..]);
                let reply = Reply { code: 0, enhanced: None, text: text.clone() };
                return Err(self.error(Status::Later, "imap.closing").arg("text", text).server(reply));
            }
            return Ok(None);
        }
        if line.starts_with(b"+") {
            return Err(self.malformed(line));
        }
        // A server that ended IDLE before DONE came takes DONE for a command.
        if self.updates.was_idle && line.starts_with(b"DONE BAD") {
            return Ok(None);
        }
        let rest = line.strip_prefix(tag.as_bytes()).and_then(|rest| rest.strip_prefix(b" "));
        let Some(rest) = rest else { return Err(self.malformed(line)) };
        let word = rest.split(|byte| *byte == b' ' || *byte == b'\r').next().unwrap_or_default().to_ascii_uppercase();
        let (is_ok, is_bad) = match word.as_slice() {
            b"OK" => (true, false),
            b"NO" => (false, false),
            b"BAD" => (false, true),
            _ => return Err(self.malformed(line)),
        };
        let words = rest.iter().position(|byte| *byte == b' ').map_or(&b""[..], |at| &rest[at + 1..]);
        let append_uid = response_code(words).filter(|(name, _)| is_ok && name.eq_ignore_ascii_case("APPENDUID")).and_then(|(_, said)| {
            let (validity, uid) = said.split_once(' ')?;
            Some((validity.parse().ok()?, uid.split([':', ',']).next()?.parse().ok()?))
        });
        let capabilities = is_ok.then(|| Capabilities::from_response_code(words)).flatten();
        Ok(Some(Completion { is_ok, is_bad, text: self.cleaned(words), append_uid, capabilities }))
    }

    /// The server's text without control characters and secrets.
    pub(crate) fn cleaned(&mut self, words: &[u8]) -> String {
        self.stream.transcript().clean(words.trim_ascii())
    }

    pub(crate) fn malformed(&mut self, line: &[u8]) -> Error {
        let shown = self.cleaned(&line[..line.len().min(200)]);
        self.error(Status::Protocol, "protocol.reply_malformed").detail(shown)
    }

    /// An error about this server.
    pub(crate) fn error(&self, status: Status, code: &str) -> Error {
        Error::new(status, code).arg("host", self.stream.endpoint().host.as_str())
    }

    /// The error of a command that the server refused; the session goes on.
    pub(crate) fn refused(&self, code: &str, completion: &Completion) -> Error {
        let is_passing = ["UNAVAILABLE", "INUSE", "SERVERBUG", "LIMIT"].iter().any(|code| completion.has(code));
        // Exchange has no code for it.
        let status = if is_passing || completion.text.to_ascii_lowercase().starts_with("server unavailable") {
            Status::Later
        } else if completion.has("NONEXISTENT") || completion.has("TRYCREATE") {
            Status::NotFound
        } else {
            Status::Refused
        };
        let reply = Reply { code: 0, enhanced: None, text: completion.text.clone() };
        self.error(status, code).arg("text", completion.text.as_str()).server(reply).usable()
    }
}

/// The length in `{length}` at the end of a piece of a command.
fn length(piece: &str) -> usize {
    let digits = piece.strip_suffix('}').and_then(|piece| piece.rsplit('{').next());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(usize::MAX)
}
