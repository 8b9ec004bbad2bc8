//! A message that is put into a folder and not sent.

use super::reader::Reader;
use crate::json::Json;
use crate::pointer::child;
use postkontor_plugin::Mark;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The words for the flags.
const FLAGS: [(&str, Mark); 4] = [("seen", Mark::Seen), ("answered", Mark::Answered), ("flagged", Mark::Flagged), ("draft", Mark::Draft)];

/// The folder for drafts, whatever its name.
const DRAFTS: &str = "<drafts>";

/// Where a message is put, and how it is marked there. It is not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Append {
    /// The folder by its name, or by its use in angle brackets (`<drafts>`).
    #[schemars(length(min = 1), extend("examples" = ["<drafts>"], "x-postkontor" = {"folder": true}))]
    pub folder: String,
    /// Its flags; where none are given it is seen, and in `<drafts>` a draft besides.
    #[schemars(extend("x-postkontor" = {"given": true}))]
    pub flags: Option<Vec<Mark>>,
    /// Its keywords.
    #[schemars(default)]
    pub keywords: Vec<String>,
}

impl Append {
    /// The flags that hold.
    pub(crate) fn marks(&self) -> Vec<Mark> {
        let usual = || if self.folder == DRAFTS { vec![Mark::Seen, Mark::Draft] } else { vec![Mark::Seen] };
        self.flags.clone().unwrap_or_else(usual)
    }

    /// As a member of a message document.
    pub(super) fn member<'a>(&self) -> Json<'a> {
        let text = |text: &str| Json::Text(text.to_owned().into());
        let mut members = vec![("folder".into(), text(&self.folder))];
        if let Some(flags) = &self.flags {
            let words = FLAGS.iter().filter(|(_, flag)| flags.contains(flag)).map(|(word, _)| text(word));
            members.push(("flags".into(), Json::List(words.collect())));
        }
        if !self.keywords.is_empty() {
            members.push(("keywords".into(), Json::List(self.keywords.iter().map(|keyword| text(keyword)).collect())));
        }
        Json::Object(members)
    }
}

impl Reader<'_, '_> {
    /// The member `append` of a message document.
    pub(super) fn append(&mut self, value: Json<'_>) -> Option<Append> {
        let Json::Object(members) = value else {
            self.findings.add("/append", "message.expected_object", &[]);
            return None;
        };
        let mut append = Append::default();
        for (member, value) in members.into_iter().filter(|(_, value)| !matches!(value, Json::Null)) {
            let place = child("/append", &member);
            match &*member {
                "folder" => append.folder = self.line(value, &place).unwrap_or_default().into_owned(),
                "flags" => {
                    let words = self.words(value, &place);
                    append.flags = Some(words.iter().filter_map(|(word, place)| self.flag(word, place)).collect());
                }
                "keywords" => append.keywords = self.words(value, &place).into_iter().map(|(word, _)| word).collect(),
                _ => self.findings.unknown(place, &member, &["folder", "flags", "keywords"]),
            }
        }
        if append.folder.is_empty() && self.findings.is_empty() {
            self.findings.add("/append/folder", "message.append_folder_missing", &[]);
        }
        Some(append)
    }

    /// A list of texts of one line, each with its place.
    fn words(&mut self, value: Json<'_>, pointer: &str) -> Vec<(String, String)> {
        let Json::List(list) = value else {
            self.findings.add(pointer, "message.expected_list", &[]);
            return Vec::new();
        };
        let places = (0..).map(|index: usize| format!("{pointer}/{index}"));
        list.into_iter().zip(places).filter_map(|(value, place)| Some((self.line(value, &place)?.into_owned(), place))).collect()
    }

    fn flag(&mut self, word: &str, pointer: &str) -> Option<Mark> {
        let flag = FLAGS.iter().find(|(known, _)| *known == word).map(|(_, flag)| *flag);
        if flag.is_none() {
            self.findings.add(pointer, "message.flag_unknown", &[("flag", word)]);
        }
        flag
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Composed, compose};
    use crate::settings::Sender;
    use postkontor_plugin::Error;
    use serde_json::{Value, json};

    fn composed(message: &Value) -> Result<Composed<'static>, Error> {
        let sender = Sender { address: Some("anna@example.com".to_owned()), bcc_to_sender: true, ..Sender::default() };
        compose(&message.to_string(), &sender, &[])
    }

    fn text(mut mail: Composed<'_>) -> String {
        let mut bytes = vec![0; 100_000];
        let count = mail.read(&mut bytes).unwrap();
        assert_eq!((count as u64, mail.read(&mut [0; 1]).unwrap()), (mail.size, 0));
        bytes.truncate(count);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_draft_needs_no_recipient_and_keeps_its_blind_ones() {
        let mail = composed(&json!({"subject": "Entwurf", "append": {"folder": "<drafts>"}})).unwrap();
        assert_eq!(mail.append.as_ref().unwrap().marks(), [Mark::Seen, Mark::Draft]);
        assert!(mail.recipients.is_empty());
        let written = text(mail);
        assert!(!written.contains("To:") && written.contains("Subject: Entwurf"), "{written}");
        let message = json!({"bcc": ["Carl <c@example.com>"], "append": {"folder": "x", "flags": ["draft"]}});
        let mail = composed(&message).unwrap();
        assert_eq!(mail.append.as_ref().unwrap().marks(), [Mark::Draft]);
        let written = text(mail);
        assert!(written.contains("Bcc: Carl <c@example.com>\r\n") && !written.contains("To:"), "{written}");
    }

    #[test]
    fn what_is_wrong_is_pointed_to() {
        for (append, pointer, code) in [
            (json!({}), "/append/folder", "message.append_folder_missing"),
            (json!("x"), "/append", "message.expected_object"),
            (json!({"folder": "a\r\nb"}), "/append/folder", "message.line_break"),
            (json!({"folder": "a", "flags": ["draft", "deleted"]}), "/append/flags/1", "message.flag_unknown"),
            (json!({"folder": "a", "flags": "draft"}), "/append/flags", "message.expected_list"),
            (json!({"folder": "a", "keywords": ["a", 7]}), "/append/keywords/1", "message.expected_text"),
            (json!({"folder": "a", "flag": []}), "/append/flag", "message.member_unknown"),
        ] {
            let error = composed(&json!({"text": "x", "append": append})).unwrap_err();
            let at: Vec<_> = error.at.iter().map(|at| (at.pointer.as_str(), at.code.as_str())).collect();
            assert_eq!(at, [(pointer, code)], "{append}");
        }
        // Without the member a message needs somebody to go to, as ever.
        assert_eq!(composed(&json!({"text": "x", "append": null})).unwrap_err().at[0].pointer, "/to");
    }
}
