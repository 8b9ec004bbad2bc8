//! Messages that another program made are signed and encrypted as they stand; `openssl` is the judge.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

#[path = "../../smime/tests/people/mod.rs"]
mod people;

use people::{Folder, certificate, identity, town};
use postkontor_core::message::{Composer, Held, Protection, Signature, When};
use postkontor_core::settings::Sender;
use postkontor_core::{Composed, Error};
use postkontor_smime::encrypt::Recipient;
use postkontor_smime::sign::Terms;
use std::sync::Arc;

const ALTERNATIVE: &str = "Received: by a; Mon, 30 Nov 2026 08:00:00 +0100\nMIME-Version: 1.0\nFrom: person0@example.com\nContent-Type: multipart/alternative;\n boundary=x\nTo: person1@example.com\nSubject: Rechnung\nContent-Language: de\n\n--x\nContent-Type: text/plain\n\nGuten Tag\n--x--";

/// What is signed of it: with CRLF, and with the fields about the content alone.
const CONTENT: &str = "Content-Type: multipart/alternative;\r\n boundary=x\r\nContent-Language: de\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nGuten Tag\r\n--x--\r\n";

fn held() -> Held {
    let signature = Signature { identity: identity(town(), "person0"), terms: Terms::default() };
    let recipients = ["person1", "person2", "person3"].map(|name| Recipient::new(certificate(town(), name)));
    Held { signature: Some(Arc::new(signature)), recipients: recipients.into() }
}

fn of(sign: bool, encrypt: bool, held: &Held) -> Protection<'_> {
    Protection { certificates: held, sign, encrypt: if encrypt { When::Always } else { When::Never }, to_self: true }
}

