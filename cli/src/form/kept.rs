//! The passwords of the file, which the page never gets: it sees that there is one.
//!
//! In the place of each stands a reference with a name of ours, `{"secret":"postkontor:kept:3"}`. The page carries it along; what comes
//! back gets the password again, at places for secrets only, so that no check can show it as something else.

use super::places::{Place, Places};
use postkontor_core::pointer::child;
use serde_json::{Map, Value, json};

/// What the names of kept values begin with.
pub(crate) const PREFIX: &str = "postkontor:kept:";

/// The values that the page did not get.
#[derive(Default)]
pub(crate) struct Kept(Vec<Value>);

impl Kept {
    /// The document as the page may see it.
    pub(crate) fn hide(&mut self, document: &mut Value, places: &Places) {
        self.hide_at(document, "", places);
    }

    fn hide_at(&mut self, value: &mut Value, pointer: &str, places: &Places) {
        match (&*value, places.at(pointer)) {
            (Value::Null | Value::Bool(_), _) | (_, Place::Plain) => {}
            (Value::String(text), _) if text.is_empty() => {}
            (Value::Object(members), Place::Secret) if name(members).is_some() => {}
            (Value::Array(_), Place::List) => {
                let Value::Array(items) = value else { return };
                for (place, item) in items.iter_mut().enumerate() {
                    self.hide_at(item, &child(pointer, &place.to_string()), places);
                }
            }
            // An item that stands where its list should.
            (Value::Object(_), Place::List) => *value = self.mark(value.take()),
            (Value::Object(_), Place::Unknown) => {
                let Value::Object(members) = value else { return };
                for (name, member) in members {
                    self.hide_at(member, &child(pointer, name), places);
                }
            }
            _ => *value = self.mark(value.take()),
        }
    }

    /// The reference that stands for a value.
    fn mark(&mut self, value: Value) -> Value {
        let number = self.0.iter().position(|kept| *kept == value).unwrap_or_else(|| {
            self.0.push(value);
            self.0.len() - 1
        });
        json!({"secret": format!("{PREFIX}{number}")})
    }

    /// The document with what was kept of it.
    pub(crate) fn restore(&self, document: &mut Value, places: &Places) {
        self.restore_at(document, "", places);
    }

    fn restore_at(&self, value: &mut Value, pointer: &str, places: &Places) {
        if let Value::Array(items) = value {
            for (place, item) in items.iter_mut().enumerate() {
                self.restore_at(item, &child(pointer, &place.to_string()), places);
            }
            return;
        }
        let Value::Object(members) = value else { return };
        let kept = name(members).and_then(|name| self.0.get(name.strip_prefix(PREFIX)?.parse::<usize>().ok()?));
        match kept {
            Some(kept) if places.at(pointer) != Place::Plain => *value = kept.clone(),
            _ => {
                for (name, member) in members {
                    self.restore_at(member, &child(pointer, name), places);
                }
            }
        }
    }
}

/// The name in a reference to a secret.
fn name(members: &Map<String, Value>) -> Option<&str> {
    members.get("secret").and_then(Value::as_str).filter(|_| members.len() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use postkontor_core::Host;

    /// A host without plugins: accounts have no known place but their transport.
    fn places() -> Places {
        Places::of(&Host::open("{}", Box::new(())).unwrap())
    }

    #[test]
    fn what_is_not_known_to_be_plain_is_kept_and_comes_back() {
        let document = json!({
            "enabled": true,
            "sender": {"address": "a@example.com", "adress": "hush-1"},
            "accounts": {"a/b": {"transport": "telex", "auth": {"password": "hush-2", "user": {"secret": "hush-3"}, "list": ["hush-4"]}}},
            "pasword": "hush-5",
            "user": {"accounts": {"c": {"transport": "telex", "auth": {"password": 4711, "token": ""}}}},
        });
        let (mut kept, places, mut seen) = (Kept::default(), places(), document.clone());
        kept.hide(&mut seen, &places);
        let shown = seen.to_string();
        assert!(!shown.contains("hush-") && !shown.contains("4711"), "{shown}");
        assert_eq!((&seen["sender"]["address"], &seen["accounts"]["a/b"]["transport"]), (&json!("a@example.com"), &json!("telex")));
        kept.restore(&mut seen, &places);
        assert_eq!(seen, document);
    }

    #[test]
    fn passwords_in_a_list_of_groups_are_kept_and_come_back_with_their_items() {
        let keys =
            json!([{"certificate": "old.p12", "password": "hush-1"}, {"certificate": "new.p12", "password": {"secret": "new"}}, "hush-2"]);
        let document = json!({"receive": {"smime": {"keys": keys}}, "user": {"receive": {"smime": {"keys": {"password": "hush-3"}}}}});
        let (mut kept, places, mut seen) = (Kept::default(), places(), document.clone());
        kept.hide(&mut seen, &places);
        assert!(!seen.to_string().contains("hush-"), "{seen}");
        let shown = &seen["receive"]["smime"]["keys"];
        assert_eq!((&shown[0]["certificate"], &shown[1]), (&json!("old.p12"), &document["receive"]["smime"]["keys"][1]));
        // The page has changed their order.
        seen["receive"]["smime"]["keys"].as_array_mut().unwrap().swap(0, 1);
        kept.restore(&mut seen, &places);
        let mut expected = document;
        expected["receive"]["smime"]["keys"].as_array_mut().unwrap().swap(0, 1);
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_kept_value_does_not_come_back_where_everyone_sees_it() {
        let (mut kept, places, mut seen) = (Kept::default(), places(), json!({"accounts": {"a": {"auth": {"password": "hush"}}}}));
        kept.hide(&mut seen, &places);
        let mut moved = json!({"sender": {"address": seen["accounts"]["a"]["auth"]["password"].take()}});
        kept.restore(&mut moved, &places);
        assert!(!moved.to_string().contains("hush"), "{moved}");
    }
}
