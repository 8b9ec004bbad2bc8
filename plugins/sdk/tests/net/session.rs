//! Attacks on TLS sessions, and how they begin, wait and end.

use crate::call::{SHORT, timed};
use crate::certificates::{File, Identity, Wish};
use crate::server::{Scripted, connect, drain, drip, settings, step};
use crate::tls::{modern, trusting, visit, with_tls};
use postkontor_plugin::net::{Recorder, Stream};
use postkontor_plugin::settings::Tls;
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Stage, Status};
use serde_json::json;
use std::io::{Read, Write};
use std::time::Duration;

#[test]
fn a_clear_text_answer_suggests_starttls() {
    let server = Scripted::new(|mut socket| {
        socket.write_all(b"220 mail.example.com ESMTP\x1b[2J\r\n").unwrap();
        drain(socket)
    });
    let target = settings("127.0.0.1", server.port);
    let error = visit(&target, &Tls::default()).err().unwrap();
    assert_eq!((error.status, error.code.as_str()), (Status::Tls, "tls.not_tls"), "{error:?}");
    let answer = error.args["answer"].as_str().unwrap();
    // Some engines read no further than the head of what should have been a record.
    let whole = "220 mail.example.com ESMTP\\u{1b}[2J\\r";
    assert!(answer.len() >= 5 && whole.starts_with(answer) && (cfg!(feature = "native-tls") || answer == whole), "{answer}");
    let failed = step(&error, &target, &Tls::default());
    assert_eq!((failed.pointer.as_str(), failed.patch), ("/tls/mode", Some(json!({"tls": {"mode": "starttls"}}))));
    server.join();
}

#[test]
fn words_injected_in_front_of_the_handshake_end_the_session() {
    let server = Scripted::new(|mut socket| {
        socket.write_all(b"220 go ahead\r\n250 injected\r\n").unwrap();
        drain(socket)
    });
    let host = TestHost::new();
    let call = host.call();
    let mut stream = connect(server.port, &call).unwrap();
    assert_eq!(stream.read_line(&call).unwrap(), b"220 go ahead");
    let error = stream.secure(&Tls::default(), &call, &mut Recorder::off()).err().unwrap();
    assert_eq!((error.status, error.code.as_str()), (Status::Protocol, "tls.injected_plaintext"));
    assert!(stream.read_line(&call).is_err());
    assert!(stream.write(b"PASS secret\r\n", &call).is_err());
    assert!(!stream.is_secure() && !stream.is_idle());
    assert_eq!(server.join(), b"");
}

#[test]
fn a_cut_connection_is_not_the_end_of_the_session() {
    let authority = Identity::authority("Test CA");
    let file = File::new(&authority.pem());
    let identity = Identity::new(&Wish::default(), Some(&authority));
    for is_cut in [true, false] {
        let server = with_tls(modern(&identity), move |mut stream| {
            stream.write_all(b"half a message").ok()?;
            if !is_cut {
                stream.shutdown().ok()?;
            }
            // Leaves in an orderly manner as far as TCP goes: a reset would be another error.
            stream.get_ref().shutdown(std::net::Shutdown::Write).ok()?;
            Some(drain(stream.get_ref().try_clone().ok()?))
        });
        let host = TestHost::new();
        let call = host.call();
        let mut stream = Stream::connect(&settings("localhost", server.port), 25, &call, &mut Recorder::off()).unwrap();
        stream.secure(&trusting(&file), &call, &mut Recorder::off()).unwrap();
        let mut block = [0; 100];
        assert_eq!(stream.read(&mut block, &call).unwrap(), 14);
        let end = stream.read(&mut block, &call);
        match is_cut {
            true => assert_eq!(end.err().unwrap().code, "tls.truncated"),
            false => assert_eq!(end.unwrap(), 0),
        }
        assert!(!stream.is_idle());
        stream.close();
        server.join();
    }
}

#[test]
fn deadline_and_cancel_hold_in_the_handshake() {
    for byte in [None, Some(22)] {
        let silent_or_slow = || {
            Scripted::new(move |socket| match byte {
                None => drop(drain(socket)),
                Some(byte) => drip(socket, byte),
            })
        };
        let server = silent_or_slow();
        let host = TestHost::new();
        let call = host.call_within(Duration::from_millis(400));
        let mut stream = connect(server.port, &call).unwrap();
        let (error, took) = timed(|| stream.secure(&Tls::default(), &call, &mut Recorder::off()).err().unwrap());
        // A dripping server may be found out as one that speaks no TLS before the time is over.
        assert!(error.status == Status::Timeout || byte.is_some() && error.status == Status::Tls, "{error:?}");
        assert_eq!(error.stage, Some(Stage::Tls));
        assert!(took < Duration::from_millis(1400), "{took:?}");
        stream.close();
        server.join();
    }
    let server = Scripted::new(drain);
    let host = TestHost::new().stopping_when_asked(SHORT);
    let call = host.call();
    let mut stream = connect(server.port, &call).unwrap();
    let (error, took) = timed(|| stream.secure(&Tls::default(), &call, &mut Recorder::off()).err().unwrap());
    assert_eq!((error.status, error.stage), (Status::Cancelled, Some(Stage::Tls)));
    assert!(took < Duration::from_secs(1), "{took:?}");
    stream.close();
    server.join();
}

