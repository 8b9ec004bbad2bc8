//! Replies and forwards, judged by Python's email package.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is a test")]

use postkontor_core::message::{Composer, Forward, Message, Original, Quote, Reply, compose};
use postkontor_core::settings::Sender;
use postkontor_core::{Host, Opened};
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

const MAIL: &str = "From: =?utf-8?Q?M=C3=BCller=2C_Anna?= <anna@kunde.example>\r\nTo: Shop <orders@shop.example>, carl@kunde.example\r\n\
    Cc: Dora <dora@kunde.example>, ORDERS@shop.example, carl@Kunde.example\r\nSubject: AW: RE: Rechnung 4711\r\nMessage-ID: <3@kunde.example>\r\n\
    References: <1@shop.example>\r\n <2@shop.example>\r\nDate: Sat, 28 Nov 2026 09:00:00 +0100\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\u{fc}\u{df}e\r\n> \u{e4}lter\r\n\r\n--a\r\n\
    Content-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
    <html><body><p>Gr=FC=DFe <img src=3D\"cid:logo@x\"></p><script>x</script></body></html>\r\n--r\r\nContent-Type: image/png; name=logo.png\r\n\
    Content-ID: <logo@x>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n--r--\r\n--a--\r\n--m\r\nContent-Type: application/pdf; name=\"Angebot.pdf\"\r\n\
    Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0x\r\n--m--\r\n";

fn sender() -> Sender {
    Sender { address: Some("orders@shop.example".to_owned()), name: Some("Shop".to_owned()), ..Sender::default() }
}

fn written(document: &Value, parts: &[&[u8]], language: &str) -> Vec<u8> {
    let sender = sender();
    let mut composed = Composer::new(&sender).unwrap().speaking(language).compose(&document.to_string(), parts).unwrap();
    let (mut message, mut block) = (Vec::new(), vec![0; 4096]);
    loop {
        match composed.read(&mut block).unwrap() {
            0 => break,
            count => message.extend_from_slice(&block[..count]),
        }
    }
    assert_eq!(message.len() as u64, composed.size);
    assert_eq!(composed.eight_bit, !message.is_ascii());
    message
}

fn judged(message: &[u8]) -> Value {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judges/answer_judge.py");
    let mut python = Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    python.stdin.take().unwrap().write_all(message).unwrap();
    let told: Value = serde_json::from_slice(&python.wait_with_output().unwrap().stdout).unwrap();
    assert!(told["longest"].as_u64().unwrap() <= 998);
    told
}

fn answer(document: Value) -> Value {
    judged(&written(&document, &[MAIL.as_bytes()], "de-AT"))
}

#[test]
fn a_reply_goes_to_the_author_with_one_prefix_and_the_whole_chain() {
    let told = answer(json!({"reply": {"part": 0}, "text": "Danke"}));
    assert_eq!(told["subject"], "Re: Rechnung 4711");
    assert_eq!(told["to"], "\"Müller, Anna\" <anna@kunde.example>");
    assert_eq!(told["cc"], Value::Null);
    assert_eq!(told["in-reply-to"], "<3@kunde.example>");
    assert_eq!(told["references"], "<1@shop.example> <2@shop.example> <3@kunde.example>");
    assert_eq!(told["body"]["text"], "Danke\n");
}

#[test]
fn a_reply_to_all_names_each_once_and_not_oneself() {
    let told = answer(json!({"reply": {"part": 0, "all": true}, "text": "Danke"}));
    assert_eq!(told["to"], "\"Müller, Anna\" <anna@kunde.example>, carl@kunde.example");
    assert_eq!(told["cc"], "Dora <dora@kunde.example>");
    let told = answer(json!({"reply": {"part": 0, "all": true}, "to": "dora@kunde.example", "text": "Danke"}));
    assert_eq!((told["to"].as_str(), told["cc"].as_str()), (Some("dora@kunde.example, carl@kunde.example"), None));
}

#[test]
fn a_quote_is_attributed_and_marked() {
    let told = answer(json!({"reply": {"part": 0, "quote": "text"}, "text": "Danke\n"}));
    let expected = "Danke\n\nAm 28.11.2026 um 09:00 schrieb Müller, Anna:\n> Grüße\n>> älter\n";
    assert_eq!((told["body"]["type"].as_str(), told["body"]["text"].as_str()), (Some("text/plain"), Some(expected)));
    let told = answer(json!({"reply": {"part": 0, "quote": "text", "language": "sl"}, "text": ""}));
    assert!(told["body"]["text"].as_str().unwrap().starts_with("Dne 28. 11. 2026 ob 09:00 je oseba Müller, Anna napisala:\n> Grüße"));
}

