//! Two foreign parsers read what the composer wrote: Python's email package and mail-parser. What they find must be what
//! was put in, to the last character.

#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests are not tests to Clippy

use mail_parser::{HeaderName, MessageParser, MimeHeaders};
use postkontor_core::message::compose;
use postkontor_core::settings::Sender;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

/// A message as it is put in and as it is found.
#[derive(Clone, Debug)]
struct Mail {
    subject: String,
    own: String,
    from: (String, String),
    to: Vec<(String, String)>,
    cc: Vec<(String, String)>,
    text: Option<String>,
    html: Option<String>,
    /// Name, bytes, and the Content-ID of those inside the HTML.
    files: Vec<(String, Vec<u8>, String)>,
}

impl Mail {
    fn new(subject: &str, name: &str, text: &str, file: &str) -> Mail {
        Mail {
            subject: subject.to_owned(),
            own: subject.to_owned(),
            from: (name.to_owned(), "anna@example.com".to_owned()),
            to: vec![(name.to_owned(), "berta@example.com".to_owned()), (String::new(), "carl@example.com".to_owned())],
            cc: vec![(format!("{name}, {name}"), "dora@example.org".to_owned())],
            text: Some(text.to_owned()),
            html: Some(format!("<p>{text}</p>")),
            files: vec![(file.to_owned(), (0..=255).cycle().take(1000).collect(), String::new())],
        }
    }

    fn document(&self) -> Value {
        let address = |(name, address): &(String, String)| json!({"name": name, "address": address});
        let attachments = self.files.iter().enumerate().map(|(index, (name, _, content_id))| match content_id.as_str() {
            "" => json!({"name": name, "part": index}),
            content_id => json!({"name": name, "part": index, "inline": content_id}),
        });
        json!({
            "from": address(&self.from),
            "to": self.to.iter().map(address).collect::<Vec<_>>(),
            "cc": self.cc.iter().map(address).collect::<Vec<_>>(),
            "bcc": "secret@example.com",
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "attachments": attachments.collect::<Vec<_>>(),
            "headers": {"X-Own": self.own},
            "date": "2026-11-21T20:08:11+01:00",
            "message_id": "4711@example.com",
        })
    }

    fn composed(&self, charset: &str) -> Vec<u8> {
        let sender = Sender { charset: charset.to_owned(), ..Sender::default() };
        let parts: Vec<&[u8]> = self.files.iter().map(|(_, bytes, _)| bytes.as_slice()).collect();
        let mut composed = compose(&self.document().to_string(), &sender, &parts).unwrap();
        let mut bytes = vec![0; usize::try_from(composed.size).unwrap() + 1];
        let count = composed.read(&mut bytes).unwrap();
        assert_eq!(count as u64, composed.size, "the size that was promised");
        bytes.truncate(count);
        bytes
    }
}

/// Line ends are the composer's to change, and a message whose only part is its text ends in one.
fn normal(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").trim_end_matches('\n').to_owned()
}

fn normalized(mail: &Mail) -> Mail {
    Mail { text: mail.text.as_deref().map(normal), html: mail.html.as_deref().map(normal), ..mail.clone() }
}

/// What Python's email package finds, for all messages in one run.
fn python(messages: &[Vec<u8>]) -> Vec<Mail> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judges/email_judge.py");
    let mut judge = Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python3 is needed");
    let mut input = judge.stdin.take().unwrap();
    let output = BufReader::new(judge.stdout.take().unwrap());
    let found = std::thread::scope(|scope| {
        scope.spawn(move || {
            for message in messages {
                writeln!(input, "{}", message.len()).unwrap();
                input.write_all(message).unwrap();
            }
        });
        output.lines().map(|line| python_mail(&serde_json::from_str(&line.unwrap()).unwrap())).collect::<Vec<_>>()
    });
    assert!(judge.wait().unwrap().success());
    assert_eq!(found.len(), messages.len());
    found
}

fn python_mail(found: &Value) -> Mail {
    assert_eq!(found["defects"], json!([]), "{found}");
    assert!(found["longest_line"].as_u64().unwrap() <= 998, "{found}");
    assert_eq!((&found["bare_line_ends"], &found["eight_bit"]), (&json!(0), &json!(false)));
    assert_eq!((&found["message_id"], &found["seconds"]), (&json!("4711@example.com"), &json!(1_795_288_091)));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let pair = |pair: &Value| (text(&pair[0]), text(&pair[1]));
    let pairs = |list: &Value| list.as_array().unwrap().iter().map(pair).collect();
    let file = |file: &Value| (text(&file["name"]), base64(&text(&file["data"])), text(&file["content_id"]));
    Mail {
        subject: text(&found["subject"]),
        own: text(&found["own"]),
        from: pair(&found["from"][0]),
        to: pairs(&found["to"]),
        cc: pairs(&found["cc"]),
        text: found["text"].as_str().map(normal),
        html: found["html"].as_str().map(normal),
        files: found["files"].as_array().unwrap().iter().map(file).collect(),
    }
}

