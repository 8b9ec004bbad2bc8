//! The same work done with lettre: one connection, each mail composed anew with its builder.
//!
//! Usage: `bench-lettre PORT small|attachment|file COUNT [FILE]`; prints the seconds that sending took. `SmtpConnection`
//! is used because it is the fastest way: `SmtpTransport` asks NOOP before each mail, one round trip more.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "standard output is how a client reports to the benchmark")]

use lettre::message::{Attachment, MultiPart, SinglePart, header::ContentType};
use lettre::transport::smtp::{client::SmtpConnection, extension::ClientId};
use lettre::{Message, message::MessageBuilder};
use std::error::Error;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, workload, count, file @ ..] = arguments.as_slice() else { return Err("usage: PORT WORKLOAD COUNT [FILE]".into()) };
    let port: u16 = port.parse()?;
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
