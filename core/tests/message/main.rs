//! What the composer makes of documents: envelope, headers, structure, and what it refuses.

#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests are not tests to Clippy

mod calendar;
mod growth;
mod ready;

use postkontor_core::message::{Composed, Composer, compose};
use postkontor_core::settings::{Html, Sender, Unencodable};
use postkontor_plugin::{Error, Notify, Status};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn read(composed: &mut Composed<'_>) -> Result<String, Error> {
    let mut message = Vec::new();
    let mut block = [0; 4096];
    loop {
        let count = composed.read(&mut block)?;
        if count == 0 {
            assert_eq!(message.len() as u64, composed.size, "the size that was promised");
            return Ok(String::from_utf8(message).unwrap());
        }
        message.extend_from_slice(&block[..count]);
    }
}

fn sent(document: Value, sender: &Sender) -> String {
    read(&mut compose(&document.to_string(), sender, &[b"part 0"]).unwrap()).unwrap()
}

fn simple(members: Value) -> Value {
    let mut document = json!({"from": "Anna <anna@example.com>", "to": "berta@example.com", "subject": "Hi", "text": "Hello"});
    document.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    document
}

/// The problems as pairs of pointer and code.
fn problems(document: Value) -> Vec<(String, String)> {
    let error = compose(&document.to_string(), &Sender::default(), &[b"part 0"]).unwrap_err();
    error.at.iter().map(|at| (at.pointer.clone(), at.code.clone())).collect()
}

fn problem(document: Value) -> (String, String) {
    let mut problems = problems(document);
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.remove(0)
}

fn pair(pointer: &str, code: &str) -> (String, String) {
    (pointer.to_owned(), code.to_owned())
}

fn header<'m>(message: &'m str, name: &str) -> Option<&'m str> {
    let head = message.split("\r\n\r\n").next().unwrap();
    head.split("\r\n").find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn count(message: &str, piece: &str) -> usize {
    message.matches(piece).count()
}

/// A folder of its own for each test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("postkontor-message-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str, content: &[u8]) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let removed = std::fs::remove_dir_all(&self.0);
        // A second panic would end the whole test program, and hide the first.
        assert!(removed.is_ok() || std::thread::panicking(), "{removed:?}");
    }
}

#[test]
fn the_envelope_holds_each_recipient_once_with_the_place_that_names_it() {
    let document = json!({
        "from": "anna@example.com",
        "to": ["a@example.com", "B <b@EXAMPLE.com>; c@example.com"],
        "cc": {"name": "B again", "address": "b@example.com"},
        "bcc": "d@müller.example, a@example.com",
        "text": "",
    });
    let sender = Sender { bcc_to_sender: true, ..Sender::default() };
    let mut composed = compose(&document.to_string(), &sender, &[]).unwrap();
    let recipients: Vec<(&str, &str)> =
        composed.recipients.iter().map(|recipient| (recipient.address.as_str(), recipient.pointer.as_str())).collect();
    assert_eq!(
        recipients,
        [
            ("a@example.com", "/to/0"),
            ("b@EXAMPLE.com", "/to/1"),
            ("c@example.com", "/to/1"),
            ("d@xn--mller-kva.example", "/bcc"),
            ("anna@example.com", "/sender/bcc_to_sender"),
        ]
    );
    assert_eq!(composed.from, "anna@example.com");
    let message = read(&mut composed).unwrap();
    assert!(!message.contains("mller") && !message.to_lowercase().contains("bcc"), "{message}");
}

#[test]
fn the_copy_to_the_sender_is_not_a_second_one() {
    let sender = Sender { bcc_to_sender: true, ..Sender::default() };
    let composed = compose(&simple(json!({"cc": "ANNA@example.com, anna@EXAMPLE.com"})).to_string(), &sender, &[]).unwrap();
    let addresses: Vec<&str> = composed.recipients.iter().map(|recipient| recipient.address.as_str()).collect();
    assert_eq!(addresses, ["berta@example.com", "ANNA@example.com", "anna@EXAMPLE.com"]);
}

