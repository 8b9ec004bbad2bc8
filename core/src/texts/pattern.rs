//! A sentence with places for arguments, in a subset of ICU's MessageFormat, which translators know.
//!
//! | Place | Becomes |
//! |---|---|
//! | `{host}` | the argument |
//! | `{operation, word}` | the text of the code `operation.` and the argument, for example `operation.send` |
//! | `{not_after, date}` | a date or moment (RFC 3339) as the language writes it |
//! | `{count, plural, one {# recipient was} other {# recipients were}}` | the case of the number (CLDR plural rules), `#` being the number |
//!
//! A place whose argument is missing stays as it is, so that what is wrong can be seen.

use super::date;
use super::language::base;

/// Where the arguments of a sentence come from.
pub(super) trait Arguments {
    /// An argument as it stands in a sentence.
    fn text(&self, name: &str) -> Option<String>;
    /// An argument that is a whole number.
    fn number(&self, name: &str) -> Option<u64>;
    /// The text of another code.
    fn word(&self, code: &str) -> Option<String>;
}

/// The sentence in a language, with its arguments.
pub(super) fn fill(pattern: &str, language: &str, arguments: &dyn Arguments) -> String {
    fill_case(pattern, None, language, arguments)
}

/// The same for a case of a plural, in which `#` stands for the number.
fn fill_case(pattern: &str, number: Option<u64>, language: &str, arguments: &dyn Arguments) -> String {
    let mut filled = String::with_capacity(pattern.len() + 32);
    for part in Parts(pattern) {
        match (part, number) {
            (Part::Text(text), Some(number)) => filled.push_str(&text.replace('#', &number.to_string())),
            (Part::Text(text), None) => filled.push_str(text),
            (Part::Place { source, name, form }, _) => {
                filled.push_str(&place(name, &form, language, arguments).unwrap_or_else(|| source.to_owned()));
            }
        }
    }
    filled
}

fn place(name: &str, form: &Form<'_>, language: &str, arguments: &dyn Arguments) -> Option<String> {
    match form {
        Form::Plain => arguments.text(name),
        Form::Word => {
            let text = arguments.text(name)?;
            Some(arguments.word(&format!("{name}.{text}")).unwrap_or(text))
        }
        Form::Date => {
            let text = arguments.text(name)?;
            Some(date::written(&text, language).unwrap_or(text))
        }
        Form::Plural(cases) => {
            let number = arguments.number(name)?;
            let category = category(language, number);
            let case = cases.iter().find(|(name, _)| *name == category).or_else(|| cases.iter().find(|(name, _)| *name == "other"))?;
            Some(fill_case(case.1, Some(number), language, arguments))
        }
    }
}

/// The plural categories of a language, for whole numbers (CLDR).
pub(super) fn categories(language: &str) -> &'static [&'static str] {
    match base(language) {
        "sl" => &["one", "two", "few", "other"],
        _ => &["one", "other"],
    }
}

fn category(language: &str, number: u64) -> &'static str {
    match (base(language), number % 100) {
        ("sl", 1) => "one",
        ("sl", 2) => "two",
        ("sl", 3 | 4) => "few",
        ("sl", _) => "other",
        _ if number == 1 => "one",
        _ => "other",
    }
}

/// The places of a pattern, each with its form (`not_after, date`), those inside a case of a plural included. What is wrong with one
/// of them, for a language, stands in the error.
pub(super) fn places(pattern: &str, language: &str) -> Result<Vec<String>, String> {
    let mut places = Vec::new();
    for part in Parts(pattern) {
        match part {
            // `{{content}}` is what an HTML template has.
            Part::Text(text) if text.contains(['{', '}']) && !text.starts_with("{{") => {
                return Err(format!("a brace without its other half, or an unknown form: {text}"));
            }
            Part::Text(_) => {}
            Part::Place { name, form, .. } => {
                let mut shown = name.to_owned();
                match form {
                    Form::Plain => {}
                    Form::Word => shown.push_str(", word"),
                    Form::Date => shown.push_str(", date"),
                    Form::Plural(cases) => {
                        shown.push_str(", plural");
                        let found: Vec<&str> = cases.iter().map(|(name, _)| *name).collect();
                        if found != categories(language) {
                            return Err(format!("{name} has the cases {found:?}; {language} has {:?}", categories(language)));
                        }
                        for (_, case) in cases {
                            places.extend(self::places(case, language)?);
                        }
                    }
                }
                places.push(shown);
            }
        }
    }
    places.sort();
    places.dedup();
    Ok(places)
}

/// What a pattern is made of.
#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    Text(&'a str),
    Place { source: &'a str, name: &'a str, form: Form<'a> },
}

/// How an argument is written.
#[derive(Debug, PartialEq, Eq)]
enum Form<'a> {
    Plain,
    Word,
    Date,
    Plural(Vec<(&'a str, &'a str)>),
}

