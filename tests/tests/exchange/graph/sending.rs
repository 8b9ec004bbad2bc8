//! Sending: who gets it, what is kept, whatever its size.

use super::setup::{Setup, opened, send};
use postkontor_core::Status;
use postkontor_plugin::serde_json::{Value, json};

#[test]
fn the_recipients_of_the_envelope_get_it_and_nothing_shows_the_blind_ones() {
    let Some(setup) = Setup::new() else { return };
    let (to, bcc) = (format!("to-{}", setup.user), format!("bcc-{}", setup.user));
    let mail = json!({"to": [to], "bcc": [bcc], "subject": "Rückfrage", "text": "Grüße", "message_id": format!("1-{}", setup.user)});
    let receipt = send(&mut setup.account(), &mail).unwrap();
    assert_eq!(receipt["recipients"].as_array().unwrap().len(), 2);
    assert!(receipt["recipients"].as_array().unwrap().iter().all(|recipient| recipient["status"] == "accepted"), "{receipt}");
    let delivered = setup.delivered(&bcc);
    assert_eq!(delivered.len(), 1);
    assert_eq!(delivered[0]["to"].as_array().unwrap().len(), 2, "{delivered:?}");
    let text = String::from_utf8(setup.bytes(&delivered[0])).unwrap();
    assert!(!text.contains(&bcc) && text.contains(&to), "{text}");
    let sent = setup.messages("sentitems");
    assert_eq!((sent.len(), &sent[0]["message_id"]), (1, &json!(format!("<1-{}>", setup.user))));
}

#[test]
fn recipients_of_the_headers_that_are_not_in_the_envelope_get_nothing() {
    let Some(setup) = Setup::new() else { return };
    let (to, other) = (format!("to-{}", setup.user), format!("other-{}", setup.user));
    let raw =
        format!("From: {0}\r\nTo: {to}, Other <{other}>\r\nCc: {other}\r\nSubject: s\r\nMessage-ID: <2-{0}>\r\n\r\ntext\r\n", setup.user);
    let file = setup.exchange.folder().join(format!("{}.eml", setup.user));
    std::fs::write(&file, raw).unwrap();
    send(&mut setup.account(), &json!({"file": file, "to": [to]})).unwrap();
    let delivered = setup.delivered(&to);
    assert_eq!((delivered.len(), &delivered[0]["to"]), (1, &json!([to])));
    assert_eq!(setup.delivered(&other).len(), 0);
}

/// A message with an attachment of this size.
fn with_attachment(setup: &Setup, size: usize, bcc: &str) -> Value {
    let file = setup.exchange.folder().join(format!("{}-{size}.bin", setup.user));
    std::fs::write(&file, super::setup::content(size)).unwrap();
    json!({"to": [format!("to-{}", setup.user)], "bcc": [bcc], "subject": "Anlage", "text": "plain", "html": "<p>Grüße</p>",
        "attachments": [{"name": "Übersicht.bin", "file": file}], "headers": {"X-Order": "4711"}, "message_id": format!("{size}-{}", setup.user)})
}

#[test]
fn a_mail_of_any_size_arrives_whole_and_leaves_no_draft() {
    let Some(setup) = Setup::new() else { return };
    let mut account = setup.account();
    let bcc = format!("bcc-{}", setup.user);
    for size in [1_000_000, 2_900_000, 3_050_000, 3_200_000, 8_000_000] {
        let mail = with_attachment(&setup, size, &bcc);
        let receipt = send(&mut account, &mail).unwrap_or_else(|error| panic!("{size}: {error:?}"));
        assert_eq!(receipt["saved_to"], "sentitems");
        let delivered = setup.delivered(&bcc).pop().unwrap();
        assert_eq!(delivered["message_id"], format!("<{size}-{}>", setup.user), "{delivered}");
        let raw = setup.bytes(&delivered);
        let opened = opened(&raw);
        assert_eq!(opened.attachments, [("Übersicht.bin".to_owned(), size, true)], "{size}");
        assert!(opened.html.contains("Grüße") && opened.head.contains("4711"), "{}", opened.head);
        assert!(!opened.head.contains(&bcc));
    }
    assert_eq!(setup.messages("drafts").len(), 0);
    assert_eq!(setup.messages("sentitems").len(), 5);
}

