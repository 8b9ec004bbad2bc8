//! Servers and messages that want to exhaust the fetching client: each ends within the deadline and 200 MB, measured in a process of its own.

use crate::impostor::{Outcome, endless, holding, imap, pop3, run, server};
use crate::setup::{Setup, ask, patience};
use postkontor_tests::folder::Folder;
use serde_json::json;
use std::fmt::Write as _;
use std::io::{Result, Write};
use std::net::TcpStream;

const MOST: u64 = 200 * 1024;

/// What the fetch may take. A program that hangs would take the whole time of the test.
const SECONDS: u32 = 180;

/// The deadline of a fetch that has to end with one of these errors: a short one, unless another error must come before it, however busy the machine is.
fn deadline(codes: &[&str]) -> u32 {
    if codes.contains(&"call.timeout") { 5 } else { SECONDS }
}

fn within_bounds(name: &str, outcome: &Outcome) {
    println!("{name}: {:.1} s, {} MB, {}", outcome.took.as_secs_f32(), outcome.peak / 1024, outcome.code());
    assert!(outcome.peak < MOST, "{name}: {} KiB", outcome.peak);
    assert!(outcome.took.as_secs() < u64::from(SECONDS), "{name}: {:?}", outcome.took);
}

/// A server that greets with this over and over is left with one of these errors.
fn greets(transport: &str, text: &'static str, codes: &[&str]) {
    let port = postkontor_tests::scripted::Scripted::start(move |mut stream| endless(&mut stream, text)).unwrap().port;
    let Some(outcome) = run(transport, port, deadline(codes), &["receive"]) else { return };
    within_bounds(&format!("{transport} greets {text:?}"), &outcome);
    assert!(codes.contains(&outcome.code()), "{}", outcome.answer);
}

/// A server that answers the commands that contain `of` with `start` and then `text` over and over is left with one of these errors.
fn answers(transport: &'static str, of: &'static str, start: &'static str, text: &'static str, codes: &[&str]) {
    let is_list = of == "LIST" && transport == "imap";
    let decent = if transport == "pop3" { pop3 } else { imap };
    let attack = move |command: &str, stream: &mut TcpStream| -> Result<()> {
        if !command.contains(of) {
            return decent(command, 1 << 20, stream);
        }
        let tag = command.split(' ').next().unwrap_or_default();
        stream.write_all(start.replace("TAG", tag).as_bytes())?;
        if text.is_empty() { Ok(()) } else { endless(stream, text) }
    };
    let port = server(if transport == "pop3" { "+OK ready\r\n" } else { "* OK ready\r\n" }, attack);
    let arguments: &[&str] = match of {
        "LIST" if is_list => &["list"],
        "TOP" | "BODY.PEEK[HEADER]" => &["receive", "--max-bytes", "1000"],
        _ => &["receive"],
    };
    let Some(outcome) = run(transport, port, deadline(codes), arguments) else { return };
    within_bounds(&format!("{transport} {of}: {:?} {text:?}", &start[..start.len().min(60)]), &outcome);
    assert!(codes.contains(&outcome.code()), "{transport} {of} {text:?}: {}", outcome.answer);
    if codes.contains(&"receive.size_exceeded") {
        assert_eq!((&outcome.answer["transport"], &outcome.answer["session"]), (&json!(transport), &json!("closed")), "{}", outcome.answer);
    }
}

/// A message is fetched by both protocols, saved whole, and told of under its subject.
fn message(name: &str, raw: Vec<u8>) {
    message_under("harm", name, raw);
}

fn message_under(subject: &str, name: &str, raw: Vec<u8>) {
    let size = raw.len() as u64;
    for (transport, port) in holding(raw) {
        let Some(outcome) = run(transport, port, SECONDS, &["receive"]) else { return };
        within_bounds(&format!("{transport} {name} of {:.1} MB", size as f64 / 1e6), &outcome);
        assert_eq!(outcome.code(), "", "{}", outcome.answer);
        assert!(std::fs::metadata(outcome.folder.file("in/0001.eml")).unwrap().len() >= size, "{transport} {name}");
        assert_eq!(outcome.summary()["subject"], subject, "{transport} {name}");
    }
}

const TOO_LONG: &[&str] = &["protocol.line_too_long", "protocol.reply_too_long"];

#[test]
fn a_greeting_without_end() {
    greets("pop3", "+OK ready ", &["protocol.line_too_long"]);
    greets("imap", "* OK ready ", &["protocol.line_too_long"]);
    greets("pop3", "+OK ready\r\n", &["protocol.early_reply"]);
    // Each line is one that a server may say unasked; a fast machine comes to the limit of their number before the deadline.
    greets("imap", "* OK ready\r\n", &["call.timeout", "protocol.reply_too_long"]);
}

