//! POP3 (RFC 1939, with the CAPA of RFC 2449) without the socket.

use memchr::memchr;
use memchr::memmem;
use postkontor_bench::counters::Counters;
use postkontor_bench::dialogue::Dialogue;
use postkontor_bench::mailbox::Mailbox;
use postkontor_bench::outlet::Outlet;
use std::fmt::Write;
use std::io::Result;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// One client's dialogue.
pub(crate) struct Session {
    counters: Arc<Counters>,
    mailbox: Arc<Mailbox>,
    ended: bool,
}

impl Session {
    pub(crate) fn new(mailbox: Arc<Mailbox>, counters: Arc<Counters>) -> Session {
        Session { counters, mailbox, ended: false }
    }

    fn command(&mut self, line: &str, outlet: &mut Outlet) -> Result<()> {
        let mut words = line.split_ascii_whitespace();
        let verb = words.next().unwrap_or_default().to_ascii_uppercase();
        let number: Option<usize> = words.next().and_then(|word| word.parse().ok());
        let message = number.and_then(|number| self.mailbox.get(number));
        match (verb.as_str(), message) {
            ("CAPA", _) => outlet.say(b"+OK\r\nUSER\r\nPIPELINING\r\nUIDL\r\nTOP\r\n.\r\n"),
            ("STAT", _) => {
                let bytes: usize = self.mailbox.iter().map(|(_, message)| message.len()).sum();
                outlet.say(format!("+OK {} {bytes}\r\n", self.mailbox.len()).as_bytes())
            }
            ("LIST", None) if number.is_none() => outlet.say(self.lines(|_, message| message.len().to_string()).as_bytes()),
            ("UIDL", None) if number.is_none() => outlet.say(self.lines(|number, _| format!("{number:016x}")).as_bytes()),
            ("LIST", Some(message)) => outlet.say(format!("+OK {} {}\r\n", number.unwrap_or_default(), message.len()).as_bytes()),
            ("RETR", Some(message)) => {
                self.counters.mails.fetch_add(1, Relaxed);
                self.counters.bytes.fetch_add(message.len() as u64, Relaxed);
                outlet.say(b"+OK\r\n")?;
                outlet.say(message)?;
                outlet.say(b".\r\n")
            }
            ("TOP", Some(message)) => {
                let end = memmem::find(message, b"\r\n\r\n").map_or(message.len(), |at| at + 4);
                outlet.say(b"+OK\r\n")?;
                outlet.say(&message[..end])?;
                outlet.say(b".\r\n")
            }
            // Each client finds the mailbox full, so nothing is ever deleted in earnest.
            ("DELE", Some(_)) | ("USER" | "PASS" | "NOOP" | "RSET", _) => outlet.say(b"+OK\r\n"),
            ("QUIT", _) => {
                self.ended = true;
                outlet.say(b"+OK\r\n")
            }
            _ => {
                self.counters.errors.fetch_add(1, Relaxed);
                outlet.say(b"-ERR unknown\r\n")
            }
        }
    }

    /// A line for each message.
    fn lines(&self, value: impl Fn(usize, &[u8]) -> String) -> String {
        let mut text = "+OK\r\n".to_owned();
        for (number, message) in self.mailbox.iter() {
            // Writing to a String cannot fail.
            let _ = write!(text, "{number} {}\r\n", value(number, message));
        }
        text + ".\r\n"
    }
}

impl Dialogue for Session {
    fn greet(&mut self, outlet: &mut Outlet) -> Result<()> {
        outlet.say(b"+OK source\r\n")
    }

    fn feed(&mut self, input: &[u8], outlet: &mut Outlet) -> Result<usize> {
        let mut used = 0;
        while let Some(end) = memchr(b'\n', &input[used..]) {
            let line = String::from_utf8_lossy(&input[used..used + end]);
            used += end + 1;
            self.command(&line, outlet)?;
        }
        Ok(used)
    }

    fn ended(&self) -> bool {
        self.ended
    }
}
