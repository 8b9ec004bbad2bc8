//! An account opens what it fetches with the keys of its settings, and keeps the certificates of those who sign.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

#[path = "../../smime/tests/people/mod.rs"]
mod people;
#[allow(dead_code, reason = "the transport is all that is wanted")]
#[path = "typed/pigeonhole.rs"]
mod pigeonhole;

use people::{FOR_MAIL, Folder, PASSWORD, RSA_2048, certificate, certify, identity, town};
use pigeonhole::pigeonhole;
use postkontor_core::message::{Composer, Held, Protection, Signature, When};
use postkontor_core::settings::Sender;
use postkontor_core::{Account, Action, Callbacks, Cancel, Config, Host, Received, Secret};
use postkontor_smime::Capability;
use postkontor_smime::encrypt::Recipient;
use postkontor_smime::sign::Terms;
use serde_json::{Value, json};
use std::sync::Arc;

/// A program that keeps one secret.
struct Program;

impl Callbacks for Program {
    fn secret_get(&self, name: &str) -> Option<Secret> {
        (name == "smime").then(|| Secret::new(PASSWORD))
    }
}

fn path(name: &str) -> String {
    town().path(name).display().to_string()
}

/// A message, signed and encrypted where there is somebody to do so.
fn message(signer: Option<&str>, recipient: Option<&str>) -> Vec<u8> {
    let sender = Sender::default();
    let terms = Terms { capabilities: Capability::own(), ..Terms::default() };
    let signature = signer.map(|name| Arc::new(Signature { identity: identity(town(), name), terms }));
    let recipients = recipient.iter().map(|name| Recipient::new(certificate(town(), name))).collect();
    let encrypt = if recipient.is_some() { When::Always } else { When::Never };
    let held = Held { signature, recipients };
    let protection = Protection { certificates: &held, sign: signer.is_some(), encrypt, to_self: false };
    let from = signer.unwrap_or("person0");
    let to = recipient.unwrap_or("person2");
    let document =
        json!({"from": format!("{from}@example.com"), "to": [format!("{to}@example.com")], "subject": "Rechnung", "text": "hier",
        "attachments": [{"name": "a.txt", "part": 0}]})
        .to_string();
    let attached: [&[u8]; 1] = [b"attached\n"];
    let mut composed = Composer::new(&sender).unwrap().protected_by(protection).compose(&document, &attached).unwrap();
    let (mut all, mut block) = (Vec::new(), vec![0; 10_000]);
    loop {
        match composed.read(&mut block).unwrap() {
            0 => return all,
            count => all.extend_from_slice(&block[..count]),
        }
    }
}

/// Delivers messages and fetches them with these settings; the result, and the summaries.
fn fetched(messages: &[Vec<u8>], receive: &Value, request: &Value) -> (Received, Vec<Value>) {
    let folder = Folder::new();
    let host = Host::open_with(&Config::default(), Box::new(Program), &[pigeonhole()]).unwrap();
    let settings = json!({"accounts": {"main": {"transport": "pigeonhole"}}, "receive": receive}).to_string();
    let mut account = Account::open(&host, &settings, None).unwrap();
    let cancel = Cancel::new(None);
    for message in messages {
        let file = folder.write("ready.eml", message);
        account.send_document(&json!({ "file": file }).to_string(), &[], &cancel).unwrap();
    }
    let mut summaries = Vec::new();
    let mut take = |fetched: postkontor_core::Fetched<'_>| {
        let summary: Value = serde_json::from_str(fetched.summary).unwrap();
        if let Some(part) = summary["parts"].as_array().and_then(|parts| parts.first()) {
            let bytes = fetched.message.part(0).unwrap();
            assert_eq!(part["size"].as_u64(), Some(bytes.len() as u64));
        }
        assert_eq!(summary["size"].as_u64(), Some(fetched.message.bytes(None).unwrap().len() as u64));
        summaries.push(summary);
        Action::Keep
    };
    let request = request.to_string();
    let received = account.receive(request.as_str(), Some(&mut take), &cancel).unwrap();
    drop(account);
    (received, summaries)
}

fn keys(name: &str, password: Value) -> Value {
    json!({"smime": {"keys": [{"certificate": path(name), "password": password}], "ca_file": path("ca.pem")}})
}

