use super::*;

const UNKNOWN: &str = "text.charset_unknown";
const GUESSED: &str = "text.charset_guessed";
const INVALID: &str = "text.bytes_invalid";

/// The bytes, their label, the right text and the codes of its repairs.
type Row = (&'static [u8], Option<&'static str>, &'static str, &'static [&'static str]);

fn read(bytes: &[u8], label: Option<&str>, is_html: bool) -> (String, Vec<&'static str>) {
    let mut repairs = Repairs::default();
    let text = decode(bytes, label, is_html, &mut repairs, "/text").into_owned();
    (text, repairs.as_slice().iter().map(|repair| repair.code).collect())
}

#[test]
fn labels_are_believed_unless_the_bytes_prove_them_wrong() {
    let table: [Row; 37] = [
        (b"plain", None, "plain", &[]),
        (b"plain", Some("us-ascii"), "plain", &[]),
        (b"plain", Some("x-unknown"), "plain", &[]),
        (b"plain", Some("klingon"), "plain", &[UNKNOWN]),
        ("Grüße".as_bytes(), Some("utf-8"), "Grüße", &[]),
        ("Grüße".as_bytes(), Some("iso-8859-1"), "Grüße", &[GUESSED]),
        ("Grüße".as_bytes(), Some("us-ascii"), "Grüße", &[GUESSED]),
        ("Grüße".as_bytes(), Some("cp850"), "Grüße", &[GUESSED]),
        ("Grüße".as_bytes(), None, "Grüße", &[GUESSED]),
        ("Größe".as_bytes(), Some("shift_jis"), "Grﾃｶﾃ歹", &[]),
        ("您好，附件".as_bytes(), Some("gb2312"), "您好，附件", &[GUESSED]),
        (b"Gr\xfc\xdfe", Some("iso-8859-1"), "Grüße", &[]),
        (b"Gr\xfc\xdfe", Some("utf-8"), "Grüße", &[GUESSED]),
        (b"Gr\xfc\xdfe", None, "Grüße", &[GUESSED]),
        (b"Gr\xfc\xdfe", Some("us-ascii"), "Grüße", &[GUESSED]),
        (b"Gr\xfc\xdfe", Some("klingon"), "Grüße", &[UNKNOWN, GUESSED]),
        (b"\x9aunka", Some("windows-1250"), "šunka", &[]),
        (b"Gr\x81\xe1e", Some("cp-850"), "Grüße", &[]),
        (b"5 \xd5", Some("ibm858"), "5 €", &[]),
        // One byte of the text is damaged.
        (b"Gr\xc3\xbc\xc3\x9fe, \xc3\xa4\xff\xc3\xb6", Some("utf-8"), "Grüße, ä\u{fffd}ö", &[INVALID]),
        (b"\xc3\xbc \xff", Some("utf-8"), "ü \u{fffd}", &[INVALID]),
        (b"\xc3\xbc \xff", None, "Ã¼ ÿ", &[GUESSED]),
        (b"Gr\xc3\xbc\xc3\x9fe \xe2\x82", Some("utf-8"), "Grüße \u{fffd}", &[INVALID]),
        (b"Spa\xdf\x94 f\xfcr dich", Some("utf-8"), "Spaß” für dich", &[GUESSED]),
        // Marks of the byte order.
        (b"\xef\xbb\xbfGr\xc3\xbc\xc3\x9fe", Some("utf-8"), "Grüße", &[]),
        (b"\xef\xbb\xbfGr\xc3\xbc\xc3\x9fe", None, "Grüße", &[]),
        (b"\xef\xbb\xbfGr\xc3\xbc\xc3\x9fe", Some("iso-8859-1"), "Grüße", &[GUESSED]),
        (b"\xff\xfea\0\xfc\0", Some("utf-16"), "aü", &[]),
        (b"\xfe\xff\0a\0\xfc", None, "aü", &[]),
        (b"a\0b\0\xfc\0", Some("utf-16"), "abü", &[]),
        (b"\0a\0b\0\xfc", Some("utf-16"), "abü", &[]),
        (b"\x65\xe5\x67\x2c", Some("utf-16"), "日本", &[]),
        (b"plain", Some("utf-16le"), "plain", &[GUESSED]),
        (b"\xff\xfe\0\0a\0\0\0", Some("utf-32"), "a", &[]),
        (b"\0\0\0a\0\0\0\xfc", Some("utf-32be"), "aü", &[]),
        (b"a\0b\0c\0", None, "abc", &[GUESSED]),
        (b"+ZeVnLIqe-", Some("unicode-1-1-utf-7"), "日本語", &[]),
    ];
    for (bytes, label, text, codes) in table {
        assert_eq!(read(bytes, label, false), (text.to_owned(), codes.to_vec()), "{bytes:?} {label:?}");
    }
}

#[test]
fn east_asian_texts_are_read_without_and_with_wrong_labels() {
    let table: [Row; 10] = [
        (b"\x1b$B$3$s\x1b(B", Some("iso-2022-jp"), "こん", &[]),
        (b"\x1b$B$3$s\x1b(B", None, "こん", &[GUESSED]),
        (b"\x1b$B$3$s\x1b(B", Some("us-ascii"), "こん", &[GUESSED]),
        (b"\x1b$B$3$s\x1b(B", Some("utf-8"), "こん", &[GUESSED]),
        (b"\x82\xb1\x82\xf1", Some("iso-2022-jp"), "こん", &[GUESSED]),
        ("こん".as_bytes(), Some("iso-2022-jp"), "こん", &[GUESSED]),
        (b"~{<:Ky2;~}", Some("hz-gb-2312"), "己所不", &[]),
        (b"\x1b$)C\x0e>H3g\x0f", Some("iso-2022-kr"), "안녕", &[]),
        (b"\xbe\xc8\xb3\xe7", Some("ks_c_5601-1987"), "안녕", &[]),
        (b"\xbe\xc8\xb3\xe7\xff", Some("euc-kr"), "안녕\u{fffd}", &[INVALID]),
    ];
    for (bytes, label, text, codes) in table {
        assert_eq!(read(bytes, label, false), (text.to_owned(), codes.to_vec()), "{bytes:?} {label:?}");
    }
}

#[test]
fn a_page_without_a_label_may_name_its_charset() {
    let page = b"<meta charset=windows-1250>\x9aunka".as_slice();
    assert_eq!(read(page, None, true), ("<meta charset=windows-1250>šunka".into(), vec![]));
    assert_eq!(read(page, Some("windows-1252"), true), ("<meta charset=windows-1250>šunka".into(), vec![]));
    assert_eq!(read(page, None, false).1, [GUESSED]);
    assert_eq!(read("<meta charset=utf-16>ü".as_bytes(), None, true), ("<meta charset=utf-16>ü".into(), vec![]));
    assert_eq!(read("<meta charset=iso-8859-1>ü".as_bytes(), None, true), ("<meta charset=iso-8859-1>ü".into(), vec![GUESSED]));
}

#[test]
fn a_letter_cut_at_the_end_of_a_beginning_is_no_repair() {
    for (label, text) in
        [("utf-8", "Grüße €😀"), ("shift_jis", "こんにちは"), ("utf-16le", "aü😀"), ("gb18030", "己所不"), ("iso-8859-1", "Grüße")]
    {
        let encoding = Encoding::for_label(label.as_bytes()).unwrap();
        let bytes = if label == "utf-16le" {
            text.encode_utf16().flat_map(u16::to_le_bytes).collect()
        } else {
            encoding.encode(text).0.into_owned()
        };
        for end in 0..=bytes.len() {
            let mut repairs = Repairs::default();
            let start = decode_start(&bytes[..end], Some(label), false, &mut repairs, "/text");
            assert!(
                text.starts_with(&*start) && start.chars().count() + 1 >= text[..start.len()].chars().count(),
                "{label} {end}: {start}"
            );
            assert_eq!(repairs.as_slice(), [], "{label} {end}: {start}");
        }
    }
}

#[test]
fn what_needs_no_change_is_not_copied() {
    for label in [None, Some("utf-8"), Some("iso-8859-1"), Some("gbk"), Some("cp850"), Some("us-ascii")] {
        assert!(matches!(decode(b"plain\r\n", label, true, &mut Repairs::default(), ""), Cow::Borrowed(_)), "{label:?}");
    }
    assert!(matches!(decode("ü".as_bytes(), Some("utf-8"), true, &mut Repairs::default(), ""), Cow::Borrowed(_)));
}
