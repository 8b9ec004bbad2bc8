//! Filtering on our side, for servers that cannot search for a text in its charset: Exchange takes nothing but US-ASCII.
//!
//! Each condition is judged by whom can: the server searches for what is US-ASCII, texts in headers are looked for here. What stands in a
//! body only the server could find, and that is said.

use crate::fetch_response::data_items;
use crate::search::criteria;
use crate::session::Session;
use crate::uid_set::UidSet;
use crate::value::Value;
use postkontor_plugin::{Call, Error, Filter, HeaderCondition, Letter, Stage, Status};
use std::collections::BTreeSet;

/// The most messages of one command.
const LOOK: usize = 200;

/// Messages by whether they match a filter, ascending.
#[derive(Debug, Default)]
pub(crate) struct Filtered {
    pub(crate) matching: Vec<u32>,
    /// Their headers did not come.
    pub(crate) unknown: Vec<u32>,
}

/// A filter as what a server can search for which takes only US-ASCII, and the rest.
fn divided(filter: &Filter) -> (Filter, Filter) {
    let part = |is_theirs: bool| {
        let text = |text: &Option<String>| text.clone().filter(|text| text.is_ascii() == is_theirs);
        let whole = |filters: &[Filter]| if filters.iter().all(is_ascii) == is_theirs { filters.to_vec() } else { Vec::new() };
        Filter {
            from: text(&filter.from),
            subject: text(&filter.subject),
            body: text(&filter.body),
            text: text(&filter.text),
            header: filter.header.iter().filter(|header| header.contains.is_ascii() == is_theirs).cloned().collect(),
            or: whole(&filter.or),
            not: filter.not.clone().filter(|filter| is_ascii(filter) == is_theirs),
            ..if is_theirs { filter.clone() } else { Filter::default() }
        }
    };
    (part(true), part(false))
}

fn is_ascii(filter: &Filter) -> bool {
    let is_beyond = |filter: &Filter| {
        let mut texts = [&filter.from, &filter.subject, &filter.body, &filter.text].into_iter().flatten();
        texts.any(|text| !text.is_ascii()) || filter.header.iter().any(|header| !header.contains.is_ascii())
    };
    !filter.any(&is_beyond)
}

impl Session {
    /// Those of the messages that meet the filter, whose texts the server does not search for in their charset.
    pub(crate) fn filter_locally(&mut self, filter: &Filter, uids: &[u32], call: &Call) -> Result<Filtered, Error> {
        let (theirs, ours) = divided(filter);
        if ours.body.is_some() || ours.text.is_some() {
            let code = "imap.body_not_searched";
            return Err(self.error(Status::Unsupported, code).stage(Stage::Fetch).at_request("/filter", code).usable());
        }
        let theirs = criteria(&theirs, self.utf8);
        let mut left = uids.to_vec();
        if !theirs.is_empty() {
            let found = self.search_folder(&theirs, call)?;
            left.retain(|uid| found.binary_search(uid).is_ok());
        }
        let mut filtered = Filtered { matching: left, unknown: Vec::new() };
        if ours.from.is_some() || ours.subject.is_some() || !ours.header.is_empty() {
            let on_headers = Filter { or: Vec::new(), not: None, ..ours.clone() };
            filtered = self.filter_by_headers(&on_headers, &filtered.matching, call)?;
        }
        if !ours.or.is_empty() {
            let (mut met, mut unknown) = (BTreeSet::new(), BTreeSet::new());
            for branch in &ours.or {
                let found = self.filter_locally(branch, &filtered.matching, call)?;
                met.extend(found.matching);
                unknown.extend(found.unknown);
            }
            filtered.unknown.extend(unknown.difference(&met));
            filtered.matching = met.into_iter().collect();
        }
        if let Some(not) = &ours.not {
            let found = self.filter_locally(not, &filtered.matching, call)?;
            let is_out = |uid: &u32| found.matching.binary_search(uid).is_ok() || found.unknown.contains(uid);
            filtered.matching.retain(|uid| !is_out(uid));
            filtered.unknown.extend(found.unknown);
        }
        Ok(filtered)
    }

    /// Those of the messages whose headers meet the filter.
    fn filter_by_headers(&mut self, filter: &Filter, uids: &[u32], call: &Call) -> Result<Filtered, Error> {
        let mut filtered = Filtered::default();
        let fields: String = filter.header.iter().map(|HeaderCondition { name, .. }| format!(" {}", crate::names::quoted(name))).collect();
        for piece in uids.chunks(LOOK) {
            let mut seen = Vec::new();
            let command = format!("UID FETCH {} (UID BODY.PEEK[HEADER.FIELDS (FROM SUBJECT{fields})])", UidSet::set(piece));
            let completion = self.command_with(&command, call, |line| {
                if let Some((uid, headers)) = headers(line).filter(|(uid, _)| piece.binary_search(uid).is_ok()) {
                    seen.push((uid, filter.judge(&Letter::of_headers(&headers)) == Some(true)));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_found_in_a_response_whatever_fields_it_names() {
        let text = "From: =?utf-8?Q?J=C3=BCrgen?= <j@example.com>\r\nSubject: =?utf-8?Q?R=C3=BCck?=\r\n\r\n";
        for fields in ["FROM SUBJECT", "FROM SUBJECT \"X-Kunde\" \"X-Ein-Feld-Mit-Einem-Namen-Der-Laenger-Ist-Als-Jeder-Andere\""] {
            let line = format!("* 1 FETCH (UID 5 BODY[HEADER.FIELDS ({fields})] {{{}}}\r\n{text})\r\n", text.len());
            assert_eq!(headers(line.as_bytes()), Some((5, text.as_bytes().to_vec())), "{fields}");
        }
        assert_eq!(headers(b"* 1 FETCH (UID 5 BODY[HEADER.FIELDS (\"FROM\" \"SUBJECT\")] \"\")\r\n"), Some((5, Vec::new())));
        assert_eq!(headers(b"* 1 FETCH (UID 5 BODY[HEADER.FIELDS (FROM SUBJECT)] NIL)\r\n"), None);
    }

    #[test]
    fn what_a_server_can_search_for_in_ascii_is_left_to_it() {
        let filter = r#"{"unseen":true,"from":"anna","subject":"Rück","header":[{"name":"X-A","contains":"ü"},{"name":"X-B"}],"body":"b",
            "or":[{"from":"a"},{"body":"ö"}],"not":{"or":[{"from":"c"}]}}"#;
        let (theirs, ours) = divided(&postkontor_plugin::serde_json::from_str(filter).unwrap());
        let theirs = criteria(&theirs, false);
        assert_eq!(theirs, "UNSEEN FROM \"anna\" BODY \"b\" HEADER \"X-B\" \"\" NOT ((FROM \"c\"))");
        assert_eq!((ours.subject.as_deref(), ours.header.len(), ours.or.len(), ours.not, ours.unseen), (Some("Rück"), 1, 2, None, false));
    }
}
