//! Bounces that Exim makes, and replies that go through it.

use super::{anna, trusting};
use postkontor_core::Opened;
use postkontor_tests::engine;
use postkontor_tests::exim::{Exim, Port};
use postkontor_tests::folder::Folder;
use serde_json::{Value, json};

fn settings(exim: &Exim) -> Value {
    engine::smtp(exim.port(Port::Standard), trusting(exim, "starttls"), anna("plain"))
}

#[test]
fn a_bounce_of_exim_is_read_as_what_it_is() {
    let Some(exim) = Exim::shared() else { return };
    let mut mail = engine::mail("bounces@answers.example");
    mail["from"] = json!("bounced@answers.example");
    let receipt = engine::send(&settings(exim), &mail).unwrap();
    let bounce = exim.delivery("bounced@answers.example").unwrap_or_else(|| panic!("no bounce\n{}", exim.log()));
    let whole = Opened::new(bounce.text.clone().into_bytes()).content();
    // The same without its report part: what Exim wrote before it made any, and what repacked bounces are.
    let text = whole.text.clone();
    let prose =
        format!("From: {}\r\nTo: bounced@answers.example\r\nSubject: {}\r\n\r\n{text}", bounce.field("From"), bounce.field("Subject"));
    for content in [whole, Opened::new(prose.into_bytes()).content()] {
        let report = content.report.unwrap_or_else(|| panic!("{}", bounce.text));
        let recipient = &report.recipients[0];
        assert_eq!((report.kind.as_str(), report.recipients.len()), ("failure", 1), "{}", bounce.text);
        assert_eq!((recipient.address.as_str(), recipient.kind.as_deref()), ("bounces@answers.example", Some("hard")), "{}", bounce.text);
        assert!(content.auto.is_none_or(|auto| auto == "reply"), "{}", bounce.text);
        let id = receipt["message_id"].as_str();
        assert!(report.message_id.is_none() || report.message_id.as_deref() == id, "{report:?}");
    }
    let report = Opened::new(bounce.text.into_bytes()).content().report.unwrap();
    assert_eq!(report.message_id.as_deref(), receipt["message_id"].as_str());
}

#[test]
fn a_reply_and_a_forward_go_through_exim() {
    let Some(exim) = Exim::shared() else { return };
    let folder = Folder::new().unwrap();
    let mut mail = engine::mail("first@replies.example");
    mail["from"] = json!("Anna <anna@replies.example>");
    let sent = engine::send(&settings(exim), &mail).unwrap();
    let first = exim.delivery("first@replies.example").unwrap();
    let file = folder.file("first.eml");
    std::fs::write(&file, &first.text).unwrap();

    let reply = json!({"from": "first@replies.example", "reply": {"file": file, "quote": "text"}, "text": "Danke"});
    engine::send(&settings(exim), &reply).unwrap();
    let reply = Opened::new(exim.delivery("anna@replies.example").unwrap().text.into_bytes()).content();
    assert_eq!(reply.subject, "Re: Rechnung 4711");
    assert_eq!(reply.in_reply_to, [sent["message_id"].as_str().unwrap()]);
    assert!(reply.text.contains("> Guten Tag,") && reply.text.contains("Anna wrote:"), "{}", reply.text);

    let forward = json!({"forward": {"file": file, "as": "attachment"}, "to": "second@replies.example"});
    engine::send(&settings(exim), &forward).unwrap();
    let forward = Opened::new(exim.delivery("second@replies.example").unwrap().text.into_bytes());
    assert_eq!(forward.content().parts[0].kind, "message/rfc822");
    let inner = Opened::new(forward.part(0).unwrap().into_owned()).content();
    assert_eq!(inner.message_id.as_deref(), sent["message_id"].as_str());
}
