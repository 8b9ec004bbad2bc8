//! The words around a quoted mail, in the language of those who read it.

use crate::opened::Person;
use crate::texts::Texts;
use serde_json::Map;
use std::sync::OnceLock;

static TEXTS: OnceLock<Texts> = OnceLock::new();

/// The words of a language.
pub(super) struct Words<'l> {
    language: &'l str,
}

impl<'l> Words<'l> {
    /// Those of a language (`de-AT`); English where there are none.
    pub(super) fn of(language: &'l str) -> Words<'l> {
        Words { language }
    }

    /// `On 2026-11-28 at 09:00, Anna Novak wrote:`; `date` is RFC 3339.
    pub(super) fn attribution(&self, author: &str, date: Option<&str>) -> String {
        match date.and_then(day_and_time) {
            Some((day, time)) => self.sentence("quote.attribution", &[("author", author), ("date", day), ("time", time)]),
            None => self.sentence("quote.attribution_undated", &[("author", author)]),
        }
    }

    /// The line above a mail that is passed on.
    pub(super) fn forwarded(&self) -> String {
        self.sentence("quote.forwarded", &[])
    }

    /// `From: Anna Novak <anna@example.com>`; `name` is that of the text.
    pub(super) fn labelled(&self, name: &str, value: &str) -> String {
        self.sentence(name, &[("value", value)])
    }

    /// The moment of a mail, on the clock of its author.
    pub(super) fn moment(&self, date: &str) -> String {
        let (day, time) = day_and_time(date).unwrap_or((date, ""));
        self.sentence("quote.moment", &[("date", day), ("time", time)])
    }

    fn sentence(&self, code: &str, args: &[(&str, &str)]) -> String {
        let args = Map::from_iter(args.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())));
        TEXTS.get_or_init(Texts::new).sentence(self.language, code, &args).unwrap_or_default()
    }
}

fn day_and_time(date: &str) -> Option<(&str, &str)> {
    let (day, time) = date.split_once('T')?;
    Some((day, time.get(..5)?))
}

/// `Anna Novak <anna@example.com>`, in one line.
pub(super) fn shown(person: &Person) -> String {
    match (&person.address, person.name.as_deref().map(line).filter(|name| !name.is_empty())) {
        (Some(address), Some(name)) => format!("{name} <{}>", line(address)),
        _ => named(person),
    }
}

/// A name; where there is none the address, or what stands in its place.
pub(super) fn named(person: &Person) -> String {
    let name = person.name.as_deref().filter(|name| !name.trim().is_empty());
    line(name.or(person.address.as_deref()).or(person.text.as_deref()).unwrap_or_default())
}

/// A text in one line.
pub(super) fn line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_attributed_in_the_language_of_its_readers() {
        for (language, sentence) in [
            ("en", "On 2026-11-28 at 09:00, Anna wrote:"),
            ("de-AT", "Am 28.11.2026 um 09:00 schrieb Anna:"),
            ("sl", "Dne 28. 11. 2026 ob 09:00 je oseba Anna napisala:"),
            ("fr", "On 2026-11-28 at 09:00, Anna wrote:"),
        ] {
            assert_eq!(Words::of(language).attribution("Anna", Some("2026-11-28T09:00:00+01:00")), sentence);
        }
        assert_eq!(Words::of("de").attribution("Anna {x}", None), "Anna {x} schrieb:");
        assert_eq!(Words::of("de").moment("2026-11-28T09:00:00Z"), "28.11.2026, 09:00");
    }
}
