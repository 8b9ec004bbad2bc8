//! What is done with messages and folders on the server.

use super::AnyText;
use super::asked::Request;
use super::members::{Members, read};
use postkontor_plugin::{Applied, ApplyAction, Error, FolderChange, FoldersChanged};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The actions on messages named by their ids.
const ACTIONS: [(&str, ApplyAction); 10] = [
    ("seen", ApplyAction::Seen),
    ("unseen", ApplyAction::Unseen),
    ("answered", ApplyAction::Answered),
    ("unanswered", ApplyAction::Unanswered),
    ("flagged", ApplyAction::Flagged),
    ("unflagged", ApplyAction::Unflagged),
    ("keywords", ApplyAction::Keywords),
    ("copy", ApplyAction::Copy),
    ("move", ApplyAction::Move),
    ("delete", ApplyAction::Delete),
];

/// What to do on the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ApplyRequest {
    /// Something with messages.
    Messages(MessageChange),
    /// Something with folders, one after the other.
    Folders {
        /// The changes.
        folders: Vec<FolderChange>,
    },
}

/// What to do with which messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MessageChange {
    /// The messages by their ids.
    #[schemars(with = "Vec<AnyText>", extend("x-postkontor" = {"refused": true}))]
    pub messages: Vec<String>,
    /// What to do with them.
    pub action: ApplyAction,
    /// Where [`ApplyAction::Move`] moves them and [`ApplyAction::Copy`] copies them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"folder": true}))]
    pub folder: Option<String>,
    /// The keywords that [`ApplyAction::Keywords`] adds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(length(min = 1)), extend("x-postkontor" = {"when": {"action": ["keywords"]}}))]
    pub add: Vec<String>,
    /// The keywords that [`ApplyAction::Keywords`] removes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(length(min = 1)), extend("x-postkontor" = {"when": {"action": ["keywords"]}}))]
    pub remove: Vec<String>,
}

impl MessageChange {
    /// An action that needs nothing else.
    pub fn new(action: ApplyAction, messages: Vec<String>) -> MessageChange {
        MessageChange { messages, action, folder: None, add: Vec::new(), remove: Vec::new() }
    }

    /// The word for the action.
    pub(crate) fn word(&self) -> &'static str {
        ACTIONS.iter().find(|(_, known)| *known == self.action).map_or("", |(word, _)| word)
    }
}

/// What the transport is asked for.
impl From<MessageChange> for postkontor_plugin::ApplyRequest {
    fn from(MessageChange { messages, action, folder, add, remove }: MessageChange) -> Self {
        Self { messages, action, folder, add, remove }
    }
}

/// What became of an [`ApplyRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Changed {
    /// Of messages.
    Messages(Applied),
    /// Of folders.
    Folders(FoldersChanged),
}

impl Request for ApplyRequest {
    fn read(json: &str) -> Result<ApplyRequest, Error> {
        // Members of the other kind of request are not known in this one.
        read(json, |members| match members.groups("folders", folder_change) {
            Some(folders) => ApplyRequest::Folders { folders: folders.into_iter().flatten().collect() },
            None => ApplyRequest::Messages(message_change(members)),
        })
    }
}

fn message_change(members: &mut Members<'_, '_>) -> MessageChange {
    let is_of_folders = members.is_wrong("folders");
    let messages = members.texts("messages").or_else(|| if is_of_folders { None } else { members.missing("messages") });
    let action = members.choice("action", &ACTIONS).or_else(|| if is_of_folders { None } else { members.missing("action") });
    let folder = members.line("folder");
    if action.is_some_and(ApplyAction::needs_folder) && folder.as_deref().is_none_or(str::is_empty) {
        members.missing::<()>("folder");
    }
    let (mut add, mut remove) = (Vec::new(), Vec::new());
    if action == Some(ApplyAction::Keywords) {
        add = members.words("add").unwrap_or_default();
        remove = members.words("remove").unwrap_or_default();
        if add.is_empty() && remove.is_empty() && !members.is_wrong_below("remove") && !members.is_wrong_below("add") {
            members.missing::<()>("add");
        }
        if let Some(index) = remove.iter().position(|keyword| add.iter().any(|added| added.eq_ignore_ascii_case(keyword))) {
            members.wrong_in("remove", index, "request.keyword_twice");
        }
    }
    MessageChange { messages: messages.unwrap_or_default(), action: action.unwrap_or(ApplyAction::Seen), folder, add, remove }
}

