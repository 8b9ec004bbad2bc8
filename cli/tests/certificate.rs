//! `postkontor certificate` with the files that people have, made by `openssl`.

#![forbid(unsafe_code)]
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

#[path = "../../smime/tests/people/mod.rs"]
mod people;

use people::{Folder, PASSWORD, certificate, town};
use serde_json::{Value, json};
use std::process::{Command, Stdio};

/// Runs the command here; its exit and what it wrote.
fn run(folder: &Folder, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postkontor"));
    let output = command.current_dir(folder).args(arguments).args(["--lang", "en"]).stdin(Stdio::null()).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap())
}

fn json(folder: &Folder, arguments: &[&str]) -> Value {
    let (_, out) = run(folder, &[arguments, &["--json"]].concat());
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
}

fn path(name: &str) -> String {
    town().path(name).display().to_string()
}

/// A message that somebody of the town signed.
fn signed(folder: &Folder, name: &str, from: &str) {
    folder.write("content", "Content-Type: text/plain\r\n\r\nhello\r\n");
    let (pem, key) = (path(&format!("{from}.pem")), path(&format!("{from}.key")));
    let sender = format!("{from}@example.com");
    let raw =
        folder.openssl(&["cms", "-sign", "-in", "content", "-signer", &pem, "-inkey", &key, "-from", &sender, "-to", "x@example.com"]);
    folder.write(name, raw);
}

#[test]
fn files_of_each_form_are_shown() {
    let folder = Folder::new();
    folder.openssl(&["x509", "-in", &path("person0.pem"), "-outform", "DER", "-out", "a.cer"]);
    folder.openssl(&[
        "crl2pkcs7",
        "-nocrl",
        "-certfile",
        &path("person0.pem"),
        "-certfile",
        &path("ca.pem"),
        "-outform",
        "DER",
        "-out",
        "a.p7b",
    ]);
    folder.write("password", format!("{PASSWORD}\n"));
    let fingerprint = folder.openssl(&["x509", "-in", "a.cer", "-noout", "-fingerprint", "-sha256"]);
    let fingerprint = String::from_utf8(fingerprint).unwrap().trim().split_once('=').unwrap().1.to_owned();
    let (pem, p12) = (path("person0.pem"), path("person0.p12"));
    for (file, certificates, has_key) in [(pem.as_str(), 1, false), ("a.cer", 1, false), ("a.p7b", 2, false), (p12.as_str(), 2, true)] {
        let found = json(&folder, &["certificate", "show", file, "--password-file", "password"]);
        let list = found["files"][0]["certificates"].as_array().unwrap_or_else(|| panic!("{file}: {found}"));
        let own = list.iter().find(|one| one["addresses"] == json!(["person0@example.com"])).unwrap();
        assert_eq!((list.len(), &own["has_key"], &own["fingerprint"]), (certificates, &json!(has_key), &json!(fingerprint)), "{file}");
        assert_eq!((&own["key"], &own["signs"], &own["encrypts"]), (&json!("RSA 2048"), &json!(true), &json!(true)));
    }
    let (status, shown) = run(&folder, &["certificate", "show", "a.cer", &p12, "--password-file", "password"]);
    assert!(
        status == 0 && shown.contains("person0@example.com") && shown.contains(&fingerprint) && shown.contains("with private key"),
        "{shown}"
    );
    for (arguments, code) in [
        (vec![p12.as_str()], "smime.password_missing"),
        (vec!["nowhere"], "smime.file_missing"),
        (vec!["password"], "smime.no_certificate"),
    ] {
        let error = json(&folder, &[&["certificate", "show"], &arguments[..]].concat());
        assert_eq!((&error["code"], &error["status"]), (&json!(code), &json!(2)), "{error}");
    }
    folder.write("password", "falsch");
    assert_eq!(json(&folder, &["certificate", "show", &p12, "--password-file", "password"])["code"], "smime.password_wrong");
}

#[test]
fn the_signers_of_messages_are_shown_and_their_certificates_collected() {
    let folder = Folder::new();
    signed(&folder, "good.eml", "person0");
    let text = String::from_utf8(folder.read("good.eml")).unwrap();
    folder.write("bad.eml", text.replace("hello", "hallo"));
    let ca = path("ca.pem");
    let found = json(&folder, &["certificate", "show", "good.eml", "bad.eml", "--ca-file", &ca]);
    let status = |place: usize| found["files"][place]["signed"]["status"].clone();
    assert_eq!((status(0), status(1)), (json!("good"), json!("bad")), "{found}");
    assert_eq!(found["files"][0]["certificates"][0]["addresses"], json!(["person0@example.com"]));
    // The authority is one that no system trusts.
    let found = json(&folder, &["certificate", "show", "good.eml"]);
    assert_eq!(found["files"][0]["signed"]["code"], "smime.untrusted");
    let (_, shown) = run(&folder, &["certificate", "show", "good.eml", "--ca-file", &ca]);
    assert!(shown.contains("✓ Signed, good: "), "{shown}");
    let collected = json(&folder, &["certificate", "collect", "good.eml", "bad.eml", "--to", "kept", "--ca-file", &ca]);
    let name = format!("person0@example.com-{}.pem", &certificate(town(), "person0").fingerprint_text()[..8]);
    assert_eq!((&collected["files"][0]["collected"], collected["files"][1].get("collected")), (&json!([name]), None), "{collected}");
    assert!(folder.path("kept").join(&name).exists());
    assert_eq!(json(&folder, &["certificate", "show", &format!("kept/{name}")])["files"][0]["certificates"].as_array().unwrap().len(), 2);
}

#[test]
fn an_encrypted_message_is_opened_with_the_keys_of_the_settings() {
    let folder = Folder::new();
    signed(&folder, "signed.eml", "person0");
    let from = ["-from", "person0@example.com", "-to", "person2@example.com"];
    let raw = folder.openssl(&[&["cms", "-encrypt", "-aes256", "-in", "signed.eml"], &from[..], &[&path("person2.pem")]].concat());
    folder.write("sealed.eml", raw);
    let keys = json!([{"certificate": path("person2.p12"), "password": PASSWORD}]);
    folder.write("mail.json", json!({"receive": {"smime": {"keys": keys, "ca_file": path("ca.pem")}}}).to_string());
    let found = json(&folder, &["certificate", "show", "sealed.eml", "--settings", "mail.json"]);
    let file = &found["files"][0];
    assert_eq!((&file["encrypted"]["status"], &file["signed"]["status"]), (&json!("opened"), &json!("good")), "{found}");
    let found = json(&folder, &["certificate", "show", "sealed.eml"]);
    assert_eq!(found["files"][0]["encrypted"]["code"], "smime.other_recipients");
}
