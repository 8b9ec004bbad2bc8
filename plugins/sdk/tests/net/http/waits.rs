//! Answers that come early, late, or not at all.

use super::web::{AT, client, get, request};
use crate::call::SHORT;
use crate::certificates::{File, Identity, Wish};
use crate::server::{Scripted, drain, drip, head};
use crate::tls::{modern, with_tls};
use postkontor_plugin::net::Recorder;
use postkontor_plugin::net::http::{Client, Content, Request, Sent, Url};
use postkontor_plugin::settings::{Route, WebTls};
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Error, Status};
use std::cell::Cell;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// More than the buffers of both ends hold.
const LARGE: u64 = 64 << 20;

/// A source of so many bytes, and how many were taken of it.
fn source(size: u64, taken: &Cell<u64>) -> impl FnMut(&mut [u8]) -> Result<usize, Error> {
    move |block| {
        let length = block.len().min(usize::try_from(size - taken.get()).unwrap());
        taken.set(taken.get() + length as u64);
        Ok(length)
    }
}

const REFUSAL: &[u8] = b"HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nover";

#[test]
fn a_refusal_before_the_end_of_the_body_is_read_whatever_the_server_does_then() {
    let stops_reading = |mut socket: TcpStream| {
        head(&mut socket);
        socket.write_all(REFUSAL).unwrap();
        // It stays open until the server is joined.
        Some(socket)
    };
    let breaks_off = |mut socket: TcpStream| {
        head(&mut socket);
        socket.write_all(REFUSAL).unwrap();
        None
    };
    let reads_on = |mut socket: TcpStream| {
        head(&mut socket);
        socket.write_all(REFUSAL).unwrap();
        drain(socket);
        None
    };
    let interim_first = |mut socket: TcpStream| {
        head(&mut socket);
        socket.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
        socket.read_exact(&mut [0; 100_000]).unwrap();
        socket.write_all(REFUSAL).unwrap();
        drain(socket);
        None
    };
    for (name, server) in [
        ("stops reading", Scripted::new(stops_reading)),
        ("breaks off", Scripted::new(breaks_off)),
        ("reads on", Scripted::new(reads_on)),
        ("an interim answer first", Scripted::new(interim_first)),
    ] {
        let (host, taken) = (TestHost::new(), Cell::new(0));
        let call = host.call();
        let mut client = client(&format!("http://127.0.0.1:{}/", server.port));
        let content = Content::Stream { size: Some(LARGE), source: &mut source(LARGE, &taken) };
        let request = Request::new("POST", "/").content(content);
        let mut answer = client.request(request, &call, &mut Recorder::off()).unwrap_or_else(|why| panic!("{name}: {why:?}"));
        assert_eq!((answer.status(), answer.bytes(100, &call).unwrap()), (413, b"over".to_vec()), "{name}");
        drop(answer);
        assert!(!client.is_connected(), "{name}: behind half a request no other can follow");
        assert!(taken.get() < LARGE, "{name}");
        server.join();
    }
}

