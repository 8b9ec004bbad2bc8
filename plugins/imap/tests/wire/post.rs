//! A small IMAP server with an inbox and an outbox, which can be cut off and made to misbehave.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use std::collections::VecDeque;
use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What lies on the server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    /// UID and message.
    pub(crate) inbox: Vec<(u32, String)>,
    pub(crate) outbox: Vec<Vec<u8>>,
    deleted: Vec<u32>,
    pub(crate) seen: Vec<u32>,
    /// How many bytes were said and heard in the last session that ended, before its farewell.
    pub(crate) said: usize,
    pub(crate) heard: usize,
    pub(crate) ended: usize,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    /// The first session is cut off after it has said so many bytes, or heard so many.
    pub(crate) cut_out: Option<usize>,
    pub(crate) cut_in: Option<usize>,
    /// Messages may come without being asked for.
    pub(crate) literal_plus: bool,
    /// The UID stands behind the body.
    pub(crate) uid_last: bool,
    /// The connection can be compressed.
    pub(crate) compress: bool,
    /// The server is Google's.
    pub(crate) google: bool,
}

/// A running server; it ends with the process.
pub(crate) struct Post {
    pub(crate) port: u16,
    pub(crate) store: Arc<Mutex<Store>>,
}

impl Post {
    pub(crate) fn start(inbox: Vec<(u32, String)>, options: Options) -> Post {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let store = Arc::new(Mutex::new(Store { inbox, ..Store::default() }));
        let shared = store.clone();
        std::thread::spawn(move || {
            let mut next = options;
            for stream in listener.incoming().map_while(Result::ok) {
                // Small answers leave at once, or each would wait for the last one to be acknowledged.
                stream.set_nodelay(true).unwrap();
                let commands = BufReader::with_capacity(1, stream.try_clone().unwrap());
                let mut line = Line { commands, stream, said: 0, heard: 0, options: next, packing: None, unpacked: VecDeque::new() };
                // A client that goes away ends the session.
                let _ = session(&mut line, &shared);
                let mut store = shared.lock().unwrap();
                (store.said, store.heard) = (line.said, line.heard);
                store.ended += 1;
                next = Options { cut_out: None, cut_in: None, ..options };
            }
        });
        Post { port, store }
    }

    /// The store after so many sessions have ended.
    pub(crate) fn after(&self, sessions: usize) -> Store {
        loop {
            let store = self.store.lock().unwrap().clone();
            if store.ended >= sessions {
                return store;
            }
            std::thread::yield_now();
        }
    }
}

struct Line {
    stream: TcpStream,
    commands: BufReader<TcpStream>,
    said: usize,
    heard: usize,
    options: Options,
    packing: Option<(Decompress, Compress)>,
    /// What was unpacked and not heard yet.
    unpacked: VecDeque<u8>,
}

fn cut_off<T>() -> std::io::Result<T> {
    Err(std::io::ErrorKind::ConnectionAborted.into())
}

impl Line {
    fn say(&mut self, text: &str) -> std::io::Result<()> {
        let bytes = match &mut self.packing {
            None => text.as_bytes().to_vec(),
            Some((_, compress)) => packed(compress, text.as_bytes()),
        };
        let left = self.options.cut_out.map_or(usize::MAX, |cut| cut - self.said);
        let part = &bytes[..bytes.len().min(left)];
        self.stream.write_all(part)?;
        self.said += part.len();
        if part.len() < bytes.len() || left == 0 { cut_off() } else { Ok(()) }
    }

    fn hear(&mut self, bytes: &mut [u8]) -> std::io::Result<()> {
        for byte in bytes {
            while self.packing.is_some() && self.unpacked.is_empty() {
                let arrived = self.one()?;
                let (decompress, _) = self.packing.as_mut().unwrap();
                let mut text = Vec::with_capacity(1 << 16);
                decompress.decompress_vec(&[arrived], &mut text, FlushDecompress::None).unwrap();
                self.unpacked.extend(text);
            }
            *byte = match self.unpacked.pop_front() {
                Some(byte) => byte,
                None => self.one()?,
            };
        }
        Ok(())
    }

    fn one(&mut self) -> std::io::Result<u8> {
        if self.options.cut_in == Some(self.heard) {
            return cut_off();
        }
        let mut byte = [0];
        self.commands.read_exact(&mut byte)?;
        self.heard += 1;
        Ok(byte[0])
    }

    fn command(&mut self) -> std::io::Result<String> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let mut byte = [0];
            self.hear(&mut byte)?;
            line.push(byte[0]);
        }
        Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
    }
}

/// A text as it travels, up to its last byte.
pub(crate) fn packed(compress: &mut Compress, text: &[u8]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(text.len() + 1000);
    compress.compress_vec(text, &mut packed, FlushCompress::Sync).unwrap();
    packed
}

pub(crate) fn packing() -> (Decompress, Compress) {
    (Decompress::new(false), Compress::new(Compression::fast(), false))
}

