//! Names that say where the secret is: `env:NAME` and `file:PATH`.

use super::place::Place;
use super::wiped;
use crate::file::local;
use crate::texts::problem;
use postkontor_core::{Error, Secret, Status, whole_file};
use std::path::Path;

const LIMIT: usize = 1 << 20;

/// The secret behind such a name; `None` where it is a name of another kind.
pub(super) fn get(name: &str) -> Option<Result<Option<(Secret, Place)>, Error>> {
    if let Some(variable) = name.strip_prefix("env:") {
        return Some(Ok(std::env::var(variable).ok().map(|text| (Secret::new(text), Place::Environment))));
    }
    let path = Path::new(name.strip_prefix("file:")?);
    let found = match wiped::read(path, LIMIT) {
        Ok(content) => std::str::from_utf8(&content).map(|text| Some((Secret::new(line(text)), Place::Direct))).map_err(|_| {
            let error = std::io::Error::new(std::io::ErrorKind::InvalidData, "not UTF-8");
            local("cli.file_unreadable", path, &error)
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(local("cli.file_unreadable", path, &error)),
    };
    Some(found)
}

/// Keeps a secret behind such a name; `None` where it is a name of another kind.
pub(super) fn put(name: &str, secret: &Secret) -> Option<Result<Place, Error>> {
    if name.starts_with("env:") {
        let mut problem = problem("cli.secret_name").arg("name", name);
        problem.status = Status::Unsupported;
        return Some(Err(problem));
    }
    let path = Path::new(name.strip_prefix("file:")?);
    let written = whole_file::replace(path, secret.reveal().as_bytes(), None);
    Some(written.map(|()| Place::Direct).map_err(|error| local("cli.file_unwritable", path, &error)))
}

/// A text without its last line break, which editors add and which is not part of a secret.
pub(crate) fn line(text: &str) -> &str {
    text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text))
}
