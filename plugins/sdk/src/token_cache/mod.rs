//! The access tokens that a process keeps, for all transports of its accounts.
//!
//! Each plugin is a library with a memory of its own, so the host keeps the tokens, and plugins reach them through the two functions for
//! secrets in the host's table, which never changes. The names begin with [`RESERVED`]; a host that keeps tokens says so in
//! [`Opening::token_cache`](crate::Opening::token_cache) and answers them itself, so that no program ever sees one. An older host says nothing,
//! and the plugin keeps its tokens alone, in the same way.
//!
//! A name holds the digest of the credentials by which its tokens are got, secrets included. To read a token, a plugin needs what the token could
//! be got by; there is no list of names, and nothing can be found by an account's name.
//!
//! Not for the authors of transports, who have [`net::oauth`](crate::net::oauth).

mod family;
mod name;

use crate::{Secret, Status};
pub use family::{Cached, Family};
pub use name::{Item, Name, RESERVED};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How many families are kept. Beyond it those make room that have nothing to give, then the one that was asked for longest ago.
const MOST: usize = 4096;

static FAMILIES: Mutex<Option<HashMap<String, Arc<Family>>>> = Mutex::new(None);

/// Whether the name of a secret is the host's own.
pub fn is_reserved(name: &str) -> bool {
    name.starts_with(RESERVED)
}

/// The family of this name in the library that asks; it is made where there is none.
pub fn family(name: &str) -> Arc<Family> {
    let mut families = FAMILIES.lock().unwrap_or_else(PoisonError::into_inner);
    let families = families.get_or_insert_default();
    if let Some(family) = families.get(name) {
        return family.clone();
    }
    make_room(families, MOST);
    families.entry(name.to_owned()).or_default().clone()
}

/// Makes a family known by one more name, unless another has it.
///
/// A provider may give a new refresh token with each access token. The account that is opened with it then finds what the account knows that
/// was opened with the old one, and the two take turns.
pub fn rename(family: &Arc<Family>, name: &str) {
    let mut families = FAMILIES.lock().unwrap_or_else(PoisonError::into_inner);
    let families = families.get_or_insert_default();
    if families.contains_key(name) {
        return;
    }
    make_room(families, MOST);
    families.insert(name.to_owned(), family.clone());
    family.known_as(name).and_then(|oldest| families.remove(&oldest));
}

/// Makes room for one more. A family that somebody holds stays.
fn make_room(families: &mut HashMap<String, Arc<Family>>, most: usize) {
    if families.len() < most {
        return;
    }
    let idle: Vec<Arc<Family>> = families.values().filter(|family| !is_held(family)).cloned().collect();
    let mut gone: Vec<&Arc<Family>> = idle.iter().filter(|family| !family.has_something()).collect();
    if gone.is_empty() {
        gone.extend(idle.iter().min_by_key(|family| family.asked()));
    }
    families.retain(|_, family| !gone.iter().any(|one| Arc::ptr_eq(one, family)));
}

/// Whether something besides its names leads to it.
fn is_held(family: &Arc<Family>) -> bool {
    Arc::strong_count(family) > 1 + family.further_names()
}

/// The host's side of one call: what a plugin gets and puts under reserved names.
#[derive(Default)]
pub struct Visit {
    /// The families whose turn the call has. It goes on to the next call when this one ends, however it ends.
    turns: RefCell<Vec<(String, Arc<Family>)>>,
}

impl Visit {
    /// The answer to `secret_get`: [`Status::NotFound`] where nothing is kept, [`Status::Later`] where another call has the turn,
    /// [`Status::Argument`] for a name that no host knows.
    pub fn get(&self, name: &str) -> Result<Secret, Status> {
        let name = Name::read(name).ok_or(Status::Argument)?;
        let family = family(name.family);
        if name.item != Item::Turn {
            return family.get(name.item);
        }
        let given = family.get(Item::Turn)?;
        self.turns.borrow_mut().push((name.family.to_owned(), family));
        Ok(given)
    }

    /// The answer to `secret_put`: [`Status::Argument`] for a name or value that no host knows, and for a turn that the call does not have.
    pub fn put(&self, name: &str, value: &Secret) -> Result<(), Status> {
        let name = Name::read(name).ok_or(Status::Argument)?;
        match name.item {
            Item::Turn => self.give_turn(name.family),
            Item::Same => {
                let old = Name::read_digest(value.reveal()).ok_or(Status::Argument)?;
                rename(&family(old), name.family);
                Ok(())
            }
            item => family(name.family).put(item, value),
        }
    }

