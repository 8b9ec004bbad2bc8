//! Filtering on our side, for servers that cannot search for a text in its charset: Exchange takes nothing but US-ASCII.

use crate::fetch_response::data_items;
use crate::search::criteria;
use crate::session::Session;
use crate::uid_set::UidSet;
use crate::value::Value;
use mail_parser::MessageParser;
use postkontor_plugin::{Call, Error, Filter};

/// The most messages of one command.
const LOOK: usize = 200;

/// The most bytes of headers that are parsed.
const HEADERS: usize = 64 * 1024;

/// Messages by whether their headers match a filter, ascending.
#[derive(Debug, Default)]
pub(crate) struct Filtered {
    pub(crate) matching: Vec<u32>,
    /// Their headers did not come.
    pub(crate) unknown: Vec<u32>,
}

/// The part of a filter that a server can search for which takes only US-ASCII.
pub(crate) fn in_ascii(filter: &Filter) -> Filter {
    let ascii = |text: &Option<String>| text.clone().filter(|text| text.is_ascii());
    Filter { from: ascii(&filter.from), subject: ascii(&filter.subject), ..filter.clone() }
}

impl Session {
    /// Those of the messages whose headers meet the filter's conditions on texts.
    pub(crate) fn filter_by_headers(&mut self, filter: &Filter, uids: &[u32], call: &Call) -> Result<Filtered, Error> {
        let mut filtered = Filtered::default();
        for piece in uids.chunks(LOOK) {
            let mut seen = Vec::new();
            let command = format!("UID FETCH {} (UID BODY.PEEK[HEADER.FIELDS (FROM SUBJECT)])", UidSet::set(piece));
            let completion = self.command_with(&command, call, |line| {
                if let Some((uid, headers)) = headers(line).filter(|(uid, _)| piece.binary_search(uid).is_ok()) {
                    seen.push((uid, matches(&headers, filter)));
                }
                Ok(())
            })?;
            if !completion.is_ok {
                return Err(self.refused("imap.fetch_refused", &completion));
            }
            seen.sort_unstable();
            filtered.matching.extend(seen.iter().filter(|(_, is_match)| *is_match).map(|(uid, _)| *uid));
            filtered.unknown.extend(piece.iter().filter(|uid| seen.binary_search_by_key(uid, |(seen, _)| seen).is_err()));
        }
        filtered.matching.dedup();
        Ok(filtered)
    }

    /// Those of the messages that meet the filter: by SEARCH as far as the server can, the rest by their headers.
    pub(crate) fn filter_locally(&mut self, filter: &Filter, uids: &[u32], call: &Call) -> Result<Filtered, Error> {
        let theirs = criteria(&in_ascii(filter), self.utf8);
        if theirs.is_empty() {
            return self.filter_by_headers(filter, uids, call);
        }
        let found = self.search(&theirs, call)?;
        let found: Vec<u32> = found.into_iter().filter(|uid| uids.binary_search(uid).is_ok()).collect();
        self.filter_by_headers(filter, &found, call)
    }
}

/// The UID and the headers in a FETCH response.
fn headers(line: &[u8]) -> Option<(u32, Vec<u8>)> {
    let (mut uid, mut headers) = (None, None);
    data_items(line, |name, value| {
        match (name, value) {
            (b"UID", value) => uid = Some(value.number()?),
            (name, Value::String(text)) if name.starts_with(b"BODY[HEADER") => headers = Some(text.into_owned()),
            _ => (),
        }
        Some(())
    })?;
    Some((uid?, headers?))
}

fn matches(headers: &[u8], filter: &Filter) -> bool {
    let headers = &headers[..headers.len().min(HEADERS)];
    let Some(message) = MessageParser::default().parse_headers(headers) else { return false };
    let contains =
        |text: &str, wanted: &Option<String>| wanted.as_ref().is_none_or(|wanted| text.to_lowercase().contains(&wanted.to_lowercase()));
    let from = message.from().into_iter().flat_map(|address| address.iter());
    let from: String =
        from.map(|person| format!("{} <{}> ", person.name().unwrap_or_default(), person.address().unwrap_or_default())).collect();
    contains(&from, &filter.from) && contains(message.subject().unwrap_or_default(), &filter.subject)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_looked_at_decoded() {
        let text = "From: =?utf-8?Q?J=C3=BCrgen?= <j@example.com>\r\nSubject: =?utf-8?Q?R=C3=BCck?=\r\n\r\n";
        let line = format!("* 1 FETCH (UID 5 BODY[HEADER.FIELDS (FROM SUBJECT)] {{{}}}\r\n{text})\r\n", text.len());
        let (uid, headers) = headers(line.as_bytes()).unwrap();
        assert_eq!(uid, 5);
        let filter =
            |from: &str, subject: &str| Filter { from: Some(from.to_owned()), subject: Some(subject.to_owned()), ..Filter::default() };
        assert!(matches(&headers, &filter("JÜRGEN", "rück")) && matches(&headers, &filter("j@example", "R")));
        assert!(!matches(&headers, &filter("j@example", "Rechnung")) && !matches(&headers, &filter("Anna", "rück")));
        assert!(matches("Subject: Rückfrage\r\n\r\n".as_bytes(), &filter("", "Rück")));
        assert_eq!(self::headers(b"* 1 FETCH (UID 5 BODY[HEADER.FIELDS (\"FROM\" \"SUBJECT\")] \"\")\r\n"), Some((5, Vec::new())));
        assert_eq!(self::headers(b"* 1 FETCH (UID 5 BODY[HEADER.FIELDS (FROM SUBJECT)] NIL)\r\n"), None);
    }

    #[test]
    fn what_a_server_can_search_for_in_ascii_is_left_to_it() {
        let filter = Filter { unseen: true, from: Some("anna".to_owned()), subject: Some("Rück".to_owned()), ..Filter::default() };
        assert_eq!(criteria(&in_ascii(&filter), false), "UNSEEN FROM \"anna\"");
    }
}
