//! Samples of every source, as each is and as it should not be.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test ends there")]

use postkontor_import::{Imported, Source, TEXTS, export, import};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

const SAMPLES: [(Source, &str); 7] = [
    (Source::Pantheon, "pantheon.ini"),
    (Source::Officeplaner, "officeplaner.json"),
    (Source::Starface, "starface.ini"),
    (Source::Esoffice, "esoffice.ini"),
    (Source::Thunderbird, "thunderbird.js"),
    (Source::Thunderbird, "autoconfig.xml"),
    (Source::OutlookPrf, "outlook.prf"),
];

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/import")).join(name)).unwrap()
}

/// What was left out, as field and code.
fn left_out(imported: &Imported) -> Vec<(&str, &str)> {
    imported.left_out.iter().map(|left_out| (left_out.field.as_str(), left_out.code)).collect()
}

fn at<'i>(imported: &'i Imported, pointer: &str) -> &'i Value {
    imported.document.pointer(pointer).unwrap_or(&Value::Null)
}

#[test]
fn pantheon_in_slovenian() {
    let imported = import(Source::Pantheon, &sample("pantheon.ini"));
    for (pointer, value) in [
        ("/accounts/pop3/server/host", json!("pop.primer.si")),
        ("/accounts/pop3/auth/method", json!("password")),
        ("/accounts/pop3/auth/user", json!("žiga")),
        ("/accounts/pop3/auth/password", json!({"secret": "pantheon/pop3"})),
        ("/accounts/smtp/tls/mode", json!("auto")),
        ("/accounts/smtp/auth", json!({"method": "account", "account": "pop3"})),
        ("/accounts/smtp/smtp/ehlo", json!("blagajna7.primer.si")),
        ("/accounts/imap/imap", json!({"outbox": "Odhodna pošta", "inbox": "Prejeta pošta", "via": "smtp"})),
        ("/accounts/imap/tls/minimum", json!("1.0")),
        ("/accounts/company/transport", json!("imap")),
        ("/sender/name", json!("Marija Šuštar")),
        ("/sender/charset", json!("windows-1250")),
        ("/send", json!({"account": "company", "fallback": ["smtp"]})),
        ("/receive/account", json!("imap")),
    ] {
        assert_eq!(at(&imported, pointer), &value, "{pointer}");
    }
    assert_eq!(left_out(&imported), [("IMAP/Timeout (s)", "import.no_number")]);
    assert_eq!(
        imported.secrets.iter().map(|secret| secret.value.as_str()).collect::<Vec<_>>(),
        ["Skrivnost-7", "Skrivnost-8", "Skrivnost-9"]
    );
}

#[test]
fn officeplaner_starface_and_esoffice_in_german() {
    let imported = import(Source::Officeplaner, &sample("officeplaner.json"));
    assert_eq!(at(&imported, "/accounts/in/auth/method"), "ntlm");
    assert_eq!(at(&imported, "/accounts/out/server/host"), "mail.example.com:2525");
    assert_eq!(at(&imported, "/accounts/out/auth"), &json!({"method": "cram-md5", "account": "in"}));
    let receive =
        json!({"number": "0012", "operators": ["MM", "AB"], "workgroups": ["Vertrieb", "Lager"], "account": "in", "routing": true});
    assert_eq!(at(&imported, "/receive"), &receive);
    assert_eq!(left_out(&imported), [("Lieblingsfarbe", "import.field_unknown")]);

    let imported = import(Source::Starface, &sample("starface.ini"));
    assert_eq!(at(&imported, "/accounts/external/server/host"), "[2001:db8::1]:587");
    assert_eq!(at(&imported, "/accounts/external/tls"), &json!({"mode": "starttls", "verify": false}));
    assert_eq!(at(&imported, "/sender/html/enabled"), true);
    assert_eq!((imported.secrets[0].value.as_str(), left_out(&imported)), ("Geheim=7", vec![]));

    let imported = import(Source::Esoffice, &sample("esoffice.ini"));
    assert_eq!(at(&imported, "/accounts/smtp/server/timeout_seconds"), 300);
    assert_eq!(at(&imported, "/accounts/exchange/server/timeout_seconds"), 90);
    assert_eq!(at(&imported, "/accounts/smtp/auth"), &json!({"method": "xoauth2", "account": "exchange", "user": "abteilung@example.com"}));
    assert_eq!(at(&imported, "/accounts/exchange/auth/oauth2/client_secret"), &json!({"secret": "esoffice/exchange-application"}));
    assert_eq!(at(&imported, "/send/account"), "exchange");
    assert_eq!(at(&imported, "/sender/smime/encrypt/when"), "if_possible");
    assert_eq!(left_out(&imported), [("S/MIME", "import.smime_certificates")]);
    let with = |lines: &str| import(Source::Esoffice, format!("Hostname = mail.example.com\nServertyp = SMTP\n{lines}").as_bytes());
    let imported = with("S/MIME = ja\nS/MIME-Zertifikat = C:\\Zertifikate\\firma.p12\nS/MIME-Kennwort = Geheim-8\n");
    let sign = json!({"certificate": "C:\\Zertifikate\\firma.p12", "password": {"secret": "esoffice/smime"}});
    assert_eq!(at(&imported, "/sender/smime"), &json!({"encrypt": {"when": "if_possible"}, "sign": sign}));
    assert_eq!((imported.secrets[0].value.as_str(), left_out(&imported)), ("Geheim-8", vec![("S/MIME", "import.smime_certificates")]));
    let imported = with("S/MIME = nein\nS/MIME-Zertifikat = C:\\firma.p12\n");
    assert_eq!(
        (at(&imported, "/sender/smime"), left_out(&imported)),
        (&json!({"encrypt": {"when": "never"}}), vec![("S/MIME-Zertifikat", "import.smime_off")])
    );
}

