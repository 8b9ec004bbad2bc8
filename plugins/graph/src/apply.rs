//! Marking, copying, moving and deleting messages by their ids.

use crate::ask::{Ask, Payload};
use crate::claims::Role;
use crate::entry::{Message, answered};
use crate::failure::Failure;
use crate::folders::Named;
use crate::session::Session;
use postkontor_plugin::exchange::changed_keywords;
use postkontor_plugin::net::http::percent_encoded;
use postkontor_plugin::serde_json::{Value, json};
use postkontor_plugin::{Applied, ApplyAction, ApplyRequest, Error, Input, NewId, Stage, Status};

/// The longest id.
const ID: usize = 1024;

/// Marks, copies, moves or deletes the messages that are there.
pub(crate) fn apply(session: &mut Session<'_, '_>, request: &ApplyRequest) -> Result<Applied, Error> {
    for (index, id) in request.messages.iter().enumerate() {
        if !is_id(id) {
            let code = "graph.id_invalid";
            return Err(Error::new(Status::Argument, code).stage(Stage::Fetch).at_request(format!("/messages/{index}"), code).usable());
        }
    }
    let name = request.folder.as_deref().unwrap_or_default();
    let folder = match request.action.needs_folder() {
        true => Some(session.folder(Named { name, of: Input::Request, pointer: "/folder" })?),
        false => None,
    };
    let destination = json!({ "destinationId": folder.map(|folder| folder.id) });
    let mut applied = Applied::default();
    for id in &request.messages {
        match session.perform(id, request, &destination) {
            Ok(new_id) => {
                applied.applied.push(id.clone());
                applied.new_ids.extend(new_id.map(|new_id| NewId { id: id.clone(), new_id }));
            }
            Err(failure) if failure.is_missing() => applied.missing.push(id.clone()),
            // To copy again would make a second copy.
            Err(failure) if failure.is_in_doubt && request.action == ApplyAction::Copy => {
                let error = Error::new(Status::Uncertain, "graph.copy_uncertain").arg("host", session.host()).arg("folder", name);
                return Err(applied.told_by(error.stage(Stage::Mailbox).detail(failure.error.to_string())));
            }
            Err(failure) => return Err(applied.told_by(failure.error)),
        }
    }
    Ok(applied)
}

impl Session<'_, '_> {
    /// Does what is asked for with one message; the id that it, or its copy, has afterwards in the other folder.
    fn perform(&mut self, id: &str, request: &ApplyRequest, destination: &Value) -> Result<Option<String>, Failure> {
        let at = |session: &Session<'_, '_>, path: &str| session.at(&format!("/messages/{}{path}", percent_encoded(id)));
        let properties = match request.action {
            ApplyAction::Seen => json!({"isRead": true}),
            ApplyAction::Unseen => json!({"isRead": false}),
            ApplyAction::Flagged => json!({"flag": {"flagStatus": "flagged"}}),
            ApplyAction::Keywords => {
                let target = at(self, "?$select=id,categories");
                let known: Message = self.json(Ask::get(target, Stage::Mailbox))?;
                json!({"categories": changed_keywords(known.categories, &request.add, &request.remove)})
            }
            ApplyAction::Delete => {
                return self.done(Ask::once("DELETE", at(self, ""), Role::Change, Stage::Mailbox)).map(|()| None);
            }
            ApplyAction::Move | ApplyAction::Copy => {
                let target = at(self, if request.action == ApplyAction::Move { "/move" } else { "/copy" });
                let json = destination.to_string();
                let ask = Ask::once("POST", target, Role::Change, Stage::Mailbox).with(Payload::Json(json.as_bytes()));
                return self.json::<Message>(ask).map(|message| Some(message.id));
            }
            ApplyAction::Unflagged => json!({"flag": {"flagStatus": "notFlagged"}}),
            action @ (ApplyAction::Answered | ApplyAction::Unanswered) => {
                json!({"singleValueExtendedProperties": answered(action == ApplyAction::Answered)})
            }
        };
        let json = properties.to_string();
        let ask = Ask::once("PATCH", at(self, ""), Role::Change, Stage::Mailbox).with(Payload::Json(json.as_bytes()));
        self.done(ask.repeatable()).map(|()| None)
    }
}

/// Whether a text can be the id of a message: base64 for URLs.
fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= ID && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_other_transports_are_none_of_ours() {
        assert!(is_id("AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0AbW_x-A=="));
        for id in ["", "1.7.INBOX", "AAMk+/==", "a/../b", "ü", &"A".repeat(2000)] {
            assert!(!is_id(id), "{id}");
        }
    }
}