#[test]
fn the_settings_name_the_sender_where_the_message_does_not() {
    let sender = Sender {
        address: Some("erp@example.com".to_owned()),
        name: Some("Müller & Söhne".to_owned()),
        reply_to: Some("office@example.com".to_owned()),
        ..Sender::default()
    };
    let message = sent(json!({"to": "b@example.com", "text": "x"}), &sender);
    assert_eq!(header(&message, "From"), Some("=?utf-8?Q?M=C3=BCller_=26_S=C3=B6hne?= <erp@example.com>"));
    assert_eq!(header(&message, "Reply-To"), Some("office@example.com"));
    let message = sent(simple(json!({"reply_to": "me@example.com"})), &sender);
    assert_eq!(header(&message, "From"), Some("Anna <anna@example.com>"));
    assert_eq!(header(&message, "Reply-To"), Some("me@example.com"));
}

#[test]
fn who_submits_for_another_gets_the_bounces() {
    let document = simple(json!({"sender": "Secretary <s@example.com>"})).to_string();
    let mut composed = compose(&document, &Sender::default(), &[]).unwrap();
    assert_eq!(composed.from, "s@example.com");
    let message = read(&mut composed).unwrap();
    assert_eq!(header(&message, "Sender"), Some("Secretary <s@example.com>"));
    assert_eq!(header(&sent(simple(json!({"sender": "anna@example.com"})), &Sender::default()), "Sender"), None);
}

#[test]
fn all_other_headers_are_as_the_message_wants_them() {
    let document = simple(json!({
        "date": "2026-11-21T20:08:11+01:00",
        "message_id": "<4711@example.com>",
        "in_reply_to": "<a@example.com>",
        "references": ["<x@example.com>", "y@example.com <z@example.com>"],
        "priority": "high",
        "receipt": {"read": true, "delivery": ["failure", "success"]},
        "headers": {"X-Order": "4711", "List-Unsubscribe": "<https://example.com/u>"},
    }));
    let mut composed = compose(&document.to_string(), &Sender::default(), &[]).unwrap();
    assert_eq!(composed.dsn.as_ref().unwrap().notify, [Notify::Failure, Notify::Success]);
    assert_eq!(composed.message_id, "4711@example.com");
    let message = read(&mut composed).unwrap();
    assert_eq!(
        message,
        "Date: Sat, 21 Nov 2026 20:08:11 +0100\r\nFrom: Anna <anna@example.com>\r\nTo: berta@example.com\r\nSubject: Hi\r\n\
         Message-ID: <4711@example.com>\r\nIn-Reply-To: <a@example.com>\r\nReferences: <x@example.com> <y@example.com> <z@example.com>\r\n\
         X-Priority: 1\r\nImportance: high\r\nDisposition-Notification-To: Anna <anna@example.com>\r\nX-Order: 4711\r\n\
         List-Unsubscribe: <https://example.com/u>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: 7bit\r\n\r\nHello\r\n"
    );
}

#[test]
fn every_message_gets_an_identifier_of_its_own_in_the_sender_s_domain() {
    let compose = || compose(&simple(json!({})).to_string(), &Sender::default(), &[]).unwrap().message_id;
    let (first, second) = (compose(), compose());
    assert_ne!(first, second);
    assert!(first.ends_with("@example.com"), "{first}");
}

#[test]
fn hidden_recipients_alone_leave_a_valid_to_header() {
    let message = sent(json!({"from": "a@example.com", "bcc": "b@example.com", "text": ""}), &Sender::default());
    assert_eq!(header(&message, "To"), Some("undisclosed-recipients:;"));
}

#[test]
fn an_international_local_part_asks_for_smtputf8_and_an_international_domain_does_not() {
    let utf8 = |to: &str| compose(&simple(json!({"to": to})).to_string(), &Sender::default(), &[]).unwrap().utf8;
    assert!(utf8("jürgen@example.com"));
    assert!(!utf8("info@müller.example"));
}

