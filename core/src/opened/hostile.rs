//! Messages that made a reader look at the same bytes again and again: each is read in time that grows with its length.

#[path = "../../../reader/tests/worked/mod.rs"]
mod worked;

use super::Opened;
use std::time::Duration;
use worked::worked;

/// A message of about so many bytes.
type Make = fn(usize) -> Vec<u8>;

const MIXED: &str = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";

const MESSAGES: [(&str, Make); 18] = [
    ("a boundary of dashes in a body of dashes", |n| {
        let dashes = "-".repeat(n / 5);
        format!("Content-Type: multipart/mixed; boundary=\"{dashes}x\"\r\n\r\n{}\r\n", "-".repeat(n * 4 / 5)).into_bytes()
    }),
    ("the same in lines", |n| {
        let dashes = "-".repeat(1000);
        format!("Content-Type: multipart/mixed; boundary=\"{dashes}\"\r\n\r\n{}", format!("{dashes}-\r\n").repeat(n / 1000)).into_bytes()
    }),
    ("multiparts whose delimiter never comes", |n| {
        format!("{MIXED}{}", "--b\r\nContent-Type: multipart/mixed; boundary=z\r\n\r\nxxxxxxxx".repeat(n / 60)).into_bytes()
    }),
    ("multiparts that differ, one within the other", |n| {
        let nested: String = (0..60).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n")).collect();
        format!("{nested}\r\n{}", "--b\r\n".repeat(n / 5)).into_bytes()
    }),
    ("parts that are not in the encoding they claim", |n| {
        format!("{MIXED}{}", "--b\r\nContent-Transfer-Encoding: base64\r\n\r\n!\r\n".repeat(n / 48)).into_bytes()
    }),
    ("encoded words without an end in an address", |n| format!("To: {}\r\n\r\n", "=?aa?q? ".repeat(n / 8)).into_bytes()),
    ("encoded words without an end in a subject", |n| format!("Subject: {}==\r\n\r\n", "=?aa?q?".repeat(n / 7)).into_bytes()),
    ("encoded words without an end in a name", |n| {
        let name = " =?aa?q?".repeat(n / 8);
        format!("Content-Type: application/pdf;\r\n name=\"{name}\"\r\n\r\n").into_bytes()
    }),
    ("parameters with a language", |n| {
        let parameters: String = (0..n / 14).map(|n| format!(";a{n}*=x'en'y")).collect();
        format!("Content-Type: text/plain{parameters}\r\n\r\n").into_bytes()
    }),
    ("parameters in pieces", |n| {
        let parameters: String = (0..n / 11).map(|n| format!(";a{n}*1=y")).collect();
        format!("Content-Disposition: attachment{parameters}\r\n\r\n").into_bytes()
    }),
    ("a parameter in many pieces", |n| {
        let pieces: String = (0..n / 20).map(|n| format!(";filename*{n}=yyyyy")).collect();
        format!("Content-Disposition: attachment{pieces}\r\n\r\n").into_bytes()
    }),
    ("comments in comments", |n| format!("To: {}\r\n\r\n", "(".repeat(n)).into_bytes()),
    ("groups in groups", |n| format!("To: {}\r\n\r\n", "a@b:".repeat(n / 4)).into_bytes()),
    ("message ids that begin", |n| format!("References: {}\r\n\r\n", "<a ".repeat(n / 3)).into_bytes()),
    ("attached messages", |n| format!("{MIXED}{}", "--b\r\nContent-Type: message/rfc822\r\n\r\nX: y\r\n".repeat(n / 46)).into_bytes()),
    ("a report in lines that are continued", |n| {
        let kind = "Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nStatus: x\r\n";
        format!("{kind}{}", " x\r\n".repeat(n / 4)).into_bytes()
    }),
    ("files in a wrapping, each of a kind that is looked into", |n| {
        let attribute = |id: u32, data: &[u8]| {
            let length = u32::try_from(data.len()).unwrap_or_default();
            let sum = data.iter().fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
            [&[2][..], &id.to_le_bytes(), &length.to_le_bytes(), data, &sum.to_le_bytes()].concat()
        };
        let file = [attribute(0x0006_9002, &[0; 14]), attribute(0x0001_8010, b"a.pdf\0"), attribute(0x0006_800f, &[b'x'; 1024])].concat();
        let wrapping = [&0x223e_9f78_u32.to_le_bytes()[..], &[1, 0], &file.repeat(n / 1500)].concat();
        let encoded: String = wrapping
            .iter()
            .map(|byte| if byte.is_ascii_lowercase() { char::from(*byte).to_string() } else { format!("={byte:02X}") })
            .collect();
        format!("Content-Type: application/ms-tnef\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{encoded}").into_bytes()
    }),
    ("blanks before line ends", |n| format!("Content-Transfer-Encoding: quoted-printable\r\n\r\n{}", " \n".repeat(n / 2)).into_bytes()),
];

fn reading(raw: Vec<u8>) -> Duration {
    let message = Opened::new(raw);
    let started = worked();
    message.summary();
    worked() - started
}

/// Four times the length takes four times as long; sixteen times where the time grows with the square.
#[test]
fn no_message_takes_longer_than_its_length() {
    const LENGTH: usize = 200_000;
    for (name, make) in MESSAGES {
        let grows = |_| reading(make(4 * LENGTH)).as_secs_f64() / (reading(make(LENGTH)).as_secs_f64() + 0.002);
        let ratios: Vec<f64> = (0..8).map(grows).take_while(|ratio| *ratio >= 8.0).collect();
        assert!(ratios.len() < 8, "{name}: {ratios:?}");
    }
}

/// However many files there are in it, a wrapping is decoded once.
#[test]
fn a_wrapping_is_unwrapped_once() {
    let mut raw = b"Content-Type: application/ms-tnef\r\nContent-Transfer-Encoding: base64\r\n\r\n".to_vec();
    raw.extend_from_slice(base64_simd::STANDARD.encode_to_string(super::tests::wrapping()).as_bytes());
    let message = Opened::new(raw);
    let (first, second) = (message.part(1).unwrap(), message.part(2).unwrap());
    let bytes = message.part(1).unwrap();
    // Both lie in the same decoded bytes: the second comes after the first, not somewhere else.
    assert_eq!(first.as_ptr(), bytes.as_ptr());
    let distance = second.as_ptr().addr() - first.as_ptr().addr();
    assert!(distance < super::tests::wrapping().len(), "{distance}");
}
