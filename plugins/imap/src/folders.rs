//! Folders: listing, finding by special use, selecting, creating; and listing the messages of one.

use crate::command::Completion;
use crate::fetch_response::MessageData;
use crate::list_response::{Folder, folder};
use crate::response_code::response_code;
use crate::selected::{Selected, permanent_flags};
use crate::sent::own_name;
use crate::session::Session;
use crate::settings::Settings;
use crate::uid_validity::uid_validity;
use crate::updates::counted;
use postkontor_plugin::{Call, Error, ListRequest, Listed, Listing, SessionState, Stage, Status};
use std::collections::HashSet;

/// More folders than any account has.
const FOLDERS: usize = 100_000;

/// More bytes than the names of all of them have, or a list of messages.
const LIST_BYTES: usize = 100 * 1024 * 1024;

/// What mail programs call the outbox, in lower case.
const OUTBOXES: [&str; 2] = ["outbox", "postausgang"];

/// What mail programs call the folder for drafts, in lower case.
const DRAFTS: [&str; 5] = ["drafts", "draft", "entwürfe", "osnutki", "bozze"];

/// Lists folders, or the messages of one.
pub(crate) fn list(session: &mut Session, settings: &Settings, request: &ListRequest, call: &Call) -> Result<Listing, Error> {
    let Some(name) = request.folder.as_deref() else {
        let folders = session.folders(call)?;
        return Ok(Listing::Folders { folders: folders.into_iter().map(Folder::listed).collect() });
    };
    let name = if name.is_empty() { settings.imap.inbox.as_str() } else { name };
    let selected = session.select(name, "/folder", false, call)?;
    if selected.messages == 0 {
        return Ok(Listing::Messages { folder: Some(selected.name), messages: Vec::new(), missing: Vec::new() });
    }
    let mut messages = Vec::new();
    let mut bytes = 0;
    let completion = session.command_with("UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)", call, |line| {
        bytes = within(bytes + line.len())?;
        if let Some(known) = MessageData::parse(line) {
            let id = id(&selected.name, selected.validity, known.uid);
            messages.push(Listed { id, size: known.has_size.then_some(known.size), flags: Some(known.flags), received: known.received });
        }
        Ok(())
    })?;
    if !completion.is_ok {
        return Err(session.refused("imap.fetch_refused", &completion).stage(Stage::Fetch));
    }
    Ok(Listing::Messages { folder: Some(selected.name), messages, missing: Vec::new() })
}

/// The bytes of a list, unless they exceed the limit.
fn within(bytes: usize) -> Result<usize, Error> {
    let too_long = || Error::new(Status::Protocol, "protocol.reply_too_long").arg("limit", LIST_BYTES);
    Some(bytes).filter(|bytes| *bytes <= LIST_BYTES).ok_or_else(too_long)
}

/// Names a message for ever within the account.
pub(crate) fn id(folder: &str, validity: u32, uid: u32) -> String {
    format!("{uid}.{validity}.{folder}")
}

/// Takes an id apart: UID, UIDVALIDITY, folder.
pub(crate) fn parse_id(id: &str) -> Option<(u32, u32, &str)> {
    let (uid, rest) = id.split_once('.')?;
    let (validity, folder) = rest.split_once('.')?;
    Some((uid.parse().ok()?, validity.parse().ok()?, folder))
}

impl Session {
    /// All folders.
    pub(crate) fn folders(&mut self, call: &Call) -> Result<Vec<Folder>, Error> {
        let mut folders = Vec::new();
        let (utf8, mut bytes) = (self.utf8, 0);
        // A server with SPECIAL-USE shows the uses also with LIST as it is (RFC 6154, section 2).
        let command = if self.capabilities.has("SPECIAL-USE") && self.capabilities.has("LIST-EXTENDED") {
            "LIST \"\" \"*\" RETURN (SPECIAL-USE)"
        } else {
            "LIST \"\" \"*\""
        };
        let completion = self.command_with(command, call, |line| {
            bytes = within(bytes + line.len())?;
            folders.extend(folder(line, utf8).filter(|_| folders.len() < FOLDERS));
            Ok(())
        });
        let completion = completion.map_err(|error| error.stage(Stage::Mailbox))?;
        if !completion.is_ok {
            return Err(self.refused("imap.list_refused", &completion).stage(Stage::Mailbox));
        }
        let mut names = HashSet::new();
        for folder in &mut folders {
            // Where two would be shown alike, the second is shown as it stands on the wire.
            if !names.insert(folder.name.clone()) {
                folder.name.clone_from(&folder.wire);
            }
            self.wire_names.note(&folder.name, &folder.wire, utf8);
        }
        Ok(folders)
    }