fn set(text: &str) -> Vec<u32> {
    let range = |range: &str| {
        let (start, end) = range.split_once(':').unwrap_or((range, range));
        start.parse().unwrap()..=end.parse::<u32>().unwrap()
    };
    text.split(',').flat_map(range).collect()
}

fn session(line: &mut Line, store: &Mutex<Store>) -> std::io::Result<()> {
    line.say("* OK ready\r\n")?;
    loop {
        let (said, heard) = (line.said, line.heard);
        let command = line.command()?;
        let words: Vec<&str> = command.split(' ').collect();
        let (tag, verb) = (words[0], if words[1] == "UID" { words[2] } else { words[1] });
        match verb {
            "CAPABILITY" => {
                let more = if line.options.literal_plus { " LITERAL+" } else { "" };
                let more = if line.options.compress { format!("{more} COMPRESS=DEFLATE") } else { more.to_owned() };
                let more = if line.options.google { format!("{more} X-GM-EXT-1") } else { more };
                line.say(&format!("* CAPABILITY IMAP4rev1 UIDPLUS{more}\r\n"))?;
            }
            "COMPRESS" => {
                line.say(&format!("{tag} OK now\r\n"))?;
                line.packing = Some(packing());
                continue;
            }
            "LIST" => line.say("* LIST () \"/\" INBOX\r\n* LIST () \"/\" \"Gesendete Objekte\"\r\n")?,
            "SELECT" => {
                let messages =
                    if command.contains("INBOX") { store.lock().unwrap().inbox.len() } else { store.lock().unwrap().outbox.len() };
                line.say(&format!("* {messages} EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n"))?;
            }
            "SEARCH" if command.contains("HEADER Message-ID") => {
                let field = format!("Message-ID: {}\r\n", command.rsplit(' ').next().unwrap().trim_matches('"'));
                let outbox = store.lock().unwrap().outbox.clone();
                let is_there = |message: &Vec<u8>| String::from_utf8_lossy(message).contains(&field);
                let uids: String = (1..).zip(&outbox).filter(|(_, message)| is_there(message)).map(|(uid, _)| format!(" {uid}")).collect();
                line.say(&format!("* SEARCH{uids}\r\n"))?;
            }
            "SEARCH" => {
                let uids: String = store.lock().unwrap().inbox.iter().map(|(uid, _)| format!(" {uid}")).collect();
                line.say(&format!("* SEARCH{uids}\r\n"))?;
            }
            "FETCH" => {
                let inbox = store.lock().unwrap().inbox.clone();
                for (index, (uid, text)) in inbox.iter().enumerate().filter(|(_, (uid, _))| set(words[3]).contains(uid)) {
                    let (number, size) = (index + 1, text.len());
                    line.say(&if !command.contains("BODY") {
                        format!("* {number} FETCH (UID {uid} FLAGS () INTERNALDATE \"20-Nov-2026 10:00:00 +0100\" RFC822.SIZE {size})\r\n")
                    } else if line.options.uid_last {
                        format!("* {number} FETCH (BODY[] {{{size}}}\r\n{text} UID {uid})\r\n")
                    } else if command.contains("FLAGS") {
                        let date = "\"20-Nov-2026 10:00:00 +0100\"";
                        format!("* {number} FETCH (UID {uid} FLAGS () INTERNALDATE {date} BODY[] {{{size}}}\r\n{text})\r\n")
                    } else {
                        format!("* {number} FETCH (UID {uid} BODY[] {{{size}}}\r\n{text})\r\n")
                    })?;
                }
            }
            "STORE" if command.contains("\\Seen") => store.lock().unwrap().seen.extend(set(words[3])),
            "STORE" => store.lock().unwrap().deleted.extend(set(words[3])),
            "EXPUNGE" => {
                let mut store = store.lock().unwrap();
                let deleted = store.deleted.clone();
                store.inbox.retain(|(uid, _)| !deleted.contains(uid));
            }
            "APPEND" => {
                let (_, size) = command.rsplit_once('{').unwrap();
                let size = size.trim_end_matches('}');
                if !size.ends_with('+') {
                    line.say("+ go on\r\n")?;
                }
                let mut message = vec![0; size.trim_end_matches('+').parse().unwrap()];
                line.hear(&mut message)?;
                line.hear(&mut [0; 2])?;
                let mut store = store.lock().unwrap();
                store.outbox.push(message);
                let uid = store.outbox.len();
                drop(store);
                line.say(&format!("{tag} OK [APPENDUID 7 {uid}] done\r\n"))?;
                continue;
            }
            "LOGOUT" => {
                let sent = line.say(&format!("* BYE\r\n{tag} OK bye\r\n"));
                (line.said, line.heard) = (said, heard);
                return sent;
            }
            _ => (),
        }
        line.say(&format!("{tag} OK done\r\n"))?;
    }
}
