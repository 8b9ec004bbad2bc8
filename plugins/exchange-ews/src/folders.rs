//! Folders: by their distinguished names, or by the names that people see, from the top of the mailbox on.

use crate::message::Message;
use crate::place::{Place, equal, get_folder};
use crate::talk::Talk;
use crate::xml::{Node, Writer};
use postkontor_plugin::exchange::{DISTINGUISHED, distinguished, has_use};
use postkontor_plugin::settings::is_folder;
use postkontor_plugin::{Error, Folder, Listing, Stage, Status};
use std::collections::HashMap;

/// What stands between the levels of a path.
pub(crate) const DELIMITER: char = '/';

/// How many folders one answer has.
const PAGE: usize = 500;

/// The most folders that are listed.
const MOST: usize = 100_000;

/// Where the folders of people begin.
const TOP: &str = "msgfolderroot";

/// Asks for the folders within one: all at whatever depth, or those of a name directly in it.
fn find_folder(xml: &mut Writer, within: &Place, name: Option<&str>, offset: usize) {
    xml.group("m:FindFolder", &[("Traversal", if name.is_some() { "Shallow" } else { "Deep" })], |xml| {
        xml.group("m:FolderShape", &[], |xml| {
            xml.text("t:BaseShape", "IdOnly");
            xml.group("t:AdditionalProperties", &[], |xml| {
                for field in ["folder:DisplayName", "folder:ParentFolderId", "folder:FolderClass"] {
                    xml.empty("t:FieldURI", &[("FieldURI", field)]);
                }
            });
        });
        let (page, offset) = (PAGE.to_string(), offset.to_string());
        xml.empty("m:IndexedPageFolderView", &[("MaxEntriesReturned", &page), ("Offset", &offset), ("BasePoint", "Beginning")]);
        if let Some(name) = name {
            xml.group("m:Restriction", &[], |xml| equal(xml, "folder:DisplayName", name));
        }
        xml.group("m:ParentFolderIds", &[], |xml| within.write(xml));
    });
}

/// The id of a folder in an answer.
pub(crate) fn folder_id(node: &Node) -> Option<&str> {
    node.child("FolderId")?.attribute("Id").filter(|id| !id.is_empty())
}

/// A folder as the service lists it.
struct Row {
    id: String,
    parent: String,
    name: String,
    class: String,
}

/// The rows of a page, and where the next one begins.
fn rows(message: &Message) -> (Vec<Row>, Option<usize>) {
    let Some(root) = message.node.find("RootFolder") else { return (Vec::new(), None) };
    let row = |node: &Node| {
        Some(Row {
            id: folder_id(node)?.to_owned(),
            parent: node.child("ParentFolderId").and_then(|parent| parent.attribute("Id")).unwrap_or_default().to_owned(),
            name: node.text_of("DisplayName").to_owned(),
            class: node.text_of("FolderClass").to_owned(),
        })
    };
    let rows = root.child("Folders").map_or_else(Vec::new, |folders| folders.children.iter().filter_map(row).collect());
    let is_last = root.attribute("IncludesLastItemInRange") != Some("false");
    let next = root.attribute("IndexedPagingOffset").and_then(|offset| offset.parse().ok()).filter(|_| !is_last);
    (rows, next)
}

impl Talk<'_, '_> {
    /// A distinguished folder of the account's mailbox.
    pub(crate) fn distinguished(&self, name: &'static str) -> Place {
        Place::Distinguished(name, self.account.settings.shared().map(str::to_owned))
    }

    /// The folder of a name, which stands in the settings (`/exchange/inbox`) or in the request (`/folder`).
    pub(crate) fn folder(&mut self, name: &str, pointer: &str) -> Result<Place, Error> {
        if !is_folder(name) {
            let code = "exchange.folder_name_invalid";
            return Err(pointed(Error::new(Status::Argument, code).stage(Stage::Mailbox), pointer, code).usable());
        }
        let name = name.trim().trim_matches(DELIMITER);
        let by_use = name.strip_prefix('<').and_then(|name| name.strip_suffix('>'));
        if let Some((known, _)) = DISTINGUISHED.iter().find(|(_, used)| used.is_some() && *used == by_use) {
            return Ok(self.distinguished(known));
        }
        if let Some(name) = distinguished(name) {
            return Ok(self.distinguished(name));
        }
        if let Some(place) = self.account.folders.get(name) {
            return Ok(place.clone());
        }
        let place = match self.step_by_step(name)? {
            Some(place) => Some(place),
            // A name may have the delimiter in it.
            None if name.contains(DELIMITER) => self.by_path(name)?,
            None => None,
        };
        let Some(place) = place else {
            let code = "ews.folder_missing";
            let status = if pointer.starts_with("/exchange") { Status::Settings } else { Status::NotFound };
            let error =
                Error::new(status, code).arg("host", self.host()).arg("folder", name).arg("text", name).stage(Stage::Mailbox).usable();
            return Err(pointed(error, pointer, code));
        };
        self.account.folders.insert(name.to_owned(), place.clone());
        Ok(place)
    }