#[test]
fn a_line_without_end() {
    for of in ["USER", "PASS", "CAPA", "LIST", "UIDL"] {
        answers("pop3", of, "+OK ", "x", TOO_LONG);
    }
    for of in ["LIST", "UIDL"] {
        answers("pop3", of, "+OK\r\n1 ", "1", TOO_LONG);
    }
    for (of, start) in [("CAPABILITY", "* "), ("LOGIN", ""), ("SELECT", "* OK "), ("UID FETCH", "* 1 FETCH (UID 5 FLAGS (")] {
        answers("imap", of, start, "x", TOO_LONG);
    }
    answers("imap", "SEARCH", "* SEARCH", " 7", TOO_LONG);
    answers("imap", "LIST", "* LIST () \"/\" ", "x", TOO_LONG);
}

#[test]
fn a_list_without_end() {
    answers("pop3", "CAPA", "+OK\r\n", "X-CAPABILITY\r\n", TOO_LONG);
    answers("pop3", "LIST", "+OK\r\n", "1 5\r\n", TOO_LONG);
    answers(
        "pop3",
        "LIST",
        "+OK\r\n",
        "1 5 and eighty more letters of which nobody knows what they mean at the end of a line\r\n",
        TOO_LONG,
    );
    answers("pop3", "UIDL", "+OK\r\n", "1 1234567890123456789012345678901234567890123456789012345678901234567890\r\n", TOO_LONG);
    let timeout = ["call.timeout", "protocol.reply_too_long"];
    answers("imap", "CAPABILITY", "", "* CAPABILITY IMAP4rev1\r\n", &timeout);
    answers("imap", "LOGIN", "", "* OK still here\r\n", &timeout);
    answers("imap", "SELECT", "", "* 1 EXISTS\r\n", &timeout);
    answers("imap", "SEARCH", "", "* SEARCH 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20\r\n", &timeout);
    answers("imap", "SEARCH", "* ESEARCH UID ALL 1:4294967295\r\nTAG OK\r\n", "", TOO_LONG);
    answers("imap", "UID FETCH", "", "* 1 FETCH (UID 5 FLAGS (\\Seen) RFC822.SIZE 5)\r\n", &timeout);
    answers("imap", "UID FETCH", "", "* 1 FETCH (UID 5 FLAGS (\\Seen))\r\n", &timeout);
    answers("imap", "BODY", "", "* 1 FETCH (UID 6 BODY[] {3}\r\nabc)\r\n", &timeout);
}

#[test]
fn millions_of_folders() {
    answers("imap", "LIST", "", "* LIST (\\HasNoChildren) \"/\" \"Eingang/Rechnungen\"\r\n", &["call.timeout", "protocol.reply_too_long"]);
    answers("imap", "LIST", "", "* LIST () \"/\" x\r\n", &["call.timeout", "protocol.reply_too_long"]);
}

#[test]
fn millions_of_messages() {
    const COUNT: u32 = 1_000_000;
    // As many as a mailbox may have, under the longest names, of which the caller wants a few.
    let port = server("+OK ready\r\n", |command, stream| match command.split(' ').next().unwrap_or_default() {
        verb @ ("LIST" | "UIDL") => {
            let mut list = String::from("+OK\r\n");
            for number in 1..=COUNT {
                let _ = if verb == "LIST" { write!(list, "{number} 1000\r\n") } else { write!(list, "{number} {number:x>70}\r\n") };
            }
            stream.write_all(list.as_bytes())?;
            stream.write_all(b".\r\n")
        }
        "RETR" => stream.write_all(b"+OK\r\nSubject: harm\r\n\r\n.\r\n"),
        _ => pop3(command, 5, stream),
    });
    let Some(outcome) = run("pop3", port, SECONDS, &["receive", "--max", "3"]) else { return };
    within_bounds("pop3: a million messages", &outcome);
    assert_eq!(outcome.answer["messages"].as_array().map(Vec::len), Some(3), "{}", outcome.answer);
    let port = server("* OK ready\r\n", |command, stream| {
        let tag = command.split(' ').next().unwrap_or_default();
        if command.contains("UID SEARCH") {
            // Every other number, so that nothing can be told in ranges.
            for block in 0..20 {
                let uids: String = (1..=COUNT / 20).map(|number| format!(" {}", 2 * (block * COUNT / 20 + number))).collect();
                write!(stream, "* SEARCH{uids}\r\n")?;
            }
            return write!(stream, "{tag} OK done\r\n");
        }
        if command.contains("UID FETCH") {
            for uid in [2, 4, 6] {
                write!(stream, "* {uid} FETCH (UID {uid} FLAGS () RFC822.SIZE 15 BODY[] {{15}}\r\nSubject: harm\r\n)\r\n")?;
            }
            return write!(stream, "{tag} OK done\r\n");
        }
        imap(command, 15, stream)
    });
    let Some(outcome) = run("imap", port, SECONDS, &["receive", "--max", "3"]) else { return };
    within_bounds("imap: a million messages", &outcome);
    assert_eq!(outcome.answer["messages"].as_array().map(Vec::len), Some(3), "{}", outcome.answer);
}

