//! Credentials that one account takes from another (`auth.account`).

use serde_json::{Value, json};

/// The group `auth` of an account that takes credentials from another.
#[derive(Clone)]
pub(super) struct Resolved {
    /// The group with what was not given in the account itself: user name, password, token.
    pub(super) auth: Value,
    /// The code of what is wrong, and the account that it is about.
    pub(super) problem: Option<(&'static str, String)>,
}

/// How far an account has been followed.
enum State {
    New,
    /// On the way that is being followed.
    Begun,
    /// It takes nothing from another, or from one that is not there; that is noted where it is named.
    Plain,
    Done(Resolved),
    /// Its way leads in a circle, back to the account named here.
    Circle(String),
}

/// Follows `auth.account` of every account; the first account of a chain that has a value gives it. `None` where an account keeps its
/// own credentials.
///
/// `place` finds an account by its name. Each account is visited once, however long the chains are.
pub(super) fn resolve(accounts: &[&Value], place: &dyn Fn(&str) -> Option<usize>) -> Vec<Option<Resolved>> {
    let mut states: Vec<State> = accounts.iter().map(|_| State::New).collect();
    for start in 0..accounts.len() {
        let mut way: Vec<(usize, String)> = Vec::new();
        let mut here = start;
        // Down to an account whose credentials are known.
        let circle = loop {
            match &states[here] {
                State::New => {}
                State::Begun => break way.last().map(|(_, named)| named.clone()),
                State::Circle(name) => break Some(name.clone()),
                State::Plain | State::Done(_) => break None,
            }
            let Some(other) = accounts[here]["auth"]["account"].as_str() else {
                states[here] = State::Plain;
                break None;
            };
            let Some(next) = place(other) else {
                states[here] = State::Plain;
                break None;
            };
            states[here] = State::Begun;
            way.push((here, other.to_owned()));
            here = next;
        };
        // And back, each taking from the one behind it.
        for (index, (account, other)) in way.iter().enumerate().rev() {
            states[*account] = match &circle {
                Some(name) => State::Circle(name.clone()),
                None => {
                    let behind = way.get(index + 1).map_or(here, |(behind, _)| *behind);
                    follow(&accounts[*account]["auth"], other, accounts[behind], &states[behind])
                }
            };
        }
    }
    let resolved = |(state, account): (State, &&Value)| match state {
        State::Done(resolved) => Some(resolved),
        State::Circle(name) => Some(Resolved { auth: account["auth"].clone(), problem: Some(("settings.account_loop", name)) }),
        _ => None,
    };
    states.into_iter().zip(accounts).map(resolved).collect()
}

/// Puts into `auth` what it lacks and the account behind it has.
fn follow(auth: &Value, other: &str, behind: &Value, state: &State) -> State {
    let from = match state {
        // One whose own chain leads to an account that is not there has nothing to give for certain.
        State::Plain if behind["auth"]["account"].is_string() => return State::Plain,
        State::Done(resolved) => &resolved.auth,
        _ => &behind["auth"],
    };
    let mut auth = auth.clone();
    for member in ["user", "password", "oauth2"] {
        if auth.get(member).is_none() && from.get(member).is_some() && belongs(member, &auth["method"]) {
            auth[member] = from[member].clone();
        }
    }
    if auth["method"] == "account" {
        auth["method"] = json!(method(from["method"].as_str().unwrap_or_default()));
    }
    let mut problem = None;
    if let Some(auth) = auth.as_object_mut() {
        auth.shift_remove("account");
        let needs_nothing = matches!(auth["method"].as_str(), Some("windows" | "external"));
        // Whether a token needs a user beside it is the transport's to say.
        let is_complete = auth.contains_key("oauth2") || auth.contains_key("user") && auth.contains_key("password");
        if !needs_nothing && !is_complete {
            problem = Some(("settings.account_without_credentials", other.to_owned()));
        }
    }
    State::Done(Resolved { auth, problem })
}

/// How credentials are presented that belong to an account with this method. Its mechanism is one of its own server, so
/// only the kind of the credentials counts.
fn method(other: &str) -> &str {
    match other {
        "xoauth2" | "oauthbearer" | "oauth2" => "oauth2",
        "windows" | "external" => other,
        _ => "auto",
    }
}

/// Whether a method has use for a kind of credentials.
fn belongs(member: &str, method: &Value) -> bool {
    let by_token = matches!(method.as_str(), Some("xoauth2" | "oauthbearer" | "oauth2"));
    match member {
        "user" => true,
        "oauth2" => by_token || method == "account",
        _ => !by_token,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// How many accounts are looked up for a chain of `length` accounts, the last of which has the credentials.
    fn lookups(length: usize) -> usize {
        let account = |index: usize| match index + 1 == length {
            true => json!({"auth": {"method": "plain", "user": "u", "password": "p"}}),
            false => json!({"auth": {"method": "account", "account": (index + 1).to_string()}}),
        };
        let accounts: Vec<Value> = (0..length).map(account).collect();
        let count = Cell::new(0);
        let place = |id: &str| {
            count.set(count.get() + 1);
            id.parse().ok()
        };
        let resolved = resolve(&accounts.iter().collect::<Vec<_>>(), &place);
        let first = resolved[0].as_ref().unwrap();
        assert_eq!((&first.auth["password"], &first.problem), (&json!("p"), &None));
        count.get()
    }

    #[test]
    fn a_chain_twice_as_long_costs_twice_as_much() {
        assert_eq!((lookups(500), lookups(1000)), (499, 999));
    }

    #[test]
    fn an_account_whose_chain_leads_into_a_circle_is_refused() {
        let account = |other: &str| json!({"auth": {"method": "account", "account": other}});
        let accounts = [account("1"), account("2"), account("1"), json!({"auth": {"method": "none"}}), account("9")];
        let resolved = resolve(&accounts.iter().collect::<Vec<_>>(), &|id| id.parse().ok().filter(|place| *place < accounts.len()));
        let codes: Vec<_> = resolved.iter().map(|one| one.as_ref().and_then(|one| one.problem.as_ref()).map(|problem| problem.0)).collect();
        let circle = Some("settings.account_loop");
        assert_eq!(codes, [circle, circle, circle, None, None]);
    }
}
