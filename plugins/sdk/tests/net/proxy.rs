//! Proxies of both kinds, and what they may say.

use crate::call::timed;
use crate::server::{Scripted, drain, drip, exactly, head, settings, step};
use postkontor_plugin::net::{Recorder, Stream};
use postkontor_plugin::settings::{Server, Tls};
use postkontor_plugin::testing::{ClosedPort, TestHost};
use postkontor_plugin::{Error, Secret, Stage, Status, StepStatus};
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

const TARGET: &str = "mail.example.com";

fn through(proxy: String, recorder: &mut Recorder) -> Result<(Stream, Vec<u8>), Error> {
    let host = TestHost::new();
    let call = host.call();
    let mut stream = Stream::connect(&Server { proxy: Some(Secret::new(proxy)), ..settings(TARGET, 587) }, 25, &call, recorder)?;
    let greeting = stream.read_line(&call)?.to_vec();
    Ok((stream, greeting))
}

/// A SOCKS5 proxy that wants a password, then answers the connect request with `answer` and the greeting in one write.
fn socks5(answer: &'static [u8]) -> Scripted<(Vec<u8>, Vec<u8>)> {
    Scripted::new(move |mut socket: TcpStream| {
        let [5, count] = exactly(&mut socket) else { panic!("no SOCKS5") };
        for _ in 0..count {
            exactly::<1>(&mut socket);
        }
        socket.write_all(&[5, 2]).unwrap();
        let login = exactly::<13>(&mut socket).to_vec();
        socket.write_all(&[1, 0]).unwrap();
        let request = exactly::<{ 4 + 1 + 16 + 2 }>(&mut socket).to_vec();
        socket.write_all(answer).unwrap();
        drain(socket);
        (login, request)
    })
}

