//! How a server of the benchmarks is started.

use openssl::ssl::SslAcceptor;
use postkontor_tests::certificates::{Certificates, Kind};
use std::io::{Error, ErrorKind, Result};
use std::time::Duration;

/// The options of a server.
#[derive(Clone, Default)]
pub struct Options {
    /// Each reply is kept back until that long after its command arrived. It is a line, not a toll booth: replies to commands
    /// that were sent together leave together, so a client that pipelines gains by it as it does on a real line.
    pub delay: Duration,
    /// The kernel acknowledges each segment at once. Without it the kernel delays acknowledgements as it normally does, which
    /// is what makes a client wait that leaves Nagle's algorithm on and writes the end of a mail by itself.
    pub quick_ack: bool,
    /// Each connection begins with TLS, and the client logs in before it sends.
    pub tls: Option<SslAcceptor>,
}

impl Options {
    /// Takes an option that every server has; whether it was one.
    pub fn take(&mut self, argument: &str, rest: &mut impl Iterator<Item = String>) -> Result<bool> {
        match argument {
            "--delay" => self.delay = Duration::from_millis(number(argument, rest)?),
            "--quick-ack" => self.quick_ack = true,
            "--tls" => {
                let authority = rest.next().ok_or_else(|| usage("--tls wants the file for the certificate of its authority"))?;
                self.tls = Some(acceptor(&authority)?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// A certificate for 127.0.0.1, made on the spot, whose authority clients find in a file.
fn acceptor(authority: &str) -> Result<SslAcceptor> {
    let certificates = Certificates::shared()?;
    std::fs::write(authority, certificates.authority.certificate().to_pem()?)?;
    Ok(certificates.server(Kind::Good).acceptor(None, None)?.build())
}

/// The number behind an option.
pub fn number(option: &str, rest: &mut impl Iterator<Item = String>) -> Result<u64> {
    rest.next().and_then(|number| number.parse().ok()).ok_or_else(|| usage(&format!("{option} wants a number")))
}

/// The error of a wrong command line.
pub fn usage(problem: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, problem)
}