#[test]
fn html_is_quoted_with_its_images_and_a_text_beside_it() {
    let told = answer(json!({"reply": {"part": 0, "quote": "html"}, "html": "<html><body><p>Danke</p></body></html>"}));
    let body = &told["body"];
    assert_eq!((body["type"].as_str(), body["parts"][0]["type"].as_str()), (Some("multipart/alternative"), Some("text/plain")));
    assert_eq!(body["parts"][0]["text"], "Danke\n\nAm 28.11.2026 um 09:00 schrieb Müller, Anna:\n> Grüße\n>> älter\n");
    let related = &body["parts"][1];
    let html = related["parts"][0]["text"].as_str().unwrap();
    assert!(html.contains("<p>Danke</p>") && html.contains("<blockquote") && html.contains("Grüße <img src=\"cid:logo@x\">"), "{html}");
    assert!(html.ends_with("</body></html>\n") || html.ends_with("</body></html>"), "{html}");
    assert!(!html.contains("<script"), "{html}");
    assert_eq!((related["parts"][1]["id"].as_str(), related["parts"].as_array().unwrap().len()), (Some("<logo@x>"), 2));
    assert_eq!(related["parts"][1]["text"], "\u{89}PNG");
}

#[test]
fn a_forward_in_the_text_keeps_files_and_images() {
    let told = answer(json!({"forward": {"part": 0}, "to": "berta@shop.example", "text": "Bitte"}));
    assert_eq!((told["subject"].as_str(), told["in-reply-to"].as_str()), (Some("Fwd: AW: RE: Rechnung 4711"), None));
    assert_eq!(told["references"], "<1@shop.example> <2@shop.example> <3@kunde.example>");
    let (texts, file) = (&told["body"]["parts"][0], &told["body"]["parts"][1]);
    assert_eq!((file["name"].as_str(), file["text"].as_str()), (Some("Angebot.pdf"), Some("%PDF-1")));
    let text = "Bitte\n\n---------- Weitergeleitete Nachricht ----------\nVon: Müller, Anna <anna@kunde.example>\nDatum: 28.11.2026, 09:00\n\
        Betreff: AW: RE: Rechnung 4711\nAn: Shop <orders@shop.example>, carl@kunde.example\nKopie: Dora <dora@kunde.example>, ORDERS@shop.example, \
        carl@Kunde.example\n\nGrüße\n> älter\n";
    assert_eq!(texts["parts"][0]["text"], text);
    assert!(texts["parts"][1]["parts"][0]["text"].as_str().unwrap().contains("cid:logo@x"));
    assert_eq!(texts["parts"][1]["parts"][1]["id"], "<logo@x>");
}

