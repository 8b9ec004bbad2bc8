//! Searching: which messages of the selected folder meet a filter.

use crate::date;
use crate::names::{quoted, string};
use crate::session::Session;
use postkontor_plugin::{Call, Error, Filter, Status};

/// So many messages are searched by one command: their UIDs, of ten digits each, fit into a line.
const PORTION: u32 = 50_000;

impl Session {
    /// The UIDs of the whole folder that meet the criteria, ascending; of all its messages where there are none. A large folder is searched in
    /// portions, or the response would be longer than any line.
    pub(crate) fn search_folder(&mut self, criteria: &str, call: &Call) -> Result<Vec<u32>, Error> {
        if self.updates.messages <= PORTION {
            return self.search(if criteria.is_empty() { "ALL" } else { criteria }, call);
        }
        let (mut uids, mut first) = (Vec::new(), 1);
        // There may be fewer meanwhile, or more.
        while first <= self.updates.messages {
            let last = first + PORTION - 1;
            let range = if last < self.updates.messages { format!("{first}:{last}") } else { format!("{first}:*") };
            uids.append(&mut self.search(format!("{range} {criteria}").trim_end(), call)?);
            first = last.saturating_add(1);
        }
        uids.sort_unstable();
        uids.dedup();
        Ok(uids)
    }

    /// The UIDs that meet the criteria, ascending.
    pub(crate) fn search(&mut self, criteria: &str, call: &Call) -> Result<Vec<u32>, Error> {
        let extended = self.capabilities.has("ESEARCH") || self.capabilities.has("IMAP4rev2");
        let charset = if criteria.is_ascii() || self.utf8 { "" } else { "CHARSET UTF-8 " };
        let command =
            if extended { format!("UID SEARCH RETURN (ALL) {charset}{criteria}") } else { format!("UID SEARCH {charset}{criteria}") };
        let mut uids = Vec::new();
        let completion = self.command_with(&command, call, |line| found(line, &mut uids))?;
        if !completion.is_ok {
            return Err(self.refused("imap.search_refused", &completion));
        }
        uids.sort_unstable();
        uids.dedup();
        Ok(uids)
    }
}

/// The criteria of SEARCH (RFC 9051, section 6.4.4); empty where there are none.
pub(crate) fn criteria(filter: &Filter, utf8: bool) -> String {
    let mut criteria = Vec::new();
    if filter.unseen {
        criteria.push("UNSEEN".to_owned());
    }
    let days = [("SINCE", &filter.since), ("BEFORE", &filter.before)];
    let days = days.into_iter().filter_map(|(key, day)| Some(format!("{key} {}", date::searched(day.as_deref()?)?)));
    criteria.extend(days);
    let texts = [("FROM", &filter.from), ("SUBJECT", &filter.subject), ("BODY", &filter.body), ("TEXT", &filter.text)];
    criteria.extend(texts.into_iter().filter_map(|(key, text)| Some(format!("{key} {}", string(text.as_deref()?, utf8)))));
    criteria.extend(filter.header.iter().map(|header| format!("HEADER {} {}", quoted(&header.name), string(&header.contains, utf8))));
    // LARGER and SMALLER leave out the size itself.
    if let Some(size) = filter.min_size.filter(|size| *size > 0) {
        criteria.push(format!("LARGER {}", size - 1));
    }
    if let Some(size) = filter.max_size {
        criteria.push(format!("SMALLER {}", size.saturating_add(1)));
    }
    // OR takes two keys, of which the second may be an OR itself.
    let branches: Vec<String> = filter.or.iter().map(|filter| grouped(filter, utf8)).collect();
    if let Some((last, before)) = branches.split_last() {
        criteria.push(before.iter().map(|branch| format!("OR {branch} ")).collect::<String>() + last);
    }
    if let Some(not) = &filter.not {
        criteria.push(format!("NOT {}", grouped(not, utf8)));
    }
    criteria.join(" ")
}

/// The criteria as one key.
fn grouped(filter: &Filter, utf8: bool) -> String {
    match criteria(filter, utf8).as_str() {
        "" => "ALL".to_owned(),
        criteria => format!("({criteria})"),
    }
}