    /// The name of the folder that is meant, where it stands on the wire otherwise than we would write it: it may be asked for as it is
    /// shown or as it stands on the wire, and INBOX is INBOX in small letters, too.
    pub(crate) fn listed(&mut self, name: &str, call: &Call) -> Result<Option<String>, Error> {
        let folders = match self.folders(call) {
            // A server that lists nothing has nothing better to offer.
            Err(error) if error.session == SessionState::Usable => return Ok(None),
            folders => folders?,
        };
        let below_inbox =
            |name: &str| name.get(..5).filter(|head| head.eq_ignore_ascii_case("inbox")).and(name.get(5..)).map(str::to_owned);
        let by_name = || folders.iter().find(|folder| folder.name == name);
        let by_wire = || folders.iter().find(|folder| folder.wire == name);
        let by_inbox = || folders.iter().find(|folder| below_inbox(name).is_some_and(|rest| below_inbox(&folder.name) == Some(rest)));
        Ok(by_name().or_else(by_wire).or_else(by_inbox).map(|folder| folder.name.clone()))
    }

    /// A name as the wire wants it, quoted.
    pub(crate) fn wire(&self, name: &str) -> String {
        self.wire_names.folder(name, self.utf8)
    }

    /// The outbox where the server has no folder of the name that was asked for: under the name of another language, beside INBOX or below
    /// it. RFC 6154 has no special use for it. Nothing where several could be meant.
    pub(crate) fn other_outbox(&mut self, name: &str, call: &Call) -> Result<Option<String>, Error> {
        let is_outbox = |name: &str| OUTBOXES.contains(&name.to_lowercase().as_str());
        let folders = self.folders(call)?;
        let mut found = folders.into_iter().filter(|folder| folder.is_selectable && is_meant(folder, name, &is_outbox));
        Ok(found.next().filter(|_| found.next().is_none()).map(|folder| folder.name))
    }

    /// Selects a folder for reading and writing. `pointer` is where the caller named it.
    pub(crate) fn select(&mut self, name: &str, pointer: &str, create: bool, call: &Call) -> Result<Selected, Error> {
        let name = self.real_name(name, pointer, call)?;
        let at = |error: Error| error.stage(Stage::Mailbox);
        let (mut selected, mut completion) = self.try_select(&name, call).map_err(at)?;
        if !completion.is_ok {
            let tried = self.wire(&name);
            if let Some(listed) = self.listed(&name, call)?.filter(|listed| self.wire(listed) != tried) {
                (selected, completion) = self.try_select(&listed, call).map_err(at)?;
            }
        }
        if completion.is_ok {
            self.forget_growth();
            self.wire_names.prove(&selected.name);
            self.uid_validity.hold(selected.validity);
            selected.status.messages = selected.messages;
            return Ok(selected);
        }
        let refused = self.refused("imap.select_refused", &completion);
        if refused.status == Status::Later || completion.has("REFERRAL") || completion.is_bad {
            // The folder is there; it cannot be opened now, or not here (RFC 2193), or nothing can: Exchange Online takes a login and then
            // no command where IMAP is switched off for the mailbox.
            return Err(at(refused.arg("folder", name)));
        }
        if create {
            self.create(&name, pointer, call)?;
            return self.select(&name, pointer, false, call);
        }
        // Servers that say only NO mean, as a rule, that there is no such folder.
        let mut error = self.refused("imap.folder_missing", &completion);
        if error.status == Status::Refused {
            error.status = Status::NotFound;
        }
        Err(at(pointed(error.arg("folder", name), pointer, "imap.folder_missing")))
    }

    fn try_select(&mut self, name: &str, call: &Call) -> Result<(Selected, Completion), Error> {
        let command = format!("SELECT {}", self.wire(name));
        let has_modseq = self.capabilities.has("CONDSTORE") || self.capabilities.has("QRESYNC");
        let mut selected = Selected { name: name.to_owned(), ..Selected::default() };
        // Of this folder nothing is known yet.
        self.updates.messages = 0;
        self.updates.has_shrunk = false;
        self.uid_validity.forget();
        let completion = self.command_with(&command, call, |line| {
            if let Some((messages, _)) = counted(line).filter(|(_, word)| word.eq_ignore_ascii_case(b"EXISTS")) {
                selected.messages = messages;
            }
            if let Some(validity) = uid_validity(line) {
                selected.validity = validity;
            }
            let words = line.split_at_checked(5).filter(|(head, _)| head.eq_ignore_ascii_case(b"* OK ")).map(|(_, words)| words);
            if let Some(flags) = words.and_then(permanent_flags) {
                selected.permanent = Some(flags);
            }
            let Some((name, number)) = words.and_then(response_code) else { return Ok(()) };
            match (name.to_ascii_uppercase().as_str(), number.parse::<u64>()) {
                ("UIDNEXT", Ok(number)) => selected.status.next = u32::try_from(number).unwrap_or_default(),
                ("HIGHESTMODSEQ", Ok(number)) if has_modseq => selected.status.modseq = number,
                _ => (),
            }
            Ok(())
        });
        Ok((selected, completion?))
    }

    /// Creates a folder and subscribes to it, so that other programs show it.
    pub(crate) fn create(&mut self, name: &str, pointer: &str, call: &Call) -> Result<(), Error> {
        let wire = self.wire(name);
        let completion = self.command(&format!("CREATE {wire}"), call)?;
        if !completion.is_ok && !completion.has("ALREADYEXISTS") {
            let error = self.refused("imap.create_refused", &completion).stage(Stage::Mailbox);
            return Err(pointed(error.arg("folder", name), pointer, "imap.create_refused"));
        }
        self.subscribe(name, true, call);
        Ok(())
    }

