//! Files made for the purpose; extract-msg, a reader in Python, reads them alike (tests of the workspace).

use super::*;
use crate::compound::tests::written;
use crate::mapi::id;
use crate::rtf::compress;

type Streams = Vec<(String, Vec<u8>)>;

/// The streams of a storage: values of variable length, and those of a fixed one.
fn storage(path: &str, header: usize, texts: &[(u16, &str)], bytes: &[(u16, &[u8])], numbers: &[(u16, u16, u64)]) -> Streams {
    let mut list = vec![0; header];
    let mut streams = Streams::new();
    let mut variable = |id: u16, kind: u16, value: Vec<u8>| {
        list.extend([&kind.to_le_bytes()[..], &id.to_le_bytes(), &6u32.to_le_bytes(), &(value.len() as u64).to_le_bytes()].concat());
        streams.push((format!("{path}/__substg1.0_{id:04X}{kind:04X}"), value));
    };
    for (id, text) in texts {
        variable(*id, kind::UNICODE, text.encode_utf16().flat_map(u16::to_le_bytes).collect());
    }
    for (id, value) in bytes {
        variable(*id, kind::BINARY, value.to_vec());
    }
    for (id, kind, number) in numbers {
        list.extend([&kind.to_le_bytes()[..], &id.to_le_bytes(), &6u32.to_le_bytes(), &number.to_le_bytes()].concat());
    }
    streams.push((format!("{path}/{PROPERTIES}"), list));
    streams
}

fn file(storages: Vec<Streams>) -> Vec<u8> {
    // The names of named properties, of which there are none; other readers want the storage.
    let names = ["00020102", "00030102", "00040102"].map(|tag| (format!("/__nameid_version1.0/__substg1.0_{tag}"), Vec::new()));
    let streams = [storages.concat(), names.to_vec()].concat();
    written(cfb::Version::V3, &streams.iter().map(|(path, bytes)| (path.as_str(), bytes.clone())).collect::<Vec<_>>())
}

fn recipient(number: usize, name: &str, kind: &str, address: &str, smtp: &str, role: u64) -> Streams {
    let texts = [(id::DISPLAY_NAME, name), (id::ADDRESS_TYPE, kind), (id::EMAIL_ADDRESS, address), (id::SMTP_ADDRESS, smtp)];
    let texts: Vec<_> = texts.into_iter().filter(|(_, text)| !text.is_empty()).collect();
    storage(&format!("/{RECIPIENT}#{number:08X}"), HEADER_OTHER, &texts, &[], &[(id::RECIPIENT_TYPE, kind::LONG, role)])
}

fn attachment(path: &str, number: usize, texts: &[(u16, &str)], bytes: &[u8]) -> Streams {
    storage(&format!("{path}/{ATTACHMENT}#{number:08X}"), HEADER_OTHER, texts, &[(id::ATTACH_DATA, bytes)], &[(0x3705, kind::LONG, 1)])
}

/// The XML of an e-invoice, as far as it shows what it is.
const INVOICE: &str = "<rsm:CrossIndustryInvoice xmlns:rsm=\"urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100\" xmlns:ram=\"r\">\
    <rsm:ExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter><ram:ID>urn:factur-x.eu:1p0:minimum</ram:ID>\
    </ram:GuidelineSpecifiedDocumentContextParameter></rsm:ExchangedDocumentContext></rsm:CrossIndustryInvoice>\n";

