//! Messages that something else has made.

use super::*;

#[test]
fn a_ready_made_message_goes_out_as_it_is_without_bcc_and_with_crlf() {
    let folder = Folder::new("ready");
    let source = b"Received: x\nFrom: =?utf-8?Q?Anna?= <anna@example.com>\nTo: Team: \"B, C\" <b@example.com> (boss),\n\td@example.com;\n\
        Bcc: secret@example.com,\n other@example.com\nSubject: \xc3\xbc\n\nbody\rline\r\n.\nend";
    let file = folder.file("ready.eml", source);
    let mut composed = compose(&json!({"file": file}).to_string(), &Sender::default(), &[]).unwrap();
    let addresses: Vec<&str> = composed.recipients.iter().map(|recipient| recipient.address.as_str()).collect();
    assert_eq!(addresses, ["b@example.com", "d@example.com", "secret@example.com", "other@example.com"]);
    assert_eq!((composed.from.as_str(), composed.eight_bit, composed.utf8), ("anna@example.com", true, false));
    let message = read(&mut composed).unwrap();
    assert!(header(&message, "Date").is_some());
    assert_eq!(header(&message, "Message-ID"), Some(format!("<{}>", composed.message_id).as_str()));
    assert!(
        message.ends_with(
            "\r\nReceived: x\r\nFrom: =?utf-8?Q?Anna?= <anna@example.com>\r\nTo: Team: \"B, C\" <b@example.com> (boss),\r\n\td@example.com;\r\n\
             Subject: ü\r\n\r\nbody\r\nline\r\n.\r\nend\r\n"
        ),
        "{message}"
    );
    composed.rewind();
    let mut single = Vec::new();
    let mut byte = [0];
    while composed.read(&mut byte).unwrap() == 1 {
        single.push(byte[0]);
    }
    assert_eq!(String::from_utf8(single).unwrap(), message);
}

#[test]
fn the_document_may_send_a_ready_made_message_to_others() {
    let folder = Folder::new("redirect");
    let file = folder.file("m.eml", b"From: a@example.com\r\nTo: b@example.com\r\nDate: x\r\nMessage-ID: <m@example.com>\r\n\r\n");
    let document =
        json!({"file": file, "from": "bounce@example.com", "bcc": "c@example.com", "receipt": {"delivery": []}, "subject": null});
    let mut composed = compose(&document.to_string(), &Sender::default(), &[]).unwrap();
    assert_eq!((composed.from.as_str(), composed.message_id.as_str()), ("bounce@example.com", "m@example.com"));
    assert_eq!(composed.recipients.len(), 1);
    assert_eq!(composed.dsn.as_ref().unwrap().notify, []);
    assert_eq!(read(&mut composed).unwrap(), "From: a@example.com\r\nTo: b@example.com\r\nDate: x\r\nMessage-ID: <m@example.com>\r\n\r\n");
}

#[test]
fn a_file_that_is_no_message_is_refused() {
    let folder = Folder::new("no-message");
    for (content, code) in [
        (&b"%PDF-1.4 and so on"[..], "message.file_no_message"),
        (b"", "message.file_no_message"),
        (b"\r\nbody", "message.file_no_message"),
        (b"From anna@example.com Sat Nov 21 20:08:11 2026\nFrom: a@example.com\n\n", "message.file_no_message"),
        (b"From: a@example.com\nTo: b@example.com\n\na\0b", "message.control_character"),
        (b"From: a@example.com\nTo: b@@example\n\n", "message.address_invalid"),
        (b"Subject: x\n\n", "message.no_from"),
    ] {
        let file = folder.file("m.eml", content);
        let found = problems(json!({"file": file}));
        assert!(found.iter().any(|(_, found)| found == code), "{found:?} for {}", String::from_utf8_lossy(content));
    }
    let huge = folder.file("huge.eml", &b"X: y\r\n".repeat(400_000));
    assert_eq!(problem(json!({"file": huge})), pair("/file", "message.file_no_message"));
    let file = folder.file("m.eml", b"From: a@example.com\nTo: b@example.com\n\n");
    assert_eq!(problem(json!({"file": &file, "subject": "x"})), pair("/subject", "message.member_not_with_file"));
    assert_eq!(problem(json!({"file": file, "receipt": {"read": true}})), pair("/receipt/read", "message.member_not_with_file"));
}

/// Composes bytes for b@example.com.
fn raw(message: &[u8]) -> Result<Composed<'static>, Error> {
    let sender = Sender::default();
    Composer::new(&sender)?.compose_raw("a@example.com", &["b@example.com"], message.to_vec())
}

#[test]
fn a_message_in_memory_goes_out_byte_by_byte() {
    let message = "Subject: x\r\nX-Odd:y\r\n z\r\n\r\n.\r\nGr\u{fc}\u{df}e\r\n";
    let mut composed = raw(message.as_bytes()).unwrap();
    assert_eq!(read(&mut composed).unwrap(), message);
    assert_eq!((composed.size, composed.eight_bit, composed.message_id.as_str()), (message.len() as u64, true, ""));
    assert_eq!((composed.from.as_str(), composed.recipients[0].address.as_str()), ("a@example.com", "b@example.com"));
    assert_eq!(raw(b"Message-ID: <1@x>\r\n\r\n").unwrap().message_id, "1@x");
}

#[test]
fn a_message_in_memory_has_no_bcc_and_no_bare_line_end() {
    let mut composed = raw(b"Bcc: c@example.com,\n d@example.com\nSubject: x\rResent-Bcc: e@example.com\n\nbody\n.\nend").unwrap();
    let message = read(&mut composed).unwrap();
    assert_eq!(message, "Subject: x\r\n\r\nbody\r\n.\r\nend\r\n");
    assert_eq!(composed.size, message.len() as u64);
    assert_eq!(read(&mut raw(b"Bcc: c@example.com").unwrap()).unwrap(), "\r\n");
}

#[test]
fn what_is_no_message_or_has_no_envelope_is_refused_with_its_place() {
    for (message, code) in [
        (&b"no header\r\n\r\nx"[..], "message.no_message"),
        (b"", "message.no_message"),
        (b"Bcc: c@example.com\r\nno header\r\n\r\nx", "message.no_message"),
        (b"Subject: x\r\n\r\na\0b\r\n", "message.control_character"),
    ] {
        let error = raw(message).unwrap_err();
        assert_eq!((error.code.as_str(), error.at[0].pointer.as_str()), (code, ""), "{error:?}");
    }
    let sender = Sender::default();
    let composer = Composer::new(&sender).unwrap();
    let compose = |from: &str, to: &[&str]| composer.compose_raw(from, to, b"Subject: x\r\n\r\n".to_vec());
    assert_eq!(compose("", &["b@example.com"]).unwrap().from, "");
    for (from, to, pointer) in [
        ("a@example.com>\r\nRCPT TO:<c@example.com", vec!["b@example.com"], "/from"),
        ("a@example.com", vec!["b@example.com", "c@example.com\r\nDATA"], "/to/1"),
        ("a@example.com", vec![], "/to"),
    ] {
        assert_eq!(compose(from, &to).unwrap_err().at[0].pointer, pointer);
    }
}
