use super::*;
use serde_json::Value;

fn summary(raw: &[u8]) -> Value {
    let message = Opened::new(raw.to_vec());
    // The types hold whatever a summary holds.
    serde_json::from_str::<Content>(message.summary()).unwrap();
    serde_json::from_str(message.summary()).unwrap()
}

const INVOICE: &[u8] = b"From: =?iso-8859-2?Q?Andr=E1s_Kov=E1cs?= <andras@example.com>\r\nTo: <anna@example.com>, Berta <berta@example.com>\r\n\
    Subject: =?utf-8?B?UmVjaG51bmcgw7xiZXIgNSDigqw=?=\r\nMessage-ID: <1@example.com>\r\nDate: Fri, 20 Nov 2026 10:00:00 +0100\r\n\
    MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=windows-1250\r\n\
    Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe, =9Aunka\r\n--x\r\nContent-Type: application/pdf\r\n\
    Content-Disposition: attachment; filename*=utf-8''R%C3%A9sum%C3%A9.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0x\r\nLjQ=\r\n--x--\r\n";

#[test]
fn headers_text_and_attachments_are_decoded() {
    let summary = summary(INVOICE);
    assert_eq!(summary["subject"], "Rechnung über 5 €");
    assert_eq!(summary["from"][0]["name"], "András Kovács");
    assert_eq!(summary["to"][1]["address"], "berta@example.com");
    assert_eq!(summary["date"], "2026-11-20T10:00:00+01:00");
    assert_eq!(summary["text"], "Grüße, šunka");
    assert_eq!(summary["parts"][0]["name"], "Résumé.pdf");
    assert_eq!(summary["parts"][0]["type"], "application/pdf");
    assert_eq!(summary["parts"][0]["size"], 8);
    assert_eq!(Opened::new(INVOICE.to_vec()).part(0).unwrap().as_ref(), b"%PDF-1.4");
    assert_eq!(Opened::new(INVOICE.to_vec()).part(1).unwrap_err().status, Status::NotFound);
}

#[test]
fn files_inside_a_winmail_dat_are_parts_of_their_own() {
    use base64_simd::STANDARD;
    let mut raw = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\ntext\r\n--x\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n\
        Content-Transfer-Encoding: base64\r\n\r\n"
        .to_vec();
    raw.extend_from_slice(STANDARD.encode_to_string(wrapping()).as_bytes());
    raw.extend_from_slice(b"\r\n--x--\r\n");
    let summary = summary(&raw);
    assert_eq!(summary["parts"].as_array().unwrap().len(), 3);
    assert_eq!((summary["parts"][1]["name"].as_str(), summary["parts"][1]["within"].as_u64()), (Some("Größe.pdf"), Some(0)));
    assert_eq!(summary["parts"][1]["size"], 8);
    let message = Opened::new(raw);
    assert_eq!(message.part(1).unwrap().as_ref(), b"%PDF-1.4");
    assert_eq!(message.part(2).unwrap().as_ref(), b"abc");
    assert_eq!(message.part(0).unwrap().as_ref(), wrapping());
}

#[test]
fn a_wrong_charset_label_is_repaired_where_evident() {
    let text = |label: &str, body: &[u8]| {
        let mut raw = format!("Content-Type: text/plain; charset={label}\r\n\r\n").into_bytes();
        raw.extend_from_slice(body);
        summary(&raw)["text"].as_str().unwrap().to_owned()
    };
    assert_eq!(text("iso-8859-1", "Grüße".as_bytes()), "Grüße");
    assert_eq!(text("us-ascii", "Grüße".as_bytes()), "Grüße");
    assert_eq!(text("utf-8", b"Gr\xfc\xdfe"), "Grüße");
    assert_eq!(text("iso-8859-1", b"Gr\xfc\xdfe"), "Grüße");
    assert_eq!(text("windows-1250", b"\x9aunka"), "šunka");
}

#[test]
fn any_input_is_a_message() {
    for raw in [&b""[..], b"\0", b"\r\n\r\n", b":", b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n", &[0xff; 1000]] {
        assert!(summary(raw).is_object(), "{raw:?}");
    }
}