#[test]
fn line_breaks_and_control_characters_are_refused_wherever_they_stand() {
    for hostile in ["a\r\nBcc: x@example.com", "a\nb", "a\rb", "a\0b", "a\u{1b}[2Jb"] {
        let code = if hostile.contains(['\r', '\n']) { "message.line_break" } else { "message.control_character" };
        let address = format!("{hostile}@example.com");
        for (document, pointer) in [
            (json!({"subject": hostile}), "/subject"),
            (json!({"from": address}), "/from"),
            (json!({"from": {"name": hostile, "address": "a@example.com"}}), "/from/name"),
            (json!({"sender": address}), "/sender"),
            (json!({"reply_to": [address]}), "/reply_to/0"),
            (json!({"to": ["a@example.com", address]}), "/to/1"),
            (json!({"to": format!("a@example.com> {hostile}")}), "/to"),
            (json!({"cc": [{"address": address}]}), "/cc/0/address"),
            (json!({"bcc": format!("{hostile} <a@example.com>")}), "/bcc"),
            (json!({"headers": {"X-Own": hostile}}), "/headers/X-Own"),
            (json!({"message_id": address}), "/message_id"),
            (json!({"in_reply_to": address}), "/in_reply_to"),
            (json!({"references": [address]}), "/references/0"),
            (json!({"date": hostile}), "/date"),
            (json!({"attachments": [{"part": 0, "name": hostile}]}), "/attachments/0/name"),
            (json!({"attachments": [{"part": 0, "type": hostile}]}), "/attachments/0/type"),
            (json!({"attachments": [{"part": 0, "inline": hostile}]}), "/attachments/0/inline"),
            (json!({"attachments": [{"file": hostile}]}), "/attachments/0/file"),
        ] {
            assert!(problems(simple(document.clone())).contains(&pair(pointer, code)), "{document}");
        }
        let name = format!("X{hostile}");
        assert_eq!(problem(simple(json!({"headers": {name.clone(): "v"}}))), pair(&format!("/headers/{name}"), code));
    }
    assert_eq!(problem(simple(json!({"text": "a\0b"}))), pair("/text", "message.control_character"));
    assert_eq!(problem(simple(json!({"html": "a\0b"}))), pair("/html", "message.control_character"));
}

#[test]
fn everything_that_is_wrong_is_found_at_once() {
    let document = json!({
        "from": ["a@example.com", "b@example.com"],
        "to": ["a@example.com", "nobody", 7],
        "subjekt": "x",
        "text": 5,
        "priority": "urgent",
        "date": "yesterday",
        "message_id": "4711",
        "receipt": {"read": 1, "delivery": ["never"], "x": 1},
        "attachments": [{"part": 7}, {"name": "x"}, {"file": "/does/not/exist"}, {"part": 0, "file": "x"}, {"part": -1}, 5],
        "headers": {"Content-Type": "x", "subject": "y", "a b": "z", "X-A": 1, "Received": "x"},
    });
    let error = compose(&document.to_string(), &Sender::default(), &[]).unwrap_err();
    assert_eq!((error.status, error.code.as_str(), error.args["count"].as_u64()), (Status::Argument, "message.invalid", Some(22)));
    let mut found: Vec<(&str, &str)> = error.at.iter().map(|at| (at.pointer.as_str(), at.code.as_str())).collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("/attachments/0/part", "message.attachment_part_missing"),
            ("/attachments/1", "message.attachment_source"),
            ("/attachments/2/file", "message.file_missing"),
            ("/attachments/3", "message.attachment_source"),
            ("/attachments/4/part", "message.expected_index"),
            ("/attachments/5", "message.expected_object"),
            ("/date", "message.date_invalid"),
            ("/from", "message.from_several"),
            ("/headers/Content-Type", "message.header_reserved"),
            ("/headers/Received", "message.header_reserved"),
            ("/headers/X-A", "message.expected_text"),
            ("/headers/a b", "message.header_name_invalid"),
            ("/headers/subject", "message.header_has_member"),
            ("/message_id", "message.message_id_invalid"),
            ("/priority", "message.priority_unknown"),
            ("/receipt/delivery/0", "message.occasion_unknown"),
            ("/receipt/read", "message.expected_boolean"),
            ("/receipt/x", "message.member_unknown"),
            ("/subjekt", "message.member_unknown"),
            ("/text", "message.expected_text"),
            ("/to/1", "message.address_invalid"),
            ("/to/2", "message.expected_address"),
        ]
    );
}

