//! What is in a message beside its text: Outlook's own formats, e-invoices, meeting requests. The files of `tests/enclosed` are opened by other
//! programs, too (`tests/tests/enclosed.rs`).

#![allow(clippy::unwrap_used)] // a test

use base64_simd::STANDARD;
use postkontor_core::{Attendee, Config, Content, Host, Invoice, Moment, Opened, Source, Status};
use serde_json::{Value, json};

const LETTER: &[u8] = include_bytes!("../../tests/enclosed/letter.msg");
const WINMAIL: &[u8] = include_bytes!("../../tests/enclosed/winmail.dat");

fn opened(raw: &[u8]) -> (Opened, Content) {
    let message = Opened::new(raw.to_vec());
    let content = message.content();
    assert_eq!(content.size, message.size());
    (message, content)
}

/// A message with these parts behind its text: the fields of each, and its bytes.
fn mail(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let part = |(fields, bytes): &(&str, &[u8])| {
        format!("--b\r\n{fields}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n", STANDARD.encode_to_string(bytes))
    };
    let parts: String = parts.iter().map(part).collect();
    format!("Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n{parts}--b--\r\n").into_bytes()
}

fn invoice(format: &str, profile: &str, part: usize) -> Option<Invoice> {
    Some(Invoice { format: format.to_owned(), profile: Some(profile.to_owned()), part })
}

#[test]
fn a_msg_file_is_a_message_like_any_other() {
    let (message, content) = opened(LETTER);
    assert_eq!((content.subject.as_str(), message.subject()), ("Rechnung für Šunka", "Rechnung für Šunka"));
    let summary: Value = serde_json::from_str(message.summary()).unwrap();
    assert_eq!(summary["from"], json!([{"name": "Anna Müller", "address": "anna@example.com"}]));
    assert_eq!(summary["to"], json!([{"name": "Berta", "address": "berta@example.com"}]));
    assert_eq!(summary["cc"], json!([{"address": "c@example.com"}]));
    assert_eq!(summary["bcc"], json!([{"name": "Dora", "address": "d@example.com"}]));
    assert_eq!((content.message_id.as_deref(), content.in_reply_to), (Some("1@example.com"), vec!["0@example.com".to_owned()]));
    assert_eq!(content.date.as_deref().map(|date| &date[..19]), Some("2025-11-26T03:33:03"));
    assert_eq!((content.text.trim_end(), content.html.trim_end()), ("Grüße", "<p>Grüße<img src=\"cid:logo@x\">"));
    let parts: Vec<_> =
        content.parts.iter().map(|part| (part.file_name.as_str(), part.kind.as_str(), part.inline.as_deref(), part.within)).collect();
    let expected = [
        ("logo.png", "image/png", Some("logo@x"), None),
        ("Größe.pdf", "application/pdf", None, None),
        ("leer.txt", "application/octet-stream", None, None),
        ("innen.eml", "message/rfc822", None, None),
        ("factur-x.xml", "text/xml", None, Some(1)),
    ];
    assert_eq!(parts, expected);
    assert_eq!((message.part(0).unwrap().as_ref(), message.part(2).unwrap().as_ref()), (&b"png"[..], &b""[..]));
    assert_eq!(content.invoice, invoice("factur-x", "urn:factur-x.eu:1p0:minimum", 4));
    assert!(message.part(4).unwrap().starts_with(b"<rsm:CrossIndustryInvoice"));
    let (inner, content) = opened(&message.part(3).unwrap());
    assert_eq!((content.subject.as_str(), content.text.trim_end(), inner.part(0).unwrap().as_ref()), ("innen", "inner text", &b"abc"[..]));
    // What is saved is the message that was made, and opens as the same one.
    let (again, _) = opened(&message.bytes(None).unwrap());
    assert_eq!(again.summary(), message.summary());
    assert_eq!(opened(&LETTER[..600]).1.subject, "");
}

