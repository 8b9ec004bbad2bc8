use super::*;

const TYPE: &str = "mime.type_invalid";
const PARAMETER: &str = "mime.parameter_invalid";
const GUESSED: &str = "header.charset_guessed";
const WORD: &str = "header.encoded_word_invalid";
const CONTROL: &str = "header.control_removed";

/// The value, the right type, the right parameters and the codes of the repairs.
type Row = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

fn codes(repairs: &Repairs) -> Vec<&'static str> {
    repairs.as_slice().iter().map(|repair| repair.code).collect()
}

#[test]
fn types_are_read_with_their_parameters() {
    let table: [Row; 34] = [
        ("text/plain", "text/plain", &[], &[]),
        (" Text/HTML; Charset=UTF-8", "text/html", &[("charset", "UTF-8")], &[]),
        ("text/plain; charset=\"us-ascii\" (Plain text)", "text/plain", &[("charset", "us-ascii")], &[]),
        ("text/plain; charset=us-ascii (Plain text)", "text/plain", &[("charset", "us-ascii")], &[]),
        (
            "text (a) / (b (c)) plain (d) ; (e) charset (f) = (g) x (h) ; format=flowed",
            "text/plain",
            &[("charset", "x"), ("format", "flowed")],
            &[],
        ),
        ("multipart/mixed; boundary=\r\n \"a b\"", "multipart/mixed", &[("boundary", "a b")], &[]),
        ("multipart/mixed;\r\n\tboundary\r\n =\r\n a=_b", "multipart/mixed", &[("boundary", "a=_b")], &[]),
        ("multipart/mixed;boundary=\"=_?:(),/;=\"", "multipart/mixed", &[("boundary", "=_?:(),/;=")], &[]),
        ("text/plain;; charset=x;", "text/plain", &[("charset", "x")], &[]),
        ("text/plain; charset=", "text/plain", &[("charset", "")], &[]),
        ("text/plain; charset=\"\"", "text/plain", &[("charset", "")], &[]),
        ("text/plain; charset=\"a\\\"b\\\\c\"", "text/plain", &[("charset", "a\"b\\c")], &[]),
        ("application/pdf; name=Rechnung 4711.pdf; x=y", "application/pdf", &[("name", "Rechnung 4711.pdf"), ("x", "y")], &[PARAMETER]),
        ("application/pdf; name=Rechnung\r\n 4711.pdf", "application/pdf", &[("name", "Rechnung 4711.pdf")], &[PARAMETER]),
        ("application/pdf; name=Rechnung (2).pdf", "application/pdf", &[("name", "Rechnung (2).pdf")], &[PARAMETER]),
        ("text/plain charset=utf-8", "text/plain", &[("charset", "utf-8")], &[PARAMETER]),
        ("text/plain; charset=utf-8 format=flowed", "text/plain", &[("charset", "utf-8"), ("format", "flowed")], &[PARAMETER]),
        ("text/plain; charset=\"utf-8\" format=flowed", "text/plain", &[("charset", "utf-8"), ("format", "flowed")], &[PARAMETER]),
        ("text/plain, charset=utf-8", "text/plain", &[("charset", "utf-8")], &[PARAMETER]),
        ("text/plain; utf-8", "text/plain", &[], &[PARAMETER]),
        ("text/plain; =x; charset=y", "text/plain", &[("charset", "y")], &[PARAMETER]),
        ("text/plain; charset=a; charset=a", "text/plain", &[("charset", "a")], &[]),
        ("text/plain; charset=a; charset=b", "text/plain", &[("charset", "a")], &[PARAMETER]),
        ("\"text/html\"; charset=a", "text/html", &[("charset", "a")], &[TYPE]),
        ("text", "text/plain", &[], &[TYPE]),
        ("", "text/plain", &[], &[TYPE]),
        ("; charset=x", "text/plain", &[("charset", "x")], &[TYPE]),
        ("charset=x", "text/plain", &[("charset", "x")], &[TYPE]),
        ("text/", "text/plain", &[], &[TYPE]),
        ("html", "text/html", &[], &[TYPE]),
        ("pdf; name=a.pdf", "application/octet-stream", &[("name", "a.pdf")], &[TYPE]),
        ("multipart; boundary=x", "multipart/mixed", &[("boundary", "x")], &[TYPE]),
        ("/; boundary=x", "multipart/mixed", &[("boundary", "x")], &[TYPE]),
        ("nonsense", "text/plain", &[], &[TYPE]),
    ];
    for (value, kind, parameters, told) in table {
        let mut repairs = Repairs::default();
        let read = ContentType::read(value.as_bytes(), &mut repairs, "/parts/0");
        assert_eq!(format!("{}/{}", read.kind(), read.subtype()), kind, "{value}");
        parameters.iter().for_each(|(name, right)| assert_eq!(read.parameter(name), Some(*right), "{value}"));
        assert_eq!(codes(&repairs), told, "{value}");
    }
}

