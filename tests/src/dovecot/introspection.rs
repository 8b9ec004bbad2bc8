//! The endpoint that tells Dovecot whether an access token is good (RFC 7662, as Dovecot's `introspection_mode = auth` asks it).

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// A running endpoint; it lives as long as the process.
pub(super) struct Introspection {
    port: u16,
    issuers: Arc<Mutex<Vec<u16>>>,
}

impl Introspection {
    pub(super) fn start(token: &'static str, user: &'static str) -> io::Result<Introspection> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let issuers = Arc::<Mutex<Vec<u16>>>::default();
        let asked = Arc::clone(&issuers);
        std::thread::Builder::new().name("introspection".to_owned()).spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let issuers = Arc::clone(&asked);
                std::thread::spawn(move || {
                    // Dovecot asks again over a new connection when one breaks.
                    let _ = converse(&stream, token, user, &issuers);
                });
            }
        })?;
        Ok(Introspection { port, issuers })
    }

    /// Has tokens that are not its own judged by the endpoint `/introspect` at this port of loopback, too.
    pub(super) fn ask_also(&self, port: u16) {
        self.issuers.lock().unwrap_or_else(PoisonError::into_inner).push(port);
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/introspect", self.port)
    }
}

fn converse(stream: &TcpStream, token: &str, user: &str, issuers: &Mutex<Vec<u16>>) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut shown = String::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if line == "\r\n" {
                break;
            }
            if line.to_ascii_lowercase().starts_with("authorization: bearer ") {
                shown = line["authorization: bearer ".len()..].trim_end().to_owned();
            }
        }
        let answer = if shown == token { format!(r#"{{"active":true,"username":"{user}"}}"#) } else { elsewhere(&shown, issuers)? };
        let mut stream = stream;
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{answer}", answer.len())?;
    }
}

/// What the others say of a token: the answer of the first that knows it.
fn elsewhere(token: &str, issuers: &Mutex<Vec<u16>>) -> io::Result<String> {
    let issuers = issuers.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for port in issuers {
        // One whose test is over is gone.
        let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { continue };
        write!(stream, "GET /introspect HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n")?;
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        let mut line = String::new();
        while reader.read_line(&mut line)? > 2 {
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
            line.clear();
        }
        let mut body = String::new();
        reader.take(length).read_to_string(&mut body)?;
        if body.contains("\"active\": true") {
            return Ok(body);
        }
    }
    Ok(r#"{"active":false}"#.to_owned())
}
