//! What the server of the page refuses, and what it never tells.

use crate::served::Served;
use postkontor_tests::folder::Folder;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;

const PASSWORD: &str = "hush-4711-hush";

/// A settings file with a password in it, one that nothing shows, and one under a mistyped name.
fn settings(folder: &Folder) -> PathBuf {
    let file = folder.file("settings.json");
    let auth = json!({"user": "anna", "password": PASSWORD, "pasword": PASSWORD});
    let hidden = json!({"method": "none", "password": PASSWORD, "oauth2": {"client_secret": PASSWORD}});
    let document = json!({
        "accounts": {
            "out": {"transport": "smtp", "server": {"host": "127.0.0.1", "port": 1, "proxy": PASSWORD}, "auth": auth},
            "in": {"transport": "imap", "server": {"host": "127.0.0.1"}, "auth": hidden},
            "odd": {"transport": "telex", "auth": {"password": PASSWORD}},
            "bare": {"auth": {"password": PASSWORD}},
        },
        "sender": {"address": "anna@example.com"},
    });
    std::fs::write(&file, document.to_string()).unwrap();
    file
}

/// Sends a request as it is written and reads the answer to its end.
fn exchange(served: &Served, lines: &[&str], body: &str) -> String {
    let mut stream = TcpStream::connect(served.authority()).unwrap();
    let head = format!("{}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", lines.join("\r\n"), body.len());
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

fn ask(served: &Served, path: &str, body: &Value) -> String {
    let request = format!("POST {}/api/{path} HTTP/1.1", served.prefix());
    let (host, origin) = (format!("Host: {}", served.authority()), format!("Origin: http://{}", served.authority()));
    exchange(served, &[&request, &host, &origin, "Content-Type: application/json"], &body.to_string())
}

fn body(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[test]
fn a_wrong_token_host_or_origin_is_refused() {
    let folder = Folder::new().unwrap();
    let served = Served::start(&settings(&folder), "en");
    let (host, own) = (format!("Host: {}", served.authority()), format!("Origin: http://{}", served.authority()));
    let index = format!("GET {}/ HTTP/1.1", served.prefix());
    let check = format!("POST {}/api/document HTTP/1.1", served.prefix());
    let kind = "Content-Type: application/json";
    let wrong = format!("GET /{}/ HTTP/1.1", "0".repeat(64));
    let elsewhere = format!("Host: example.com:{}", served.authority().rsplit(':').next().unwrap());
    for (lines, status) in [
        (vec![index.as_str(), &host], 200),
        (vec![&check, &host, &own, kind], 200),
        (vec![&wrong, &host], 404),
        (vec!["GET / HTTP/1.1", &host], 404),
        (vec![&index, &elsewhere], 403),
        (vec![&index, "Host: localhost"], 403),
        (vec![&check, &elsewhere, &own, kind], 403),
        (vec![&check, &host, kind], 403),
        (vec![&check, &host, kind, "Origin: http://example.com"], 403),
        (vec![&check, &host, kind, "Origin: null"], 403),
        (vec![&index, &host, "Origin: http://example.com"], 403),
        (vec![&index, &host, "Sec-Fetch-Site: cross-site"], 403),
    ] {
        let answer = exchange(&served, &lines, "");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{lines:?}: {answer}");
        let lower = answer.to_lowercase();
        for header in
            ["content-security-policy: default-src 'none'; script-src 'self'; style-src 'self' 'nonce-", "referrer-policy: no-referrer"]
        {
            assert!(lower.contains(header), "{lines:?}: {answer}");
        }
        assert!(!lower.contains("unsafe-") && !lower.contains("access-control-"), "{answer}");
        if status != 200 {
            assert!(!answer.contains(&served.prefix()) && !answer.contains("accounts"), "{answer}");
        }
    }
}

#[test]
fn a_plain_form_of_another_site_cannot_ask_anything() {
    let folder = Folder::new().unwrap();
    let served = Served::start(&settings(&folder), "en");
    let request = format!("POST {}/api/check HTTP/1.1", served.prefix());
    let (host, own) = (format!("Host: {}", served.authority()), format!("Origin: http://{}", served.authority()));
    let document = json!({"lang": "en", "document": {}}).to_string();
    let answer = exchange(&served, &[&request, &host, &own, "Content-Type: text/plain"], &document);
    assert!(answer.starts_with("HTTP/1.1 415 "), "{answer}");
}

#[test]
fn no_answer_holds_a_password_and_saving_keeps_each() {
    let folder = Folder::new().unwrap();
    let file = settings(&folder);
    let before: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let served = Served::start(&file, "en");
    let answer = ask(&served, "document", &json!({}));
    let document = body(&answer)["document"].clone();
    let mut answers = vec![answer, ask(&served, "forms", &json!({"lang": "en"}))];
    answers.push(ask(&served, "check", &json!({"lang": "en", "document": document})));
    for account in ["out", "in", "odd", "bare"] {
        for call in
            [json!("test"), json!("folders"), json!({"fetch": {}}), json!({"send": {"to": "a@example.com", "subject": "s", "text": "t"}})]
        {
            answers.push(ask(&served, "call", &json!({"lang": "en", "document": document, "account": account, "call": call})));
        }
    }
    // A kept password that is put where everyone can read is not given back.
    let mut moved = document.clone();
    moved["sender"]["address"] = document["accounts"]["out"]["auth"]["password"].clone();
    answers.push(ask(&served, "check", &json!({"lang": "en", "document": moved})));
    let mut changed = document.clone();
    changed["sender"]["name"] = json!("Anna");
    answers.push(ask(&served, "save", &json!({"lang": "en", "document": changed})));
    assert_eq!(body(answers.last().unwrap())["saved"], true);
    for answer in &answers {
        assert!(answer.starts_with("HTTP/1.1 200 ") && !answer.contains(PASSWORD), "{answer}");
    }
    let mut after: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(after["sender"].as_object_mut().unwrap().remove("name"), Some(json!("Anna")));
    assert_eq!(after, before);
}

#[test]
#[cfg(target_os = "linux")]
fn a_signal_ends_it_and_a_page_that_has_gone() {
    let folder = Folder::new().unwrap();
    let file = settings(&folder);
    let served = Served::start(&file, "en");
    assert!(std::process::Command::new("kill").args(["-INT", &served.process().to_string()]).status().unwrap().success());
    assert!(served.ended());

    let served = Served::start(&file, "en");
    let mut page = TcpStream::connect(served.authority()).unwrap();
    write!(page, "GET {}/api/alive HTTP/1.1\r\nHost: {}\r\n\r\n", served.prefix(), served.authority()).unwrap();
    assert!(page.read(&mut [0; 20]).unwrap() > 0);
    drop(page);
    assert!(served.ended());
}
