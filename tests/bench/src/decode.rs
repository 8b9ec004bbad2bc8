//! What opening a message of 10 MB costs, with its summary and all parts decoded. The arguments are the file in which it lies, or is put, and
//! how often it is opened. Prints the milliseconds of the best turn, the decoded bytes, and their sum.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "standard output is how it talks to the benchmark")]

use postkontor_core::Opened;
use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

/// The size of an attachment as it is encoded, and the number of attachments.
const ATTACHMENT: usize = 2_600_000;
const ATTACHMENTS: usize = 4;

const TEXT: &str = "Zw=C3=B6lf Kisten =C3=84pfel, wie vereinbart, bis zum Ende der Woche.\r\n";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, file, turns] = arguments.as_slice() else { return Err("bench-decode FILE TURNS".into()) };
    let file = Path::new(file);
    if !file.exists() {
        std::fs::write(file, message())?;
    }
    let (mut bytes, mut sum) = (0, 0_u64);
    decode(file, &mut |part| {
        bytes += part.len();
        sum += part.iter().map(|byte| u64::from(*byte)).sum::<u64>();
    })?;
    let mut best = f64::INFINITY;
    for _ in 0..turns.parse()? {
        let started = Instant::now();
        decode(file, &mut |part| {
            black_box(part.len());
        })?;
        best = best.min(started.elapsed().as_secs_f64() * 1e3);
    }
    println!("{best:.3} {bytes} {sum}");
    Ok(())
}

/// Gives the text of the message and each of its attachments.
fn decode(file: &Path, give: &mut dyn FnMut(&[u8])) -> Result<(), Box<dyn Error>> {
    let opened = Opened::open(file)?;
    let content = opened.content();
    give(content.text.as_bytes());
    for part in 0..content.parts.len() {
        give(&opened.part(part)?);
    }
    Ok(())
}

/// A text in quoted-printable and files in base64.
fn message() -> String {
    let mut message = format!(
        "From: Bruno Berg <bruno@example.org>\r\nTo: Anna Adler <anna@example.com>\r\nSubject: =?utf-8?Q?Zeichnungen_f=C3=BCr_M=C3=BCller?=\r\n\
         Date: Fri, 20 Nov 2026 10:00:00 +0100\r\nMessage-ID: <large@example.org>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"=_Part_4711\"\r\n\r\n--=_Part_4711\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\n{}",
        TEXT.repeat(100)
    );
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for number in 1..=ATTACHMENTS {
        message.push_str(&format!(
            "\r\n--=_Part_4711\r\nContent-Type: application/octet-stream; name=\"Zeichnung {number}.dwg\"\r\n\
             Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"Zeichnung {number}.dwg\"\r\n\r\n"
        ));
        let end = message.len() + ATTACHMENT;
        while message.len() < end {
            line(&mut state, &mut message);
        }
    }
    message + "\r\n--=_Part_4711--\r\n"
}

/// Writes 76 characters of base64 in no order, the same each time.
fn line(state: &mut u64, message: &mut String) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for _ in 0..76 {
        // xorshift64
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        message.push(char::from(ALPHABET[(*state >> 58) as usize]));
    }
    message.push_str("\r\n");
}
