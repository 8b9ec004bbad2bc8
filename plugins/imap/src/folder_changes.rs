//! Creating, renaming and deleting folders.

use crate::command::Completion;
use crate::list_response::Folder;
use crate::sent;
use crate::session::Session;
use crate::settings::Settings;
use postkontor_plugin::{Call, Error, FolderChange, FolderResult, FoldersChanged, FoldersRequest, Stage, Status};

/// Changes folders, one after the other. The error of a change tells what became of those before it.
pub(crate) fn change(session: &mut Session, settings: &Settings, request: &FoldersRequest, call: &Call) -> Result<FoldersChanged, Error> {
    let folders = session.folders(call)?;
    let mut tree = Tree { folders, settings };
    let mut done = FoldersChanged::default();
    for (index, change) in request.folders.iter().enumerate() {
        let at = |member: &str| format!("/folders/{index}/{member}");
        let changed = match change {
            FolderChange::Create { create } => tree.create(session, create, &at("create"), call),
            FolderChange::Rename { rename, to } => tree.rename(session, rename, to, [&at("rename"), &at("to")], call),
            FolderChange::Delete { delete, with_messages } => tree.delete(session, delete, *with_messages, &at("delete"), call),
        };
        match changed {
            Ok(result) => done.folders.push(result),
            Err(error) => return Err(error.stage(Stage::Mailbox).done("folders", &done.folders)),
        }
    }
    Ok(done)
}

/// The folders as they are between two changes.
struct Tree<'s> {
    folders: Vec<Folder>,
    settings: &'s Settings,
}

impl Tree<'_> {
    fn create(&mut self, session: &mut Session, name: &str, pointer: &str, call: &Call) -> Result<FolderResult, Error> {
        self.allow_name(name, pointer)?;
        if let Some(folder) = self.find(name).filter(|folder| folder.is_selectable) {
            return Ok(FolderResult::Found(folder.name.clone()));
        }
        session.create(name, pointer, call)?;
        self.folders.push(Folder {
            name: name.to_owned(),
            wire: name.to_owned(),
            delimiter: self.delimiter().map(str::to_owned),
            uses: Vec::new(),
            is_selectable: true,
        });
        Ok(FolderResult::Created(name.to_owned()))
    }

    fn rename(&mut self, session: &mut Session, name: &str, to: &str, at: [&str; 2], call: &Call) -> Result<FolderResult, Error> {
        let from = self.changeable(session, name, at[0])?;
        self.allow_name(to, at[1])?;
        if self.find(to).is_some() {
            return Err(refusal(session, "imap.folder_exists", to, at[1]));
        }
        session.leave(call)?;
        let completion = session.command(&format!("RENAME {} {}", session.wire(&from), session.wire(to)), call)?;
        if !completion.is_ok {
            let code = "imap.rename_refused";
            let error = session.refused(code, &completion).arg("folder", from.as_str()).arg("to", to);
            return Err(error.at_request(at[0], code));
        }
        let below = self.delimiter().map(|delimiter| format!("{from}{delimiter}"));
        let mut renamed = Vec::new();
        for folder in &mut self.folders {
            let rest = if folder.name == from { Some("") } else { below.as_deref().and_then(|below| folder.name.strip_prefix(below)) };
            let Some(rest) = rest else { continue };
            let delimiter = if rest.is_empty() { "" } else { folder.delimiter.as_deref().unwrap_or_default() };
            let name = format!("{to}{delimiter}{rest}");
            renamed.push((std::mem::replace(&mut folder.name, name.clone()), name));
        }
        // A server keeps the names of subscriptions whatever becomes of the folders (RFC 9051, section 6.3.9).
        for (old, new) in renamed {
            session.subscribe(&new, true, call);
            session.subscribe(&old, false, call);
        }
        Ok(FolderResult::Renamed(to.to_owned()))
    }

    fn delete(
        &mut self,
        session: &mut Session,
        name: &str,
        with_messages: bool,
        pointer: &str,
        call: &Call,
    ) -> Result<FolderResult, Error> {
        let name = self.changeable(session, name, pointer)?;
        let below = self.delimiter().map(|delimiter| format!("{name}{delimiter}"));
        if below.is_some_and(|below| self.folders.iter().any(|folder| folder.name.starts_with(&below))) {
            return Err(refusal(session, "imap.folder_has_folders", &name, pointer));
        }
        session.leave(call)?;
        let holds = self.folders.iter().any(|folder| folder.name == name && folder.is_selectable);
        if holds && !with_messages {
            let count = session.count(&name, pointer, call)?;
            if count > 0 {
                return Err(refusal(session, "imap.folder_not_empty", &name, pointer).arg("count", count));
            }
        }
        let completion = session.command(&format!("DELETE {}", session.wire(&name)), call)?;
        // A level that held no messages itself goes with the last folder below it (Dovecot).
        if !completion.is_ok && session.folders(call)?.iter().any(|folder| folder.name == name) {
            return Err(session.refused_delete(&completion, &name, pointer));
        }
        session.subscribe(&name, false, call);
        self.folders.retain(|folder| folder.name != name);
        Ok(FolderResult::Deleted(name))
    }

    /// The folder of a name as it is shown, as it stands on the wire, or as one of the uses, for example `<drafts>`.
    fn find(&self, name: &str) -> Option<&Folder> {
        let by_use = name.strip_prefix('<').and_then(|name| name.strip_suffix('>'));
        let folders = || self.folders.iter();
        let inbox = || folders().find(|folder| folder.name == "INBOX").filter(|_| name.eq_ignore_ascii_case("inbox"));
        let found = folders().find(|folder| folder.name == name).or_else(|| folders().find(|folder| folder.wire == name)).or_else(inbox);
        found.or_else(|| folders().find(|folder| by_use.is_some_and(|used| folder.uses.contains(&used))))
    }

    /// The name on the server of a folder that may be renamed or deleted.
    fn changeable(&self, session: &Session, name: &str, pointer: &str) -> Result<String, Error> {
        let missing = || {
            let code = "imap.folder_unknown";
            session.error(Status::NotFound, code).arg("folder", name).at_request(pointer, code).usable()
        };
        let folder = self.find(name).ok_or_else(missing)?;
        if self.is_protected(folder) {
            Err(refusal(session, "imap.folder_protected", &folder.name, pointer))
        } else {
            Ok(folder.name.clone())
        }
    }

    /// Whether the server, or the account itself, needs the folder for something.
    fn is_protected(&self, folder: &Folder) -> bool {
        let imap = &self.settings.imap;
        let named = [Some(&imap.inbox), imap.outbox.as_ref(), imap.sent.as_ref()];
        folder.name.eq_ignore_ascii_case("inbox")
            || !folder.uses.is_empty()
            || named.into_iter().flatten().any(|name| *name == folder.name)
            || sent::find(&self.folders).is_some_and(|sent| sent.name == folder.name)
    }

    /// Refuses a name that no new folder can have.
    fn allow_name(&self, name: &str, pointer: &str) -> Result<(), Error> {
        let is_use = name.starts_with('<') && name.ends_with('>');
        let has_empty_level = self.delimiter().is_some_and(|delimiter| name.split(delimiter).any(|level| level.trim().is_empty()));
        if !name.trim().is_empty() && !name.contains(char::is_control) && !is_use && !has_empty_level {
            return Ok(());
        }
        let code = "imap.new_name_invalid";
        let error = Error::new(Status::Argument, code).arg("delimiter", self.delimiter().unwrap_or("/"));
        Err(error.arg("folder", name).at_request(pointer, code).usable())
    }

    /// What stands between the levels of a name.
    fn delimiter(&self) -> Option<&str> {
        self.folders.iter().find_map(|folder| folder.delimiter.as_deref()).filter(|delimiter| !delimiter.is_empty())
    }
}

