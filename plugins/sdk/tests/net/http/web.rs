//! Web services that say what a script has.

use postkontor_plugin::net::http::{Client, Request, Url};
use postkontor_plugin::net::{Pointers, Recorder};
use postkontor_plugin::settings::{Route, WebTls};
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Call, Error};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;
use std::time::Duration;

/// The settings that the clients of these tests come from.
pub(crate) const AT: Pointers = Pointers {
    host: "/exchange/url",
    port: "/exchange/url",
    timeout: "/server/timeout_seconds",
    proxy: "/server/proxy",
    mode: "/exchange/url",
};

/// A server that serves so many connections one after the other, each with as many answers as its script has, and closes each at
/// the end of its script. Gives the requests of each connection as they came.
pub(crate) struct Web {
    pub(crate) port: u16,
    thread: JoinHandle<Vec<Vec<Vec<u8>>>>,
}

impl Web {
    pub(crate) fn new(connections: Vec<Vec<Vec<u8>>>) -> Web {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let serve = move |answers: Vec<Vec<u8>>| {
            let (mut socket, _) = listener.accept().unwrap();
            socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            socket.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
            let mut requests = Vec::new();
            for answer in answers {
                let Some(request) = request(&mut socket) else { break };
                requests.push(request);
                // A client may have left meanwhile.
                let _ = socket.write_all(&answer);
            }
            requests
        };
        Web { port, thread: std::thread::spawn(move || connections.into_iter().map(serve).collect()) }
    }

    /// A server with one connection.
    pub(crate) fn one(answers: &[&str]) -> Web {
        Web::new(vec![answers.iter().map(|answer| answer.as_bytes().to_vec()).collect()])
    }

    pub(crate) fn client(&self) -> Client {
        client(&format!("http://127.0.0.1:{}/", self.port))
    }

    /// What was asked, by connection.
    pub(crate) fn join(self) -> Vec<Vec<Vec<u8>>> {
        self.thread.join().unwrap()
    }

    /// What was asked on all connections, as text.
    pub(crate) fn requests(self) -> Vec<String> {
        self.join().concat().into_iter().map(|request| String::from_utf8(request).unwrap()).collect()
    }
}

pub(crate) fn client(url: &str) -> Client {
    let url = Url::parse(url, "/exchange/url").unwrap();
    Client::new(&url, &Route { timeout_seconds: 20, ..Route::default() }, &WebTls::default(), AT)
}

/// Reads a request to the end of its body; `None` where the client has left.
pub(crate) fn request(socket: &mut impl Read) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    read_until(socket, &mut request, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&request).to_ascii_lowercase();
    if head.contains("\r\ntransfer-encoding: chunked\r\n") {
        read_until(socket, &mut request, b"\r\n0\r\n\r\n")?;
    } else if let Some((_, length)) = head.split_once("\r\ncontent-length: ") {
        let length: usize = length.split("\r\n").next().unwrap().parse().unwrap();
        let begin = request.len();
        request.resize(begin + length, 0);
        socket.read_exact(&mut request[begin..]).ok()?;
    }
    Some(request)
}

fn read_until(socket: &mut impl Read, received: &mut Vec<u8>, end: &[u8]) -> Option<()> {
    let mut byte = [0];
    while !received.ends_with(end) {
        socket.read_exact(&mut byte).ok()?;
        received.push(byte[0]);
    }
    Some(())
}

/// Asks for a path, and gives status and body.
pub(crate) fn get(client: &mut Client, path: &str, call: &Call) -> Result<(u16, Vec<u8>), Error> {
    let mut answer = client.request(Request::new("GET", path), call, &mut Recorder::off()).map_err(|interrupted| interrupted.error)?;
    let body = answer.bytes(1 << 20, call)?;
    Ok((answer.status(), body))
}

/// Asks a server with this one answer.
pub(crate) fn answered(answer: &[u8]) -> Result<(u16, Vec<u8>), Error> {
    let (web, host) = (Web::new(vec![vec![answer.to_vec()]]), TestHost::new());
    let result = get(&mut web.client(), "/", &host.call());
    web.join();
    result
}
