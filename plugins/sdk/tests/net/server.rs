//! Servers that serve one connection each.

use postkontor_plugin::net::{Recorder, Stream};
use postkontor_plugin::settings::{Server, Tls};
use postkontor_plugin::{Call, Error, Step, net};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

/// A server on a port of its own that does `work` with the first connection.
pub(crate) struct Scripted<T> {
    pub(crate) port: u16,
    thread: JoinHandle<T>,
}

impl<T: Send + 'static> Scripted<T> {
    pub(crate) fn new(work: impl FnOnce(TcpStream) -> T + Send + 'static) -> Scripted<T> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = std::thread::spawn(move || {
            let (socket, _) = listener.accept().unwrap();
            // A client that hangs must not hang the test's server as well.
            socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            socket.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
            work(socket)
        });
        Scripted { port, thread }
    }

    /// What the server made of it.
    pub(crate) fn join(self) -> T {
        self.thread.join().unwrap()
    }
}

/// Settings of a server on this machine.
pub(crate) fn settings(host: &str, port: u16) -> Server {
    Server { host: host.to_owned(), port: Some(port), timeout_seconds: 20, proxy: None }
}

/// Connects to a scripted server.
pub(crate) fn connect(port: u16, call: &Call) -> Result<Stream, Error> {
    Stream::connect(&settings("127.0.0.1", port), 25, call, &mut Recorder::off())
}

/// The failed step of an error with a server.
pub(crate) fn step(error: &Error, server: &Server, tls: &Tls) -> Step {
    net::step(error, &server.target(25).unwrap(), tls, None)
}

/// Reads to the end, to keep a connection open until the client leaves.
pub(crate) fn drain(mut socket: impl Read) -> Vec<u8> {
    let mut received = Vec::new();
    let mut block = [0; 4096];
    while let Ok(read @ 1..) = socket.read(&mut block) {
        received.extend_from_slice(&block[..read]);
    }
    received
}

/// Sends the same byte for ever, slowly, until the client leaves.
pub(crate) fn drip(mut socket: impl Write, byte: u8) {
    while socket.write_all(&[byte]).is_ok() {
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Reads lines up to and including an empty one.
pub(crate) fn head(socket: &mut TcpStream) -> String {
    let mut received = Vec::new();
    let mut byte = [0];
    while !received.ends_with(b"\r\n\r\n") && socket.read(&mut byte).unwrap() == 1 {
        received.push(byte[0]);
    }
    String::from_utf8(received).unwrap()
}

/// Reads so many bytes.
pub(crate) fn exactly<const N: usize>(socket: &mut TcpStream) -> [u8; N] {
    let mut bytes = [0; N];
    socket.read_exact(&mut bytes).unwrap();
    bytes
}
