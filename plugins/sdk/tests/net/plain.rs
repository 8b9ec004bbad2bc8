//! Clear text: lines, limits, deadlines, cancelling.

use crate::call::{SHORT, timed};
use crate::server::{Scripted, connect, drain, drip, settings, step};
use postkontor_plugin::net::{Recorder, Stream};
use postkontor_plugin::settings::Tls;
use postkontor_plugin::testing::{ClosedPort, TestHost};
use postkontor_plugin::{Secret, Stage, Status, StepStatus};
use std::io::{BufRead, BufReader, Write};
use std::time::Duration;

/// Sessions travel between the host's threads.
#[test]
fn a_stream_may_change_threads() {
    fn is_send<T: Send>() {}
    is_send::<Stream>();
}

#[test]
fn lines_are_read_and_written_with_either_line_end() {
    let server = Scripted::new(|mut socket| {
        socket.write_all(b"220 ready\r\n250-a\n250 b\r\n\r\n").unwrap();
        drain(socket)
    });
    let host = TestHost::new();
    let call = host.call();
    let mut recorder = Recorder::on();
    let mut stream = Stream::connect(&settings("127.0.0.1", server.port), 25, &call, &mut recorder).unwrap();
    assert_eq!(stream.read_line(&call).unwrap(), b"220 ready");
    assert_eq!(stream.read_line(&call).unwrap(), b"250-a");
    assert_eq!(stream.read_line(&call).unwrap(), b"250 b");
    assert_eq!(stream.read_line(&call).unwrap(), b"");
    assert!(stream.is_idle() && !stream.is_secure() && !stream.is_verified() && stream.pending() == 0);
    assert!(stream.local_address().unwrap().ip().is_loopback());
    stream.write(b"EHLO x\r\n", &call).unwrap();
    stream.write_secret(b"AUTH PLAIN c2VjcmV0\r\n", "AUTH PLAIN ***", &call).unwrap();
    stream.write_body(&[b'x'; 100_000], &call).unwrap();
    let transcript = stream.transcript().take();
    assert_eq!(transcript[0..3], ["S: 220 ready", "S: 250-a", "S: 250 b"]);
    assert_eq!(transcript[4..], ["C: EHLO x", "C: AUTH PLAIN ***", "C: [100000 bytes]"]);
    stream.close();
    assert_eq!(server.join().len(), "EHLO x\r\nAUTH PLAIN c2VjcmV0\r\n".len() + 100_000);
    let steps = recorder.steps();
    assert_eq!(steps.iter().map(|step| step.step).collect::<Vec<_>>(), [Stage::Proxy, Stage::Resolve, Stage::Connect]);
    assert_eq!(steps[2].facts["address"], "127.0.0.1");
}

#[test]
fn a_megabyte_goes_through_read_without_being_held() {
    let server = Scripted::new(|mut socket| socket.write_all(&vec![b'y'; 1 << 20]).unwrap());
    let host = TestHost::new();
    let call = host.call();
    let mut stream = connect(server.port, &call).unwrap();
    let (mut sum, mut block) = (0, vec![0; 100_000]);
    while let read @ 1.. = stream.read(&mut block, &call).unwrap() {
        assert!(block[..read].iter().all(|byte| *byte == b'y'));
        sum += read;
    }
    assert_eq!(sum, 1 << 20);
    server.join();
}

#[test]
fn a_closed_port_is_told_from_a_silent_one() {
    let closed = ClosedPort::new().unwrap();
    let port = closed.port();
    let host = TestHost::new();
    let error = connect(port, &host.call()).err().unwrap();
    assert_eq!((error.status, error.code.as_str(), error.stage), (Status::Network, "net.refused", Some(Stage::Connect)));
    assert_eq!(
        (&error.args["host"], &error.args["port"], &error.args["address"]),
        (&"127.0.0.1".into(), &port.into(), &"127.0.0.1".into())
    );
    let failed = step(&error, &settings("127.0.0.1", port), &Tls::default());
    assert_eq!((failed.status, failed.status_number, failed.pointer.as_str()), (StepStatus::Fail, 7, "/server/port"));
    assert!(failed.advice.contains(&"advice.check_port".to_owned()));
}

