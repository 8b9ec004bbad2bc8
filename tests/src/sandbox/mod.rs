//! The sandbox: a small mail server on loopback that accepts, keeps and shows mail.
//!
//! It listens on three ports: one that begins in clear text and offers STARTTLS, one with TLS from the first byte, and one like the second
//! whose certificate has expired. It knows one user, offers PIPELINING, SIZE, 8BITMIME, SMTPUTF8, DSN, CHUNKING,
//! ENHANCEDSTATUSCODES and AUTH PLAIN LOGIN, and takes mail from everyone.
//!
//! Three recipients have a fixed fate, whatever their domain: `refused@` gets 550, `later@` gets 451, and `full@` gets 452.

mod line;
mod mails;
mod options;
mod session;

pub use mails::Mail;
pub use options::Options;

use crate::certificates::{Certificates, Kind};
use crate::folder::Folder;
use crate::ports::Closed;
use mails::Shared;
use openssl::ssl::SslAcceptor;
use serde_json::{Value, json};
use session::Session;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A running sandbox. It ends when dropped.
pub struct Sandbox {
    /// Clear text first, STARTTLS offered.
    pub port: u16,
    /// TLS from the first byte.
    pub tls_port: u16,
    /// TLS from the first byte, with a certificate that ended yesterday.
    pub expired_port: u16,
    /// Where it does not listen, for what a client says then.
    pub closed: Closed,
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
        let ports = [port, tls_port, expired_port];
        Ok(Sandbox { port, tls_port, expired_port, closed: Closed::new()?, ca_file, shared, ports, _folder: folder })
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

    /// All that a client needs to know, as JSON: `host`, `port`, `tls_port`, `expired_port`, `closed_port`, `ca_file`, `user`, `password`,
    /// `folder`.
    pub fn describe(&self) -> Value {
        let options = &self.shared.options;
        json!({
            "host": "localhost", "port": self.port, "tls_port": self.tls_port, "expired_port": self.expired_port,
            "closed_port": self.closed.port, "ca_file": self.ca_file, "user": options.user, "password": options.password, "folder": options.folder,
        })
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        for port in self.ports {
            // Wakes the listening thread; without one, the sandbox has ended already.
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