    fn give_turn(&self, name: &str) -> Result<(), Status> {
        let mut turns = self.turns.borrow_mut();
        let place = turns.iter().position(|(family, _)| family == name).ok_or(Status::Argument)?;
        turns.remove(place).1.give_turn();
        Ok(())
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        for (_, family) in self.turns.get_mut() {
            family.give_turn();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(family: u8, item: &str) -> String {
        format!("{RESERVED}{}:{item}", format!("{family:02x}").repeat(32))
    }

    fn token() -> Secret {
        Secret::new("3600000 t0ken")
    }

    #[test]
    fn what_one_call_has_put_another_gets() {
        Visit::default().put(&name(1, "token:a b"), &token()).unwrap();
        let kept = Visit::default().get(&name(1, "token:a b")).unwrap();
        assert_eq!(Cached::read(&kept).unwrap().token, Secret::new("t0ken"));
        assert_eq!(Visit::default().get(&name(1, "token:a")), Err(Status::NotFound));
        assert_eq!(Visit::default().get(&name(2, "token:a b")), Err(Status::NotFound));
        Visit::default().put(&name(1, "refused"), &Secret::new("t0ken")).unwrap();
        assert_eq!(Visit::default().get(&name(1, "token:a b")), Err(Status::NotFound));
    }

    #[test]
    fn a_turn_ends_with_its_call() {
        let [one, other] = [(); 2].map(|()| Visit::default());
        one.get(&name(3, "turn")).unwrap();
        assert_eq!(other.get(&name(3, "turn")), Err(Status::Later));
        // Nor can another call end it.
        assert_eq!(other.put(&name(3, "turn"), &Secret::default()), Err(Status::Argument));
        drop(one);
        other.get(&name(3, "turn")).unwrap();
        other.put(&name(3, "turn"), &Secret::default()).unwrap();
        Visit::default().get(&name(3, "turn")).unwrap();
    }

    #[test]
    fn a_family_goes_by_the_names_of_its_latest_credentials() {
        let old = "05".repeat(32);
        Visit::default().put(&name(5, "token:s"), &token()).unwrap();
        Visit::default().put(&name(6, "same"), &Secret::new(old.as_str())).unwrap();
        assert!(Visit::default().get(&name(6, "token:s")).is_ok());
        // The name belongs to it from now on.
        Visit::default().put(&name(6, "same"), &Secret::new("07".repeat(32))).unwrap();
        assert!(Visit::default().get(&name(6, "token:s")).is_ok());
        assert_eq!(Visit::default().get(&name(6, "same")), Err(Status::Argument));
        for wrong in ["", "5", &"0A".repeat(32)] {
            assert_eq!(Visit::default().put(&name(8, "same"), &Secret::new(wrong)), Err(Status::Argument), "{wrong}");
        }
        for number in 0..100 {
            rename(&family(&old), &format!("{number}"));
        }
        assert!(family("99").get(Item::Token("s")).is_ok() && family("0").get(Item::Token("s")).is_err());
        assert!(family(&old).get(Item::Token("s")).is_ok());
    }

    #[test]
    fn a_reserved_name_that_nothing_stands_for_is_answered_by_the_host() {
        for wrong in [name(4, "other"), name(4, ""), format!("{RESERVED}x:turn"), RESERVED.to_owned(), name(4, "token")] {
            assert_eq!(Visit::default().get(&wrong), Err(Status::Argument), "{wrong}");
            assert_eq!(Visit::default().put(&wrong, &token()), Err(Status::Argument), "{wrong}");
        }
        for value in ["", "token", "12", "12 ", "x t", "-1 t", "1 a b", "1 a\nb"] {
            assert_eq!(Visit::default().put(&name(4, "token:s"), &Secret::new(value)), Err(Status::Argument), "{value:?}");
        }
    }

    #[test]
    fn room_is_made_where_nothing_is_lost_first() {
        let mut families: HashMap<String, Arc<Family>> = HashMap::new();
        let kept = |name: &str, families: &mut HashMap<_, _>| {
            let family = Arc::new(Family::default());
            family.put(Item::Token("s"), &token()).unwrap();
            families.insert(name.to_owned(), family);
        };
        kept("older", &mut families);
        families.insert("empty".to_owned(), Arc::default());
        let held = Arc::new(Family::default());
        families.insert("held".to_owned(), held.clone());
        make_room(&mut families, 3);
        let mut names: Vec<&String> = families.keys().collect();
        names.sort();
        assert_eq!(names, ["held", "older"]);
        // One with two names goes as a whole.
        let older = families["older"].clone();
        assert_eq!(older.known_as("older still"), None);
        families.insert("older still".to_owned(), older);
        kept("newer", &mut families);
        make_room(&mut families, 3);
        assert!(
            !families.contains_key("older")
                && !families.contains_key("older still")
                && families.contains_key("newer")
                && families.contains_key("held")
        );
    }
}
