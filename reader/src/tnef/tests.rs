//! Wrappings made for the purpose; tnefparse, a reader in Python, reads them alike (tests of the workspace).

use super::*;
use crate::compound::tests::written;
use crate::repair::Repair;
use crate::rtf::compress;

fn attribute(level: u8, id: u32, data: &[u8]) -> Vec<u8> {
    let sum = data.iter().fold(0u16, |sum, byte| sum.wrapping_add((*byte).into()));
    let length = u32::try_from(data.len()).unwrap().to_le_bytes();
    [&[level][..], &id.to_le_bytes(), &length, data, &sum.to_le_bytes()].concat()
}

fn property(kind: u16, id: u16, value: &[u8]) -> Vec<u8> {
    let mut property = [&kind.to_le_bytes()[..], &id.to_le_bytes()].concat();
    if matches!(kind, kind::STRING8 | kind::UNICODE | kind::BINARY | kind::OBJECT) {
        property.extend(1u32.to_le_bytes());
        property.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
    }
    property.extend(value);
    property.resize(property.len().next_multiple_of(4), 0);
    property
}

fn properties(list: &[Vec<u8>]) -> Vec<u8> {
    [&u32::try_from(list.len()).unwrap().to_le_bytes()[..], &list.concat()].concat()
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).chain([0, 0]).collect()
}

fn wrapping(attributes: &[Vec<u8>]) -> Vec<u8> {
    let page = attribute(1, attribute::id::OEM_CODEPAGE, &[&1250u32.to_le_bytes()[..], &[0; 4]].concat());
    [&attribute::SIGNATURE[..], &[1, 0], &page, &attributes.concat()].concat()
}

fn attachment(title: &[u8], data: Option<&[u8]>, list: &[Vec<u8>]) -> Vec<u8> {
    let mut attributes = attribute(2, attribute::id::ATTACH_RENDER_DATA, &[0; 14]);
    attributes.extend(attribute(2, attribute::id::ATTACH_TITLE, title));
    attributes.extend(data.map(|data| attribute(2, attribute::id::ATTACH_DATA, data)).unwrap_or_default());
    attributes.extend(attribute(2, attribute::id::ATTACHMENT, &properties(list)));
    attributes
}

/// Two files, an empty one, and an attachment without data.
fn files() -> Vec<u8> {
    let named = [
        property(kind::LONG, 0x0e20, &7u32.to_le_bytes()),
        property(kind::UNICODE, mapi::id::ATTACH_LONG_FILENAME, &wide("Größe 日本.pdf")),
        property(kind::STRING8, mapi::id::ATTACH_MIME_TAG, b"Application/PDF\0"),
        property(kind::STRING8, mapi::id::ATTACH_CONTENT_ID, b"<a@b>\0"),
    ];
    wrapping(&[
        attribute(1, attribute::id::BODY, b"Dober dan, \x9aunka\0"),
        attachment(b"GROSSE~1.PDF\0", Some(b"%PDF-1.4"), &named),
        attachment(b"\x9aunka.txt\0", Some(b"abc"), &[]),
        attachment(b"leer.txt\0", Some(b""), &[]),
        attachment(b"icon\0", None, &[]),
    ])
}

fn read(bytes: &[u8]) -> (Wrapping, Vec<Repair>) {
    let mut repairs = Repairs::default();
    let wrapping = open(bytes, &mut repairs, "/parts/0");
    (wrapping, repairs.as_slice().to_vec())
}

fn bytes_of<'a>(whole: &'a [u8], file: &'a File) -> &'a [u8] {
    match &file.bytes {
        Bytes::At(range) => &whole[range.clone()],
        Bytes::Made(bytes) => bytes,
    }
}

#[test]
fn files_are_found_with_their_true_names() {
    let bytes = files();
    let (wrapping, repairs) = read(&bytes);
    let names: Vec<&str> = wrapping.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["Größe 日本.pdf", "šunka.txt", "leer.txt"]);
    assert_eq!((wrapping.files[0].kind.as_deref(), wrapping.files[0].inline.as_deref()), (Some("application/pdf"), Some("a@b")));
    let contents: Vec<&[u8]> = wrapping.files.iter().map(|file| bytes_of(&bytes, file)).collect();
    assert_eq!(contents, [&b"%PDF-1.4"[..], b"abc", b""]);
    assert_eq!((wrapping.text.as_deref(), wrapping.html, repairs), (Some("Dober dan, šunka"), None, vec![]));
}

