//! A small POP3 server with one mailbox, which can be cut off and made to misbehave.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What lies in the mailbox: identifier and message.
pub(crate) type Mailbox = Arc<Mutex<Vec<(String, String)>>>;

/// A running server; it ends with the process.
pub(crate) struct Post {
    pub(crate) port: u16,
    /// How many bytes it said in the last session that ended.
    pub(crate) said: Arc<Mutex<usize>>,
}

impl Post {
    /// Starts a server whose first session is cut off after it has said so many bytes.
    pub(crate) fn start(mailbox: &Mailbox, pipelining: bool, cut: Option<usize>) -> Post {
        Post::serve(mailbox, if pipelining { "UIDL\r\nTOP\r\nPIPELINING\r\n" } else { "UIDL\r\nTOP\r\n" }, cut)
    }

    /// Starts a server that says that it can this, a capability in each line.
    pub(crate) fn with(mailbox: &Mailbox, capabilities: &'static str) -> Post {
        Post::serve(mailbox, capabilities, None)
    }

    fn serve(mailbox: &Mailbox, capabilities: &'static str, cut: Option<usize>) -> Post {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (mailbox, said) = (mailbox.clone(), Arc::new(Mutex::new(0)));
        let noted = said.clone();
        std::thread::spawn(move || {
            let mut cut = cut;
            for stream in listener.incoming().map_while(Result::ok) {
                // Small answers leave at once, or each would wait for the last one to be acknowledged.
                stream.set_nodelay(true).unwrap();
                let mut line = Line { stream, said: 0, cut: cut.take() };
                // A client that goes away ends the session.
                let _ = session(&mut line, &mailbox, capabilities);
                *noted.lock().unwrap() = line.said;
            }
        });
        Post { port, said }
    }
}

struct Line {
    stream: TcpStream,
    said: usize,
    cut: Option<usize>,
}

impl Line {
    fn say(&mut self, text: &str) -> std::io::Result<()> {
        let left = self.cut.map_or(usize::MAX, |cut| cut - self.said);
        let part = &text.as_bytes()[..text.len().min(left)];
        self.stream.write_all(part)?;
        self.said += part.len();
        if part.len() < text.len() || left == 0 { Err(std::io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }
}

fn session(line: &mut Line, mailbox: &Mailbox, capabilities: &str) -> std::io::Result<()> {
    let mut commands = BufReader::new(line.stream.try_clone()?);
    let lies = mailbox.lock().unwrap().clone();
    let mut deleted = Vec::new();
    line.say("+OK ready\r\n")?;
    loop {
        let mut command = String::new();
        if commands.read_line(&mut command)? == 0 {
            return Ok(());
        }
        let (verb, argument) = command.trim_end().split_once(' ').unwrap_or((command.trim_end(), ""));
        let message = || argument.split(' ').next().and_then(|number| lies.get(number.parse::<usize>().ok()?.checked_sub(1)?));
        match verb {
            "CAPA" => line.say(&format!("+OK\r\n{capabilities}.\r\n"))?,
            "LIST" => {
                let list: String = lies.iter().enumerate().map(|(index, (_, text))| format!("{} {}\r\n", index + 1, text.len())).collect();
                line.say(&format!("+OK\r\n{list}.\r\n"))?;
            }
            "UIDL" => {
                let list: String = lies.iter().enumerate().map(|(index, (id, _))| format!("{} {id}\r\n", index + 1)).collect();
                line.say(&format!("+OK\r\n{list}.\r\n"))?;
            }
            "RETR" => match message() {
                Some((_, text)) => {
                    let stuffed = text.replace("\r\n.", "\r\n..");
                    line.say(&format!("+OK\r\n{}{stuffed}.\r\n", if text.starts_with('.') { "." } else { "" }))?;
                }
                None => line.say("-ERR no such message\r\n")?,
            },
            "TOP" => match message() {
                Some((_, text)) => {
                    let headers = text.split("\r\n\r\n").next().unwrap_or_default();
                    line.say(&format!("+OK\r\n{}{headers}\r\n.\r\n", if text.starts_with('.') { "." } else { "" }))?;
                }
                None => line.say("-ERR no such message\r\n")?,
            },
            "DELE" => {
                deleted.extend(message().map(|(id, _)| id.clone()));
                line.say("+OK\r\n")?;
            }
            "QUIT" => {
                mailbox.lock().unwrap().retain(|(id, _)| !deleted.contains(id));
                return line.say("+OK bye\r\n");
            }
            _ => line.say("+OK\r\n")?,
        }
    }
}
