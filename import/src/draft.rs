//! A settings document in the making, and what could not be carried over.

use serde_json::{Map, Value, json};

/// How many fields are named that could not be carried over; a file of some other kind has any number.
const MOST_LEFT_OUT: usize = 1000;

/// The longest text of a source that is repeated.
const LONGEST: usize = 200;

/// What came of reading a source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// The settings document; `{}` where nothing could be read. It holds no password.
    pub document: Value,
    /// What could not be carried over.
    pub left_out: Vec<LeftOut>,
    /// The passwords of the source, under the names by which the document refers to them.
    pub secrets: Vec<Secret>,
}

/// A field of the source that could not be carried over, or not as it was.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    /// The field as the source calls it; empty where it is the source as a whole.
    pub field: String,
    /// The reason, `import.…`; [`TEXTS`](crate::TEXTS) has the sentences.
    pub code: &'static str,
    /// What the sentence names.
    pub args: Map<String, Value>,
}

/// A password that the source holds in plain.
#[derive(Clone, PartialEq)]
pub struct Secret {
    /// The field as the source calls it.
    pub field: String,
    /// The name by which the document refers to it.
    pub name: String,
    /// The password.
    pub value: String,
}

/// Without the password.
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secret").field("name", &self.name).finish_non_exhaustive()
    }
}

impl LeftOut {
    /// Adds what the sentence names.
    pub(crate) fn arg(&mut self, name: &str, value: impl Into<Value>) -> &mut LeftOut {
        self.args.insert(name.to_owned(), value.into());
        self
    }

    /// Nothing more is to be said.
    pub(crate) fn end(&mut self) {}
}

/// A document in the making.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) document: Map<String, Value>,
    /// The source, which the names of secrets begin with.
    source: &'static str,
    left_out: Vec<LeftOut>,
    secrets: Vec<Secret>,
}

impl Draft {
    pub(crate) fn of(source: &'static str) -> Draft {
        Draft { source, ..Draft::default() }
    }

    /// Refers to a password in its place; the name under which it is to be kept.
    pub(crate) fn refer(&mut self, pointer: &str, name: &str) -> String {
        let name = format!("{}/{name}", self.source);
        self.set(pointer, json!({ "secret": name }));
        name
    }

    /// Names a field that could not be carried over.
    pub(crate) fn leave_out(&mut self, field: &str, code: &'static str) -> &mut LeftOut {
        // What is too much is not named one by one; the last one stands for it.
        if self.left_out.len() >= MOST_LEFT_OUT {
            self.left_out.truncate(MOST_LEFT_OUT - 1);
            self.left_out.push(LeftOut { field: String::new(), code: "import.more_left_out", args: Map::new() });
            self.left_out.truncate(MOST_LEFT_OUT);
            let last = self.left_out.len() - 1;
            return &mut self.left_out[last];
        }
        self.left_out.push(LeftOut { field: shortened(field), code, args: Map::new() });
        let last = self.left_out.len() - 1;
        &mut self.left_out[last]
    }

    /// Names a field whose value does not fit.
    pub(crate) fn refuse(&mut self, field: &str, code: &'static str, value: &str) {
        self.leave_out(field, code).arg("value", shortened(value));
    }

    /// Sets a member of the document by its pointer; the objects on the way are made.
    pub(crate) fn set(&mut self, pointer: &str, value: impl Into<Value>) {
        let mut names = pointer.split('/').skip(1);
        let Some(first) = names.next() else { return };
        let mut place = self.document.entry(unescaped(first)).or_insert(Value::Null);
        for name in names {
            if !place.is_object() {
                *place = json!({});
            }
            place = &mut place[unescaped(name)];
        }
        *place = value.into();
    }

    /// A member of the document.
    pub(crate) fn get(&self, pointer: &str) -> Option<&Value> {
        let mut names = pointer.split('/').skip(1);
        let mut place = self.document.get(&unescaped(names.next()?))?;
        for name in names {
            place = place.get(unescaped(name))?;
        }
        Some(place)
    }

    /// Takes a member out of the document, with what it holds.
    pub(crate) fn take(&mut self, pointer: &str) -> Option<Value> {
        let (parent, name) = pointer.rsplit_once('/')?;
        if parent.is_empty() {
            return self.document.remove(&unescaped(name));
        }
        let mut names = parent.split('/').skip(1);
        let mut place = self.document.get_mut(&unescaped(names.next()?))?;
        for inner in names {
            place = place.get_mut(unescaped(inner))?;
        }
        place.as_object_mut()?.remove(&unescaped(name))
    }

    /// Puts a reference in the place of a password. An empty one is none.
    pub(crate) fn secret(&mut self, field: &str, pointer: &str, name: &str, value: &str) {
        if !value.is_empty() {
            let name = self.refer(pointer, name);
            self.secrets.push(Secret { field: shortened(field), name, value: value.to_owned() });
        }
    }

    /// Whether an account is there.
    pub(crate) fn has(&self, account: &str) -> bool {
        self.get(&format!("/accounts/{}", escaped(account))).is_some()
    }

    /// The names of the accounts.
    pub(crate) fn accounts(&self) -> Vec<String> {
        self.get("/accounts").and_then(Value::as_object).map(|accounts| accounts.keys().cloned().collect()).unwrap_or_default()
    }

    /// The end: secrets of accounts that are gone are no use.
    pub(crate) fn done(mut self) -> Imported {
        let document = Value::Object(std::mem::take(&mut self.document));
        let mut referred = Vec::new();
        references(&document, &mut referred);
        self.secrets.retain(|secret| referred.contains(&secret.name));
        Imported { document, left_out: self.left_out, secrets: self.secrets }
    }
}

fn references(value: &Value, found: &mut Vec<String>) {
    if let Some(name) = value.get("secret").and_then(Value::as_str) {
        found.push(name.to_owned());
    }
    value.as_object().into_iter().flatten().for_each(|(_, inner)| references(inner, found));
}

/// A name as it stands in a JSON pointer (RFC 6901). This crate knows no other of Postkontor's, for two lines as little as for more.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn unescaped(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}

/// A text of the source without line breaks, and not longer than a person wants to read.
pub(crate) fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(LONGEST).map(|character| if character.is_control() { ' ' } else { character }).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
