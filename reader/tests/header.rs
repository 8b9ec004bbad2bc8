//! Fields that no program writes in good faith: each is read, and in time that grows with its length.
//!
//! Each input goes through all functions that read a value, whatever field it was made for.

mod worked;

use postkontor_reader::header::{ContentType, Disposition, Fields, date, file_name, mailboxes, message_ids, text};
use postkontor_reader::{Repairs, charset, flowed};
use std::time::Duration;
use worked::worked;

/// A value of about so many bytes.
type Make = fn(usize) -> Vec<u8>;

/// A function, and how many bytes it made of a value.
type Read = fn(&[u8]) -> usize;

const VALUES: [(&str, Make); 30] = [
    ("words without an end", |n| "=?aa?q? ".repeat(n / 8).into_bytes()),
    ("words without an end, but for the last", |n| format!("{}?=", "=?aa?q?".repeat(n / 7)).into_bytes()),
    ("beginnings that are no words", |n| format!("=?a?q?{}?=", "=?".repeat(n / 2)).into_bytes()),
    ("empty words", |n| "=?a?q??= ".repeat(n / 9).into_bytes()),
    ("words of many charsets", |n| "=?a?q?=e4?= =?b?b?w7w?=".repeat(n / 23).into_bytes()),
    ("words of letters cut in two", |n| "=?utf-8?q?=c3?= =?utf-8?q?=a4?= ".repeat(n / 32).into_bytes()),
    ("a word whose blanks do not end", |n| format!("=?a?q?a?={}", " ".repeat(n)).into_bytes()),
    ("folds", |n| "a\r\n ".repeat(n / 4).into_bytes()),
    ("folds of blanks", |n| format!("a{}b", "\r\n ".repeat(n / 3)).into_bytes()),
    ("line ends", |n| "\r\n".repeat(n / 2).into_bytes()),
    ("parameters with a language", |n| (0..n / 14).map(|n| format!(";a{n}*=x'en'y")).collect::<String>().into_bytes()),
    ("parameters in pieces", |n| (0..n / 11).map(|n| format!(";a{n}*1=y")).collect::<String>().into_bytes()),
    ("a parameter in many pieces", |n| (0..n / 20).map(|n| format!(";filename*{n}=yyyyy")).collect::<String>().into_bytes()),
    ("the same piece", |n| ";filename*1=y".repeat(n / 13).into_bytes()),
    ("quotes that open", |n| ";a=\"".repeat(n / 4).into_bytes()),
    ("quotes", |n| "\"".repeat(n).into_bytes()),
    ("quotes and blanks", |n| "a=\"x\" ".repeat(n / 6).into_bytes()),
    ("a quote and semicolons", |n| format!(";a=\"{}", "; b".repeat(n / 3)).into_bytes()),
    ("quoted quotes", |n| format!("a=\"{}", "\\\"".repeat(n / 2)).into_bytes()),
    ("comments in comments", |n| "(".repeat(n).into_bytes()),
    ("comments that do not end", |n| ";a=b (".repeat(n / 6).into_bytes()),
    ("comments", |n| "a (b) ".repeat(n / 6).into_bytes()),
    ("groups in groups", |n| "a:".repeat(n / 2).into_bytes()),
    ("members of a group with a long name", |n| format!("{}:{};", "a".repeat(n / 2), "b@c,".repeat(n / 8)).into_bytes()),
    ("brackets", |n| "<".repeat(n).into_bytes()),
    ("brackets with words", |n| "<a ".repeat(n / 3).into_bytes()),
    ("signs", |n| "@".repeat(n).into_bytes()),
    ("dots and blanks around a sign", |n| format!("a{}@{}b", " .".repeat(n / 4), ". ".repeat(n / 4)).into_bytes()),
    ("words and commas", |n| "a,".repeat(n / 2).into_bytes()),
    ("addresses in strings that do not close", |n| "\"<@>,".repeat(n / 5).into_bytes()),
];

const FUNCTIONS: [(&str, Read); 12] = [
    ("text", |value| text(value, None, &mut Repairs::default(), "").len()),
    ("mailboxes", |value| mailboxes([value, value].into_iter(), None, &mut Repairs::default(), "/to").len()),
    ("date", |value| usize::from(date(value, &mut Repairs::default()).is_some())),
    ("message ids", |value| message_ids(value).len()),
    ("type", |value| ContentType::read(value, &mut Repairs::default(), "").kind().len()),
    ("parameters of a type", |value| {
        let kind = ContentType::read(&[b"a/b;", value].concat(), &mut Repairs::default(), "");
        file_name(None, Some(&kind)).map_or(0, str::len)
    }),
    ("disposition", |value| {
        let disposition = Disposition::read(&[b"attachment;filename=", value].concat(), &mut Repairs::default(), "");
        file_name(Some(&disposition), None).map_or(0, str::len)
    }),
    ("fields", |value| Fields::read(value).iter().count()),
    ("charsets", |value| {
        let labels =
            [None, Some("utf-8"), Some("iso-8859-1"), Some("utf-7"), Some("hz"), Some("iso-2022-kr"), Some("cp850"), Some("utf-16")];
        labels.iter().map(|label| charset::decode(value, *label, true, &mut Repairs::default(), "").len()).sum()
    }),
    ("beginning of a text", |value| charset::decode_start(value, Some("gb18030"), false, &mut Repairs::default(), "").len()),
    ("label", |value| usize::from(charset::encoding(&String::from_utf8_lossy(value)).is_some())),
    ("flowed", |value| flowed::join(&String::from_utf8_lossy(value), true).len()),
];

