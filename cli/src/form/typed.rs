//! Passwords that were typed into the page: on saving they go where the command keeps secrets, and a reference stays in the document.

use super::places::{Place, Places};
use postkontor_core::Secret;
use postkontor_core::pointer::child;
use serde_json::{Value, json};

/// Stores each password of a document under a name that `put` gives, and puts the reference in its place. Returns how many found no
/// place and stay in the document.
pub(crate) fn store(document: &mut Value, places: &Places, put: &mut dyn FnMut(&str, Secret) -> Option<String>) -> usize {
    store_at(document, "", places, put)
}

fn store_at(value: &mut Value, pointer: &str, places: &Places, put: &mut dyn FnMut(&str, Secret) -> Option<String>) -> usize {
    match value {
        Value::String(text) if !text.is_empty() && places.at(pointer) == Place::Secret => match put(pointer, Secret::new(text.as_str())) {
            Some(name) => {
                *value = json!({ "secret": name });
                0
            }
            None => 1,
        },
        Value::Object(members) => members.iter_mut().map(|(name, member)| store_at(member, &child(pointer, name), places, put)).sum(),
        _ => 0,
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
        let left = store(&mut document, &places, &mut |place, secret| {
            stored.push((place.to_owned(), secret.reveal().to_owned()));
            (secret.reveal() == "one").then(|| format!("s{place}"))
        });
        assert_eq!(left, 1);
        let expected = [("/accounts/a~1b/auth/password", "one"), ("/accounts/c/auth/password", "two")];
        assert_eq!(stored, expected.map(|(place, text)| (place.to_owned(), text.to_owned())));
        assert_eq!(document["accounts"]["a/b"]["auth"], json!({"user": "anna", "password": {"secret": "s/accounts/a~1b/auth/password"}}));
        assert_eq!((&document["accounts"]["c"], &document["accounts"]["e"]), (&auth("two"), &auth("")));
    }
}