#[test]
fn a_name_that_does_not_exist_is_not_found() {
    let host = TestHost::new();
    // RFC 6761 reserves .invalid; where there is no resolver at all the lookup fails in another way.
    let error = Stream::connect(&settings("nobody.invalid", 25), 25, &host.call(), &mut Recorder::off()).err().unwrap();
    assert_eq!((error.status, error.stage), (Status::Network, Some(Stage::Resolve)));
    assert!(["net.name_not_found", "net.name_lookup_failed"].contains(&error.code.as_str()), "{}", error.code);
    assert_eq!(error.args["host"], "nobody.invalid");
}

#[test]
fn a_line_without_end_is_refused_at_the_limit() {
    let server = Scripted::new(|mut socket| {
        let block = [b'a'; 4096];
        let mut sent = 0_u64;
        while socket.write_all(&block).is_ok() && sent < 100 << 20 {
            sent += block.len() as u64;
        }
        sent
    });
    let host = TestHost::new();
    let call = host.call();
    let mut stream = connect(server.port, &call).unwrap();
    let error = stream.read_line(&call).err().unwrap();
    assert_eq!((error.status, error.code.as_str()), (Status::Protocol, "protocol.line_too_long"));
    // Nothing is held beyond the one read buffer, whatever the server sends.
    assert!(stream.pending() <= 128 * 1024);
    stream.close();
    assert!(server.join() < 100 << 20);
}

#[test]
fn the_line_limit_counts_whole_lines_and_can_be_raised() {
    let long = [b'b'; 40_000];
    let server = Scripted::new(move |mut socket| {
        socket.write_all(&[&long[..8190], b"\r\n", &long[..8191], b"\r\n", &long, b"\r\nend\r\n"].concat()).unwrap();
        drain(socket)
    });
    let host = TestHost::new();
    let call = host.call();
    let mut stream = connect(server.port, &call).unwrap();
    assert_eq!(stream.read_line(&call).unwrap().len(), 8190);
    assert_eq!(stream.read_line(&call).err().unwrap().code, "protocol.line_too_long");
    stream.set_line_limit(64 * 1024);
    assert_eq!(stream.read_line(&call).unwrap().len(), 8191);
    assert_eq!(stream.read_line(&call).unwrap().len(), 40_000);
    assert_eq!(stream.read_line(&call).unwrap(), b"end");
    stream.close();
    server.join();
}

#[test]
fn a_server_that_drips_never_outlasts_the_deadline() {
    let server = Scripted::new(|socket| drip(socket, b'2'));
    let host = TestHost::new();
    let call = host.call_within(Duration::from_millis(500));
    let mut stream = connect(server.port, &call).unwrap();
    let (result, took) = timed(|| stream.read_line(&call).err().unwrap());
    assert_eq!((result.status, result.code.as_str()), (Status::Timeout, "call.timeout"));
    assert!(took < Duration::from_millis(1500), "{took:?}");
    stream.close();
    server.join();
}

#[test]
fn a_silent_server_has_an_idle_limit_of_its_own() {
    let server = Scripted::new(drain);
    let host = TestHost::new();
    let call = host.call();
    let idle = postkontor_plugin::settings::Server { timeout_seconds: 1, ..settings("127.0.0.1", server.port) };
    let mut stream = Stream::connect(&idle, 25, &call, &mut Recorder::off()).unwrap();
    let (error, took) = timed(|| stream.read_line(&call).err().unwrap());
    assert_eq!((error.status, error.code.as_str(), &error.args["seconds"]), (Status::Timeout, "net.idle_timeout", &1.into()));
    assert!(took < Duration::from_secs(5), "{took:?}");
    stream.close();
    server.join();
}

#[test]
fn cancelling_ends_a_read_at_once() {
    let server = Scripted::new(drain);
    let host = TestHost::new().stopping_when_asked(SHORT);
    let call = host.call();
    let mut stream = connect(server.port, &call).unwrap();
    let (error, took) = timed(|| stream.read_line(&call).err().unwrap());
    assert_eq!(error.status, Status::Cancelled);
    assert!(took < Duration::from_secs(1), "{took:?}");
    stream.close();
    server.join();
}

#[test]
fn cancelling_ends_a_write_to_a_peer_that_does_not_read() {
    let (leave, left) = std::sync::mpsc::channel::<()>();
    let server = Scripted::new(move |socket| {
        // Ends with the sender; the socket is kept open without being read.
        let _ = left.recv();
        drop(socket);
    });
    let host = TestHost::new().stopping_when_asked(SHORT);
    let call = host.call();
    let mut stream = connect(server.port, &call).unwrap();
    let body = vec![0; 64 << 20];
    let (error, took) = timed(|| stream.write_body(&body, &call).err().unwrap());
    assert_eq!(error.status, Status::Cancelled);
    assert!(took < Duration::from_secs(2), "{took:?}");
    drop(leave);
    server.join();
}

