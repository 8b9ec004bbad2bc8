//! Which messages are wanted, and how a transport judges one from what it knows of it.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;

/// What a transport that heeds every condition names in [`Transport::HEEDS`](crate::Transport::HEEDS). Without it the host refuses a
/// filter with a condition that the first release did not have.
pub const CONDITIONS: &str = "conditions";

/// Which messages. Every condition that is given must hold.
///
/// Texts are looked for whatever their case. Days are those of the place where the message lies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// Only those without the flag `\\Seen`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unseen: bool,
    /// Only those that came on this day (`YYYY-MM-DD`) or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"), extend("examples" = ["2026-11-20"]))]
    pub since: Option<String>,
    /// Only those that came before this day (`YYYY-MM-DD`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"), extend("examples" = ["2026-12-01"]))]
    pub before: Option<String>,
    /// Only those whose From header contains this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["example.com"]))]
    pub from: Option<String>,
    /// Only those whose subject contains this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["Rechnung"]))]
    pub subject: Option<String>,
    /// Only those with all of these header fields. In JSON one alone may stand without its list.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_several")]
    #[schemars(with = "OneOrSeveral", extend("maxItems" = 50, "x-postkontor" = {"advanced": true}))]
    pub header: Vec<HeaderCondition>,
    /// Only those whose text or HTML contains this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Only those that contain this text in a header or in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Only those with at least so many bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"unit": "byte", "advanced": true}))]
    pub min_size: Option<u64>,
    /// Only those with at most so many bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"unit": "byte", "advanced": true}))]
    pub max_size: Option<u64>,
    /// Only those that meet at least one of these filters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    // Filters in filters: the host writes so many levels as it reads.
    #[schemars(with = "Vec<serde_json::Value>", length(max = 50), extend("x-postkontor" = {"advanced": true}))]
    pub or: Vec<Filter>,
    /// Only those that do not meet this filter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "serde_json::Value", extend("x-postkontor" = {"advanced": true}))]
    pub not: Option<Box<Filter>>,
}

/// A header field that a message must have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeaderCondition {
    /// Its name, in any case.
    #[schemars(regex(pattern = r"^[!-9;-~]+$"), extend("examples" = ["X-Kunde"]))]
    pub name: String,
    /// What its value contains; nothing where it only has to be there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub contains: String,
}

/// A list, or its only element.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum OneOrSeveral {
    Several(Vec<HeaderCondition>),
    One(HeaderCondition),
}

fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<HeaderCondition>, D::Error> {
    Ok(match OneOrSeveral::deserialize(deserializer)? {
        OneOrSeveral::Several(several) => several,
        OneOrSeveral::One(one) => vec![one],
    })
}

/// What is known of a message that a filter judges. `None` is what is not known.
pub trait Known {
    /// Whether it was not seen.
    fn is_unseen(&self) -> Option<bool>;
    /// The day that it came, as RFC 3339 writes it.
    fn day(&self) -> Option<Cow<'_, str>>;
    /// Bytes.
    fn size(&self) -> Option<u64>;
    /// Who it is from, decoded: names and addresses.
    fn from(&self) -> Option<Cow<'_, str>>;
    /// Its subject, decoded.
    fn subject(&self) -> Option<Cow<'_, str>>;
    /// Whether it has a header field of this name that contains this text, decoded.
    fn has_header(&self, condition: &HeaderCondition) -> Option<bool>;
    /// Whether its texts contain this text.
    fn has_in_body(&self, text: &str) -> Option<bool>;
    /// Whether any of its headers contains this text.
    fn has_in_headers(&self, text: &str) -> Option<bool>;
}

impl Filter {
    /// Whether there is no condition.
    pub fn is_empty(&self) -> bool {
        *self == Filter::default()
    }