#[test]
fn thunderbird_by_its_preferences_and_by_autoconfig() {
    let imported = import(Source::Thunderbird, &sample("thunderbird.js"));
    for (pointer, value) in [
        ("/accounts/server1/tls/mode", json!("implicit")),
        ("/accounts/server1/auth", json!({"user": "juergen", "method": "password", "password": {"secret": "thunderbird/server1"}})),
        ("/accounts/server1/imap/via", json!("smtp1")),
        ("/accounts/server3/pop3/leave_days", json!(14)),
        ("/accounts/server3/auth/method", json!("oauth2")),
        ("/accounts/server3/auth/oauth2/provider", json!("google")),
        ("/accounts/smtp1/tls/mode", json!("starttls")),
        ("/accounts/smtp1/auth/method", json!("cram-md5")),
        ("/accounts/smtp2/sender/name", json!("Verein \"Sport & Spiel\"")),
        ("/sender/name", json!("Jürgen Müller-Lüdenscheidt")),
        ("/sender/bcc_to_sender", json!(true)),
        ("/send/account", json!("smtp1")),
        ("/receive/account", json!("server1")),
    ] {
        assert_eq!(at(&imported, pointer), &value, "{pointer}");
    }
    let left: BTreeSet<_> = left_out(&imported).into_iter().collect();
    for named in [
        ("mail.server.server4", "import.server_type"),
        ("mail.identity.id1.htmlSigText", "import.no_setting"),
        ("mail.identity.id3", "import.further_identity"),
        ("mail.server.server3.authMethod", "import.consent_missing"),
        ("server1", "import.password_missing"),
    ] {
        assert!(left.contains(&named), "{named:?} in {left:?}");
    }
    let imported = import(Source::Thunderbird, &sample("autoconfig.xml"));
    assert_eq!(at(&imported, "/accounts/pop3/auth/user"), "b&m");
    assert_eq!(at(&imported, "/accounts/smtp/auth"), &json!({"method": "none"}));
    let left: BTreeSet<_> = left_out(&imported).into_iter().map(|(_, code)| code).collect();
    assert!(left.is_superset(&BTreeSet::from(["import.placeholder", "import.further_server", "import.password_missing"])), "{left:?}");
}

#[test]
fn outlook_by_its_profile() {
    let imported = import(Source::OutlookPrf, &sample("outlook.prf"));
    for (pointer, value) in [
        ("/accounts/in1/auth/method", json!("ntlm")),
        ("/accounts/in1/tls/mode", json!("required")),
        ("/accounts/in1/pop3/leave_days", json!(5)),
        ("/accounts/out1/tls/mode", json!("starttls")),
        ("/accounts/out1/auth", json!({"method": "account", "account": "in1"})),
        ("/accounts/out2/tls/mode", json!("implicit")),
        ("/accounts/out2/sender/address", json!("lager@grünwald.example")),
        ("/accounts/in2/imap/via", json!("out2")),
        ("/sender/reply_to", json!("buero@grünwald.example")),
    ] {
        assert_eq!(at(&imported, pointer), &value, "{pointer}");
    }
    let left: BTreeSet<_> = left_out(&imported).into_iter().collect();
    assert!(left.contains(&("Service1/MailboxName", "import.exchange_of_outlook")), "{left:?}");
    assert!(left.contains(&("Account1/DefaultAccount", "import.field_unknown")), "{left:?}");
}

#[test]
fn no_password_is_in_a_document_or_in_what_was_left_out() {
    for (source, name) in SAMPLES {
        let imported = import(source, &sample(name));
        let said = format!("{} {:?} {:?}", imported.document, imported.left_out, imported.secrets);
        for secret in ["Skrivnost", "Geheim"] {
            assert!(!said.contains(secret), "{name}: {said}");
        }
    }
}