fn folder_change(members: &mut Members<'_, '_>) -> Option<FolderChange> {
    let words = ["create", "rename", "delete"];
    let given = words.map(|word| members.is_given(word));
    let [create, rename, delete] = words.map(|word| members.line(word));
    // What belongs to a change is read although its name is wrong, so that both are found at once.
    match given {
        [true, false, false] => Some(FolderChange::Create { create: create? }),
        [false, true, false] => {
            let to = members.line("to").or_else(|| members.missing("to"));
            Some(FolderChange::Rename { rename: rename?, to: to? })
        }
        [false, false, true] => {
            let with_messages = members.flag("with_messages");
            Some(FolderChange::Delete { delete: delete?, with_messages })
        }
        _ => {
            if !words.iter().any(|word| members.is_wrong(word)) {
                members.wrong_as_a_whole("request.folder_change");
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Asked;
    use crate::request::tests::{at, wrong};

    fn read(json: &str) -> Vec<(String, String)> {
        wrong(ApplyRequest::read(json))
    }

    #[test]
    fn keywords_are_texts_of_one_line_and_not_both_added_and_removed() {
        let request = r#"{"messages":["1"],"action":"keywords","add":["$Label1"],"remove":["x y"]}"#;
        let ApplyRequest::Messages(change) = ApplyRequest::read(request).unwrap() else { panic!() };
        assert_eq!((change.word(), &*change.add[0], &*change.remove[0]), ("keywords", "$Label1", "x y"));
        let of = |more: &str| read(&format!(r#"{{"messages":["1"],"action":"keywords"{more}}}"#));
        assert_eq!(of(""), at("/add", "member_missing"));
        assert_eq!(of(r#","add":[],"remove":[]"#), at("/add", "member_missing"));
        assert_eq!(of(r#","add":["a\nb"]"#), at("/add/0", "control_character"));
        assert_eq!(of(r#","add":["a"],"remove":["b",""]"#), at("/remove/1", "member_invalid"));
        assert_eq!(of(r#","add":["a","B"],"remove":["b"]"#), at("/remove/0", "keyword_twice"));
        // Without effect in silence is nothing.
        assert_eq!(read(r#"{"messages":["1"],"action":"seen","add":["a"]}"#), at("/add", "member_unknown"));
    }

    #[test]
    fn a_copy_needs_a_folder() {
        assert_eq!(read(r#"{"messages":["1"],"action":"copy"}"#), at("/folder", "member_missing"));
        assert_eq!(read(r#"{"messages":["1"],"action":"copy","folder":"a"}"#), []);
    }

    #[test]
    fn a_change_of_a_folder_says_one_thing() {
        let changes = r#"{"folders":[{"create":"a/b"},{"rename":"a","to":"c"},{"delete":"c","with_messages":true}]}"#;
        let request = ApplyRequest::read(changes).unwrap();
        assert_eq!(serde_json::to_string(&request).unwrap(), changes);
        assert_eq!(Asked::from(&request).read().unwrap(), request);
        for (change, pointer, code) in [
            ("{}", "", "folder_change"),
            (r#"{"create":"a","delete":"b"}"#, "", "folder_change"),
            (r#"{"rename":"a"}"#, "/to", "member_missing"),
            (r#"{"create":"a","to":"b"}"#, "/to", "member_unknown"),
            (r#"{"create":"a","with_messages":true}"#, "/with_messages", "member_unknown"),
            (r#"{"delete":"a\r\nb"}"#, "/delete", "control_character"),
            (r#"{"delete":"a\r\nb","with_messages":true}"#, "/delete", "control_character"),
            (r#"{"rename":"a\r\nb","to":"c"}"#, "/rename", "control_character"),
            (r#"{"delete":"a","with_messages":1}"#, "/with_messages", "member_invalid"),
            ("7", "", "member_invalid"),
        ] {
            assert_eq!(
                read(&format!(r#"{{"folders":[{{"create":"x"}},{change}]}}"#)),
                at(&format!("/folders/1{pointer}"), code),
                "{change}"
            );
        }
        assert_eq!(read(r#"{"folders":"a"}"#), at("/folders", "member_invalid"));
        assert_eq!(read(r#"{"folders":[],"action":"seen"}"#), at("/action", "member_unknown"));
    }
}
