//! A client's connection, in clear text or in TLS.

use openssl::ssl::{SslAcceptor, SslStream};
use std::cell::RefCell;
use std::io::{Error, Read, Result, Write};
use std::net::TcpStream;
use std::rc::Rc;

/// A connection; its clones read and write the same one.
#[derive(Clone)]
pub(crate) enum Stream {
    Clear(Rc<TcpStream>),
    Tls(Rc<RefCell<SslStream<TcpStream>>>),
}

impl Stream {
    /// Takes a client, with the handshake where there is an acceptor.
    pub(crate) fn accept(socket: TcpStream, acceptor: Option<&SslAcceptor>) -> Result<Stream> {
        let Some(acceptor) = acceptor else { return Ok(Stream::Clear(Rc::new(socket))) };
        let tls = acceptor.accept(socket).map_err(|error| Error::other(error.to_string()))?;
        Ok(Stream::Tls(Rc::new(RefCell::new(tls))))
    }

    /// Does something with the socket below.
    pub(crate) fn with_socket<T>(&self, work: impl FnOnce(&TcpStream) -> T) -> T {
        match self {
            Stream::Clear(socket) => work(socket),
            Stream::Tls(tls) => work(tls.borrow().get_ref()),
        }
    }

    /// Says that nothing more will come, which TLS wants said.
    pub(crate) fn close(&self) {
        if let Stream::Tls(tls) = self {
            // The client may have hung up first.
            drop(tls.borrow_mut().shutdown());
        }
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        match self {
            Stream::Clear(socket) => (&**socket).read(into),
            Stream::Tls(tls) => tls.borrow_mut().read(into),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        match self {
            Stream::Clear(socket) => (&**socket).write(bytes),
            Stream::Tls(tls) => tls.borrow_mut().write(bytes),
        }
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}