#[test]
fn a_document_is_taken_as_it_is_and_so_is_the_answer_of_import() {
    for (source, name) in SAMPLES {
        let document = import(source, &sample(name)).document;
        for text in [document.to_string(), json!({"settings": document, "left_out": [], "check": {}}).to_string()] {
            assert_eq!(import(source, text.as_bytes()).document, document, "{name}");
        }
    }
}

#[test]
fn a_dump_written_of_a_document_gives_the_same_document() {
    for (source, name) in &SAMPLES[..4] {
        let first = import(*source, &sample(name)).document;
        let dump = export(*source, &first).unwrap();
        let mut second = import(*source, dump.as_bytes()).document;
        // A dump holds no passwords; the references come back where there is a user.
        assert_eq!(sorted(&mut second), sorted(&mut first.clone()), "{name}: {dump}");
    }
}

/// The order of members does not count.
fn sorted(value: &mut Value) -> String {
    let mut text = format!("{value}");
    if let Value::Object(members) = value {
        let parts: std::collections::BTreeMap<String, String> =
            members.iter_mut().map(|(name, value)| (name.clone(), sorted(value))).collect();
        text = format!("{parts:?}");
    }
    text
}

#[test]
fn what_cannot_be_read_is_named_and_no_more() {
    let code = |source, bytes: &[u8]| import(source, bytes).left_out.first().map(|left_out| left_out.code);
    for (source, _) in SAMPLES {
        assert!(code(source, b"\0\xFF\0\xFF").is_some(), "{source:?}");
        assert_eq!(code(source, &vec![b'a'; (4 << 20) + 1]), Some("import.too_large"));
    }
    let laughs = "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><clientConfig>&b;</clientConfig>";
    assert_eq!(code(Source::Thunderbird, laughs.as_bytes()), Some("import.xml_doctype"));
    assert_eq!(code(Source::Thunderbird, "<a>".repeat(100_000).as_bytes()), Some("import.xml_broken"));
    assert_eq!(code(Source::Pantheon, format!("{{\"a\":{}", "[".repeat(100_000)).as_bytes()), Some("import.unreadable"));
    let long = format!("POP3 server name = {}\n", "x".repeat(1 << 20));
    assert_eq!(import(Source::Pantheon, long.as_bytes()).document["accounts"]["pop3"]["server"]["host"].as_str().unwrap().len(), 1 << 20);
    let wrong = r#"{"Port": {}, "POP3": {"Port": [1], "Server name": 7}, "SMTP": {"Server name": true, "Port": "99999999999"}}"#;
    assert!(import(Source::Pantheon, wrong.as_bytes()).left_out.iter().any(|left_out| left_out.code == "import.no_number"));
    let many: String = (0..100_000).map(|number| format!("unknown{number} = 1\n")).collect();
    assert_eq!(import(Source::Pantheon, many.as_bytes()).left_out.len(), 1000);
}

/// Samples with bytes exchanged, left out and doubled, by a generator whose seed is written here.
#[test]
fn no_damage_to_a_sample_ends_in_a_panic() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below.max(1) as u64).unwrap()
    };
    for (source, name) in SAMPLES {
        let original = sample(name);
        for _ in 0..2000 {
            let mut bytes = original.clone();
            for _ in 0..=random(8) {
                let place = random(bytes.len());
                match random(4) {
                    0 => bytes[place] = u8::try_from(random(256)).unwrap(),
                    1 => bytes.truncate(place.max(1)),
                    2 => bytes.extend_from_within(place..),
                    _ => drop(bytes.drain(place..(place + random(40)).min(bytes.len()))),
                }
                if bytes.is_empty() {
                    bytes.push(b'=');
                }
                bytes.truncate(100_000);
            }
            let imported = import(source, &bytes);
            assert!(imported.document.is_object());
            if let Some(dump) = export(source, &imported.document) {
                assert!(import(source, dump.as_bytes()).document.is_object());
            }
        }
    }
}

#[test]
fn every_reason_has_its_sentence_in_each_language() {
    let texts = TEXTS.iter().map(|(language, text)| (language, serde_json::from_str::<Value>(text).unwrap()));
    let codes: Vec<(_, BTreeSet<String>)> =
        texts.map(|(language, text)| (language, text["codes"].as_object().unwrap().keys().cloned().collect())).collect();
    let mut used = BTreeSet::from(["import.password_not_kept".to_owned()]);
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap() {
        let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
        used.extend(source.split('"').filter(|text| text.starts_with("import.") && !text.contains(['`', ' '])).map(str::to_owned));
    }
    for (language, known) in codes {
        assert_eq!(known, used, "{language}");
    }
}
