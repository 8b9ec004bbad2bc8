//! Marking, moving and deleting messages by their ids.

use crate::items::Change;
use crate::meaning::Class;
use crate::place::Place;
use crate::talk::Talk;
use postkontor_plugin::{Applied, ApplyAction, ApplyRequest, Error, Stage, Status};

/// Marks, moves or deletes the messages that are there.
pub(crate) fn apply(talk: &mut Talk<'_>, request: &ApplyRequest) -> Result<Applied, Error> {
    let target: Option<Place> = match (request.action, request.folder.as_deref()) {
        (ApplyAction::Move, None) => {
            let code = "exchange.folder_name_invalid";
            return Err(Error::new(Status::Argument, code).stage(Stage::Mailbox).at_request("/folder", code).usable());
        }
        (ApplyAction::Move, Some(folder)) => Some(talk.folder(folder, "/folder")?),
        _ => None,
    };
    let change = match (request.action, &target) {
        (ApplyAction::Seen, _) => Change::Mark(true),
        (ApplyAction::Unseen, _) => Change::Mark(false),
        (ApplyAction::Move, Some(target)) => Change::Move(target),
        (ApplyAction::Delete, _) => Change::Delete,
        _ => {
            let code = "transport.operation_unsupported";
            let error = Error::new(Status::Unsupported, code).arg("transport", "exchange-ews").arg("operation", request.action.operation());
            return Err(error.at_request("/do", code).usable());
        }
    };
    // An empty id is no message, and no request either.
    let (there, empty): (Vec<&str>, Vec<&str>) = request.messages.iter().map(String::as_str).partition(|id| !id.is_empty());
    let mut applied = Applied { missing: empty.into_iter().map(str::to_owned).collect(), ..Applied::default() };
    let answers = talk.change(&there, change, Stage::Mailbox)?;
    for (id, answer) in there.iter().zip(answers) {
        match answer.class() {
            _ if answer.is_success => applied.applied.push((*id).to_owned()),
            Class::Gone => applied.missing.push((*id).to_owned()),
            _ => return Err(answer.error(&talk.host(), Stage::Mailbox)),
        }
    }
    Ok(applied)
}
