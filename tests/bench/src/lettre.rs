//! The same work done with lettre: one connection, each mail composed anew with its builder.
//!
//! Usage: `bench-lettre PORT small|attachment|file|account COUNT [FILE]`; prints the seconds that sending took. `SmtpConnection`
//! is used because it is the fastest way: `SmtpTransport` asks NOOP before each mail, one round trip more. Only `account` uses it, a new
//! one for each mail: it connects with TLS, logs in, sends and quits. What they share is the TLS settings with their roots and sessions.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "standard output is how a client reports to the benchmark")]

use lettre::message::{Attachment, MultiPart, SinglePart, header::ContentType};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Certificate, CertificateStore, SmtpConnection, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Message, SmtpTransport, Transport, message::MessageBuilder};
use std::error::Error;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, workload, count, file @ ..] = arguments.as_slice() else { return Err("usage: PORT WORKLOAD COUNT [FILE]".into()) };
    let port: u16 = port.parse()?;
    if let ("account", [authority]) = (workload.as_str(), file) {
        let seconds = accounts(port, count.parse()?, authority)?;
        println!("{seconds:.6}");
        return Ok(());
    }
    let pdf = vec![0xA5_u8; 200 * 1024];
    let hello = ClientId::Domain("bench.example".into());
    let mut connection = SmtpConnection::connect(("127.0.0.1", port), Some(Duration::from_secs(60)), &hello, None, None)?;
    let started = Instant::now();
    for number in 0..count.parse::<u32>()? {
        let mail = builder(number)?;
        let message = match (workload.as_str(), file) {
            ("small", _) => mail.header(ContentType::TEXT_PLAIN).body(text(number))?,
            ("attachment", _) => with_attachment(mail, number, pdf.clone())?,
            ("file", [file]) => with_attachment(mail, number, std::fs::read(file)?)?,
            _ => return Err("unknown workload".into()),
        };
        connection.send(message.envelope(), &message.formatted())?;
    }
    let seconds = started.elapsed().as_secs_f64();
    connection.quit()?;
    println!("{seconds:.6}");
    Ok(())
}

/// Sends each mail by a transport of its own.
fn accounts(port: u16, mails: u32, authority: &str) -> Result<f64, Box<dyn Error>> {
    let root = Certificate::from_pem(&std::fs::read(authority)?)?;
    let tls = TlsParameters::builder("127.0.0.1".into()).certificate_store(CertificateStore::None).add_root_certificate(root).build()?;
    let started = Instant::now();
    for number in 0..mails {
        let account = SmtpTransport::builder_dangerous("127.0.0.1").port(port).tls(Tls::Wrapper(tls.clone()));
        let account = account.hello_name(ClientId::Domain("bench.example".into())).authentication(vec![Mechanism::Plain]);
        let account = account.credentials(Credentials::new("anna".into(), "secret".into())).build();
        account.send(&builder(number)?.header(ContentType::TEXT_PLAIN).body(text(number))?)?;
    }
    Ok(started.elapsed().as_secs_f64())
}

fn builder(number: u32) -> Result<MessageBuilder, Box<dyn Error>> {
    let builder = Message::builder().from("Anna Adler <anna@example.com>".parse()?).to("Bruno Berg <bruno@example.org>".parse()?);
    Ok(builder.subject(format!("Invoice {number}")).date_now().message_id(None))
}

fn with_attachment(mail: MessageBuilder, number: u32, content: Vec<u8>) -> Result<Message, Box<dyn Error>> {
    let pdf = Attachment::new("invoice.pdf".into()).body(content, ContentType::parse("application/pdf")?);
    Ok(mail.multipart(MultiPart::mixed().singlepart(SinglePart::plain(text(number))).singlepart(pdf))?)
}

/// Two kilobytes whose first line differs from mail to mail; the same lines in every client.
fn text(number: u32) -> String {
    static REST: LazyLock<String> = LazyLock::new(|| {
        let line = |line| format!("Position {line:02} of this invoice: twelve crates of apples, plums and pears.\r\n");
        (0..28).map(line).collect()
    });
    format!("Dear customer, this is invoice {number}.\r\n{}", *REST)
}
