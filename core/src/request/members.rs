//! The members of a request, taken out one by one; what is left in the end is not known.

use crate::error::failed;
use crate::json::Json;
use crate::pointer::child;
use crate::settings::hint;
use postkontor_plugin::{At, Error, Input, Status};
use serde_json::{Value, json};
use std::borrow::Cow;

/// Further problems of a request are left out.
const MAX_PROBLEMS: usize = 100;

/// Names of members before the first release, each with today's, which no likeness suggests.
const FORMER: [(&str, &str); 2] = [("do", "action"), ("then", "action")];

/// Reads a request: a JSON object, or nothing for an empty one. The error names everything that is wrong in it.
pub fn read<T>(source: &str, build: impl FnOnce(&mut Members<'_, '_>) -> T) -> Result<T, Error> {
    let unreadable = |detail: String| failed(Status::Argument, "request.unreadable").detail(detail);
    let tree = if source.trim().is_empty() { Ok(Json::Object(Vec::new())) } else { Json::parse(source) };
    let Json::Object(given) = tree.map_err(|error| unreadable(error.to_string()))? else {
        return Err(unreadable("a JSON object is expected".to_owned()));
    };
    let mut problems = Vec::new();
    let mut members = Members::new(String::new(), given, &mut problems);
    let built = build(&mut members);
    members.refuse_others();
    if problems.is_empty() { Ok(built) } else { Err(error(problems)) }
}

/// The one error for all problems.
fn error(problems: Vec<At>) -> Error {
    let mut error = match problems.as_slice() {
        [only] => {
            let mut error = failed(Status::Argument, &only.code);
            error.args = only.args.clone();
            error
        }
        several => failed(Status::Argument, "request.invalid").arg("count", several.len()),
    };
    error.at = problems;
    error
}

/// The members of an object that have not been taken yet.
pub struct Members<'a, 'p> {
    pointer: String,
    left: Vec<(Cow<'a, str>, Json<'a>)>,
    /// Those that were asked for.
    known: Vec<&'static str>,
    problems: &'p mut Vec<At>,
}

impl<'a, 'p> Members<'a, 'p> {
    fn new(pointer: String, given: Vec<(Cow<'a, str>, Json<'a>)>, problems: &'p mut Vec<At>) -> Members<'a, 'p> {
        let mut members = Members { pointer, left: Vec::with_capacity(given.len().min(32)), known: Vec::new(), problems };
        for (name, value) in given {
            if members.left.iter().take(32).any(|(other, _)| *other == name) {
                members.note(&name, "request.member_twice", &[("member", json!(name))]);
            } else {
                members.left.push((name, value));
            }
        }
        members
    }

