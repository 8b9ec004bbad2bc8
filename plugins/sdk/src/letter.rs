//! What the bytes of a message say, for a filter that no server judges.

use crate::filter::{HeaderCondition, Known, contains};
use mail_parser::{Address, HeaderName, HeaderValue, Message, MessageParser, MessagePart, PartType};
use std::borrow::Cow;

/// The most bytes of headers that are read.
const HEADERS: usize = 64 * 1024;

/// A message, or its headers.
pub struct Letter<'m> {
    /// With addresses and dates as such.
    read: Message<'m>,
    /// With every field as decoded text.
    fields: Message<'m>,
    is_whole: bool,
    size: Option<u64>,
    is_unseen: Option<bool>,
    day: Option<&'m str>,
}

impl<'m> Letter<'m> {
    /// A message of which only the headers are known.
    pub fn of_headers(headers: &'m [u8]) -> Letter<'m> {
        let headers = headers.get(..HEADERS).unwrap_or(headers);
        Letter::new(MessageParser::default().parse_headers(headers), headers, false)
    }

    /// A message that is whole.
    pub fn whole(message: &'m [u8]) -> Letter<'m> {
        Letter::new(MessageParser::default().parse(message), message, true)
    }

    fn new(read: Option<Message<'m>>, bytes: &'m [u8], is_whole: bool) -> Letter<'m> {
        // Without a field of its own the parser would not heed the default.
        let fields = MessageParser::new()
            .header_text(HeaderName::Subject)
            .default_header_text()
            .parse_headers(bytes.get(..HEADERS).unwrap_or(bytes));
        Letter { read: read.unwrap_or_else(empty), fields: fields.unwrap_or_else(empty), is_whole, size: None, is_unseen: None, day: None }
    }

    /// The same with the bytes that it has at the server.
    #[must_use]
    pub fn of_size(self, size: u64) -> Letter<'m> {
        Letter { size: Some(size), ..self }
    }

    /// The same with what the server says of its being seen.
    #[must_use]
    pub fn unseen(self, is_unseen: bool) -> Letter<'m> {
        Letter { is_unseen: Some(is_unseen), ..self }
    }

    /// The same with the moment of its arrival, as RFC 3339. Without it the Date field counts.
    #[must_use]
    pub fn received(self, received: Option<&'m str>) -> Letter<'m> {
        Letter { day: received, ..self }
    }

    /// Each field with its name and its decoded value.
    fn texts(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        self.fields.headers().iter().map(|field| {
            let text = match &field.value {
                HeaderValue::Text(text) => Cow::Borrowed(text.as_ref()),
                HeaderValue::TextList(texts) => Cow::Owned(texts.join(" ")),
                HeaderValue::Address(address) => Cow::Owned(people(address)),
                // Dates and types say as they stand what they say.
                _ => {
                    let raw = self.fields.raw_message.get(field.offset_start as usize..field.offset_end as usize).unwrap_or_default();
                    String::from_utf8_lossy(raw.trim_ascii())
                }
            };
            (field.name(), text)
        })
    }
}

/// A message without anything, which still has its one part: without that mail-parser finds no headers to look through.
fn empty<'m>() -> Message<'m> {
    Message { parts: vec![MessagePart::default()], ..Message::default() }
}

/// Names and addresses, as a text is looked for in them.
fn people(address: &Address<'_>) -> String {
    let people = address.iter();
    people.map(|person| format!("{} <{}> ", person.name().unwrap_or_default(), person.address().unwrap_or_default())).collect()
}

