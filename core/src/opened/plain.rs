//! Messages that are nothing but one text, as most mail between programs is.
//!
//! mail-parser looks at each byte of a body for the boundary that such a message does not have, and copies the text where its
//! character set has a name. Here only the headers are parsed; the text is what lies behind them.

use super::PARSER;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::parsers::MessageStream;
use mail_parser::{Encoding, GetHeader, HeaderName, HeaderValue, Message, MessagePart, PartType};
use memchr::memmem;
use std::borrow::Cow;

/// What mail-parser would make of the message, where that is one text that is not encoded for its way.
pub(super) fn plain(raw: &[u8]) -> Option<Message<'_>> {
    // Found at once where it is; whatever else has parts is found after its headers were parsed.
    if memmem::find(raw, b"multipart/").is_some() {
        return None;
    }
    let (mut stream, mut headers) = (MessageStream::new(raw), Vec::new());
    if !stream.parse_headers(&PARSER, &mut headers) {
        return None;
    }
    let kind = headers.header_value(&HeaderName::ContentType).and_then(HeaderValue::as_content_type);
    let is_html = match kind.map(|kind| (kind.ctype(), kind.subtype())) {
        None | Some(("text", Some("plain"))) => false,
        Some(("text", Some("html"))) => true,
        Some(_) => return None,
    };
    let disposition = headers.header_value(&HeaderName::ContentDisposition).and_then(HeaderValue::as_content_type);
    let encoding = headers.header_value(&HeaderName::ContentTransferEncoding).and_then(HeaderValue::as_text).unwrap_or_default();
    let is_encoded = ["base64", "quoted-printable"].iter().any(|known| encoding.eq_ignore_ascii_case(known));
    if is_encoded || disposition.is_some_and(|disposition| disposition.is_attachment()) {
        return None;
    }
    let start = stream.offset();
    let text = decoded(raw.get(start..)?, kind.and_then(|kind| kind.attribute("charset")));
    let part = MessagePart {
        headers,
        is_encoding_problem: false,
        body: if is_html { PartType::Html(text) } else { PartType::Text(text) },
        encoding: Encoding::None,
        offset_header: 0,
        offset_body: u32::try_from(start).ok()?,
        offset_end: u32::try_from(raw.len()).ok()?,
    };
    Some(Message { html_body: vec![0], text_body: vec![0], attachments: Vec::new(), parts: vec![part], raw_message: raw.into() })
}

fn decoded<'a>(bytes: &'a [u8], charset: Option<&str>) -> Cow<'a, str> {
    let is_single_byte = |label: &str| encoding_rs::Encoding::for_label(label.as_bytes()).is_some_and(|charset| charset.is_single_byte());
    let decoder = charset.filter(|label| !(bytes.is_ascii() && is_single_byte(label))).and_then(|label| charset_decoder(label.as_bytes()));
    match decoder {
        Some(decoder) => Cow::Owned(decoder(bytes)),
        None => std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_is_read_as_the_parser_reads_it() {
        let headers = [
            "",
            "X: y\r\n",
            "garbage\r\n",
            "Content-Type: text/plain; charset=utf-8\r\n",
            "Content-Type: TEXT/HTML; charset=iso-8859-2\r\n",
        ];
        let more = ["", "Content-Transfer-Encoding: 8bit\r\n", "Content-Disposition: inline\r\n", "Subject: a\r\n b\r\nno header\r\n"];
        let bodies = [&b""[..], b"\r\ntext\r\n", b"Gr\xfc\xdfe", "Grüße".as_bytes(), b"--x\r\n\r\n\0\n"];
        for (header, more, body) in
            headers.iter().flat_map(|header| more.iter().flat_map(move |more| bodies.map(|body| (header, more, body))))
        {
            for end in ["\r\n", "\n"] {
                let raw = [b"To: a@b\r\n", header.as_bytes(), more.as_bytes(), end.as_bytes(), body].concat();
                assert_eq!(plain(&raw), PARSER.parse(&raw), "{:?}", String::from_utf8_lossy(&raw));
            }
        }
    }

    #[test]
    fn whatever_is_read_here_the_parser_reads_as_well() {
        const PIECES: &[&[u8]] = &[
            b"Content-Type: text/plain",
            b"Content-Type:text/html",
            b"content-type: TEXT/x-plain",
            b"Content-Type: text",
            b"; charset=iso-8859-2",
            b"; charset=\"UTF-8\"",
            b"; charset=utf-7",
            b"; charset=utf-16",
            b"; charset*=us-ascii''shift_jis",
            b"; charset=none",
            b"; format=flowed; name=a.txt",
            b"; boundary=x",
            b"Content-Transfer-Encoding: ",
            b"base64",
            b"Quoted-Printable",
            b" (8bit) 7bit",
            b"Content-Disposition: ",
            b"inline; filename=x",
            b"attachment",
            b"Content-ID: <a>",
            b"Subject: =?utf-8?Q?=C3=BC?=",
            b"From: a <a@b>",
            b"--x",
            b"Gr\xfc\xdfe",
            "Grüße".as_bytes(),
            b"+APw- =FC",
            b"\r\n",
            b"\r\n",
            b"\n",
            b"\n\n",
            b"\r\n\r\n",
            b"\r",
            b" ",
            b":",
            b"\0",
        ];
        let (mut seed, mut read) = (1_u64, 0);
        for _ in 0..60_000 {
            let mut raw = Vec::new();
            for _ in 0..12 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                raw.extend_from_slice(PIECES[(seed >> 33) as usize % PIECES.len()]);
            }
            if let Some(message) = plain(&raw) {
                assert_eq!(Some(message), PARSER.parse(&raw), "{}", raw.escape_ascii());
                read += 1;
            }
        }
        assert!(read > 10_000, "{read}");
    }

    #[test]
    fn everything_else_is_left_to_the_parser() {
        for header in [
            "Content-Type: multipart/mixed; boundary=x",
            "Content-Type: Multipart/mixed; boundary=x",
            "Content-Type: message/rfc822",
            "Content-Type: text/calendar",
            "Content-Type: application/pdf",
            "Content-Transfer-Encoding: Base64",
            "Content-Transfer-Encoding: quoted-printable",
            "Content-Disposition: attachment; filename=x",
        ] {
            assert_eq!(plain(format!("{header}\r\n\r\ntext").as_bytes()), None, "{header}");
        }
        assert_eq!(plain(b"Subject: without a body"), None);
    }
}
