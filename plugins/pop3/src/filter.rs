//! Which messages a program wants.

use crate::mailbox::Entry;
use crate::session::Session;
use mail_parser::MessageParser;
use postkontor_plugin::{Call, Error, Filter, Missing, Stage, Status};

/// The filter on the messages of one session; notes whether the server has TOP.
#[derive(Default)]
pub(crate) struct HeaderFilter {
    has_top: bool,
    pub(crate) missing: Vec<Missing>,
}

impl HeaderFilter {
    /// Whether a message passes. One whose headers the server refuses does not, and is missing.
    pub(crate) fn passes(&mut self, session: &mut Session, entry: &Entry, filter: &Filter, call: &Call) -> Result<bool, Error> {
        if filter.min_size.is_some_and(|size| entry.size < size) || filter.max_size.is_some_and(|size| entry.size > size) {
            return Ok(false);
        }
        if filter.from.is_none() && filter.subject.is_none() && filter.since.is_none() {
            return Ok(true);
        }
        match session.headers(entry.number, call)? {
            Ok(headers) => {
                self.has_top = true;
                Ok(matches(&headers, filter))
            }
            Err(reply) => {
                let error = session.refused("pop3.retrieve_refused", Status::Refused, reply).stage(Stage::Fetch).usable();
                self.missing.push(Missing { id: entry.id.clone(), error: error.arg("id", entry.id.as_str()) });
                Ok(false)
            }
        }
    }

    /// Those whose headers were refused, unless all were: then the server has no TOP, and filtering is impossible.
    pub(crate) fn into_missing(self) -> Result<Vec<Missing>, Error> {
        if self.has_top || self.missing.is_empty() {
            return Ok(self.missing);
        }
        Err(Error::new(Status::Unsupported, "pop3.top_unsupported").stage(Stage::Fetch))
    }
}

fn matches(headers: &[u8], filter: &Filter) -> bool {
    let Some(message) = MessageParser::default().parse_headers(headers) else { return false };
    let contains =
        |text: &str, wanted: &Option<String>| wanted.as_ref().is_none_or(|wanted| text.to_lowercase().contains(&wanted.to_lowercase()));
    let from = message.from().into_iter().flat_map(|address| address.iter());
    let from: String =
        from.map(|person| format!("{} <{}> ", person.name().unwrap_or_default(), person.address().unwrap_or_default())).collect();
    // RFC 3339 dates compare as texts; a message without a date passes, since its day is not known.
    let day = message.date().map(|date| date.to_rfc3339());
    let recent = filter.since.as_ref().is_none_or(|since| day.is_none_or(|day| day.get(..10).is_none_or(|day| day >= since.as_str())));
    contains(&from, &filter.from) && contains(message.subject().unwrap_or_default(), &filter.subject) && recent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_look_at_decoded_headers() {
        let headers = b"From: =?utf-8?Q?J=C3=BCrgen?= <j@example.com>\r\nSubject: =?utf-8?Q?R=C3=BCckfrage?=\r\nDate: Fri, 20 Nov 2026 10:00:00 +0100\r\n\r\n";
        let filter = |json: &str| postkontor_plugin::serde_json::from_str::<Filter>(json).unwrap();
        assert!(matches(headers, &filter(r#"{"from":"JÜRGEN","subject":"rück"}"#)));
        assert!(matches(headers, &filter(r#"{"from":"j@example","since":"2026-11-20"}"#)));
        assert!(!matches(headers, &filter(r#"{"since":"2026-11-21"}"#)));
        assert!(!matches(headers, &filter(r#"{"subject":"Rechnung"}"#)));
    }
}