/// Takes a pattern apart from the left.
struct Parts<'a>(&'a str);

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        if self.0.is_empty() {
            return None;
        }
        if let Some(end) = closing(self.0) {
            let (source, rest) = self.0.split_at(end + 1);
            self.0 = rest;
            let inner = &source[1..end];
            return Some(form(inner).map_or(Part::Text(source), |(name, form)| Part::Place { source, name, form }));
        }
        // A brace without its other half is text.
        let begin = usize::from(self.0.starts_with('{'));
        let end = self.0[begin..].find('{').map_or(self.0.len(), |end| begin + end);
        let (text, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(Part::Text(text))
    }
}

/// Where the brace closes that a text begins with.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    if !text.starts_with('{') {
        return None;
    }
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(index);
        }
    }
    None
}

/// The name and the form of what stands in braces.
fn form(inner: &str) -> Option<(&str, Form<'_>)> {
    let (name, rest) = inner.split_once(',').map_or((inner, ""), |(name, rest)| (name, rest.trim()));
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_name {
        return None;
    }
    let form = match rest {
        "" => Form::Plain,
        "word" => Form::Word,
        "date" => Form::Date,
        _ => Form::Plural(cases(rest.strip_prefix("plural")?.trim_start().strip_prefix(',')?)?),
    };
    Some((name, form))
}

/// The cases of a plural: `one {…} other {…}`.
fn cases(mut text: &str) -> Option<Vec<(&str, &str)>> {
    let mut cases = Vec::new();
    loop {
        text = text.trim_start();
        if text.is_empty() {
            return (!cases.is_empty()).then_some(cases);
        }
        let (name, rest) = text.split_at(text.find('{')?);
        let end = closing(rest)?;
        cases.push((name.trim(), &rest[1..end]));
        text = &rest[end + 1..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Given(&'static [(&'static str, &'static str)]);

    impl Arguments for Given {
        fn text(&self, name: &str) -> Option<String> {
            self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        }

        fn number(&self, name: &str) -> Option<u64> {
            self.text(name)?.parse().ok()
        }

        fn word(&self, code: &str) -> Option<String> {
            (code == "operation.send").then(|| "sending".to_owned())
        }
    }

    const PLURAL: &str = "{count, plural, one {# Rechnung an {who}} two {# računa} few {# računi} other {# Rechnungen}} offen";

    #[test]
    fn a_number_takes_the_case_of_its_language() {
        let said = |language: &str, number: &'static str| {
            let arguments: &'static [_] = Box::leak(Box::new([("count", number), ("who", "#Anna")]));
            fill(PLURAL, language, &Given(arguments))
        };
        for (number, case) in [("1", "1 Rechnung an #Anna"), ("0", "0 Rechnungen"), ("2", "2 Rechnungen"), ("101", "101 Rechnungen")] {
            assert_eq!(said("de-AT", number), format!("{case} offen"));
        }
        let slovenian = [
            ("1", "1 Rechnung an #Anna"),
            ("2", "2 računa"),
            ("3", "3 računi"),
            ("104", "104 računi"),
            ("102", "102 računa"),
            ("5", "5 Rechnungen"),
        ];
        for (number, case) in slovenian {
            assert_eq!(said("sl", number), format!("{case} offen"));
        }
    }

    #[test]
    fn dates_and_words_are_the_languages_own() {
        let given = Given(&[("until", "2026-12-03T09:05:00Z"), ("operation", "send"), ("other", "dance")]);
        assert_eq!(fill("bis {until, date}", "de", &given), "bis 03.12.2026, 09:05 UTC");
        assert_eq!(fill("{operation, word} {other, word}", "en", &given), "sending dance");
    }

    #[test]
    fn what_cannot_be_filled_in_stays_as_it_is() {
        let none = Given(&[("text", "{host}")]);
        for pattern in ["{ {none} {", "{host}", "{count, plural, one {x} other {y}}", "{host, number}", "a } b", "{", "", "{text, date"] {
            assert_eq!(fill(pattern, "en", &none), pattern);
        }
        assert_eq!(fill("{text} {text, plural, other {x}}", "en", &none), "{host} {text, plural, other {x}}");
    }

    #[test]
    fn the_places_of_a_pattern_are_known_and_its_faults_too() {
        let sl = places(PLURAL, "sl").unwrap();
        assert_eq!(sl, ["count, plural", "who"]);
        assert!(places(PLURAL, "de").unwrap_err().contains("two"));
        assert_eq!(places("Write {{content}} into {file}.", "de").unwrap(), ["file"]);
        for pattern in ["{host", "{host, numbr}", "{a} b}"] {
            assert!(places(pattern, "en").is_err(), "{pattern}");
        }
    }
}
