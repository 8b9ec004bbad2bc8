//! CR, LF and NUL are refused with a pointer, before anybody is called.

use postkontor_core::Status;
use postkontor_tests::engine;
use postkontor_tests::sandbox::{Options, Sandbox};
use serde_json::{Value, json};

const BREAKS: [&str; 4] = ["a\r\nb", "a\nb", "a\rb", "a\0b"];

/// Puts a value at a JSON pointer, making what is missing on the way.
fn put(document: &mut Value, pointer: &str, value: Value) {
    let mut place = document;
    for name in pointer.split('/').skip(1) {
        place = match name.parse::<usize>() {
            Ok(index) => {
                if !place.is_array() {
                    *place = json!([]);
                }
                let list = place.as_array_mut().unwrap();
                while list.len() <= index {
                    list.push(Value::Null);
                }
                &mut list[index]
            }
            Err(_) => {
                if !place.is_object() {
                    *place = json!({});
                }
                &mut place[name]
            }
        };
    }
    *place = value;
}

#[test]
fn in_a_message_they_are_refused_with_the_pointer() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let settings = engine::smtp(sandbox.port, json!({"mode": "none"}), json!({"method": "none"}));
    // (where the value is put, what it is with the break in place of %, the pointer that the error must give)
    let cases = [
        ("/from", "%@example.com", "/from"),
        ("/from", "% <a@example.com>", "/from"),
        ("/sender", "%@example.com", "/sender"),
        ("/to/0", "%@example.com", "/to/0"),
        ("/to/0", "b@example.com%", "/to/0"),
        ("/cc/0", "%@example.com", "/cc/0"),
        ("/bcc/0", "%@example.com", "/bcc/0"),
        ("/reply_to/0", "%@example.com", "/reply_to/0"),
        ("/subject", "Rechnung %", "/subject"),
        ("/message_id", "<%@example.com>", "/message_id"),
        ("/in_reply_to", "<%@example.com>", "/in_reply_to"),
        ("/references/0", "<%@example.com>", "/references/0"),
        ("/headers/X-Own", "%", "/headers/X-Own"),
    ];
    for (place, template, pointer) in cases {
        for part in BREAKS {
            let mut mail = engine::mail("b@example.com");
            put(&mut mail, place, json!(template.replace('%', part)));
            let error = engine::send(&settings, &mail).expect_err(place);
            assert_eq!(error.status, Status::Argument, "{place} {part:?}: {error:?}");
            assert!(error.at.iter().any(|at| at.pointer.starts_with(pointer)), "{place} {part:?}: {error:?}");
            assert!(error.at.iter().all(|at| !at.message.is_empty()), "{error:?}");
        }
    }
    assert_eq!(sandbox.connections(), 0);
}

#[test]
fn in_names_of_header_fields_addresses_and_files_they_are_refused_too() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let settings = engine::smtp(sandbox.port, json!({"mode": "none"}), json!({"method": "none"}));
    for part in BREAKS {
        let mut header = engine::mail("b@example.com");
        header["headers"] = json!({part: "x"});
        let mut name = engine::mail("b@example.com");
        name["to"] = json!([{"name": part, "address": "b@example.com"}]);
        let mut file = engine::mail("b@example.com");
        file["attachments"] = json!([{"name": part, "part": 0}]);
        let mut kind = engine::mail("b@example.com");
        kind["attachments"] = json!([{"name": "a.txt", "type": format!("text/{part}"), "part": 0}]);
        let mut inline = engine::mail("b@example.com");
        inline["attachments"] = json!([{"name": "a.png", "inline": part, "part": 0}]);
        for (mail, pointer) in
            [(header, "/headers"), (name, "/to/0"), (file, "/attachments/0"), (kind, "/attachments/0"), (inline, "/attachments/0")]
        {
            let mut account = engine::open(&settings).unwrap();
            let error = account.send_document(&mail.to_string(), &[b"x"], &postkontor_core::Cancel::default()).expect_err(pointer);
            assert_eq!(error.status, Status::Argument, "{pointer} {part:?}: {error:?}");
            assert!(error.at.iter().any(|at| at.pointer.starts_with(pointer)), "{pointer} {part:?}: {error:?}");
        }
    }
    assert_eq!(sandbox.connections(), 0);
}

#[test]
fn in_settings_they_are_refused_with_the_pointer() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let places = [
        "/accounts/main/server/host",
        "/accounts/main/server/proxy",
        "/accounts/main/auth/user",
        "/accounts/main/auth/password",
        "/accounts/main/smtp/ehlo",
        "/sender/address",
        "/sender/name",
        "/sender/reply_to",
    ];
    for place in places {
        for part in BREAKS {
            let auth = json!({"method": "plain", "user": "anna", "password": "Geheim-7", "allow_cleartext": true});
            let mut settings = engine::smtp(sandbox.port, json!({"mode": "none"}), auth);
            let value = match place {
                "/sender/address" | "/sender/reply_to" => format!("{part}@example.com"),
                "/accounts/main/server/proxy" => format!("socks5://{part}:1080"),
                _ => part.to_owned(),
            };
            put(&mut settings, place, json!(value));
            let error = engine::send(&settings, &engine::mail("b@example.com")).expect_err(place);
            assert!([Status::Settings, Status::Argument].contains(&error.status), "{place} {part:?}: {error:?}");
            assert!(error.at.iter().any(|at| at.pointer == place), "{place} {part:?}: {error:?}");
            assert!(!serde_json::to_string(&error).unwrap().contains("Geheim-7"), "{error:?}");
        }
    }
    assert_eq!(sandbox.connections(), 0);
}

#[test]
fn bare_line_ends_in_text_never_reach_the_wire() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let smuggling = "one\n.\nMAIL FROM:<evil@example.com>\r.\rtwo\r\n.\r\nthree\n\r.\n\rfour";
    for without in [vec![], vec!["CHUNKING".to_owned()]] {
        let sandbox = if without.is_empty() { &sandbox } else { &Sandbox::start(Options { without, ..Options::default() }).unwrap() };
        let settings = engine::smtp(sandbox.port, json!({"mode": "none"}), json!({"method": "none"}));
        let mut mail = engine::mail("b@example.com");
        mail["text"] = json!(smuggling);
        // It may be refused or tamed, but not passed on.
        let sent = engine::send(&settings, &mail);
        let mails = sandbox.mails();
        assert_eq!(mails.len(), usize::from(sent.is_ok()), "{sent:?}");
        for mail in mails {
            let text = mail.data;
            let bare = (0..text.len()).find(|&at| match text[at] {
                b'\n' => at == 0 || text[at - 1] != b'\r',
                b'\r' => text.get(at + 1) != Some(&b'\n'),
                0 => true,
                _ => false,
            });
            assert_eq!(bare, None, "{}", String::from_utf8_lossy(&text));
        }
    }
}
