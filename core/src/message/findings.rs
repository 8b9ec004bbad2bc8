//! What composing finds out: everything that is wrong with a message, what was put right, and whether the call goes on.

use crate::Watch;
use crate::settings::hint;
use postkontor_plugin::{At, Error, Input, Retry, Stage, Status};
use serde_json::{Map, Value};

/// The bytes of a text that are worked on between two looks at the watch.
pub(super) const BLOCK: usize = 64 * 1024;

/// The first block of a text, and what follows it.
pub(super) fn first_block(text: &str) -> (&str, &str) {
    let mut end = text.len().min(BLOCK);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.split_at(end)
}

/// A place in one of the documents that a message is composed from.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    pub(super) of: Input,
    pub(super) pointer: &'p str,
}

impl<'p> Place<'p> {
    /// A place in the message document.
    pub(super) fn message(pointer: &'p str) -> Place<'p> {
        Place { of: Input::Message, pointer }
    }

    /// A place in the settings.
    pub(super) fn settings(pointer: &'p str) -> Place<'p> {
        Place { of: Input::Settings, pointer }
    }
}

/// What was found so far.
#[derive(Default)]
pub(super) struct Findings<'c> {
    problems: Vec<At>,
    /// What was put right.
    repairs: Vec<At>,
    /// What is worth a second look.
    warnings: Vec<Error>,
    status: Option<Status>,
    watch: Option<&'c Watch<'c>>,
    /// Why the work was broken off, if it was.
    stopped: Option<Error>,
}

impl<'c> Findings<'c> {
    /// Nothing yet. Work that takes long asks the watch whether to go on.
    pub(super) fn new(watch: Option<&'c Watch<'c>>) -> Findings<'c> {
        Findings { watch, ..Findings::default() }
    }

    /// Whether to go on: `false` once the call is to stop, and then the work is left where it is. Asked at least every [`BLOCK`] of
    /// text, and for each element of a list.
    pub(super) fn goes_on(&mut self) -> bool {
        if let (None, Some(watch)) = (&self.stopped, self.watch) {
            self.stopped = watch.check().err();
        }
        self.stopped.is_none()
    }