fn reading(value: &[u8], read: Read) -> Duration {
    let started = worked();
    std::hint::black_box(read(value));
    worked() - started
}

/// Four times the length takes four times as long; sixteen times where the time grows with the square.
#[test]
fn no_value_takes_longer_than_its_length() {
    const LENGTH: usize = 40_000;
    for (value, make) in VALUES {
        let (short, long) = (make(LENGTH), make(4 * LENGTH));
        for (function, read) in FUNCTIONS {
            let grows = |_| reading(&long, read).as_secs_f64() / (reading(&short, read).as_secs_f64() + 0.001);
            let ratios: Vec<f64> = (0..8).map(grows).take_while(|ratio| *ratio >= 8.0).collect();
            assert!(ratios.len() < 8, "{function} of {value}: {ratios:?}");
        }
    }
}

/// Numbers that are the same at each run (a linear congruential generator).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

/// Pieces of which all that is special in a header can be put together.
const PIECES: [&[u8]; 60] = [
    b"=?",
    b"?=",
    b"=?utf-8?q?",
    b"=?utf-8?B?",
    b"=?iso-2022-jp?b?",
    b"=?x*de?q?",
    b"?",
    b"=",
    b"_",
    b"=C3",
    b"w7w=",
    b"\"",
    b"\\",
    b"(",
    b")",
    b"<",
    b">",
    b"@",
    b",",
    b";",
    b":",
    b".",
    b" ",
    b"\r\n ",
    b"\r\n",
    b"\n",
    b"\r",
    b"\t",
    b"\0",
    b"\x1b$B",
    b"\x1b(B",
    b"\xfc",
    b"\xc3\xbc",
    b"\xf0\x9f",
    b"name",
    b"filename",
    b"*=",
    b"*0*=",
    b"*1=",
    b"*9999999999999999999=",
    b"utf-8''",
    b"'",
    b"%C3",
    b"%",
    b"attachment",
    b"boundary=",
    b"charset",
    b"anna",
    b"example.com",
    b"20",
    b"Nov",
    b"2026",
    b"10:00",
    b"+0100",
    b"PM",
    b"-",
    b"/",
    b"[192.0.2.1]",
    b"+AP",
    b"~{",
];

#[test]
fn any_bytes_are_read() {
    let mut random = Random(11);
    for _ in 0..10_000 {
        let value: Vec<u8> = (0..random.below(24)).flat_map(|_| PIECES[random.below(PIECES.len())]).copied().collect();
        for (_, read) in FUNCTIONS {
            read(&value);
        }
        let mut repairs = Repairs::default();
        for mailbox in mailboxes([&*value].into_iter(), None, &mut repairs, "/to") {
            assert!(mailbox.address.is_some() != mailbox.text.is_some(), "{}: {mailbox:?}", value.escape_ascii());
        }
        let decoded = text(&value, None, &mut repairs, "/subject");
        assert!(!decoded.contains(['\r', '\n', '\0']), "{}: {decoded:?}", value.escape_ascii());
    }
}

/// What is told of a list does not depend on where its lines are folded.
#[test]
fn addresses_are_the_same_wherever_their_field_is_folded() {
    let value = "Anna Meier <anna@example.com>, \"Müller, Carl\" <carl@example.com>, Team: berta@example.com (Berta B.), root; \
        =?utf-8?Q?J=C3=BCrgen?= <@a,@b:j@example.com>";
    let whole = mailboxes([value.as_bytes()].into_iter(), None, &mut Repairs::default(), "");
    for (at, _) in value.match_indices(' ') {
        for fold in ["\r\n ", "\n\t", " \r\n ", "\r\n \r\n "] {
            let folded = format!("{}{fold}{}", &value[..at], &value[at + 1..]);
            let read = mailboxes([folded.as_bytes()].into_iter(), None, &mut Repairs::default(), "");
            let names = |list: &[postkontor_reader::header::Mailbox]| {
                // A blank in quotes that the writer folded twice is two blanks.
                list.iter().map(|mailbox| format!("{mailbox:?}").replace("  ", " ")).collect::<Vec<_>>()
            };
            assert_eq!(names(&read), names(&whole), "{folded:?}");
        }
    }
}
