//! What the dialogue costs where no log or test reads it: no memory at all.
#![cfg(feature = "net")]
#![allow(clippy::unwrap_used, reason = "a test ends there")]

#[path = "../../../core/tests/counting/mod.rs"]
mod counting;

use counting::counted;
use postkontor_plugin::net::{Recorder, Stream};
use postkontor_plugin::settings::Server;
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Call, Level};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

const LINES: usize = 200;

/// A command and its answer are lines of this length.
const LENGTH: usize = 900;

/// Says back each line that it hears.
fn echo() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(socket.try_clone().unwrap());
        let mut line = Vec::new();
        while let Ok(1..) = lines.read_until(b'\n', &mut line) {
            socket.write_all(&line).unwrap();
            line.clear();
        }
    });
    port
}

/// How many bytes a dialogue asks for, with a body of its own size behind each line.
fn asked(stream: &mut Stream, call: &Call) -> usize {
    let line = ["x".repeat(LENGTH - 2).as_str(), "\r\n"].concat();
    let mut talk = || {
        call.log(Level::Trace, format_args!("a line of the transport's own: {line}"));
        stream.write(line.as_bytes(), call).unwrap();
        assert_eq!(stream.read_line(call).unwrap().len(), LENGTH - 2);
        stream.write_body(line.as_bytes(), call).unwrap();
        assert_eq!(stream.read_line(call).unwrap().len(), LENGTH - 2);
    };
    // What is made once is made by the first.
    talk();
    counted(|| (0..LINES).for_each(|_| talk())).1
}

#[test]
fn a_dialogue_that_nobody_reads_asks_for_no_memory() {
    let host = TestHost::new().logging(Level::Trace);
    let heard = host.call();
    let server = Server { host: "127.0.0.1".to_owned(), port: Some(echo()), timeout_seconds: 20, proxy: None };
    let mut stream = Stream::connect(&server, 25, &heard, &mut Recorder::off()).unwrap();
    for unheard in [host.call().logging(None), host.call().logging(Some(Level::Debug))] {
        assert_eq!(asked(&mut stream, &unheard), 0);
    }
    // The same call of the count sees what each line costs where it is read.
    assert!(asked(&mut stream, &heard) > 3 * LINES * LENGTH);
}
