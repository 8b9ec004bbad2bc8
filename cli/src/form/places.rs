//! Where in a document a secret may stand, and where certainly none does.

use postkontor_core::{Host, ListedTransport};
use serde_json::Value;
use std::collections::HashSet;

/// The layers that a document may have at its root.
const LAYERS: [&str; 3] = ["company", "user", "workstation"];

/// What may stand at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A value that everyone may see.
    Plain,
    /// A secret, or a reference to one.
    Secret,
    /// A list of groups.
    List,
    /// Nothing that is known: it might be a secret under a mistyped name.
    Unknown,
}

/// The places of a document, gathered from the schemas of all transports: of an account whose transport is missing or unknown, too, no
/// password shows.
#[derive(Default)]
pub(crate) struct Places {
    /// Values of accounts and of the document's own groups, by their pointers; those of an account lack its name.
    plain: HashSet<String>,
    secret: HashSet<String>,
    /// Lists of groups; what is in a group stands behind `/*`.
    lists: HashSet<String>,
}

impl Places {
    /// The places that a host knows.
    pub(crate) fn of(host: &Host) -> Places {
        let mut places = Places::default();
        places.plain.insert(account_place("/transport"));
        if let Ok(form) = host.schema("", "") {
            places.gather(&form.schema, String::new());
        }
        for listed in host.transports() {
            let ListedTransport::Usable { name, .. } = listed else { continue };
            if let Ok(form) = host.schema(&name, "") {
                places.gather(&form.schema, account_place(""));
            }
        }
        places
    }

    /// One place for a secret.
    #[cfg(test)]
    pub(crate) fn with_secret(place: &str) -> Places {
        Places { secret: [place.to_owned()].into(), ..Places::default() }
    }

    /// Notes the fields of a schema, also those that show under conditions.
    fn gather(&mut self, schema: &Value, pointer: String) {
        let annotation = &schema["x-postkontor"];
        if annotation["secret"] == true || annotation["reference"] == true {
            self.plain.remove(&pointer);
            self.secret.insert(pointer);
            return;
        }
        if schema["items"].get("properties").is_some() {
            self.gather(&schema["items"], format!("{pointer}/*"));
            self.lists.insert(pointer);
            return;
        }
        let branches = ["allOf", "anyOf"].into_iter().flat_map(|word| schema[word].as_array().into_iter().flatten());
        let branches = branches.flat_map(|branch| [&branch["then"], &branch["else"], branch]);
        let mut is_group = false;
        for group in std::iter::once(schema).chain(branches) {
            for (name, member) in group["properties"].as_object().into_iter().flatten() {
                is_group = true;
                // What an `if` or a `then` only asks for has no type and is no field.
                if member.get("type").is_some() && (member.get("title").is_some() || member.get("x-postkontor").is_some()) {
                    self.gather(member, format!("{pointer}/{name}"));
                }
            }
        }
        if !is_group && !self.secret.contains(&pointer) {
            self.plain.insert(pointer);
        }
    }

    /// What may stand at a pointer into a document.
    pub(crate) fn at(&self, pointer: &str) -> Place {
        let place = self.of_any_item(&named(pointer));
        match place {
            place if self.secret.contains(&place) => Place::Secret,
            place if self.plain.contains(&place) => Place::Plain,
            place if self.lists.contains(&place) => Place::List,
            _ => Place::Unknown,
        }
    }

    /// The place without the numbers of items in lists of groups.
    fn of_any_item(&self, place: &str) -> String {
        place.split('/').skip(1).fold(String::new(), |place, name| match self.lists.contains(&place) {
            true => format!("{place}/*"),
            false => format!("{place}/{name}"),
        })
    }
}

/// The place of an account's member, whatever the account is called.
fn account_place(rest: &str) -> String {
    format!("/accounts/*{rest}")
}

/// The pointer without its layer and without the name of the account.
fn named(pointer: &str) -> String {
    let rest = LAYERS.iter().find_map(|layer| {
        let rest = pointer.strip_prefix('/')?.strip_prefix(layer)?;
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    });
    let rest = rest.unwrap_or(pointer);
    match rest.strip_prefix("/accounts/") {
        Some(account) => account_place(account.find('/').map_or("", |end| &account[end..])),
        None => rest.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_place_is_the_same_in_each_layer_and_account() {
        let schema = json!({"properties": {"auth": {"type": "object", "title": "Login", "properties": {
            "user": {"type": "string", "title": "User"},
        }, "allOf": [
            {"if": {"properties": {"password": {"type": "string"}}},
             "then": {"properties": {"password": {"type": "string", "title": "Password", "x-postkontor": {"secret": true}}}}},
            {"if": {"properties": {"password": {"type": "object"}}}, "then": {"properties": {"password": {"type": "object",
             "properties": {"secret": {"type": "string", "title": "Password"}}, "x-postkontor": {"reference": true}}}}},
        ]}}});
        let mut places = Places::default();
        places.gather(&schema, account_place(""));
        for layer in ["", "/company", "/user", "/workstation"] {
            assert_eq!(places.at(&format!("{layer}/accounts/a~1b/auth/user")), Place::Plain, "{layer}");
            assert_eq!(places.at(&format!("{layer}/accounts/a~1b/auth/password")), Place::Secret, "{layer}");
            assert_eq!(places.at(&format!("{layer}/accounts/a~1b/auth/pasword")), Place::Unknown, "{layer}");
        }
        assert_eq!(places.at("/accounts"), Place::Unknown);
        let keys = json!({"properties": {"keys": {"type": "array", "title": "Keys", "items": {"type": "object", "title": "Key", "properties": {
            "file": {"type": "string", "title": "File"},
            "password": {"type": "string", "title": "Password", "x-postkontor": {"secret": true}},
        }}}}});
        places.gather(&keys, String::new());
        let found = ["/keys", "/keys/0/file", "/keys/11/password", "/user/keys/0/password", "/keys/0/pasword", "/keys/0"];
        let expected = [Place::List, Place::Plain, Place::Secret, Place::Secret, Place::Unknown, Place::Unknown];
        assert_eq!(found.map(|pointer| places.at(pointer)), expected);
        assert_eq!(places.at("/companys/accounts/a/auth/user"), Place::Unknown);
    }
}
