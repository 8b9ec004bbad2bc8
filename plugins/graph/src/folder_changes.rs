//! Creating, renaming and deleting folders.

use crate::ask::{Ask, Payload};
use crate::claims::Role;
use crate::entry::Folder;
use crate::failure::Failure;
use crate::folders::Named;
use crate::session::Session;
use postkontor_plugin::exchange::distinguished;
use postkontor_plugin::net::http::percent_encoded;
use postkontor_plugin::serde_json::json;
use postkontor_plugin::{Error, FolderChange, FolderResult, FoldersChanged, FoldersRequest, Input, Stage, Status};

/// Changes folders, one after the other. The error of a change tells what became of those before it.
pub(crate) fn change(session: &mut Session<'_, '_>, request: &FoldersRequest) -> Result<FoldersChanged, Error> {
    let mut done = FoldersChanged::default();
    for (index, change) in request.folders.iter().enumerate() {
        let at = |member: &str| format!("/folders/{index}/{member}");
        let changed = match change {
            FolderChange::Create { create } => session.create_folder(create, &at("create")),
            FolderChange::Rename { rename, to } => session.rename_folder(rename, to, [&at("rename"), &at("to")]),
            FolderChange::Delete { delete, with_messages } => session.delete_folder(delete, *with_messages, &at("delete")),
        };
        match changed {
            Ok(result) => done.folders.push(result),
            Err(error) => return Err(error.stage(Stage::Mailbox).done("folders", &done.folders)),
        }
    }
    Ok(done)
}

impl Session<'_, '_> {
    /// Makes a folder, and those above it that are missing.
    fn create_folder(&mut self, name: &str, pointer: &str) -> Result<FolderResult, Error> {
        let levels = self.levels(name, pointer)?;
        let mut place = self.known("msgfolderroot")?;
        let mut is_new = false;
        for count in 1..=levels.len() {
            let path = levels.get(..count).unwrap_or_default().join("/");
            let known = self.known(&path)?;
            is_new = known.is_none();
            place = match (known, place) {
                (None, Some(parent)) => Some(self.make(levels.get(count - 1).copied().unwrap_or_default(), &parent, pointer)?),
                (known, _) => known,
            };
        }
        Ok(if is_new { FolderResult::Created(name.to_owned()) } else { FolderResult::Found(name.to_owned()) })
    }

    fn make(&mut self, name: &str, parent: &Folder, pointer: &str) -> Result<Folder, Error> {
        let json = json!({ "displayName": name }).to_string();
        let target = self.at(&format!("/mailFolders/{}/childFolders", percent_encoded(&parent.id)));
        let ask = Ask::once("POST", target, Role::Change, Stage::Mailbox).with(Payload::Json(json.as_bytes()));
        self.json(ask).map_err(|failure| located(failure, pointer))
    }

    /// Gives a folder another name, and another place where the new name says so.
    fn rename_folder(&mut self, name: &str, to: &str, at: [&str; 2]) -> Result<FolderResult, Error> {
        let folder = self.changeable(name, at[0])?;
        let new = self.levels(to, at[1])?;
        if name.to_lowercase() != to.to_lowercase() && self.known(to)?.is_some() {
            return Err(self.refused(Status::Refused, "graph.folder_exists", to, at[1]));
        }
        let parent = |name: &str| name.rsplit_once('/').map(|(parent, _)| parent.to_owned()).unwrap_or_default();
        if parent(name).to_lowercase() != parent(to).to_lowercase() {
            let wanted = Some(parent(to)).filter(|parent| !parent.is_empty()).unwrap_or_else(|| "msgfolderroot".to_owned());
            let parent = self.known(&wanted)?.ok_or_else(|| self.refused(Status::NotFound, "graph.folder_missing", &wanted, at[1]))?;
            self.change_folder("POST", &folder, "/move", &json!({ "destinationId": parent.id }).to_string(), at[1])?;
        }
        let own = new.last().copied().unwrap_or_default();
        self.change_folder("PATCH", &folder, "", &json!({ "displayName": own }).to_string(), at[1])?;
        Ok(FolderResult::Renamed(to.to_owned()))
    }

    fn change_folder(&mut self, method: &'static str, folder: &Folder, path: &str, json: &str, pointer: &str) -> Result<(), Error> {
        let target = self.at(&format!("/mailFolders/{}{path}", percent_encoded(&folder.id)));
        let ask = Ask::once(method, target, Role::Change, Stage::Mailbox).with(Payload::Json(json.as_bytes()));
        self.done(ask).map_err(|failure| located(failure, pointer))
    }

    fn delete_folder(&mut self, name: &str, with_messages: bool, pointer: &str) -> Result<FolderResult, Error> {
        let folder = self.changeable(name, pointer)?;
        if folder.child_folder_count > 0 {
            return Err(self.refused(Status::Refused, "graph.folder_has_folders", name, pointer));
        }
        if folder.total_item_count > 0 && !with_messages {
            let error = self.refused(Status::Refused, "graph.folder_not_empty", name, pointer);
            return Err(error.arg("count", folder.total_item_count));
        }
        let target = self.at(&format!("/mailFolders/{}", percent_encoded(&folder.id)));
        self.done(Ask::once("DELETE", target, Role::Change, Stage::Mailbox)).map_err(|failure| located(failure, pointer))?;
        Ok(FolderResult::Deleted(name.to_owned()))
    }

    /// The levels of a new folder's name.
    fn levels<'n>(&self, name: &'n str, pointer: &str) -> Result<Vec<&'n str>, Error> {
        let levels: Vec<&str> = name.split('/').collect();
        let is_use = name.starts_with('<') && name.ends_with('>');
        let is_empty = levels.iter().any(|level| level.trim().is_empty() || level.contains(char::is_control));
        if is_use || is_empty { Err(self.refused(Status::Argument, "graph.new_name_invalid", name, pointer)) } else { Ok(levels) }
    }

    /// The folder of a name, where there is one.
    fn known(&mut self, name: &str) -> Result<Option<Folder>, Error> {
        match self.folder(Named { name, of: Input::Request, pointer: "" }) {
            Ok(folder) => Ok(Some(folder)),
            Err(error) if error.code == "graph.folder_missing" => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A folder that may be renamed or deleted.
    fn changeable(&mut self, name: &str, pointer: &str) -> Result<Folder, Error> {
        let folder = self.folder(Named { name, of: Input::Request, pointer })?;
        let exchange = &self.settings.exchange;
        let named = [Some(exchange.inbox.as_str()), exchange.sent.as_deref()];
        let is_named = named.into_iter().flatten().any(|known| known.to_lowercase() == name.to_lowercase());
        if is_named || distinguished(name).is_some() || self.is_well_known(&folder.id)? {
            return Err(self.refused(Status::Refused, "graph.folder_protected", name, pointer));
        }
        Ok(folder)
    }

    /// What is refused before the service is asked.
    fn refused(&self, status: Status, code: &str, folder: &str, pointer: &str) -> Error {
        Error::new(status, code).arg("host", self.host()).arg("folder", folder).at_request(pointer, code).usable()
    }
}

/// The error of a failure with the place of the request.
fn located(failure: Failure, pointer: &str) -> Error {
    let error = failure.error;
    if error.at.is_empty() {
        let code = error.code.clone();
        return error.at_request(pointer, &code);
    }
    error
}
