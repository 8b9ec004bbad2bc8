//! An HTTPS server that answers by host and path, and can do worse than answer.

use openssl::ssl::{SslAcceptor, SslStream};
use postkontor_tests::certificates::Identity;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A secured connection, on the server's side.
pub(crate) type Secured = SslStream<TcpStream>;

/// What answers a request, given as `METHOD https://host/path?query` without the port, and its body.
pub(crate) type Answer = dyn Fn(&str, &str, &mut Secured) -> io::Result<()> + Send + Sync;

/// A running server; it lives as long as the process.
pub(crate) struct Web {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Web {
    pub(crate) fn start(identity: &Identity, answer: Box<Answer>) -> Web {
        let acceptor: Arc<SslAcceptor> = Arc::new(identity.acceptor(None, None).unwrap().build());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (noted, answer) = (asked.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (acceptor, noted, answer) = (acceptor.clone(), noted.clone(), answer.clone());
                // A client that goes away is for the test to see on its side.
                std::thread::spawn(move || serve(client, &acceptor, &noted, answer.as_ref()));
            }
        });
        Web { port, asked }
    }

    /// What was asked for, with the whole of it: line, fields and body.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(client: TcpStream, acceptor: &SslAcceptor, noted: &Mutex<Vec<String>>, answer: &Answer) -> io::Result<()> {
    let mut stream = BufReader::new(acceptor.accept(client).map_err(|error| io::Error::other(error.to_string()))?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let field =
        |name: &str| head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix(name).map(|value| value.trim().to_owned()));
    let length = field("content-length:").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let body = String::from_utf8_lossy(&body).into_owned();
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let line = format!("{method} https://{}{target}", field("host:").unwrap_or_default());
    noted.lock().unwrap().push(format!("{line}\n{head}{body}"));
    let mut stream = stream.into_inner();
    answer(&line, &body, &mut stream)?;
    stream.shutdown().map(drop).map_err(io::Error::other)
}

/// A whole answer.
pub(crate) fn reply(stream: &mut Secured, status: &str, fields: &str, body: &str) -> io::Result<()> {
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{fields}\r\n{body}", body.len())
}

/// A server that has this under these URLs, and nothing else.
pub(crate) fn files(files: &[(&str, &str)]) -> Box<Answer> {
    let files: Vec<(String, String)> = files.iter().map(|(url, body)| (format!("GET https://{url}"), (*body).to_owned())).collect();
    Box::new(move |line, _, stream| match files.iter().find(|(known, _)| line.split('?').next() == Some(known)) {
        Some((_, body)) => reply(stream, "200 OK", "Content-Type: text/xml\r\n", body),
        None => reply(stream, "404 Not Found", "", ""),
    })
}
