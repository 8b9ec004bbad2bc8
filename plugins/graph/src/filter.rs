//! Which messages a program wants: what the service searches for, and what is judged here from what it lists.

use crate::entry::Message;
use postkontor_plugin::net::http::percent_encoded;
use postkontor_plugin::{Filter, HeaderCondition, Known, Letter, contains};
use std::borrow::Cow;

/// The part of a filter that the service can search for, as the query of a list in order of arrival.
///
/// The service wants what a list is sorted by to be what it is filtered by first.
pub(crate) fn query(filter: &Filter) -> String {
    let since = filter.since.as_deref().unwrap_or("1900-01-01");
    let before = filter.before.as_deref().map(|day| format!(" and receivedDateTime lt {day}T00:00:00Z")).unwrap_or_default();
    let unseen = if filter.unseen { " and isRead eq false" } else { "" };
    let condition = percent_encoded(&format!("receivedDateTime ge {since}T00:00:00Z{before}{unseen}"));
    format!("$filter={condition}&$orderby=receivedDateTime")
}

/// What has to be listed of each message so that the filter can be judged, beside what always is.
pub(crate) fn selected(filter: &Filter) -> &'static str {
    if filter.any(&|filter| !filter.header.is_empty()) { ",internetMessageHeaders" } else { "" }
}

/// A message whose bytes are there, with what the service says of it.
pub(crate) fn letter(message: &Message, bytes: Vec<u8>) -> Letter<'_> {
    let size = message.size().unwrap_or(bytes.len() as u64);
    Letter::whole(bytes).of_size(size).unseen(message.is_read != Some(true)).received(message.received_date_time.as_deref())
}

impl Known for Message {
    fn is_unseen(&self) -> Option<bool> {
        Some(self.is_read != Some(true))
    }

    fn day(&self) -> Option<Cow<'_, str>> {
        self.received_date_time.as_deref().map(Cow::Borrowed)
    }

    /// What it takes in the mailbox, where the service says it.
    fn size(&self) -> Option<u64> {
        Message::size(self)
    }

    fn from(&self) -> Option<Cow<'_, str>> {
        let from = self.from.as_ref().map(|from| &from.email_address);
        let from =
            from.map(|from| format!("{} <{}>", from.name.as_deref().unwrap_or_default(), from.address.as_deref().unwrap_or_default()));
        Some(Cow::Owned(from.unwrap_or_default()))
    }

    fn subject(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.subject.as_deref().unwrap_or_default()))
    }

    fn has_header(&self, condition: &HeaderCondition) -> Option<bool> {
        let named = |name: &str| name.eq_ignore_ascii_case(&condition.name);
        Some(self.internet_message_headers.iter().filter(|header| named(&header.name)).any(|header| {
            let decoded = format!("{}: {}\r\n\r\n", condition.name, header.value);
            contains(&header.value, &condition.contains) || Letter::of_headers(decoded.as_bytes()).has_header(condition) == Some(true)
        }))
    }

    fn has_in_body(&self, _text: &str) -> Option<bool> {
        None
    }

    fn has_in_headers(&self, _text: &str) -> Option<bool> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postkontor_plugin::serde_json::{self, json};

    #[test]
    fn the_service_searches_by_date_and_mark() {
        let filter = Filter { unseen: true, since: Some("2026-11-20".to_owned()), ..Filter::default() };
        let expected = "$filter=receivedDateTime%20ge%202026-11-20T00%3A00%3A00Z%20and%20isRead%20eq%20false&$orderby=receivedDateTime";
        assert_eq!(query(&filter), expected);
    }

    #[test]
    fn sender_and_subject_are_compared_here_whatever_their_case() {
        let message = json!({"id": "1", "isRead": true, "subject": "Rückfrage", "from": {"emailAddress": {"name": "Jürgen", "address": "j@x"}},
            "singleValueExtendedProperties": [{"id": "Integer 0xe08", "value": "100"}]});
        let message: Message = serde_json::from_value(message).unwrap();
        let passes = |filter: Filter| filter.judge(&message) == Some(true);
        let some = |text: &str| Some(text.to_owned());
        assert!(passes(Filter {
            from: some("JÜRGEN"),
            subject: some("rück"),
            min_size: Some(100),
            max_size: Some(100),
            ..Filter::default()
        }));
        assert!(!passes(Filter { unseen: true, ..Filter::default() }));
        assert!(!passes(Filter { from: some("anna"), ..Filter::default() }));
        assert!(!passes(Filter { max_size: Some(99), ..Filter::default() }));
    }

    #[test]
    fn headers_are_listed_where_a_condition_is_about_them_and_compared_decoded() {
        let filter = |json: &str| serde_json::from_str::<Filter>(json).unwrap();
        let kunde = filter(r#"{"not":{"header":{"name":"x-kunde","contains":"müller"}},"before":"2026-11-20"}"#);
        assert_eq!((selected(&kunde), selected(&filter(r#"{"from":"a"}"#))), (",internetMessageHeaders", ""));
        assert!(query(&kunde).contains("%20and%20receivedDateTime%20lt%202026-11-20T00%3A00%3A00Z"));
        let message = |value: &str| -> Message {
            serde_json::from_value(json!({"id": "1", "internetMessageHeaders": [{"name": "X-Kunde", "value": value}]})).unwrap()
        };
        assert_eq!(kunde.judge(&message("Maier")), None, "its day is not known");
        for value in ["Müller 4711", "=?utf-8?Q?M=C3=BCller?= 4711"] {
            assert_eq!(kunde.judge(&message(value)), Some(false), "{value}");
        }
    }

    #[test]
    fn a_text_decides_only_where_the_message_is_there() {
        let message = json!({"id": "1", "isRead": true, "receivedDateTime": "2026-11-20T10:00:00Z", "subject": "Frage"});
        let message: Message = serde_json::from_value(message).unwrap();
        let bytes = || b"Subject: Frage\r\nContent-Type: text/html\r\n\r\n<p>Gr\xc3\xbc\xc3\x9fe</p>".to_vec();
        for (filter, listed, whole) in [
            (json!({"body": "grüße"}), None, Some(true)),
            (json!({"text": "frage"}), None, Some(true)),
            (json!({"text": "anna"}), None, Some(false)),
            (json!({"body": "grüße", "subject": "antwort"}), Some(false), Some(false)),
            (json!({"not": {"body": "grüße"}, "since": "2026-11-20"}), None, Some(false)),
            (json!({"body": "grüße", "unseen": true}), Some(false), Some(false)),
            (json!({"body": "grüße", "min_size": 50, "max_size": 60}), None, Some(true)),
        ] {
            let judged: Filter = serde_json::from_value(filter.clone()).unwrap();
            assert_eq!((judged.judge(&message), judged.judge(&letter(&message, bytes()))), (listed, whole), "{filter}");
        }
    }
}
