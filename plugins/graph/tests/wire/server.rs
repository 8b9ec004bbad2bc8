//! A web service that a test plays: what it answers to each request, and where it breaks off.

use postkontor_graph::Graph;
use postkontor_plugin::serde_json::{Value, json};
use postkontor_plugin::testing;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// The token of all accounts.
pub(crate) const TOKEN: &str = "token-of-the-account-0123456789";

/// An answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Further fields of the head.
    pub(crate) fields: String,
    pub(crate) body: Vec<u8>,
    /// The connection is closed behind so many bytes of head and body.
    pub(crate) cut: Option<usize>,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &Value) -> Answer {
        Answer { status, fields: "Content-Type: application/json\r\n".to_owned(), body: body.to_string().into_bytes(), cut: None }
    }

    /// A refusal with a code of Graph.
    pub(crate) fn refusal(status: u16, code: &str) -> Answer {
        Answer::json(status, &json!({"error": {"code": code, "message": "No."}}))
    }

    pub(crate) fn status(status: u16) -> Answer {
        Answer { status, ..Answer::default() }
    }

    /// The whole answer on the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let length =
            if self.fields.contains("Content-Length") { String::new() } else { format!("Content-Length: {}\r\n", self.body.len()) };
        let mut bytes = format!("HTTP/1.1 {} X\r\n{}{length}\r\n", self.status, self.fields).into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    /// What is asked for: the method, and the last step of the path.
    pub(crate) fn operation(&self) -> String {
        let path = self.target.split('?').next().unwrap_or_default();
        format!("{} {}", self.method, path.rsplit('/').next().unwrap_or_default())
    }

    pub(crate) fn is_on(&self, folder: &str) -> bool {
        self.target.contains(&format!("/mailFolders/{folder}/"))
    }
}

/// A server that answers as long as the test runs.
pub(crate) struct Service {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Service {
    /// A server with these answers.
    pub(crate) fn start(answer: impl FnMut(&Asked) -> Answer + Send + 'static) -> Service {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (noted, answer) = (Arc::clone(&asked), Arc::new(Mutex::new(answer)));
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let (noted, answer) = (Arc::clone(&noted), Arc::clone(&answer));
                std::thread::spawn(move || serve(connection.unwrap(), &noted, &mut |asked| answer.lock().unwrap()(asked)));
            }
        });
        Service { port, asked }
    }

    pub(crate) fn account(&self) -> Graph {
        self.account_with(json!({}))
    }

    /// An account there, with members of the group `exchange`.
    pub(crate) fn account_with(&self, exchange: Value) -> Graph {
        let mut group = json!({"url": format!("http://127.0.0.1:{}/v1.0", self.port), "mailbox": "anna@example.com"});
        group.as_object_mut().unwrap().extend(exchange.as_object().unwrap().clone());
        let auth = json!({"method": "oauth2", "user": "anna@example.com", "oauth2": {"access_token": TOKEN}, "allow_cleartext": true});
        testing::open(json!({"exchange": group, "auth": auth, "server": {"timeout_seconds": 5}})).unwrap()
    }

    /// The requests so far, and none of them in the next answer.
    pub(crate) fn take_asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

/// Answers the requests of one connection. A client that goes away ends it.
fn serve(stream: TcpStream, asked: &Mutex<Vec<Asked>>, answer: &mut dyn FnMut(&Asked) -> Answer) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        let answer = answer(&request);
        asked.lock().unwrap().push(request);
        let bytes = answer.bytes();
        let end = answer.cut.unwrap_or(bytes.len()).min(bytes.len());
        if reader.get_mut().write_all(&bytes[..end]).is_err() || answer.cut.is_some() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let mut words = head.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    Some(Asked { method, target, head, body })
}
