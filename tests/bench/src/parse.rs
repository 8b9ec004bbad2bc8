//! What reading a message costs: mail-parser alone, and with our summary in JSON. Prints the microseconds of both, first
//! mail-parser's, for a message that is one text, and then for one with a text in two kinds and an attachment. All take turns, many
//! times over, and the best of each counts: what else the machine does can only add to a turn.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "standard output is how it talks to the benchmark")]

use mail_parser::MessageParser;
use postkontor_bench::mailbox::Mailbox;
use postkontor_core::Opened;
use std::hint::black_box;
use std::time::Instant;

/// Turns, and messages of 4 KB in each: a turn is over before the system gives the processor to another process.
const TURNS: usize = 200;
const MESSAGES: usize = 100;

fn main() {
    let plain: Vec<Vec<u8>> = Mailbox::new(MESSAGES, 4096).iter().map(|(_, message)| message.to_vec()).collect();
    let mixed: Vec<Vec<u8>> = (1..=MESSAGES).map(mixed).collect();
    let mut best = [f64::INFINITY; 4];
    for _ in 0..TURNS {
        for (kind, messages) in [&plain, &mixed].into_iter().enumerate() {
            let parser = microseconds(messages, |message| {
                black_box(MessageParser::default().parse(message));
            });
            let summary = microseconds(messages, |message| {
                black_box(Opened::new(message.to_vec()).summary().len());
            });
            best[kind * 2] = best[kind * 2].min(parser);
            best[kind * 2 + 1] = best[kind * 2 + 1].min(summary);
        }
    }
    println!("{}", best.map(|microseconds| format!("{microseconds:.3}")).join(" "));
}

fn microseconds(messages: &[Vec<u8>], work: impl Fn(&[u8])) -> f64 {
    let started = Instant::now();
    messages.iter().for_each(|message| work(message));
    started.elapsed().as_secs_f64() * 1e6 / messages.len() as f64
}

/// An order as an ERP gets it: a text with umlauts in quoted-printable, the same as HTML, and a file.
fn mixed(number: usize) -> Vec<u8> {
    let text = "Zw=C3=B6lf Kisten =C3=84pfel, wie vereinbart, bis zum Ende der Woche.\r\n".repeat(8);
    let html = "<p>Zw=C3=B6lf Kisten =C3=84pfel, wie vereinbart.</p>\r\n".repeat(8);
    let file = "JVBERi0xLjQKJeLjz9MKMSAwIG9iago8PC9UeXBlL0NhdGFsb2cvUGFnZXMgMiAwIFI+PgplbmRv\r\n".repeat(26);
    format!(
        "Return-Path: <bruno@example.org>\r\nReceived: from mail.example.org (mail.example.org [192.0.2.7])\r\n\tby mx.example.com \
         with ESMTPS id {number:08x}; Fri, 20 Nov 2026 10:00:00 +0100\r\nFrom: Bruno Berg <bruno@example.org>\r\n\
         To: Anna Adler <anna@example.com>\r\nSubject: =?utf-8?Q?Bestellung_{number}_f=C3=BCr_M=C3=BCller?=\r\n\
         Date: Fri, 20 Nov 2026 10:00:00 +0100\r\nMessage-ID: <{number}.mixed@example.org>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=outer\r\n\r\n--outer\r\nContent-Type: multipart/alternative; boundary=inner\r\n\r\n\
         --inner\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{text}\r\n\
         --inner\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{html}\r\n--inner--\r\n\
         --outer\r\nContent-Type: application/pdf; name=\"Bestellung {number}.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=\"Bestellung {number}.pdf\"\r\n\r\n{file}--outer--\r\n"
    )
    .into_bytes()
}