    /// Whether a message meets the filter; `None` where what is known does not decide it.
    pub fn judge(&self, known: &impl Known) -> Option<bool> {
        let within = |text: Option<Cow<'_, str>>, wanted: &str| text.map(|text| contains(&text, wanted));
        let day = || known.day();
        let conditions = [
            self.unseen.then(|| known.is_unseen()),
            self.since.as_deref().map(|since| day().and_then(|day| day.get(..10).map(|day| day >= since))),
            self.before.as_deref().map(|before| day().and_then(|day| day.get(..10).map(|day| day < before))),
            self.min_size.map(|least| known.size().map(|size| size >= least)),
            self.max_size.map(|most| known.size().map(|size| size <= most)),
            self.from.as_deref().map(|from| within(known.from(), from)),
            self.subject.as_deref().map(|subject| within(known.subject(), subject)),
            self.body.as_deref().map(|body| known.has_in_body(body)),
            self.text.as_deref().map(|text| decided([known.has_in_headers(text), known.has_in_body(text)], true)),
            (!self.or.is_empty()).then(|| decided(self.or.iter().map(|filter| filter.judge(known)), true)),
            self.not.as_ref().map(|filter| filter.judge(known).map(|met| !met)),
        ];
        let headers = self.header.iter().map(|header| known.has_header(header));
        decided(conditions.into_iter().flatten().chain(headers), false)
    }

    /// Whether any condition, at any depth, is one of these.
    pub fn any(&self, is_one: &dyn Fn(&Filter) -> bool) -> bool {
        is_one(self) || self.or.iter().chain(self.not.as_deref()).any(|filter| filter.any(is_one))
    }

    /// The pointer of the first condition on the text of messages, at any depth: `/filter/or/1/body`.
    pub fn on_bodies(&self) -> Option<String> {
        fn find(filter: &Filter, at: &str) -> Option<String> {
            let own = [("body", &filter.body), ("text", &filter.text)].into_iter().find(|(_, text)| text.is_some());
            let or = || filter.or.iter().enumerate().find_map(|(index, filter)| find(filter, &format!("{at}/or/{index}")));
            let not = || filter.not.as_deref().and_then(|filter| find(filter, &format!("{at}/not")));
            own.map(|(name, _)| format!("{at}/{name}")).or_else(or).or_else(not)
        }
        find(self, "/filter")
    }

    /// The pointer of the first condition that the first release did not have.
    pub fn newest(&self) -> Option<&'static str> {
        let added = [
            ("/filter/before", self.before.is_some()),
            ("/filter/header", !self.header.is_empty()),
            ("/filter/body", self.body.is_some()),
            ("/filter/text", self.text.is_some()),
            ("/filter/or", !self.or.is_empty()),
            ("/filter/not", self.not.is_some()),
        ];
        added.into_iter().find(|(_, is_given)| *is_given).map(|(pointer, _)| pointer)
    }
}

/// Whether a text contains another, whatever the case of both.
pub fn contains(text: &str, wanted: &str) -> bool {
    text.to_lowercase().contains(&wanted.to_lowercase())
}

