//! The consent of a person, asked for from the page.

use crate::served::{Served, secret_store};
use crate::worked::work;
use postkontor_tests::exchange::{CLIENT, Exchange};
use postkontor_tests::folder::Folder;
use postkontor_tests::products::Products;
use postkontor_tests::skip;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Begins a call of the page's; the lines of its answer.
fn begin(served: &Served, body: &Value) -> impl Iterator<Item = String> + use<> {
    let (mut stream, body) = (TcpStream::connect(served.authority()).unwrap(), body.to_string());
    let (authority, prefix, size) = (served.authority(), served.prefix(), body.len());
    let head = format!("POST {prefix}/api/call HTTP/1.1\r\nHost: {authority}\r\nOrigin: http://{authority}\r\nConnection: close\r\n");
    write!(stream, "{head}Content-Type: application/json\r\nContent-Length: {size}\r\n\r\n{body}").unwrap();
    BufReader::new(stream).lines().map(Result::unwrap)
}

/// What the next event of this name tells.
fn event(lines: &mut impl Iterator<Item = String>, name: &str) -> Value {
    let found = lines.find(|line| line.starts_with("event:") && !line.contains("step")).unwrap();
    let data = lines.next().unwrap();
    assert_eq!(found, format!("event: {name}"), "{data}");
    serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap()
}

/// A service that gives tokens, and a settings file with an account that asks a person for consent.
fn scene(folder: &Folder) -> Option<(Exchange, PathBuf, Value)> {
    let entra = Exchange::start().unwrap()?;
    entra.control("POST", "/tokens", &json!({"user": "anna@example.com", "device_interval": 1, "lifetime": 3600})).unwrap();
    let file = folder.file("settings.json");
    let oauth2 = json!({"provider": "microsoft", "tenant": "example.com", "authority": entra.secure(), "grant": "device_code",
        "client_id": CLIENT, "refresh_token": {"secret": "consent/token"}});
    let account = json!({"transport": "imap", "server": {"host": "localhost"}, "tls": {"ca_file": entra.authority()},
        "auth": {"method": "oauth2", "user": "anna", "oauth2": oauth2}});
    let document = json!({"accounts": {"main": account}});
    std::fs::write(&file, document.to_string()).unwrap();
    Some((entra, file, document))
}

#[test]
#[cfg(target_os = "linux")]
fn a_person_sees_what_to_open_and_that_the_consent_was_given() {
    if !Path::new("/usr/bin/chromium").exists() {
        return skip::because("there is no chromium (Debian package chromium)");
    }
    let folder = Folder::new().unwrap();
    let Some((entra, file, _)) = scene(&folder) else { return };
    let Some(seen) = work("consent", &file, "en", json!({"control": entra.control_url()}), &[]) else { return };
    assert!(seen["link"].as_str().unwrap().starts_with("http") && !seen["done"].as_str().unwrap().is_empty(), "{seen:#}");
    let mut list = Command::new(Products::built().unwrap().command());
    let listed = list.args(["secret", "list", "--json"]).envs(secret_store(&file)).output().unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed["secrets"][0]["name"], "consent/token", "{listed:#}");
}

#[test]
fn the_page_shows_what_to_open_and_the_token_goes_where_secrets_are_kept() {
    let folder = Folder::new().unwrap();
    let Some((entra, file, document)) = scene(&folder) else { return };
    let served = Served::start(&file, "en");
    let mut lines = begin(&served, &json!({"lang": "en", "document": document, "account": "main", "call": "authorize"}));
    let consent = event(&mut lines, "consent");
    let message = consent["message"].as_str().unwrap();
    assert!(consent["url"].as_str().unwrap().starts_with("http"), "{consent}");
    let code = message.split("enter the code ").nth(1).unwrap().split(' ').next().unwrap();
    let approved = json!({"user_code": code, "state": "approved", "user": "anna@example.com"});
    entra.control("POST", "/tokens/device", &approved).unwrap();
    let done = event(&mut lines, "done");
    assert_eq!((&done["account"], &done["kept"]), (&json!("main"), &json!(true)), "{done}");
}
