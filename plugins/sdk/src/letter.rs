//! What the bytes of a message say, for a filter that no server judges.

use crate::filter::{HeaderCondition, Known, contains};
use postkontor_reader::header::{self, Fields};
use postkontor_reader::source::Source;
use postkontor_reader::{Message, Repairs, charset};
use std::borrow::Cow;
use std::cell::OnceCell;

/// The most bytes of headers that are read.
const HEADERS: usize = 64 * 1024;

/// A message, or its headers.
pub struct Letter<'m> {
    /// Each field with its name and its decoded value.
    texts: Vec<(String, String)>,
    /// The moment of its Date field, as RFC 3339.
    date: Option<String>,
    /// The message, where it is whole.
    whole: Option<Source>,
    /// Its texts, decoded when the first condition wants them.
    bodies: OnceCell<Vec<String>>,
    size: Option<u64>,
    is_unseen: Option<bool>,
    day: Option<&'m str>,
}

impl<'m> Letter<'m> {
    /// A message of which only the headers are known.
    pub fn of_headers(headers: &[u8]) -> Letter<'m> {
        let fields = Fields::read(headers.get(..HEADERS).unwrap_or(headers));
        // What is put right while it is read changes nothing for a filter.
        let mut repairs = Repairs::default();
        let date = fields.first("Date").and_then(|field| header::date(field.value(), &mut repairs)).map(|date| date.to_string());
        let mut decoded = |value| header::text(value, None, &mut repairs, "").into_owned();
        let texts = fields.iter().map(|field| (field.name().to_owned(), decoded(field.value()))).collect();
        Letter { texts, date, whole: None, bodies: OnceCell::new(), size: None, is_unseen: None, day: None }
    }

    /// A message that is whole.
    pub fn whole(message: Vec<u8>) -> Letter<'m> {
        let letter = Letter::of_headers(&message);
        Letter { whole: Some(Source::from(message)), ..letter }
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

    fn first(&self, name: &str) -> Option<Cow<'_, str>> {
        let text = self.texts.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, text)| text.as_str());
        Some(Cow::Borrowed(text.unwrap_or_default()))
    }
}

impl Known for Letter<'_> {
    fn is_unseen(&self) -> Option<bool> {
        self.is_unseen
    }

    fn day(&self) -> Option<Cow<'_, str>> {
        self.day.or(self.date.as_deref()).map(Cow::Borrowed)
    }

    fn size(&self) -> Option<u64> {
        self.size
    }

    fn from(&self) -> Option<Cow<'_, str>> {
        self.first("From")
    }

    fn subject(&self) -> Option<Cow<'_, str>> {
        self.first("Subject")
    }

    fn has_header(&self, condition: &HeaderCondition) -> Option<bool> {
        Some(self.texts.iter().any(|(name, text)| name.eq_ignore_ascii_case(&condition.name) && contains(text, &condition.contains)))
    }

    fn has_in_body(&self, text: &str) -> Option<bool> {
        let whole = self.whole.as_ref()?;
        Some(self.bodies.get_or_init(|| bodies(whole)).iter().any(|body| contains(body, text)))
    }

    fn has_in_headers(&self, text: &str) -> Option<bool> {
        Some(self.texts.iter().any(|(name, value)| contains(value, text) || contains(name, text)))
    }
}

/// All texts of a message, attached ones, too.
fn bodies(source: &Source) -> Vec<String> {
    // Nothing stops it, and a message in memory can be read.
    let Ok(message) = Message::read(source, &|| true) else { return Vec::new() };
    let body = |index: usize| {
        let entity = message.entity(index).filter(|entity| !entity.is_divided && entity.kind().0 == "text")?;
        let label = entity.content_type.as_ref().and_then(|kind| kind.parameter("charset"));
        let (bytes, _) = message.decoded(index, u64::MAX).ok()?;
        Some(charset::decode(&bytes, label, entity.kind().1 == "html", &mut Repairs::default(), "").into_owned())
    };
    (0..message.structure().entities.len()).filter_map(body).collect()
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
        let letter = Letter::whole(LETTER.as_bytes().to_vec());
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