#[test]
fn huge_literals() {
    for of in ["CAPABILITY", "SELECT", "SEARCH", "LIST"] {
        answers("imap", of, "* OK {4294967296}\r\n", "x", TOO_LONG);
        answers("imap", of, "* OK {4000000}\r\n", "x", TOO_LONG);
        answers("imap", of, "", "* LIST () \"/\" {3000000}\r\n", TOO_LONG);
    }
    answers("imap", "UID FETCH", "* 1 FETCH (UID 5 FLAGS {999999999}\r\n", "x", TOO_LONG);
    answers("imap", "UID FETCH", "* 1 FETCH (UID 5 ENVELOPE (", "{0}\r\n", TOO_LONG);
    answers("imap", "BODY", "* 1 FETCH (UID 5 BODY[TEXT] {999999999999}\r\n", "x", TOO_LONG);
    answers(
        "imap",
        "BODY.PEEK[HEADER]",
        "* 1 FETCH (UID 5 BODY[HEADER] {999999999999}\r\n",
        "X: y\r\n",
        &["receive.size_exceeded", "protocol.reply_too_long"],
    );
}

#[test]
fn a_hundred_thousand_parentheses() {
    let deep: &'static str = format!("* 1 FETCH (UID 5 BODYSTRUCTURE {}{})\r\n", "(".repeat(100_000), ")".repeat(100_000)).leak();
    let envelope: &'static str = format!("* 1 FETCH (UID 5 ENVELOPE {}\r\n", "((".repeat(50_000)).leak();
    let unasked: &'static str = format!("* X {}\r\n", "(".repeat(100_000)).leak();
    for of in ["CAPABILITY", "SELECT", "SEARCH", "UID FETCH", "BODY", "LIST"] {
        for text in [deep, envelope, unasked] {
            answers("imap", of, text, "", &["imap.response_too_deep"]);
        }
    }
}

#[test]
fn a_message_without_end() {
    answers("pop3", "RETR", "+OK\r\n", "line\r\n", &["receive.size_exceeded"]);
    answers("pop3", "TOP", "+OK\r\n", "X: y\r\n", &["receive.size_exceeded", "protocol.reply_too_long"]);
    answers("imap", "BODY", "* 1 FETCH (UID 5 BODY[] {999999999999}\r\n", "line\r\n", &["receive.size_exceeded"]);
    // What the literal tells is kept, however much it is.
    let described = "* 1 FETCH (UID 5 FLAGS () INTERNALDATE \"20-Nov-2026 10:00:00 +0000\" BODY[] {999999999999}\r\n";
    answers("imap", "BODY", described, "line\r\n", &["call.timeout"]);
}

#[test]
fn headers_without_end() {
    message("a million headers", [b"Subject: harm\r\n".to_vec(), b"X: y\r\n".repeat(1_000_000), b"\r\nx".to_vec()].concat());
    message("eight million headers", [b"Subject: harm\r\n".to_vec(), b"X:\r\n".repeat(8_000_000 - 10), b"\r\nx".to_vec()].concat());
    message("a header of 50 MB", [&b"Subject: harm\r\nX: "[..], &b"y".repeat(50 << 20), b"\r\n\r\nx"].concat());
    message("a header of 30 MB", [&b"Subject: harm\r\nX: "[..], &b"y".repeat(30 << 20), b"\r\n\r\nx"].concat());
    // Of header fields with more than a megabyte none is read.
    message_under(
        "",
        "a subject of encoded words",
        [&b"Subject: harm"[..], &b" =?utf-8?Q?=C3=A4?=".repeat(100_000), b"\r\n\r\nx"].concat(),
    );
    message("addresses", [&b"Subject: harm\r\nTo: a@b"[..], &b",a@b".repeat(7_000_000), b"\r\n\r\nx"].concat());
    message("comments", [&b"Subject: harm\r\nTo: "[..], &b"(".repeat(1_000_000), b"\r\n\r\nx"].concat());
    message("groups", [&b"Subject: harm\r\nTo: "[..], &b"a:b@c;".repeat(1_000_000), b"\r\n\r\nx"].concat());
    message("references", [&b"Subject: harm\r\nReferences:"[..], &b" <a>".repeat(7_000_000), b"\r\n\r\nx"].concat());
    message("parameters", [&b"Subject: harm\r\nContent-Type: a/b"[..], &b";a=b".repeat(7_000_000), b"\r\n\r\nx"].concat());
    message("continuations", [&b"Subject: harm\r\nContent-Type: a/b"[..], &b";n*1*=b".repeat(1_000_000), b"\r\n\r\nx"].concat());
}

