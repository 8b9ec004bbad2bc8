//! Texts for users, found by code or setting in the language they read.

mod date;
mod language;
mod path;
mod pattern;

pub use path::path;

use pattern::Arguments;
use postkontor_plugin::{Stage, merge};
use serde_json::{Map, Value};

/// The texts of core and plugins in all their languages.
#[derive(Clone, Debug, Default)]
pub struct Texts(Value);

impl Texts {
    /// Core's own texts and those that every transport shares.
    pub fn new() -> Texts {
        let mut texts = Texts(Value::Object(Map::new()));
        for (language, text) in postkontor_plugin::SHARED_TEXTS.iter().chain(CORE) {
            texts.add_file(language, text);
        }
        texts
    }

    /// Adds a locale file that is part of this program.
    pub(crate) fn add_file(&mut self, language: &str, text: &str) {
        // A test reads each of them; a broken one would only lose its sentences.
        if let Ok(text) = serde_json::from_str::<Value>(text) {
            merge(&mut self.0, serde_json::json!({ language: text }));
        }
    }

    /// Adds the `texts` of a plugin's description: `{"en": {"settings", "codes", "advice"}, "de": …}`.
    pub fn add(&mut self, texts: &Value) {
        merge(&mut self.0, texts.clone());
    }

    /// The sentence for a code (`auth.refused`, `advice.check_password`), its places filled in from `args` (`{name}`,
    /// `{name, word}`, `{name, date}`, `{name, plural, one {…} other {…}}`: docs/plugins.md).
    ///
    /// Looks in `de-AT`, then `de`, then `en`. `None` where no language knows the code.
    pub fn sentence(&self, language: &str, code: &str, args: &Map<String, Value>) -> Option<String> {
        let kind = if code.starts_with("advice.") { "advice" } else { "codes" };
        languages(language).into_iter().find_map(|written| {
            let pattern = self.0.get(written)?.get(kind)?.get(code)?.as_str()?;
            // Numbers and dates follow the language of the sentence, which may not be the one asked for.
            Some(pattern::fill(pattern, written, &Given { texts: self, language, args }))
        })
    }

    /// The sentence for something that happened in a stage of a session: the text `CODE_in_stage` where there is one and its places can be
    /// filled in, `{stage}` among them.
    pub fn sentence_in_stage(&self, language: &str, code: &str, args: &Map<String, Value>, stage: Stage) -> Option<String> {
        let name = serde_json::to_value(stage).ok()?;
        let mut args = args.clone();
        args.insert("stage".to_owned(), serde_json::json!({"code": format!("stage.{}", name.as_str()?)}));
        let sentence = self.sentence(language, &format!("{code}_in_stage"), &args);
        sentence.filter(|sentence| !sentence.contains('{')).or_else(|| self.sentence(language, code, &args))
    }

    /// An argument as it stands in a sentence. `{"code", "args"}` is a sentence of its own, a list gets commas.
    fn argument(&self, language: &str, value: &Value) -> String {
        match value {
            Value::String(text) => text.clone(),
            Value::Array(items) => items.iter().map(|item| self.argument(language, item)).collect::<Vec<_>>().join(", "),
            Value::Object(inner) => {
                let args = inner.get("args").and_then(Value::as_object).cloned().unwrap_or_default();
                inner.get("code").and_then(|code| self.sentence(language, code.as_str()?, &args)).unwrap_or_else(|| value.to_string())
            }
            value => value.to_string(),
        }
    }

    /// A text of forms by its name, its places filled in.
    pub(crate) fn form(&self, language: &str, name: &str, args: &[(&str, &str)]) -> String {
        let text = languages(language).into_iter().find_map(|language| self.0.get(language)?.get("form")?.get(name)?.as_str());
        args.iter().fold(text.unwrap_or(name).to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    }

    /// What applies where a setting is left out and no constant is its default.
    pub(crate) fn empty(&self, language: &str, pointer: &str) -> Option<String> {
        Some(self.setting(language, pointer)?.get("empty")?.as_str()?.to_owned())
    }

    /// The text of a setting by its pointer: `{"title", "description", "choices", "empty"}`.
    pub(crate) fn setting(&self, language: &str, pointer: &str) -> Option<&Value> {
        languages(language).into_iter().find_map(|language| self.0.get(language)?.get("settings")?.get(pointer))
    }

    /// The same for a member of a request or of a message.
    pub(crate) fn input(&self, language: &str, input: &str, pointer: &str) -> Option<&Value> {
        languages(language).into_iter().find_map(|language| self.0.get(language)?.get("inputs")?.get(input)?.get(pointer))
    }
}

const CORE: &[(&str, &str)] =
    &[("en", include_str!("../locales/en.json")), ("de", include_str!("../locales/de.json")), ("sl", include_str!("../locales/sl.json"))];

/// The languages to look in: `de-AT` and `de_AT` give `de-AT`, `de`, `en`.
fn languages(language: &str) -> Vec<&str> {
    let mut languages = vec![language];
    let base = language.split(['-', '_']).next().unwrap_or(language);
    languages.extend([base, "en"]);
    languages
}

/// The arguments of a sentence.
struct Given<'a> {
    texts: &'a Texts,
    language: &'a str,
    args: &'a Map<String, Value>,
}

impl Arguments for Given<'_> {
    fn text(&self, name: &str) -> Option<String> {
        Some(self.texts.argument(self.language, self.args.get(name)?))
    }

    fn number(&self, name: &str) -> Option<u64> {
        let value = self.args.get(name)?;
        value.as_u64().or_else(|| value.as_str()?.parse().ok())
    }

    fn word(&self, code: &str) -> Option<String> {
        self.texts.sentence(self.language, code, &Map::new())
    }
}