/// Reads `* SEARCH 1 2 3` or `* ESEARCH (TAG "a1") UID ALL 1:3`; other responses are not about this.
pub(crate) fn found(line: &[u8], uids: &mut Vec<u32>) -> Result<(), Error> {
    /// More messages than a folder should hold.
    const MESSAGES: usize = 2_000_000;
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end();
    let head = text.get(..10).unwrap_or(text).to_ascii_uppercase();
    if head.starts_with("* SEARCH") {
        uids.extend(text[8..].split_ascii_whitespace().filter_map(|word| word.parse::<u32>().ok()));
        if uids.len() > MESSAGES {
            return Err(Error::new(Status::Protocol, "protocol.reply_too_long").arg("limit", MESSAGES));
        }
    } else if head.starts_with("* ESEARCH") {
        let set = text.to_ascii_uppercase().find(" ALL ").and_then(|at| text[at + 5..].split(' ').next().map(str::to_owned));
        for range in set.unwrap_or_default().split(',').filter(|range| !range.is_empty()) {
            let (start, end) = range.split_once(':').unwrap_or((range, range));
            if let (Ok(start), Ok(end)) = (start.parse::<u32>(), end.parse::<u32>()) {
                let (start, end) = (start.min(end), start.max(end));
                // A hostile server's range would fill the memory.
                if end.abs_diff(start) as usize + uids.len() > MESSAGES {
                    return Err(Error::new(Status::Protocol, "protocol.reply_too_long").arg("limit", MESSAGES));
                }
                uids.extend(start..=end);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_results_are_read_in_both_forms() {
        let mut uids = Vec::new();
        found(b"* SEARCH 2 84 882\r\n", &mut uids).unwrap();
        found(b"* ESEARCH (TAG \"a1\") UID ALL 1:3,9\r\n", &mut uids).unwrap();
        found(b"* 3 EXISTS\r\n", &mut uids).unwrap();
        assert_eq!(uids, [2, 84, 882, 1, 2, 3, 9]);
        assert_eq!(found(b"* ESEARCH UID ALL 1:4294967295\r\n", &mut uids).unwrap_err().status, Status::Protocol);
    }

    #[test]
    fn filters_become_criteria_that_nothing_breaks_out_of() {
        let filter: Filter = postkontor_plugin::serde_json::from_str(
            r#"{"unseen":true,"since":"2026-11-01","from":"a\"b","subject":"Rück\r\nfrage","min_size":10,"max_size":20}"#,
        )
        .unwrap();
        assert_eq!(criteria(&filter, true), "UNSEEN SINCE 1-Nov-2026 FROM \"a\\\"b\" SUBJECT \"Rückfrage\" LARGER 9 SMALLER 21");
        assert_eq!(criteria(&Filter::default(), false), "");
    }

    #[test]
    fn conditions_within_each_other_become_keys_within_each_other() {
        let criteria = |filter: &str| criteria(&postkontor_plugin::serde_json::from_str::<Filter>(filter).unwrap(), false);
        assert_eq!(criteria(r#"{"before":"2026-11-20","body":"a","text":"b\"c"}"#), "BEFORE 20-Nov-2026 BODY \"a\" TEXT \"b\\\"c\"");
        assert_eq!(
            criteria(r#"{"header":[{"name":"X-Kunde","contains":"4711"},{"name":"X-B"}]}"#),
            "HEADER \"X-Kunde\" \"4711\" HEADER \"X-B\" \"\""
        );
        assert_eq!(criteria(r#"{"or":[{"from":"a"}]}"#), "(FROM \"a\")");
        let both = criteria(
            r#"{"unseen":true,"or":[{"from":"a"},{"from":"b","subject":"c"},{"body":"ü"}],"not":{"or":[{"text":"d"},{"min_size":0}]}}"#,
        );
        assert_eq!(both, "UNSEEN OR (FROM \"a\") OR (FROM \"b\" SUBJECT \"c\") (BODY {2}\r\nü) NOT (OR (TEXT \"d\") ALL)");
    }
}
