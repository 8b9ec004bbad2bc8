//! JSON pointers (RFC 6901), as settings documents, requests and errors have them.

use serde_json::Value;
use std::borrow::Cow;

/// The pointer of the member of that name in the group at `pointer`.
pub fn child(pointer: &str, name: &str) -> String {
    // A check makes thousands of them, of names in which nothing has to be escaped.
    let mut child = String::with_capacity(pointer.len() + 1 + name.len());
    child.push_str(pointer);
    child.push('/');
    if name.contains(['~', '/']) {
        child.push_str(&name.replace('~', "~0").replace('/', "~1"));
    } else {
        child.push_str(name);
    }
    child
}

/// The pointer of the group that a member stands in, and the member's name.
pub(crate) fn parent(pointer: &str) -> Option<(&str, Cow<'_, str>)> {
    pointer.rsplit_once('/').map(|(group, name)| (group, unescaped(name)))
}

/// The names that a pointer consists of.
pub(crate) fn names(pointer: &str) -> impl Iterator<Item = Cow<'_, str>> {
    pointer.split('/').skip(1).map(unescaped)
}

/// The value at a pointer. [`Value::pointer`] copies each name twice, to look for what is escaped in it.
pub(crate) fn find<'v>(value: &'v Value, pointer: &str) -> Option<&'v Value> {
    names(pointer).try_fold(value, |value, name| member(value, &name))
}

/// The member of that name, or the item of that number.
pub(crate) fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        value => value.get(name),
    }
}

fn unescaped(name: &str) -> Cow<'_, str> {
    match name.contains('~') {
        true => Cow::Owned(name.replace("~1", "/").replace("~0", "~")),
        false => Cow::Borrowed(name),
    }
}
