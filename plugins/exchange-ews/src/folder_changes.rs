//! Creating, renaming and deleting folders.

use crate::folders::{DELIMITER, folder_id};
use crate::message::Message;
use crate::place::{Place, get_folder};
use crate::talk::Talk;
use postkontor_plugin::{Error, FolderChange, FolderResult, FoldersChanged, FoldersRequest, Stage, Status};

/// Changes folders, one after the other. The error of a change tells what became of those before it.
pub(crate) fn change(talk: &mut Talk<'_, '_>, request: &FoldersRequest) -> Result<FoldersChanged, Error> {
    let mut done = FoldersChanged::default();
    for (index, change) in request.folders.iter().enumerate() {
        let at = |member: &str| format!("/folders/{index}/{member}");
        // Places by their names hold only until one of them changes.
        talk.account.folders.clear();
        let changed = match change {
            FolderChange::Create { create } => talk.create(create, &at("create")),
            FolderChange::Rename { rename, to } => talk.rename(rename, to, [&at("rename"), &at("to")]),
            FolderChange::Delete { delete, with_messages } => talk.delete(delete, *with_messages, &at("delete")),
        };
        match changed {
            Ok(result) => done.folders.push(result),
            Err(error) => return Err(error.stage(Stage::Mailbox).done("folders", &done.folders)),
        }
    }
    talk.account.folders.clear();
    Ok(done)
}

/// What is refused before the service is asked.
fn refusal(talk: &Talk<'_, '_>, status: Status, code: &str, folder: &str, pointer: &str) -> Error {
    Error::new(status, code).arg("host", talk.host()).arg("folder", folder).at_request(pointer, code).usable()
}

/// The levels of a new folder's name.
fn levels<'n>(talk: &Talk<'_, '_>, name: &'n str, pointer: &str) -> Result<Vec<&'n str>, Error> {
    let levels: Vec<&str> = name.split(DELIMITER).collect();
    let is_use = name.starts_with('<') && name.ends_with('>');
    let is_empty = levels.iter().any(|level| level.trim().is_empty() || level.contains(char::is_control));
    if is_use || is_empty { Err(refusal(talk, Status::Argument, "ews.new_name_invalid", name, pointer)) } else { Ok(levels) }
}

impl Talk<'_, '_> {
    /// Makes a folder, and those above it that are missing.
    fn create(&mut self, name: &str, pointer: &str) -> Result<FolderResult, Error> {
        let levels = levels(self, name, pointer)?;
        if self.known(name)?.is_some() {
            return Ok(FolderResult::Found(name.to_owned()));
        }
        let mut place = None;
        for count in 1..=levels.len() {
            let path = levels.get(..count).unwrap_or_default().join("/");
            place = match self.known(&path)? {
                Some(known) => Some(known),
                None => Some(self.make(levels.get(count - 1).copied().unwrap_or_default(), place, pointer)?),
            };
        }
        Ok(FolderResult::Created(name.to_owned()))
    }

    /// Makes a folder in another, or at the top.
    fn make(&mut self, name: &str, parent: Option<Place>, pointer: &str) -> Result<Place, Error> {
        let parent = parent.unwrap_or_else(|| self.distinguished("msgfolderroot"));
        let made = self.ask_one(Stage::Mailbox, |xml| {
            xml.group("m:CreateFolder", &[], |xml| {
                xml.group("m:ParentFolderId", &[], |xml| parent.write(xml));
                xml.group("m:Folders", &[], |xml| {
                    xml.group("t:Folder", &[], |xml| {
                        xml.text("t:FolderClass", "IPF.Note");
                        xml.text("t:DisplayName", name);
                    });
                });
            });
        });
        let made = made.map_err(|error| located(error, pointer))?;
        let folder = made.node.find("Folders").and_then(|folders| folders.children.first());
        let id = folder.and_then(folder_id).ok_or_else(|| crate::xml::malformed("no id of the folder that was made"))?;
        Ok(Place::Id(id.to_owned()))
    }