fn base64(text: &str) -> Vec<u8> {
    base64_simd::STANDARD.decode_to_vec(text).unwrap()
}

/// What mail-parser finds.
fn mail_parser(message: &[u8]) -> Mail {
    let parser = MessageParser::new().with_mime_headers().with_address_headers();
    let parser = parser.header_text(HeaderName::Subject).header_text(HeaderName::Other("X-Own".into()));
    let found = parser.parse(message).unwrap();
    let pairs = |address: Option<&mail_parser::Address<'_>>| -> Vec<(String, String)> {
        let addresses = address.into_iter().flat_map(|list| list.iter());
        addresses.map(|found| (found.name().unwrap_or_default().to_owned(), found.address().unwrap_or_default().to_owned())).collect()
    };
    let part = |id: Option<&u32>| id.and_then(|id| found.part(*id)).and_then(|part| part.text_contents()).map(normal);
    // It makes the other of text and HTML when there is only one; the part's own type says which there is.
    let is =
        |id: &u32, subtype: &str| found.part(*id).and_then(|part| part.content_type()).and_then(|kind| kind.subtype()) == Some(subtype);
    let file = |part: &mail_parser::MessagePart<'_>| {
        let name = part.attachment_name().unwrap_or_default().to_owned();
        (name, part.contents().to_vec(), part.content_id().unwrap_or_default().to_owned())
    };
    Mail {
        subject: found.subject().unwrap_or_default().to_owned(),
        own: found.header("X-Own").and_then(|value| value.as_text()).unwrap_or_default().to_owned(),
        from: pairs(found.from()).swap_remove(0),
        to: pairs(found.to()),
        cc: pairs(found.cc()),
        text: part(found.text_body.first().filter(|id| is(id, "plain"))),
        html: part(found.html_body.first().filter(|id| is(id, "html"))),
        files: found.attachments().map(file).collect(),
    }
}

/// Member by member, so that a failure shows what differs.
fn compare(found: &Mail, expected: &Mail, judge: &str) {
    assert_eq!(found.subject, expected.subject, "{judge}");
    assert_eq!(found.own, expected.own, "{judge}");
    assert_eq!((&found.from, &found.to, &found.cc), (&expected.from, &expected.to, &expected.cc), "{judge}");
    assert_eq!(found.text, expected.text, "{judge}");
    assert_eq!(found.html, expected.html, "{judge}");
    assert_eq!(found.files, expected.files, "{judge}");
}

/// Lets both parsers read all mails, each composed in a charset.
fn judge(mails: &[(Mail, &str)]) {
    let messages: Vec<Vec<u8>> = mails.iter().map(|(mail, charset)| mail.composed(charset)).collect();
    for (((mail, charset), message), found) in mails.iter().zip(&messages).zip(python(&messages)) {
        let expected = normalized(mail);
        let source = String::from_utf8_lossy(message);
        compare(&found, &expected, &format!("Python, {charset}:\n{source}"));
        compare(&mail_parser(message), &expected, &format!("mail-parser, {charset}:\n{source}"));
        assert!(!source.contains("secret@example.com"));
    }
}

const CHARSETS: [&str; 7] = ["utf-8", "windows-1250", "iso-8859-2", "windows-1252", "windows-1251", "iso-8859-15", "koi8-r"];

#[test]
fn umlauts_emoji_and_central_european_letters_arrive_as_they_were() {
    let cases = [
        ("Rechnung für März", "Jürgen Müßig", "Grüße aus Österreich\nÄÖÜ äöü ß", "Rechnung März 2026.pdf"),
        ("Račun št. 4711 – žolč", "Žiga Čuš", "Šumniki: čšž ČŠŽ đ\nKonec.", "račun čšž.pdf"),
        ("Příliš žluťoučký kůň", "Łukasz Żółć", "Zażółć gęślą jaźń", "žluťoučký kůň.docx"),
        ("😀 Grüße 👩‍👩‍👧 ende", "Anna 🎉", "Emoji 😀 im Text 👍🏽", "🎉 Feier.png"),
        ("Счёт № 5", "Иван Петров", "Привет, мир\nстрока", "счёт.xlsx"),
        ("請求書のご案内", "山田 太郎", "こんにちは\n世界", "請求書.pdf"),
        ("plain", "Anna", "plain text", "plain.bin"),
        ("10 € & <b> \"quoted\" \\ back", "O'Neil \"the\" (x) <y>; z \\", "a = b; 100 %", "50 % \"off\" 'x' \\ a;b=c.pdf"),
    ];
    let mails: Vec<(Mail, &str)> = cases
        .iter()
        .flat_map(|(subject, name, text, file)| CHARSETS.map(|charset| (Mail::new(subject, name, text, file), charset)))
        .collect();
    judge(&mails);
    // Readers agree on these charsets' common letters only; their further ones differ from table to table.
    let japanese = Mail::new("請求書のご案内", "山田 太郎", "こんにちは\n世界", "請求書.pdf");
    judge(&["shift_jis", "iso-2022-jp", "euc-jp"].map(|charset| (japanese.clone(), charset)));
}

