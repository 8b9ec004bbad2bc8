//! Messages that are signed and encrypted are read by `openssl`, and their size is what was announced.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

#[path = "../../smime/tests/people/mod.rs"]
mod people;

use people::{Folder, certificate, identity, town};
use postkontor_core::message::{Composer, Held, Protection, Signature, When};
use postkontor_core::settings::Sender;
use postkontor_core::{Composed, Error};
use postkontor_smime::Capability;
use postkontor_smime::encrypt::Recipient;
use postkontor_smime::sign::Terms;
use std::path::Path;
use std::sync::Arc;

/// A sender, and those whose certificates the sender has.
fn held(signer: &str, names: &[&str], capabilities: Option<Vec<Capability>>) -> Held {
    let recipient = |name: &&str| Recipient { capabilities: capabilities.clone(), ..Recipient::new(certificate(town(), name)) };
    let signature = Signature { identity: identity(town(), signer), terms: Terms::default() };
    Held { signature: Some(Arc::new(signature)), recipients: names.iter().map(recipient).collect() }
}

fn signing(certificates: &Held) -> Protection<'_> {
    Protection { certificates, sign: true, encrypt: When::Never, to_self: true }
}

fn encrypting(certificates: &Held) -> Protection<'_> {
    Protection { certificates, sign: false, encrypt: When::Always, to_self: true }
}

fn document(file: &Path) -> String {
    format!(
        r#"{{"from":"person0@example.com","to":["person2@example.com"],"cc":["Person1@Example.com"],"subject":"Rechnung","text":"Grüße\r\nFrom hier.\r\n","html":"<p>Grüße","attachments":[{{"name":"a.bin","file":{file:?}}}]}}"#
    )
}

fn composed<'a>(protection: Protection<'_>, document: &str) -> Result<Composed<'a>, Error> {
    let sender = Sender::default();
    Composer::new(&sender).unwrap().protected_by(protection).compose(document, &[])
}

/// All bytes, in reads of this size.
fn bytes(composed: &mut Composed<'_>, step: usize) -> Vec<u8> {
    let (mut all, mut block) = (Vec::new(), vec![0; step]);
    loop {
        match composed.read(&mut block).unwrap() {
            0 => return all,
            count => all.extend_from_slice(&block[..count]),
        }
    }
}

/// An attachment of more than one block, with all bytes.
fn attachment(folder: &Folder) -> std::path::PathBuf {
    folder.write("a.bin", (0..200_001u32).map(|number| (number * 7 / 3) as u8).collect::<Vec<u8>>())
}

fn has_content(content: &[u8]) -> bool {
    let text = String::from_utf8_lossy(content);
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    head.contains("Content-Type: multipart/mixed;") && text.contains("name=\"a.bin\"") && text.len() > 270_000
}

#[test]
fn a_signed_message_is_verified() {
    let folder = Folder::new();
    let document = document(&attachment(&folder));
    for name in ["person0", "person1", "person2", "person3"] {
        let mut composed = composed(signing(&held(name, &[], None)), &document).unwrap();
        let message = bytes(&mut composed, 100_000);
        assert_eq!(message.len() as u64, composed.size);
        let content = folder.verified(&message);
        assert!(has_content(&content), "{name}");
        let (head, _) = std::str::from_utf8(&content).unwrap().split_once("\r\n\r\n").unwrap();
        assert!(head.contains("\r\nContent-Type: multipart/mixed; hp=\"clear\";\r\n boundary="), "{head}");
        let outside: Vec<&str> = std::str::from_utf8(&message).unwrap().split("\r\nMIME-Version").next().unwrap().lines().collect();
        assert!(
            outside.len() >= 5 && head.lines().take(outside.len()).eq(outside),
            "the signature covers the fields as they stand outside: {head}"
        );
        composed.rewind();
        assert_eq!(bytes(&mut composed, 7), message, "the signature is the same each time");
    }
}

#[test]
fn an_encrypted_message_is_read_by_each_recipient_and_the_sender() {
    let folder = Folder::new();
    let document = document(&attachment(&folder));
    for (capabilities, kind) in [(None, "smime-type=enveloped-data"), (Some(Capability::own()), "smime-type=authEnveloped-data")] {
        let held = held("person0", &["person1", "person2"], capabilities);
        let mut composed = composed(encrypting(&held), &document).unwrap();
        let message = bytes(&mut composed, 100_000);
        assert_eq!(message.len() as u64, composed.size);
        let text = String::from_utf8(message.clone()).unwrap();
        assert!(text.contains(kind) && text.contains("Subject: Rechnung\r\n") && !text.contains("a.bin"), "{text:.900}");
        assert!(text.lines().all(|line| line.len() <= 76), "lines of base64");
        for name in ["person0", "person1", "person2"] {
            assert!(has_content(&folder.decrypted(&message, name)), "{name}");
        }
        composed.rewind();
        let again = bytes(&mut composed, 61);
        assert_eq!(again.len(), message.len());
        assert_ne!(again, message, "each time has a key of its own");
        assert!(has_content(&folder.decrypted(&again, "person2")));
    }
}

