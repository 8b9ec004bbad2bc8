//! Python's email package as a foreign judge: it reads well-formed values as we do, and where it does not, an RFC decides.
#![allow(clippy::unwrap_used)]

use postkontor_reader::header::{Disposition, date, file_name, mailboxes, text};
use postkontor_reader::{Repairs, charset};
use std::io::Write as _;
use std::process::{Command, Stdio};

/// Makes a well-formed value.
type Make = fn(&mut Random) -> String;

/// Numbers that are the same at each run (a linear congruential generator).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}

/// What Python makes of values, each with its kind.
fn python(values: &[(&str, String)]) -> Vec<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python.py");
    let mut child = Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let hex = |value: &str| value.bytes().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let input: String = values.iter().map(|(kind, value)| format!("{kind} {}\n", hex(value))).collect();
    let mut stdin = child.stdin.take().unwrap();
    // Both pipes are full in turn: one side writes while the other reads.
    let writing = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    let answers: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(unhex).collect();
    assert_eq!(answers.len(), values.len(), "Python ended early: {:?}", output.status);
    answers
}

fn unhex(line: &str) -> String {
    let digits = line.as_bytes()[1..].chunks(2);
    let bytes = digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect();
    String::from_utf8(bytes).unwrap()
}

/// What we make of a value, in the form in which Python's answer comes, and whether it was read without a repair.
fn ours(kind: &str, value: &str) -> (String, bool) {
    let mut repairs = Repairs::default();
    let value = value.as_bytes();
    let read = match kind {
        "text" => text(value, None, &mut repairs, "").into_owned(),
        "date" => date(value, &mut repairs).map(|date| date.to_string()).unwrap_or_default(),
        "name" => {
            let disposition = Disposition::read(value, &mut repairs, "");
            file_name(Some(&disposition), None).unwrap_or_default().to_owned()
        }
        _ => {
            let people = mailboxes([value].into_iter(), None, &mut repairs, "");
            let people = people
                .into_iter()
                .map(|person| format!("{}\x1f{}", person.name.unwrap_or_default(), person.address.or(person.text).unwrap_or_default()));
            people.collect::<Vec<_>>().join("\x1e")
        }
    };
    (read, repairs.as_slice().is_empty())
}

const WORDS: [&str; 12] = ["Rechnung", "4711", "Grüße", "an", "alle", "šunka", "日本語", "J.R.", "a-b", "Ørsted", "😀", "x=y?"];

/// An encoded word of whole letters.
fn encoded(random: &mut Random, text: &str) -> String {
    if random.below(2) == 0 {
        let digits = text.bytes().fold(String::new(), |all, byte| {
            all + &if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("={byte:02X}") }
        });
        return format!("=?utf-8?{}?{digits}?=", random.of(&["q", "Q"]));
    }
    format!("=?UTF-8?{}?{}?=", random.of(&["b", "B"]), base64(text.as_bytes()))
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let quantum = |bytes: &[u8]| {
        let bits = (0..3).fold(0_usize, |bits, at| bits << 8 | usize::from(*bytes.get(at).unwrap_or(&0)));
        let letter = |at: usize| if at <= bytes.len() { char::from(ALPHABET[bits >> (18 - 6 * at) & 63]) } else { '=' };
        (0..4).map(letter).collect::<String>()
    };
    bytes.chunks(3).map(quantum).collect()
}

fn a_text(random: &mut Random) -> String {
    let words = (0..=random.below(5)).map(|_| {
        let word = random.of(&WORDS);
        if word.is_ascii() && random.below(2) == 0 { word.replace("=y?", "") } else { encoded(random, word) }
    });
    let words: Vec<String> = words.collect();
    words.join(" ")
}

fn an_address(random: &mut Random) -> String {
    let local = random.of(&["anna", "a.b", "\"a b\"", "a+b", "o'neil", "\"a\\\"b\""]);
    let domain = random.of(&["example.com", "[192.0.2.1]", "sub.example.org"]);
    let address = format!("{local}@{domain}");
    match random.below(5) {
        0 => address,
        1 => format!("<{address}>"),
        2 => {
            format!("{} <{address}>", random.of(&["Anna Meier", "J. R. Smith", "Anna", "\"Meier, Anna\"", "\"a \\\"b\\\" c\"", "\"a@b\""]))
        }
        3 => format!("{} <{address}>", encoded(random, "Müller, Carl")),
        _ => format!("{address} ({})", random.of(&["Anna", "Anna Meier"])),
    }
}

fn a_list(random: &mut Random) -> String {
    let people: Vec<String> = (0..=random.below(3)).map(|_| an_address(random)).collect();
    let list = people.join(random.of(&[",", ", ", " , ", ",\r\n "]));
    if random.below(6) == 0 { format!("Team: {list};") } else { list }
}

fn a_date(random: &mut Random) -> String {
    let weekday = random.of(&["", "Mon, ", "fri, ", "Sun,"]);
    let month = random.of(&["Jan", "Feb", "mar", "Apr", "May", "Jun", "JUL", "Aug", "Sep", "Oct", "Nov", "Dec"]);
    let zone = random.of(&["+0100", "-0330", "+0000", "-0000", "GMT", "EST", "EDT", "CST", "CDT", "MST", "PDT", "UT", "+0100 (CET)"]);
    let second = if random.below(4) == 0 { String::new() } else { format!(":{:02}", random.below(60)) };
    let (day, year) = (random.below(31) + 1, 1970 + random.below(100));
    format!("{weekday}{day} {month} {year} {:02}:{:02}{second} {zone}", random.below(24), random.below(60))
}