#[test]
fn what_an_account_fetches_is_opened_with_the_keys_of_the_settings() {
    let messages = [message(Some("person0"), Some("person2")), message(Some("person0"), None), message(None, None)];
    for password in [json!(PASSWORD), json!({"secret": "smime"})] {
        let (received, summaries) = fetched(&messages, &keys("person2.p12", password), &json!({}));
        assert_eq!(received.warnings, []);
        let [both, signed, plain] = &summaries[..] else { panic!("{summaries:?}") };
        assert_eq!((&both["smime"]["signed"]["status"], &both["smime"]["encrypted"]["status"]), (&json!("good"), &json!("opened")));
        assert_eq!(
            (&both["text"], &both["parts"][0]["file_name"], &both["security"]),
            (&json!("hier"), &json!("a.txt"), &json!("encrypted"))
        );
        assert_eq!((&signed["smime"]["signed"]["status"], signed["smime"].get("encrypted")), (&json!("good"), None));
        assert_eq!(plain.get("smime"), None);
    }
    // Without the group, all stays as it was.
    let (_, summaries) = fetched(&messages, &json!({}), &json!({}));
    assert!(summaries.iter().all(|summary| summary.get("smime").is_none()));
    // What only lists its structure opens nothing.
    let (_, summaries) = fetched(&messages, &keys("person2.p12", json!(PASSWORD)), &json!({"summary": "none"}));
    assert!(summaries.iter().all(|summary| summary.get("smime").is_none()));
}

#[test]
fn a_key_file_that_cannot_be_used_is_a_warning_with_its_place() {
    let messages = [message(Some("person0"), Some("person2"))];
    for (name, password, code, pointer) in [
        ("nowhere.p12", json!(PASSWORD), "smime.file_missing", "/receive/smime/keys/0/certificate"),
        ("person2.p12", json!("falsch"), "smime.password_wrong", "/receive/smime/keys/0/password"),
        ("person2.p12", json!({"secret": "unknown"}), "secret.not_found", "/receive/smime/keys/0/password"),
        ("person2.pem", json!(PASSWORD), "smime.no_key", "/receive/smime/keys/0/certificate"),
    ] {
        let (received, summaries) = fetched(&messages, &keys(name, password), &json!({}));
        let [warning] = &received.warnings[..] else { panic!("{name}: {:?}", received.warnings) };
        assert_eq!((warning.code.as_str(), warning.at[0].pointer.as_str()), (code, pointer));
        assert!(!warning.message.is_empty() && !format!("{warning:?}").contains(PASSWORD), "{warning:?}");
        assert_eq!(received.messages.len(), 1);
        assert_eq!(
            (&summaries[0]["smime"]["encrypted"]["status"], &summaries[0]["smime"]["encrypted"]["code"]),
            (&json!("closed"), &json!("smime.other_recipients"))
        );
    }
}

#[test]
fn parts_of_the_content_are_saved_and_the_message_as_it_came() {
    let folder = Folder::new();
    let raw = message(Some("person0"), Some("person2"));
    let to = folder.path("saved");
    fetched(&[raw], &keys("person2.p12", json!(PASSWORD)), &json!({ "save_to": to }));
    assert_eq!(folder.read("saved/0001/a.txt"), b"attached\n");
    let saved = String::from_utf8(folder.read("saved/0001.eml")).unwrap();
    assert!(saved.contains("smime.p7m") && !saved.contains("attached"), "{saved}");
    let summary: Value = serde_json::from_slice(&folder.read("saved/0001.json")).unwrap();
    assert_eq!((&summary["text"], &summary["parts"][0]["file"]), (&json!("hier"), &json!("0001/a.txt")));
}

#[test]
fn certificates_of_those_who_signed_well_are_kept_for_answers() {
    let folder = Folder::new();
    let to = folder.path("certificates");
    let receive = json!({"smime": {"ca_file": path("ca.pem"), "collect": to}});
    let listed = || {
        let mut names: Vec<String> =
            std::fs::read_dir(&to).into_iter().flatten().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    // Changed, and not signed at all.
    let changed = String::from_utf8(message(Some("person0"), None)).unwrap().replace("hier", "dort").into_bytes();
    fetched(&[changed, message(None, None)], &receive, &json!({}));
    assert_eq!(listed(), Vec::<String>::new());
    fetched(&[message(Some("person0"), None), message(Some("person0"), None)], &receive, &json!({}));
    let fingerprint = certificate(town(), "person0").fingerprint_text();
    let name = format!("person0@example.com-{}.pem", &fingerprint[..8]);
    assert_eq!(listed(), std::slice::from_ref(&name));
    let kept = folder.read(&format!("certificates/{name}"));
    let text = String::from_utf8(kept.clone()).unwrap();
    assert!(text.starts_with("Signed-At: 20") && text.contains("\nSMIME-Capabilities: "), "{text}");
    assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 2, "with the issuer");
    let subject = folder.openssl(&["x509", "-noout", "-subject", "-in", &to.join(&name).display().to_string()]);
    assert!(String::from_utf8_lossy(&subject).contains("person0"), "{subject:?}");
    // One that was signed later stays.
    folder.write(&format!("certificates/{name}"), text.replacen("Signed-At: 20", "Signed-At: 30", 1));
    fetched(&[message(Some("person0"), None)], &receive, &json!({}));
    assert!(folder.read(&format!("certificates/{name}")).starts_with(b"Signed-At: 30"));
    // Where nothing can be written, the messages come all the same.
    folder.write("file", "");
    let receive = json!({"smime": {"ca_file": path("ca.pem"), "collect": folder.path("file")}});
    let (received, summaries) = fetched(&[message(Some("person0"), None), message(Some("person0"), None)], &receive, &json!({}));
    let codes: Vec<(&str, &str)> =
        received.warnings.iter().map(|warning| (warning.code.as_str(), warning.at[0].pointer.as_str())).collect();
    assert_eq!((codes, summaries.len()), (vec![("smime.not_collected", "/receive/smime/collect")], 2));
}

