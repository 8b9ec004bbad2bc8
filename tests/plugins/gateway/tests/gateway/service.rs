//! The firm's web service: real enough for a transport, and at will a bad one.

use postkontor_tests::scripted::Scripted;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard};

/// What the service does wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fault {
    #[default]
    None,
    /// It takes a mail and closes the connection instead of saying so.
    LostAnswer,
    /// It says nothing to a request.
    Silence,
    /// It quotes the tokens when it refuses.
    Echo,
}

#[derive(Default)]
pub(crate) struct State {
    /// The tokens that are good.
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) fault: Fault,
    /// Each request: its method and path, and the token that came with it.
    pub(crate) requests: Vec<(String, String)>,
    /// What was sent: recipients and message.
    pub(crate) mails: Vec<(Vec<String>, Vec<u8>)>,
    /// What can be fetched.
    pub(crate) messages: BTreeMap<u64, Vec<u8>>,
    pub(crate) seen: Vec<u64>,
}

/// A running service.
pub(crate) struct Service {
    pub(crate) port: u16,
    state: Arc<Mutex<State>>,
}

impl Service {
    /// A service with a good refresh token and no access token that is good.
    pub(crate) fn start() -> Service {
        let state = Arc::new(Mutex::new(State { access: "access-0".to_owned(), refresh: "refresh-0".to_owned(), ..State::default() }));
        let shared = Arc::clone(&state);
        let script = move |stream: TcpStream| {
            Talk { reader: BufReader::new(stream.try_clone()?), writer: stream, state: Arc::clone(&shared) }.serve()
        };
        Service { port: Scripted::start(script).unwrap().port, state }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The requests since the last time.
    pub(crate) fn requests(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.state().requests)
    }
}

/// One connection.
struct Talk {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
    state: Arc<Mutex<State>>,
}

/// The head of a request.
#[derive(Default)]
struct Head {
    line: String,
    token: String,
    recipients: Vec<String>,
    length: usize,
    is_chunked: bool,
}

impl Talk {
    fn serve(&mut self) -> Result<()> {
        loop {
            let head = self.head()?;
            let body = self.body(&head)?;
            self.state.lock().unwrap().requests.push((head.line.clone(), head.token.clone()));
            let (access, fault) = {
                let state = self.state.lock().unwrap();
                (state.access.clone(), state.fault)
            };
            let (method, path) = head.line.split_once(' ').unwrap_or_default();
            match path {
                _ if fault == Fault::Silence => {}
                "/mail/token" => self.token(&String::from_utf8_lossy(&body))?,
                _ if head.token != access => {
                    let echo = if fault == Fault::Echo { format!(" {} {}", head.token, head.token.to_uppercase()) } else { String::new() };
                    self.answer(401, &format!(r#"{{"text":"the token is over{echo}"}}"#))?;
                }
                "/mail/messages" => self.mail(head.recipients, body, fault)?,
                _ => match path.strip_prefix("/mail/messages/").and_then(|id| id.parse().ok()) {
                    Some(id) => self.message(method, id)?,
                    None => self.list(path)?,
                },
            }
        }
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.reader.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }

    fn head(&mut self) -> Result<Head> {
        let mut head = Head { line: self.line()?.replace(" HTTP/1.1", ""), ..Head::default() };
        loop {
            let line = self.line()?;
            match line.split_once(": ") {
                None => return Ok(head),
                Some(("Authorization", value)) => head.token = value.trim_start_matches("Bearer ").to_owned(),
                Some(("X-Recipient", value)) => head.recipients.push(value.trim_matches(['<', '>']).to_owned()),
                Some(("Content-Length", value)) => head.length = value.parse().unwrap(),
                Some(("Transfer-Encoding", value)) => head.is_chunked = value == "chunked",
                Some(_) => {}
            }
        }
    }

    fn body(&mut self, head: &Head) -> Result<Vec<u8>> {
        let mut body = vec![0; head.length];
        self.reader.read_exact(&mut body)?;
        if !head.is_chunked {
            return Ok(body);
        }
        loop {
            let length = usize::from_str_radix(&self.line()?, 16).unwrap();
            let mut chunk = vec![0; length + 2];
            self.reader.read_exact(&mut chunk)?;
            if length == 0 {
                return Ok(body);
            }
            body.extend_from_slice(&chunk[..length]);
        }
    }

    /// In two pieces, as the network likes it.
    fn answer(&mut self, status: u16, body: &str) -> Result<()> {
        let text = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let (first, second) = text.split_at(text.len() / 2);
        self.writer.write_all(first.as_bytes())?;
        self.writer.flush()?;
        self.writer.write_all(second.as_bytes())
    }

    fn token(&mut self, form: &str) -> Result<()> {
        let mut state = self.state.lock().unwrap();
        let good = [
            format!("grant_type=refresh_token&refresh_token={}", state.refresh),
            "grant_type=client_credentials&client_id=erp&client_secret=pass".to_owned(),
        ];
        if !good.iter().any(|good| form == good) {
            let echo = if state.fault == Fault::Echo { format!(" {form}") } else { String::new() };
            drop(state);
            return self.answer(400, &format!(r#"{{"error":"invalid_grant","text":"not you{echo}"}}"#));
        }
        let number = state.access.trim_start_matches("access-").parse::<u32>().unwrap() + 1;
        (state.access, state.refresh) = (format!("access-{number}"), format!("refresh-{number}"));
        let tokens = format!(r#"{{"access_token":"{}","refresh_token":"{}"}}"#, state.access, state.refresh);
        drop(state);
        self.answer(200, &tokens)
    }

    fn mail(&mut self, recipients: Vec<String>, message: Vec<u8>, fault: Fault) -> Result<()> {
        self.state.lock().unwrap().mails.push((recipients, message));
        if fault == Fault::LostAnswer {
            return Err(std::io::ErrorKind::ConnectionReset.into());
        }
        self.answer(202, r#"{"id":"g-1"}"#)
    }

    fn message(&mut self, method: &str, id: u64) -> Result<()> {
        let mut state = self.state.lock().unwrap();
        let found = match method {
            "DELETE" => state.messages.remove(&id),
            _ => state.messages.get(&id).cloned(),
        };
        if method == "POST" {
            state.seen.push(id);
        }
        drop(state);
        match found {
            None => self.answer(404, r#"{"text":"there is none"}"#),
            Some(message) => self.answer(200, if method == "GET" { std::str::from_utf8(&message).unwrap() } else { "" }),
        }
    }

    fn list(&mut self, path: &str) -> Result<()> {
        let after: u64 = path.rsplit_once('=').unwrap().1.parse().unwrap();
        let state = self.state.lock().unwrap();
        let entries = state
            .messages
            .range(after + 1..)
            .map(|(id, message)| format!(r#"{{"id":{id},"size":{},"seen":{}}}"#, message.len(), state.seen.contains(id)));
        let list = format!(r#"{{"messages":[{}]}}"#, entries.collect::<Vec<_>>().join(","));
        drop(state);
        self.answer(200, &list)
    }
}