/// The first answer that decides, be it a yes or a no; otherwise its opposite, unless an answer is not known.
fn decided(answers: impl IntoIterator<Item = Option<bool>>, decides: bool) -> Option<bool> {
    let mut is_known = true;
    for answer in answers {
        match answer {
            Some(answer) if answer == decides => return Some(decides),
            Some(_) => (),
            None => is_known = false,
        }
    }
    is_known.then_some(!decides)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message of which the headers are known, and the body where there is one.
    struct Letter(Option<&'static str>);

    impl Known for Letter {
        fn is_unseen(&self) -> Option<bool> {
            Some(true)
        }
        fn day(&self) -> Option<Cow<'_, str>> {
            Some("2026-11-20T10:00:00+01:00".into())
        }
        fn size(&self) -> Option<u64> {
            Some(100)
        }
        fn from(&self) -> Option<Cow<'_, str>> {
            Some("Jürgen <j@example.com>".into())
        }
        fn subject(&self) -> Option<Cow<'_, str>> {
            Some("Rückfrage".into())
        }
        fn has_header(&self, condition: &HeaderCondition) -> Option<bool> {
            Some(condition.name == "X-Kunde" && contains("K 4711", &condition.contains))
        }
        fn has_in_body(&self, text: &str) -> Option<bool> {
            self.0.map(|body| contains(body, text))
        }
        fn has_in_headers(&self, text: &str) -> Option<bool> {
            Some(contains("Rückfrage", text))
        }
    }

    fn judged(filter: &str, body: Option<&'static str>) -> Option<bool> {
        serde_json::from_str::<Filter>(filter).unwrap().judge(&Letter(body))
    }

    #[test]
    fn every_condition_must_hold_and_each_can_decide() {
        let met = r#"{"unseen":true,"since":"2026-11-20","before":"2026-11-21","from":"JÜRGEN","subject":"rück","header":{"name":"X-Kunde","contains":"4711"},
            "body":"Grüße","text":"GRÜSSE","min_size":100,"max_size":100,"or":[{"subject":"nein"},{"from":"j@"}],"not":{"subject":"Rechnung"}}"#;
        assert_eq!(judged(met, Some("grüße, grüsse")), Some(true));
        assert_eq!(judged("{}", None), Some(true));
        for unmet in [
            r#"{"since":"2026-11-21"}"#,
            r#"{"before":"2026-11-20"}"#,
            r#"{"from":"anna"}"#,
            r#"{"subject":"Rechnung"}"#,
            r#"{"header":[{"name":"X-Kunde"},{"name":"X-Lieferant"}]}"#,
            r#"{"header":{"name":"X-Kunde","contains":"4712"}}"#,
            r#"{"body":"Rück"}"#,
            r#"{"text":"Mahnung"}"#,
            r#"{"min_size":101}"#,
            r#"{"max_size":99}"#,
            r#"{"or":[{"subject":"nein"},{"from":"anna"}]}"#,
            r#"{"not":{"subject":"Rück","from":"j"}}"#,
            r#"{"not":{"not":{"subject":"Rechnung"}}}"#,
        ] {
            assert_eq!(judged(unmet, Some("Grüße")), Some(false), "{unmet}");
        }
    }

    #[test]
    fn what_is_not_known_decides_nothing_and_stands_in_no_ones_way() {
        for unknown in [r#"{"body":"x"}"#, r#"{"text":"x"}"#, r#"{"not":{"body":"x"}}"#, r#"{"or":[{"body":"x"},{"subject":"nein"}]}"#] {
            assert_eq!(judged(unknown, None), None, "{unknown}");
        }
        for met in [r#"{"text":"rück"}"#, r#"{"or":[{"body":"x"},{"subject":"rück"}]}"#, r#"{"not":{"body":"x","subject":"nein"}}"#] {
            assert_eq!(judged(met, None), Some(true), "{met}");
        }
        for unmet in [r#"{"body":"x","subject":"nein"}"#, r#"{"not":{"or":[{"body":"x"},{"subject":"rück"}]}}"#] {
            assert_eq!(judged(unmet, None), Some(false), "{unmet}");
        }
    }

    #[test]
    fn a_filter_is_read_as_it_is_written_and_an_unknown_condition_is_refused() {
        let filter = r#"{"before":"2026-11-20","header":[{"name":"X-Kunde","contains":"4711"}],"or":[{"body":"a"},{"text":"b"}],"not":{"unseen":true}}"#;
        let read: Filter = serde_json::from_str(filter).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), filter);
        let single: Filter = serde_json::from_str(r#"{"header":{"name":"X-Kunde"}}"#).unwrap();
        assert_eq!(single.header, [HeaderCondition { name: "X-Kunde".to_owned(), contains: String::new() }]);
        for unknown in [r#"{"after":"x"}"#, r#"{"or":[{"after":"x"}]}"#, r#"{"not":{"after":"x"}}"#, r#"{"header":{"name":"a","is":"b"}}"#]
        {
            assert!(serde_json::from_str::<Filter>(unknown).is_err(), "{unknown}");
        }
    }

    #[test]
    fn the_condition_that_is_to_blame_has_its_pointer() {
        let filter = |json: &str| serde_json::from_str::<Filter>(json).unwrap();
        assert_eq!(filter(r#"{"or":[{"from":"a"},{"not":{"text":"b"}}]}"#).on_bodies().as_deref(), Some("/filter/or/1/not/text"));
        assert_eq!((filter(r#"{"from":"a"}"#).on_bodies(), filter(r#"{"from":"a"}"#).newest()), (None, None));
        assert_eq!(filter(r#"{"from":"a","not":{"from":"b"}}"#).newest(), Some("/filter/not"));
    }
}