#[test]
fn a_hundred_thousand_parts_nested_or_not_are_read_in_time() {
    const COUNT: usize = 100_000;
    let nested: String = (0..COUNT).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n")).collect();
    let side_by_side = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}--b--\r\n", "--b\r\n\r\nx\r\n".repeat(COUNT));
    let messages = format!("{}Subject: deep\r\n\r\nx\r\n", "Content-Type: message/rfc822\r\n\r\n".repeat(COUNT));
    let same = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n".repeat(COUNT);
    let attached = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n".repeat(COUNT);
    for (name, raw) in [("nested", nested), ("side by side", side_by_side), ("messages", messages), ("same", same), ("attached", attached)]
    {
        let started = std::time::Instant::now();
        // A program may call from a thread with a small stack.
        let small = std::thread::Builder::new().stack_size(128 * 1024);
        assert!(small.spawn(move || summary(raw.as_bytes()).is_object()).unwrap().join().unwrap(), "{name}");
        assert!(started.elapsed() < std::time::Duration::from_secs(60), "{name}: {:?}", started.elapsed());
    }
}

#[test]
fn an_attached_message_is_a_part_named_by_its_subject() {
    let raw = b"Subject: outer /global\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: Message/RFC822\r\n\r\n\
        Subject: inner (global)\r\n\r\ntext\r\n--x\r\nContent-Type: text/plain; name=\"a/digest.txt\"\r\nContent-Disposition: attachment\r\n\r\nb\r\n--x--\r\n";
    let summary = summary(raw);
    assert_eq!((&summary["subject"], &summary["parts"][0]["type"]), (&Value::from("outer /global"), &Value::from("message/rfc822")));
    assert_eq!((&summary["parts"][0]["file_name"], &summary["parts"][0]["size"]), (&Value::from("inner (global).eml"), &Value::from(31)));
    assert_eq!(
        (&summary["parts"][1]["name"], &summary["parts"][1]["file_name"]),
        (&Value::from("a/digest.txt"), &Value::from("a_digest.txt"))
    );
    assert_eq!(Opened::new(raw.to_vec()).part(0).unwrap().as_ref(), b"Subject: inner (global)\r\n\r\ntext");
}

#[test]
fn a_bounce_names_the_message_and_the_recipient_it_is_about() {
    let raw = b"From: MAILER-DAEMON@example.com\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\
        Content-Type: text/plain\r\n\r\nsorry\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.example.com\r\n\r\n\
        Final-Recipient: rfc822; nobody@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1\r\n no such user\r\n\r\n--b\r\n\
        Content-Type: message/rfc822\r\n\r\nMessage-ID: <original@erp.example.com>\r\nSubject: Rechnung\r\n\r\ntext\r\n--b--\r\n";
    let report = &summary(raw)["report"];
    assert_eq!(report["kind"], "failure");
    assert_eq!(report["message_id"], "original@erp.example.com");
    assert_eq!(report["recipients"][0]["address"], "nobody@example.com");
    assert_eq!(report["recipients"][0]["enhanced"], "5.1.1");
    assert_eq!(report["recipients"][0]["text"], "550 5.1.1 no such user");
    for kind in ["MESSAGE/RFC822", "MESSAGE/GLOBAL", "Text/RFC822-Headers", "message/global-headers"] {
        let raw = String::from_utf8(raw.to_vec()).unwrap().replace("message/rfc822", kind);
        assert_eq!(summary(raw.as_bytes())["report"]["message_id"], "original@erp.example.com", "{kind}");
    }
}

#[test]
fn a_read_receipt_names_the_message_it_is_about() {
    let raw = b"From: berta@example.com\r\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n--b\r\n\
        Content-Type: text/plain\r\n\r\nread\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\n\
        Final-Recipient: rfc822;berta@example.com\r\nOriginal-Message-ID: <original@erp.example.com>\r\n\
        Disposition: manual-action/MDN-sent-manually; displayed\r\n--b--\r\n";
    let report = &summary(raw)["report"];
    assert_eq!(report["kind"], "read");
    assert_eq!(report["message_id"], "original@erp.example.com");
}

