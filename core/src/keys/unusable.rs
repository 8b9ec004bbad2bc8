//! Why a file with a key or with certificates cannot be used.

use crate::texts;
use postkontor_plugin::{At, Error, Input, Stage, Status};
use postkontor_smime as smime;
use serde_json::{Map, Value, json};
use std::io;
use std::path::Path;

/// Why a file cannot be used.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unusable {
    /// Stable code, listed in docs/codes.md.
    pub(crate) code: &'static str,
    /// For the sentence of the code.
    pub(crate) args: Map<String, Value>,
    /// English, for support.
    pub(crate) detail: String,
    /// Whether the password is what is wrong, and not the file.
    pub(crate) is_password: bool,
}

impl Unusable {
    fn new(code: &'static str, file: &Path, detail: String) -> Unusable {
        let args = Map::from_iter([("file".to_owned(), json!(texts::path(file)))]);
        Unusable { code, args, detail, is_password: false }
    }

    /// Of a file that cannot be read at all.
    pub(crate) fn unread(file: &Path, error: &io::Error) -> Unusable {
        let code = if error.kind() == io::ErrorKind::NotFound { "smime.file_missing" } else { "smime.file_unreadable" };
        Unusable::new(code, file, error.to_string())
    }

    /// Of something that is no file.
    pub(crate) fn no_file(file: &Path) -> Unusable {
        Unusable::new("smime.no_file", file, "neither a file nor a folder of files".to_owned())
    }

    /// Of a file that is larger than any with keys.
    pub(crate) fn too_large(file: &Path) -> Unusable {
        Unusable::new("smime.file_too_large", file, String::new())
    }

    /// Of what is in a file. `has_password` says whether one was given.
    pub(crate) fn content(file: &Path, error: &smime::Error, has_password: bool) -> Unusable {
        let code = match error {
            smime::Error::IdentityLocked(_) if has_password => "smime.password_wrong",
            smime::Error::IdentityLocked(_) => "smime.password_missing",
            smime::Error::NoKey => "smime.no_key",
            smime::Error::NoCertificate => "smime.no_certificate",
            smime::Error::KeyDoesNotFit => "smime.key_does_not_fit",
            smime::Error::KeyUnsupported(_) => "smime.key_unsupported",
            _ => "smime.file_damaged",
        };
        let is_password = matches!(error, smime::Error::IdentityLocked(_));
        Unusable { is_password, ..Unusable::new(code, file, error.to_string()) }
    }

    /// The error of a call that needs the file. `group` is the place of the group that names file and password.
    pub(crate) fn error(&self, group: &str) -> Error {
        self.error_at(&format!("{group}/{}", if self.is_password { "password" } else { "certificate" }))
    }

    /// The error of a call that names the file itself.
    pub(crate) fn plain(&self) -> Error {
        let mut error = Error::new(Status::Settings, self.code).stage(Stage::Smime).detail(self.detail.clone()).usable();
        error.args.clone_from(&self.args);
        error
    }

    /// The same at the place of the file itself.
    pub(crate) fn error_at(&self, pointer: &str) -> Error {
        let mut error = self.plain();
        error.at.push(At { args: self.args.clone(), ..At::new(Input::Settings, pointer, self.code) });
        error
    }
}
