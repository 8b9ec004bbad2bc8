//! A small mail server that keeps what it accepts, and that can be cut off at any byte.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How it behaves.
#[derive(Clone, Default)]
pub(crate) struct Options {
    /// What it says it can do, for example `PIPELINING`.
    pub(crate) capabilities: Vec<&'static str>,
    /// The first connection ends when so many bytes have been received.
    pub(crate) cut_in: Option<usize>,
    /// The first connection ends when so many bytes have been sent.
    pub(crate) cut_out: Option<usize>,
    /// So many mails are accepted on a connection, then it answers MAIL by 421 and closes.
    pub(crate) mails_a_connection: Option<usize>,
    /// How long to think before each answer to a read.
    pub(crate) delay: Duration,
}

/// An accepted mail: sender, recipients, message.
pub(crate) type Accepted = (String, Vec<String>, Vec<u8>);

/// What it has seen.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) accepted: Mutex<Vec<Accepted>>,
    pub(crate) connections: AtomicUsize,
    /// Bytes received and sent on the first connection.
    pub(crate) received: AtomicUsize,
    pub(crate) sent: AtomicUsize,
    /// How often the server had to read: round trips, when the client waits for answers.
    pub(crate) reads: AtomicUsize,
    /// Whether the first connection was cut: the end of the stream is on its way to the client.
    pub(crate) cut: AtomicBool,
    stop: AtomicBool,
}

pub(crate) struct Sandbox {
    pub(crate) port: u16,
    pub(crate) seen: Arc<Seen>,
}

impl Sandbox {
    pub(crate) fn start(options: Options) -> Sandbox {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Seen::default());
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.stop.load(SeqCst) {
                    return;
                }
                let is_first = shared.connections.fetch_add(1, SeqCst) == 0;
                let (shared, mut options) = (Arc::clone(&shared), options.clone());
                if !is_first {
                    (options.cut_in, options.cut_out) = (None, None);
                }
                std::thread::spawn(move || serve(stream.unwrap(), &options, &shared, is_first));
            }
        });
        Sandbox { port, seen }
    }

    pub(crate) fn accepted(&self) -> Vec<Accepted> {
        self.seen.accepted.lock().unwrap().clone()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.seen.stop.store(true, SeqCst);
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

fn serve(mut stream: TcpStream, options: &Options, seen: &Seen, is_first: bool) {
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut dialogue = Dialogue {
        options,
        seen,
        state: State::Command,
        envelope: None,
        chunks: Vec::new(),
        mails: 0,
        out: b"220 sandbox\r\n".to_vec(),
        closing: false,
    };
    let (mut received, mut sent) = (0, 0);
    let mut input = Vec::new();
    let mut block = vec![0; 64 * 1024];
    loop {
        let most = options.cut_out.map_or(usize::MAX, |cut| cut - sent).min(dialogue.out.len());
        if !dialogue.out.is_empty() && !options.delay.is_zero() {
            std::thread::sleep(options.delay);
        }
        sent += most;
        if is_first {
            // Before the client can know of it.
            seen.sent.store(sent, SeqCst);
        }
        if stream.write_all(&dialogue.out[..most]).is_err() {
            return;
        }
        if dialogue.closing || most < dialogue.out.len() || options.cut_out == Some(sent) {
            break;
        }
        dialogue.out.clear();
        let limit = options.cut_in.map_or(block.len(), |cut| cut - received).min(block.len());
        if limit == 0 {
            break;
        }
        let Ok(read) = stream.read(&mut block[..limit]) else { return };
        seen.reads.fetch_add(1, SeqCst);
        received += read;
        if is_first {
            seen.received.store(received, SeqCst);
        }
        if read == 0 {
            return;
        }
        input.extend_from_slice(&block[..read]);
        while !dialogue.closing && dialogue.step(&mut input) {}
    }
    // Takes what the client still says, so that the answers that were sent arrive before the end does.
    drop(stream.shutdown(Shutdown::Write));
    if is_first {
        seen.cut.store(true, SeqCst);
    }
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    while stream.read(&mut block).is_ok_and(|read| read > 0) {}
}

enum State {
    Command,
    Data,
    Block { left: usize, last: bool },
}

struct Dialogue<'a> {
    options: &'a Options,
    seen: &'a Seen,
    state: State,
    envelope: Option<(String, Vec<String>)>,
    chunks: Vec<u8>,
    mails: usize,
    out: Vec<u8>,
    closing: bool,
}