    /// Goes down the levels of a path.
    fn step_by_step(&mut self, path: &str) -> Result<Option<Place>, Error> {
        let mut levels = path.split(DELIMITER).peekable();
        let mut place = match levels.peek().and_then(|first| distinguished(first)) {
            Some(first) => {
                levels.next();
                self.distinguished(first)
            }
            None => self.distinguished(TOP),
        };
        for level in levels {
            let message = self.ask_one(Stage::Mailbox, |xml| find_folder(xml, &place, Some(level), 0))?;
            let (rows, _) = rows(&message);
            match rows.into_iter().find(|row| same(&row.name, level)) {
                Some(row) => place = Place::Id(row.id),
                None => return Ok(None),
            }
        }
        Ok(Some(place))
    }

    fn by_path(&mut self, path: &str) -> Result<Option<Place>, Error> {
        let found = self.paths()?.into_iter().find(|(_, known)| same(known, path));
        Ok(found.map(|(row, _)| Place::Id(row.id)))
    }

    /// All folders with their paths.
    fn paths(&mut self) -> Result<Vec<(Row, String)>, Error> {
        let top = self.distinguished(TOP);
        let (mut all, mut offset) = (Vec::new(), 0);
        loop {
            let message = self.ask_one(Stage::Mailbox, |xml| find_folder(xml, &top, None, offset))?;
            let (mut found, next) = rows(&message);
            all.append(&mut found);
            match next {
                // A page that leads nowhere would never end.
                Some(next) if next > offset && all.len() < MOST => offset = next,
                _ => break,
            }
        }
        let by_id: HashMap<String, (String, String)> =
            all.iter().map(|row| (row.id.clone(), (row.parent.clone(), row.name.clone()))).collect();
        let path = |row: &Row| {
            let (mut path, mut parent) = (row.name.clone(), row.parent.as_str());
            // A folder below itself would never end, either.
            for _ in 0..64 {
                let Some((above, name)) = by_id.get(parent) else { break };
                path = format!("{name}{DELIMITER}{path}");
                parent = above;
            }
            path
        };
        let paths: Vec<String> = all.iter().map(path).collect();
        Ok(all.into_iter().zip(paths).collect())
    }

    /// The ids of the distinguished folders.
    pub(crate) fn distinguished_ids(&mut self) -> Result<HashMap<String, &'static str>, Error> {
        let places: Vec<Place> = DISTINGUISHED.iter().map(|(name, _)| self.distinguished(name)).collect();
        let messages = self.ask(Stage::Mailbox, |xml| get_folder(xml, &places))?;
        let known = |(message, (name, _)): (&Message, &(&'static str, Option<&str>))| {
            let folder = message.node.child("Folders")?.children.first()?;
            Some((folder_id(folder)?.to_owned(), *name))
        };
        // In the order asked for, one for each.
        Ok(messages.iter().zip(DISTINGUISHED.iter()).filter_map(known).collect())
    }

    /// Lists the folders for mail.
    pub(crate) fn list_folders(&mut self) -> Result<Listing, Error> {
        let ids = self.distinguished_ids()?;
        let is_mail = |row: &Row| row.class.is_empty() || row.class == "IPF" || row.class.to_ascii_uppercase().starts_with("IPF.NOTE");
        let folder = |(row, name): (Row, String)| {
            let uses = ids.get(&row.id).and_then(|known| has_use(known)).map(Into::into);
            Folder { name, delimiter: Some(DELIMITER.to_string()), uses: uses.into_iter().collect(), selectable: true }
        };
        let folders = self.paths()?.into_iter().filter(|(row, _)| is_mail(row)).map(folder).collect();
        Ok(Listing::Folders { folders })
    }
}

/// Whether two names are the same for Exchange, which heeds no case.
fn same(a: &str, b: &str) -> bool {
    a == b || a.to_lowercase() == b.to_lowercase()
}

/// An error at a place of the settings, or of the request.
pub(crate) fn pointed(error: Error, pointer: &str, code: &str) -> Error {
    if pointer.starts_with("/exchange") { error.at(pointer, code) } else { error.at_request(pointer, code) }
}
