//! What a server may answer, and what it may not.

use super::web::{Web, answered, client, get};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use postkontor_plugin::net::Recorder;
use postkontor_plugin::net::http::{Content, Request};
use postkontor_plugin::testing::{ClosedPort, Network, Peer, PeerOutput, TestHost};
use postkontor_plugin::{Error, Secret, Status};
use std::io::{BufRead, Read, Write};
use std::net::TcpListener;
use std::time::Duration;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

fn with_length(head: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\n{head}Content-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
}

#[test]
fn an_answer_that_is_cut_anywhere_is_an_error_and_never_half_a_body() {
    for whole in [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".to_vec(),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n".to_vec(),
        with_length("Content-Encoding: gzip\r\n", &gzip(b"hello")),
        [&b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Encoding: gzip\r\n\r\n"[..], &gzip(b"hello")].concat(),
    ] {
        for cut in 1..whole.len() {
            let error = answered(&whole[..cut]).unwrap_err();
            let expected = ["net.closed_by_server", "http.truncated", "http.unpacking_failed"];
            assert!(expected.contains(&error.code.as_str()), "{} after {cut}", error.code);
        }
        assert_eq!(answered(&whole).unwrap(), (200, b"hello".to_vec()));
    }
}

#[test]
fn a_body_may_be_packed() {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(b"hello").unwrap();
    for (coding, packed) in
        [("gzip", gzip(b"hello")), ("X-GZip", gzip(b"hello")), ("deflate", zlib.finish().unwrap()), ("identity", b"hello".to_vec())]
    {
        let answer = with_length(&format!("Content-Encoding: {coding}\r\n"), &packed);
        assert_eq!(answered(&answer).unwrap(), (200, b"hello".to_vec()), "{coding}");
    }
    let pieces: Vec<u8> = gzip(b"hello").iter().flat_map(|byte| [b'1', b'\r', b'\n', *byte, b'\r', b'\n']).collect();
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n";
    assert_eq!(answered(&[&head[..], &pieces, b"0\r\n\r\n"].concat()).unwrap(), (200, b"hello".to_vec()));
}

#[test]
fn nothing_that_is_said_to_be_packed_is_nothing() {
    for framing in ["Content-Length: 0\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"] {
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n{framing}");
        assert_eq!(answered(answer.as_bytes()).unwrap(), (200, Vec::new()), "{framing}");
    }
}

#[test]
fn a_body_without_a_length_ends_with_the_connection_only_where_that_is_said() {
    for head in ["HTTP/1.0 200 OK\r\n", "HTTP/1.1 200 OK\r\nConnection: Close\r\n"] {
        let web = Web::new(vec![vec![format!("{head}\r\nhello").into()], vec![with_length("", b"next")]]);
        let (host, mut client) = (TestHost::new(), web.client());
        let call = host.call();
        let mut answer = client.request(Request::new("GET", "/"), &call, &mut Recorder::off()).unwrap();
        assert!(answer.ends_with_connection());
        assert_eq!(answer.bytes(100, &call).unwrap(), b"hello");
        drop(answer);
        assert!(!client.is_connected());
        assert_eq!(get(&mut client, "/", &call).unwrap().1, b"next");
        web.join();
    }
    assert_eq!(answered(b"HTTP/1.1 200 OK\r\n\r\nhello").unwrap_err().code, "http.malformed");
}

#[test]
fn what_is_no_http_or_says_two_things_at_once_is_refused() {
    let fields = "X: y\r\n".repeat(201);
    for (answer, code) in [
        ("220 mail.example.com ESMTP ready\r\n", "http.not_http"),
        ("\r\nHTTP/1.1 200 OK\r\n\r\n", "http.not_http"),
        ("HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", "http.malformed"),
        ("HTTP/1.1 OK\r\n\r\n", "http.malformed"),
        ("HTTP/1.1 2000 OK\r\n\r\n", "http.malformed"),
        ("HTTP/1.1 099 OK\r\n\r\n", "http.malformed"),
        ("HTTP/1.1 600 OK\r\n\r\n", "http.malformed"),
        ("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", "http.malformed"),
        ("HTTP/1.1 200 OK\r\nX y\r\n\r\n", "http.malformed"),
        ("HTTP/1.1 200 OK\r\nX : y\r\n\r\n", "http.malformed"),
        ("HTTP/1.1 200 OK\r\nX: y\r\n z\r\nContent-Length: 0\r\n\r\n", "http.malformed"),
        ("HTTP/1.1 200 OK\r\nX: y\0\r\nContent-Length: 0\r\n\r\n", "http.malformed"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "http.malformed"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "http.malformed"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello", "http.malformed"),
        ("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "http.malformed"),
        ("HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello", "http.malformed"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello", "http.malformed"),
        ("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhello", "http.malformed"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", "http.malformed"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "http.malformed"),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "http.malformed"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "http.coding_unknown"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", "http.coding_unknown"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nx", "http.coding_unknown"),
        ("HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx", "http.coding_unknown"),
        ("HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 1\r\n\r\nx", "http.coding_unknown"),
        ("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", "http.unpacking_failed"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "http.malformed"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n", "http.malformed"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", "http.malformed"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nhello", "http.truncated"),
        (&format!("HTTP/1.1 200 OK\r\n{fields}\r\n"), "http.head_too_large"),
    ] {
        let error = answered(answer.as_bytes()).unwrap_err();
        assert_eq!(error.code, code, "{answer:?}");
        assert_eq!(error.args["host"], "127.0.0.1", "{answer:?}");
    }
}

#[test]
fn an_answer_without_end_ends() {
    let endless: [(&str, &str, &str); 8] = [
        ("", "HTTP/1.1 100 Continue\r\n\r\n", "http.malformed"),
        ("HTTP/1.1 200 OK\r\n", "X: 0123456789012345678901234567890123456789\r\n", "http.head_too_large"),
        ("HTTP/1.1 200 OK\r\nX: ", "y", "http.head_too_large"),
        ("H", "H", "http.head_too_large"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "0", "http.malformed"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "x", "http.malformed"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n", "http.malformed"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\nhello\r\n", "http.too_large"),
    ];
    for (begin, again, code) in endless {
        let answer = [begin, &again.repeat((4 << 20) / again.len())].concat();
        assert_eq!(answered(answer.as_bytes()).unwrap_err().code, code, "{begin:?} {again:?}");
    }
}

#[test]
fn few_bytes_that_unpack_to_many_reach_the_limit_and_not_the_memory() {
    // 100 MB that are 100 KB, and the same packed once more.
    let bomb = gzip(&vec![0; 100 << 20]);
    let error = answered(&with_length("Content-Encoding: gzip\r\n", &bomb)).unwrap_err();
    assert_eq!((error.status, error.code.as_str(), &error.args["limit"]), (Status::Protocol, "http.too_large", &(1 << 20).into()));
}

#[test]
fn the_limit_of_a_body_counts_what_it_unpacks_to() {
    let (host, text) = (TestHost::new(), vec![b'x'; 100_000]);
    for (body, head) in [(text.clone(), ""), (gzip(&text), "Content-Encoding: gzip\r\n")] {
        for (limit, is_enough) in [(100_000, true), (99_999, false)] {
            let web = Web::new(vec![vec![with_length(head, &body)]]);
            let mut client = web.client();
            let mut answer = client.request(Request::new("GET", "/"), &host.call(), &mut Recorder::off()).unwrap();
            match answer.bytes(limit, &host.call()) {
                Ok(bytes) => assert!(is_enough && bytes == text),
                Err(error) => assert!(!is_enough && error.code == "http.too_large"),
            }
            drop(answer);
            web.join();
        }
    }
}

#[test]
fn an_answer_that_is_not_read_to_its_end_costs_the_connection() {
    let web = Web::new(vec![vec![with_length("", b"hello"), with_length("", b"never")], vec![with_length("", b"next")]]);
    let (host, mut client) = (TestHost::new(), web.client());
    let mut answer = client.request(Request::new("GET", "/"), &host.call(), &mut Recorder::off()).unwrap();
    assert_eq!(answer.read(&mut [0; 2], &host.call()).unwrap(), 2);
    drop(answer);
    assert_eq!(get(&mut client, "/", &host.call()).unwrap().1, b"next");
    assert_eq!(web.join().iter().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn an_answer_that_is_discarded_leaves_the_connection_unless_it_is_long() {
    for (size, connections) in [(1000, 1), (10 << 20, 2)] {
        let first = with_length("", &vec![b'x'; size]);
        let next = with_length("", b"next");
        let web = Web::new(if connections == 1 { vec![vec![first, next]] } else { vec![vec![first], vec![next]] });
        let (host, mut client) = (TestHost::new(), web.client());
        client.request(Request::new("GET", "/"), &host.call(), &mut Recorder::off()).unwrap().discard(&host.call()).unwrap();
        assert_eq!(get(&mut client, "/", &host.call()).unwrap().1, b"next");
        assert_eq!(client.connection_number(), connections);
        web.join();
    }
}

#[test]
fn what_comes_without_a_request_is_taken_for_no_answer() {
    // A second answer in one breath with the first.
    let smuggled = [with_length("", b"first"), with_length("", b"smuggled")].concat();
    let web = Web::new(vec![vec![smuggled], vec![with_length("", b"next")]]);
    let (host, mut client) = (TestHost::new(), web.client());
    assert_eq!(get(&mut client, "/", &host.call()).unwrap().1, b"first");
    assert_eq!(get(&mut client, "/", &host.call()).unwrap().1, b"next");
    web.join();
}

#[test]
fn a_body_can_be_read_by_a_parser_and_its_error_is_found() {
    let web = Web::one(&["HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\none\ntwo\n", "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\none\ntw"]);
    let (host, mut client) = (TestHost::new(), web.client());
    let call = host.call();
    let mut answer = client.request(Request::new("GET", "/"), &call, &mut Recorder::off()).unwrap();
    let lines: Vec<_> = answer.reader(&call).lines().map(Result::unwrap).collect();
    assert_eq!(lines, ["one", "two"]);
    drop(answer);
    let mut answer = client.request(Request::new("GET", "/"), &call, &mut Recorder::off()).unwrap();
    let mut reader = answer.reader(&call);
    assert!(reader.read_to_end(&mut Vec::new()).is_err());
    assert_eq!(reader.error().unwrap().code, "http.truncated");
    drop(answer);
    web.join();
}

#[test]
fn a_get_follows_redirects_within_its_origin_only_and_not_for_ever() {
    let found = |location: &str| format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 4\r\n\r\ngone").into_bytes();
    let web = Web::new(vec![vec![found("/b?c"), found("d"), with_length("", b"there")]]);
    let (host, mut client) = (TestHost::new(), web.client());
    let call = host.call();
    let mut answer = client.request(Request::new("GET", "/a/"), &call, &mut Recorder::off()).unwrap();
    assert_eq!(answer.url().target(), "/d");
    assert_eq!(answer.bytes(100, &call).unwrap(), b"there");
    drop(answer);
    let targets: Vec<_> = web.requests().iter().map(|request| request.split(' ').nth(1).unwrap().to_owned()).collect();
    assert_eq!(targets, ["/a/", "/b?c", "/d"]);

    let web = Web::new(vec![vec![found("/"); 6]]);
    assert_eq!(get(&mut web.client(), "/", &call).unwrap_err().code, "http.redirect_loop");
    assert_eq!(web.requests().len(), 6);

    // What is not GET is the caller's to see.
    let web = Web::new(vec![vec![found("/b"), with_length("", b"")]]);
    let mut client = web.client();
    let post = Request::new("POST", "/a").content(Content::Bytes(b"mail"));
    let mut answer = client.request(post, &call, &mut Recorder::off()).unwrap();
    assert_eq!((answer.status(), answer.location().unwrap().target()), (302, "/b"));
    assert_eq!(answer.refusal(&call).code, "http.redirected");
    drop(answer);
    drop(client);
    assert_eq!(web.requests().len(), 1);
}

#[test]
fn a_redirect_to_another_origin_is_not_followed_and_no_credential_goes_there() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    other.set_nonblocking(true).unwrap();
    let port = other.local_addr().unwrap().port();
    let token = Secret::new("hushhush");
    for location in [
        format!("http://127.0.0.1:{port}/"),
        format!("//127.0.0.1:{port}/"),
        format!("https://127.0.0.1:{port}/"),
        format!("http://user@127.0.0.1:{port}/"),
    ] {
        for status in [301, 302, 303, 307, 308] {
            let web = Web::one(&[&format!("HTTP/1.1 {status} Go\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")]);
            let (host, mut client) = (TestHost::new(), web.client());
            let request = Request::new("GET", "/").secret("Authorization", "Bearer ", &token);
            let mut answer = client.request(request, &host.call(), &mut Recorder::off()).unwrap();
            assert_eq!(answer.status(), status);
            let error = answer.refusal(&host.call());
            assert_eq!((error.status, error.code.as_str()), (Status::Refused, "http.redirected"));
            assert!(error.args["location"].as_str().unwrap().contains("127.0.0.1"), "{error:?}");
            drop(answer);
            assert_eq!(web.requests().len(), 1);
            assert_eq!(other.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "{location}");
        }
    }
}

#[test]
fn cookies_go_back_to_the_server_that_set_them() {
    let web = Web::one(&[
        "HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2; Path=/owa\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nSet-Cookie: a=; Path=/; Max-Age=0\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ]);
    let (host, mut client, mut recorder) = (TestHost::new(), web.client(), Recorder::on());
    for path in ["/EWS/x", "/owa/y", "/"] {
        client.request(Request::new("GET", path), &host.call(), &mut recorder).unwrap();
    }
    let said = client.take_dialogue().join("\n");
    assert!(said.contains("C: Cookie: ***\n") && !said.contains("a=1"), "{said}");
    let cookies: Vec<_> =
        web.requests().iter().map(|request| request.split_once("Cookie: ").map(|(_, rest)| rest.trim_end().to_owned())).collect();
    assert_eq!(cookies, [None, Some("a=1; b=2".to_owned()), None]);
}

#[test]
fn a_refusal_tells_what_the_server_says_without_secrets_and_control_characters() {
    let web = Web::one(&[
        "HTTP/1.1 503 Busy\r\nRetry-After: 30\r\nrequest-id: 77-1\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 26\r\n\r\nhushhush may not\x1b[2J now\r\n",
        "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\n<>",
    ]);
    let (host, mut client, token) = (TestHost::new(), web.client(), Secret::new("hushhush"));
    let call = host.call();
    let request = Request::new("GET", "/").secret("Authorization", "Bearer ", &token);
    let mut answer = client.request(request, &call, &mut Recorder::off()).unwrap();
    assert_eq!(answer.fields().retry_after(), Some(Duration::from_secs(30)));
    let error = answer.refusal(&call);
    assert_eq!((error.status, error.code.as_str()), (Status::Later, "http.busy"));
    assert_eq!((&error.args["seconds"], &error.args["request"]), (&30.into(), &"77-1".into()));
    assert_eq!(error.args["text"], "*** may not\\u{1b}[2J now");
    drop(answer);
    let mut answer = client.request(Request::new("GET", "/"), &call, &mut Recorder::off()).unwrap();
    assert_eq!(answer.expect_type(&["text/xml", "application/json"]).unwrap_err().code, "http.web_page");
    assert!(answer.expect_type(&["text/html"]).is_ok());
    assert_eq!(answer.refusal(&call).args["text"], "Forbidden");
    drop(answer);
    web.join();
}

#[test]
fn a_server_that_is_not_there_gets_nothing() {
    let closed = ClosedPort::new().unwrap();
    let host = TestHost::new();
    let error = get(&mut client(&format!("http://{}/", closed.address)), "/", &host.call()).unwrap_err();
    assert_eq!(error.code, "net.refused");
}

/// Gives an answer in pieces of a size, and closes.
struct Mouth {
    answer: Vec<u8>,
    piece: usize,
    is_asked: bool,
}

impl Peer for Mouth {
    fn receive(&mut self, _: &[u8]) -> std::io::Result<()> {
        self.is_asked = true;
        Ok(())
    }

    fn send(&mut self, data: &mut [u8]) -> PeerOutput {
        if !self.is_asked {
            return PeerOutput::Nothing;
        }
        let length = self.piece.min(data.len()).min(self.answer.len());
        data[..length].copy_from_slice(&self.answer[..length]);
        self.answer.drain(..length);
        if length == 0 { PeerOutput::Closed } else { PeerOutput::Bytes(length) }
    }
}

/// Asks a server within the process.
fn heard(answer: Vec<u8>, piece: usize) -> Result<(u16, Vec<u8>), Error> {
    let mut answer = Some(answer);
    let _network = Network::new(move |_| Some(Box::new(Mouth { answer: answer.take()?, piece, is_asked: false })));
    get(&mut client("http://mail.example.com/"), "/", &TestHost::new().call())
}

#[test]
fn whatever_the_pieces_and_whatever_is_changed_in_them_an_answer_is_whole_or_an_error() {
    let answers = [
        with_length("Content-Encoding: gzip\r\nX: y\r\n", &gzip(b"hello")),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nX: y\r\n\r\n".to_vec(),
        b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello".to_vec(),
    ];
    // Numbers that only look random, the same in each run.
    let mut number = 1_u64;
    let mut any = |most: usize| {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(number >> 33).unwrap() % most
    };
    for answer in answers {
        for piece in 1..answer.len() {
            assert_eq!(heard(answer.clone(), piece).unwrap(), (200, b"hello".to_vec()), "in pieces of {piece}");
        }
        for _ in 0..3000 {
            let mut changed = answer.clone();
            for _ in 0..=any(3) {
                let at = any(changed.len());
                match any(4) {
                    0 => drop(changed.remove(at)),
                    1 => changed.insert(at, b"\r\n :;,0f-\0\xff"[any(11)]),
                    2 => changed[at] ^= 1 << any(8),
                    _ => changed.extend_from_within(at..),
                }
            }
            let piece = 1 + any(changed.len());
            if let Err(error) = heard(changed.clone(), piece) {
                let is_known = ["http.", "net.closed_by_server"].iter().any(|code| error.code.starts_with(code));
                assert!(is_known, "{} for {}", error.code, changed.escape_ascii());
            }
        }
    }
}