#[test]
fn a_boundary_is_taken_byte_for_byte() {
    for (value, boundary) in
        [(&b"multipart/mixed; boundary=\"a\xfc=?x?Q?y?=\""[..], &b"a\xfc=?x?Q?y?="[..]), (b"multipart/mixed; boundary=\"a  ", b"a")]
    {
        assert_eq!(ContentType::read(value, &mut Repairs::default(), "").boundary(), Some(boundary));
    }
    assert_eq!(ContentType::read(b"multipart/mixed; boundary=\"\"", &mut Repairs::default(), "").boundary(), None);
}

#[test]
fn file_names_are_read_as_their_writers_meant_them() {
    let table: [(&str, &str, &[&str]); 49] = [
        ("attachment; filename=a.pdf", "a.pdf", &[]),
        ("attachment; filename=\r\n \"a.pdf\"", "a.pdf", &[]),
        ("attachment; filename=\r\n a.pdf; size=5", "a.pdf", &[]),
        ("attachment; FileName=\"a  b;c.pdf\"", "a  b;c.pdf", &[]),
        ("attachment; filename=\"a\r\n b.pdf\"", "a b.pdf", &[]),
        ("attachment; name=a.pdf", "a.pdf", &[]),
        ("attachment; name=b.pdf; filename=a.pdf", "a.pdf", &[]),
        ("; filename=a.pdf", "a.pdf", &[TYPE]),
        ("filename=a.pdf", "a.pdf", &[TYPE]),
        ("attachment filename=a.pdf", "a.pdf", &[PARAMETER]),
        // RFC 2231.
        ("attachment; filename*=utf-8''Gr%C3%BC%c3%9fe%20a.pdf", "Grüße a.pdf", &[]),
        ("attachment; filename*=iso-8859-1'de'Gr%FC%DFe.pdf", "Grüße.pdf", &[]),
        ("attachment; filename*=\"utf-8''a%20b.pdf\"", "a b.pdf", &[]),
        ("attachment; filename*0=Rechnung; filename*1=\" 4711\"; filename*2=.pdf", "Rechnung 4711.pdf", &[]),
        ("attachment; filename*2=.pdf; filename*0=a; filename*1=b", "ab.pdf", &[]),
        ("attachment; filename*0*=utf-8''Gr%C3;\r\n filename*1*=%BC%C3%9Fe; filename*2=\".p%20df\"", "Grüße.p%20df", &[]),
        (
            "attachment; filename*10*=k; filename*0*=us-ascii''a; filename*1=b; filename*2=c; filename*3=d; filename*4=e; filename*5=f; filename*6=g; filename*7=h; filename*8=i; filename*9=j",
            "abcdefghijk",
            &[],
        ),
        ("attachment; filename=\"Rechnung.pdf\"; filename*0*=utf-8''Rechnung%20Gr%C3%BC; filename*1*=n.pdf", "Rechnung Grün.pdf", &[]),
        ("attachment; filename*=utf-8''a.pdf; filename=\"b.pdf\"", "a.pdf", &[]),
        ("attachment; filename=\"b.pdf\"; filename*=utf-8''a.pdf", "a.pdf", &[]),
        ("attachment; filename*=utf-8''; filename=b.pdf", "b.pdf", &[]),
        ("attachment; filename*=a%20b.pdf", "a b.pdf", &[PARAMETER]),
        ("attachment; filename*=Gr%FC%DFe.pdf", "Grüße.pdf", &[PARAMETER, GUESSED]),
        ("attachment; filename*=''Gr%C3%BC%C3%9Fe.pdf", "Grüße.pdf", &[]),
        ("attachment; filename*=utf-8''100%.pdf", "100%.pdf", &[PARAMETER]),
        ("attachment; filename*=klingon''Gr%FC%DFe.pdf", "Grüße.pdf", &[PARAMETER, GUESSED]),
        ("attachment; filename*1=a; filename*2=.pdf", "a.pdf", &[PARAMETER]),
        ("attachment; filename*0=a; filename*2=.pdf", "a.pdf", &[PARAMETER]),
        ("attachment; filename*0=a; filename*0=b; filename*1=.pdf", "a.pdf", &[PARAMETER]),
        ("attachment; filename*=utf-8''a%0D%0Ab%00.pdf", "a b .pdf", &[CONTROL]),
        ("attachment; filename*=\"=?utf-8?Q?a=C3=BC?=\"", "aü", &[PARAMETER]),
        // RFC 2047, where it does not belong.
        ("attachment; filename=\"=?utf-8?B?R3LDtg==?=\r\n =?iso-8859-1?Q?=DFe_2?=\t=?utf-8?Q?.pdf?=\"; size=5", "Größe 2.pdf", &[]),
        ("attachment; filename=\"=?utf-8?Q?a?= b =?utf-8?Q?c?=\"", "a b c", &[]),
        ("attachment; filename==?utf-8?Q?a=3B_;b.pdf?=; size=5", "a; ;b.pdf", &[]),
        ("attachment; filename==?utf-8?Q?Gr=C3?= =?utf-8?Q?=BC=C3=9Fe?=.pdf", "Grüße.pdf", &[]),
        ("attachment; filename*0=\"=?utf-8?Q?Gr=C3\"; filename*1=\"=BC?=.pdf\"", "Grü.pdf", &[]),
        ("attachment; filename=\"=?utf-8?Q?a", "=?utf-8?Q?a", &[PARAMETER, WORD]),
        ("attachment; filename=\"=?utf-8?Q?a/b=00c?=\"", "a/b c", &[CONTROL]),
        // Quotation marks and backslashes.
        ("attachment; filename=\"C:\\dir\\x.pdf\"", "C:\\dir\\x.pdf", &[]),
        ("attachment; filename=\"C:\\\\dir\\\\x.pdf\"", "C:\\dir\\x.pdf", &[]),
        ("attachment; filename=\"C:\\dir\\\"", "C:\\dir\\", &[]),
        ("attachment; filename=\"a \\\"b\\\".pdf\"", "a \"b\".pdf", &[]),
        ("attachment; filename=\"a \"b\" c.pdf\"; size=5", "a \"b\" c.pdf", &[PARAMETER]),
        ("attachment; filename=\"a.pdf", "a.pdf", &[PARAMETER]),
        ("attachment; filename=\"a; b.pdf; size=5", "a; b.pdf", &[PARAMETER]),
        ("attachment; filename='a.pdf'", "'a.pdf'", &[]),
        ("attachment; filename=\"a.pdf\"; filename=\"b.pdf\"", "a.pdf", &[PARAMETER]),
        ("attachment; filename=a,b.pdf", "a,b.pdf", &[]),
        ("attachment; filename = a.pdf (comment)", "a.pdf", &[]),
    ];
    for (value, name, told) in table {
        let mut repairs = Repairs::default();
        let disposition = Disposition::read(value.as_bytes(), &mut repairs, "/parts/0");
        assert_eq!((disposition.kind(), file_name(Some(&disposition), None)), ("attachment", Some(name)), "{value}");
        assert_eq!(codes(&repairs), told, "{value}");
    }
}