/// The message of a file, with further members of the document.
fn composed<'a>(protection: Protection<'_>, folder: &Folder, message: impl AsRef<[u8]>, members: &str) -> Result<Composed<'a>, Error> {
    let file = folder.write("ready.eml", message);
    let sender = Sender::default();
    Composer::new(&sender).unwrap().protected_by(protection).compose(&format!(r#"{{"file":{file:?}{members}}}"#), &[])
}

fn bytes(composed: &mut Composed<'_>) -> Vec<u8> {
    let (mut all, mut block) = (Vec::new(), vec![0; 777]);
    loop {
        match composed.read(&mut block).unwrap() {
            0 => break,
            count => all.extend_from_slice(&block[..count]),
        }
    }
    assert_eq!(all.len() as u64, composed.size);
    all
}

/// What it warns of, but for the certificate, which expires soon.
fn about_the_message<'c>(composed: &'c Composed<'_>) -> Vec<&'c str> {
    composed.warnings.iter().map(|warning| warning.code.as_str()).filter(|code| *code != "smime.certificate_expires").collect()
}

fn verified(folder: &Folder, message: &[u8]) -> String {
    String::from_utf8(folder.verified(message)).unwrap()
}

#[test]
fn the_content_is_signed_and_the_other_headers_stay_outside() {
    let (folder, held) = (Folder::new(), held());
    let mut signed = composed(of(true, false, &held), &folder, ALTERNATIVE, "").unwrap();
    let message = bytes(&mut signed);
    assert_eq!(verified(&folder, &message), CONTENT);
    let text = String::from_utf8(message).unwrap();
    let (head, _) = text.split_once("\r\nContent-Type: multipart/signed;").unwrap();
    let expected = "MIME-Version: 1.0\r\nFrom: person0@example.com\r\nTo: person1@example.com\r\nSubject: Rechnung";
    assert!(head.ends_with(expected) && !head.contains("Content-") && head.contains("Received: by a"), "{head}");
    assert!(about_the_message(&signed).is_empty() && !signed.eight_bit);

    let mut sealed = composed(of(false, true, &held), &folder, ALTERNATIVE, "").unwrap();
    let message = bytes(&mut sealed);
    for name in ["person0", "person1"] {
        assert_eq!(folder.decrypted(&message, name), CONTENT.as_bytes());
    }
    let mut both = composed(of(true, true, &held), &folder, ALTERNATIVE, "").unwrap();
    let inner = folder.decrypted(&bytes(&mut both), "person1");
    assert_eq!(verified(&folder, &inner), CONTENT);
    both.rewind();
    let inner = folder.decrypted(&bytes(&mut both), "person0");
    assert_eq!(verified(&folder, &inner), CONTENT);
}

#[test]
fn a_message_without_mime_becomes_one_of_plain_text() {
    let (folder, held) = (Folder::new(), held());
    let plain = "From: person0@example.com\r\nTo: person1@example.com\r\n\r\nx\r\n";
    let message = bytes(&mut composed(of(true, false, &held), &folder, plain, "").unwrap());
    assert_eq!(verified(&folder, &message), "Content-Type: text/plain\r\n\r\nx\r\n");
    assert!(String::from_utf8(message).unwrap().contains("\r\nMIME-Version: 1.0\r\n"));
    let raw = Composer::new(&Sender::default()).unwrap().protected_by(of(true, false, &held)).compose_raw(
        "bounces@example.com",
        &["person1@example.com"],
        b"From: person0@example.com\nTo: person1@example.com\nBcc: person3@example.com\n\nx".to_vec(),
    );
    let message = bytes(&mut raw.unwrap());
    assert_eq!(verified(&folder, &message), "Content-Type: text/plain\r\n\r\nx\r\n");
    assert!(!String::from_utf8(message).unwrap().contains("person3"));
}

#[test]
fn what_is_protected_already_is_so_once_unless_the_message_asks_for_more() {
    let (folder, held) = (Folder::new(), held());
    let signed = bytes(&mut composed(of(true, false, &held), &folder, ALTERNATIVE, "").unwrap());
    let sealed = bytes(&mut composed(of(false, true, &held), &folder, ALTERNATIVE, "").unwrap());
    // The settings alone.
    let again = bytes(&mut composed(of(true, false, &held), &folder, &signed, "").unwrap());
    assert_eq!(again, signed, "signed once");
    let again = bytes(&mut composed(of(true, true, &held), &folder, &sealed, "").unwrap());
    assert_eq!(again, sealed, "encrypted once");
    let around = bytes(&mut composed(of(true, true, &held), &folder, &signed, "").unwrap());
    assert_eq!(verified(&folder, &folder.decrypted(&around, "person1")), CONTENT, "what is signed is encrypted as it is");
    // The message itself.
    let twice = bytes(&mut composed(of(false, false, &held), &folder, &signed, r#","smime":{"sign":true}"#).unwrap());
    let inner = verified(&folder, &twice);
    assert!(inner.starts_with("Content-Type: multipart/signed;"));
    assert_eq!(verified(&folder, inner.as_bytes()), CONTENT);
    let twice = bytes(&mut composed(of(false, false, &held), &folder, &sealed, r#","smime":{"encrypt":"always"}"#).unwrap());
    assert_eq!(folder.decrypted(&folder.decrypted(&twice, "person1"), "person1"), CONTENT.as_bytes());
}

#[test]
fn letters_of_eight_bits_are_signed_as_they_stand_with_a_warning() {
    let (folder, held) = (Folder::new(), held());
    let text = "From: person0@example.com\r\nTo: person1@example.com\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n";
    let mut signed = composed(of(true, false, &held), &folder, text, "").unwrap();
    assert_eq!((about_the_message(&signed), signed.eight_bit), (vec!["message.smime_eight_bit"], true), "it needs 8BITMIME");
    let message = bytes(&mut signed);
    assert!(verified(&folder, &message).ends_with("\r\n\r\nGrüße\r\n"));
    let message = String::from_utf8(message).unwrap();
    assert!(message.contains("\r\nContent-Transfer-Encoding: 8bit\r\nContent-Type: multipart/signed;"), "RFC 2045, 6.4: {message}");
    let mut both = composed(of(true, true, &held), &folder, text, "").unwrap();
    assert!(about_the_message(&both).is_empty() && !both.eight_bit);
    let message = bytes(&mut both);
    assert!(message.is_ascii() && verified(&folder, &folder.decrypted(&message, "person1")).ends_with("Grüße\r\n"));
    // Letters in the headers stay outside.
    let subject = format!("Subject: Größe\r\n{text}");
    assert!(composed(of(true, true, &held), &folder, subject, "").unwrap().eight_bit);
    // A mail that goes along whole.
    let file = folder.path("ready.eml");
    let document = format!(
        r#"{{"from":"person0@example.com","to":"person1@example.com","text":"x","forward":{{"file":{file:?},"as":"attachment"}}}}"#
    );
    let sender = Sender::default();
    let mut forwarded = Composer::new(&sender).unwrap().protected_by(of(true, false, &held)).compose(&document, &[]).unwrap();
    assert_eq!((about_the_message(&forwarded), forwarded.eight_bit), (vec!["message.smime_eight_bit"], true));
    assert!(verified(&folder, &bytes(&mut forwarded)).contains("Größe"));
}

#[test]
fn whom_no_header_names_gets_a_copy() {
    let (folder, held) = (Folder::new(), held());
    let file = format!("Bcc: person2@example.com\n{ALTERNATIVE}");
    let mut message = composed(of(false, true, &held), &folder, &file, "").unwrap();
    assert_eq!((message.recipients.len(), message.copies.len()), (1, 1));
    let sealed = bytes(&mut message);
    let copy = bytes(&mut message.copies[0]);
    assert_eq!(folder.decrypted(&copy, "person2"), CONTENT.as_bytes());
    assert!(folder.run("sh", &["-c", "grep -q person2 sealed.eml"]).status.code() == Some(1), "not even his name");
    folder.write("sealed.eml", &sealed);
    let (key, pem) = (town().path("person2.key"), town().path("person2.pem"));
    let arguments =
        ["cms", "-decrypt", "-inform", "SMIME", "-in", "sealed.eml", "-inkey", key.to_str().unwrap(), "-recip", pem.to_str().unwrap()];
    assert!(!folder.run("openssl", &arguments).status.success(), "the message itself is not for him");
    // Recipients of the document.
    let members = r#","to":"person1@example.com","bcc":["person3@example.com","person2@example.com"]"#;
    assert_eq!(composed(of(false, true, &held), &folder, ALTERNATIVE, members).unwrap().copies.len(), 2);
    // Recipients of an envelope.
    let raw = Composer::new(&Sender::default()).unwrap().protected_by(of(false, true, &held)).compose_raw(
        "person0@example.com",
        &["Person1@example.com", "person3@example.com"],
        ALTERNATIVE.as_bytes().to_vec(),
    );
    let raw = raw.unwrap();
    assert_eq!(
        (raw.recipients[0].address.as_str(), raw.copies[0].recipients[0].address.as_str()),
        ("Person1@example.com", "person3@example.com")
    );
    let missing = composed(of(false, true, &held), &folder, ALTERNATIVE, r#","to":"b@example.com""#).unwrap_err();
    assert_eq!((missing.code.as_str(), missing.at[0].pointer.as_str()), ("message.smime_no_certificate", "/to"));
}
