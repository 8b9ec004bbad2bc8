//! Marking, moving and deleting messages by their ids.

use crate::ask::{Ask, Payload};
use crate::claims::Role;
use crate::folders::Named;
use crate::path::escaped;
use crate::session::Session;
use postkontor_plugin::serde_json::json;
use postkontor_plugin::{Applied, ApplyAction, ApplyRequest, Error, Input, Stage, Status};

/// The longest id.
const ID: usize = 1024;

/// Marks, moves or deletes the messages that are there.
pub(crate) fn apply(session: &mut Session<'_>, request: &ApplyRequest) -> Result<Applied, Error> {
    for (index, id) in request.messages.iter().enumerate() {
        if !is_id(id) {
            let code = "graph.id_invalid";
            return Err(Error::new(Status::Argument, code).stage(Stage::Fetch).at_request(format!("/messages/{index}"), code).usable());
        }
    }
    let folder = match request.action {
        ApplyAction::Move => {
            let name = request.folder.as_deref().unwrap_or_default();
            Some(session.folder(Named { name, of: Input::Request, pointer: "/folder" })?)
        }
        _ => None,
    };
    let destination = json!({ "destinationId": folder.map(|folder| folder.id) }).to_string();
    let mut applied = Applied::default();
    for id in &request.messages {
        let at = |path: &str| session.at(&format!("/messages/{}{path}", escaped(id)));
        let patch = |json: &'static [u8]| Ask::once("PATCH", at(""), Role::Change, Stage::Mailbox).with(Payload::Json(json)).repeatable();
        let ask = match request.action {
            ApplyAction::Seen => patch(b"{\"isRead\":true}"),
            ApplyAction::Unseen => patch(b"{\"isRead\":false}"),
            ApplyAction::Delete => Ask::once("DELETE", at(""), Role::Change, Stage::Mailbox),
            ApplyAction::Move => Ask::once("POST", at("/move"), Role::Change, Stage::Mailbox).with(Payload::Json(destination.as_bytes())),
            other => {
                let code = "transport.operation_unsupported";
                let error = Error::new(Status::Unsupported, code).arg("transport", "graph").arg("operation", other.operation());
                return Err(error.at_request("/do", code).usable());
            }
        };
        match session.done(ask) {
            Ok(()) => applied.applied.push(id.clone()),
            Err(failure) if failure.is_missing() => applied.missing.push(id.clone()),
            Err(failure) => return Err(failure.error),
        }
    }
    Ok(applied)
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
