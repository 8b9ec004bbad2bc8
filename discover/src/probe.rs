//! Whether a host is a mail server of a kind, with TLS and a good certificate. No login, no address, nothing that tells who asks.

use crate::context::Context;
use crate::server::{Kind, Security, Server};
use postkontor_plugin::net::{Pointers, Recorder, Stream};
use postkontor_plugin::settings::Endpoint;
use postkontor_plugin::{Call, Error, Status};
use std::time::{Duration, Instant};

/// How long one server may take.
const EACH: Duration = Duration::from_secs(8);

/// The most lines of one answer.
const LINES: usize = 100;

/// Connects, secures the connection, and looks whether the server speaks the protocol.
pub(crate) fn is_there(server: &Server, context: &Context) -> Result<(), Error> {
    let call = context.call();
    let call = call.until(Instant::now() + EACH);
    let endpoint = Endpoint { host: server.host.clone(), port: server.port };
    let target = context.route().target(endpoint, Pointers::default());
    let mut stream = Stream::reach(&target, &call, &mut Recorder::off())?;
    let tls = context.tls().tls();
    if server.security == Security::StartTls {
        greeting(&mut stream, server.kind, &call)?;
        start_tls(&mut stream, server.kind, &call)?;
        return stream.secure(&tls, &call, &mut Recorder::off());
    }
    stream.secure(&tls, &call, &mut Recorder::off())?;
    greeting(&mut stream, server.kind, &call)
}

fn greeting(stream: &mut Stream, kind: Kind, call: &Call) -> Result<(), Error> {
    match kind {
        Kind::Smtp => smtp_reply(stream, b"220", call),
        Kind::Imap => expect(stream, b"* OK", call),
        Kind::Pop3 => expect(stream, b"+OK", call),
    }
}

fn start_tls(stream: &mut Stream, kind: Kind, call: &Call) -> Result<(), Error> {
    match kind {
        Kind::Imap => {
            stream.write(b"a STARTTLS\r\n", call)?;
            for _ in 0..LINES {
                let line = stream.read_line(call)?;
                if line.starts_with(b"a ") {
                    return if line.starts_with(b"a OK") { Ok(()) } else { Err(no_mail_server()) };
                }
            }
            Err(no_mail_server())
        }
        Kind::Pop3 => {
            stream.write(b"STLS\r\n", call)?;
            expect(stream, b"+OK", call)
        }
        Kind::Smtp => {
            // An address literal (RFC 5321, section 4.1.3): no server needs the name of this machine.
            stream.write(b"EHLO [127.0.0.1]\r\n", call)?;
            smtp_reply(stream, b"250", call)?;
            stream.write(b"STARTTLS\r\n", call)?;
            smtp_reply(stream, b"220", call)
        }
    }
}

fn expect(stream: &mut Stream, beginning: &[u8], call: &Call) -> Result<(), Error> {
    if stream.read_line(call)?.starts_with(beginning) { Ok(()) } else { Err(no_mail_server()) }
}

/// Reads a reply, of which each line but the last has a hyphen behind the code.
fn smtp_reply(stream: &mut Stream, code: &[u8], call: &Call) -> Result<(), Error> {
    for _ in 0..LINES {
        let line = stream.read_line(call)?;
        if !line.starts_with(code) {
            return Err(no_mail_server());
        }
        if line.get(3) != Some(&b'-') {
            return Ok(());
        }
    }
    Err(no_mail_server())
}

fn no_mail_server() -> Error {
    Error::new(Status::Protocol, "discover.no_mail_server")
}
