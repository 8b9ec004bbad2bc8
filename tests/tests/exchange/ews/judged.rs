//! exchangelib finds what was sent: in the right folder, from the right sender, to the right people, with the same bytes.

use super::setup::{User, patience, send};
use postkontor_core::{Account, Receipt};
use postkontor_tests::exchange::{Exchange, environment, python};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::process::Stdio;

fn finds(exchange: &Exchange, wanted: &Value) {
    let mut judge = python(environment().unwrap());
    judge.args(["-m", "judges.exchangelib_finds", &exchange.clear(), &exchange.secure(), &exchange.control_url()]);
    let output = judge.arg(exchange.authority()).arg(wanted.to_string()).stdin(Stdio::null()).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
}

#[test]
fn exchangelib_finds_the_sent_message_whole_and_in_parts_and_that_of_a_shared_mailbox() {
    let Some(exchange) = Exchange::start().unwrap() else { return };
    let shared = "bestellungen@example.com";
    let (user, to, hidden) = (User::new(&exchange), User::new(&exchange), User::new(&exchange));
    exchange.control("POST", "/mailboxes", &json!({"address": shared, "name": "Bestellungen"})).unwrap();
    exchange.control("POST", "/rights", &json!({"mailbox": shared, "full_access": [user.address], "send_as": [user.address]})).unwrap();
    let content: Vec<u8> = (0..200_000_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let path = exchange.folder().join("Übersicht & mehr.bin");
    std::fs::write(&path, &content).unwrap();
    let digest: String = Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
    for (mailbox, limit, subject) in
        [(user.address.as_str(), 67_108_864, "whole"), (&user.address, 300_000, "in parts"), (shared, 67_108_864, "shared")]
    {
        exchange.control("POST", "/options", &json!({"request_limit": limit})).unwrap();
        let subject = format!("Grüße & <mehr>: {subject}");
        let mail = json!({"from": mailbox, "to": [to.address], "bcc": [hidden.address], "subject": subject, "text": "Im Anhang.",
            "html": "<p>Im Anhang: &uuml;</p>", "attachments": [{"file": path}]});
        send(&mut user.account(&json!({"exchange": {"mailbox": mailbox}})), &mail).unwrap_or_else(|error| panic!("{subject}: {error:?}"));
        let wanted = json!({"user": user.address, "mailbox": mailbox, "from": mailbox, "to": [to.address], "bcc": [hidden.address],
            "subject": subject, "attachments": [["Übersicht & mehr.bin", digest]]});
        finds(&exchange, &wanted);
    }
}

fn deliver(account: &mut Account, from: &str, recipients: &[&str], message: &str) -> Receipt {
    let mail = account.compose_raw(from, recipients, message.as_bytes().to_vec(), &patience()).unwrap();
    account.deliver_one(mail, &patience()).unwrap()
}

#[test]
fn the_envelope_decides_who_gets_a_message_whatever_its_headers_say() {
    let Some(exchange) = Exchange::shared().unwrap() else { return };
    let (user, to, only_header, only_envelope) = (User::new(exchange), User::new(exchange), User::new(exchange), User::new(exchange));
    let message = format!(
        "From: {}\r\nTo: \"Berta, B.\" <{}>, {}\r\nBcc: {}\r\nSubject: s\r\nMessage-ID: <{}>\r\n\r\ntext\r\n",
        user.address, to.address, only_header.address, only_header.address, to.address
    );
    let receipt = deliver(&mut user.account(&json!({})), &user.address, &[&to.address, &only_envelope.address], &message);
    assert_eq!(receipt.recipients.len(), 2);
    let counts = [&to, &only_envelope, &only_header].map(|user| user.messages("inbox").len());
    assert_eq!(counts, [1, 1, 0]);
    assert_eq!((&to.messages("inbox")[0]["to"], &to.messages("inbox")[0]["bcc"]), (&json!([to.address]), &json!([])));
}
