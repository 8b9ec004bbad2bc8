//! What a message itself wishes: the member `smime`.

use super::at_hand::When;
use crate::json::Json;
use crate::message::members::{FileOrPart, Original};
use crate::message::reader::Reader;
use crate::pointer::child;
use schemars::JsonSchema;

const MEMBERS: [&str; 3] = ["sign", "encrypt", "certificates"];

/// `{"sign", "encrypt", "certificates"}`. What is left out is as the settings say.
#[derive(Debug, Default, JsonSchema)]
pub(in crate::message) struct Wish<'a> {
    /// Whether it is signed.
    #[schemars(extend("x-postkontor" = {"order": 10}))]
    pub(super) sign: Option<bool>,
    /// When it is encrypted.
    #[schemars(extend("x-postkontor" = {"order": 20}))]
    pub(super) encrypt: Option<When>,
    /// Certificates of recipients, which count before those of the settings.
    #[schemars(with = "Vec<FileOrPart>", default, extend("x-postkontor" = {"order": 30, "advanced": true}))]
    pub(super) certificates: Vec<Original<'a>>,
}

impl Reader<'_, '_> {
    /// The member `smime`.
    pub(in crate::message) fn smime<'a>(&mut self, value: Json<'a>) -> Wish<'a> {
        let mut wish = Wish::default();
        let Json::Object(members) = value else {
            self.findings.add("/smime", "message.expected_object", &[]);
            return wish;
        };
        for (member, value) in members.into_iter().filter(|(_, value)| !matches!(value, Json::Null)) {
            let place = child("/smime", &member);
            match (&*member, value) {
                ("sign", Json::Bool(wanted)) => wish.sign = Some(wanted),
                ("sign", _) => self.findings.add(place, "message.expected_boolean", &[]),
                ("encrypt", value) => wish.encrypt = self.when(value, &place),
                ("certificates", Json::List(list)) => {
                    let sources = list.into_iter().enumerate();
                    wish.certificates =
                        sources.filter_map(|(index, value)| self.file_or_part(value, &format!("{place}/{index}"))).collect();
                }
                ("certificates", _) => self.findings.add(place, "message.expected_list", &[]),
                _ => self.findings.unknown(place, &member, &MEMBERS),
            }
        }
        wish
    }

    fn when(&mut self, value: Json<'_>, pointer: &str) -> Option<When> {
        match self.line(value, pointer)?.as_ref() {
            "" => None,
            "never" => Some(When::Never),
            "if_possible" => Some(When::IfPossible),
            "always" => Some(When::Always),
            other => {
                self.findings.add(pointer, "message.smime_when_unknown", &[("encrypt", other)]);
                None
            }
        }
    }

    /// `{"file"}` or `{"part"}`.
    fn file_or_part<'a>(&mut self, value: Json<'a>, pointer: &str) -> Option<Original<'a>> {
        let Json::Object(members) = value else {
            self.findings.add(pointer, "message.expected_object", &[]);
            return None;
        };
        let mut given = Vec::new();
        for (member, value) in members.into_iter().filter(|(_, value)| !matches!(value, Json::Null)) {
            let place = child(pointer, &member);
            given.push(match (&*member, value) {
                ("file", value) => self.line(value, &place).map(Original::File),
                ("part", Json::Number(Some(index))) => usize::try_from(index).ok().map(Original::Part),
                ("part", _) => {
                    self.findings.add(place, "message.expected_index", &[]);
                    None
                }
                _ => {
                    self.findings.unknown(place, &member, &["file", "part"]);
                    continue;
                }
            });
        }
        if given.len() != 1 {
            self.findings.add(pointer, "message.attachment_source", &[]);
        }
        given.pop().flatten()
    }
}
