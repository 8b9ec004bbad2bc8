//! The caller's side: an account, and a host that takes messages.

use postkontor_imap::Imap;
use postkontor_plugin::serde::{Serialize, de::DeserializeOwned};
use postkontor_plugin::serde_json::{self, Value, json};
use postkontor_plugin::{
    Call, Disposal, Error, Filed, Filing, Host, Incoming, Level, Mail, Opening, ReceiveRequest, Received, Secret, Sent, Status, Transport,
};
use std::cell::RefCell;
use std::time::{Duration, Instant};

/// A host that notes what it gets and gives each message the same verdict.
pub(crate) struct Desk {
    verdict: Disposal,
    /// Only every so many messages; the others stay as they are.
    pub(crate) every: usize,
    /// After so many messages no more are wanted.
    pub(crate) limit: usize,
    /// What is to be sent.
    message: RefCell<Vec<u8>>,
    current: RefCell<Option<(Incoming, Vec<u8>)>>,
    pub(crate) taken: RefCell<Vec<(String, Vec<u8>)>>,
    pub(crate) announced: RefCell<Vec<Incoming>>,
    /// How many bytes came; of a large message only the beginning is kept.
    pub(crate) bytes: RefCell<u64>,
}

impl Desk {
    pub(crate) fn new(verdict: Disposal) -> Desk {
        Desk {
            verdict,
            every: 1,
            limit: usize::MAX,
            message: RefCell::default(),
            current: RefCell::new(None),
            taken: RefCell::default(),
            announced: RefCell::default(),
            bytes: RefCell::default(),
        }
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        self.taken.borrow().iter().map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()).collect()
    }
}

impl Host for Desk {
    fn log(&self, _: Level, _: &str) {}

    fn progress(&self, _: u64, _: u64) -> Result<(), Status> {
        Ok(())
    }

    fn secret_get(&self, _: &str) -> Result<Secret, Status> {
        Err(Status::NotFound)
    }

    fn secret_put(&self, _: &str, _: &Secret) -> Result<(), Status> {
        Err(Status::Unsupported)
    }

    fn read(&self, stream: u64, data: &mut [u8]) -> Result<usize, Status> {
        if stream > 0 {
            let mut message = self.message.borrow_mut();
            let length = data.len().min(message.len());
            data[..length].copy_from_slice(&message[..length]);
            message.drain(..length);
            return Ok(length);
        }
        let verdict = match self.taken.borrow().len() {
            count if count > self.limit => Disposal::Stop,
            count if count % self.every > 0 => Disposal::Keep,
            _ => self.verdict,
        };
        let answer = json!({"disposal": verdict}).to_string();
        data[..answer.len()].copy_from_slice(answer.as_bytes());
        Ok(answer.len())
    }

    fn write(&self, stream: u64, data: &[u8]) -> Result<(), Status> {
        let mut current = self.current.borrow_mut();
        if stream == 1 {
            *self.bytes.borrow_mut() += data.len() as u64;
            let (_, bytes) = current.as_mut().unwrap();
            if bytes.len() < 1_000_000 {
                bytes.extend_from_slice(data);
            }
            return Ok(());
        }
        let event: Value = serde_json::from_slice(data).unwrap();
        match event.get("message") {
            Some(message) => *current = Some((serde_json::from_value(message.clone()).unwrap(), Vec::new())),
            None => {
                let (incoming, bytes) = current.take().expect("an end without a beginning");
                self.taken.borrow_mut().push((incoming.id.clone(), bytes));
                self.announced.borrow_mut().push(incoming);
            }
        }
        Ok(())
    }
}

pub(crate) fn account(port: u16, more: Value) -> Imap {
    let mut settings = json!({"server": {"host": "127.0.0.1", "port": port, "timeout_seconds": 20}, "tls": {"mode": "none"},
        "auth": {"user": "anna", "password": "Geheim-7", "method": "password", "allow_cleartext": true}});
    for (group, members) in more.as_object().unwrap() {
        for (name, value) in members.as_object().unwrap() {
            settings[group][name] = value.clone();
        }
    }
    Imap::open(serde_json::from_value(settings).unwrap(), &Opening { account: "test".to_owned(), ..Opening::default() }).unwrap()
}

/// Fetches within so many seconds.
pub(crate) fn fetch_within(seconds: u64, account: &mut Imap, state: Option<String>, desk: &Desk) -> Result<Received, Error> {
    receive(seconds, account, &ReceiveRequest { state, ..ReceiveRequest::default() }, desk)
}

/// Fetches what is asked for within so many seconds.
pub(crate) fn receive(seconds: u64, account: &mut Imap, request: &ReceiveRequest, desk: &Desk) -> Result<Received, Error> {
    account.receive(request, &Call::new(desk, Instant::now() + Duration::from_secs(seconds)))
}

pub(crate) fn fetch(account: &mut Imap, state: Option<String>, desk: &Desk) -> Result<Received, Error> {
    fetch_within(30, account, state, desk)
}

/// Why a fetch failed, whether at once or halfway.
pub(crate) fn failure(result: Result<Received, Error>) -> Error {
    match result {
        Ok(received) => received.interrupted.expect("the fetch did not fail"),
        Err(error) => error,
    }
}

/// Puts a message into the outbox.
pub(crate) fn send(account: &mut Imap, message: &[u8]) -> Result<Sent, Error> {
    send_as(account, message, json!({}))
}

/// Puts a message of which more is known into the outbox.
pub(crate) fn send_as(account: &mut Imap, message: &[u8], more: Value) -> Result<Sent, Error> {
    let desk = Desk { message: RefCell::new(message.to_vec()), ..Desk::new(Disposal::Keep) };
    let mut mail = json!({"stream": 1, "size": message.len(), "from": "a@example.com", "recipients": ["b@example.com"]});
    mail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mail: Mail = serde_json::from_value(mail).unwrap();
    let call = Call::new(&desk, Instant::now() + Duration::from_secs(30));
    account.send(&mail, &mut call.body(1), &call)
}

/// Files a message, which is sent by this user over this server.
pub(crate) fn file(account: &mut Imap, message: &[u8], message_id: &str, sent_by: (&str, &str)) -> Result<Filed, Error> {
    let desk = Desk { message: RefCell::new(message.to_vec()), ..Desk::new(Disposal::Keep) };
    let filing: Filing = serde_json::from_value(json!({"folder": "<sent>", "sent_by": {"host": sent_by.0, "user": sent_by.1},
        "messages": [{"stream": 1, "size": message.len(), "message_id": message_id}]}))
    .unwrap();
    account.file(&filing, &Call::new(&desk, Instant::now() + Duration::from_secs(30)))
}

/// A request as a test writes it down.
pub(crate) fn asked<R: DeserializeOwned>(request: Value) -> R {
    postkontor_plugin::serde_json::from_value(request).unwrap()
}

/// An answer as the caller sees it.
pub(crate) fn told(answer: impl Serialize) -> Value {
    postkontor_plugin::serde_json::to_value(answer).unwrap()
}
