//! Which messages a program wants: what the service searches for, and what is compared here.

use crate::entry::Message;
use crate::path::escaped;
use postkontor_plugin::Filter;

/// The part of a filter that the service can search for, as the query of a list in order of arrival.
///
/// The service wants what a list is sorted by to be what it is filtered by first.
pub(crate) fn query(filter: &Filter) -> String {
    let since = filter.since.as_deref().unwrap_or("1900-01-01");
    let unseen = if filter.unseen { " and isRead eq false" } else { "" };
    let condition = escaped(&format!("receivedDateTime ge {since}T00:00:00Z{unseen}"));
    format!("$filter={condition}&$orderby=receivedDateTime")
}

/// Whether a message meets the rest of the filter. The size is what the message takes in the mailbox, where the service says it.
pub(crate) fn passes(message: &Message, filter: &Filter) -> bool {
    let contains =
        |text: &str, wanted: &Option<String>| wanted.as_ref().is_none_or(|wanted| text.to_lowercase().contains(&wanted.to_lowercase()));
    let from = message.from.as_ref().map(|from| &from.email_address);
    let from = from.map(|from| format!("{} <{}>", from.name.as_deref().unwrap_or_default(), from.address.as_deref().unwrap_or_default()));
    let size = message.size();
    !(filter.unseen && message.is_read == Some(true))
        && contains(&from.unwrap_or_default(), &filter.from)
        && contains(message.subject.as_deref().unwrap_or_default(), &filter.subject)
        && filter.min_size.is_none_or(|least| size.is_none_or(|size| size >= least))
        && filter.max_size.is_none_or(|most| size.is_none_or(|size| size <= most))
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
}