    /// A text of any kind.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        match self.take(name)? {
            Json::Text(text) => Some(text.into_owned()),
            _ => self.expected(name, "text"),
        }
    }

    /// A text of one line.
    pub fn line(&mut self, name: &'static str) -> Option<String> {
        let text = self.text(name)?;
        if text.contains(char::is_control) {
            self.note(name, "request.control_character", &[("member", json!(name))]);
            return None;
        }
        Some(text)
    }

    /// A number that counts something.
    pub fn number(&mut self, name: &'static str) -> Option<u64> {
        match self.take(name)? {
            Json::Number(Some(number)) => Some(number),
            _ => self.expected(name, "integer"),
        }
    }

    /// Yes or no; no where it is not given.
    pub fn flag(&mut self, name: &'static str) -> bool {
        match self.take(name) {
            None => false,
            Some(Json::Bool(flag)) => flag,
            Some(_) => self.expected(name, "boolean").unwrap_or_default(),
        }
    }

    /// Yes or no, where it is given.
    pub fn switch(&mut self, name: &'static str) -> Option<bool> {
        match self.take(name)? {
            Json::Bool(flag) => Some(flag),
            _ => self.expected(name, "boolean"),
        }
    }

    /// A text, or an object that is read by `build`.
    pub fn text_or<T>(&mut self, name: &'static str, build: impl FnOnce(&mut Members<'a, '_>) -> T) -> Option<Result<String, T>> {
        match self.take(name)? {
            Json::Text(text) => Some(Ok(text.into_owned())),
            Json::Object(given) => Some(Err(self.inside(name, given, build))),
            _ => self.expected(name, "text"),
        }
    }

    /// One of several words.
    pub fn choice<T: Copy>(&mut self, name: &'static str, words: &[(&str, T)]) -> Option<T> {
        let value = self.take(name)?;
        let found = words.iter().find(|(word, _)| matches!(&value, Json::Text(text) if text == word));
        if found.is_none() {
            let expected: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.note(name, "request.member_invalid", &[("member", json!(name)), ("expected", json!(expected))]);
        }
        found.map(|(_, meaning)| *meaning)
    }

    /// A list of texts.
    pub fn texts(&mut self, name: &'static str) -> Option<Vec<String>> {
        let Json::List(list) = self.take(name)? else { return self.expected(name, "list") };
        let mut texts = Vec::with_capacity(list.len());
        for (index, value) in list.into_iter().enumerate() {
            match value {
                Json::Text(text) => texts.push(text.into_owned()),
                _ => {
                    self.expected::<()>(&format!("{name}/{index}"), "text");
                }
            }
        }
        Some(texts)
    }

    /// A list of words: texts of one line that are not empty.
    pub fn words(&mut self, name: &'static str) -> Option<Vec<String>> {
        let texts = self.texts(name)?;
        for (index, text) in texts.iter().enumerate() {
            let place = format!("{name}/{index}");
            if text.contains(char::is_control) {
                self.note(&place, "request.control_character", &[("member", json!(name))]);
            } else if text.is_empty() {
                self.expected::<()>(&place, "text");
            }
        }
        Some(texts)
    }

    /// A list of objects, each read by `build`.
    pub fn groups<T>(&mut self, name: &'static str, mut build: impl FnMut(&mut Members<'a, '_>) -> T) -> Option<Vec<T>> {
        let Json::List(list) = self.take(name)? else { return self.expected(name, "list") };
        let mut built = Vec::with_capacity(list.len());
        for (index, value) in list.into_iter().enumerate() {
            match value {
                Json::Object(given) => built.push(self.inside(&format!("{name}/{index}"), given, &mut build)),
                _ => {
                    self.unexpected::<()>(&format!("{name}/{index}"));
                }
            }
        }
        Some(built)
    }

    /// An object, or a list of such.
    pub fn group_or_groups<T>(&mut self, name: &'static str, mut build: impl FnMut(&mut Members<'a, '_>) -> T) -> Option<Vec<T>> {
        if self.left.iter().any(|(given, value)| given == name && matches!(value, Json::Object(_))) {
            return self.group(name, build).map(|one| vec![one]);
        }
        self.groups(name, &mut build)
    }

    /// An object, read by `build`.
    pub fn group<T>(&mut self, name: &'static str, build: impl FnOnce(&mut Members<'a, '_>) -> T) -> Option<T> {
        match self.take(name)? {
            Json::Object(given) => Some(self.inside(name, given, build)),
            _ => self.unexpected(name),
        }
    }

    /// Yes or no, or an object that says more than yes.
    pub fn switch_or<T>(&mut self, name: &'static str, build: impl FnOnce(&mut Members<'a, '_>) -> T) -> Option<Option<T>> {
        match self.take(name)? {
            Json::Bool(flag) => flag.then_some(None),
            Json::Object(given) => Some(Some(self.inside(name, given, build))),
            _ => self.unexpected(name),
        }
    }

    fn inside<T>(&mut self, name: &str, given: Vec<(Cow<'a, str>, Json<'a>)>, build: impl FnOnce(&mut Members<'a, '_>) -> T) -> T {
        let mut inner = Members::new(self.place(name), given, self.problems);
        let built = build(&mut inner);
        inner.refuse_others();
        built
    }

    /// Notes that a member must be there and is not, unless something else is wrong with it or its former name is there, which is refused itself.
    pub fn missing<T>(&mut self, name: &'static str) -> Option<T> {
        let has_former = self.left.iter().any(|(given, _)| today(given) == Some(name));
        if !self.is_wrong(name) && !has_former {
            self.note(name, "request.member_missing", &[("member", json!(name))]);
        }
        None
    }

    /// Notes that the value of a member cannot be.
    pub fn wrong(&mut self, name: &'static str, code: &str) {
        self.note(name, code, &[("member", json!(name))]);
    }

    /// Notes that a member has more than it may have.
    pub fn wrong_of(&mut self, name: &'static str, code: &str, limit: usize) {
        self.note(name, code, &[("member", json!(name)), ("limit", json!(limit))]);
    }

    /// Notes that this object itself cannot be.
    pub fn wrong_here(&mut self, code: &str, limit: usize) {
        let mut at = At::new(Input::Request, self.pointer.as_str(), code);
        at.args.insert("limit".to_owned(), json!(limit));
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(at);
        }
    }

    /// Notes that a member has no effect beside another.
    pub fn needless(&mut self, name: &'static str, other: &str) {
        self.note(name, "request.member_needless", &[("member", json!(name)), ("other", json!(other))]);
    }

    /// Whether nothing is wrong with what was taken, and nothing is left.
    pub fn is_sound(&self) -> bool {
        let within = format!("{}/", self.pointer);
        self.left.is_empty() && !self.problems.iter().any(|at| at.pointer.starts_with(&within))
    }

    /// Notes that an element of a list cannot be.
    pub fn wrong_in(&mut self, name: &'static str, index: usize, code: &str) {
        self.note(&format!("{name}/{index}"), code, &[("member", json!(name))]);
    }

    /// Notes that the object as a whole cannot be.
    pub fn wrong_as_a_whole(&mut self, code: &str) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(At::new(Input::Request, self.pointer.clone(), code));
        }
    }

    /// Whether something was noted about an element of a list.
    pub fn is_wrong_below(&self, name: &str) -> bool {
        let pointer = child(&self.pointer, name);
        self.problems.iter().any(|at| at.pointer.starts_with(&pointer))
    }

    /// Whether a member is there and not null.
    pub fn is_given(&self, name: &str) -> bool {
        self.left.iter().any(|(given, value)| given == name && !matches!(value, Json::Null))
    }

    /// Whether something was noted about a member.
    pub fn is_wrong(&self, name: &str) -> bool {
        let pointer = child(&self.pointer, name);
        self.problems.iter().any(|at| at.pointer == pointer)
    }

    /// Takes a member out; nothing where it is null.
    fn take(&mut self, name: &'static str) -> Option<Json<'a>> {
        self.known.push(name);
        let index = self.left.iter().position(|(given, _)| given == name)?;
        Some(self.left.swap_remove(index).1).filter(|value| !matches!(value, Json::Null))
    }

    fn expected<T>(&mut self, name: &str, kind: &str) -> Option<T> {
        self.invalid(name, &format!("settings.type.{kind}"))
    }

    fn unexpected<T>(&mut self, name: &str) -> Option<T> {
        self.invalid(name, "request.type.object")
    }

    fn invalid<T>(&mut self, name: &str, expected: &str) -> Option<T> {
        self.note(name, "request.member_invalid", &[("member", json!(name)), ("expected", json!({"code": expected}))]);
        None
    }

    /// Notes every member that the request does not have.
    fn refuse_others(mut self) {
        for (name, _) in std::mem::take(&mut self.left) {
            let successor = today(&name).filter(|today| self.known.contains(today));
            let hint = hint(successor.unwrap_or(&name), self.known.iter().copied());
            let shown = crate::settings::shown(&name);
            self.note(&name, "request.member_unknown", &[("member", json!(shown)), ("hint", hint)]);
        }
    }

    /// The pointer of a member. A name of the request is one step of it, whatever it contains; a place in a list is two.
    fn place(&self, name: &str) -> String {
        match name.split_once('/') {
            Some((list, index)) if self.known.contains(&list) => format!("{}/{index}", child(&self.pointer, list)),
            _ => child(&self.pointer, name),
        }
    }

    fn note(&mut self, name: &str, code: &str, args: &[(&str, Value)]) {
        if self.problems.len() >= MAX_PROBLEMS {
            return;
        }
        let pointer = self.place(name);
        let mut at = At::new(Input::Request, pointer, code);
        at.args.extend(args.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        self.problems.push(at);
    }
}

/// The name that a member has today, where it had another.
fn today(former: &str) -> Option<&'static str> {
    FORMER.iter().find(|(name, _)| *name == former).map(|(_, today)| *today)
}
