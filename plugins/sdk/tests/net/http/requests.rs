//! What goes out, and on which connection.

use super::web::{AT, Web, client, get, request};
use crate::certificates::{File, Identity, Wish};
use crate::server::{Scripted, head};
use crate::tls::{modern, with_tls};
use postkontor_plugin::net::Recorder;
use postkontor_plugin::net::http::{Client, Content, Request, Sent, Url};
use postkontor_plugin::settings::{Route, WebTls};
use postkontor_plugin::testing::{Network, Peer, PeerOutput, TestHost};
use postkontor_plugin::{Error, Secret, Stage, Status, StepStatus};
use std::io::Write;
use std::sync::{Arc, Mutex};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn requests_and_answers_of_every_kind_share_one_connection() {
    let web = Web::one(&[
        OK,
        "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nX: y\r\n\r\n",
        "HTTP/1.1 204 None\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
        "HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n",
    ]);
    let (host, mut client) = (TestHost::new(), web.client());
    let call = host.call();
    let mut ask = |request: Request| {
        let mut answer = client.request(request, &call, &mut Recorder::off()).unwrap();
        (answer.status(), answer.bytes(100, &call).unwrap())
    };
    assert_eq!(ask(Request::new("GET", "/a?b=c").field("Accept", "text/xml")), (200, b"ok".to_vec()));
    assert_eq!(ask(Request::new("POST", "/b").content(Content::Bytes(b"<a/>"))), (201, b"hello world".to_vec()));
    let mut blocks = [&b"one"[..], b"three"].into_iter();
    let mut source = |block: &mut [u8]| {
        let next = blocks.next().unwrap_or_default();
        block[..next.len()].copy_from_slice(next);
        Ok(next.len())
    };
    assert_eq!(ask(Request::new("PUT", "/c").content(Content::Stream { size: None, source: &mut source })), (204, Vec::new()));
    let mut left = 10;
    let mut source = |block: &mut [u8]| {
        let length = block.len().min(7).min(left);
        block[..length].fill(b'x');
        left -= length;
        Ok(length)
    };
    assert_eq!(ask(Request::new("HEAD", "/d").content(Content::Stream { size: Some(10), source: &mut source })), (200, Vec::new()));
    assert_eq!(ask(Request::new("POST", "/e")), (404, Vec::new()));
    let port = web.port;
    let requests = web.requests();
    let agent = concat!("User-Agent: Postkontor/", env!("CARGO_PKG_VERSION"), "\r\nAccept-Encoding: gzip\r\n");
    let host = format!("Host: 127.0.0.1:{port}\r\n");
    assert_eq!(requests[0], format!("GET /a?b=c HTTP/1.1\r\n{host}Accept: text/xml\r\n{agent}\r\n"));
    assert_eq!(requests[1], format!("POST /b HTTP/1.1\r\n{host}{agent}Content-Length: 4\r\n\r\n<a/>"));
    let chunks = "00000003\r\none\r\n00000005\r\nthree\r\n0\r\n\r\n";
    assert_eq!(requests[2], format!("PUT /c HTTP/1.1\r\n{host}{agent}Transfer-Encoding: chunked\r\n\r\n{chunks}"));
    assert_eq!(requests[3], format!("HEAD /d HTTP/1.1\r\n{host}{agent}Content-Length: 10\r\n\r\nxxxxxxxxxx"));
    assert_eq!(requests[4], format!("POST /e HTTP/1.1\r\n{host}{agent}Content-Length: 0\r\n\r\n"));
}

#[test]
fn a_secured_connection_is_kept_and_its_certificate_is_known() {
    let authority = Identity::authority("Test CA");
    let file = File::new(&authority.pem());
    let identity = Identity::new(&Wish::default(), Some(&authority));
    let server = with_tls(modern(&identity), |mut stream| {
        for _ in 0..2 {
            request(&mut stream)?;
            stream.write_all(OK.as_bytes()).ok()?;
        }
        Some(())
    });
    let url = Url::parse(&format!("https://localhost:{}/x", server.port), "/exchange/url").unwrap();
    let tls = WebTls { ca_file: Some(file.path()), ..WebTls::default() };
    let (host, mut client) = (TestHost::new(), Client::new(&url, &Route::default(), &tls, AT));
    let mut recorder = Recorder::on();
    client.connect(&host.call(), &mut recorder).unwrap();
    assert!(client.certificate().is_some() && client.channel_binding().is_some());
    for _ in 0..2 {
        assert!(client.is_connected());
        assert_eq!(get(&mut client, url.target(), &host.call()).unwrap(), (200, b"ok".to_vec()));
    }
    assert_eq!(client.connection_number(), 1);
    let steps: Vec<_> = recorder.steps().into_iter().map(|step| (step.step, step.status)).collect();
    let ok = |stage| (stage, StepStatus::Ok);
    assert_eq!(steps, [(Stage::Proxy, StepStatus::Skipped), ok(Stage::Resolve), ok(Stage::Connect), ok(Stage::Tls)]);
    server.join().unwrap();
}

