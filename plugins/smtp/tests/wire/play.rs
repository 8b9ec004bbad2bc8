//! A server that follows a script to the byte.

use crate::account::Account;
use postkontor_plugin::Report;
use postkontor_plugin::serde_json::Value;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// One line of a script.
pub(crate) enum Act {
    /// The server says this. Several in a row leave together.
    S(&'static str),
    /// The server says these bytes.
    Bytes(Vec<u8>),
    /// The client must say exactly this, no more and no less before the server goes on.
    C(&'static str),
    /// The client must send exactly these bytes.
    Sent(Vec<u8>),
    /// The server closes the connection, and expects another one if the script goes on.
    Close,
    /// The server neither reads nor says anything any more, until the end of the test.
    Stall,
    /// The client must close the connection, having said nothing more.
    Closed,
}

/// What an account says first whose name for EHLO is set.
pub(crate) const HELLO: Act = Act::C("EHLO client.example\r\n");

/// A running script.
pub(crate) struct Play {
    pub(crate) port: u16,
    /// A server that stalls goes on when this is dropped.
    held: Sender<()>,
    thread: JoinHandle<Result<(), String>>,
}

/// Tests the settings of an account against a script.
pub(crate) fn test(script: Vec<Act>, settings: Value) -> Report {
    let script = play(script);
    let report = Account::with(script.port, settings).test();
    script.end();
    report
}

/// Starts a script.
pub(crate) fn play(script: Vec<Act>) -> Play {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (held, release) = channel();
    Play { port, held, thread: std::thread::spawn(move || perform(&listener, script, &release)) }
}

impl Play {
    /// Waits for the end of the script; fails where the client did not keep to it.
    pub(crate) fn end(self) {
        drop(self.held);
        if let Err(difference) = self.thread.join().unwrap() {
            panic!("{difference}");
        }
    }
}

fn perform(listener: &TcpListener, script: Vec<Act>, release: &Receiver<()>) -> Result<(), String> {
    let mut connection: Option<TcpStream> = None;
    let mut script = script.into_iter().peekable();
    while let Some(act) = script.next() {
        let stream = match &mut connection {
            Some(stream) => stream,
            None => {
                let (stream, _) = listener.accept().map_err(|error| error.to_string())?;
                stream.set_read_timeout(Some(Duration::from_secs(20))).map_err(|error| error.to_string())?;
                connection.insert(stream)
            }
        };
        match act {
            Act::S(text) => {
                let mut all = text.as_bytes().to_vec();
                while let Some(Act::S(more)) = script.next_if(|act| matches!(act, Act::S(_))) {
                    all.extend_from_slice(more.as_bytes());
                }
                stream.write_all(&all).map_err(|error| error.to_string())?;
            }
            Act::Bytes(bytes) => stream.write_all(&bytes).map_err(|error| error.to_string())?,
            Act::C(text) => expect(stream, text.as_bytes())?,
            Act::Sent(bytes) => expect(stream, &bytes)?,
            Act::Close => {
                // What was said has to arrive, so the end is announced rather than enforced.
                stream.shutdown(Shutdown::Write).map_err(|error| error.to_string())?;
                connection = None;
            }
            Act::Stall => drop(release.recv()),
            Act::Closed => {
                let mut rest = Vec::new();
                match stream.read_to_end(&mut rest) {
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Err("the client did not close".to_owned()),
                    _ if !rest.is_empty() => return Err(format!("the client said {:?} before it closed", String::from_utf8_lossy(&rest))),
                    _ => connection = None,
                }
            }
        }
    }
    Ok(())
}

fn expect(stream: &mut TcpStream, expected: &[u8]) -> Result<(), String> {
    let mut said = vec![0; expected.len()];
    let mut length = 0;
    while length < said.len() {
        match stream.read(&mut said[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) => return Err(format!("waiting for {:?}: {error}, got {:?}", show(expected), show(&said[..length]))),
        }
        if said[..length] != expected[..length] {
            break;
        }
    }
    if said[..length] == *expected { Ok(()) } else { Err(format!("expected {:?}\n     got {:?}", show(expected), show(&said[..length]))) }
}

fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(2000)]).into_owned()
}