#[test]
fn a_single_problem_is_the_error_itself() {
    let error = compose(&simple(json!({"to": ["a@example.com", "b@"]})).to_string(), &Sender::default(), &[]).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Argument, "message.domain_invalid"));
    assert_eq!((error.args["address"].as_str(), error.at[0].pointer.as_str()), (Some("b@"), "/to/1"));
}

#[test]
fn what_is_no_document_is_refused_with_its_place() {
    let error = compose("{\n\"to\": ", &Sender::default(), &[]).unwrap_err();
    assert_eq!((error.status, error.code.as_str(), error.args["line"].as_u64()), (Status::Argument, "message.json_invalid", Some(2)));
    assert_eq!(problem(json!([])), pair("", "message.expected_object"));
    let twice = r#"{"from":"a@example.com","to":"a@example.com","to":"b@example.com"}"#;
    assert_eq!(compose(twice, &Sender::default(), &[]).unwrap_err().code, "message.member_twice");
    assert_eq!(problem(simple(json!({"a/b~c": 1}))), pair("/a~1b~0c", "message.member_unknown"));
    for (slip, meant) in [("subjekt", "subject"), ("attachment", "attachments"), ("colour", "")] {
        let error = compose(&json!({"to": "b@x.de", slip: "x"}).to_string(), &Sender::default(), &[]).unwrap_err();
        let hint = &error.args["hint"];
        assert_eq!(hint["args"]["suggestion"].as_str().or(hint.as_str()), Some(meant));
    }
}

#[test]
fn a_message_needs_an_author_and_a_recipient() {
    assert_eq!(problems(json!({"text": "x"})), [pair("/from", "message.no_from")]);
    assert_eq!(problem(json!({"from": "a@example.com", "to": [], "cc": "", "bcc": null})), pair("/to", "message.no_recipient"));
}

#[test]
fn charsets_fall_back_to_utf_8_or_refuse_with_the_place() {
    let document = simple(json!({"subject": "Račun 😀", "text": "Račun", "html": "<p>😀", "attachments": [{"part": 0, "name": "😀.pdf"}]}));
    let sender = Sender { charset: "windows-1250".to_owned(), ..Sender::default() };
    let message = sent(document.clone(), &sender);
    assert!(message.contains("Content-Type: text/plain; charset=windows-1250"), "{message}");
    assert!(message.contains("Content-Type: text/html; charset=utf-8"));
    assert!(message.contains("Subject: =?utf-8?Q?Ra=C4=8Dun"));
    assert!(!message.contains("&#") && !message.contains("=3F"));

    let sender = Sender { unencodable: Unencodable::Refuse, ..sender };
    let mut document = document;
    document["to"] = json!(["a@example.com", "Žiga 🎉 <b@example.com>"]);
    let error = compose(&document.to_string(), &sender, &[b""]).unwrap_err();
    let pointers: Vec<&str> = error.at.iter().map(|at| at.pointer.as_str()).collect();
    assert_eq!(pointers, ["/to/1", "/subject", "/html", "/attachments/0/name"]);
    assert!(error.at.iter().all(|at| at.code == "message.unencodable" && at.args["charset"] == "windows-1250"));
}