#[test]
fn a_large_body_passes_tls_whole_and_a_refusal_stops_it_there_too() {
    let authority = Identity::authority("Test CA");
    let file = File::new(&authority.pem());
    let identity = Identity::new(&Wish::default(), Some(&authority));
    for is_refused in [false, true] {
        let server = with_tls(modern(&identity), move |mut stream| {
            let (mut received, mut block) = (Vec::new(), vec![0; 64 * 1024]);
            while !received.ends_with(b"\r\n\r\n") {
                stream.read_exact(&mut block[..1]).ok()?;
                received.push(block[0]);
            }
            if is_refused {
                stream.write_all(REFUSAL).ok()?;
                return Some((0, Some(stream)));
            }
            let (mut size, mut sum) = (0, 0_u64);
            while size < LARGE {
                let read = stream.read(&mut block).ok()?;
                sum = block[..read].iter().fold(sum, |sum, byte| sum.rotate_left(1) ^ u64::from(*byte));
                size += read as u64;
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").ok()?;
            Some((sum, None))
        });
        let url = Url::parse(&format!("https://localhost:{}/", server.port), "/x").unwrap();
        let tls = WebTls { ca_file: Some(file.path()), ..WebTls::default() };
        let (host, mut client) = (TestHost::new(), Client::new(&url, &Route::default(), &tls, AT));
        let (mut at, mut sum) = (0_u64, 0_u64);
        let mut source = |block: &mut [u8]| {
            let length = block.len().min(usize::try_from(LARGE - at).unwrap());
            for byte in &mut block[..length] {
                *byte = (at.wrapping_mul(2_654_435_761) >> 13) as u8;
                sum = sum.rotate_left(1) ^ u64::from(*byte);
                at += 1;
            }
            Ok(length)
        };
        let request = Request::new("POST", "/").content(Content::Stream { size: Some(LARGE), source: &mut source });
        let mut answer = client.request(request, &host.call(), &mut Recorder::off()).unwrap();
        let body = answer.bytes(100, &host.call()).unwrap();
        assert_eq!((answer.status(), body.as_slice()), if is_refused { (413, &b"over"[..]) } else { (200, &b"ok"[..]) });
        drop(answer);
        let (received, _) = server.join().unwrap();
        assert!(is_refused && at < LARGE || received == sum);
    }
}

#[test]
fn a_success_before_the_end_of_the_body_does_not_cut_it() {
    let server = Scripted::new(|mut socket| {
        head(&mut socket);
        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
        let (mut block, mut size) = (vec![0; 1 << 20], 0);
        while size < LARGE {
            size += socket.read(&mut block).unwrap() as u64;
        }
        size
    });
    let (host, taken) = (TestHost::new(), Cell::new(0));
    let mut client = client(&format!("http://127.0.0.1:{}/", server.port));
    let mut source = source(LARGE, &taken);
    let request = Request::new("POST", "/").content(Content::Stream { size: Some(LARGE), source: &mut source });
    let mut answer = client.request(request, &host.call(), &mut Recorder::off()).unwrap();
    assert_eq!(answer.bytes(100, &host.call()).unwrap(), b"ok");
    drop(answer);
    assert_eq!(server.join(), LARGE);
}

#[test]
fn a_broken_connection_says_what_had_left() {
    // In the middle of the body, and behind it.
    for (read, size, sent) in [(1000, LARGE, Sent::Part), (1000, 1000, Sent::All)] {
        let server = Scripted::new(move |mut socket| {
            head(&mut socket);
            socket.read_exact(&mut vec![0; read]).unwrap();
        });
        let (host, taken) = (TestHost::new(), Cell::new(0));
        let mut client = client(&format!("http://127.0.0.1:{}/", server.port));
        let mut source = source(size, &taken);
        let request = Request::new("POST", "/").content(Content::Stream { size: Some(size), source: &mut source });
        let interrupted = client.request(request, &host.call(), &mut Recorder::off()).map(drop).unwrap_err();
        assert_eq!((interrupted.sent, interrupted.error.status), (sent, Status::Network));
        server.join();
    }
}

/// Stops a request, by the person and by the deadline, at a server that does this.
fn stopped<T: Send + 'static>(sent: Sent, content: fn() -> Vec<u8>, serve: fn(TcpStream) -> T) {
    for (host, within, status) in [
        (TestHost::new().stopping_when_asked(SHORT), Duration::from_secs(20), Status::Cancelled),
        (TestHost::new(), Duration::from_millis(200), Status::Timeout),
    ] {
        let server = Scripted::new(serve);
        let mut client = client(&format!("http://127.0.0.1:{}/", server.port));
        let (content, call) = (content(), host.call_within(within));
        let request = Request::new("POST", "/").content(Content::Bytes(&content));
        let result = match client.request(request, &call, &mut Recorder::off()) {
            Ok(mut answer) => answer.bytes(u64::MAX, &call).map(drop).map_err(|error| (error, Sent::All)),
            Err(interrupted) => Err((interrupted.error, interrupted.sent)),
        };
        let (error, left) = result.unwrap_err();
        assert_eq!((error.status, left), (status, sent));
        drop(client);
        server.join();
    }
}

#[test]
fn a_call_ends_in_time_while_the_body_is_sent() {
    // The socket stays open, and nothing is read from it.
    stopped(Sent::Part, || vec![0; 64 << 20], |socket| socket);
}

#[test]
fn a_call_ends_in_time_while_the_head_is_awaited() {
    stopped(Sent::All, Vec::new, |mut socket| {
        request(&mut socket).unwrap();
        drain(socket);
    });
    stopped(Sent::All, Vec::new, |mut socket| {
        request(&mut socket).unwrap();
        socket.write_all(b"HTTP/1.1 200 OK\r\nX: ").unwrap();
        drip(socket, b'y');
    });
}

#[test]
fn a_call_ends_in_time_while_the_body_is_awaited() {
    stopped(Sent::All, Vec::new, |mut socket| {
        request(&mut socket).unwrap();
        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n").unwrap();
        drip(socket, b'y');
    });
    stopped(Sent::All, Vec::new, |mut socket| {
        request(&mut socket).unwrap();
        socket.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
        drip(socket, b'0');
    });
    // Packed, and unpacks to nothing for ever: empty stored blocks.
    stopped(Sent::All, Vec::new, |mut socket| {
        request(&mut socket).unwrap();
        let head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\x03";
        socket.write_all(head).unwrap();
        while socket.write_all(&b"\0\0\0\xff\xff".repeat(1000)).is_ok() {}
    });
}

#[test]
fn a_server_that_says_nothing_has_its_own_error() {
    let server = Scripted::new(|mut socket| {
        request(&mut socket).unwrap();
        drain(socket);
    });
    let url = Url::parse(&format!("http://127.0.0.1:{}/", server.port), "/x").unwrap();
    let route = Route { timeout_seconds: 1, proxy: None };
    let mut client = Client::new(&url, &route, &WebTls::default(), AT);
    let error = get(&mut client, "/", &TestHost::new().call()).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Timeout, "net.idle_timeout"));
    drop(client);
    server.join();
}
