//! Marking, moving and deleting messages by their ids.

use crate::fetch_response::MessageData;
use crate::folders::parse_id;
use crate::response_code::response_code;
use crate::session::Session;
use crate::settings::Settings;
use crate::uid_set::UidSet;
use postkontor_plugin::{Applied, ApplyAction, ApplyRequest, Call, Error, Stage, Status};
use std::collections::BTreeMap;

/// Marks, moves or deletes the messages that are there.
pub(crate) fn apply(session: &mut Session, settings: &Settings, request: &ApplyRequest, call: &Call) -> Result<Applied, Error> {
    let wrong = |pointer: &str, code: &str| Error::new(Status::Argument, code).stage(Stage::Fetch).at_request(pointer, code).usable();
    let target = request.folder.as_deref().filter(|folder| !folder.is_empty() && !folder.contains(char::is_control));
    if request.action == ApplyAction::Move && target.is_none() {
        return Err(wrong("/folder", "imap.folder_name_invalid"));
    }
    let mut by_folder: BTreeMap<(&str, u32), Vec<(u32, &str)>> = BTreeMap::new();
    for (index, id) in request.messages.iter().enumerate() {
        let (uid, validity, folder) = parse_id(id).ok_or_else(|| wrong(&format!("/messages/{index}"), "imap.id_invalid"))?;
        by_folder.entry((folder, validity)).or_default().push((uid, id));
    }
    let (mut applied, mut missing) = (Vec::new(), Vec::new());
    for ((folder, validity), messages) in by_folder {
        let selected = session.select(folder, "/messages", false, call)?;
        if selected.validity != validity || validity == 0 {
            // The server has numbered the folder anew, or does not say by what it numbers: these UIDs may be other messages today.
            missing.extend(messages.iter().map(|(_, id)| (*id).to_owned()));
            continue;
        }
        let mut uids: Vec<u32> = messages.iter().map(|(uid, _)| *uid).collect();
        uids.sort_unstable();
        uids.dedup();
        let there = session.existing(&uids, call)?;
        uids.retain(|uid| there.contains(*uid));
        for (uid, id) in &messages {
            if there.contains(*uid) { applied.push((*id).to_owned()) } else { missing.push((*id).to_owned()) }
        }
        if uids.is_empty() {
            continue;
        }
        match request.action {
            ApplyAction::Seen => session.store(&uids, "+FLAGS.SILENT (\\Seen)", call)?,
            ApplyAction::Unseen => session.store(&uids, "-FLAGS.SILENT (\\Seen)", call)?,
            ApplyAction::Delete => session.delete(&uids, call)?,
            ApplyAction::Move => session.move_to(&uids, target.unwrap_or_default(), settings.imap.create_folders, call)?,
        }
    }
    Ok(Applied { applied, missing })
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

    /// Moves messages: by MOVE (RFC 6851) where the server can, else by copying and then deleting, so that none is ever in no folder.
    fn move_to(&mut self, uids: &[u32], target: &str, create: bool, call: &Call) -> Result<(), Error> {
        let mut target = self.real_name(target, "/folder", call)?;
        let moves = self.capabilities.has("MOVE") || self.capabilities.has("IMAP4rev2");
        for piece in UidSet::pieces(uids) {
            let set = UidSet::set(piece);
            let command = |wire: &str| format!("UID {} {set} {wire}", if moves { "MOVE" } else { "COPY" });
            let tried = self.wire(&target);
            let mut completion = self.command(&command(&tried), call)?;
            if !completion.is_ok
                && let Some(listed) = self.listed(&target, call)?.filter(|listed| self.wire(listed) != tried)
            {
                target = listed;
                completion = self.command(&command(&self.wire(&target)), call)?;
            }
            if !completion.is_ok && completion.has("TRYCREATE") && create {
                self.create(&target, "/folder", call)?;
                completion = self.command(&command(&self.wire(&target)), call)?;
            }
            if !completion.is_ok {
                return Err(self
                    .refused("imap.move_refused", &completion)
                    .arg("folder", target)
                    .at_request("/folder", "imap.move_refused"));
            }
            if !moves {
                // What the server does not name among the copies was not copied.
                let copied = copied(&completion.text);
                let is_copied = |uid: &u32| copied.as_ref().is_none_or(|copied| copied.contains(*uid));
                let safe: Vec<u32> = piece.iter().copied().filter(is_copied).collect();
                self.delete(&safe, call)?;
                if safe.len() < piece.len() {
                    return Err(self
                        .refused("imap.move_refused", &completion)
                        .arg("folder", target)
                        .at_request("/folder", "imap.move_refused"));
                }
            }
        }
        Ok(())
    }
}

/// The UIDs that were copied, where the server sends COPYUID: `[COPYUID 7 1:3 11:13] done` (RFC 4315, section 3).
fn copied(text: &str) -> Option<UidSet> {
    let (name, listed) = response_code(text.as_bytes())?;
    let mut words = listed.split(' ');
    let (_, from) = (words.next()?, words.next()?);
    name.eq_ignore_ascii_case("COPYUID").then(|| UidSet::parse(from)).flatten()
}
