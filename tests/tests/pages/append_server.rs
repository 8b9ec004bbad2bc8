//! A small IMAP server that keeps what is appended, as fast as tests need it that cut the line a thousand times. It keeps a message as soon as its last byte
//! is there, without waiting for the end of the line, which is the hardest case for a client that must not file twice.

use postkontor_tests::scripted::Scripted;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// The features of the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Features {
    /// It takes literals without being asked (LITERAL+).
    pub(crate) literal_plus: bool,
    /// The outbox is not there until it is created.
    pub(crate) creating: bool,
}

pub(crate) struct AppendServer {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    features: Features,
    is_there: AtomicBool,
    sessions: AtomicUsize,
    kept: Mutex<Vec<String>>,
}

impl AppendServer {
    pub(crate) fn start(features: Features) -> AppendServer {
        let shared =
            Shared { features, is_there: AtomicBool::new(!features.creating), sessions: AtomicUsize::new(0), kept: Mutex::default() };
        let shared = Arc::new(shared);
        let inner = Arc::clone(&shared);
        let server = Scripted::start(move |stream| {
            inner.sessions.fetch_add(1, Ordering::SeqCst);
            let ended = converse(&stream, &inner);
            inner.sessions.fetch_sub(1, Ordering::SeqCst);
            ended
        });
        AppendServer { port: server.unwrap().port, shared }
    }

    /// What was kept since the last time.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.kept.lock().unwrap())
    }

    /// Whether every session has ended, so that nothing can be kept belatedly.
    pub(crate) fn is_quiet(&self) -> bool {
        self.shared.sessions.load(Ordering::SeqCst) == 0
    }

    /// Removes the folder again, where it was created.
    pub(crate) fn reset(&self) {
        self.shared.is_there.store(!self.shared.features.creating, Ordering::SeqCst);
    }
}

fn converse(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    let mut say = |text: &str| writer.write_all(text.as_bytes());
    say("* OK here\r\n")?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || !line.ends_with('\n') {
            return Ok(());
        }
        let (tag, command) = line.trim_end().split_once(' ').unwrap_or_default();
        match command.split(' ').next().unwrap_or_default() {
            "CAPABILITY" => {
                let plus = if shared.features.literal_plus { " LITERAL+" } else { "" };
                say(&format!("* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR{plus}\r\n{tag} OK done\r\n"))?;
            }
            "CREATE" => {
                shared.is_there.store(true, Ordering::SeqCst);
                say(&format!("{tag} OK created\r\n"))?;
            }
            "APPEND" => {
                let literal = command.rsplit('{').next().unwrap_or_default().trim_end_matches('}');
                let (size, unasked) = literal.strip_suffix('+').map_or((literal, false), |size| (size, true));
                let is_there = shared.is_there.load(Ordering::SeqCst);
                if !unasked {
                    if !is_there {
                        say(&format!("{tag} NO [TRYCREATE] no such folder\r\n"))?;
                        continue;
                    }
                    say("+ go on\r\n")?;
                }
                let mut message = vec![0; size.parse().map_err(io::Error::other)?];
                reader.read_exact(&mut message)?;
                if is_there {
                    shared.kept.lock().unwrap().push(String::from_utf8_lossy(&message).into_owned());
                }
                reader.read_line(&mut String::new())?;
                say(&if is_there {
                    format!("{tag} OK [APPENDUID 7 1] kept\r\n")
                } else {
                    format!("{tag} NO [TRYCREATE] no such folder\r\n")
                })?;
            }
            "LOGOUT" => return say(&format!("* BYE\r\n{tag} OK\r\n")),
            _ => say(&format!("{tag} OK done\r\n"))?,
        }
    }
}
