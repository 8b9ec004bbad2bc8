//! The files that the command line names.

use crate::texts::problem;
use postkontor_core::{Error, Status};
use std::io::Read;
use std::path::Path;

/// A text file; `-` is standard input. A byte order mark, which editors on Windows like to write, is left out.
pub(crate) fn read(path: &Path) -> Result<String, Error> {
    let mut text = String::new();
    let result = if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text))
    };
    result.map_err(|error| local("cli.file_unreadable", path, &error))?;
    Ok(text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned))
}

pub(crate) fn local(code: &str, path: &Path, error: &std::io::Error) -> Error {
    let mut problem = problem(code).arg("path", path.display().to_string()).arg("cause", error.to_string());
    problem.status = Status::Local;
    problem
}