    /// Subscribes to a folder, or ends that. Some servers have no subscriptions; and the folder is what it is even where the connection
    /// breaks meanwhile, which the next command finds out.
    pub(crate) fn subscribe(&mut self, name: &str, is_wanted: bool, call: &Call) {
        let verb = if is_wanted { "SUBSCRIBE" } else { "UNSUBSCRIBE" };
        drop(self.command(&format!("{verb} {}", self.wire(name)), call));
    }

    /// The name on the server. A name such as `Posteingang`, which mail programs show for INBOX, or that of a special use in
    /// angle brackets (`<sent>`), stands for the folder that has that use.
    pub(crate) fn real_name(&mut self, name: &str, pointer: &str, call: &Call) -> Result<String, Error> {
        // A line break would end the command.
        if name.is_empty() || name.contains(char::is_control) {
            let code = "imap.folder_name_invalid";
            return Err(pointed(Error::new(Status::Argument, code), pointer, code).stage(Stage::Mailbox).usable());
        }
        if ["inbox", "posteingang", "prejeto"].contains(&name.to_lowercase().as_str()) {
            // A folder that is really called so goes first.
            let folders = if name.eq_ignore_ascii_case("inbox") { Vec::new() } else { self.folders(call)? };
            let found = folders.into_iter().find(|folder| folder.name.to_lowercase() == name.to_lowercase());
            return Ok(found.map_or_else(|| "INBOX".to_owned(), |folder| folder.name));
        }
        let Some(wanted) = name.strip_prefix('<').and_then(|name| name.strip_suffix('>')) else { return Ok(name.to_owned()) };
        let folders = self.folders(call)?;
        // One that cannot be selected is no place for messages; its name still makes the better error.
        let mut found: Vec<&Folder> = folders.iter().filter(|folder| folder.uses.contains(&wanted)).collect();
        found.sort_by_key(|folder| !folder.is_selectable);
        let found = found.into_iter().next().or_else(|| drafts(&folders).filter(|_| wanted == "drafts"));
        found.map(|folder| folder.name.clone()).ok_or_else(|| {
            let code = "imap.special_use_missing";
            let error = self.error(Status::NotFound, code).stage(Stage::Mailbox);
            pointed(error.arg("use", wanted), pointer, code).usable()
        })
    }
}

/// The folder for drafts by its name, where the server says nothing of the uses of its folders.
fn drafts(folders: &[Folder]) -> Option<&Folder> {
    let is_called = |folder: &&Folder, name: &str| folder.is_selectable && own_name(folder).is_some_and(|own| own.to_lowercase() == name);
    DRAFTS.iter().find_map(|name| folders.iter().find(|folder| is_called(folder, name)))
}

/// The error with the place that named the folder: a setting of the transport's own group, else a member of the request.
pub(crate) fn pointed(error: Error, pointer: &str, code: &str) -> Error {
    if pointer.starts_with("/imap/") { error.at(pointer, code) } else { error.at_request(pointer, code) }
}

/// Whether a folder is called so, apart from upper and lower case, or is an outbox like the one asked for; at the top or right below INBOX.
fn is_meant(folder: &Folder, name: &str, is_outbox: &dyn Fn(&str) -> bool) -> bool {
    let below = || {
        let (parent, rest) = folder.name.split_once(folder.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty())?)?;
        parent.eq_ignore_ascii_case("inbox").then_some(rest)
    };
    let own = below().unwrap_or(&folder.name);
    own.to_lowercase() == name.to_lowercase() || is_outbox(name) && is_outbox(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outbox_goes_by_its_name_in_other_languages_and_below_the_inbox() {
        let is_outbox = |name: &str| OUTBOXES.contains(&name.to_lowercase().as_str());
        let meant = |listed: &str, name: &str| {
            let folder = folder(format!("* LIST () \".\" {listed}\r\n").as_bytes(), false).unwrap();
            is_meant(&folder, name, &is_outbox)
        };
        for listed in ["Outbox", "postausgang", "INBOX.Postausgang", "Inbox.OUTBOX"] {
            assert!(meant(listed, "Outbox") && meant(listed, "Postausgang"), "{listed}");
        }
        assert!(meant("INBOX.Ausgang", "Ausgang") && meant("ausgang", "Ausgang"));
        for listed in ["Archiv.Postausgang", "INBOX.2019.Outbox", "INBOX", "Outbox2", "Sent"] {
            assert!(!meant(listed, "Outbox"), "{listed}");
        }
        assert!(!meant("Postausgang", "Ausgang"));
    }

    #[test]
    fn an_id_leads_back_to_its_message() {
        assert_eq!(parse_id(&id("Ablage.2026", 7, 12)), Some((12, 7, "Ablage.2026")));
        assert_eq!(parse_id("x"), None);
    }
}