    /// Gives a folder another name, and another place where the new name says so.
    fn rename(&mut self, name: &str, to: &str, at: [&str; 2]) -> Result<FolderResult, Error> {
        let (place, _) = self.changeable(name, at[0])?;
        let new = levels(self, to, at[1])?;
        let is_same = name.to_lowercase() == to.to_lowercase();
        if !is_same && self.known(to)?.is_some() {
            return Err(refusal(self, Status::Refused, "ews.folder_exists", to, at[1]));
        }
        let parent = |name: &str| name.rsplit_once(DELIMITER).map(|(parent, _)| parent.to_owned()).unwrap_or_default();
        if parent(name).to_lowercase() != parent(to).to_lowercase() {
            let parent = match parent(to).as_str() {
                "" => self.distinguished("msgfolderroot"),
                parent => self.folder(parent, at[1])?,
            };
            let moved = self.ask_one(Stage::Mailbox, |xml| {
                xml.group("m:MoveFolder", &[], |xml| {
                    xml.group("m:ToFolderId", &[], |xml| parent.write(xml));
                    xml.group("m:FolderIds", &[], |xml| place.write(xml));
                });
            });
            moved.map_err(|error| located(error, at[1]))?;
        }
        let own = new.last().copied().unwrap_or_default();
        let renamed = self.ask_one(Stage::Mailbox, |xml| {
            xml.group("m:UpdateFolder", &[], |xml| {
                xml.group("m:FolderChanges", &[], |xml| {
                    xml.group("t:FolderChange", &[], |xml| {
                        place.write(xml);
                        xml.group("t:Updates", &[], |xml| {
                            xml.group("t:SetFolderField", &[], |xml| {
                                xml.empty("t:FieldURI", &[("FieldURI", "folder:DisplayName")]);
                                xml.group("t:Folder", &[], |xml| xml.text("t:DisplayName", own));
                            });
                        });
                    });
                });
            });
        });
        renamed.map_err(|error| located(error, at[1]))?;
        Ok(FolderResult::Renamed(to.to_owned()))
    }

    /// Deletes a folder; its messages go to where deleted messages go.
    fn delete(&mut self, name: &str, with_messages: bool, pointer: &str) -> Result<FolderResult, Error> {
        let (place, shown) = self.changeable(name, pointer)?;
        let count = |member: &str| shown.node.find(member).and_then(|node| node.text.trim().parse::<u64>().ok()).unwrap_or_default();
        if count("ChildFolderCount") > 0 {
            return Err(refusal(self, Status::Refused, "ews.folder_has_folders", name, pointer));
        }
        if count("TotalCount") > 0 && !with_messages {
            let error = refusal(self, Status::Refused, "ews.folder_not_empty", name, pointer);
            return Err(error.arg("count", count("TotalCount")));
        }
        let kind = if count("TotalCount") > 0 { "MoveToDeletedItems" } else { "SoftDelete" };
        let deleted = self.ask_one(Stage::Mailbox, |xml| {
            xml.group("m:DeleteFolder", &[("DeleteType", kind)], |xml| xml.group("m:FolderIds", &[], |xml| place.write(xml)));
        });
        deleted.map_err(|error| located(error, pointer))?;
        Ok(FolderResult::Deleted(name.to_owned()))
    }

    /// The folder of a name, where there is one.
    fn known(&mut self, name: &str) -> Result<Option<Place>, Error> {
        match self.folder(name, "") {
            Ok(place) => Ok(Some(place)),
            Err(error) if error.code == "ews.folder_missing" => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A folder that may be renamed or deleted, and what the service says of it.
    fn changeable(&mut self, name: &str, pointer: &str) -> Result<(Place, Message), Error> {
        let place = self.folder(name, pointer)?;
        let exchange = &self.account.settings.exchange;
        let named = [Some(exchange.inbox.as_str()), exchange.sent.as_deref()];
        let is_named = named.into_iter().flatten().any(|known| known.to_lowercase() == name.to_lowercase());
        let shown = self.ask_one(Stage::Mailbox, |xml| get_folder(xml, std::slice::from_ref(&place)))?;
        let id = shown.node.find("Folders").and_then(|folders| folders.children.first()).and_then(folder_id).unwrap_or_default();
        let is_distinguished = matches!(place, Place::Distinguished(..)) || self.distinguished_ids()?.contains_key(id);
        if is_named || is_distinguished {
            return Err(refusal(self, Status::Refused, "ews.folder_protected", name, pointer));
        }
        Ok((place, shown))
    }
}

/// An answer's error with the place of the request.
fn located(error: Error, pointer: &str) -> Error {
    if error.at.is_empty() {
        let code = error.code.clone();
        return error.at_request(pointer, &code);
    }
    error
}