/// The sender's program has said in the signature what it can decrypt, and the answer uses it.
#[test]
fn an_answer_is_encrypted_as_the_one_who_signed_can_read_it() {
    let folder = Folder::new();
    let to = folder.path("certificates");
    fetched(&[message(Some("person0"), None)], &json!({"smime": {"ca_file": path("ca.pem"), "collect": to}}), &json!({}));
    let host = Host::open_with(&Config::default(), Box::new(Program), &[pigeonhole()]).unwrap();
    for (certificates, cipher) in [(to.display().to_string(), "AES-256-GCM"), (path("person0.pem"), "AES-256-CBC")] {
        let settings = json!({"accounts": {"main": {"transport": "pigeonhole"}},
            "sender": {"address": "office@example.com", "smime": {"encrypt": {"when": "always", "certificates": [certificates]}}},
            "receive": keys("person0.p12", json!(PASSWORD))});
        let mut account = Account::open(&host, &settings.to_string(), None).unwrap();
        let answer = json!({"to": ["person0@example.com"], "subject": "Re: Rechnung", "text": "dort"}).to_string();
        account.send_document(&answer, &[], &Cancel::new(None)).unwrap();
        let mut summaries = Vec::new();
        let mut take = |fetched: postkontor_core::Fetched<'_>| {
            summaries.push(fetched.message.content());
            Action::Keep
        };
        account.receive("{}", Some(&mut take), &Cancel::new(None)).unwrap();
        let encrypted = summaries[0].smime.clone().unwrap().encrypted.unwrap();
        assert_eq!((summaries[0].text.trim_end(), encrypted.cipher.as_deref()), ("dort", Some(cipher)), "{summaries:?}");
    }
}

#[test]
fn a_message_that_a_program_opens_is_read_with_the_keys_of_the_call() {
    let host = Host::open_with(&Config::default(), Box::new(Program), &[]).unwrap();
    let raw = message(Some("person0"), Some("person2"));
    let open = |smime: Value| {
        let source = json!({ "smime": smime }).to_string();
        host.open_message(&postkontor_core::Source::read(&source).unwrap(), || Ok(raw.clone()))
    };
    let group = |password: Value| json!({"keys": [{"certificate": path("person2.p12"), "password": password}], "ca_file": path("ca.pem")});
    for password in [json!(PASSWORD), json!({"secret": "smime"})] {
        let content = open(group(password)).unwrap().content();
        let smime = content.smime.unwrap();
        assert_eq!((smime.signed.unwrap().status.as_str(), content.text.as_str()), ("good", "hier"));
    }
    let content = open(json!({})).unwrap().content();
    assert_eq!(content.smime.unwrap().encrypted.unwrap().code.as_deref(), Some("smime.other_recipients"));
    for (smime, pointer) in [
        (group(json!("falsch")), "/smime/keys/0/password"),
        (group(json!({"secret": "unknown"})), "/smime/keys/0/password"),
        (json!({"keys": [{"certificate": "/nowhere"}]}), "/smime/keys/0/certificate"),
        (json!({"ca_file": "/nowhere"}), "/smime/ca_file"),
    ] {
        let error = open(smime).map(|_| ()).unwrap_err();
        let at: Vec<_> = error.at.iter().map(|at| (at.of, at.pointer.as_str())).collect();
        assert_eq!(at, [(Some(postkontor_core::Input::Request), pointer)], "{error:?}");
    }
}

#[test]
fn a_certificate_that_is_for_signing_alone_is_not_kept() {
    let folder = Folder::new();
    let authority = people::authority();
    certify(&authority, "person0", RSA_2048, &FOR_MAIL.replace("digitalSignature,keyEncipherment,keyAgreement", "digitalSignature"));
    let (pem, key) = (authority.path("person0.pem").display().to_string(), authority.path("person0.key").display().to_string());
    authority.write("content", "Content-Type: text/plain\r\n\r\nhier\r\n");
    let raw = authority.openssl(&[
        "cms",
        "-sign",
        "-in",
        "content",
        "-signer",
        &pem,
        "-inkey",
        &key,
        "-from",
        "person0@example.com",
        "-to",
        "person2@example.com",
    ]);
    let to = folder.path("certificates");
    let (_, summaries) = fetched(&[raw], &json!({"smime": {"ca_file": authority.path("ca.pem"), "collect": to}}), &json!({}));
    assert_eq!(summaries[0]["smime"]["signed"]["status"], "good", "{}", summaries[0]);
    assert!(!to.exists());
}