#[test]
fn a_file_in_uuencode_within_a_text_is_a_part() {
    let raw = b"Subject: x\n\nsee below\nbegin 644 cat.txt\n#8V%T\n`\nend\nbegin 644 the day\n";
    let summary = summary(raw);
    assert_eq!((&summary["parts"][0]["name"], &summary["parts"][0]["size"]), (&Value::from("cat.txt"), &Value::from(3)));
    assert_eq!(summary["parts"].as_array().unwrap().len(), 1);
    assert!(summary["text"].as_str().unwrap().contains("#8V%T"));
    assert_eq!(Opened::new(raw.to_vec()).part(0).unwrap().as_ref(), b"cat");
}

#[test]
fn a_summary_says_what_lies_elsewhere() {
    let raw = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: message/partial; number=2; total=3; id=\"a@b\"\r\n\r\npiece\r\n\
        --x\r\nContent-Type: message/external-body; access-type=URL; URL=\"https://example.com/a.pdf\"\r\n\r\nContent-Type: application/pdf\r\n\r\n\r\n--x--\r\n";
    let parts = &summary(raw)["parts"];
    assert_eq!(parts[0]["partial"], serde_json::json!({"id": "a@b", "number": "2", "total": "3"}));
    assert_eq!(parts[1]["external"], serde_json::json!({"access": "URL", "url": "https://example.com/a.pdf"}));
    assert_eq!((&parts[0]["section"], &parts[1]["section"]), (&Value::from("1"), &Value::from("2")));
}

#[test]
fn a_summary_says_what_was_put_right_and_where_in_the_language_of_the_program() {
    let raw = b"From: a@example.com\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\ntext\r\n--x\r\nContent-Type: application/pdf\r\n\
        Content-Transfer-Encoding: base64\r\n\r\nJVBE!Ri0x";
    let told = |language: &str| {
        let message = Opened::new(raw.to_vec()).in_language(language);
        message.content().repairs.into_iter().map(|repair| (repair.code, repair.pointer, repair.message.unwrap())).collect::<Vec<_>>()
    };
    let codes = |language: &str| told(language).into_iter().map(|(code, pointer, _)| (code, pointer)).collect::<Vec<_>>();
    let expected = ["mime.boundary_unclosed", "mime.base64_stray"].map(|code| (code.to_owned(), "/parts/0".to_owned()));
    assert_eq!((codes("en"), codes("de-AT")), (expected.to_vec(), expected.to_vec()));
    assert!(told("de-AT")[0].2.contains("Nachricht") && told("")[0].2.contains("message"));
    assert_eq!(Opened::new(raw.to_vec()).part(0).unwrap().as_ref(), b"%PDF-1");
}

fn attribute(level: u8, id: u32, data: &[u8]) -> Vec<u8> {
    let sum = data.iter().fold(0_u16, |sum, byte| sum.wrapping_add((*byte).into()));
    let length = u32::try_from(data.len()).unwrap().to_le_bytes();
    [&[level][..], &id.to_le_bytes(), &length, data, &sum.to_le_bytes()].concat()
}

/// A `winmail.dat` with two files (MS-OXTNEF).
pub(super) fn wrapping() -> Vec<u8> {
    let begin = attribute(2, 0x0006_9002, &[0; 14]);
    let file = |title: &[u8], data: &[u8]| [attribute(2, 0x0001_8010, title), attribute(2, 0x0006_800f, data)].concat();
    let codepage = attribute(1, 0x0006_9007, &[&1250_u32.to_le_bytes()[..], &[0; 4]].concat());
    let files = [&begin[..], &file(b"Gr\xf6\xdfe.pdf\0", b"%PDF-1.4"), &begin, &file(b"\x9aunka.txt\0", b"abc")].concat();
    [&0x223e_9f78_u32.to_le_bytes()[..], &[1, 0], &codepage, &files].concat()
}
