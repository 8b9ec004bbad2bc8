//! Records of TLS on their way: large and small, in pieces, cut, damaged.

use crate::certificates::{File, Identity, Wish};
use crate::client::{self, Errand, Visit};
use crate::server::{Scripted, settings};
use crate::tls::{modern, trusting};
use openssl::ssl::{SslAcceptor, SslStream, SslVersion};
use postkontor_plugin::Error;
use std::io::{self, Read, Write};
use std::net::TcpStream;

/// A socket that sends what it is given in its own way.
struct Wire {
    socket: TcpStream,
    way: Way,
    sent: usize,
}

#[derive(Clone, Copy, Debug)]
enum Way {
    Whole,
    Bytewise,
    /// After so many bytes the connection ends.
    CutAt(usize),
    /// The last byte of the first record with data is another.
    Damaged,
    /// The last bytes of that record are missing, and the connection ends.
    Torn,
}

impl Read for Wire {
    fn read(&mut self, data: &mut [u8]) -> io::Result<usize> {
        self.socket.read(data)
    }
}

impl Write for Wire {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let is_data = data[0] == 23;
        match self.way {
            Way::Bytewise => data.chunks(1).try_for_each(|byte| self.socket.write_all(byte))?,
            Way::CutAt(most) if self.sent + data.len() >= most => {
                self.socket.write_all(&data[..most - self.sent])?;
                self.end()?;
            }
            Way::Damaged if is_data => {
                let (last, rest) = data.split_last().unwrap();
                self.socket.write_all(rest)?;
                self.socket.write_all(&[!last])?;
            }
            Way::Torn if is_data => {
                self.socket.write_all(&data[..data.len() - 4])?;
                self.end()?;
            }
            _ => self.socket.write_all(data)?,
        }
        self.sent += data.len();
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

impl Wire {
    /// Ends the connection in an orderly manner as far as TCP goes: a reset would be another error.
    fn end(&self) -> io::Result<()> {
        self.socket.shutdown(std::net::Shutdown::Write)?;
        io::copy(&mut &self.socket, &mut io::sink())?;
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

/// A server of TLS 1.2, whose records tell what is in them, and of the newest where `is_new`.
fn serve(way: Way, is_new: bool, work: impl FnOnce(&mut SslStream<Wire>) -> io::Result<()> + Send + 'static) -> (Scripted<()>, File) {
    let authority = Identity::authority("Test CA");
    let identity = Identity::new(&Wish::default(), Some(&authority));
    let acceptor = if is_new { modern(&identity) } else { identity.acceptor(SslVersion::TLS1_2, SslVersion::TLS1_2) };
    let acceptor: SslAcceptor = acceptor.build();
    let server = Scripted::new(move |socket| {
        socket.set_nodelay(true).unwrap();
        // The client may leave at any moment; what it makes of it counts.
        if let Ok(mut stream) = acceptor.accept(Wire { socket, way, sent: 0 }) {
            let _ = work(&mut stream);
        }
    });
    (server, File::new(&authority.pem()))
}

/// Sends back what it gets, and reads the farewell.
fn echo(stream: &mut SslStream<Wire>, length: usize) -> io::Result<()> {
    stream.write_all(b"220 ready\r\n")?;
    let mut load = vec![0; length];
    stream.read_exact(&mut load)?;
    stream.write_all(&load)?;
    stream.read_exact(&mut [0; 13])
}

fn errand(server: &Scripted<()>, file: &File) -> Errand {
    Errand::new(&settings("localhost", server.port), &trusting(file))
}

fn visit(way: Way, is_new: bool) -> Result<Visit, Error> {
    let (server, file) = serve(way, is_new, |stream| {
        stream.write_all(b"220 ready\r\n")?;
        stream.read_exact(&mut [0; 13])?;
        stream.get_ref().end()
    });
    let visit = client::run(&Errand { waits: true, ..errand(&server, &file) });
    server.join();
    visit
}

#[test]
fn megabytes_pass_in_both_directions() {
    const LOAD: usize = 10_000_000;
    for is_new in [false, true] {
        let (server, file) = serve(Way::Whole, is_new, |stream| echo(stream, LOAD));
        client::run(&Errand { load: LOAD, ..errand(&server, &file) }).unwrap();
        server.join();
    }
}

#[test]
fn handshake_and_long_records_may_come_in_single_bytes() {
    for is_new in [false, true] {
        let (server, file) = serve(Way::Bytewise, is_new, |stream| echo(stream, 40_000));
        client::run(&Errand { load: 40_000, ..errand(&server, &file) }).unwrap();
        server.join();
    }
}

#[test]
fn a_cut_connection_is_no_end_of_a_session() {
    for is_new in [false, true] {
        assert_eq!(visit(Way::Whole, is_new).unwrap().end.as_deref(), Some("tls.truncated"));
        let (server, file) = serve(Way::Whole, is_new, |stream| {
            stream.write_all(b"220 ready\r\n")?;
            stream.read_exact(&mut [0; 13])?;
            stream.shutdown().map_err(io::Error::other)?;
            io::copy(&mut &stream.get_ref().socket, &mut io::sink()).map(drop)
        });
        assert_eq!(client::run(&Errand { waits: true, ..errand(&server, &file) }).unwrap().end.as_deref(), Some(""));
        server.join();
    }
}

#[test]
fn a_connection_that_ends_in_the_handshake_has_closed() {
    for bytes in [1, 5, 40, 300, 700] {
        let error = visit(Way::CutAt(bytes), false).err().unwrap();
        assert_eq!(error.code, "tls.handshake_closed", "{bytes}: {error:?}");
    }
}

#[test]
fn a_torn_record_is_no_message_and_a_damaged_one_neither() {
    assert_eq!(visit(Way::Torn, false).err().unwrap().code, "tls.truncated");
    let error = visit(Way::Damaged, false).err().unwrap();
    assert_eq!(error.code, "net.broken", "{error:?}");
}