#[test]
fn a_forward_as_attachment_is_the_mail_byte_by_byte() {
    let folder = std::env::temp_dir().join(format!("postkontor-answers-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("mail.eml");
    // From a file with other line ends, and without a last one.
    std::fs::write(&file, MAIL.trim_end().replace("\r\n", "\n")).unwrap();
    for original in [json!({"part": 0, "as": "attachment"}), json!({"file": file, "as": "attachment"})] {
        let message = written(&json!({"forward": original, "to": "b@shop.example", "text": "x"}), &[MAIL.as_bytes()], "en");
        let begin = message.windows(MAIL.len() - 2).any(|window| window == &MAIL.as_bytes()[..MAIL.len() - 2]);
        assert!(begin, "the mail is not in it");
        let told = judged(&message);
        let whole = &told["body"]["parts"][1];
        assert_eq!((whole["type"].as_str(), whole["subject"].as_str()), (Some("message/rfc822"), Some("AW: RE: Rechnung 4711")));
        assert_eq!(whole["name"], "AW_ RE_ Rechnung 4711.eml");
        assert_eq!(told["content-transfer-encoding"], "8bit");
    }
    // What no server takes as it is goes as a file.
    let long = format!("Subject: long\r\n\r\n{}\r\n", "x".repeat(2000));
    let told = judged(&written(&json!({"forward": {"part": 0, "as": "attachment"}, "to": "b@shop.example"}), &[long.as_bytes()], "en"));
    let whole = &told["body"]["parts"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((whole["type"].as_str(), whole["name"].as_str()), (Some("application/octet-stream"), Some("long.eml")));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn an_answer_to_a_program_is_built_with_a_warning() {
    let mail = MAIL.replace("MIME-Version", "Auto-Submitted: auto-replied\r\nMIME-Version");
    let host = Host::open(&json!({"language": "sl"}).to_string(), Box::new(())).unwrap();
    let document = json!({"reply": {"part": 0, "quote": "text"}, "text": "Hvala"}).to_string();
    let mut message = Vec::new();
    let built = host.build(&sender(), &document, &[mail.as_bytes()], &mut |block| {
        message.extend_from_slice(block);
        Ok(())
    });
    let built = built.unwrap();
    assert_eq!((built.warnings[0].at[0].pointer.as_str(), built.warnings[0].code.as_str()), ("/reply", "message.reply_to_automatic"));
    assert!(built.warnings[0].message.contains("program (reply)"), "{}", built.warnings[0].message);
    assert!(Opened::new(message).content().text.contains("ob 09:00 je oseba"));
}

#[test]
fn what_is_wrong_with_an_original_is_named() {
    let problem = |document: Value| {
        let error = compose(&document.to_string(), &sender(), &[MAIL.as_bytes()]).unwrap_err();
        (error.at[0].pointer.clone(), error.at[0].code.clone())
    };
    let pair = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    for (document, expected) in [
        (json!({"reply": {}}), pair("/reply", "message.original_source")),
        (json!({"reply": {"part": 0, "file": "x"}}), pair("/reply", "message.original_source")),
        (json!({"reply": {"part": 7}}), pair("/reply/part", "message.attachment_part_missing")),
        (json!({"reply": {"part": "x"}}), pair("/reply/part", "message.expected_index")),
        (json!({"reply": {"file": "/nowhere/x.eml"}}), pair("/reply/file", "message.file_missing")),
        (json!({"reply": {"part": 0, "quote": "all"}}), pair("/reply/quote", "message.quote_unknown")),
        (json!({"reply": {"part": 0, "al": true}}), pair("/reply/al", "message.member_unknown")),
        (json!({"reply": "x"}), pair("/reply", "message.expected_object")),
        (json!({"forward": {"part": 0, "as": "zip"}}), pair("/forward/as", "message.forward_unknown")),
        (json!({"forward": {"part": 0}}), pair("/to", "message.no_recipient")),
        (json!({"forward": {"part": 0}, "reply": {"part": 0}}), pair("/forward", "message.reply_and_forward")),
        (json!({"forward": {"part": 0}, "file": "x"}), pair("/forward", "message.member_not_with_file")),
    ] {
        assert_eq!(problem(document.clone()), expected, "{document}");
    }
    let error = compose(&json!({"reply": {"part": 0}}).to_string(), &sender(), &[b"Subject: x\r\n\r\nx"]).unwrap_err();
    assert_eq!((error.at[0].pointer.as_str(), error.at[0].code.as_str()), ("/reply", "message.reply_without_recipient"));
}

#[test]
fn a_rust_program_answers_what_it_has_opened() {
    let opened = Opened::new(MAIL.as_bytes().to_vec());
    let raw = opened.bytes(None).unwrap();
    let reply = Reply { original: Original::Bytes(&raw), all: false, quote: Quote::Text, language: None };
    let sender = sender();
    let composer = Composer::new(&sender).unwrap();
    let composed = composer.compose_message(&Message { reply: Some(reply), text: Some("Thanks"), ..Message::default() }).unwrap();
    assert_eq!(composed.recipients[0].address, "anna@kunde.example");
    let forward = Forward { original: Original::Bytes(&raw), as_attachment: true, language: None };
    let message = Message { forward: Some(forward), to: vec!["b@shop.example".into()], ..Message::default() };
    assert!(composer.compose_message(&message).unwrap().eight_bit);
}

#[test]
fn mail_of_ones_own_is_answered_to_those_who_got_it() {
    let mail =
        b"From: orders@shop.example\r\nTo: anna@kunde.example\r\nReferences: <bad id> <1@x>\r\nMessage-ID: <2@x>\r\nSubject: x\r\n\r\nx";
    let told = judged(&written(&json!({"reply": {"part": 0}, "text": "x"}), &[mail], "en"));
    assert_eq!(told["to"], "anna@kunde.example");
    let alone = b"From: orders@shop.example\r\nTo: orders@shop.example\r\nSubject: x\r\n\r\nx";
    assert_eq!(judged(&written(&json!({"reply": {"part": 0}, "text": "x"}), &[alone], "en"))["to"], "orders@shop.example");
}