#[test]
fn a_handshake_record_that_drips_ends_at_the_deadline() {
    // The head of a record of 16 KB, so that the client has to go on reading.
    let server = Scripted::new(|mut socket| {
        socket.write_all(&[22, 3, 3, 0x40, 0]).unwrap();
        drip(socket, 2);
    });
    let host = TestHost::new();
    let call = host.call_within(Duration::from_millis(400));
    let mut stream = connect(server.port, &call).unwrap();
    let (error, took) = timed(|| stream.secure(&Tls::default(), &call, &mut Recorder::off()).err().unwrap());
    assert_eq!((error.status, error.stage), (Status::Timeout, Some(Stage::Tls)), "{error:?}");
    assert!(took < Duration::from_millis(1400), "{took:?}");
    stream.close();
    server.join();
}

#[test]
fn cancelling_ends_reads_and_writes_under_tls() {
    let authority = Identity::authority("Test CA");
    let file = File::new(&authority.pem());
    let identity = Identity::new(&Wish::default(), Some(&authority));
    for is_read in [true, false] {
        let (leave, left) = std::sync::mpsc::channel::<()>();
        let server = with_tls(modern(&identity), move |stream| {
            // Ends with the sender; until then nothing is read.
            let _ = left.recv();
            drop(stream);
            Some(())
        });
        let target = settings("localhost", server.port);
        let opening = TestHost::new();
        let opening = opening.call();
        let mut stream = Stream::connect(&target, 25, &opening, &mut Recorder::off()).unwrap();
        stream.secure(&trusting(&file), &opening, &mut Recorder::off()).unwrap();
        let host = TestHost::new().stopping_when_asked(SHORT);
        let call = host.call();
        let body = vec![0; 64 << 20];
        let (error, took) = timed(|| match is_read {
            true => stream.read_line(&call).err().unwrap(),
            false => stream.write_body(&body, &call).err().unwrap(),
        });
        assert_eq!(error.status, Status::Cancelled);
        assert!(took < Duration::from_secs(2), "{took:?}");
        stream.close();
        drop(leave);
        server.join();
    }
}

#[test]
fn megabytes_go_both_ways_under_tls() {
    let authority = Identity::authority("Test CA");
    let file = File::new(&authority.pem());
    let identity = Identity::new(&Wish::default(), Some(&authority));
    const SIZE: usize = 8 << 20;
    let server = with_tls(modern(&identity), |mut stream| {
        let mut received = vec![0; SIZE];
        stream.read_exact(&mut received).ok()?;
        stream.write_all(&received).ok()?;
        stream.shutdown().ok()?;
        Some(())
    });
    let host = TestHost::new();
    let call = host.call();
    let mut stream = Stream::connect(&settings("localhost", server.port), 25, &call, &mut Recorder::off()).unwrap();
    stream.secure(&trusting(&file), &call, &mut Recorder::off()).unwrap();
    let body: Vec<u8> = (0..SIZE).map(|at| (at / 7) as u8).collect();
    stream.write_body(&body, &call).unwrap();
    let mut received = Vec::new();
    let mut block = vec![0; 50_000];
    while let read @ 1.. = stream.read(&mut block, &call).unwrap() {
        received.extend_from_slice(&block[..read]);
    }
    assert!(received == body);
    stream.close();
    server.join();
}

#[test]
fn a_kept_session_is_idle_in_spite_of_tickets_until_the_server_leaves() {
    let authority = Identity::authority("Test CA");
    let file = File::new(&authority.pem());
    let identity = Identity::new(&Wish::default(), Some(&authority));
    let (leave, left) = std::sync::mpsc::channel::<()>();
    let server = with_tls(modern(&identity), move |mut stream| {
        stream.write_all(b"220 ready\r\n").ok()?;
        left.recv().ok()?;
        stream.shutdown().ok()?;
        Some(())
    });
    let host = TestHost::new();
    let call = host.call();
    let mut stream = Stream::connect(&settings("localhost", server.port), 25, &call, &mut Recorder::off()).unwrap();
    stream.secure(&trusting(&file), &call, &mut Recorder::off()).unwrap();
    stream.read_line(&call).unwrap();
    assert!(stream.is_idle() && stream.is_idle());
    leave.send(()).unwrap();
    server.join();
    assert!(!stream.is_idle());
    stream.close();
}
