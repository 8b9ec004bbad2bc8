//! Programs that compose with lettre, as its own examples do, send by an account of Postkontor after one line was changed.
//!
//! The judge is lettre itself: its transport sends the same messages to the same server.

#![allow(clippy::unwrap_used, reason = "a test ends there")]

use lettre::message::header::{self, ContentType};
use lettre::message::{Attachment, Body, Mailbox, MultiPart, SinglePart};
use lettre::{Message, SmtpTransport, Transport, address::Envelope};
use postkontor_core::lettre::Mailer;
use postkontor_core::{Receipt, Status, Verdict};
use postkontor_tests::engine;
use postkontor_tests::sandbox::{Mail, Options, Sandbox};
use serde_json::{Value, json};
use std::fmt::Debug;
use std::time::Duration;

/// The one line of the program that differs.
fn mailer(settings: &Value) -> Mailer {
    Mailer::from(engine::open(settings).unwrap()).timeout(Duration::from_secs(30))
}

fn settings(port: u16) -> Value {
    engine::smtp(port, json!({"mode": "none"}), json!({"method": "none"}))
}

fn letter() -> lettre::message::MessageBuilder {
    Message::builder().from("Die Müllerin <nobody@domain.tld>".parse().unwrap()).to("Hei <hei@domain.tld>".parse().unwrap())
}

/// A greeting in plain text, with an address for answers.
fn greeting() -> Message {
    let letter = letter().reply_to("Yuin <yuin@domain.tld>".parse().unwrap()).subject("Happy new year");
    letter.header(ContentType::TEXT_PLAIN).body("Be happy!".to_owned()).unwrap()
}

/// A page and its text, one instead of the other.
fn page() -> Message {
    let html = "<!DOCTYPE html><html><body><p style=\"font-size: 2em\">Grüße aus Ljubljana – šunka</p></body></html>".to_owned();
    let parts = MultiPart::alternative_plain_html("Grüße aus Ljubljana – šunka".to_owned(), html);
    letter().subject("Grüße von lettre").multipart(parts).unwrap()
}

/// A page with an image in it, its text, and a file beside both.
fn album() -> Message {
    let image = Body::new((0..5000_u32).map(|number| (number % 251) as u8).collect::<Vec<u8>>());
    let inline = Attachment::new_inline("image-1".to_owned()).body(image.clone(), "image/png".parse().unwrap());
    let page = MultiPart::related().singlepart(SinglePart::html("<img src=cid:image-1>".to_owned())).singlepart(inline);
    let texts = MultiPart::alternative().singlepart(SinglePart::plain(".\r\n..a line with dots\r\n".to_owned())).multipart(page);
    let file = Attachment::new("Prüfbericht.png".to_owned()).body(image, "image/png".parse().unwrap());
    letter().subject("Ein Bild").multipart(MultiPart::mixed().multipart(texts).singlepart(file)).unwrap()
}

/// A letter to several, some of them blind, with a priority of its own.
fn circular() -> Message {
    let letter = letter().to("berta@domain.tld".parse().unwrap()).cc("Carl <carl@domain.tld>".parse().unwrap());
    let letter = letter.bcc(Mailbox::new(None, "dora@domain.tld".parse().unwrap())).message_id(Some("<4711@domain.tld>".to_owned()));
    letter.subject("An alle").header(header::MIME_VERSION_1_0).body("Liebe alle,\r\n\r\nbis morgen.\r\n".to_owned()).unwrap()
}

fn letters() -> [Message; 4] {
    [greeting(), page(), album(), circular()]
}

/// The program: it knows that it has a transport, and no more.
fn post<T: Transport>(mailer: &T, letters: &[Message]) -> Vec<T::Ok>
where
    T::Error: Debug,
{
    letters.iter().map(|letter| mailer.send(letter).unwrap()).collect()
}

