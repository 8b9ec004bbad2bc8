//! The dialogue without the socket: takes bytes as they come, collects the replies, checks the order of commands.

use memchr::{memchr, memmem::Finder};
use postkontor_bench::counters::Counters;
use postkontor_bench::dialogue::Dialogue;
use postkontor_bench::outlet::Outlet;
use std::io::Result;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// The longest command line that is waited for.
const LONGEST_LINE: usize = 4096;
/// What ends a message that came by DATA, with the line end before it.
const END: &[u8] = b"\r\n.\r\n";

/// One client's dialogue.
pub(crate) struct Session {
    counters: Arc<Counters>,
    end: Finder<'static>,
    state: State,
    /// Mail is taken only from a client that has logged in.
    login: bool,
    /// MAIL was taken, and so many RCPT after it.
    mail: Option<u64>,
    replies: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Command,
    /// In the content after DATA; `fresh` until the first byte has come.
    Data {
        fresh: bool,
    },
    /// In the octets after BDAT.
    Block {
        left: usize,
        last: bool,
    },
    Ended,
}

impl Dialogue for Session {
    fn greet(&mut self, outlet: &mut Outlet) -> Result<()> {
        outlet.say(b"220 sink ESMTP\r\n")
    }

    fn feed(&mut self, input: &[u8], outlet: &mut Outlet) -> Result<usize> {
        let used = self.work_through(input);
        outlet.say(&self.replies)?;
        self.replies.clear();
        Ok(used)
    }

    fn ended(&self) -> bool {
        self.state == State::Ended
    }

    /// A mail without its end is an error.
    fn cut(&self) {
        if matches!(self.state, State::Data { .. } | State::Block { .. }) || self.mail.is_some() {
            self.counters.errors.fetch_add(1, Relaxed);
        }
    }
}

impl Session {
    /// A dialogue that mail comes from at once, or only after the `login`.
    pub(crate) fn new(counters: Arc<Counters>, login: bool) -> Session {
        Session { counters, end: Finder::new(END), state: State::Command, login, mail: None, replies: Vec::new() }
    }

    fn work_through(&mut self, input: &[u8]) -> usize {
        let mut used = 0;
        while let Some(step) = self.step(&input[used..]) {
            used += step;
        }
        used
    }

    /// Takes one line, or as much content as there is; nothing when more input is needed first.
    fn step(&mut self, input: &[u8]) -> Option<usize> {
        if input.is_empty() {
            return None;
        }
        match self.state {
            State::Command => {
                let Some(end) = memchr(b'\n', input) else {
                    if input.len() > LONGEST_LINE {
                        self.refuse("500 line too long");
                        self.state = State::Ended;
                    }
                    return None;
                };
                self.command(input[..end].trim_ascii_end());
                Some(end + 1)
            }
            State::Data { fresh } => self.data(input, fresh),
            State::Block { left, last } => {
                let taken = left.min(input.len());
                self.count(taken);
                self.state = State::Block { left: left - taken, last };
                if left == taken {
                    self.block_ends(last);
                }
                Some(taken)
            }
            State::Ended => None,
        }
    }

    fn data(&mut self, input: &[u8], fresh: bool) -> Option<usize> {
        if fresh && b".\r\n".starts_with(&input[..input.len().min(3)]) {
            if input.len() < 3 {
                return None;
            }
            self.mail_ends();
            return Some(3);
        }
        self.state = State::Data { fresh: false };
        if let Some(at) = self.end.find(input) {
            self.count(at + 2);
            self.mail_ends();
            return Some(at + END.len());
        }
        // The last bytes may be the beginning of the end.
        let sure = input.len().saturating_sub(END.len() - 1);
        self.count(sure);
        (sure > 0).then_some(sure)
    }

    fn command(&mut self, line: &[u8]) {
        let verb = line.split(|&byte| byte == b' ').next().unwrap_or_default().to_ascii_uppercase();
        match (verb.as_slice(), self.mail) {
            (b"EHLO", _) => {
                self.mail = None;
                self.reply("250-sink\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-SIZE 4294967296\r\n250-8BITMIME");
                if self.login {
                    self.reply("250-AUTH PLAIN");
                }
                self.reply("250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 DSN");
            }
            (b"AUTH", None) if self.login && line.len() > b"AUTH PLAIN ".len() => {
                self.login = false;
                self.reply("235 2.7.0 welcome");
            }
            (b"MAIL", None) if self.login => self.refuse("530 5.7.0 log in first"),
            (b"HELO", _) => self.reply("250 sink"),
            (b"MAIL", None) => {
                self.mail = Some(0);
                self.reply("250 2.1.0 sender ok");
            }
            (b"RCPT", Some(recipients)) => {
                self.mail = Some(recipients + 1);
                self.reply("250 2.1.5 recipient ok");
            }
            (b"DATA", Some(1..)) => {
                self.state = State::Data { fresh: true };
                self.reply("354 go ahead");
            }
            (b"BDAT", Some(1..)) => match block(line) {
                Some((0, last)) => self.block_ends(last),
                Some((left, last)) => self.state = State::Block { left, last },
                None => self.refuse("501 5.5.4 BDAT wants a size"),
            },
            (b"RSET", _) => {
                self.mail = None;
                self.reply("250 2.0.0 ok");
            }
            (b"NOOP", _) => self.reply("250 2.0.0 ok"),
            (b"QUIT", _) => {
                self.state = State::Ended;
                self.reply("221 2.0.0 bye");
            }
            (b"MAIL" | b"RCPT" | b"DATA" | b"BDAT", _) => self.refuse("503 5.5.1 out of order"),
            _ => self.refuse("500 5.5.2 unknown command"),
        }
    }