#[test]
fn a_hundred_thousand_parts() {
    const COUNT: usize = 100_000;
    let nested: String = (0..COUNT).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n")).collect();
    message("nested multiparts", format!("Subject: harm\r\n{nested}").into_bytes());
    let same = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n".repeat(COUNT);
    message("nested multiparts of one boundary", format!("Subject: harm\r\n{same}").into_bytes());
    let mixed = "Subject: harm\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
    message("parts", format!("{mixed}{}--b--\r\n", "--b\r\n\r\nx\r\n".repeat(COUNT)).into_bytes());
    let named = "--b\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nx\r\n";
    message("parts of one name", format!("{mixed}{}--b--\r\n", named.repeat(9_000)).into_bytes());
    message("millions of parts", format!("{mixed}{}--b--\r\n", "--b\n\n".repeat(5_000_000)).into_bytes());
    let messages = "Content-Type: message/rfc822\r\n\r\n".repeat(COUNT);
    message("nested messages", format!("Subject: harm\r\n{messages}Subject: deep\r\n\r\nx").into_bytes());
    let attached = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n".repeat(COUNT);
    message("attached messages", format!("Subject: harm\r\n{attached}Subject: deep\r\n\r\nx").into_bytes());
    message(
        "boundaries",
        format!("Subject: harm\r\nContent-Type: multipart/mixed; boundary={}\r\n\r\n{}", "b".repeat(500_000), "--".repeat(1_000_000))
            .into_bytes(),
    );
}

#[test]
fn a_text_that_grows_when_it_is_read() {
    message("control characters", [&b"Subject: harm\r\n\r\n"[..], &b"\x01".repeat(31 << 20)].concat());
    message("a text", [&b"Subject: harm\r\n\r\n"[..], &b"a line of a text\r\n".repeat((31 << 20) / 18)].concat());
    let koi8 = b"Subject: harm\r\nContent-Type: text/plain; charset=windows-1252\r\n\r\n";
    message("letters that need three bytes", [&koi8[..], &b"\x80".repeat(31 << 20)].concat());
}

#[test]
fn a_wrapping_that_lies() {
    let attribute = |id: u32, length: u32, data: &[u8]| {
        let sum = data.iter().fold(0u16, |sum, byte| sum.wrapping_add((*byte).into()));
        [&[2][..], &id.to_le_bytes(), &length.to_le_bytes(), data, &sum.to_le_bytes()].concat()
    };
    let whole = |id, data: &[u8]| attribute(id, u32::try_from(data.len()).unwrap(), data);
    let count = 0xffff_ffff_u32.to_le_bytes();
    for (name, attributes) in [
        ("lengths", attribute(0x0006_800f, u32::MAX, b"x")),
        ("values", whole(0x0006_9005, &[&count[..], &[0x1f, 0x10, 7, 0x37], &count, &[0; 4000]].concat())),
        ("properties", whole(0x0006_9005, &[&count[..], &[3, 0, 7, 0x37, 1, 0, 0, 0].repeat(100_000)].concat())),
        ("names", whole(0x0001_8010, &b"n".repeat(5_000_000))),
        ("files", [whole(0x0006_9002, &[0; 14]), whole(0x0001_8010, b"a\0"), whole(0x0006_800f, b"x")].concat().repeat(100_000)),
    ] {
        let bytes = [&[0x78, 0x9f, 0x3e, 0x22, 1, 0][..], &whole(0x0006_9002, &[0; 14]), &attributes].concat();
        let mut raw =
            b"Subject: harm\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: binary\r\n\r\n".to_vec();
        // Bare line ends are kept as they are, but none may look like the end of the message.
        raw.extend(bytes.iter().map(|byte| if *byte == b'\n' { 0 } else { *byte }));
        message(&format!("a winmail.dat with wrong {name}"), raw);
    }
}

#[test]
fn a_stack_of_256_kilobytes_is_enough_for_a_call() {
    let nested: String = (0..9_000).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n")).collect();
    let messages = "Content-Type: message/rfc822\n\n".repeat(9_000);
    let all = [nested, messages].map(|harm| format!("Subject: harm\n{harm}\nx\n").into_bytes());
    for transport in ["pop3", "imap"] {
        let Some(setup) = Setup::with(&all) else { return };
        let folder = Folder::new().unwrap();
        let request = json!({"save_to": folder.file("in"), "action": "delete"}).to_string();
        let taken = std::thread::scope(|scope| {
            let small = std::thread::Builder::new().stack_size(256 * 1024);
            let call = || ask(setup.account(transport).receive(&request, None, &patience()));
            small.spawn_scoped(scope, call).unwrap().join().unwrap()
        });
        assert_eq!(taken["messages"].as_array().map(Vec::len), Some(all.len()), "{transport}");
    }
}
