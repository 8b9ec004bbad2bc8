//! Large messages: whole, in parts, and in constant memory.

use super::setup::{User, fetch, send};
use base64::Engine;
use postkontor_core::{Action, Status};
use postkontor_tests::exchange::Exchange;
use serde_json::{Value, json};
use std::path::PathBuf;

/// A double whose organisation has no limit of its own.
fn exchange() -> Option<Exchange> {
    let exchange = Exchange::start().unwrap()?;
    exchange.control("POST", "/options", &json!({"message_limit": 200_000_000})).unwrap();
    Some(exchange)
}

/// Bytes that do not repeat within a block.
fn content(size: usize) -> Vec<u8> {
    (0..size as u64).map(|index| (index.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

/// The bytes of the last part of a message, which is base64.
fn last_part(mime: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(mime).unwrap();
    let begin = text.rfind("Content-Transfer-Encoding: base64").unwrap();
    let body = text[begin..].split_once("\r\n\r\n").unwrap().1.split_once("\r\n--").unwrap().0;
    base64::engine::general_purpose::STANDARD.decode(body.replace("\r\n", "")).unwrap()
}

fn file(exchange: &Exchange, name: &str, size: usize) -> PathBuf {
    let path = exchange.folder().join(name);
    std::fs::write(&path, content(size)).unwrap();
    path
}

fn letter(to: &User<'_>, files: &[PathBuf]) -> Value {
    let attachments: Vec<Value> = files.iter().map(|file| json!({"file": file})).collect();
    json!({"to": [to.address], "subject": "Groß & schwer", "text": "Im Anhang.", "html": "<p>Im Anhang: ü</p>", "attachments": attachments})
}

#[test]
fn an_attachment_of_thirty_megabytes_goes_in_one_request() {
    let Some(exchange) = exchange() else { return };
    let (user, to) = (User::new(&exchange), User::new(&exchange));
    let path = file(&exchange, "dreißig.bin", 30_000_000);
    send(&mut user.account(&json!({})), &letter(&to, &[path])).unwrap();
    let inbox = to.messages("inbox");
    let mime = exchange.control_bytes("POST", "/mime", &json!({"mailbox": to.address, "id": inbox[0]["id"]})).unwrap();
    assert!(last_part(&mime) == content(30_000_000), "the attachment is another one");
    assert_eq!((user.messages("sentitems").len(), user.messages("drafts").len()), (1, 0));
}

#[test]
fn what_is_above_the_limit_goes_as_a_draft_with_attachments() {
    let Some(exchange) = exchange() else { return };
    let (user, to, hidden) = (User::new(&exchange), User::new(&exchange), User::new(&exchange));
    let paths = [file(&exchange, "eins.bin", 40_000_000), file(&exchange, "zwei.bin", 20_000_001)];
    let mut mail = letter(&to, &paths);
    mail["bcc"] = json!([hidden.address]);
    mail["message_id"] = json!("zerlegt@example.com");
    exchange.fault(&json!({"match": {"operation": "CreateAttachment"}, "skip": 1, "action": {"throttle": 1000}})).unwrap();
    send(&mut user.account(&json!({})), &mail).unwrap();
    for user in [&to, &hidden] {
        let inbox = user.messages("inbox");
        assert_eq!(inbox[0]["attachments"], json!([["eins.bin", 40_000_000], ["zwei.bin", 20_000_001]]));
        assert_eq!(
            (&inbox[0]["subject"], &inbox[0]["message_id"], &inbox[0]["bcc"]),
            (&json!("Groß & schwer"), &json!("<zerlegt@example.com>"), &json!([]))
        );
    }
    let sent = user.messages("sentitems");
    assert_eq!((sent.len(), user.messages("drafts").len(), &sent[0]["bcc"]), (1, 0, &json!([hidden.address])));
}

#[test]
fn a_draft_that_could_not_be_sent_is_removed_and_a_lost_answer_is_looked_for() {
    let Some(exchange) = exchange() else { return };
    let (user, to) = (User::new(&exchange), User::new(&exchange));
    let paths = [file(&exchange, "viel.bin", 40_000_000), file(&exchange, "mehr.bin", 12_000_000)];
    let mut account = user.account(&json!({}));
    for (operation, action, expected, arrived) in [
        ("CreateAttachment", json!({"code": "ErrorAttachmentSizeLimitExceeded"}), Status::Refused, 0),
        ("CreateAttachment", json!({"reset": "after"}), Status::Network, 0),
        ("SendItem", json!({"code": "ErrorSendAsDenied"}), Status::Refused, 0),
        ("SendItem", json!({"reset": "after"}), Status::Ok, 1),
        ("SendItem", json!({"reset": "before"}), Status::Network, 0),
    ] {
        let (before, kept) = (to.messages("inbox").len(), user.messages("sentitems").len());
        exchange.fault(&json!({"match": {"operation": operation}, "action": action})).unwrap();
        let result = send(&mut account, &letter(&to, &paths));
        let status = result.as_ref().map_or_else(|error| error.status, |_| Status::Ok);
        assert_eq!(status, expected, "{operation} {action}: {result:?}");
        assert_eq!(
            (to.messages("inbox").len() - before, user.messages("sentitems").len() - kept),
            (arrived, arrived),
            "{operation} {action}"
        );
        assert_eq!(user.messages("drafts").len(), 0, "{operation} {action}");
    }
}

#[test]
fn a_message_of_a_hundred_megabytes_is_fetched_whole_and_only_its_headers_where_that_is_wanted() {
    let Some(exchange) = exchange() else { return };
    let user = User::new(&exchange);
    user.deliver(&json!({"size": 100_000_000}));
    user.deliver(&json!({"count": 1}));
    let mut account = user.account(&json!({}));
    let (result, got) = fetch(&mut account, &json!({"max_bytes": 10_000}), |_| Action::Delete);
    let state = result.unwrap()["state"].clone();
    assert_eq!(got.len(), 2);
    let large = got.iter().find(|got| got.summary["headers_only"] == true).unwrap();
    assert!(large.raw.ends_with(b"\r\n\r\n") && large.raw.len() < 1000);
    assert_eq!(user.messages("inbox").len(), 1, "what came with its headers only is not deleted");
    let (result, got) = fetch(&mut account, &json!({"state": state}), |_| Action::Keep);
    let fetched = result.unwrap()["messages"].clone();
    assert_eq!((got.len(), &fetched[0]["size"]), (1, &json!(100_000_000)), "{fetched}");
}
