//! Folders that are created, renamed or deleted, as a transport sees them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What to do with which folders, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoldersRequest {
    /// The changes. Pointers of errors begin with `/folders/` and the change's place.
    pub folders: Vec<FolderChange>,
}

/// A change of one folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum FolderChange {
    /// Make a folder, and those above it where there are none.
    Create {
        /// Its name, with the delimiter that the list of folders shows between its levels.
        #[schemars(extend("examples" = ["Rechnungen/2026"]))]
        create: String,
    },
    /// Give a folder another name or place; what lies below it goes along.
    Rename {
        /// The folder.
        #[schemars(extend("x-postkontor" = {"folder": true}))]
        rename: String,
        /// Its new name, whole.
        to: String,
    },
    /// Delete a folder. One with folders below it is not deleted.
    Delete {
        /// The folder.
        #[schemars(extend("x-postkontor" = {"folder": true}))]
        delete: String,
        /// Whether its messages may be deleted with it; else a folder that has some is not deleted.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        with_messages: bool,
    },
}

/// What became of folders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoldersChanged {
    /// One for each change, in the order given.
    pub folders: Vec<FolderResult>,
}

/// What became of one of them, with the folder's name as the list of folders shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FolderResult {
    /// It was made.
    Created(String),
    /// It was there before it was to be made.
    Found(String),
    /// It has this name now.
    Renamed(String),
    /// It is gone.
    Deleted(String),
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn changes_are_written_as_programs_write_them() {
        let written =
            json!({"folders": [{"create": "a/b"}, {"rename": "a", "to": "c"}, {"delete": "c"}, {"delete": "d", "with_messages": true}]});
        let request: FoldersRequest = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(request.folders[1], FolderChange::Rename { rename: "a".to_owned(), to: "c".to_owned() });
        assert_eq!(request.folders[2], FolderChange::Delete { delete: "c".to_owned(), with_messages: false });
        assert_eq!(serde_json::to_value(&request).unwrap(), written);
        let changed = FoldersChanged { folders: vec![FolderResult::Created("a/b".to_owned())] };
        assert_eq!(serde_json::to_value(changed).unwrap(), json!({"folders": [{"created": "a/b"}]}));
    }
}
