//! Which messages a program wants, with each condition that cannot be.

use super::members::Members;
use postkontor_plugin::{Filter, HeaderCondition};

/// How deep filters may stand within each other.
pub(crate) const LEVELS: usize = 4;

/// The most filters and header conditions in one object: the command that searches for them has to fit into a line.
const MOST: usize = 50;

/// Reads the conditions of one object; `level` is how deep it stands.
pub(super) fn read(members: &mut Members<'_, '_>, level: usize) -> Filter {
    let filter = Filter {
        unseen: members.flag("unseen"),
        since: day(members, "since"),
        before: day(members, "before"),
        from: members.line("from"),
        subject: members.line("subject"),
        header: members.group_or_groups("header", header).unwrap_or_default(),
        body: members.line("body"),
        text: members.line("text"),
        min_size: members.number("min_size"),
        max_size: members.number("max_size"),
        or: members.groups("or", |members| read(members, level + 1)).unwrap_or_default(),
        not: members.group("not", |members| read(members, level + 1)).map(Box::new),
    };
    if level == LEVELS + 1 {
        members.wrong_here("receive.filter_too_deep", LEVELS);
    }
    for (name, count) in [("or", filter.or.len()), ("header", filter.header.len())] {
        if count > MOST {
            members.wrong_of(name, "receive.filter_too_long", MOST);
        }
    }
    // Nothing would be found, or everything: both are a slip of the pen.
    if level > 1 && filter.is_empty() && members.is_sound() {
        members.wrong_here("receive.filter_empty", LEVELS);
    }
    filter
}

fn day(members: &mut Members<'_, '_>, name: &'static str) -> Option<String> {
    let day = members.line(name);
    if day.as_deref().is_some_and(|day| !is_day(day)) {
        members.wrong(name, "receive.day_invalid");
    }
    day
}

fn header(members: &mut Members<'_, '_>) -> HeaderCondition {
    let name = members.line("name");
    // RFC 5322, section 3.6.8.
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
    match &name {
        None => drop(members.missing::<()>("name")),
        Some(name) if !is_name(name) => members.wrong("name", "receive.header_name_invalid"),
        Some(_) => (),
    }
    HeaderCondition { name: name.unwrap_or_default(), contains: members.line("contains").unwrap_or_default() }
}

/// Whether a text is a day as in `2026-11-20`.
fn is_day(text: &str) -> bool {
    let digits = |range: std::ops::Range<usize>| text.get(range).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let number = |range| digits(range).and_then(|digits| digits.parse::<u16>().ok());
    let (month, day) = (number(5..7), number(8..10));
    let is_date = month.is_some_and(|month| (1..=12).contains(&month)) && day.is_some_and(|day| (1..=31).contains(&day));
    text.len() == 10 && number(0..4).is_some() && is_date && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-'
}

#[cfg(test)]
mod tests {
    use crate::Request;
    use crate::request::{Asked, ReceiveRequest};
    use postkontor_plugin::HeaderCondition;

    fn wrong(filter: &str) -> Vec<(String, String)> {
        let Err(error) = ReceiveRequest::read(&format!(r#"{{"filter":{filter}}}"#)) else { return Vec::new() };
        error.at.iter().map(|at| (at.pointer.clone(), at.code.clone())).collect()
    }

    #[test]
    fn conditions_stand_within_each_other_and_arrive_as_they_were_given() {
        let request = r#"{"filter":{"or":[{"from":"a"},{"not":{"body":"b"}}],"before":"2026-11-20","text":"c",
            "header":[{"name":"X-Kunde","contains":"4711"},{"name":"X-Beleg"}],"not":{"unseen":true}}}"#;
        let request = ReceiveRequest::read(request).unwrap();
        let filter = &request.fetch.filter;
        assert_eq!((filter.or[0].from.as_deref(), filter.before.as_deref()), (Some("a"), Some("2026-11-20")));
        assert_eq!(filter.or[1].not.as_ref().and_then(|not| not.body.as_deref()), Some("b"));
        assert_eq!(filter.header[1], HeaderCondition { name: "X-Beleg".to_owned(), contains: String::new() });
        assert_eq!(Asked::from(&request).read().unwrap(), request);
        let one = ReceiveRequest::read(r#"{"filter":{"header":{"name":"X-Kunde","contains":"4711"}}}"#).unwrap();
        assert_eq!(one.fetch.filter.header.len(), 1);
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_place() {
        for (filter, pointer, code) in [
            (r#"{"or":[{"form":"x"}]}"#, "/filter/or/0/form", "request.member_unknown"),
            (r#"{"or":[{"from":"x"},{"not":{"subject":7}}]}"#, "/filter/or/1/not/subject", "request.member_invalid"),
            (r#"{"or":{"from":"x"}}"#, "/filter/or", "request.member_invalid"),
            (r#"{"or":["x"]}"#, "/filter/or/0", "request.member_invalid"),
            (r#"{"not":[]}"#, "/filter/not", "request.member_invalid"),
            (r#"{"not":{}}"#, "/filter/not", "receive.filter_empty"),
            (r#"{"or":[{"from":"x"},{}]}"#, "/filter/or/1", "receive.filter_empty"),
            (r#"{"not":{"before":"gestern"}}"#, "/filter/not/before", "receive.day_invalid"),
            (r#"{"header":{"contains":"x"}}"#, "/filter/header/name", "request.member_missing"),
            (r#"{"header":{"name":""}}"#, "/filter/header/name", "receive.header_name_invalid"),
            (r#"{"header":[{"name":"X-A"},{"name":"X B"}]}"#, "/filter/header/1/name", "receive.header_name_invalid"),
            (r#"{"header":{"name":"X","is":"y"}}"#, "/filter/header/is", "request.member_unknown"),
            (r#"{"not":{"body":"a\r\nb LOGOUT"}}"#, "/filter/not/body", "request.control_character"),
            (r#"{"not":{"not":{"not":{"not":{"from":"x"}}}}}"#, "/filter/not/not/not/not", "receive.filter_too_deep"),
            (r#"{"or":[{"or":[{"or":[{"or":[{"from":"x"}]}]}]}]}"#, "/filter/or/0/or/0/or/0/or/0", "receive.filter_too_deep"),
        ] {
            // A list of one that is given as an object has no place of its own.
            assert_eq!(wrong(filter)[0], (pointer.to_owned(), code.to_owned()), "{filter}");
        }
        assert_eq!(wrong(r#"{"or":[{"not":{"or":[{"from":"x"}]}}]}"#), []);
        let many = format!(r#"{{"or":[{}]}}"#, vec![r#"{"from":"x"}"#; 51].join(","));
        assert_eq!(wrong(&many), [("/filter/or".to_owned(), "receive.filter_too_long".to_owned())]);
    }
}
