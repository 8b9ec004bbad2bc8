//! Which messages are wanted: by what is known of each without its content, and by its headers where a condition is about those.

use crate::items::Row;
use crate::talk::Talk;
use postkontor_plugin::{Error, Filter, HeaderCondition, Known, Letter, Stage, Status};
use std::borrow::Cow;

/// Refuses conditions on the texts of messages: what the service finds is not what lies in the folder it keeps in step with.
pub(super) fn check(filter: &Filter, host: &str) -> Result<(), Error> {
    let code = "ews.body_not_searched";
    filter.on_bodies().map_or(Ok(()), |pointer| {
        Err(Error::new(Status::Unsupported, code).stage(Stage::Fetch).arg("host", host).at_request(pointer, code).usable())
    })
}

impl Talk<'_, '_> {
    /// Those of the rows that meet the filter.
    pub(super) fn passing(&mut self, mut rows: Vec<Row>, filter: &Filter) -> Result<Vec<Row>, Error> {
        let mut passing = Vec::with_capacity(rows.len());
        for row in rows.drain(..) {
            let passes = match filter.judge(&Seen { row: &row, headers: None }) {
                Some(passes) => passes,
                None if filter.any(&|filter| !filter.header.is_empty()) => {
                    let headers = self.all_headers(&row)?;
                    filter.judge(&Seen { row: &row, headers: Some(Letter::of_headers(&headers)) }).unwrap_or(true)
                }
                // Its day is not known.
                None => true,
            };
            if passes {
                passing.push(row);
            }
        }
        Ok(passing)
    }
}

/// A message without its content, and its headers where they were asked for.
struct Seen<'r> {
    row: &'r Row,
    headers: Option<Letter<'r>>,
}

impl Known for Seen<'_> {
    fn is_unseen(&self) -> Option<bool> {
        Some(!self.row.is_seen)
    }
    fn day(&self) -> Option<Cow<'_, str>> {
        self.row.received.as_deref().map(Cow::Borrowed)
    }
    fn size(&self) -> Option<u64> {
        Some(self.row.size)
    }
    fn from(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(&self.row.from))
    }
    fn subject(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(&self.row.subject))
    }
    fn has_header(&self, condition: &HeaderCondition) -> Option<bool> {
        self.headers.as_ref().and_then(|headers| headers.has_header(condition))
    }
    fn has_in_body(&self, _text: &str) -> Option<bool> {
        None
    }
    fn has_in_headers(&self, text: &str) -> Option<bool> {
        self.headers.as_ref().and_then(|headers| headers.has_in_headers(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postkontor_plugin::serde_json;

    #[test]
    fn every_condition_of_a_filter_must_hold() {
        let row = Row {
            size: 2000,
            received: Some("2026-11-02T10:00:00Z".to_owned()),
            subject: "Rückfrage".to_owned(),
            from: "Jürgen <j@example.com>".to_owned(),
            ..Row::default()
        };
        let judged = |row: &Row, filter: &str, headers: Option<Letter<'_>>| {
            let filter: Filter = serde_json::from_str(filter).unwrap();
            filter.judge(&Seen { row, headers })
        };
        for (filter, met) in [
            ("{}", Some(true)),
            (r#"{"unseen":true,"since":"2026-11-02","before":"2026-11-03","from":"JÜRGEN","subject":"rück"}"#, Some(true)),
            (r#"{"min_size":2000,"max_size":2000,"or":[{"subject":"x"},{"from":"j@"}],"not":{"subject":"x"}}"#, Some(true)),
            (r#"{"since":"2026-11-03"}"#, Some(false)),
            (r#"{"before":"2026-11-02"}"#, Some(false)),
            (r#"{"from":"anna"}"#, Some(false)),
            (r#"{"subject":"Rechnung"}"#, Some(false)),
            (r#"{"min_size":2001}"#, Some(false)),
            (r#"{"max_size":1999}"#, Some(false)),
            (r#"{"header":{"name":"X-Kunde"}}"#, None),
            (r#"{"header":{"name":"X-Kunde"},"subject":"Rechnung"}"#, Some(false)),
        ] {
            assert_eq!(judged(&row, filter, None), met, "{filter}");
        }
        let headers = || Some(Letter::of_headers(b"X-Kunde: 4711\r\n\r\n"));
        assert_eq!(judged(&row, r#"{"header":{"name":"X-Kunde","contains":"47"}}"#, headers()), Some(true));
        assert_eq!(judged(&row, r#"{"header":{"name":"X-Kunde","contains":"48"}}"#, headers()), Some(false));
        assert_eq!(judged(&Row { is_seen: true, ..row }, r#"{"unseen":true}"#, None), Some(false));
    }

    #[test]
    fn a_condition_on_the_text_is_refused_with_its_place() {
        let filter: Filter = serde_json::from_str(r#"{"or":[{"from":"a"},{"body":"b"}]}"#).unwrap();
        let error = check(&filter, "mail.example.com").unwrap_err();
        assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::Unsupported, "/filter/or/1/body"));
        assert!(check(&Filter { subject: Some("a".to_owned()), ..Filter::default() }, "x").is_ok());
    }
}