#[test]
fn a_body_that_ends_with_a_secured_connection_is_whole_only_where_tls_says_so() {
    let authority = Identity::authority("Test CA");
    let file = File::new(&authority.pem());
    let identity = Identity::new(&Wish::default(), Some(&authority));
    for says_so in [true, false] {
        let server = with_tls(modern(&identity), move |mut stream| {
            request(&mut stream)?;
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello").ok()?;
            if says_so {
                stream.shutdown().ok()?;
            }
            Some(())
        });
        let url = Url::parse(&format!("https://localhost:{}/", server.port), "/exchange/url").unwrap();
        let tls = WebTls { ca_file: Some(file.path()), ..WebTls::default() };
        let (host, mut client) = (TestHost::new(), Client::new(&url, &Route::default(), &tls, AT));
        match get(&mut client, "/", &host.call()) {
            Ok(answer) => assert!(says_so && answer == (200, b"hello".to_vec())),
            Err(error) => assert!(!says_so && error.code == "tls.truncated", "{error:?}"),
        }
        server.join().unwrap();
    }
}

#[test]
fn the_login_of_the_proxy_goes_to_the_proxy_and_the_rest_through_it() {
    let authority = Identity::authority("Test CA");
    let file = File::new(&authority.pem());
    let acceptor = modern(&Identity::new(&Wish::default(), Some(&authority))).build();
    let proxy = Scripted::new(move |mut socket| {
        let asked = head(&mut socket);
        socket.write_all(b"HTTP/1.1 200 Go\r\n\r\n").unwrap();
        let mut stream = acceptor.accept(socket).unwrap();
        let request = String::from_utf8(request(&mut stream).unwrap()).unwrap();
        stream.write_all(OK.as_bytes()).unwrap();
        (asked, request)
    });
    let url = Url::parse("https://localhost/x", "/exchange/url").unwrap();
    let route = Route { proxy: Some(Secret::new(format!("http://anna:hush@127.0.0.1:{}", proxy.port))), ..Route::default() };
    let tls = WebTls { ca_file: Some(file.path()), ..WebTls::default() };
    let (host, mut client) = (TestHost::new(), Client::new(&url, &route, &tls, AT));
    assert_eq!(get(&mut client, url.target(), &host.call()).unwrap(), (200, b"ok".to_vec()));
    let (asked, request) = proxy.join();
    assert!(asked.starts_with("CONNECT localhost:443 HTTP/1.1\r\n") && asked.contains("Basic YW5uYTpodXNo\r\n"), "{asked}");
    assert!(request.starts_with("GET /x HTTP/1.1\r\nHost: localhost\r\n") && !request.contains("Proxy"), "{request}");
}

#[test]
fn a_proxy_that_refuses_is_not_taken_for_the_server() {
    for (answer, code) in [("407 Who", "proxy.auth_refused"), ("403 No", "proxy.forbidden")] {
        let proxy = Scripted::new(move |mut socket| {
            head(&mut socket);
            socket.write_all(format!("HTTP/1.1 {answer}\r\n\r\n").as_bytes()).unwrap();
        });
        let url = Url::parse("http://mail.example.com/", "/exchange/url").unwrap();
        let route = Route { proxy: Some(Secret::new(format!("http://anna:hush@127.0.0.1:{}", proxy.port))), ..Route::default() };
        let mut client = Client::new(&url, &route, &WebTls::default(), AT);
        assert_eq!(get(&mut client, "/", &TestHost::new().call()).unwrap_err().code, code);
        proxy.join();
    }
}

