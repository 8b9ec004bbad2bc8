//! The endpoint that tells Dovecot whether an access token is good (RFC 7662, as Dovecot's `introspection_mode = auth` asks it).

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

/// A running endpoint; it lives as long as the process.
pub(super) struct Introspection {
    port: u16,
}

impl Introspection {
    pub(super) fn start(token: &'static str, user: &'static str) -> io::Result<Introspection> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        std::thread::Builder::new().name("introspection".to_owned()).spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                std::thread::spawn(move || {
                    // Dovecot asks again over a new connection when one breaks.
                    let _ = converse(&stream, token, user);
                });
            }
        })?;
        Ok(Introspection { port })
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/introspect", self.port)
    }
}

fn converse(stream: &TcpStream, token: &str, user: &str) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut good = false;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if line == "\r\n" {
                break;
            }
            good |= line.to_ascii_lowercase().starts_with("authorization:") && line.trim_end().ends_with(&format!("Bearer {token}"));
        }
        let answer = if good { format!(r#"{{"active":true,"username":"{user}"}}"#) } else { r#"{"active":false}"#.to_owned() };
        let mut stream = stream;
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{answer}", answer.len())?;
    }
}
