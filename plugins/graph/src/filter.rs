//! Which messages a program wants: what the service searches for, and what is judged here from what it lists.

use crate::entry::Message;
use postkontor_plugin::net::http::percent_encoded;
use postkontor_plugin::{Error, Filter, HeaderCondition, Known, Letter, Stage, Status, contains};
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

/// Whether a condition, at any depth, is about sizes.
pub(crate) fn is_about_size(filter: &Filter) -> bool {
    filter.any(&|filter| filter.min_size.is_some() || filter.max_size.is_some())
}

/// Refuses conditions on the texts of messages: the service searches for them only in an order of its own, and without dates.
pub(crate) fn check(filter: &Filter, host: &str) -> Result<(), Error> {
    let code = "graph.body_not_searched";
    filter.on_bodies().map_or(Ok(()), |pointer| {
        Err(Error::new(Status::Unsupported, code).stage(Stage::Fetch).arg("host", host).at_request(pointer, code).usable())
    })
}

/// Whether a message meets the filter; what the service does not tell, as the size at times, stands in no message's way.
pub(crate) fn passes(message: &Message, filter: &Filter) -> bool {
    filter.judge(message) != Some(false)
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
        let passes = |filter: Filter| passes(&message, &filter);
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
        assert!(is_about_size(&filter(r#"{"or":[{"min_size":1}]}"#)) && !is_about_size(&kunde));
        let message = |value: &str| -> Message {
            serde_json::from_value(json!({"id": "1", "internetMessageHeaders": [{"name": "X-Kunde", "value": value}]})).unwrap()
        };
        assert!(super::passes(&message("Maier"), &kunde));
        for value in ["Müller 4711", "=?utf-8?Q?M=C3=BCller?= 4711"] {
            assert!(!super::passes(&message(value), &kunde), "{value}");
        }
        let error = check(&filter(r#"{"not":{"text":"a"}}"#), "graph.example").unwrap_err();
        assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::Unsupported, "/filter/not/text"));
    }
}
