//! Foreign programs read Outlook's formats as we do (extract-msg, tnefparse), and make e-invoices in which we find the XML (factur-x).
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postkontor_core::Opened;
use postkontor_tests::folder::Folder;
use postkontor_tests::skip;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What the judge finds, and the folder of the invoices that it made; nothing where its packages cannot be had.
fn judged() -> Option<(Value, Folder)> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("enclosed");
    let mut environment = Command::new("python3");
    environment.arg("-B").arg(here.join("environment.py")).arg(here.join("../../target/enclosed")).stdin(Stdio::null());
    let made = environment.output().unwrap();
    if !made.status.success() {
        skip::because(&format!("the packages of tests/enclosed cannot be had: {}", String::from_utf8_lossy(&made.stderr).trim_end()));
        return None;
    }
    let python = PathBuf::from(String::from_utf8_lossy(&made.stdout).trim_end()).join("bin/python");
    let folder = Folder::new().unwrap();
    let output = Command::new(python).arg("-B").arg(here.join("judge.py")).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some((serde_json::from_slice(&output.stdout).unwrap(), folder))
}

fn bytes(text: &Value) -> Vec<u8> {
    STANDARD.decode(text.as_str().unwrap()).unwrap()
}

fn opened(name: &str) -> (Opened, Value) {
    let message = Opened::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("enclosed").join(name)).unwrap();
    let summary = serde_json::from_str(message.summary()).unwrap();
    (message, summary)
}

#[test]
fn foreign_programs_find_what_we_find() {
    let Some((judged, folder)) = judged() else { return };
    reads_the_letter_alike(&judged["letter"]);
    reads_the_wrapping_alike(&judged["winmail"]);
    for (name, profile) in judged["invoices"].as_object().unwrap() {
        let pdf = std::fs::read(folder.file(name)).unwrap();
        let raw = format!("Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n", STANDARD.encode(pdf));
        let message = Opened::new(raw.into_bytes());
        let content = message.content();
        let invoice = content.invoice.unwrap_or_else(|| panic!("{name}"));
        assert_eq!((invoice.format.as_str(), invoice.profile.as_deref(), invoice.part), ("factur-x", profile.as_str(), 1), "{name}");
        let xml = String::from_utf8(message.part(1).unwrap().into_owned()).unwrap();
        assert!(xml.contains("<ram:Name>Müller</ram:Name>") && xml.trim_end().ends_with("</rsm:CrossIndustryInvoice>"), "{xml}");
    }
}

/// What extract-msg reads.
fn reads_the_letter_alike(judged: &Value) {
    let (message, ours) = opened("letter.msg");
    assert_eq!(ours["subject"], judged["subject"]);
    let person = |person: &Value| {
        format!("{} <{}>", person["name"].as_str().or(person["address"].as_str()).unwrap(), person["address"].as_str().unwrap())
    };
    for list in ["from", "to", "cc", "bcc"] {
        assert_eq!(person(&ours[list][0]), judged[list].as_str().unwrap(), "{list}");
    }
    assert_eq!(format!("<{}>", ours["message_id"].as_str().unwrap()), judged["message_id"].as_str().unwrap());
    assert_eq!(
        (ours["date"].as_str().map(|date| &date[..19]), &judged["seconds"]),
        (Some("2025-11-26T03:33:03"), &Value::from(1_764_127_983))
    );
    for text in ["text", "html"] {
        assert_eq!(ours[text].as_str().unwrap().trim_end(), judged[text].as_str().unwrap());
    }
    let parts = ours["parts"].as_array().unwrap();
    for file in judged["files"].as_array().unwrap() {
        let index = parts.iter().position(|part| part["name"] == file["name"]).unwrap_or_else(|| panic!("{}", file["name"]));
        assert_eq!((&parts[index]["inline"], message.part(index).unwrap().into_owned()), (&file["inline"], bytes(&file["data"])));
    }
    let inner = parts.iter().position(|part| part["type"] == "message/rfc822").unwrap();
    let inner = Opened::new(message.part(inner).unwrap().into_owned()).content();
    let expected = &judged["inner"][0];
    assert_eq!(
        (inner.subject.as_str(), inner.text.trim_end()),
        (expected["subject"].as_str().unwrap(), expected["text"].as_str().unwrap())
    );
}

/// What tnefparse reads. It hands over an attachment without data as an empty one, and a message as the wrapping that it is, without the
/// zeros at its end.
fn reads_the_wrapping_alike(judged: &Value) {
    let (message, ours) = opened("winmail.dat");
    assert_eq!(ours["parts"][0]["name"], judged["first"]);
    let files: Vec<Vec<u8>> = judged["files"].as_array().unwrap().iter().map(bytes).collect();
    let found: Vec<Vec<u8>> = (0..3).map(|part| message.part(part).unwrap().into_owned()).collect();
    assert_eq!(found, files[..3]);
    let theirs = Opened::new(files.last().unwrap().clone()).content();
    let ours_inner = Opened::new(message.part(3).unwrap().into_owned()).content();
    assert_eq!((ours_inner.text, ours_inner.parts), (theirs.text, theirs.parts));
    assert!(judged["rtf"].as_str().unwrap().contains(r"{\*\htmltag64 <p>}Gr\'fc\'dfe"), "{judged}");
    assert_eq!(ours["html"].as_str().unwrap().trim_end(), "<p>Grüße");
}