#[test]
fn long_lines_names_and_headers_arrive_whole() {
    let long = "Übergröße ".repeat(150);
    let mails: Vec<Mail> = vec![
        Mail::new("word ".repeat(100).trim_end(), "Anna", &"x".repeat(1000), &format!("{}.pdf", "a".repeat(200))),
        Mail::new(long.trim_end(), long.trim_end(), &long, &format!("{}.pdf", "ü".repeat(120))),
        Mail::new(&"y".repeat(2000), &"z".repeat(300), &format!("{}\n{}", "=".repeat(1000), "a b ".repeat(400)), &"名前".repeat(60)),
        Mail::new(&"ab ".repeat(25), "n", &"\u{a0} x \n".repeat(100), &format!("{}.pdf", "long name ".repeat(20))),
        Mail::new(" leading, double  and trailing ", "  two  spaces ", " x \n\ty\t\n \nFrom me\n.\n..\n-- \nend", " a  b .pdf"),
        Mail::new("=?utf-8?Q?not_encoded?=", "=?x?=", "=?utf-8?Q?not_encoded?=\n=20=\n", "=?utf-8?Q?x?=.pdf"),
        Mail::new("a\u{2028}b\u{feff}", "\u{200f}שלום", "a\u{85}b\u{b}c\u{1b}d", "\u{202e}fdp.exe"),
    ];
    judge(
        &mails.iter().flat_map(|mail| ["utf-8", "windows-1250", "iso-8859-2"].map(|charset| (mail.clone(), charset))).collect::<Vec<_>>(),
    );
}

#[test]
fn every_composition_of_text_html_images_and_attachments_is_understood() {
    let file = |name: &str, content_id: &str| (name.to_owned(), vec![0, 13, 10, 255, 46], content_id.to_owned());
    let whole = Mail::new("Grüße", "Anna", "Text ü", "a.pdf");
    let mut mails = Vec::new();
    for text in [None, Some("Text ü\nzwei".to_owned())] {
        for files in [vec![], vec![file("a.pdf", "")], vec![file("b.pdf", ""), file("leer.bin", ""), file("ü.pdf", "")]] {
            mails.push((Mail { text: Some(text.clone().unwrap_or_default()), html: None, files: files.clone(), ..whole.clone() }, "utf-8"));
            let html = Some("<img src=\"cid:bild\"> ü".to_owned());
            let text = Some(text.clone().unwrap_or_else(|| "ü".to_owned()));
            mails.push((Mail { text: text.clone(), html: html.clone(), files: files.clone(), ..whole.clone() }, "utf-8"));
            let images = [file("bild.png", "bild"), file("ü.gif", "zwei@x")].into_iter().chain(files).collect();
            mails.push((Mail { text, html, files: images, ..whole.clone() }, "windows-1250"));
        }
    }
    judge(&mails);
}

/// A small generator of numbers, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % sides as u64).unwrap()
    }

    fn text(&mut self, length: usize, lines: bool) -> String {
        const LETTERS: [&str; 10] = [
            "abcdefghijklmnopqrstuvwxyz",
            "        ",
            "ABC0123456789",
            "äöüßÄÖÜ",
            "čšžČŠŽđćĐĆ",
            "ąęłńśźż",
            "=?_\"\\<>@,;:()[].",
            "%'*!#&",
            "日本語",
            "😀👍€–",
        ];
        let length = self.roll(length + 1);
        let alphabet = self.roll(LETTERS.len()) + 1;
        let mut text = String::new();
        for _ in 0..length {
            if lines && self.roll(30) == 0 {
                text.push_str(["\n", "\r\n", " \n", "\n\n"][self.roll(4)]);
                continue;
            }
            let letters: Vec<char> = LETTERS[self.roll(alphabet)].chars().collect();
            text.push(letters[self.roll(letters.len())]);
        }
        text
    }

    fn word(&mut self, length: usize) -> String {
        loop {
            let text = self.text(length, false);
            if !text.trim().is_empty() {
                return text;
            }
        }
    }
}

#[test]
fn random_texts_arrive_as_they_were() {
    let mut dice = Dice(20_261_121);
    let mut mails = Vec::new();
    for _ in 0..200 {
        let mut mail = Mail::new(&dice.word(200), &dice.word(60), &dice.text(2000, true), &dice.word(90));
        mail.own = dice.word(300);
        mail.cc[0].0 = dice.word(120);
        if dice.roll(3) == 0 {
            mail.html = None;
        }
        let length = dice.roll(500);
        mail.files[0].1 = (0..length).map(|_| dice.roll(256) as u8).collect();
        mails.push((mail, CHARSETS[dice.roll(CHARSETS.len())]));
    }
    judge(&mails);
}