fn a_name(random: &mut Random) -> String {
    let name: String = (0..=random.below(3)).map(|_| random.of(&["a", "Rechnung 4711", "ü", "日", ";", "(2)", "%", "=", "'"])).collect();
    let percent = |name: &str| {
        name.bytes().fold(String::new(), |all, byte| {
            all + &if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
        })
    };
    let sign = random.of(&["; ", ";\r\n ", " ; "]);
    match random.below(3) {
        0 => format!("attachment{sign}filename*=utf-8''{}.pdf; size=5", percent(&name)),
        1 => format!("attachment{sign}filename*0*=utf-8'de'{};\r\n filename*1*={}.pdf", percent(&name), percent("ß")),
        _ => format!("inline{sign}filename=\"{}.pdf\"; size=5", name.replace(|letter: char| !letter.is_ascii(), "e")),
    }
}

#[test]
fn python_reads_well_formed_values_as_we_do() {
    let mut random = Random(2047);
    let makes: [(&str, Make); 4] = [("text", a_text), ("addresses", a_list), ("date", a_date), ("name", a_name)];
    let values: Vec<(&str, String)> = (0..4000).map(|index| (makes[index % 4].0, makes[index % 4].1(&mut random))).collect();
    let mut differ = Vec::new();
    for ((kind, value), theirs) in values.iter().zip(python(&values)) {
        let (ours, is_clear) = ours(kind, value);
        // A day that there is not is none to us and an error to Python.
        let theirs =
            if theirs == "ValueError" { String::new() } else { theirs.replace("+00:00", if *kind == "date" { "Z" } else { "+00:00" }) };
        if ours != theirs || (!is_clear && !theirs.is_empty()) {
            differ.push(format!("{kind} {value:?}\n  ours   {ours:?} (clear: {is_clear})\n  theirs {theirs:?}"));
        }
    }
    assert!(differ.is_empty(), "{} of {}:\n{}", differ.len(), values.len(), differ[..differ.len().min(20)].join("\n"));
}

/// The value, what we read, what Python 3.11 or later reads, and the paragraph that decides.
#[test]
fn where_python_reads_another_value_an_rfc_decides() {
    let table = [
        ("addresses", "Anna <@a,@b:c@d.e>", "Anna\x1fc@d.e", "RFC 5322, 4.4: a route is passed over"),
        ("addresses", "Anna (x) Meier <a@b.c>", "Anna Meier\x1fa@b.c", "RFC 5322, 3.2.5: a comment is no part of a phrase"),
        ("addresses", "\"anna\"@b.c", "\x1fanna@b.c", "RFC 5321, 4.1.2: quotes that are not needed mean nothing"),
        ("date", "Thu, 13 Feb 60 23:32:54 EST", "1960-02-13T23:32:54-05:00", "RFC 5322, 4.3: two digits up to 49 are of this century"),
        ("date", "Thu, 13 Feb 104 23:32:54 EST", "2004-02-13T23:32:54-05:00", "RFC 5322, 4.3: three digits are counted from 1900"),
        ("text", "=?utf-8*de?Q?Gr=C3=BC=C3=9Fe?=", "Grüße", "RFC 2231, 5: a language may follow the charset"),
    ];
    let values: Vec<(&str, String)> = table.iter().map(|(kind, value, ..)| (*kind, (*value).to_owned())).collect();
    for ((kind, value, right, rule), theirs) in table.iter().zip(python(&values)) {
        assert_eq!(ours(kind, value), ((*right).to_owned(), true), "{rule}");
        assert_ne!(theirs, *right, "Python has learnt it: {rule}");
    }
}

/// Our label of a code page, and Python's.
const PAGES: [(&str, &str); 23] = [
    ("cp437", "cp437"),
    ("cp720", "cp720"),
    ("cp737", "cp737"),
    ("ibm775", "cp775"),
    ("cp-850", "cp850"),
    ("cp852", "cp852"),
    ("IBM855", "cp855"),
    ("cp857", "cp857"),
    ("cp858", "cp858"),
    ("cp860", "cp860"),
    ("cp861", "cp861"),
    ("dos-862", "cp862"),
    ("cp863", "cp863"),
    ("cp865", "cp865"),
    ("cp869", "cp869"),
    ("cp1125", "cp1125"),
    ("kz-1048", "kz1048"),
    ("x-mac-ce", "mac_latin2"),
    ("x-mac-greek", "mac_greek"),
    ("x-mac-turkish", "mac_turkish"),
    ("x-mac-icelandic", "mac_iceland"),
    ("x-mac-croatian", "mac_croatian"),
    ("x-mac-romanian", "mac_romanian"),
];

#[test]
fn code_pages_have_the_letters_that_python_knows() {
    let bytes: Vec<u8> = (0x80..=0xff).collect();
    let values: Vec<(&str, String)> = PAGES.iter().map(|(_, name)| ("page", (*name).to_owned())).collect();
    for ((label, _), theirs) in PAGES.iter().zip(python(&values)) {
        assert_eq!(charset::decode(&bytes, Some(label), false, &mut Repairs::default(), ""), theirs, "{label}");
    }
}
