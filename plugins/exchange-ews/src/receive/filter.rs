//! Which messages are wanted: by what is known of each without its content, by its headers where a condition is about those, and by the message
//! itself where one is about its text. The service's own search knows words only, and not every folder.

use super::whole::{MOST, Whole};
use crate::items::Row;
use crate::talk::Talk;
use postkontor_plugin::{Error, Filter, HeaderCondition, Known, Letter, Stage, Status};
use std::borrow::Cow;
use std::collections::BTreeMap;

impl Talk<'_, '_> {
    /// Those of the rows that meet the filter. Messages whose text would decide it and cannot be looked at are none of them, and missing.
    pub(super) fn passing(&mut self, rows: Vec<Row>, filter: &Filter, missing: &mut BTreeMap<String, Error>) -> Result<Vec<Row>, Error> {
        let mut passing = Vec::with_capacity(rows.len());
        for row in rows {
            let passes = match filter.judge(&Seen { row: &row, headers: None }) {
                Some(passes) => passes,
                None => match filter.on_bodies() {
                    Some(pointer) => self.passes_whole(&row, filter, &pointer, missing)?,
                    None if filter.any(&|filter| !filter.header.is_empty()) => {
                        let headers = self.all_headers(&row)?;
                        filter.judge(&Seen { row: &row, headers: Some(Letter::of_headers(&headers)) }).unwrap_or(true)
                    }
                    // Its day is not known.
                    None => true,
                },
            };
            if passes {
                passing.push(row);
            }
        }
        Ok(passing)
    }

    /// Whether a message passes whose text decides it.
    fn passes_whole(&mut self, row: &Row, filter: &Filter, pointer: &str, missing: &mut BTreeMap<String, Error>) -> Result<bool, Error> {
        let whole = if row.size > MOST as u64 { Whole::TooLarge } else { self.whole(row)? };
        let error = match whole {
            Whole::Message(bytes) => return Ok(filter.judge(&letter(row, bytes)).unwrap_or(true)),
            Whole::Gone => return Ok(false),
            Whole::TooLarge => {
                let code = "ews.too_large_to_search";
                let error = Error::new(Status::Unsupported, code).stage(Stage::Fetch).at_request(pointer, code).usable();
                error.arg("host", self.host()).arg("limit", MOST / 1024 / 1024)
            }
            Whole::Withheld(error) => error,
        };
        missing.insert(row.id.clone(), error.arg("id", row.id.as_str()));
        Ok(false)
    }
}

/// A message whose bytes are there, with what the service says of it.
fn letter(row: &Row, bytes: Vec<u8>) -> Letter<'_> {
    Letter::whole(bytes).of_size(row.size).unseen(!row.is_seen).received(row.received.as_deref())
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
    fn a_text_decides_where_nothing_else_does() {
        let row = Row { size: 2000, received: Some("2026-11-02T10:00:00Z".to_owned()), subject: "Frage".to_owned(), ..Row::default() };
        let bytes = || b"Subject: Frage\r\nContent-Type: text/html\r\n\r\n<p>Gr\xc3\xbc\xc3\x9fe</p>".to_vec();
        for (filter, listed, whole) in [
            (r#"{"body":"gr\u00fc\u00dfe"}"#, None, Some(true)),
            (r#"{"text":"FRAGE"}"#, None, Some(true)),
            (r#"{"text":"anna"}"#, None, Some(false)),
            (r#"{"body":"x","subject":"antwort"}"#, Some(false), Some(false)),
            (r#"{"not":{"body":"gr\u00fc\u00dfe"},"unseen":true,"max_size":2000}"#, None, Some(false)),
            (r#"{"or":[{"subject":"frage"},{"body":"x"}]}"#, Some(true), Some(true)),
        ] {
            let judged: Filter = serde_json::from_str(filter).unwrap();
            let found = (judged.judge(&Seen { row: &row, headers: None }), judged.judge(&letter(&row, bytes())));
            assert_eq!(found, (listed, whole), "{filter}");
        }
    }
}
