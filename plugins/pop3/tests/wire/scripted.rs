//! A POP3 server that says what a test wants it to, and remembers what was deleted.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What a server does, to be changed as a test needs it.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) capabilities: &'static str,
    /// What ends the server's own lines.
    pub(crate) line_end: &'static str,
    /// Behind which bytes it protects dots; behind none where there are none.
    pub(crate) protects_behind: &'static [&'static str],
    /// What QUIT does.
    pub(crate) quit: Quit,
    /// Answers to commands, whole as they stand on the wire, instead of its own.
    pub(crate) answers: &'static [(&'static str, &'static str)],
    /// What it says behind each response.
    pub(crate) behind: &'static str,
    /// How many bytes it tells more than each message has.
    pub(crate) told_more: usize,
    /// How many messages have to be asked for before any of them comes; the last ones come when all are asked for.
    pub(crate) at_once: usize,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Quit {
    Works,
    /// Deletes, and closes without a word.
    Unanswered,
    /// Closes without a word, and deletes nothing.
    Fails,
}

impl Default for Script {
    fn default() -> Script {
        Script {
            capabilities: "UIDL\r\nTOP\r\nPIPELINING\r\n",
            line_end: "\r\n",
            protects_behind: &["\r\n"],
            quit: Quit::Works,
            answers: &[],
            behind: "",
            told_more: 0,
            at_once: 0,
        }
    }
}

/// A running server; it ends with the process.
pub(crate) struct Scripted {
    pub(crate) port: u16,
    /// Identifier and text of each message that is there.
    pub(crate) mailbox: Arc<Mutex<Vec<(String, String)>>>,
    /// All commands that came in all sessions.
    pub(crate) heard: Arc<Mutex<Vec<String>>>,
    /// How many of them were there before the one in front of them was answered.
    pub(crate) ahead: Arc<AtomicUsize>,
    script: Arc<Mutex<Script>>,
    deleted: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    pub(crate) fn start(messages: &[(&str, &str)], script: Script) -> Scripted {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mailbox = messages.iter().map(|(id, text)| ((*id).to_owned(), (*text).to_owned())).collect();
        let server = Scripted {
            port: listener.local_addr().unwrap().port(),
            mailbox: Arc::new(Mutex::new(mailbox)),
            heard: Arc::default(),
            ahead: Arc::default(),
            script: Arc::new(Mutex::new(script)),
            deleted: Arc::default(),
        };
        let (mailbox, script, deleted) = (server.mailbox.clone(), server.script.clone(), server.deleted.clone());
        let (heard, ahead) = (server.heard.clone(), server.ahead.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                stream.set_nodelay(true).unwrap();
                let script = script.lock().unwrap().clone();
                let lies = mailbox.lock().unwrap().clone();
                let mut session = Session { lies, marked: Vec::new(), script, heard: heard.clone(), ahead: ahead.clone() };
                let quit = session.serve(&stream).unwrap_or(false);
                if quit && session.script.quit != Quit::Fails {
                    // The places, not the names: several may have the same.
                    session.marked.sort_unstable();
                    session.marked.dedup();
                    for place in session.marked.iter().rev() {
                        deleted.lock().unwrap().push(mailbox.lock().unwrap().remove(*place).1);
                    }
                }
                if quit && session.script.quit == Quit::Works {
                    // Only now, so that a test that has the answer finds the mailbox as it is.
                    drop((&stream).write_all(session.line("+OK bye").as_bytes()));
                }
            }
        });
        server
    }

    /// Changes what the server does from the next session on.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.script.lock().unwrap());
    }

    /// The texts of the messages that were deleted.
    pub(crate) fn deleted(&self) -> Vec<String> {
        let mut deleted = self.deleted.lock().unwrap().clone();
        deleted.sort();
        deleted
    }

    /// How often a command came.
    pub(crate) fn count(&self, verb: &str) -> usize {
        self.heard.lock().unwrap().iter().filter(|command| command.split(' ').next() == Some(verb)).count()
    }
}