#[test]
fn socks5_connects_with_password_and_leaves_the_name_to_the_proxy() {
    let proxy = socks5(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x12\x34220 behind the proxy\r\n");
    let mut recorder = Recorder::on();
    let (mut stream, greeting) = through(format!("socks5://anna:hush%3Ax@127.0.0.1:{}", proxy.port), &mut recorder).unwrap();
    assert_eq!(greeting, b"220 behind the proxy");
    assert_eq!(stream.endpoint().host, TARGET);
    let transcript = stream.transcript().take().join("\n");
    assert!(transcript.contains("SOCKS5") && !transcript.contains("hush"), "{transcript}");
    stream.close();
    let (login, request) = proxy.join();
    assert_eq!(login, b"\x01\x04anna\x06hush:x");
    assert_eq!(request, [b"\x05\x01\x00\x03\x10".as_slice(), TARGET.as_bytes(), &587_u16.to_be_bytes()].concat());
    let steps = recorder.steps();
    let seen: Vec<_> = steps.iter().map(|step| (step.step, step.status)).collect();
    assert_eq!(seen, [(Stage::Proxy, StepStatus::Ok), (Stage::Resolve, StepStatus::Skipped), (Stage::Connect, StepStatus::Ok)]);
    assert_eq!(steps[0].facts["kind"], "socks5");
}

#[test]
fn socks5_refusals_are_told_apart() {
    for (answer, status, code) in [
        (b"\x05\x01\x00\x01".as_slice(), Status::Network, "proxy.refused"),
        (b"\x05\x02", Status::Refused, "proxy.forbidden"),
        (b"\x05\x04", Status::Network, "proxy.server_unreachable"),
        (b"\x05\x05", Status::Network, "proxy.server_refused"),
        (b"\x04\x00", Status::Protocol, "proxy.protocol"),
        (b"\x05\x00\x00\x09", Status::Protocol, "proxy.protocol"),
    ] {
        let proxy = socks5(answer);
        let server = settings(TARGET, 587);
        let error = through(format!("socks5://anna:hush%3Ax@127.0.0.1:{}", proxy.port), &mut Recorder::off()).err().unwrap();
        assert_eq!((error.status, error.code.as_str(), error.stage), (status, code, Some(Stage::Proxy)));
        assert_eq!((&error.args["proxy"], &error.args["host"]), (&"127.0.0.1".into(), &TARGET.into()));
        assert!(!format!("{error:?}").contains("hush"));
        assert!(!step(&error, &server, &Tls::default()).advice.is_empty());
        proxy.join();
    }
}

#[test]
fn socks5_login_that_is_missing_or_wrong_is_an_auth_error() {
    let proxy = Scripted::new(|mut socket| {
        assert_eq!(exactly(&mut socket), [5, 1, 0]);
        socket.write_all(&[5, 255]).unwrap();
    });
    let error = through(format!("socks5://127.0.0.1:{}", proxy.port), &mut Recorder::off()).err().unwrap();
    assert_eq!((error.status, error.code.as_str()), (Status::Auth, "proxy.auth_required"));
    proxy.join();
    let proxy = Scripted::new(|mut socket| {
        assert_eq!(exactly(&mut socket), [5, 2, 0, 2]);
        socket.write_all(&[5, 2]).unwrap();
        exactly::<9>(&mut socket);
        socket.write_all(&[1, 1]).unwrap();
    });
    let error = through(format!("socks5://anna:no@127.0.0.1:{}", proxy.port), &mut Recorder::off()).err().unwrap();
    assert_eq!((error.status, error.code.as_str()), (Status::Auth, "proxy.auth_refused"));
    proxy.join();
}

/// An HTTP proxy with this answer; gives the request.
fn http(answer: &'static str) -> Scripted<String> {
    Scripted::new(move |mut socket| {
        let request = head(&mut socket);
        socket.write_all(answer.as_bytes()).unwrap();
        drain(socket);
        request
    })
}

#[test]
fn http_connect_sends_credentials_and_keeps_the_servers_first_words() {
    let proxy = http("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n220 behind the proxy\r\n");
    let (mut stream, greeting) = through(format!("http://anna:hush@127.0.0.1:{}", proxy.port), &mut Recorder::on()).unwrap();
    assert_eq!(greeting, b"220 behind the proxy");
    let transcript = stream.transcript().take().join("\n");
    assert!(transcript.contains("CONNECT mail.example.com:587"), "{transcript}");
    assert!(!transcript.contains("hush") && !transcript.contains("YW5uYTpodXNo"), "{transcript}");
    stream.close();
    let request = proxy.join();
    assert!(request.starts_with("CONNECT mail.example.com:587 HTTP/1.1\r\nHost: mail.example.com:587\r\n"), "{request}");
    assert!(request.contains("\r\nProxy-Authorization: Basic YW5uYTpodXNo\r\n"), "{request}");
}

#[test]
fn http_refusals_are_told_apart_and_do_not_show_the_password() {
    for (answer, status, code) in [
        ("HTTP/1.1 407 who\r\n\r\n", Status::Auth, "proxy.auth_refused"),
        ("HTTP/1.0 403 no YW5uYTpodXNo hush\r\n\r\n", Status::Refused, "proxy.forbidden"),
        ("HTTP/1.1 502 gone\r\n\r\n", Status::Network, "proxy.server_unreachable"),
        ("HTTP/1.1 500 oh\r\n\r\n", Status::Network, "proxy.refused"),
        ("220 mail.example.com ESMTP\r\n", Status::Protocol, "proxy.protocol"),
        ("HTTP/1.1 100 a\r\n\r\nHTTP/1.1 403 b\r\n\r\n", Status::Refused, "proxy.forbidden"),
    ] {
        let proxy = http(answer);
        let error = through(format!("http://anna:hush@127.0.0.1:{}", proxy.port), &mut Recorder::off()).err().unwrap();
        assert_eq!((error.status, error.code.as_str()), (status, code), "{answer}");
        let seen = format!("{error:?}");
        assert!(!seen.contains("hush") && !seen.contains("YW5uYTpodXNo"), "{seen}");
        proxy.join();
    }
}

#[test]
fn an_endless_answer_of_a_proxy_ends() {
    let proxy = Scripted::new(|mut socket| {
        socket.write_all(b"HTTP/1.1 200 OK\r\n").unwrap();
        while socket.write_all(b"X: y\r\n").is_ok() {}
    });
    let error = through(format!("http://127.0.0.1:{}", proxy.port), &mut Recorder::off()).err().unwrap();
    assert_eq!((error.status, error.code.as_str()), (Status::Protocol, "proxy.protocol"));
    proxy.join();
    let proxy = Scripted::new(|socket| drip(socket, b'H'));
    let host = TestHost::new();
    let server = Server { proxy: Some(Secret::new(format!("http://127.0.0.1:{}", proxy.port))), ..settings(TARGET, 587) };
    let connect = || Stream::connect(&server, 25, &host.call_within(Duration::from_millis(400)), &mut Recorder::off()).err().unwrap();
    let (error, took) = timed(connect);
    assert_eq!((error.status, error.stage), (Status::Timeout, Some(Stage::Proxy)));
    assert!(took < Duration::from_millis(1400), "{took:?}");
    proxy.join();
}

#[test]
fn a_proxy_that_is_not_there_is_named_as_the_proxy() {
    let closed = ClosedPort::new().unwrap();
    let error = through(format!("socks5://anna:hush@{}", closed.address), &mut Recorder::off()).err().unwrap();
    assert_eq!((error.code.as_str(), error.stage), ("net.refused", Some(Stage::Proxy)));
    let step = step(&error, &settings(TARGET, 587), &Tls::default());
    assert_eq!((step.pointer.as_str(), step.advice.as_slice()), ("/server/proxy", ["advice.check_proxy".to_owned()].as_slice()));
}

#[test]
fn a_proxy_that_is_not_found_is_reported_at_its_own_pointer() {
    let host = TestHost::new();
    let server = Server { proxy: Some(Secret::new("socks5://nobody.invalid:1080")), ..settings(TARGET, 587) };
    let error = Stream::connect(&server, 25, &host.call(), &mut Recorder::off()).err().unwrap();
    assert_eq!((error.stage, error.args["host"].as_str()), (Some(Stage::Proxy), Some("nobody.invalid")));
    assert_eq!(error.at.iter().map(|at| at.pointer.as_str()).collect::<Vec<_>>(), ["/server/proxy"]);
    let step = step(&error, &server, &Tls::default());
    assert_eq!((step.pointer.as_str(), step.advice), ("/server/proxy", vec!["advice.check_proxy".to_owned()]));
}
