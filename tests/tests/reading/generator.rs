//! Well-formed messages without end, each with what was put into it.

use crate::random::Random;
use crate::told::sha256;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A message with what it says.
pub(crate) struct Made {
    pub(crate) raw: Vec<u8>,
    /// The digests of its parts, in their order.
    pub(crate) parts: Vec<String>,
    pub(crate) subject: String,
}

const WORDS: [&str; 16] = [
    "Rechnung",
    "Größe",
    "račun",
    "Счёт",
    "請求書",
    "invoice",
    "4711",
    "--",
    "a=b",
    "From",
    ".",
    "über",
    "x@y.example",
    "--grenze",
    "(sic)",
    "\"neu\"",
];
const KINDS: [&str; 6] =
    ["application/pdf", "image/png", "application/octet-stream", "text/csv; charset=utf-8", "application/xml", "audio/x-wav"];

/// The message of this seed, with bodies of about `length` bytes.
pub(crate) fn message(seed: u64, length: usize) -> Made {
    made(Random::new(seed), length)
}

/// The message that a fuzzer draws.
#[allow(dead_code, reason = "for the fuzzer, which includes this file")]
pub(crate) fn drawn(drawn: &[u8], length: usize) -> Made {
    made(Random::of(drawn), length)
}

fn made(random: Random, length: usize) -> Made {
    let mut making = Making { random, parts: Vec::new(), boundaries: 0, length };
    let subject = words(&mut making.random, 8);
    let (fields, body) = making.entity(0, true);
    let encoded = format!("=?utf-8?B?{}?=", STANDARD.encode(&subject));
    let date = format!("Fri, 20 Nov 2026 {:02}:{:02}:00 +0100", making.random.below(24), making.random.below(60));
    let mut raw = format!(
        "From: Anna Berg <anna@example.com>\r\nTo: berta@example.org,\r\n Carl <carl@example.com>\r\nSubject: {encoded}\r\nDate: {date}\r\nMIME-Version: 1.0\r\n"
    );
    raw += &fields;
    raw += "\r\n";
    let mut raw = raw.into_bytes();
    raw.extend_from_slice(&body);
    Made { raw, parts: making.parts, subject }
}

struct Making {
    random: Random,
    parts: Vec<String>,
    boundaries: usize,
    length: usize,
}

impl Making {
    fn lines(&mut self) -> String {
        let (end, mut random) = (self.random.share(self.length) + 1, self.random.branch());
        let mut text = String::new();
        while text.len() < end {
            text += &words(&mut random, 10);
            text += "\r\n";
        }
        text
    }

    /// The fields and the body of a part; the first one of a message is a text where it is not divided.
    fn entity(&mut self, depth: usize, is_first: bool) -> (String, Vec<u8>) {
        if depth < 4 && self.random.is_one_in(depth + 2) { self.multipart(depth) } else { self.leaf(is_first) }
    }

    fn multipart(&mut self, depth: usize) -> (String, Vec<u8>) {
        self.boundaries += 1;
        let boundary = format!("=_{}{:x}.{}", "x".repeat(self.random.below(30)), self.random.below(1 << 40), self.boundaries);
        let (mut body, count) = (Vec::new(), 1 + self.random.below(4));
        if self.random.is_one_in(3) {
            body.extend_from_slice(b"This message has several parts.\r\n");
        }
        for part in 0..count {
            let (fields, content) = self.entity(depth + 1, part == 0);
            body.extend_from_slice(format!("--{boundary}\r\n{fields}\r\n").as_bytes());
            body.extend_from_slice(&content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        let fold = *self.random.one_of(&[" ", "\r\n ", "\r\n\t"]);
        (format!("Content-Type: multipart/mixed;{fold}boundary=\"{boundary}\"\r\n"), body)
    }

    fn leaf(&mut self, is_first: bool) -> (String, Vec<u8>) {
        if is_first {
            let text = self.lines();
            let (encoding, body) = self.encoded(text.as_bytes(), true);
            return (format!("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n"), body);
        }
        let kind = *self.random.one_of(&KINDS);
        let length = self.random.share(self.length);
        let data = if kind.starts_with("text/") { self.lines().into_bytes() } else { self.random.branch().bytes(length) };
        let (encoding, body) = self.encoded(&data, false);
        self.parts.push(sha256(&data));
        let fold = *self.random.one_of(&[" ", "\r\n ", "\r\n\t"]);
        let name = format!("Content-Disposition: attachment;{fold}filename=\"datei {}.bin\"", self.parts.len());
        (format!("Content-Type: {kind}\r\n{name}\r\nContent-Transfer-Encoding: {encoding}\r\n"), body)
    }

    fn encoded(&mut self, data: &[u8], is_text: bool) -> (&'static str, Vec<u8>) {
        match self.random.below(3) {
            0 => ("quoted-printable", quoted_printable(data)),
            1 if is_text => ("8bit", data.to_vec()),
            _ => ("base64", STANDARD.encode(data).as_bytes().chunks(76).collect::<Vec<_>>().join(&b"\r\n"[..])),
        }
    }
}

fn words(random: &mut Random, most: usize) -> String {
    let count = 1 + random.below(most);
    (0..count).map(|_| *random.one_of(&WORDS)).collect::<Vec<_>>().join(" ")
}

fn quoted_printable(data: &[u8]) -> Vec<u8> {
    let (mut text, mut column) = (Vec::new(), 0);
    for byte in data {
        if column > 70 {
            text.extend_from_slice(b"=\r\n");
            column = 0;
        }
        if byte.is_ascii_alphanumeric() {
            text.push(*byte);
            column += 1;
        } else {
            text.extend_from_slice(format!("={byte:02X}").as_bytes());
            column += 3;
        }
    }
    text
}