#[test]
fn settings_that_cannot_be_are_a_settings_error() {
    let wrong = |sender: Sender| {
        let error = compose(&simple(json!({})).to_string(), &sender, &[]).unwrap_err();
        assert_eq!(error.status, Status::Settings);
        (error.at[0].pointer.clone(), error.code.clone())
    };
    let html = |template: Option<&str>, logo: Option<&str>| {
        let html = Html { enabled: true, template: template.map(str::to_owned), logo: logo.map(str::to_owned) };
        Sender { html: Some(html), ..Sender::default() }
    };
    let folder = Folder::new("settings");
    let empty = folder.file("empty.html", b"<p></p>");
    let latin = folder.file("latin.html", b"\xfc{{content}}");
    for (sender, pointer, code) in [
        (Sender { charset: "utf-9".to_owned(), ..Sender::default() }, "/sender/charset", "sender.charset_unknown"),
        (Sender { address: Some("anna".to_owned()), ..Sender::default() }, "/sender/address", "sender.address_invalid"),
        (Sender { address: Some("a\r\n@b.c".to_owned()), ..Sender::default() }, "/sender/address", "sender.address_invalid"),
        (Sender { reply_to: Some("@".to_owned()), ..Sender::default() }, "/sender/reply_to", "sender.address_invalid"),
        (Sender { name: Some("a\r\nb".to_owned()), ..Sender::default() }, "/sender/name", "sender.name_invalid"),
        (html(Some("/does/not/exist"), None), "/sender/html/template", "sender.template_unreadable"),
        (html(Some(&latin), None), "/sender/html/template", "sender.template_unreadable"),
        (html(Some(&empty), None), "/sender/html/template", "sender.template_without_content"),
        (html(None, Some("/does/not/exist")), "/sender/html/logo", "sender.logo_unreadable"),
    ] {
        assert_eq!(wrong(sender), pair(pointer, code));
    }
}

#[test]
fn html_alone_gets_a_text_beside_it() {
    let message =
        sent(json!({"from": "a@example.com", "to": "b@example.com", "html": "<p>Gr&uuml;&szlig;e an alle</p>"}), &Sender::default());
    assert_eq!(count(&message, "multipart/alternative"), 1);
    assert!(message.contains("Gr=C3=BC=C3=9Fe") && message.contains("<p>Gr&uuml;&szlig;e an alle</p>"), "{message}");
}

#[test]
fn with_the_html_switch_on_every_mail_has_the_company_s_look() {
    let folder = Folder::new("switch-on");
    let html = Html {
        enabled: true,
        template: Some(folder.file("look.html", b"<html><body>{{logo}}[{{content}}]</body></html>")),
        logo: Some(folder.file("logo.png", b"\x89PNG")),
    };
    let sender = Sender { html: Some(html), ..Sender::default() };
    let message = sent(simple(json!({"text": "1 < 2\nhttps://example.com"})), &sender);
    assert!(message.contains("1 < 2\r\nhttps://example.com\r\n"), "{message}");
    let page = message.replace("=\r\n", "").replace("=3D", "=");
    assert!(page.contains("[1 &lt; 2<br>\r\n<a href=\"https://example.com\">https://example.com</a>]"), "{page}");
    let content_id = message.split("Content-ID: <").nth(1).unwrap().split('>').next().unwrap();
    assert!(page.contains(&format!("<img src=\"cid:{content_id}\"")), "{page}");
    assert!(message.contains("Content-Type: image/png;\r\n name=\"logo.png\"\r\nContent-Disposition: inline"));
    let both = sent(simple(json!({"html": "<html><body><i>x</i></body></html>"})), &sender);
    assert!(both.contains("[<i>x</i>]") && both.contains("\r\n\r\nHello\r\n"), "{both}");
}

#[test]
fn with_the_html_switch_off_only_text_goes_out_and_images_become_attachments() {
    let sender = Sender { html: Some(Html::default()), ..Sender::default() };
    let message = sent(simple(json!({"html": "<p>x</p>"})), &sender);
    assert!(!message.contains("html") && !message.contains("multipart") && message.contains("Hello"), "{message}");
    let document = json!({"from": "a@example.com", "to": "b@example.com", "html": "<b>fett</b> <img src=cid:i>",
        "attachments": [{"part": 0, "name": "i.png", "inline": "i"}]});
    let message = sent(document, &sender);
    assert!(
        message.contains("\r\n\r\nfett\r\n") && message.contains("Content-Disposition: attachment;\r\n filename=\"i.png\""),
        "{message}"
    );
}

