//! The caller's side: an account with its settings, and a host that has the messages.

use postkontor_plugin::serde_json::{Value, from_value, json};
use postkontor_plugin::{Call, Error, Host, Level, Mail, Opening, Report, Secret, Sent, Status, TestRequest, Transport};
use postkontor_smtp::Smtp;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// An account whose server listens on a port of this machine.
pub(crate) struct Account(pub(crate) Smtp);

impl Account {
    /// Clear text, no login.
    pub(crate) fn plain(port: u16) -> Account {
        Account::with(port, json!({}))
    }

    /// Clear text and no login, but for what `more` says.
    pub(crate) fn with(port: u16, more: Value) -> Account {
        let mut settings = json!({
            "server": {"host": "127.0.0.1", "port": port, "timeout_seconds": 20}, "tls": {"mode": "none"}, "smtp": {"ehlo": "client.example"}
        });
        overlay(&mut settings, more);
        let opening = Opening { account: "test".to_owned(), ..Opening::default() };
        Account(Smtp::open(from_value(settings).unwrap(), &opening).unwrap())
    }

    /// Sends one message.
    pub(crate) fn send(&mut self, mail: &Mail, message: &str) -> Result<Sent, Error> {
        let messages = Messages::new([message]);
        let call = Call::new(&messages, Instant::now() + Duration::from_secs(30));
        self.0.send(mail, &mut call.body(mail.stream), &call)
    }

    /// Sends several; the stream of each is its place, from 1 on.
    pub(crate) fn send_batch(&mut self, mails: &[Mail], messages: &[&str]) -> Vec<Result<Sent, Error>> {
        let messages = Messages::new(messages.iter().copied());
        let call = Call::new(&messages, Instant::now() + Duration::from_secs(30));
        self.0.send_batch(mails, &call)
    }

    pub(crate) fn test(&mut self) -> Report {
        let messages = Messages::new([]);
        let call = Call::new(&messages, Instant::now() + Duration::from_secs(30));
        self.0.test(&TestRequest {}, &call).unwrap()
    }
}

fn overlay(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                overlay(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

/// A mail for `stream` from `a@example.com`.
pub(crate) fn mail(stream: u64, recipients: &[&str]) -> Mail {
    Mail {
        stream,
        size: None,
        from: "a@example.com".to_owned(),
        recipients: recipients.iter().map(|address| (*address).to_owned()).collect(),
        eight_bit: false,
        utf8: false,
        message_id: "id@example.com".to_owned(),
        dsn: None,
    }
}

/// The same with its size.
pub(crate) fn sized(stream: u64, recipients: &[&str], message: &str) -> Mail {
    Mail { size: Some(message.len() as u64), ..mail(stream, recipients) }
}

/// A host with messages to read.
pub(crate) struct Messages {
    pub(crate) messages: RefCell<HashMap<u64, Vec<u8>>>,
    /// The most bytes that one read gives.
    pub(crate) at_once: usize,
    /// After so many bytes the source fails.
    pub(crate) fails_after: Option<usize>,
    /// When asked for progress for the nth time, the call is cancelled.
    pub(crate) cancel_at: Option<Instant>,
    pub(crate) read: Cell<usize>,
}

impl Messages {
    pub(crate) fn new<'a>(messages: impl IntoIterator<Item = &'a str>) -> Messages {
        let messages = messages.into_iter().enumerate().map(|(index, text)| (index as u64 + 1, text.as_bytes().to_vec()));
        Messages { messages: RefCell::new(messages.collect()), at_once: usize::MAX, fails_after: None, cancel_at: None, read: Cell::new(0) }
    }
}

impl Host for Messages {
    fn log(&self, _: Level, _: &str) {}

    fn progress(&self, _: u64, _: u64) -> Result<(), Status> {
        match self.cancel_at {
            Some(at) if Instant::now() >= at => Err(Status::Cancelled),
            _ => Ok(()),
        }
    }

    fn secret_get(&self, _: &str) -> Result<Secret, Status> {
        Err(Status::NotFound)
    }

    fn secret_put(&self, _: &str, _: &Secret) -> Result<(), Status> {
        Err(Status::Unsupported)
    }

    fn read(&self, stream: u64, data: &mut [u8]) -> Result<usize, Status> {
        if self.fails_after.is_some_and(|most| self.read.get() >= most) {
            return Err(Status::Local);
        }
        let mut messages = self.messages.borrow_mut();
        let message = messages.get_mut(&stream).ok_or(Status::Internal)?;
        let length = data.len().min(message.len()).min(self.at_once);
        data[..length].copy_from_slice(&message[..length]);
        message.drain(..length);
        self.read.set(self.read.get() + length);
        Ok(length)
    }

    fn write(&self, _: u64, _: &[u8]) -> Result<(), Status> {
        Err(Status::Unsupported)
    }
}