#[test]
fn a_message_is_signed_first_and_then_encrypted() {
    let folder = Folder::new();
    let held = held("person0", &["person1", "person2"], None);
    let protection = Protection { sign: true, ..encrypting(&held) };
    let mut composed = composed(protection, &document(&attachment(&folder))).unwrap();
    let message = bytes(&mut composed, 4096);
    assert_eq!(message.len() as u64, composed.size);
    let inner = folder.decrypted(&message, "person1");
    assert!(inner.starts_with(b"Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";"));
    assert!(has_content(&folder.verified(&inner)));
}

#[test]
fn whom_nothing_can_be_encrypted_for_is_pointed_at() {
    let folder = Folder::new();
    let file = attachment(&folder);
    let held = held("person0", &["person2", "person3"], None);
    let protection = encrypting(&held);
    let error = composed(protection, &document(&file)).unwrap_err();
    let places: Vec<_> = error.at.iter().map(|at| (at.pointer.as_str(), at.code.as_str())).collect();
    assert_eq!(places, [("/cc/0", "message.smime_no_certificate")]);
}

#[test]
fn a_file_that_changes_after_it_was_signed_stops_the_message() {
    let folder = Folder::new();
    let file = attachment(&folder);
    let held = held("person0", &["person1", "person2"], None);
    for protection in [signing(&held), encrypting(&held)] {
        let mut composed = composed(protection, &document(&file)).unwrap();
        std::fs::write(&file, "other").unwrap();
        let mut block = vec![0; 1000];
        let error = loop {
            match composed.read(&mut block) {
                Ok(0) => panic!("the message came to its end"),
                Ok(_) => (),
                Err(error) => break error,
            }
        };
        assert_eq!(error.code, "message.file_changed");
        attachment(&folder);
    }
}

#[test]
fn whose_certificate_is_missing_is_named_where_the_message_may_go_out_without() {
    let folder = Folder::new();
    let held = held("person0", &["person2"], None);
    let protection = Protection { encrypt: When::IfPossible, ..encrypting(&held) };
    let document = document(&attachment(&folder));
    let mut plain = composed(protection, &document).unwrap();
    let warnings: Vec<_> = plain.warnings.iter().map(|warning| (warning.code.as_str(), warning.args["addresses"].clone())).collect();
    assert_eq!(warnings, [("message.smime_not_encrypted", "Person1@Example.com".into())]);
    assert_eq!(plain.warnings[0].at[0].pointer, "/cc/0");
    assert!(String::from_utf8_lossy(&bytes(&mut plain, 9000)).contains("\r\nContent-Type: multipart/mixed;"));
}

#[test]
fn a_certificate_that_readers_would_not_take_does_not_sign() {
    let folder = people::authority();
    people::certify(&folder, "opens", people::RSA_2048, "keyUsage=keyEncipherment\nextendedKeyUsage=emailProtection\n");
    let signature = |name: &str| Signature { identity: identity(&folder, name), terms: Terms::default() };
    let held = |signature: Signature| Held { signature: Some(Arc::new(signature)), recipients: Vec::new() };
    let document = r#"{"from":"opens@example.com","to":["b@example.com"],"text":"x"}"#;
    let error = composed(signing(&held(signature("opens"))), document).unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.at[0].pointer.as_str()),
        ("smime.certificate_not_for_signing", "/sender/smime/sign/certificate")
    );
    let nothing = Held::default();
    let error = composed(signing(&nothing), document).unwrap_err();
    assert_eq!((error.code.as_str(), error.at[0].pointer.as_str()), ("message.smime_no_signer", "/smime/sign"));
}

