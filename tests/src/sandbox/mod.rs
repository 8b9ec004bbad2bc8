//! The sandbox: a small mail server on loopback that accepts, keeps and shows mail.
//!
//! It has three ports: one that begins in clear text and offers STARTTLS, one with TLS from the first byte, and one like the second
//! whose certificate has expired. It knows one user, offers PIPELINING, SIZE, 8BITMIME, SMTPUTF8, DSN, CHUNKING,
//! ENHANCEDSTATUSCODES and AUTH PLAIN LOGIN, and takes mail from everyone.
//!
//! Three recipients have a fixed fate, whatever their domain: `refused@` gets 550, `later@` gets 451, and `full@` gets 452.

mod line;
mod session;

use crate::certificates::{Certificates, Kind};
use crate::folder::Folder;
use openssl::ssl::SslAcceptor;
use serde_json::{Value, json};
use session::Session;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How the sandbox behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// The only user that may log in.
    pub user: String,
    /// His password.
    pub password: String,
    /// Folder into which each mail is written as `NNNN.eml`, with its envelope beside it as `NNNN.json`.
    pub folder: Option<PathBuf>,
    /// The largest message in bytes, announced by SIZE.
    pub size_limit: u64,
    /// So many bytes of each mail are kept; the rest is counted and forgotten.
    pub keep: usize,
    /// Capabilities that are not offered and not understood, for example `STARTTLS` or `PIPELINING`.
    pub without: Vec<String>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            user: "anna".to_owned(),
            password: "Geheim-7".to_owned(),
            folder: None,
            size_limit: 4 << 30,
            keep: 64 << 20,
            without: Vec::new(),
        }
    }
}

/// A mail that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Envelope sender, without angle brackets; empty for `<>`.
    pub from: String,
    /// Accepted recipients, without angle brackets.
    pub recipients: Vec<String>,
    /// The message as the client meant it: dot-stuffing undone. No more than [`Options::keep`] bytes of it.
    pub data: Vec<u8>,
    /// Its whole size in bytes.
    pub size: u64,
    /// SHA-256 of the whole message, in hexadecimal.
    pub sha256: String,
    /// What followed the address in the MAIL command, for example `SIZE=1234 BODY=8BITMIME`.
    pub parameters: String,
    /// What followed the address in the RCPT command, one for each of `recipients`.
    pub recipient_parameters: Vec<String>,
    /// The user who was logged in.
    pub user: Option<String>,
    /// Whether it came over TLS.
    pub secure: bool,
}

impl Mail {
    /// The message as text; bytes that are no UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.data).into_owned()
    }

    fn envelope(&self) -> Value {
        json!({
            "from": self.from, "recipients": self.recipients, "size": self.size, "sha256": self.sha256,
            "parameters": self.parameters, "recipient_parameters": self.recipient_parameters, "user": self.user, "secure": self.secure,
        })
    }
}

/// What the sessions of one sandbox share.
struct Shared {
    options: Options,
    mails: Mutex<Vec<Mail>>,
    accepted: AtomicUsize,
    connections: AtomicUsize,
    logins: Mutex<Vec<String>>,
    closing: AtomicBool,
}

impl Shared {
    fn keep(&self, mail: Mail) -> io::Result<usize> {
        let mut mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        let number = self.accepted.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some(folder) = &self.options.folder {
            std::fs::write(folder.join(format!("{number:04}.eml")), &mail.data)?;
            std::fs::write(folder.join(format!("{number:04}.json")), format!("{:#}\n", mail.envelope()))?;
        }
        mails.push(mail);
        Ok(number)
    }
}

/// A running sandbox. It ends when dropped.
pub struct Sandbox {
    /// Clear text first, STARTTLS offered.
    pub port: u16,
    /// TLS from the first byte.
    pub tls_port: u16,
    /// TLS from the first byte, with a certificate that ended yesterday.
    pub expired_port: u16,
    /// The authority to trust (PEM).
    pub ca_file: PathBuf,
    shared: Arc<Shared>,
    ports: [u16; 3],
    _folder: Folder,
}

impl Sandbox {
    /// Starts a sandbox on three free ports of 127.0.0.1.
    pub fn start(options: Options) -> io::Result<Sandbox> {
        let certificates = Certificates::shared()?;
        let folder = Folder::new()?;
        let ca_file = folder.file("ca.pem");
        std::fs::write(&ca_file, certificates.authority.certificate().to_pem()?)?;
        if let Some(folder) = &options.folder {
            std::fs::create_dir_all(folder)?;
        }
        let shared = Arc::new(Shared {
            options,
            mails: Mutex::default(),
            accepted: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            logins: Mutex::default(),
            closing: AtomicBool::new(false),
        });
        let good = Arc::new(certificates.server(Kind::Good).acceptor(None, None)?.build());
        let expired = Arc::new(certificates.server(Kind::Expired).acceptor(None, None)?.build());
        let port = listen(&shared, &good, false)?;
        let tls_port = listen(&shared, &good, true)?;
        let expired_port = listen(&shared, &expired, true)?;
        Ok(Sandbox { port, tls_port, expired_port, ca_file, shared, ports: [port, tls_port, expired_port], _folder: folder })
    }

    /// The mails accepted so far, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        self.shared.mails.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The mails accepted since the last time, oldest first; the sandbox forgets them.
    pub fn take_mails(&self) -> Vec<Mail> {
        std::mem::take(&mut self.shared.mails.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many connections were made so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// The mechanisms of all successful logins so far.
    pub fn logins(&self) -> Vec<String> {
        self.shared.logins.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// All that a client needs to know, as JSON: `host`, `port`, `tls_port`, `expired_port`, `ca_file`, `user`, `password`, `folder`.
    pub fn describe(&self) -> Value {
        let options = &self.shared.options;
        json!({
            "host": "localhost", "port": self.port, "tls_port": self.tls_port, "expired_port": self.expired_port,
            "ca_file": self.ca_file, "user": options.user, "password": options.password, "folder": options.folder,
        })
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        for port in self.ports {
            // Wakes the listening thread; if nobody listens any more, that is what was wanted.
            let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, port));
        }
    }
}

fn listen(shared: &Arc<Shared>, acceptor: &Arc<SslAcceptor>, implicit: bool) -> io::Result<u16> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let port = listener.local_addr()?.port();
    let (shared, acceptor) = (Arc::clone(shared), Arc::clone(acceptor));
    std::thread::Builder::new().name("sandbox".to_owned()).spawn(move || {
        for stream in listener.incoming() {
            if shared.closing.load(Ordering::SeqCst) {
                return;
            }
            let Ok(stream) = stream else { continue };
            shared.connections.fetch_add(1, Ordering::SeqCst);
            let (shared, acceptor) = (Arc::clone(&shared), Arc::clone(&acceptor));
            // A client that goes away in the middle is its own affair, and so is a thread that the system refuses.
            let _ = std::thread::Builder::new()
                .name("sandbox session".to_owned())
                .spawn(move || converse(stream, &shared, &acceptor, implicit));
        }
    })?;
    Ok(port)
}

fn converse(stream: TcpStream, shared: &Shared, acceptor: &SslAcceptor, implicit: bool) {
    let patient = Some(Duration::from_secs(300));
    if stream.set_nodelay(true).and(stream.set_read_timeout(patient)).and(stream.set_write_timeout(patient)).is_err() {
        return;
    }
    // The line may break at any moment; what was accepted until then counts.
    let _ = Session::new(shared, acceptor).run(stream, implicit);
}

#[cfg(test)]
mod tests;
