//! Marking, copying, moving and deleting messages by their ids.

use crate::items::{CHANGED, Change, item_id};
use crate::marking::is_gone;
use crate::message::Message;
use crate::place::Place;
use crate::talk::{Submission, Submitted, Talk};
use postkontor_plugin::{Applied, ApplyAction, ApplyRequest, Error, NewId, Stage, Status};

/// Marks, copies, moves or deletes the messages that are there.
pub(crate) fn apply(talk: &mut Talk<'_, '_>, request: &ApplyRequest) -> Result<Applied, Error> {
    let target = match (request.action.needs_folder(), request.folder.as_deref()) {
        (false, _) => None,
        (true, Some(folder)) => Some(talk.folder(folder, "/folder")?),
        (true, None) => {
            let code = "exchange.folder_name_invalid";
            return Err(Error::new(Status::Argument, code).stage(Stage::Mailbox).at_request("/folder", code).usable());
        }
    };
    // An empty id is no message, and no request either.
    let (there, empty): (Vec<&str>, Vec<&str>) = request.messages.iter().map(String::as_str).partition(|id| !id.is_empty());
    let mut applied = Applied { missing: empty.into_iter().map(str::to_owned).collect(), ..Applied::default() };
    let done = there.chunks(CHANGED).try_for_each(|piece| {
        let answers = talk.perform(piece, request, target.as_ref())?;
        piece.iter().zip(answers).try_for_each(|(id, answer)| {
            if answer.is_success {
                applied.applied.push((*id).to_owned());
                let new_id = if request.action.needs_folder() { answer.item().and_then(item_id) } else { None };
                applied.new_ids.extend(new_id.map(|new_id| NewId { id: (*id).to_owned(), new_id: new_id.to_owned() }));
                Ok(())
            } else if is_gone(&answer) {
                applied.missing.push((*id).to_owned());
                Ok(())
            } else {
                Err(answer.error(&talk.host(), Stage::Mailbox))
            }
        })
    });
    applied.in_order_of(request);
    match done {
        Ok(()) => Ok(applied),
        Err(error) => Err(applied.told_by(error)),
    }
}

impl Talk<'_, '_> {
    /// Does what is asked for with as many messages as one request changes.
    fn perform(&mut self, messages: &[&str], request: &ApplyRequest, target: Option<&Place>) -> Result<Vec<Message>, Error> {
        match (request.action, target) {
            (ApplyAction::Seen, _) => self.change(messages, Change::Mark(true), Stage::Mailbox),
            (ApplyAction::Unseen, _) => self.change(messages, Change::Mark(false), Stage::Mailbox),
            (ApplyAction::Keywords, _) => self.keyword_all(messages, &request.add, &request.remove),
            (ApplyAction::Move, Some(target)) => self.change(messages, Change::Move(target), Stage::Mailbox),
            (ApplyAction::Copy, Some(target)) => self.copy(messages, target, request.folder.as_deref().unwrap_or_default()),
            (ApplyAction::Delete | ApplyAction::Move | ApplyAction::Copy, _) => self.change(messages, Change::Delete, Stage::Mailbox),
            (action, _) => self.mark_all(messages, action),
        }
    }

    /// Copies messages. To copy again after a lost answer would make second copies.
    fn copy(&mut self, messages: &[&str], target: &Place, name: &str) -> Result<Vec<Message>, Error> {
        let document = self.envelope(|xml| crate::items::transfer(xml, "m:CopyItem", messages, target));
        match self.submit(Submission::Held(document.bytes), Stage::Mailbox) {
            Submitted::Answered(answers) if answers.len() == messages.len() => Ok(answers),
            Submitted::Answered(_) => Err(crate::xml::malformed("not one answer for each item").stage(Stage::Mailbox)),
            Submitted::Refused(error) | Submitted::Again(error) => Err(error),
            Submitted::InDoubt(cause) => {
                let error = Error::new(Status::Uncertain, "ews.copy_uncertain").arg("host", self.host()).arg("folder", name);
                Err(error.stage(Stage::Mailbox).detail(format!("{} {}", cause.code, cause.detail).trim_end()))
            }
        }
    }
}
