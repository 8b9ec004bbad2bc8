//! Which messages are wanted.

use crate::items::Row;
use postkontor_plugin::Filter;

/// Whether a message meets the conditions.
pub(super) fn passes(row: &Row, filter: &Filter) -> bool {
    let contains =
        |text: &str, wanted: &Option<String>| wanted.as_ref().is_none_or(|wanted| text.to_lowercase().contains(&wanted.to_lowercase()));
    // Days of RFC 3339 compare as texts.
    let day = row.received.as_deref().and_then(|received| received.get(..10));
    !(filter.unseen && row.is_seen)
        && filter.since.as_ref().is_none_or(|since| day.is_none_or(|day| day >= since.as_str()))
        && contains(&row.from, &filter.from)
        && contains(&row.subject, &filter.subject)
        && filter.min_size.is_none_or(|least| row.size >= least)
        && filter.max_size.is_none_or(|most| row.size <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_condition_of_a_filter_must_hold() {
        let row = Row {
            size: 2000,
            received: Some("2026-11-02T10:00:00Z".to_owned()),
            subject: "Rückfrage".to_owned(),
            from: "Jürgen <j@example.com>".to_owned(),
            ..Row::default()
        };
        let some = |text: &str| Some(text.to_owned());
        for filter in [
            Filter::default(),
            Filter { unseen: true, since: some("2026-11-02"), from: some("JÜRGEN"), subject: some("rück"), ..Filter::default() },
            Filter { min_size: Some(2000), max_size: Some(2000), ..Filter::default() },
        ] {
            assert!(passes(&row, &filter), "{filter:?}");
        }
        for filter in [
            Filter { since: some("2026-11-03"), ..Filter::default() },
            Filter { from: some("anna"), ..Filter::default() },
            Filter { subject: some("Rechnung"), ..Filter::default() },
            Filter { min_size: Some(2001), ..Filter::default() },
            Filter { max_size: Some(1999), ..Filter::default() },
        ] {
            assert!(!passes(&row, &filter), "{filter:?}");
        }
        assert!(!passes(&Row { is_seen: true, ..row }, &Filter { unseen: true, ..Filter::default() }));
    }
}