#[test]
fn an_embedded_message_is_a_message_of_its_own() {
    let recipients =
        [&1u32.to_le_bytes()[..], &properties(&[property(kind::STRING8, mapi::id::EMAIL_ADDRESS, b"b@example.com\0")])].concat();
    let inner = wrapping(&[
        attribute(1, attribute::id::SUBJECT, b"\x9aunka\0"),
        attribute(1, attribute::id::DATE_SENT, &[2026u16, 11, 28, 22, 13, 3, 6].map(u16::to_le_bytes).concat()),
        attribute(1, attribute::id::FROM, &[&[0, 0, 0, 0, 5, 0, 19, 0][..], b"Anna\0SMTP:a@example.com\0\0"].concat()),
        attribute(1, attribute::id::RECIPIENT_TABLE, &recipients),
        attribute(1, attribute::id::BODY, b"text\0"),
        attachment(b"a.txt\0", Some(b"abc"), &[]),
    ]);
    let message = [&[0x07, 0x03, 0x02, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46][..], &inner].concat();
    let bytes = wrapping(&[attachment(b"\x9aunka\0", None, &[property(kind::OBJECT, mapi::id::ATTACH_DATA, &message)])]);
    let (wrapping, repairs) = read(&bytes);
    let file = &wrapping.files[0];
    assert_eq!((file.name.as_str(), file.kind.as_deref(), repairs), ("šunka.eml", Some("message/rfc822"), vec![]));
    let text = String::from_utf8_lossy(bytes_of(&bytes, file)).into_owned();
    for line in [
        "Subject: =?utf-8?B?xaF1bmth?=",
        "Date: Sat, 28 Nov 2026 22:13:03 +0000",
        "From: \"Anna\" <a@example.com>",
        "To: b@example.com",
        "filename=\"a.txt\"",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    // A wrapping that stands alone is such a message, too.
    assert_eq!(super::message(&inner, &mut Repairs::default(), &|| true).as_deref(), Some(bytes_of(&bytes, file)));
}

#[test]
fn a_file_is_taken_out_of_an_embedded_object() {
    let storage = [&[0x0b, 0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46][..]].concat();
    let object = |file: &[u8]| {
        let list = [property(kind::OBJECT, mapi::id::ATTACH_DATA, &[&storage[..], file].concat())];
        let bytes = wrapping(&[attachment(b"x\0", None, &list)]);
        let (wrapping, _) = read(&bytes);
        bytes_of(&bytes, &wrapping.files[0]).to_vec()
    };
    assert_eq!(object(b"%PDF-1.4"), b"%PDF-1.4");
    let document = written(cfb::Version::V3, &[("/WordDocument", vec![1; 5000])]);
    assert_eq!(object(&document), document);
    assert_eq!(object(&written(cfb::Version::V3, &[("/CONTENTS", b"%PDF-1.7".to_vec())])), b"%PDF-1.7");
    let native =
        [&[0; 4][..], b"\x02\0a.txt\0C:\\a.txt\0", &[0, 0, 3, 0], &3u32.to_le_bytes(), b"C:\0", &3u32.to_le_bytes(), b"abc"].concat();
    assert_eq!(object(&written(cfb::Version::V3, &[("/\u{1}Ole10Native", native)])), b"abc");
}

#[test]
fn rtf_is_the_text_where_there_is_no_other() {
    let rtf = |text: &str, more: &[Vec<u8>]| {
        let list = [&[property(kind::BINARY, mapi::id::RTF_COMPRESSED, &compress(text.as_bytes()))], more].concat();
        read(&wrapping(&[attribute(1, attribute::id::MESSAGE_PROPERTIES, &properties(&list))])).0
    };
    let html = rtf(r"{\rtf1\ansi\fromhtml1{\*\htmltag64 <p>}Gr\'fc\'dfe}", &[]);
    assert_eq!((html.html.as_deref(), html.text, html.files), (Some("<p>Grüße"), None, vec![]));
    let plain = r"{\rtf1\ansi Gr\'fc\'dfe}";
    let shown = rtf(plain, &[]);
    assert_eq!((shown.text.as_deref(), shown.files.len()), (Some("Grüße"), 1));
    assert_eq!((shown.files[0].name.as_str(), &shown.files[0].bytes), ("message.rtf", &Bytes::Made(plain.as_bytes().to_vec())));
    let beside = rtf(plain, &[property(kind::UNICODE, mapi::id::BODY, &wide("text"))]);
    assert_eq!((beside.text.as_deref(), beside.files), (Some("text"), vec![]));
}

#[test]
fn a_wrong_checksum_is_noted_and_ends_nothing() {
    let mut bytes = files();
    let at = memchr::memmem::find(&bytes, b"%PDF").unwrap();
    bytes[at] = b'!';
    let (wrapping, repairs) = read(&bytes);
    assert_eq!(wrapping.files.len(), 3);
    assert_eq!(repairs, [Repair { code: "mime.winmail_checksum", pointer: "/parts/0".to_owned() }]);
    bytes.truncate(at + 2);
    assert_eq!(read(&bytes).1.last().map(|repair| repair.code), Some("mime.winmail_invalid"));
    assert_eq!(read(b"no wrapping").1.len(), 1);
}

#[test]
fn broken_wrappings_give_what_is_whole_and_never_fail() {
    let message = [&[0x07, 0x03, 0x02, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46][..], &files()].concat();
    let object = property(kind::OBJECT, mapi::id::ATTACH_DATA, &message);
    let rtf = property(kind::BINARY, mapi::id::RTF_COMPRESSED, &compress(br"{\rtf1\fromhtml1{\*\htmltag64 <p>}}"));
    let bytes =
        [files(), attribute(1, attribute::id::MESSAGE_PROPERTIES, &properties(&[rtf])), attachment(b"x\0", None, &[object])].concat();
    for length in 0..bytes.len() {
        assert!(read(&bytes[..length]).0.files.len() <= 4);
    }
    // A small generator of its own is random enough to break every field in turn.
    let mut random = 7u32;
    for _ in 0..20_000 {
        let mut broken = bytes.clone();
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let at = random as usize % broken.len();
        broken[at] ^= (random >> 24) as u8 | 1;
        for file in read(&broken).0.files {
            bytes_of(&broken, &file);
        }
    }
}

#[test]
fn messages_within_each_other_are_opened_so_deep_and_no_deeper() {
    let mut bytes = files();
    for _ in 0..200 {
        let message = [&[0x07, 0x03, 0x02, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46][..], &bytes].concat();
        bytes = wrapping(&[attachment(b"x\0", None, &[property(kind::OBJECT, mapi::id::ATTACH_DATA, &message)])]);
    }
    let (wrapping, _) = read(&bytes);
    assert_eq!(memchr::memmem::find_iter(bytes_of(&bytes, &wrapping.files[0]), b"message/rfc822").count(), DEPTH - 1);
    assert!(wrapping.files[0].bytes.len() < bytes.len() * 3 / 2);
}

/// The tests of the workspace open the same wrapping as a file, which other programs read, too.
#[test]
fn the_file_of_the_other_tests_is_such_a_wrapping() {
    let place = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/enclosed/winmail.dat");
    let message = [&[0x07, 0x03, 0x02, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46][..], &files()].concat();
    let rtf = property(kind::BINARY, mapi::id::RTF_COMPRESSED, &compress(br"{\rtf1\ansi\fromhtml1{\*\htmltag64 <p>}Gr\'fc\'dfe}"));
    let added = [attachment(b"innen\0", None, &[property(kind::OBJECT, mapi::id::ATTACH_DATA, &message)])];
    let bytes = [&files()[..], &added.concat()].concat();
    let head = 6 + attribute(1, attribute::id::OEM_CODEPAGE, &[0; 8]).len();
    let bytes = [&bytes[..head], &attribute(1, attribute::id::MESSAGE_PROPERTIES, &properties(&[rtf])), &bytes[head..]].concat();
    if std::env::var_os("POSTKONTOR_WRITE_DOCS").is_some() {
        std::fs::write(place, &bytes).unwrap();
    }
    assert_eq!(std::fs::read(place).unwrap(), bytes);
    let (wrapping, repairs) = read(&bytes);
    assert_eq!((wrapping.files.len(), wrapping.html.as_deref(), repairs), (4, Some("<p>Grüße"), vec![]));
}