impl Known for Letter<'_> {
    fn is_unseen(&self) -> Option<bool> {
        self.is_unseen
    }

    fn day(&self) -> Option<Cow<'_, str>> {
        self.day.map(Cow::Borrowed).or_else(|| self.read.date().map(|date| Cow::Owned(date.to_rfc3339())))
    }

    fn size(&self) -> Option<u64> {
        self.size
    }

    fn from(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Owned(self.read.from().map(people).unwrap_or_default()))
    }

    fn subject(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.read.subject().unwrap_or_default()))
    }

    fn has_header(&self, condition: &HeaderCondition) -> Option<bool> {
        Some(self.texts().any(|(name, text)| name.eq_ignore_ascii_case(&condition.name) && contains(&text, &condition.contains)))
    }

    fn has_in_body(&self, text: &str) -> Option<bool> {
        let has = |body: &PartType<'_>| match body {
            PartType::Text(body) | PartType::Html(body) => contains(body, text),
            _ => false,
        };
        self.is_whole.then(|| self.read.parts.iter().any(|part| has(&part.body)))
    }

    fn has_in_headers(&self, text: &str) -> Option<bool> {
        Some(self.texts().any(|(name, value)| contains(&value, text) || contains(name, text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Filter;

    const LETTER: &str = "From: =?utf-8?Q?J=C3=BCrgen?= <j@example.com>\r\nSubject: =?utf-8?Q?R=C3=BCckfrage?=\r\nX-Kunde: =?utf-8?Q?M=C3=BCller?= 4711\r\n\
        X-Leer:\r\nTo: =?utf-8?Q?Bj=C3=B6rn?= <b@example.com>\r\nDate: Fri, 20 Nov 2026 10:00:00 +0100\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n\
        --x\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<b>Gr=FC=DFe</b>\r\n\
        --x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\nTGllZmVydW5n\r\n--x--\r\n";

    fn judged(letter: &Letter<'_>, filter: &str) -> Option<bool> {
        serde_json::from_str::<Filter>(filter).unwrap().judge(letter)
    }

    #[test]
    fn headers_and_bodies_are_judged_decoded() {
        let letter = Letter::whole(LETTER.as_bytes());
        for met in [
            r#"{"from":"JÜRGEN","subject":"rück"}"#,
            r#"{"from":"j@example","since":"2026-11-20","before":"2026-11-21"}"#,
            r#"{"header":[{"name":"x-kunde","contains":"müller 4711"},{"name":"X-Leer"},{"name":"To","contains":"björn"}]}"#,
            r#"{"body":"grüße"}"#,
            r#"{"body":"Lieferung"}"#,
            r#"{"text":"GRÜSSE","not":{"text":"MÜLLER"}}"#,
        ] {
            assert_eq!(judged(&letter, met), Some(!met.contains("GRÜSSE")), "{met}");
        }
        for unmet in [
            r#"{"since":"2026-11-21"}"#,
            r#"{"subject":"Rechnung"}"#,
            r#"{"header":{"name":"X-Kund"}}"#,
            r#"{"body":"Rückfrage"}"#,
            r#"{"text":"Mahnung"}"#,
        ] {
            assert_eq!(judged(&letter, unmet), Some(false), "{unmet}");
        }
    }

    #[test]
    fn headers_alone_say_nothing_of_the_body() {
        let letter = Letter::of_headers(LETTER.as_bytes());
        assert_eq!((judged(&letter, r#"{"body":"x"}"#), judged(&letter, r#"{"text":"zzz"}"#)), (None, None));
        assert_eq!(judged(&letter, r#"{"text":"müller","subject":"RÜCK"}"#), Some(true));
        assert_eq!(judged(&letter, r#"{"unseen":true}"#), None);
        assert_eq!(
            judged(&letter.unseen(true).of_size(9).received(Some("2026-12-01T00:00:00Z")), r#"{"since":"2026-12-01","max_size":9}"#),
            Some(true)
        );
        for hostile in [&b""[..], b"\0", &[0xff; 1000], b"From", b"\r\n\r\n"] {
            assert_eq!(judged(&Letter::of_headers(hostile), r#"{"subject":"x"}"#), Some(false));
        }
        assert_eq!(judged(&Letter::of_headers("Subject: Rückfrage\r\n\r\n".as_bytes()), r#"{"subject":"rück"}"#), Some(true));
    }
}