    /// Findings of an attempt that may fail for itself. Where it is broken off, [`Findings::stop_with`] breaks off the whole.
    pub(super) fn aside(&self) -> Findings<'c> {
        Findings::new(self.watch)
    }

    /// Stops where an attempt was stopped.
    pub(super) fn stop_with(&mut self, aside: Findings<'_>) {
        if self.stopped.is_none() {
            self.stopped = aside.stopped;
        }
    }

    /// Notes that something in the document is wrong.
    pub(super) fn add(&mut self, pointer: impl Into<String>, code: &str, args: &[(&str, &str)]) {
        self.add_in(Input::Message, pointer, code, args);
    }

    /// Notes that a member is not known, with the one of `known` that was probably meant.
    pub(super) fn unknown(&mut self, pointer: impl Into<String>, member: &str, known: &[&str]) {
        self.add(pointer, "message.member_unknown", &[("member", member)]);
        if let Some(at) = self.problems.last_mut() {
            at.args.insert("hint".to_owned(), hint(member, known.iter().copied()));
        }
    }

    /// Notes that something in the document, or in the settings that it is composed by, is wrong.
    pub(super) fn add_in(&mut self, of: Input, pointer: impl Into<String>, code: &str, args: &[(&str, &str)]) {
        self.add_as(Status::Argument, of, pointer, code, args);
    }

    /// Notes that a file is missing or cannot be read.
    pub(super) fn add_local(&mut self, pointer: impl Into<String>, code: &str, args: &[(&str, &str)]) {
        self.add_as(Status::Local, Input::Message, pointer, code, args);
    }

    /// Notes that an address was put right; the last repair of an address is the one that counts.
    pub(super) fn repaired(&mut self, pointer: &str, given: &str, address: &str) {
        let args = [("given", given), ("address", address)].map(|(name, text)| (name.to_owned(), excerpt(text).into()));
        self.repairs.push(At { args: Map::from_iter(args), ..At::new(Input::Message, pointer, "message.address_repaired") });
    }

    /// Notes that something is done as the document says, but may not be meant.
    pub(super) fn warn(&mut self, pointer: &str, code: &str, args: &[(&str, &str)]) {
        self.warn_at(code, excerpts(args), vec![At::new(Input::Message, pointer, code)]);
    }

    /// The same about several places, each with a sentence of its own.
    pub(super) fn warn_at(&mut self, code: &str, args: Map<String, Value>, at: Vec<At>) {
        let mut warning = Error::new(Status::Argument, code).stage(Stage::Message);
        (warning.args, warning.at) = (args, at);
        self.warnings.push(warning);
    }

    /// What is worth a second look, so far.
    pub(super) fn take_warnings(&mut self) -> Vec<Error> {
        std::mem::take(&mut self.warnings)
    }

    /// Whether an address was put right so far.
    pub(super) fn has_repairs(&self) -> bool {
        !self.repairs.is_empty()
    }

    /// Whether nothing is wrong so far.
    pub(super) fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    fn add_as(&mut self, status: Status, of: Input, pointer: impl Into<String>, code: &str, args: &[(&str, &str)]) {
        self.add_at(status, At { args: excerpts(args), ..At::new(of, pointer, code) });
    }

    /// Notes what is wrong, and where, as another has found it.
    pub(super) fn add_at(&mut self, status: Status, at: At) {
        // A document that is wrong in itself matters more than a missing file.
        if self.status != Some(Status::Argument) {
            self.status = Some(status);
        }
        self.problems.push(at);
    }

    /// What was put right. Fails when something is wrong, with an error that names all of it, or when the work was broken off.
    pub(super) fn into_result(self) -> Result<Vec<At>, Error> {
        if self.problems.is_empty() && self.stopped.is_none() { Ok(self.repairs) } else { Err(self.into_error()) }
    }

    /// The error that names all that is wrong; or, where the work was broken off, why.
    pub(super) fn into_error(self) -> Error {
        if let Some(stopped) = self.stopped {
            return stopped.stage(Stage::Message);
        }
        let status = self.status.unwrap_or(Status::Argument);
        let mut error = match self.problems.as_slice() {
            [only] => {
                let mut error = Error::new(status, &only.code);
                error.args = only.args.clone();
                error
            }
            several => Error::new(status, "message.invalid").arg("count", several.len()),
        };
        // As soon as the other program has closed it, the same document will do.
        if self.problems.iter().all(|at| at.code == "message.file_in_use") {
            error = error.retry(Retry::Later);
        }
        error.at = self.problems;
        error.stage(Stage::Message)
    }
}

/// What a sentence says of the matter, each text short enough for it.
fn excerpts(args: &[(&str, &str)]) -> Map<String, Value> {
    args.iter().map(|(name, text)| ((*name).to_owned(), excerpt(text).into())).collect()
}

/// Enough of a text to recognise it by, without what would upset a terminal or a dialog. A path is known by its end, a sentence by its beginning:
/// the middle is left out.
fn excerpt(text: &str) -> String {
    const BEGINNING: usize = 40;
    const END: usize = 39;
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    if text.chars().nth(BEGINNING + END + 1).is_none() {
        return text.chars().map(clean).collect();
    }
    let end = text.char_indices().nth_back(END - 1).map_or(0, |(at, _)| at);
    text.chars().take(BEGINNING).chain(['…']).chain(text[end..].chars()).map(clean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_keeps_its_file_name() {
        let path = format!("/srv/{}/Größe\u{7}/Rechnung 4711.pdf", "Aufträge/".repeat(20));
        let shown = excerpt(&path);
        assert!(shown.starts_with("/srv/Aufträge/") && shown.ends_with("/Größe\u{fffd}/Rechnung 4711.pdf"), "{shown}");
        assert_eq!(shown.chars().count(), 80);
        assert_eq!(excerpt(&"x".repeat(80)), "x".repeat(80));
        assert_eq!(excerpt("\n"), "\u{fffd}");
    }
}
