//! Folders: found by a well-known name or a path, and listed.

use crate::ask::Ask;
use crate::entry::{Folder, Page};
use crate::path::quoted;
use crate::session::Session;
use postkontor_plugin::exchange::{DISTINGUISHED, distinguished, has_use};
use postkontor_plugin::net::http::percent_encoded;
use postkontor_plugin::settings::is_folder;
use postkontor_plugin::{Error, Folder as Listed, Input, Stage, Status};
use std::collections::HashMap;

/// More folders than any mailbox has.
const FOLDERS: usize = 100_000;

const SELECT: &str = "$select=id,displayName,childFolderCount,totalItemCount";

/// The query of a list of folders.
const LIST: &str = "$select=id,displayName,childFolderCount,totalItemCount&$top=250";

/// Where a folder was named.
#[derive(Clone, Copy)]
pub(crate) struct Named<'a> {
    pub(crate) name: &'a str,
    pub(crate) of: Input,
    pub(crate) pointer: &'a str,
}

impl<'a> Named<'a> {
    /// The folder of the request, or the one of the settings.
    pub(crate) fn or(requested: Option<&'a str>, inbox: &'a str) -> Named<'a> {
        match requested.filter(|name| !name.is_empty()) {
            Some(name) => Named { name, of: Input::Request, pointer: "/folder" },
            None => Named { name: inbox, of: Input::Settings, pointer: "/exchange/inbox" },
        }
    }

    fn error(&self, status: Status, code: &str) -> Error {
        let error = Error::new(status, code).stage(Stage::Mailbox).arg("folder", self.name).usable();
        match self.of {
            Input::Request => error.at_request(self.pointer, code),
            _ => error.at(self.pointer, code),
        }
    }
}

/// The folder for a use, named as in `<sent>`.
fn by_use(segment: &str) -> Option<&'static str> {
    let wanted = segment.strip_prefix('<')?.strip_suffix('>')?;
    if wanted == "archive" {
        return Some("archive");
    }
    DISTINGUISHED.iter().find(|(_, used)| *used == Some(wanted)).map(|(name, _)| *name)
}

impl Session<'_, '_> {
    /// The folder of this name: a well-known one, or a path from the top of the mailbox or from a well-known folder. Its name is its path then,
    /// by which it can be asked for again.
    pub(crate) fn folder(&mut self, named: Named<'_>) -> Result<Folder, Error> {
        if !is_folder(named.name) {
            return Err(named.error(Status::Argument, "exchange.folder_name_invalid"));
        }
        let mut segments = named.name.split('/').map(str::trim).filter(|segment| !segment.is_empty());
        let first = segments.clone().next().and_then(|segment| distinguished(segment).or_else(|| by_use(segment)));
        if first.is_some() {
            segments.next();
        }
        let mut folder = self.well_known(first.unwrap_or("msgfolderroot"), named)?;
        // The top of the mailbox stands in no path.
        let is_top = first.is_none_or(|first| first == "msgfolderroot");
        let mut path = if is_top { Vec::new() } else { vec![folder.display_name.clone()] };
        for segment in segments {
            folder = self
                .child(&folder, segment)?
                .ok_or_else(|| named.error(Status::NotFound, "graph.folder_missing").arg("host", self.host()))?;
            path.push(folder.display_name.clone());
        }
        Ok(if path.is_empty() { folder } else { Folder { display_name: path.join("/"), ..folder } })
    }

    fn well_known(&mut self, name: &str, named: Named<'_>) -> Result<Folder, Error> {
        let target = self.at(&format!("/mailFolders/{name}?{SELECT}"));
        self.json(Ask::get(target, Stage::Mailbox)).map_err(|failure| {
            if failure.is_missing() {
                named.error(Status::NotFound, "graph.folder_missing").arg("host", self.host())
            } else {
                failure.error
            }
        })
    }

    /// The folder of this name below another; where none is called exactly so, one that differs in letter case.
    fn child(&mut self, parent: &Folder, name: &str) -> Result<Option<Folder>, Error> {
        let path = format!("/mailFolders/{}/childFolders?{LIST}&$filter=displayName%20eq%20{}", percent_encoded(&parent.id), quoted(name));
        let mut similar = None;
        let mut next = Some(self.at(&path));
        while let Some(target) = next {
            let page: Page<Folder> = self.json(Ask::get(target, Stage::Mailbox))?;
            for folder in page.value {
                if folder.display_name == name {
                    return Ok(Some(folder));
                }
                if similar.is_none() && folder.display_name.to_lowercase() == name.to_lowercase() {
                    similar = Some(folder);
                }
            }
            next = page.next.map(|next| self.link(&next)).transpose()?;
        }
        Ok(similar)
    }

    /// All folders of the mailbox, each behind the one that it lies in.
    pub(crate) fn folders(&mut self) -> Result<Vec<Listed>, Error> {
        let uses = self.uses()?;
        let mut found = Vec::new();
        let mut open = vec![(self.at(&format!("/mailFolders/msgfolderroot/childFolders?{LIST}")), String::new())];
        while let Some((target, path)) = open.pop() {
            let page: Page<Folder> = self.json(Ask::get(target, Stage::Mailbox))?;
            if let Some(next) = page.next {
                open.push((self.link(&next)?, path.clone()));
            }
            for folder in page.value.into_iter().take(FOLDERS.saturating_sub(found.len())) {
                let name = if path.is_empty() { folder.display_name.clone() } else { format!("{path}/{}", folder.display_name) };
                if folder.child_folder_count > 0 {
                    open.push((self.at(&format!("/mailFolders/{}/childFolders?{LIST}", percent_encoded(&folder.id))), name.clone()));
                }
                let uses = uses.get(&folder.id).map(|used| (*used).into()).into_iter().collect();
                found.push(Listed { name, delimiter: Some("/".to_owned()), uses, selectable: true });
            }
            if found.len() == FOLDERS {
                break;
            }
        }
        Ok(found)
    }

    /// Whether a folder is one that every mailbox has.
    pub(crate) fn is_well_known(&mut self, id: &str) -> Result<bool, Error> {
        for name in DISTINGUISHED.iter().map(|(name, _)| *name).chain(["archive"]) {
            match self.json::<Folder>(Ask::get(self.at(&format!("/mailFolders/{name}?$select=id")), Stage::Mailbox)) {
                Ok(folder) if folder.id == id => return Ok(true),
                Ok(_) => (),
                // Some mailboxes lack one or the other.
                Err(failure) if failure.is_missing() => (),
                Err(failure) => return Err(failure.error),
            }
        }
        Ok(false)
    }

    /// The uses of those folders that have one, by their ids.
    fn uses(&mut self) -> Result<HashMap<String, &'static str>, Error> {
        let mut uses = HashMap::new();
        for (name, used) in DISTINGUISHED {
            let Some(used) = used.filter(|_| has_use(name).is_some()) else { continue };
            match self.json::<Folder>(Ask::get(self.at(&format!("/mailFolders/{name}?$select=id")), Stage::Mailbox)) {
                Ok(folder) => drop(uses.insert(folder.id, used)),
                // Some mailboxes lack one or the other.
                Err(failure) if failure.is_missing() => (),
                Err(failure) => return Err(failure.error),
            }
        }
        Ok(uses)
    }
}
