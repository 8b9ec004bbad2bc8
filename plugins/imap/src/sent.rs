//! The folder for copies of sent mail.

use crate::account::Imap;
use crate::list_response::Folder;
use crate::selected::Selected;
use crate::session::Session;
use postkontor_plugin::{Call, Error, Stage, Status};

/// What mail programs call the folder, in small letters; where a server says nothing of the uses of its folders.
const NAMES: [&str; 15] = [
    "sent",
    "sent items",
    "sent messages",
    "sent mail",
    "sent-mail",
    "gesendet",
    "gesendete objekte",
    "gesendete elemente",
    "gesendete nachrichten",
    "poslano",
    "poslana pošta",
    "poslana sporočila",
    "poslani elementi",
    "posta inviata",
    "inviata",
];

/// Where the settings of the folder stand.
const PLACE: &str = "/imap/sent";

/// Opens the folder: the one of the settings, else the one whose use or name says so. `create` makes one where there is none.
pub(crate) fn open(imap: &mut Imap, session: &mut Session, create: bool, call: &Call) -> Result<Selected, Error> {
    if let Some(name) = &imap.settings.imap.sent {
        return session.select(name, PLACE, create, call);
    }
    if let Some(name) = imap.sent.take() {
        match session.select(&name, PLACE, false, call) {
            // It was renamed meanwhile.
            Err(error) if error.code == "imap.folder_missing" => (),
            selected => {
                imap.sent = Some(name);
                return selected;
            }
        }
    }
    let folders = session.folders(call)?;
    let selected = match find(&folders) {
        Some(folder) => session.select(&folder.name, PLACE, false, call)?,
        None if create => make(session, &folders, call)?,
        None => {
            let error = session.error(Status::NotFound, "imap.sent_missing").stage(Stage::Mailbox);
            return Err(error.at(PLACE, "imap.sent_missing").usable());
        }
    };
    imap.sent = Some(selected.name.clone());
    Ok(selected)
}

/// The folder by its use, else by its name.
pub(crate) fn find(folders: &[Folder]) -> Option<&Folder> {
    let usable = || folders.iter().filter(|folder| folder.is_selectable);
    let by_name = || NAMES.iter().find_map(|name| usable().find(|folder| own_name(folder).is_some_and(|own| own.to_lowercase() == *name)));
    usable().find(|folder| folder.uses.contains(&"sent")).or_else(by_name)
}

/// A folder's name where it lies with the other folders of the user: at the top or, as some servers have it, below INBOX.
pub(crate) fn own_name(folder: &Folder) -> Option<&str> {
    let Some(delimiter) = folder.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty()) else { return Some(&folder.name) };
    match folder.name.split_once(delimiter) {
        None => Some(&folder.name),
        Some((first, rest)) => (first.eq_ignore_ascii_case("inbox") && !rest.contains(delimiter)).then_some(rest),
    }
}

/// Creates the folder at the top, or below INBOX on a server that allows none at the top.
fn make(session: &mut Session, folders: &[Folder], call: &Call) -> Result<Selected, Error> {
    let refusal = match session.select("Sent", PLACE, true, call) {
        Err(error) if error.code == "imap.create_refused" => error,
        selected => return selected,
    };
    let Some(delimiter) = folders.iter().find_map(|folder| folder.delimiter.as_deref()) else { return Err(refusal) };
    session.select(&format!("INBOX{delimiter}Sent"), PLACE, true, call)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str, uses: &[&'static str], is_selectable: bool) -> Folder {
        Folder { name: name.to_owned(), wire: name.to_owned(), delimiter: Some("/".to_owned()), uses: uses.to_vec(), is_selectable }
    }

    #[test]
    fn the_use_goes_before_the_name() {
        let found = |folders: &[Folder]| find(folders).map(|folder| folder.name.clone());
        assert_eq!(found(&[folder("Sent", &[], true), folder("Ausgang", &["sent"], true)]).as_deref(), Some("Ausgang"));
        for name in ["Gesendete Objekte", "INBOX/Sent Items", "Poslana pošta", "GESENDET"] {
            assert_eq!(found(&[folder("INBOX", &[], true), folder(name, &[], true)]).as_deref(), Some(name));
        }
        for name in ["Kunden/Sent", "Sent/2026", "INBOX/Kunden/Sent", "Gesendetes"] {
            assert_eq!(found(&[folder(name, &[], true)]), None, "{name}");
        }
        assert_eq!(found(&[folder("Sent", &["sent"], false)]), None);
    }
}