#[test]
fn a_farewell_on_a_kept_connection_is_no_answer_to_the_next_request() {
    let farewell = [OK.as_bytes(), b"HTTP/1.1 408 Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"].concat();
    let web = Web::new(vec![vec![farewell], vec![OK.into()]]);
    let (host, mut client) = (TestHost::new(), web.client());
    for _ in 0..2 {
        let request = Request::new("POST", "/").content(Content::Bytes(b"mail"));
        let mut answer = client.request(request, &host.call(), &mut Recorder::off()).unwrap();
        assert_eq!((answer.status(), answer.bytes(10, &host.call()).unwrap()), (200, b"ok".to_vec()));
    }
    assert_eq!(web.join().iter().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn clear_text_is_a_warning_at_the_url() {
    let (web, host, mut recorder) = (Web::one(&[OK]), TestHost::new(), Recorder::on());
    web.client().connect(&host.call(), &mut recorder).unwrap();
    let step = recorder.steps().pop().unwrap();
    assert_eq!((step.step, step.status, step.pointer.as_str()), (Stage::Tls, StepStatus::Warn, "/exchange/url"));
    web.join();
}

#[test]
fn secrets_are_neither_in_the_transcript_nor_in_what_a_server_echoes() {
    let web = Web::one(&[
        "HTTP/1.1 401 aHVzaGh1c2g= hushhush\r\nX-Echo: Bearer hushhush\r\nSet-Cookie: s=kept-secret; Path=/\r\nContent-Length: 0\r\n\r\n",
    ]);
    let (host, mut client, mut recorder) = (TestHost::new(), web.client(), Recorder::on());
    let token = Secret::new("hushhush");
    let body = Content::Secret { bytes: b"grant=x&secret=hushhush", shown: "grant=x&secret=***" };
    let request = Request::new("POST", "/token").secret("Authorization", "Bearer ", &token).content(body);
    let answer = client.request(request, &host.call(), &mut recorder).unwrap();
    assert_eq!(answer.status(), 401);
    drop(answer);
    let said = client.take_dialogue().join("\n");
    assert!(said.contains("C: Authorization: Bearer ***\n") && said.contains("C: grant=x&secret=***\n"), "{said}");
    assert!(said.contains("S: X-Echo: Bearer ***\n") && said.contains("S: Set-Cookie: s=***\n"), "{said}");
    assert!(!said.contains("hush") && !said.contains("aHVzaGh1c2g") && !said.contains("kept-secret"), "{said}");
    let sent = web.requests().concat();
    assert!(sent.contains("\r\nAuthorization: Bearer hushhush\r\n") && sent.ends_with("\r\n\r\ngrant=x&secret=hushhush"), "{sent}");
}

#[test]
fn a_kept_connection_that_was_closed_is_replaced_and_nothing_is_sent_twice() {
    let web = Web::new(vec![vec![OK.into()], vec![OK.into()]]);
    let (host, mut client) = (TestHost::new(), web.client());
    for _ in 0..2 {
        let request = Request::new("POST", "/").content(Content::Bytes(b"mail"));
        let mut answer = client.request(request, &host.call(), &mut Recorder::off()).unwrap();
        assert_eq!(answer.bytes(10, &host.call()).unwrap(), b"ok");
        // The end of the connection arrives before the next request leaves.
        drop(answer);
        while client.is_connected() {}
    }
    assert_eq!(web.join().iter().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn what_was_sent_without_an_answer_is_repeated_only_where_that_is_said() {
    for repeatable in [false, true] {
        // Reads the second request and closes without an answer.
        let web = Web::new(vec![vec![OK.into(), Vec::new()], vec![OK.into()]]);
        let (host, mut client) = (TestHost::new(), web.client());
        let post = || Request::new("POST", "/").content(Content::Bytes(b"mail"));
        get(&mut client, "/", &host.call()).unwrap();
        let request = if repeatable { post().repeatable() } else { post() };
        let result = client.request(request, &host.call(), &mut Recorder::off()).map(|answer| answer.status());
        match result {
            Ok(status) => assert_eq!((status, repeatable), (200, true)),
            Err(interrupted) => {
                assert_eq!((interrupted.sent, interrupted.error.code.as_str(), repeatable), (Sent::All, "net.closed_by_server", false));
                // By the caller, who knows what he does.
                client.request(post(), &host.call(), &mut Recorder::off()).unwrap();
            }
        }
        let requests = web.join();
        assert_eq!(requests[0].len(), 2);
        assert_eq!(requests[1].len(), 1);
    }
}

#[test]
fn a_source_that_fails_or_has_another_size_ends_the_connection() {
    for (given, size, code) in [(3, Some(5), "http.source_wrong"), (9, Some(5), "http.source_wrong"), (3, None, "message.source_failed")] {
        let web = Web::one(&[OK]);
        let host = TestHost::new();
        let mut left = given;
        let mut source = |block: &mut [u8]| {
            let length = block.len().min(left);
            left -= length;
            if length == 0 && size.is_none() {
                return Err(Error::new(Status::Local, "message.source_failed"));
            }
            Ok(length)
        };
        let mut client = web.client();
        let request = Request::new("POST", "/").content(Content::Stream { size, source: &mut source });
        let interrupted = client.request(request, &host.call(), &mut Recorder::off()).map(drop).unwrap_err();
        assert_eq!(interrupted.error.code, code);
        assert_ne!(interrupted.sent, Sent::All);
        drop(client);
        if interrupted.sent == Sent::Nothing {
            // The server still waits for a connection.
            drop(std::net::TcpStream::connect(("127.0.0.1", web.port)));
        }
        assert_eq!(web.join().concat().len(), 0, "nothing whole has arrived");
    }
}

#[test]
fn what_cannot_be_written_in_http_is_not_sent() {
    let host = TestHost::new();
    let secret = Secret::new("a\r\nX: y");
    let requests = [
        Request::new("GET", "/a b"),
        Request::new("GET", "a"),
        Request::new("GET", "http://evil.example/"),
        Request::new("GET /", "/"),
        Request::new("GET", "/").field("X", "a\r\nY: b"),
        Request::new("GET", "/").field("X: y", "a"),
        Request::new("GET", "/").field("Host", "evil.example"),
        Request::new("GET", "/").field("content-length", "5"),
        Request::new("GET", "/").secret("Authorization", "Bearer ", &secret),
    ];
    for request in requests {
        // Nothing listens there: the request is refused before.
        let interrupted = client("http://127.0.0.1:1/").request(request, &host.call(), &mut Recorder::off()).map(drop).unwrap_err();
        assert_eq!((interrupted.error.code.as_str(), interrupted.sent), ("http.request_wrong", Sent::Nothing));
    }
}

/// Answers the first request of the first connection, says farewell when the second request is about to leave, and answers that on
/// another connection.
struct Farewell {
    is_first: bool,
    to_say: Vec<u8>,
    /// How often the client has looked in vain since the answer.
    looked: u32,
    received: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Peer for Farewell {
    fn receive(&mut self, data: &[u8]) -> std::io::Result<()> {
        self.received.lock().unwrap().push(data.to_vec());
        self.to_say = OK.into();
        Ok(())
    }

    fn send(&mut self, data: &mut [u8]) -> PeerOutput {
        if self.to_say.is_empty() {
            self.looked += 1;
            // The client looks before it writes the first request, then whether the connection is good for the second, then before it writes that.
            if !(self.is_first && self.looked == 3) {
                return PeerOutput::Nothing;
            }
            self.to_say = b"HTTP/1.1 408 Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_vec();
        }
        let length = self.to_say.len().min(data.len());
        data[..length].copy_from_slice(&self.to_say[..length]);
        self.to_say.drain(..length);
        PeerOutput::Bytes(length)
    }
}

#[test]
fn a_farewell_that_crosses_a_request_is_no_answer_to_it() {
    let received = Arc::new(Mutex::new(Vec::new()));
    let (mut connections, heard) = (0, received.clone());
    let _network = Network::new(move |_| {
        connections += 1;
        Some(Box::new(Farewell { is_first: connections == 1, to_say: Vec::new(), looked: 0, received: heard.clone() }))
    });
    let (host, mut client) = (TestHost::new(), client("http://mail.example.com/"));
    for _ in 0..2 {
        let request = Request::new("POST", "/").content(Content::Bytes(b"mail"));
        let mut answer = client.request(request, &host.call(), &mut Recorder::off()).unwrap();
        assert_eq!((answer.status(), answer.bytes(10, &host.call()).unwrap()), (200, b"ok".to_vec()));
    }
    assert_eq!((client.connection_number(), received.lock().unwrap().len()), (2, 2));
}