/// The places of a sentence for a language's readers, for tests of text files: its names, each with its form (`count, plural`). The error
/// says what is wrong with the sentence, for example a plural that lacks a case of the language.
pub fn places(sentence: &str, language: &str) -> Result<Vec<String>, String> {
    pattern::places(sentence, language)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn texts() -> Texts {
        let mut texts = Texts::default();
        texts.add(&json!({"en": {"codes": {"a.b": "{host} refused {user}.", "a.c": "only {english}"}, "advice": {"advice.x": "Do."}},
                          "de": {"codes": {"a.b": "{host} weist {user} ab."}}}));
        texts
    }

    fn args(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_sentence_names_the_stage_where_its_places_can_be_filled() {
        let args = args(json!({"host": "mail.example.com", "port": 25}));
        let nothing = Map::new();
        for language in ["en", "de", "sl"] {
            let texts = Texts::new();
            let told = texts.sentence_in_stage(language, "call.timeout", &args, Stage::Greeting).unwrap();
            let stage = texts.sentence(language, "stage.greeting", &nothing).unwrap();
            assert!(told.contains("mail.example.com:25") && told.contains(&stage), "{told}");
            // A call that ends before there is a server.
            assert_eq!(
                texts.sentence_in_stage(language, "call.timeout", &nothing, Stage::Message),
                texts.sentence(language, "call.timeout", &nothing)
            );
            assert_eq!(
                texts.sentence_in_stage(language, "auth.user_missing", &args, Stage::Login),
                texts.sentence(language, "auth.user_missing", &args)
            );
            for stage in STAGES {
                let name = serde_json::to_value(stage).unwrap();
                let code = format!("stage.{}", name.as_str().unwrap());
                assert!(texts.sentence(language, &code, &nothing).is_some(), "{language} {code}");
            }
        }
    }

    const STAGES: [Stage; 22] = [
        Stage::Settings,
        Stage::Message,
        Stage::Secret,
        Stage::Proxy,
        Stage::Smime,
        Stage::Resolve,
        Stage::Connect,
        Stage::Greeting,
        Stage::Capabilities,
        Stage::Tls,
        Stage::Token,
        Stage::Login,
        Stage::Mailbox,
        Stage::Sender,
        Stage::Recipients,
        Stage::Content,
        Stage::Acceptance,
        Stage::Fetch,
        Stage::Loop,
        Stage::Quit,
        Stage::Store,
        Stage::Queue,
    ];

    #[test]
    fn a_sentence_is_taken_from_the_nearest_language() {
        let (texts, args) = (texts(), args(json!({"host": "h", "user": "u", "english": 1})));
        for language in ["de-AT", "de_AT", "de"] {
            assert_eq!(texts.sentence(language, "a.b", &args).unwrap(), "h weist u ab.");
            assert_eq!(texts.sentence(language, "a.c", &args).unwrap(), "only 1");
        }
        assert_eq!(texts.sentence("fr", "a.b", &args).unwrap(), "h refused u.");
        assert_eq!(texts.sentence("en", "advice.x", &args).unwrap(), "Do.");
        assert_eq!(texts.sentence("en", "a.x", &args), None);
    }

    #[test]
    fn one_recipient_is_one_and_two_are_two() {
        let said =
            |language: &str, count: u64| Texts::new().sentence(language, "recipients.refused", &args(json!({"count": count}))).unwrap();
        assert_eq!(said("de", 1), "Die E-Mail wurde gesendet, aber 1 Empfänger wurde abgelehnt.");
        assert_eq!(said("de", 2), "Die E-Mail wurde gesendet, aber 2 Empfänger wurden abgelehnt.");
        assert_eq!(said("sl", 2), "Sporočilo je bilo poslano, a 2 prejemnika sta bila zavrnjena.");
        assert_eq!(said("en", 1), "The mail was sent, but 1 recipient was refused.");
    }

    #[test]
    fn a_certificate_expired_on_a_day_of_the_readers_calendar() {
        let args = args(json!({"host": "h", "not_after": "2025-03-01T12:00:00Z"}));
        let said = |language: &str| Texts::new().sentence(language, "tls.certificate_expired", &args).unwrap();
        assert_eq!(said("de"), "Das Zertifikat von h ist am 01.03.2025, 12:00 UTC abgelaufen.");
        assert_eq!(said("sl"), "Potrdilo strežnika h je poteklo 1. 3. 2025, 12:00 UTC.");
    }

    #[test]
    fn what_a_transport_cannot_do_is_named_in_the_readers_language() {
        let args = args(json!({"transport": "pop3", "operation": "send"}));
        assert_eq!(
            Texts::new().sentence("de", "transport.operation_unsupported", &args).unwrap(),
            "Mit dem Transport pop3 ist das Senden nicht möglich."
        );
    }

    #[test]
    fn an_argument_may_be_a_sentence_of_its_own() {
        let inner = json!({"code": "a.b", "args": {"host": "h", "user": "u"}});
        assert_eq!(texts().sentence("de", "a.c", &args(json!({"english": inner}))).unwrap(), "only h weist u ab.");
    }

    #[test]
    fn an_argument_is_never_taken_for_a_place() {
        let sentence = texts().sentence("en", "a.b", &args(json!({"host": "{user}", "user": ["x", "y"]})));
        assert_eq!(sentence.unwrap(), "{user} refused x, y.");
    }
}
