//! Passwords that were typed into the page: on saving they go where the command keeps secrets, and a reference stays in the document.

use super::places::{Place, Places};
use postkontor_core::Secret;
use postkontor_core::pointer::child;
use serde_json::{Value, json};
use std::collections::HashSet;

/// Stores each password of a document under the name of its place behind `owner`, and puts the reference in its place; `put` says whether
/// it was kept. Returns how many found no place and stay in the document.
///
/// A name that something else refers to is not used again: the items of a list change their places.
pub(crate) fn store(document: &mut Value, places: &Places, owner: &str, put: &mut dyn FnMut(&str, Secret) -> bool) -> usize {
    let mut taken = HashSet::new();
    collect_names(document, &mut taken);
    Store { places, owner, taken, put }.all(document, "")
}

fn collect_names(value: &Value, names: &mut HashSet<String>) {
    match value {
        Value::Object(members) => {
            names.extend(members.get("secret").and_then(Value::as_str).filter(|_| members.len() == 1).map(str::to_owned));
            members.values().for_each(|member| collect_names(member, names));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_names(item, names)),
        _ => {}
    }
}

struct Store<'a> {
    places: &'a Places,
    owner: &'a str,
    taken: HashSet<String>,
    put: &'a mut dyn FnMut(&str, Secret) -> bool,
}

impl Store<'_> {
    fn all(&mut self, value: &mut Value, pointer: &str) -> usize {
        match value {
            Value::String(text) if !text.is_empty() && self.places.at(pointer) == Place::Secret => {
                let name = self.free_name(pointer);
                if !(self.put)(&name, Secret::new(text.as_str())) {
                    return 1;
                }
                *value = json!({ "secret": name });
                self.taken.insert(name);
                0
            }
            Value::Object(members) => members.iter_mut().map(|(name, member)| self.all(member, &child(pointer, name))).sum(),
            Value::Array(items) => {
                let each = items.iter_mut().enumerate();
                each.map(|(place, item)| self.all(item, &child(pointer, &place.to_string()))).sum()
            }
            _ => 0,
        }
    }

    fn free_name(&self, pointer: &str) -> String {
        let name = format!("{}{pointer}", self.owner);
        let mut further = (2..).map(|number: u64| format!("{name}-{number}"));
        Some(name.clone())
            .filter(|name| !self.taken.contains(name))
            .or_else(|| further.find(|name| !self.taken.contains(name)))
            .unwrap_or(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_password_leaves_its_reference_and_one_without_a_place_stays() {
        let places = Places::with_secret("/accounts/*/auth/password");
        let auth = |password: &str| json!({"auth": {"user": "anna", "password": password}});
        let mut document =
            json!({"accounts": {"a/b": auth("one"), "c": auth("two"), "d": {"auth": {"password": {"secret": "x"}}}, "e": auth("")}});
        let mut stored = Vec::new();
        let left = store(&mut document, &places, "s", &mut |name, secret| {
            stored.push((name.to_owned(), secret.reveal().to_owned()));
            secret.reveal() == "one"
        });
        assert_eq!(left, 1);
        let expected = [("s/accounts/a~1b/auth/password", "one"), ("s/accounts/c/auth/password", "two")];
        assert_eq!(stored, expected.map(|(place, text)| (place.to_owned(), text.to_owned())));
        assert_eq!(document["accounts"]["a/b"]["auth"], json!({"user": "anna", "password": {"secret": "s/accounts/a~1b/auth/password"}}));
        assert_eq!((&document["accounts"]["c"], &document["accounts"]["e"]), (&auth("two"), &auth("")));
    }
    #[test]
    fn a_password_takes_no_name_that_an_item_has_brought_along() {
        let places = Places::with_secret("/keys");
        let mut document = json!({"keys": "new", "others": [{"password": {"secret": "s/keys"}}, {"password": {"secret": "s/keys-2"}}]});
        let mut stored = Vec::new();
        let left = store(&mut document, &places, "s", &mut |name, _| {
            stored.push(name.to_owned());
            true
        });
        assert_eq!((left, stored), (0, vec!["s/keys-3".to_owned()]));
        assert_eq!(document["keys"], json!({"secret": "s/keys-3"}));
    }
}