/// A port whose queue is full drops further SYNs: no answer comes, as behind a firewall.
#[cfg(target_os = "linux")]
#[test]
fn cancelling_and_the_deadline_end_a_connect_without_an_answer() {
    use socket2::{Domain, Socket, Type};
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let queue: Vec<Socket> = (0..4)
        .map(|_| {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            socket.set_nonblocking(true).unwrap();
            // Under way, or queued: both fill the queue.
            let _ = socket.connect(&address);
            socket
        })
        .collect();
    let port = address.as_socket().unwrap().port();
    let host = TestHost::new().stopping_when_asked(SHORT);
    let (error, took) = timed(|| connect(port, &host.call()).err().unwrap());
    assert_eq!((error.status, error.stage), (Status::Cancelled, Some(Stage::Connect)));
    assert!(took < Duration::from_secs(1), "{took:?}");
    let host = TestHost::new();
    let (error, took) = timed(|| connect(port, &host.call_within(Duration::from_millis(300))).err().unwrap());
    assert_eq!((error.status, error.code.as_str()), (Status::Timeout, "net.connect_timeout"));
    assert!(took < Duration::from_millis(1300), "{took:?}");
    drop(queue);
}

#[test]
fn a_call_that_is_over_does_not_begin() {
    let host = TestHost::new().stopping_when_asked(1);
    let call = host.call();
    let error = connect(9, &call).err().unwrap();
    assert_eq!((error.status, error.code.as_str()), (Status::Cancelled, "call.cancelled"));
}

#[test]
fn the_end_of_a_connection_is_an_error_within_a_line_and_not_idle() {
    let server = Scripted::new(|mut socket| socket.write_all(b"220 ready\r\n250-half").unwrap());
    let host = TestHost::new();
    let call = host.call();
    let mut stream = connect(server.port, &call).unwrap();
    stream.read_line(&call).unwrap();
    server.join();
    let error = stream.read_line(&call).err().unwrap();
    assert_eq!((error.status, error.code.as_str()), (Status::Network, "net.closed_by_server"));
    assert!(!stream.is_idle());
}

#[test]
fn unexpected_words_make_a_kept_connection_unusable_and_can_still_be_read() {
    let (said, told) = std::sync::mpsc::channel();
    let server = Scripted::new(move |mut socket| {
        socket.write_all(b"421 going down\r\n").unwrap();
        said.send(()).unwrap();
        drain(socket)
    });
    let host = TestHost::new();
    let call = host.call();
    let mut stream = connect(server.port, &call).unwrap();
    told.recv().unwrap();
    assert!(!stream.is_idle());
    assert!(stream.pending() > 0);
    assert_eq!(stream.read_line(&call).unwrap(), b"421 going down");
    stream.close();
    server.join();
}

#[test]
fn a_server_that_echoes_the_password_does_not_get_it_into_the_transcript() {
    let server = Scripted::new(|mut socket| {
        let mut line = String::new();
        BufReader::new(socket.try_clone().unwrap()).read_line(&mut line).unwrap();
        let token = line.trim_end().rsplit(' ').next().unwrap().to_owned();
        write!(socket, "535 {token} (anna / Gehe1mnis!) is wrong\x1b[2J\r\n").unwrap();
        drain(socket)
    });
    let host = TestHost::new();
    let call = host.call();
    let mut stream = connect(server.port, &call).unwrap();
    stream.transcript().enable();
    stream.transcript().hide(&Secret::new("Gehe1mnis!"));
    stream.write_secret(b"AUTH PLAIN AGFubmEAR2VoZTFtbmlzIQ==\r\n", "AUTH PLAIN ***", &call).unwrap();
    let answer = stream.read_line(&call).unwrap().to_vec();
    assert_eq!(stream.transcript().clean(&answer), "535 *** (anna / ***) is wrong\\u{1b}[2J");
    let transcript = stream.transcript().take();
    assert_eq!(transcript, ["C: AUTH PLAIN ***", "S: 535 *** (anna / ***) is wrong\\u{1b}[2J"]);
    stream.close();
    server.join();
}
