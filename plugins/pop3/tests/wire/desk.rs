//! The caller's side: an account, and a host that takes messages.

use postkontor_plugin::serde_json::{self, Value, json};
use postkontor_plugin::{Call, Disposal, Error, Host, Incoming, Level, Opening, ReceiveRequest, Received, Secret, Status, Transport};
use postkontor_pop3::Pop3;
use std::cell::RefCell;
use std::time::{Duration, Instant};

/// A host that notes what it gets and gives each message the same verdict.
pub(crate) struct Desk {
    verdict: Disposal,
    current: RefCell<Option<(Incoming, Vec<u8>)>>,
    pub(crate) taken: RefCell<Vec<(String, Vec<u8>)>>,
    /// How many bytes came; of a large message only the beginning is kept.
    pub(crate) bytes: RefCell<u64>,
}

impl Desk {
    pub(crate) fn new(verdict: Disposal) -> Desk {
        Desk { verdict, current: RefCell::new(None), taken: RefCell::default(), bytes: RefCell::default() }
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
        assert_eq!(stream, 0);
        let answer = json!({"disposal": self.verdict}).to_string();
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
                self.taken.borrow_mut().push((incoming.id, bytes));
            }
        }
        Ok(())
    }
}

pub(crate) fn account(port: u16, more: Value) -> Pop3 {
    let mut settings = json!({"server": {"host": "127.0.0.1", "port": port, "timeout_seconds": 20}, "tls": {"mode": "none"},
        "auth": {"user": "anna", "password": "Geheim-7", "method": "password", "allow_cleartext": true}});
    for (group, members) in more.as_object().unwrap() {
        for (name, value) in members.as_object().unwrap() {
            settings[group][name] = value.clone();
        }
    }
    Pop3::open(serde_json::from_value(settings).unwrap(), &Opening { account: "test".to_owned(), ..Opening::default() }).unwrap()
}

/// Fetches within so many seconds.
pub(crate) fn fetch_within(seconds: u64, account: &mut Pop3, state: Option<String>, desk: &Desk) -> Result<Received, Error> {
    let call = Call::new(desk, Instant::now() + Duration::from_secs(seconds));
    account.receive(&ReceiveRequest { state, ..ReceiveRequest::default() }, &call)
}

pub(crate) fn fetch(account: &mut Pop3, state: Option<String>, desk: &Desk) -> Result<Received, Error> {
    fetch_within(30, account, state, desk)
}

/// Why a fetch failed, whether at once or halfway.
pub(crate) fn failure(result: Result<Received, Error>) -> Error {
    match result {
        Ok(received) => received.interrupted.expect("the fetch did not fail"),
        Err(error) => error,
    }
}