/// What is refused before the server is asked.
fn refusal(session: &Session, code: &str, folder: &str, pointer: &str) -> Error {
    session.error(Status::Refused, code).arg("folder", folder).at_request(pointer, code).usable()
}

impl Session {
    /// Leaves the folder that is selected: some servers end the connection when that one goes.
    fn leave(&mut self, call: &Call) -> Result<(), Error> {
        self.uid_validity.forget();
        let unselects = self.capabilities.has("UNSELECT") || self.capabilities.has("IMAP4rev2");
        // Where no folder is selected, or INBOX cannot be, there is nothing to leave.
        self.command(if unselects { "UNSELECT" } else { "EXAMINE \"INBOX\"" }, call).map(drop)
    }

    /// How many messages a folder has.
    fn count(&mut self, name: &str, pointer: &str, call: &Call) -> Result<u32, Error> {
        let mut count = None;
        let completion = self.command_with(&format!("STATUS {} (MESSAGES)", self.wire(name)), call, |line| {
            count = messages(line).or(count);
            Ok(())
        })?;
        match count {
            Some(count) if completion.is_ok => Ok(count),
            _ => Err(self.refused_delete(&completion, name, pointer)),
        }
    }

    fn refused_delete(&self, completion: &Completion, name: &str, pointer: &str) -> Error {
        let code = "imap.delete_refused";
        self.refused(code, completion).arg("folder", name).at_request(pointer, code)
    }
}

/// The number in `* STATUS "name" (MESSAGES 3)`.
fn messages(line: &[u8]) -> Option<u32> {
    let items = line.strip_prefix(b"* ").filter(|rest| rest.get(..7).is_some_and(|word| word.eq_ignore_ascii_case(b"STATUS ")))?;
    let items = std::str::from_utf8(items.trim_ascii_end().rsplit(|byte| *byte == b'(').next()?).ok()?.strip_suffix(')')?;
    let mut words = items.split_ascii_whitespace();
    words.find(|word| word.eq_ignore_ascii_case("MESSAGES"))?;
    words.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_messages_is_read_behind_whatever_name() {
        for (line, count) in [
            ("* STATUS \"A (MESSAGES 9)\" (MESSAGES 3)\r\n", Some(3)),
            ("* status A (UIDNEXT 7 messages 0)\r\n", Some(0)),
            ("* STATUS A ()\r\n", None),
            ("* STATUS A (MESSAGES x)\r\n", None),
            ("* 3 EXISTS\r\n", None),
        ] {
            assert_eq!(messages(line.as_bytes()), count, "{line}");
        }
    }
}
