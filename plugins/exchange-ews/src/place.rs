//! Where a folder is, as requests name it.

use crate::xml::Writer;
use std::collections::HashMap;

/// A folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// By the name that each mailbox has for it; of the mailbox with that address, where it is not that of the login.
    Distinguished(&'static str, Option<String>),
    /// By its id.
    Id(String),
}

/// The folders that were found, by the names that they were asked for by.
pub(crate) type Folders = HashMap<String, Place>;

impl Place {
    /// Writes which folder it is.
    pub(crate) fn write(&self, xml: &mut Writer) {
        match self {
            Place::Distinguished(name, None) => xml.empty("t:DistinguishedFolderId", &[("Id", name)]),
            Place::Distinguished(name, Some(mailbox)) => xml.group("t:DistinguishedFolderId", &[("Id", name)], |xml| {
                xml.group("t:Mailbox", &[], |xml| xml.text("t:EmailAddress", mailbox));
            }),
            Place::Id(id) => xml.empty("t:FolderId", &[("Id", id)]),
        }
    }

    /// Names it in a state.
    pub(crate) fn name(&self) -> &str {
        match self {
            Place::Distinguished(name, _) => name,
            Place::Id(id) => id,
        }
    }
}

/// Asks whether folders are there, and how many messages they have.
pub(crate) fn get_folder(xml: &mut Writer, places: &[Place]) {
    xml.group("m:GetFolder", &[], |xml| {
        xml.group("m:FolderShape", &[], |xml| xml.text("t:BaseShape", "Default"));
        xml.group("m:FolderIds", &[], |xml| places.iter().for_each(|place| place.write(xml)));
    });
}

/// A condition: a field has this value.
pub(crate) fn equal(xml: &mut Writer, field: &str, value: &str) {
    xml.group("t:IsEqualTo", &[], |xml| {
        xml.empty("t:FieldURI", &[("FieldURI", field)]);
        xml.group("t:FieldURIOrConstant", &[], |xml| xml.empty("t:Constant", &[("Value", value)]));
    });
}