#[test]
fn what_a_message_wishes_counts_before_the_settings() {
    let folder = Folder::new();
    let held = held("person0", &["person2"], None);
    let file = town().path("person1.pem");
    let part = certificate(town(), "person1").der().to_vec();
    let text = |document: &str, protection: Option<Protection<'_>>| {
        let sender = Sender::default();
        let composer = Composer::new(&sender).unwrap();
        let composer = protection.into_iter().fold(composer, Composer::protected_by);
        let parts: [&[u8]; 1] = [&part];
        let mut composed = composer.compose(document, &parts)?;
        Ok::<_, Error>(String::from_utf8(bytes(&mut composed, 9000)).unwrap())
    };
    let document = |smime: &str| format!(r#"{{"from":"person0@example.com","to":"person1@example.com","text":"x","smime":{smime}}}"#);
    let given = format!(r#"[{{"file":{file:?}}}]"#);
    let both = Protection { sign: true, ..encrypting(&held) };
    for (smime, protection, expected) in [
        (r#"{"sign":false,"encrypt":"never"}"#.to_owned(), Some(both), "Content-Type: text/plain"),
        (r#"{"encrypt":"never"}"#.to_owned(), Some(both), "Content-Type: multipart/signed"),
        (format!(r#"{{"sign":false,"certificates":{given}}}"#), Some(both), "Content-Type: application/pkcs7-mime"),
        (r#"{"encrypt":"always","certificates":[{"part":0}]}"#.to_owned(), None, "Content-Type: application/pkcs7-mime"),
        (r#"{"encrypt":null,"sign":null}"#.to_owned(), None, "Content-Type: text/plain"),
    ] {
        let text = text(&document(&smime), protection).unwrap();
        assert!(text.contains(&format!("\r\n{expected}")), "{smime}: {text}");
    }
    folder.write("none.pem", "nothing");
    let unread = folder.path("none.pem");
    for (smime, pointer, code) in [
        (r#"{"sign":true}"#.to_owned(), "/smime/sign", "message.smime_no_signer"),
        (r#"{"encrypt":"always"}"#.to_owned(), "/to", "message.smime_no_certificate"),
        (r#"{"encrypt":"sometimes"}"#.to_owned(), "/smime/encrypt", "message.smime_when_unknown"),
        (r#"{"sign":"yes"}"#.to_owned(), "/smime/sign", "message.expected_boolean"),
        (r#"{"certificates":{}}"#.to_owned(), "/smime/certificates", "message.expected_list"),
        (r#"{"certificates":[{}]}"#.to_owned(), "/smime/certificates/0", "message.attachment_source"),
        (r#"{"encrypt":"always","certificates":[{"part":1}]}"#.to_owned(), "/smime/certificates/0/part", "message.attachment_part_missing"),
        (
            format!(r#"{{"encrypt":"always","certificates":[{{"part":0}},{{"file":{unread:?}}}]}}"#),
            "/smime/certificates/1/file",
            "smime.file_damaged",
        ),
        (r#"{"encrypt":"always","certificates":[{"file":"/no/such.pem"}]}"#.to_owned(), "/smime/certificates/0/file", "smime.file_missing"),
        (r#"{"seal":true}"#.to_owned(), "/smime/seal", "message.member_unknown"),
    ] {
        let error = text(&document(&smime), None).unwrap_err();
        assert_eq!((error.at[0].pointer.as_str(), error.at[0].code.as_str()), (pointer, code), "{smime}");
    }
}

/// RFC 9788: who knows nothing of header fields within a signature sees the message that was always there.
#[test]
fn a_program_that_does_not_know_signed_header_fields_shows_the_same_message() {
    const SHOW: &str = "
import email, email.policy, sys
for name in ('plain.eml', 'signed.eml'):
    with open(name, 'rb') as file:
        mail = email.message_from_binary_file(file, policy=email.policy.default)
    body = mail.get_body(('plain',)) if name == 'plain.eml' else mail.get_payload(0).get_body(('plain',))
    files = [part.get_filename() for part in mail.walk() if part.get_filename() not in (None, 'smime.p7s')]
    print([str(mail[field]) for field in ('From', 'To', 'Cc', 'Subject')], mail['MIME-Version'], body.get_content(), files)
";
    let folder = Folder::new();
    let document = document(&attachment(&folder));
    let held = held("person0", &[], None);
    folder.write("plain.eml", bytes(&mut composed(Protection { sign: false, ..signing(&held) }, &document).unwrap(), 9000));
    folder.write("signed.eml", bytes(&mut composed(signing(&held), &document).unwrap(), 9000));
    let output = folder.run("python3", &["-c", SHOW]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let shown = String::from_utf8(output.stdout).unwrap();
    let (plain, signed) = shown.split_at(shown.len() / 2);
    assert!(plain == signed && plain.contains("'Rechnung'") && plain.contains("a.bin"), "{shown}");
}