#[test]
fn attachments_from_files_and_parts_stream_the_same_bytes_whatever_the_buffer() {
    let folder = Folder::new("streams");
    let content: Vec<u8> = (0..200_003_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let file = folder.file("Angebot.pdf", &content);
    let document = simple(json!({"attachments": [{"file": file}, {"part": 0, "name": "b.bin"}, {"part": 1, "name": "empty"}]})).to_string();
    let mut composed = compose(&document, &Sender::default(), &[&content, b""]).unwrap();
    let whole = read(&mut composed).unwrap();
    assert_eq!(count(&whole, "name=\"Angebot.pdf\""), 2);
    assert!(whole.contains("Content-Type: application/pdf"));
    for size in [1, 2, 77, 78, 79, 1000, 65_536, 1 << 20] {
        composed.rewind();
        let mut message = Vec::with_capacity(whole.len());
        let mut block = vec![0; size];
        loop {
            let count = composed.read(&mut block).unwrap();
            message.extend_from_slice(&block[..count]);
            if count < size {
                break;
            }
        }
        assert!(message == whole.as_bytes(), "blocks of {size}");
        assert_eq!(composed.read(&mut block).unwrap(), 0);
    }
}

#[test]
fn a_file_that_changes_while_it_is_sent_never_makes_a_complete_message() {
    let folder = Folder::new("changes");
    let file = folder.file("a.bin", &[7; 300_000]);
    let document = simple(json!({"attachments": [{"file": &file}]})).to_string();
    let changes: [fn(&str); 4] = [
        |file| std::fs::write(file, [7; 100_000]).unwrap(),
        |file| std::fs::write(file, [7; 300_001]).unwrap(),
        |file| std::fs::remove_file(file).unwrap(),
        |file| std::fs::File::open(file).unwrap().set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap(),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        for early in [true, false] {
            folder.file("a.bin", &[7; 300_000]);
            let mut composed = compose(&document, &Sender::default(), &[]).unwrap();
            let mut block = [0; 1000];
            if !early {
                // The file is open by now; that it is gone from its folder does not matter any more.
                (0..10).for_each(|_| assert_eq!(composed.read(&mut block).unwrap(), 1000));
            }
            change(&file);
            let result = read_rest(&mut composed);
            if index == 2 && !early {
                assert!(result.is_ok());
                continue;
            }
            let error = result.unwrap_err();
            assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::Local, "/attachments/0/file"), "change {index}");
            assert!(["message.file_changed", "message.file_unreadable"].contains(&error.code.as_str()));
            assert!(composed.read(&mut block).is_err(), "an error stays one");
        }
    }
}

fn read_rest(composed: &mut Composed<'_>) -> Result<(), Error> {
    let mut block = [0; 1000];
    while composed.read(&mut block)? > 0 {}
    Ok(())
}

#[test]
fn files_that_are_none_are_refused_before_anything_is_sent() {
    let folder = Folder::new("missing");
    let path = folder.path().to_str().unwrap();
    let document = simple(json!({"attachments": [{"file": path}, {"file": format!("{path}/x")}]}));
    let error = compose(&document.to_string(), &Sender::default(), &[]).unwrap_err();
    assert_eq!(error.status, Status::Local);
    let codes: Vec<&str> = error.at.iter().map(|at| at.code.as_str()).collect();
    assert_eq!(codes, ["message.file_not_regular", "message.file_missing"]);
}

#[test]
fn messages_inside_messages_and_many_recipients_are_no_trap() {
    let message = sent(simple(json!({"attachments": [{"part": 0, "name": "old.eml", "type": "message/rfc822"}]})), &Sender::default());
    assert!(message.contains("Content-Type: application/octet-stream;\r\n name=\"old.eml\""), "{message}");
    let to: Vec<String> = (0..20_000).map(|index| format!("r{index}@example.com")).collect();
    let composed = compose(&simple(json!({"to": to})).to_string(), &Sender::default(), &[]).unwrap();
    assert_eq!((composed.recipients.len(), composed.recipients[19_999].pointer.as_str()), (20_000, "/to/19999"));
}