#[test]
fn raw_letters_in_names_are_of_utf_8_or_the_bodys_charset_or_windows_1252() {
    let value = b"inline; filename=\"Gr\xfc\xdfe.pdf\"";
    let read = |value: &[u8], fallback: Option<&str>| {
        let mut repairs = Repairs::default();
        let disposition = Disposition::read_as(value, fallback.and_then(crate::charset::encoding), &mut repairs, "");
        (file_name(Some(&disposition), None).unwrap_or_default().to_owned(), codes(&repairs))
    };
    assert_eq!(read(value, None), ("Grüße.pdf".into(), vec![GUESSED]));
    assert_eq!(read(b"inline; filename=\xb9unka.pdf", Some("iso-8859-2")), ("šunka.pdf".into(), vec![GUESSED]));
    assert_eq!(read("inline; filename=Grüße.pdf".as_bytes(), None), ("Grüße.pdf".into(), vec![]));
}

#[test]
fn the_disposition_names_a_part_before_its_type_does() {
    let mut repairs = Repairs::default();
    let kind = ContentType::read(b"application/pdf; name=\"b.pdf\"", &mut repairs, "");
    let named = Disposition::read(b"attachment; filename=a.pdf", &mut repairs, "");
    let blank = Disposition::read(b"attachment; filename=\" \"", &mut repairs, "");
    assert_eq!(file_name(Some(&named), Some(&kind)), Some("a.pdf"));
    assert_eq!(file_name(Some(&blank), Some(&kind)), Some("b.pdf"));
    assert_eq!(file_name(Some(&blank), None), None);
    assert_eq!(file_name(None, Some(&kind)), Some("b.pdf"));
}