#[test]
fn a_program_that_composes_with_lettre_sends_the_same_bytes_by_an_account() {
    let letters = letters();
    for without in [vec![], vec!["CHUNKING".to_owned()], vec!["CHUNKING".to_owned(), "PIPELINING".to_owned(), "8BITMIME".to_owned()]] {
        let sandbox = Sandbox::start(Options { without: without.clone(), ..Options::default() }).unwrap();
        post(&SmtpTransport::builder_dangerous("localhost").port(sandbox.port).build(), &letters);
        let by_lettre = sandbox.take_mails();
        let receipts = post(&mailer(&settings(sandbox.port)), &letters);
        let by_account = sandbox.take_mails();
        assert_eq!((by_lettre.len(), by_account.len(), receipts.len()), (4, 4, 4), "{without:?}");
        for (index, letter) in letters.iter().enumerate() {
            let (theirs, ours): (&Mail, &Mail) = (&by_lettre[index], &by_account[index]);
            assert_eq!((&ours.from, &ours.recipients), (&theirs.from, &theirs.recipients));
            let mut formatted = letter.formatted();
            // A line is open at the end of a text that ends none; on the wire each is closed, by lettre, too.
            if !formatted.ends_with(b"\r\n") {
                formatted.extend_from_slice(b"\r\n");
            }
            assert_eq!(ours.text(), String::from_utf8(formatted.clone()).unwrap());
            assert_eq!(ours.data, formatted);
            assert_eq!(ours.text().trim_end(), theirs.text().trim_end());
            assert!(receipts[index].recipients.iter().all(|answer| answer.status == Verdict::Accepted));
            assert_eq!(receipts[index].size, formatted.len() as u64);
        }
        let ids: Vec<&str> = receipts.iter().map(|receipt| receipt.message_id.as_str()).collect();
        assert_eq!(ids, ["", "", "", "4711@domain.tld"]);
        // lettre's connection ends with each mail here; an account keeps its own.
        assert_eq!(sandbox.connections() - by_lettre.len(), 1, "{without:?}");
    }
}

#[test]
fn each_recipient_has_a_verdict_where_lettre_stops_at_the_first_that_is_refused() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let letter = letter().to("refused@domain.tld".parse().unwrap()).cc("carl@domain.tld".parse().unwrap()).body("x".to_owned()).unwrap();
    SmtpTransport::builder_dangerous("localhost").port(sandbox.port).build().send(&letter).unwrap_err();
    assert!(sandbox.take_mails().is_empty());
    let error = mailer(&settings(sandbox.port)).send(&letter).unwrap_err();
    assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::Partial, "/to/1"));
    let verdicts: Vec<Verdict> = Receipt::of_partial(&error).unwrap().recipients.iter().map(|answer| answer.status).collect();
    assert_eq!(verdicts, [Verdict::Accepted, Verdict::Refused, Verdict::Accepted]);
    assert_eq!(sandbox.take_mails()[0].recipients, ["hei@domain.tld", "carl@domain.tld"]);
}

#[test]
fn another_account_stands_in_for_one_that_cannot() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let mut settings = settings(sandbox.closed.port);
    settings["accounts"]["reserve"] = settings["accounts"]["main"].clone();
    settings["accounts"]["reserve"]["server"]["port"] = json!(sandbox.port);
    settings["send"] = json!({"account": "main", "fallback": ["reserve"]});
    let letter = page();
    let receipt = mailer(&settings).send(&letter).unwrap();
    assert_eq!((&*receipt.account, receipt.fallback), ("reserve", true));
    assert_eq!(receipt.reason.unwrap().status, Status::Network);
    assert_eq!(sandbox.take_mails()[0].data, letter.formatted());
}

#[test]
fn bytes_of_any_kind_go_out_with_the_envelope_that_they_are_given() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let mailer = mailer(&settings(sandbox.port));
    let envelope = Envelope::new(None, vec!["b@domain.tld".parse().unwrap()]).unwrap();
    let receipt = mailer.clone().send_raw(&envelope, b"Subject: a report\nBcc: secret@domain.tld\n\n.\nend").unwrap();
    assert_eq!((&*receipt.transport, receipt.recipients[0].reply.code), ("smtp", 250));
    let mail = sandbox.take_mails().remove(0);
    assert_eq!((mail.from.as_str(), mail.text().as_str()), ("", "Subject: a report\r\n\r\n.\r\nend\r\n"));
    assert_eq!(mailer.send_raw(&envelope, b"no message").unwrap_err().code, "message.no_message");
}