#[test]
fn a_message_that_may_take_no_time_is_not_opened() {
    let host = Host::open_with(&Config::default(), Box::new(()), &[]).unwrap();
    let place = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/enclosed/letter.msg");
    for (bytes, subject) in [(LETTER, "Rechnung für Šunka"), (b"Subject: x\r\n\r\ny", "x")] {
        let open = |source: &str| host.open_message(&Source::read(source).unwrap(), || Ok(bytes.to_vec()));
        assert_eq!(open(r#"{"timeout_seconds":600}"#).unwrap().subject(), subject);
        let error = open(r#"{"timeout_seconds":0}"#).err().unwrap();
        assert_eq!((error.status, error.code.as_str()), (Status::Timeout, "call.timeout"));
    }
    let file = |more: Value| {
        let mut source = json!({"file": place});
        source.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        host.open_message(&Source::read(&source.to_string()).unwrap(), || panic!("the file has the message"))
    };
    assert_eq!(file(json!({})).unwrap().subject(), "Rechnung für Šunka");
    assert_eq!(file(json!({"timeout_seconds": 0})).err().unwrap().status, Status::Timeout);
}

#[test]
fn a_winmail_dat_gives_its_files_and_the_text_where_there_is_no_other() {
    let wrapping = "Content-Type: application/ms-tnef; name=winmail.dat";
    let (message, content) = opened(&mail(&[(wrapping, WINMAIL)]));
    assert_eq!((content.text.trim_end(), content.html.as_str(), content.parts.len()), ("text", "", 5));
    assert_eq!((content.parts[3].size, content.parts[3].file_name.as_str(), content.parts[3].within), (0, "leer.txt", Some(0)));
    let (_, inner) = opened(&message.part(4).unwrap());
    assert_eq!((inner.text.trim_end(), inner.parts.len()), ("Dober dan, šunka", 3));
    let raw = format!("Subject: x\r\n{wrapping}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n", STANDARD.encode_to_string(WINMAIL));
    let (_, alone) = opened(raw.as_bytes());
    assert_eq!((alone.subject.as_str(), alone.text.as_str(), alone.html.as_str()), ("x", "Dober dan, šunka", "<p>Grüße"));
    // The wrapping without a mail around it is opened as the message that it holds.
    let (_, bare) = opened(WINMAIL);
    assert_eq!((bare.text.trim_end(), bare.html.trim_end(), bare.parts.len()), ("Dober dan, šunka", "<p>Grüße", 4));
    let (_, damaged) = opened(&mail(&[(wrapping, &WINMAIL[..WINMAIL.len() - 3])]));
    assert!(
        damaged.repairs.iter().any(|repair| repair.code == "mime.winmail_invalid" && repair.pointer == "/parts/0"),
        "{:?}",
        damaged.repairs
    );
}

#[test]
fn a_winmail_dat_that_is_too_large_stays_closed_and_that_is_told() {
    let mut raw = b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\nContent-Type: application/ms-tnef\r\n\r\n".to_vec();
    let start = raw.len();
    raw.extend_from_slice(WINMAIL);
    for (size, is_open) in [(32 * 1024 * 1024, true), (32 * 1024 * 1024 + 1, false)] {
        raw.resize(start + size, 0);
        let (_, content) = opened(&[raw.as_slice(), b"\r\n--b--\r\n"].concat());
        let told: Vec<_> = content.repairs.iter().map(|repair| (repair.code.as_str(), repair.pointer.as_str())).collect();
        assert_eq!(told, if is_open { vec![] } else { vec![("mime.winmail_too_large", "/parts/0")] }, "{size}");
        assert_eq!((content.parts.len() > 1, content.parts[0].size), (is_open, size as u64));
    }
}

#[test]
fn a_pdf_that_is_too_large_to_be_searched_is_told_and_of_other_kinds_the_beginning_counts() {
    const LARGE: usize = 32 * 1024 * 1024;
    let message = |kind: &str, bytes: &[u8], size: usize| {
        let mut raw = b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\nContent-Type: ".to_vec();
        raw.extend_from_slice(kind.as_bytes());
        raw.extend_from_slice(b"\r\n\r\n");
        let start = raw.len();
        raw.extend_from_slice(bytes);
        raw.resize(start + size, b' ');
        raw.extend_from_slice(b"\r\n--b--\r\n");
        opened(&raw).1
    };
    let letter = Opened::new(LETTER.to_vec());
    let pdf = letter.part(1).unwrap();
    for (size, is_searched) in [(LARGE, true), (LARGE + 1, false)] {
        let content = message("application/pdf", &pdf, size);
        let told: Vec<_> = content.repairs.iter().map(|repair| (repair.code.as_str(), repair.pointer.as_str())).collect();
        assert_eq!(told, if is_searched { vec![] } else { vec![("mime.pdf_too_large", "/parts/0")] }, "{size}");
        assert_eq!((content.invoice.is_some(), content.parts.len()), (is_searched, if is_searched { 2 } else { 1 }));
    }
    let xml = b"<Invoice xmlns='urn:oasis:names:specification:ubl:schema:xsd:Invoice-2'><CustomizationID>urn:cen.eu:en16931:2017</CustomizationID></Invoice>";
    assert!(message("text/xml", xml, LARGE + 1).invoice.is_some());
}

#[test]
fn an_e_invoice_is_named_wherever_it_stands() {
    let xml = b"<Invoice xmlns='urn:oasis:names:specification:ubl:schema:xsd:Invoice-2'><CustomizationID>urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0</CustomizationID></Invoice>";
    let profile = "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0";
    let other: (&str, &[u8]) = ("Content-Type: application/xml; name=order.xml", b"<order/>");
    for kind in ["Content-Type: text/xml", "Content-Type: application/octet-stream; name=x.XML", "Content-Type: application/vnd.x+xml"] {
        assert_eq!(opened(&mail(&[other, (kind, xml)])).1.invoice, invoice("xrechnung", profile, 1), "{kind}");
    }
    let letter = Opened::new(LETTER.to_vec());
    let pdf = letter.part(1).unwrap();
    let (message, content) = opened(&mail(&[other, ("Content-Type: application/octet-stream; name=R.PDF", &pdf)]));
    assert_eq!((content.invoice, content.parts[2].within), (invoice("factur-x", "urn:factur-x.eu:1p0:minimum", 2), Some(1)));
    assert_eq!(message.part(2).unwrap(), letter.part(4).unwrap());
    assert_eq!(opened(&mail(&[other])).1.invoice, None);
}

#[test]
fn a_meeting_request_is_told_with_its_part() {
    let calendar = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSEQUENCE:2\r\nSUMMARY:Gespräch\r\nLOCATION:Büro\r\nDTSTART;TZID=Europe/Berlin:20261201T100000\r\n\
        DTEND;TZID=Europe/Berlin:20261201T110000\r\nORGANIZER;CN=Anna:mailto:a@example.com\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:b@example.com\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let kind = "Content-Type: text/calendar; charset=utf-8; method=reply";
    let (_, content) = opened(&mail(&[("Content-Type: application/pdf", b"%PDF-1.4"), (kind, calendar.as_bytes())]));
    let found = content.calendar.unwrap();
    assert_eq!((found.method.as_deref(), found.uid.as_deref(), found.sequence, found.part), (Some("REPLY"), Some("1"), Some(2), 1));
    assert_eq!((found.summary.as_deref(), found.location.as_deref()), (Some("Gespräch"), Some("Büro")));
    let moment = |time: &str| Some(Moment { time: time.to_owned(), zone: Some("Europe/Berlin".to_owned()) });
    assert_eq!((found.start, found.end), (moment("2026-12-01T10:00:00"), moment("2026-12-01T11:00:00")));
    let attendee = |name: Option<&str>, address: &str, status: Option<&str>| Attendee {
        name: name.map(str::to_owned),
        address: Some(address.to_owned()),
        status: status.map(str::to_owned),
    };
    assert_eq!(found.organizer, Some(attendee(Some("Anna"), "a@example.com", None)));
    assert_eq!(found.attendees, [attendee(None, "b@example.com", Some("accepted"))]);
}