    fn block_ends(&mut self, last: bool) {
        if last {
            self.mail_ends();
        } else {
            self.state = State::Command;
            self.reply("250 2.0.0 octets received");
        }
    }

    fn mail_ends(&mut self) {
        self.state = State::Command;
        self.counters.mails.fetch_add(1, Relaxed);
        self.counters.recipients.fetch_add(self.mail.take().unwrap_or_default(), Relaxed);
        self.reply("250 2.0.0 accepted");
    }

    fn count(&self, bytes: usize) {
        self.counters.bytes.fetch_add(bytes as u64, Relaxed);
    }

    fn refuse(&mut self, line: &str) {
        self.counters.errors.fetch_add(1, Relaxed);
        self.reply(line);
    }

    fn reply(&mut self, line: &str) {
        self.replies.extend_from_slice(line.as_bytes());
        self.replies.extend_from_slice(b"\r\n");
    }
}

/// Reads `BDAT size [LAST]`.
fn block(line: &[u8]) -> Option<(usize, bool)> {
    let mut words = str::from_utf8(line).ok()?.split_ascii_whitespace().skip(1);
    let size = words.next()?.parse().ok()?;
    match words.next() {
        None => Some((size, false)),
        Some(last) => last.eq_ignore_ascii_case("LAST").then_some((size, true)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds a dialogue in pieces of `size` bytes and returns the counters with the replies.
    fn talk(dialogue: &[u8], size: usize) -> (String, String) {
        let counters = Arc::new(Counters::default());
        let mut session = Session::new(Arc::clone(&counters), false);
        let mut pending = Vec::new();
        for piece in dialogue.chunks(size) {
            pending.extend_from_slice(piece);
            let used = session.work_through(&pending);
            pending.drain(..used);
        }
        session.cut();
        (counters.take().to_string(), String::from_utf8(session.replies).expect("replies are ASCII"))
    }

    #[test]
    fn mails_are_counted_however_the_bytes_are_cut() {
        let dialogue = b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\nDATA\r\nx\r\n..\r\n.\r\n\
            MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 3\r\nabcBDAT 4 LAST\r\nd.\r\nMAIL FROM:<>\r\nRCPT TO:<c@d>\r\nDATA\r\n.\r\nQUIT\r\n";
        for size in 1..=dialogue.len() {
            let (counters, replies) = talk(dialogue, size);
            assert_eq!(counters, r#"{"connections":0,"mails":3,"recipients":4,"bytes":14,"turns":0,"errors":0}"#, "pieces of {size}");
            assert_eq!(replies.lines().count(), 14, "pieces of {size}");
        }
    }

    #[test]
    fn a_mail_without_its_end_is_an_error() {
        for dialogue in ["MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nx\r\n.\n", "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 3 LAST\r\nab"] {
            let (counters, _) = talk(dialogue.as_bytes(), 7);
            assert!(counters.contains(r#""mails":0"#) && counters.contains(r#""errors":1"#), "{counters}");
        }
    }

    #[test]
    fn mail_is_taken_after_the_login_where_one_is_wanted() {
        let counters = Arc::new(Counters::default());
        let mut session = Session::new(Arc::clone(&counters), true);
        session.work_through(b"EHLO c\r\nMAIL FROM:<a@b>\r\n");
        assert!(counters.take().to_string().contains(r#""errors":1"#));
        session.work_through(b"AUTH PLAIN AGEAYg==\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 1 LAST\r\nx");
        let counters = counters.take().to_string();
        assert!(counters.contains(r#""mails":1"#) && counters.contains(r#""errors":0"#), "{counters}");
    }

    #[test]
    fn commands_out_of_order_are_errors() {
        let (counters, replies) = talk(b"RCPT TO:<c@d>\r\nDATA\r\nMAIL FROM:<a@b>\r\nDATA\r\nRSET\r\nBDAT 1\r\n", 100);
        assert!(counters.contains(r#""errors":4"#), "{counters}");
        assert!(replies.starts_with("503 "), "{replies}");
    }
}