struct Session {
    lies: Vec<(String, String)>,
    marked: Vec<usize>,
    script: Script,
    heard: Arc<Mutex<Vec<String>>>,
    ahead: Arc<AtomicUsize>,
}

impl Session {
    /// Serves a client; whether it said QUIT.
    fn serve(&mut self, mut stream: &TcpStream) -> std::io::Result<bool> {
        stream.write_all(self.line("+OK ready").as_bytes())?;
        let mut commands = BufReader::new(stream.try_clone()?);
        let mut line = String::new();
        let (mut held, mut waiting, mut asked) = (String::new(), 0, 0);
        while commands.read_line(&mut line)? > 0 {
            let command = std::mem::take(&mut line).trim_end().to_owned();
            self.ahead.fetch_add(usize::from(!commands.buffer().is_empty()), Ordering::Relaxed);
            self.heard.lock().unwrap().push(command.clone());
            if command == "QUIT" {
                return Ok(true);
            }
            let own = self.script.answers.iter().find(|(of, _)| command == *of || command.split(' ').next() == Some(of));
            let answer = own.map_or_else(|| self.answer(&command), |(_, answer)| (*answer).to_owned());
            held.push_str(&answer);
            held.push_str(self.script.behind);
            let is_message = usize::from(command.starts_with("RETR"));
            (waiting, asked) = (waiting + is_message, asked + is_message);
            let is_enough = waiting >= self.script.at_once || asked == self.lies.len();
            // The whole batch, to its NOOP.
            if waiting == 0 || is_enough && (self.script.at_once == 0 || is_message == 0) {
                stream.write_all(held.as_bytes())?;
                (held, waiting) = (String::new(), 0);
            }
        }
        Ok(false)
    }

    fn answer(&mut self, command: &str) -> String {
        let mut words = command.split(' ');
        let verb = words.next().unwrap_or_default();
        let place = words.next().and_then(|number| number.parse::<usize>().ok()?.checked_sub(1)).filter(|place| *place < self.lies.len());
        let numbered = |of: &dyn Fn(&(String, String)) -> String| {
            self.lies.iter().zip(1..).map(|(message, number)| self.line(&format!("{number} {}", of(message)))).collect::<String>()
        };
        match (verb, place) {
            ("CAPA", _) => format!("{}{}{}", self.line("+OK"), self.script.capabilities, self.line(".")),
            ("STAT", _) => self.line(&format!("+OK {} 0", self.lies.len())),
            ("LIST", _) => {
                let more = self.script.told_more;
                format!("{}{}{}", self.line("+OK"), numbered(&|(_, text)| (text.len() + more).to_string()), self.line("."))
            }
            ("UIDL", _) => format!("{}{}{}", self.line("+OK"), numbered(&|(id, _)| id.clone()), self.line(".")),
            ("RETR", Some(place)) => format!("{}{}{}", self.line("+OK"), self.protected(&self.lies[place].1), self.line(".")),
            ("TOP", Some(place)) => {
                let text = &self.lies[place].1;
                let end = text.find("\r\n\r\n").map_or(text.len(), |end| end + 4);
                format!("{}{}{}", self.line("+OK"), self.protected(&text[..end]), self.line("."))
            }
            ("DELE", Some(place)) => {
                self.marked.push(place);
                self.line("+OK")
            }
            ("RETR" | "TOP" | "DELE", None) => self.line("-ERR no such message"),
            _ => self.line("+OK"),
        }
    }

    fn line(&self, text: &str) -> String {
        format!("{text}{}", self.script.line_end)
    }

    fn protected(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for line_end in self.script.protects_behind {
            text = text.replace(&format!("{line_end}."), &format!("{line_end}.."));
        }
        if text.starts_with('.') && !self.script.protects_behind.is_empty() { format!(".{text}") } else { text }
    }
}