/// A message with what a message may have.
fn letter() -> Vec<Streams> {
    let pdf = crate::pdf::tests::packed_of(INVOICE.as_bytes()).0;
    let rtf = r"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0\fswiss Arial;}}\f0 {\*\htmltag64 <p>}Gr\'fc\'dfe{\*\htmltag84 <img src='22cid:logo@x'22>}}"
        .replace("'22", r"\'22");
    let texts = [
        (0x001a, "IPM.Note"),
        (id::SUBJECT, "Rechnung für Šunka"),
        (id::BODY, "Grüße"),
        (id::SENT_REPRESENTING_NAME, "Anna Müller"),
        (id::SENT_REPRESENTING_ADDRESS_TYPE, "EX"),
        (id::SENT_REPRESENTING_EMAIL_ADDRESS, "/o=Firma/cn=anna"),
        (id::SENT_REPRESENTING_SMTP_ADDRESS, "anna@example.com"),
        (id::SENDER_NAME, "Anna Müller"),
        (id::SENDER_SMTP_ADDRESS, "anna@example.com"),
        (id::INTERNET_MESSAGE_ID, "<1@example.com>"),
        (id::IN_REPLY_TO_ID, "<0@example.com>"),
    ];
    let numbers = [(id::CLIENT_SUBMIT_TIME, kind::TIME, 134_086_015_830_000_000), (id::IMPORTANCE, kind::LONG, 2)];
    vec![
        storage("", HEADER, &texts, &[(id::RTF_COMPRESSED, &compress(rtf.as_bytes()))], &numbers),
        recipient(0, "Berta", "EX", "/o=Firma/cn=berta", "berta@example.com", 1),
        recipient(1, "c@example.com", "SMTP", "c@example.com", "", 2),
        recipient(2, "Dora", "SMTP", "d@example.com", "", 3),
        attachment("", 0, &[(id::ATTACH_LONG_FILENAME, "Größe.pdf"), (id::ATTACH_MIME_TAG, "application/pdf")], &pdf),
        attachment(
            "",
            1,
            &[(id::ATTACH_FILENAME, "logo.png"), (id::ATTACH_MIME_TAG, "image/png"), (id::ATTACH_CONTENT_ID, "logo@x")],
            b"png",
        ),
        attachment("", 2, &[(id::ATTACH_LONG_FILENAME, "leer.txt")], b""),
        storage(&format!("/{ATTACHMENT}#00000003"), HEADER_OTHER, &[(id::DISPLAY_NAME, "innen")], &[], &[(0x3705, kind::LONG, 5)]),
        storage(
            &format!("/{ATTACHMENT}#00000003/{OBJECT}"),
            HEADER_EMBEDDED,
            &[(0x001a, "IPM.Note"), (id::SUBJECT, "innen"), (id::BODY, "inner text")],
            &[],
            &[],
        ),
        attachment(&format!("/{ATTACHMENT}#00000003/{OBJECT}"), 0, &[(id::ATTACH_LONG_FILENAME, "a.txt")], b"abc"),
    ]
}

fn mime(bytes: &[u8]) -> String {
    String::from_utf8(message(bytes, &mut Repairs::default(), &|| true).unwrap()).unwrap()
}