impl Dialogue<'_> {
    /// Takes one command, message or block from the input, if there is a whole one.
    fn step(&mut self, input: &mut Vec<u8>) -> bool {
        match self.state {
            State::Command => {
                let Some(end) = input.windows(2).position(|pair| pair == b"\r\n") else { return false };
                let line: Vec<u8> = input.drain(..end + 2).collect();
                self.command(&String::from_utf8_lossy(&line[..end]));
                true
            }
            State::Data => {
                let end = if input.starts_with(b".\r\n") {
                    Some(0)
                } else {
                    input.windows(5).position(|end| end == b"\r\n.\r\n").map(|at| at + 2)
                };
                let Some(end) = end else { return false };
                let message: Vec<u8> = input.drain(..end + 3).take(end).collect();
                let mut plain = Vec::new();
                for line in message.split_inclusive(|byte| *byte == b'\n') {
                    plain.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
                }
                self.state = State::Command;
                self.accept(plain);
                true
            }
            State::Block { left, last } => {
                let taken = left.min(input.len());
                self.chunks.extend(input.drain(..taken));
                if taken < left {
                    self.state = State::Block { left: left - taken, last };
                    return false;
                }
                self.state = State::Command;
                if last {
                    let message = std::mem::take(&mut self.chunks);
                    self.accept(message);
                } else if self.envelope.as_ref().is_some_and(|(_, recipients)| !recipients.is_empty()) {
                    self.say("250 block");
                } else {
                    self.say("503 no recipients");
                }
                true
            }
        }
    }

    fn command(&mut self, line: &str) {
        let offers = |name: &str| self.options.capabilities.iter().any(|capability| capability.starts_with(name));
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "EHLO" => {
                let mut lines = vec!["sandbox"];
                lines.extend(&self.options.capabilities);
                for (index, text) in lines.iter().enumerate() {
                    self.say(&format!("250{}{text}", if index + 1 == lines.len() { ' ' } else { '-' }));
                }
            }
            "MAIL" if self.options.mails_a_connection == Some(self.mails) => {
                self.say("421 too many mails");
                self.closing = true;
            }
            "MAIL" if self.envelope.is_some() => self.say("503 nested"),
            "MAIL" => {
                self.envelope = Some((address(rest), Vec::new()));
                self.say("250 sender");
            }
            "RCPT" => match &mut self.envelope {
                None => self.say("503 no sender"),
                Some(_) if rest.contains("refused") => self.say("550 5.1.1 unknown"),
                Some(_) if rest.contains("later") => self.say("451 4.2.1 busy"),
                Some((_, recipients)) => {
                    recipients.push(address(rest));
                    self.say("250 recipient");
                }
            },
            "DATA" if self.envelope.as_ref().is_none_or(|(_, recipients)| recipients.is_empty()) => self.say("503 no recipients"),
            "DATA" => {
                self.state = State::Data;
                self.say("354 go on");
            }
            "BDAT" if offers("CHUNKING") => {
                let mut words = rest.split(' ');
                self.state = State::Block { left: words.next().unwrap().parse().unwrap(), last: words.next() == Some("LAST") };
            }
            "RSET" => {
                self.envelope = None;
                self.chunks.clear();
                self.say("250 reset");
            }
            "QUIT" => {
                self.say("221 bye");
                self.closing = true;
            }
            _ => self.say("500 unknown"),
        }
    }

    fn accept(&mut self, message: Vec<u8>) {
        match self.envelope.take() {
            Some((from, recipients)) if !recipients.is_empty() => {
                if message.windows(10).any(|text| text == b"please no!") {
                    return self.say("554 not this");
                }
                self.seen.accepted.lock().unwrap().push((from, recipients, message));
                self.mails += 1;
                self.say("250 accepted");
            }
            envelope => {
                self.envelope = envelope;
                self.say("503 no recipients");
            }
        }
    }

    fn say(&mut self, line: &str) {
        self.out.extend_from_slice(line.as_bytes());
        self.out.extend_from_slice(b"\r\n");
    }
}

fn address(rest: &str) -> String {
    rest.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}