#[test]
fn a_mail_of_which_no_copy_shall_stay_leaves_none() {
    let Some(setup) = Setup::new() else { return };
    let mut settings = setup.settings();
    settings["accounts"]["main"]["exchange"]["save"] = json!(false);
    let mut account = setup.open(&settings);
    let bcc = format!("bcc-{}", setup.user);
    for size in [1000, 5_000_000] {
        let receipt = send(&mut account, &with_attachment(&setup, size, &bcc)).unwrap();
        assert_eq!(receipt["saved_to"], Value::Null);
    }
    assert_eq!(setup.delivered(&bcc).len(), 2);
    assert_eq!((setup.messages("sentitems").len(), setup.messages("drafts").len()), (0, 0));
}

#[test]
fn a_signed_mail_is_sent_unaltered_or_not_at_all() {
    let Some(setup) = Setup::new() else { return };
    let signed = |size: usize| {
        let text = "text\r\n".repeat(size / 6);
        format!(
            "From: {0}\r\nTo: to-{0}\r\nSubject: s\r\nMessage-ID: <s-{size}-{0}>\r\nMIME-Version: 1.0\r\n\
            Content-Type: multipart/signed; boundary=b; protocol=\"application/pgp-signature\"; micalg=pgp-sha256\r\n\r\n\
            --b\r\nContent-Type: text/plain\r\n\r\n{text}--b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--b--\r\n",
            setup.user
        )
    };
    let file = setup.exchange.folder().join(format!("{}-signed.eml", setup.user));
    let to = format!("to-{}", setup.user);
    std::fs::write(&file, signed(1000)).unwrap();
    send(&mut setup.account(), &json!({"file": file, "to": [to]})).unwrap();
    std::fs::write(&file, signed(4_000_000)).unwrap();
    let error = send(&mut setup.account(), &json!({"file": file, "to": [to]})).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Refused, "graph.protected_too_large"), "{error:?}");
    assert_eq!(setup.delivered(&to).len(), 1);
}

#[test]
fn a_shared_mailbox_sends_as_itself_and_keeps_its_own_copies() {
    let Some(mut setup) = Setup::new() else { return };
    let shared = format!("shared-{}", setup.user);
    setup.control("/mailboxes", json!({"address": shared, "name": "Shared"}));
    setup.user = shared.clone();
    send(&mut setup.account(), &json!({"to": [format!("to-{shared}")], "subject": "s", "text": "t"})).unwrap();
    let delivered = setup.delivered(&format!("to-{shared}"));
    assert_eq!((delivered.len(), &delivered[0]["from"]), (1, &json!(shared)));
    assert_eq!(setup.messages("sentitems").len(), 1);
}

#[test]
fn who_may_not_send_as_another_is_told_so_and_leaves_no_draft() {
    let Some(setup) = Setup::new() else { return };
    let mut settings = setup.settings();
    settings["sender"]["address"] = json!("anna@example.com");
    let mut account = setup.open(&settings);
    let error = send(&mut account, &json!({"to": ["x@example.net"], "subject": "s", "text": "t"})).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Refused, "graph.send_as_denied"), "{error:?}");
    assert!(error.message.contains("anna@example.com"), "{}", error.message);
    assert!(error.detail.contains("client-request-id "), "{}", error.detail);
    let error = send(&mut account, &with_attachment(&setup, 5_000_000, "bcc@example.net")).unwrap_err();
    assert_eq!(error.code, "graph.send_as_denied", "{error:?}");
    assert_eq!((setup.messages("drafts").len(), setup.messages("sentitems").len()), (0, 0));
}