#[test]
fn a_message_is_made_of_its_properties() {
    let text = mime(&file(letter()));
    for line in [
        "From: =?utf-8?B?QW5uYSBNw7xsbGVy?= <anna@example.com>\r\n",
        "To: \"Berta\" <berta@example.com>\r\n",
        "Cc: c@example.com\r\n",
        "Bcc: \"Dora\" <d@example.com>\r\n",
        "Subject: =?utf-8?B?UmVjaG51bmcgZsO8ciDFoHVua2E=?=\r\n",
        "Date: Wed, 26 Nov 2025 03:33:03 +0000\r\n",
        "Message-ID: <1@example.com>\r\n",
        "In-Reply-To: <0@example.com>\r\n",
        "Importance: high\r\n",
        "Content-Type: multipart/mixed; boundary=\"=_1_mixed\"\r\n",
        "Content-Type: multipart/related; boundary=\"=_2_related\"\r\n",
        "Content-Type: multipart/alternative; boundary=\"=_3_alternative\"\r\n",
        "filename*0*=utf-8''Gr%C3%B6%C3%9Fe.pdf\r\n\r\nJVBERi0xLjcK",
        "Content-Disposition: inline;\r\n filename=\"logo.png\"\r\nContent-ID: <logo@x>\r\n\r\ncG5n\r\n",
        "filename=\"leer.txt\"\r\n\r\n\r\n--=_1_mixed",
        "Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\nSubject: innen\r\n",
        "filename=\"a.txt\"\r\n\r\nYWJj\r\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn the_header_with_which_it_travelled_counts_before_the_properties() {
    let header = "Received: from a\r\n by b\r\nFrom: x@example.com\r\nMessage-ID: <2@example.com>\r\nDate: Sat, 28 Nov 2026 22:13:03 +0100\r\n\
        Content-Type: multipart/mixed; boundary=z\r\n\r\n";
    let texts = [
        (id::TRANSPORT_MESSAGE_HEADERS, header),
        (id::SUBJECT, "\u{1}\u{5}RE: x"),
        (id::INTERNET_MESSAGE_ID, "<1@example.com>"),
        (id::SENDER_EMAIL_ADDRESS, "y@example.com"),
    ];
    let text = mime(&file(vec![storage("", HEADER, &texts, &[], &[])]));
    let head = "Received: from a\r\n by b\r\nFrom: x@example.com\r\nMessage-ID: <2@example.com>\r\nDate: Sat, 28 Nov 2026 22:13:03 +0100\r\n\
        Subject: RE: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    assert_eq!(text, head);
}

#[test]
fn texts_of_eight_bits_are_in_the_code_page_of_the_message() {
    let mut streams = storage("", HEADER, &[], &[], &[(id::MESSAGE_CODEPAGE, kind::LONG, 1250)]);
    streams.push(("/__substg1.0_0037001E".to_owned(), b"\x9aunka".to_vec()));
    let to = vec![
        (format!("/{RECIPIENT}#00000000/__substg1.0_3001001E"), b"\x8aef".to_vec()),
        (format!("/{RECIPIENT}#00000000/__substg1.0_3003001E"), b"a@example.com".to_vec()),
    ];
    let text = mime(&file(vec![streams, to]));
    assert!(text.contains("Subject: =?utf-8?B?xaF1bmth?=") && text.contains("To: =?utf-8?B?xaBlZg==?= <a@example.com>"), "{text}");
}

#[test]
fn a_message_is_made_as_long_as_its_caller_wants() {
    let large = vec![7; 3_000_000];
    let given = file(vec![
        storage("", HEADER, &[(id::SUBJECT, "x")], &[], &[]),
        attachment("", 0, &[(id::ATTACH_LONG_FILENAME, "a")], &large),
        attachment("", 1, &[(id::ATTACH_LONG_FILENAME, "b")], &large),
    ]);
    let whole = message(&given, &mut Repairs::default(), &|| true).unwrap().len();
    let asked = std::cell::Cell::new(0);
    let until = |most: usize| {
        asked.set(0);
        let goes_on = || asked.replace(asked.get() + 1) < most;
        message(&given, &mut Repairs::default(), &goes_on).unwrap().len()
    };
    assert_eq!(until(usize::MAX), whole);
    // Within each attachment, not only between them.
    let questions = asked.get();
    assert!(questions > 8, "{questions}");
    let lengths: Vec<usize> = (0..questions).map(until).collect();
    assert!(lengths.is_sorted() && lengths[questions - 1] < whole && lengths[0] < 1000, "{lengths:?}");
}

#[test]
fn an_object_of_another_program_is_its_file() {
    let at = format!("/{ATTACHMENT}#00000000");
    let object = |streams: &[(&str, &[u8])]| -> Streams {
        streams.iter().map(|(name, bytes)| (format!("{at}/{OBJECT}/{name}"), bytes.to_vec())).collect()
    };
    let named = || storage(&at, HEADER_OTHER, &[(id::DISPLAY_NAME, "Tabelle.xls")], &[], &[(0x3705, kind::LONG, 6)]);
    for (streams, expected) in [
        (object(&[("Workbook", &[7; 5000]), ("\u{1}CompObj", b"x"), ("Macros/VBA/dir", b"y")]), "application/vnd.ms-excel"),
        (object(&[("contents of a kind", b"x")]), "application/x-ole-storage"),
    ] {
        let given = file(vec![storage("", HEADER, &[], &[], &[]), named(), streams.clone()]);
        let mut repairs = Repairs::default();
        let text = String::from_utf8(message(&given, &mut repairs, &|| true).unwrap()).unwrap();
        assert!(repairs.as_slice().is_empty());
        let (_, part) = text.split_once(&format!("Content-Type: {expected}\r\n")).unwrap();
        let (head, body) = part.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("filename=\"Tabelle.xls\""), "{head}");
        let lines: String = body.lines().take_while(|line| !line.is_empty()).collect();
        let copy = base64_simd::STANDARD.decode_to_vec(lines).unwrap();
        let compound = Compound::open(&copy).unwrap();
        for (path, bytes) in streams {
            let names = path.split('/').skip(3);
            let found = names.fold(compound.root(), |storage, name| compound.find(storage, name).unwrap());
            assert_eq!(compound.stream(found).unwrap(), bytes, "{path}");
        }
    }
    // Of what a program has packed the packing goes.
    let given = file(vec![storage("", HEADER, &[], &[], &[]), named(), object(&[("CONTENTS", b"abc"), ("other", b"x")])]);
    assert!(mime(&given).contains("filename=\"Tabelle.xls\"\r\n\r\nYWJj\r\n"));
}

#[test]
fn what_is_no_message_is_none_and_what_is_damaged_never_fails() {
    assert!(message(b"Subject: x\r\n\r\n", &mut Repairs::default(), &|| true).is_none());
    assert!(message(&written(cfb::Version::V3, &[("/WordDocument", vec![0; 5000])]), &mut Repairs::default(), &|| true).is_none());
    let whole = file(letter());
    let mut random = 3u64;
    for round in 0..3000 {
        let mut bytes = whole.clone();
        for _ in 0..4 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (random >> 33) as usize % bytes.len();
            bytes[at] = (random >> 20) as u8;
        }
        if round % 4 == 0 {
            bytes.truncate((random >> 35) as usize % bytes.len());
        }
        if let Some(mime) = message(&bytes, &mut Repairs::default(), &|| true) {
            assert!(mime.len() < bytes.len() * 6, "{} of {}", mime.len(), bytes.len());
        }
    }
}

/// The tests of the workspace open the same message as a file, which other programs read, too.
#[test]
fn the_file_of_the_other_tests_is_this_message() {
    let place = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/enclosed/letter.msg");
    if std::env::var_os("POSTKONTOR_WRITE_DOCS").is_some() {
        std::fs::write(place, file(letter())).unwrap();
    }
    assert_eq!(mime(&std::fs::read(place).unwrap()), mime(&file(letter())));
}
