//! Marking, copying, moving and deleting messages by their ids.

use crate::fetch_response::MessageData;
use crate::folders::{id, parse_id};
use crate::keywords;
use crate::selected::Selected;
use crate::session::Session;
use crate::settings::Settings;
use crate::transfer::Target;
use crate::uid_set::UidSet;
use postkontor_plugin::{Applied, ApplyAction, ApplyRequest, Call, Error, NewId, Stage, Status};
use std::collections::{BTreeMap, HashMap};

/// Marks, copies, moves or deletes the messages that are there. What the server did not confirm is not told as done.
pub(crate) fn apply(session: &mut Session, settings: &Settings, request: &ApplyRequest, call: &Call) -> Result<Applied, Error> {
    let wrong = |pointer: &str, code: &str| Error::new(Status::Argument, code).stage(Stage::Fetch).at_request(pointer, code).usable();
    let target = request.folder.as_deref().filter(|folder| !folder.is_empty() && !folder.contains(char::is_control));
    if request.action.needs_folder() && target.is_none() {
        return Err(wrong("/folder", "imap.folder_name_invalid"));
    }
    if request.action == ApplyAction::Keywords {
        keywords::check(&request.add, "/add")?;
        keywords::check(&request.remove, "/remove")?;
    }
    let mut by_folder: BTreeMap<(&str, u32), Vec<(u32, &str)>> = BTreeMap::new();
    for (index, id) in request.messages.iter().enumerate() {
        let (uid, validity, folder) = parse_id(id).ok_or_else(|| wrong(&format!("/messages/{index}"), "imap.id_invalid"))?;
        by_folder.entry((folder, validity)).or_default().push((uid, id));
    }
    let target = Target::new(target.unwrap_or_default(), settings.imap.create_folders);
    let mut work = Work { request, target, applied: Applied::default() };
    let done = by_folder.iter().try_for_each(|((folder, validity), messages)| work.folder(session, folder, *validity, messages, call));
    work.applied.in_order_of(request);
    match done {
        Ok(()) => Ok(work.applied),
        Err(error) => Err(work.applied.told_by(error)),
    }
}

/// A request on its way through the folders.
struct Work<'r> {
    request: &'r ApplyRequest,
    target: Target<'r>,
    applied: Applied,
}

/// The messages of a folder with which something was done, and the ids of their copies where they are known.
#[derive(Default)]
struct Confirmed {
    uids: UidSet,
    new_ids: HashMap<u32, String>,
}

impl Work<'_> {
    fn folder(&mut self, session: &mut Session, folder: &str, validity: u32, messages: &[(u32, &str)], call: &Call) -> Result<(), Error> {
        let selected = session.select(folder, "/messages", false, call)?;
        if selected.validity != validity || validity == 0 {
            // The server has numbered the folder anew, or does not say by what it numbers: these UIDs may be other messages today.
            self.applied.missing.extend(messages.iter().map(|(_, id)| (*id).to_owned()));
            return Ok(());
        }
        let mut uids: Vec<u32> = messages.iter().map(|(uid, _)| *uid).collect();
        uids.sort_unstable();
        uids.dedup();
        let there = session.existing(&uids, call)?;
        uids.retain(|uid| there.contains(*uid));
        let mut confirmed = Confirmed::default();
        let done = self.messages(session, &selected, &uids, &mut confirmed, call);
        for (uid, id) in messages {
            // What the server leaves out of the copies that it names has gone meanwhile.
            let is_gone = !there.contains(*uid) || done.is_ok() && !confirmed.uids.contains(*uid);
            if confirmed.uids.contains(*uid) {
                self.applied.applied.push((*id).to_owned());
                let new_id = confirmed.new_ids.get(uid).cloned();
                self.applied.new_ids.extend(new_id.map(|new_id| NewId { id: (*id).to_owned(), new_id }));
            } else if is_gone {
                self.applied.missing.push((*id).to_owned());
            }
        }
        done
    }

    /// Does what is asked for with messages of the selected folder, as many at a time as one command can name.
    fn messages(
        &mut self,
        session: &mut Session,
        selected: &Selected,
        uids: &[u32],
        confirmed: &mut Confirmed,
        call: &Call,
    ) -> Result<(), Error> {
        let mut store = |session: &mut Session, change: &str| -> Result<(), Error> {
            UidSet::pieces(uids).try_for_each(|piece| {
                session.store(piece, change, call)?;
                confirmed.add(piece);
                Ok(())
            })
        };
        let mut flag = |sign: char, flag: &str| {
            selected.takes_flag(flag, session)?;
            store(session, &format!("{sign}FLAGS.SILENT ({flag})"))
        };
        match self.request.action {
            // Nothing is known to be there.
            _ if uids.is_empty() => Ok(()),
            ApplyAction::Seen => store(session, "+FLAGS.SILENT (\\Seen)"),
            ApplyAction::Unseen => store(session, "-FLAGS.SILENT (\\Seen)"),
            ApplyAction::Answered => flag('+', "\\Answered"),
            ApplyAction::Unanswered => flag('-', "\\Answered"),
            ApplyAction::Flagged => flag('+', "\\Flagged"),
            ApplyAction::Unflagged => flag('-', "\\Flagged"),
            ApplyAction::Keywords => {
                let changes = keywords::changes(selected, session, &self.request.add, &self.request.remove)?;
                UidSet::pieces(uids).try_for_each(|piece| {
                    changes.iter().try_for_each(|change| session.store(piece, change, call))?;
                    confirmed.add(piece);
                    Ok(())
                })
            }
            ApplyAction::Delete => UidSet::pieces(uids).try_for_each(|piece| {
                session.delete(piece, call)?;
                confirmed.add(piece);
                Ok(())
            }),
            ApplyAction::Move | ApplyAction::Copy => UidSet::pieces(uids).try_for_each(|piece| {
                let transferred = session.transfer(piece, self.request.action == ApplyAction::Move, &mut self.target, call)?;
                let folder = self.target.name();
                confirmed.add(&transferred.uids);
                confirmed.new_ids.extend(transferred.copies.iter().map(|copy| (copy.from, id(folder, copy.validity, copy.to))));
                transferred.incomplete.map_or(Ok(()), Err)
            }),
        }
    }
}

impl Confirmed {
    fn add(&mut self, uids: &[u32]) {
        self.uids = self.uids.union(&UidSet::new(uids.iter().copied()));
    }
}

impl Session {
    /// Those of the UIDs that exist.
    fn existing(&mut self, uids: &[u32], call: &Call) -> Result<UidSet, Error> {
        let mut there = Vec::new();
        for piece in UidSet::pieces(uids) {
            let set = UidSet::set(piece);
            let completion = self.command_with(&format!("UID FETCH {set} (UID)"), call, |line| {
                there.extend(MessageData::parse(line).map(|known| known.uid));
                Ok(())
            })?;
            if !completion.is_ok {
                return Err(self.refused("imap.fetch_refused", &completion));
            }
        }
        Ok(UidSet::new(there))
    }
}
