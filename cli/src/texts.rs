//! The command's own words, in the user's language.

use postkontor_core::{Error, Status};
use serde_json::{Map, Value, json};

const TEXTS: &[(&str, &str, &str)] = &[
    ("en", include_str!("../locales/en.json"), include_str!("../help/en.txt")),
    ("de", include_str!("../locales/de.json"), include_str!("../help/de.txt")),
    ("sl", include_str!("../locales/sl.json"), include_str!("../help/sl.txt")),
];

/// The words of one language, English where that language has none.
pub(crate) struct Texts {
    language: String,
    sentences: postkontor_core::texts::Texts,
}

impl Texts {
    /// The words in the language asked for, else in that of the user's environment.
    pub(crate) fn new(asked: Option<&str>) -> Texts {
        let language = asked.map_or_else(language_of_the_environment, str::to_owned);
        let mut sentences = postkontor_core::texts::Texts::default();
        for (language, text, _) in TEXTS {
            // A test reads each of the files; a broken one would only lose its sentences.
            sentences.add(&json!({ *language: serde_json::from_str(text).unwrap_or(Value::Null) }));
        }
        for (language, text) in postkontor_import::TEXTS {
            sentences.add(&json!({ *language: serde_json::from_str(text).unwrap_or(Value::Null) }));
        }
        Texts { language, sentences }
    }

    /// The language, as the library is to know it.
    pub(crate) fn language(&self) -> &str {
        &self.language
    }

    /// A word or sentence of the command.
    pub(crate) fn word(&self, code: &str) -> String {
        self.sentence(code, &Map::new()).unwrap_or_else(|| code.to_owned())
    }

    /// How the command is used.
    pub(crate) fn help(&self) -> &'static str {
        let base = self.language.split(['-', '_']).next();
        let own = TEXTS.iter().find(|(language, ..)| Some(*language) == base);
        own.or(TEXTS.first()).map_or("", |(.., help)| help)
    }

    /// The error with a sentence, where it is one of the command's own; those of the library bring theirs.
    pub(crate) fn localised(&self, mut error: Error) -> Error {
        if error.message.is_empty() {
            error.message = self.sentence(&error.code, &error.args).unwrap_or_else(|| error.code.clone());
        }
        error
    }

    /// The sentence for a code, with what it names.
    pub(crate) fn sentence(&self, code: &str, args: &Map<String, Value>) -> Option<String> {
        self.sentences.sentence(&self.language, code, args)
    }
}

/// An error of the command line.
pub(crate) fn problem(code: &str) -> Error {
    Error::new(Status::Argument, code).usable()
}

fn language_of_the_environment() -> String {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(|name| std::env::var(name).ok()).find(|value| !value.is_empty());
    // `de_AT.UTF-8` is `de-AT`; `C` and `POSIX` name no language.
    let language = set.unwrap_or_default().split(['.', '@']).next().unwrap_or_default().replace('_', "-");
    if matches!(language.as_str(), "" | "C" | "POSIX") { "en".to_owned() } else { language }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_sentence() {
        let codes = |text: &str| -> Vec<String> {
            let text: Value = serde_json::from_str(text).unwrap();
            text["codes"].as_object().unwrap().keys().cloned().collect()
        };
        let english = codes(TEXTS[0].1);
        for (language, text, help) in TEXTS {
            assert_eq!(codes(text), english, "{language}");
            assert!(help.contains("--plugins"), "{language}");
        }
    }

    #[test]
    fn help_comes_in_the_nearest_language() {
        assert!(Texts::new(Some("de-AT")).help().contains("Verwendung"));
        assert!(Texts::new(Some("fr")).help().contains("Usage"));
    }
}
