//! IMAP (RFC 3501 with UIDPLUS and ESEARCH) without the socket, as far as fetching needs it. The UID of a message is its number.

use memchr::memchr;
use postkontor_bench::counters::Counters;
use postkontor_bench::dialogue::Dialogue;
use postkontor_bench::mailbox::Mailbox;
use postkontor_bench::outlet::Outlet;
use std::fmt::Write;
use std::io::Result;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

const CAPABILITIES: &str = "IMAP4rev1 UIDPLUS ESEARCH";

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
        let line = line.trim_end();
        let (tag, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (verb, arguments) = rest.split_once(' ').unwrap_or((rest, ""));
        let (verb, arguments) = match (verb.to_ascii_uppercase(), arguments.split_once(' ')) {
            (verb, Some((second, arguments))) if verb == "UID" => (format!("UID {}", second.to_ascii_uppercase()), arguments),
            (verb, _) => (verb, arguments),
        };
        let count = self.mailbox.len();
        match verb.as_str() {
            "CAPABILITY" => outlet.say(format!("* CAPABILITY {CAPABILITIES}\r\n").as_bytes())?,
            "SELECT" | "EXAMINE" => outlet.say(
                format!(
                    "* FLAGS (\\Seen \\Deleted)\r\n* {count} EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT {}] ok\r\n",
                    count + 1
                )
                .as_bytes(),
            )?,
            "UID SEARCH" if arguments.to_ascii_uppercase().contains("RETURN") => {
                outlet.say(format!("* ESEARCH (TAG \"{tag}\") UID ALL 1:{count}\r\n").as_bytes())?;
            }
            "UID SEARCH" | "SEARCH" => {
                let mut found = "* SEARCH".to_owned();
                for number in 1..=count {
                    // Writing to a String cannot fail.
                    let _ = write!(found, " {number}");
                }
                outlet.say((found + "\r\n").as_bytes())?;
            }
            "UID FETCH" | "FETCH" => self.fetch(arguments, outlet)?,
            "LIST" => outlet.say(b"* LIST () \"/\" INBOX\r\n")?,
            // Each client finds the mailbox full, so nothing is ever deleted in earnest.
            "LOGIN" | "NOOP" | "CLOSE" | "UID STORE" | "STORE" | "EXPUNGE" | "UID EXPUNGE" => (),
            "LOGOUT" => {
                self.ended = true;
                outlet.say(b"* BYE\r\n")?;
            }
            _ => {
                self.counters.errors.fetch_add(1, Relaxed);
                return outlet.say(format!("{tag} BAD unknown\r\n").as_bytes());
            }
        }
        outlet.say(format!("{tag} OK done\r\n").as_bytes())
    }

    fn fetch(&self, arguments: &str, outlet: &mut Outlet) -> Result<()> {
        let (set, items) = arguments.split_once(' ').unwrap_or((arguments, ""));
        let items = items.to_ascii_uppercase();
        let (body, flags, date, size) =
            (items.contains("BODY"), items.contains("FLAGS"), items.contains("INTERNALDATE"), items.contains("SIZE"));
        let mut head = String::new();
        for range in set.split(',') {
            let (first, last) = range.split_once(':').unwrap_or((range, range));
            let number = |text: &str| text.parse().unwrap_or_else(|_| self.mailbox.len());
            for number in number(first)..=number(last).min(self.mailbox.len()) {
                let Some(message) = self.mailbox.get(number) else { continue };
                head.clear();
                // Writing to a String cannot fail.
                let _ = write!(head, "* {number} FETCH (UID {number}");
                if flags {
                    head.push_str(" FLAGS ()");
                }
                if date {
                    head.push_str(" INTERNALDATE \"20-Nov-2026 10:00:00 +0100\"");
                }
                if size {
                    let _ = write!(head, " RFC822.SIZE {}", message.len());
                }
                if body {
                    self.counters.mails.fetch_add(1, Relaxed);
                    self.counters.bytes.fetch_add(message.len() as u64, Relaxed);
                    let _ = write!(head, " BODY[] {{{}}}\r\n", message.len());
                    outlet.say(head.as_bytes())?;
                    outlet.say(message)?;
                    head.clear();
                }
                head.push_str(")\r\n");
                outlet.say(head.as_bytes())?;
            }
        }
        Ok(())
    }
}

impl Dialogue for Session {
    fn greet(&mut self, outlet: &mut Outlet) -> Result<()> {
        outlet.say(format!("* OK [CAPABILITY {CAPABILITIES}] source\r\n").as_bytes())
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
