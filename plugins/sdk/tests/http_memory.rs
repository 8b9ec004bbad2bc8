//! What a large body costs in memory: that of a block, both ways.
#![cfg(feature = "net")]
#![allow(clippy::unwrap_used, reason = "a test ends there")]

#[path = "../../../core/tests/counting/mod.rs"]
mod counting;

use counting::counted;
use postkontor_plugin::net::http::{Client, Content, Request, Url};
use postkontor_plugin::net::{Pointers, Recorder};
use postkontor_plugin::settings::{Route, WebTls};
use postkontor_plugin::testing::TestHost;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

const SIZE: u64 = 100 << 20;

/// What a client may ask for on the way, in all: the buffers of the connection and a block of each direction, made once.
const MOST: usize = 2 << 20;

/// Takes a body of 100 MB by its length or in chunks, and answers with another, packed where that is wanted.
fn serve(mut socket: TcpStream, answer: &[u8], times: u64) -> u64 {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        socket.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let is_chunked = String::from_utf8(head).unwrap().contains("Transfer-Encoding: chunked");
    let (mut block, mut size, mut end) = (vec![0; 256 * 1024], 0, Vec::new());
    while if is_chunked { !end.ends_with(b"\r\n0\r\n\r\n") } else { size < SIZE } {
        let read = socket.read(&mut block).unwrap();
        size += read as u64;
        end.extend_from_slice(&block[read.saturating_sub(7)..read]);
        end.drain(..end.len().saturating_sub(7));
    }
    let (first, repeated) = answer.split_at(answer.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4);
    socket.write_all(first).unwrap();
    (0..times).for_each(|_| socket.write_all(repeated).unwrap());
    if is_chunked {
        socket.write_all(b"0\r\n\r\n").unwrap();
    }
    size
}

#[test]
fn bodies_of_a_hundred_megabytes_cost_the_memory_of_a_block_both_ways() {
    let mebibyte = vec![b'x'; 1 << 20];
    let sized = [format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n").as_bytes(), &mebibyte].concat();
    let chunked = [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100000\r\n", mebibyte.as_slice(), b"\r\n"].concat();
    for (size, answer) in [(Some(SIZE), sized), (None, chunked)] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://127.0.0.1:{}/", listener.local_addr().unwrap().port());
        let server = std::thread::spawn(move || serve(listener.accept().unwrap().0, &answer, SIZE >> 20));
        let host = TestHost::new();
        let call = host.call();
        let (received, asked, _) = counted(|| {
            let at = Pointers::default();
            let mut client = Client::new(&Url::parse(&url, "/x").unwrap(), &Route::default(), &WebTls::default(), at);
            let mut left = SIZE;
            let mut source = |block: &mut [u8]| {
                let length = block.len().min(usize::try_from(left).unwrap());
                left -= length as u64;
                Ok(length)
            };
            let request = Request::new("POST", "/").content(Content::Stream { size, source: &mut source });
            let mut answer = client.request(request, &call, &mut Recorder::off()).unwrap();
            let mut received = 0;
            loop {
                let length = answer.peek(&call).unwrap().len();
                if length == 0 {
                    return received;
                }
                received += length as u64;
                answer.consume(length);
            }
        });
        assert_eq!(received, SIZE);
        assert!(server.join().unwrap() >= SIZE);
        assert!(asked < MOST, "{asked} bytes were asked for");
    }
}
