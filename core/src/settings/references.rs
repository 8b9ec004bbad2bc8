//! What refers from one account to another, and from the document to its accounts: whether it is there, and whether it can what is
//! wanted of it.

use super::Schemas;
use super::account::Account;
use super::credentials;
use super::findings::Reference;
use super::problem::{MAX_PROBLEMS, Problem, shown, suggestion};
use super::repair::Repair;
use super::secrets::wipe;
use crate::operation;
use crate::pointer::child;
use serde_json::Value;
use std::collections::HashMap;

/// Notes each mention of an account that is not there or not able, and puts in the credentials that accounts take from each other.
///
/// `places` says where in `accounts` each stands; `own` are the mentions in the document's own groups, whose problems go to `problems`.
pub(super) fn check(
    accounts: &mut [Account],
    places: &HashMap<String, usize>,
    groups: &Value,
    own: &[Reference],
    schemas: &dyn Schemas,
    problems: &mut Vec<Problem>,
) {
    let mut names = Names { ids: accounts.iter().map(|account| account.id.clone()).collect(), hints: MAX_PROBLEMS };
    for reference in own.iter().take(names.ids.len().max(MAX_PROBLEMS)) {
        match places.get(&reference.account) {
            None => problems.push(names.unknown(reference)),
            Some(place) => problems.extend(unable(reference, &accounts[*place], accounts, schemas)),
        }
    }
    problems.extend(copying_unable(groups, places, accounts, schemas));
    let loops = via_loops(accounts, places);
    let mut found: Vec<Vec<Problem>> = Vec::with_capacity(accounts.len());
    for (account, is_loop) in accounts.iter().zip(loops) {
        let mut of_account = Vec::new();
        for reference in &account.references {
            match places.get(&reference.account) {
                None => of_account.push(names.unknown(reference)),
                Some(_) if reference.via && is_loop => {
                    of_account.push(Problem::new(&reference.pointer, "settings.via_loop").arg("account", shown(&reference.account)));
                }
                Some(place) if reference.via => of_account.extend(unable(reference, &accounts[*place], accounts, schemas)),
                Some(_) => {}
            }
        }
        found.push(of_account);
    }
    let settings: Vec<&Value> = accounts.iter().map(|account| &account.settings).collect();
    let resolved = credentials::resolve(&settings, &|id| places.get(id).copied());
    for ((account, of_account), resolved) in accounts.iter_mut().zip(found).zip(resolved) {
        account.problems.extend(of_account);
        account.resolved = account.settings.clone();
        let Some(resolved) = resolved else { continue };
        wipe(&mut std::mem::replace(&mut account.resolved["auth"], resolved.auth));
        let place = child(&child("/accounts", &account.id), "auth");
        account
            .problems
            .extend(resolved.problem.map(|(code, other)| Problem::new(&child(&place, "account"), code).arg("account", shown(&other))));
    }
}

/// The names of the accounts, for suggestions.
struct Names {
    ids: Vec<String>,
    /// How many more hints are looked for: each costs a comparison with every name.
    hints: usize,
}

impl Names {
    fn unknown(&mut self, reference: &Reference) -> Problem {
        let problem = Problem::new(&reference.pointer, "settings.account_unknown").arg("account", shown(&reference.account));
        let known = if self.hints > 0 { self.ids.as_slice() } else { &[] };
        self.hints = self.hints.saturating_sub(1);
        problem.meant(&reference.account, known.iter().map(String::as_str))
    }
}

/// A problem where an account is to do what its transport cannot: send or receive.
fn unable(reference: &Reference, account: &Account, all: &[Account], schemas: &dyn Schemas) -> Option<Problem> {
    let (operation, code) = match reference.pointer.as_str() {
        _ if reference.via => ("send", "settings.sending_account_unable"),
        pointer if pointer.starts_with("/send/") => ("send", "settings.sending_account_unable"),
        "/receive/account" => ("receive", "settings.receiving_account_unable"),
        _ => return None,
    };
    let can = |account: &Account| !account.transport.is_empty() && schemas.supports(&account.transport, operation);
    // Without a transport the account has a problem of its own.
    if account.transport.is_empty() || can(account) {
        return None;
    }
    let problem = Problem::new(&reference.pointer, code).arg("account", shown(&account.id)).arg("transport", shown(&account.transport));
    Some(suggested(problem, all.iter().find(|account| can(account))))
}

/// What stands in the way of keeping copies: no account is named, or one that cannot file.
fn copying_unable(groups: &Value, places: &HashMap<String, usize>, all: &[Account], schemas: &dyn Schemas) -> Option<Problem> {
    if groups["sent"]["copy"] != true {
        return None;
    }
    let can = |account: &Account| schemas.supports(&account.transport, operation::FILE);
    let problem = match groups["sent"]["account"].as_str().or(groups["receive"]["account"].as_str()) {
        None => Problem::new("/sent/account", "settings.copying_account_missing"),
        Some(id) => {
            // One that is not there at all has been noted.
            let account = all.get(*places.get(id)?).filter(|account| !can(account))?;
            let problem = Problem::new("/sent/account", "settings.copying_account_unable").arg("account", shown(id));
            problem.arg("transport", shown(&account.transport))
        }
    };
    Some(suggested(problem, all.iter().find(|account| !account.transport.is_empty() && can(account))))
}

/// The problem with the account that could do it.
fn suggested(problem: Problem, account: Option<&Account>) -> Problem {
    let Some(account) = account else { return problem.arg("hint", "") };
    let repair = Repair::value(&problem.pointer, account.id.as_str());
    problem.arg("hint", suggestion(&account.id)).repair(repair)
}

/// Which accounts send by one another in a circle, or by one that does: their mail would never leave.
fn via_loops(accounts: &[Account], places: &HashMap<String, usize>) -> Vec<bool> {
    let via =
        |account: &Account| account.references.iter().find(|reference| reference.via).and_then(|via| places.get(&via.account).copied());
    let next: Vec<Option<usize>> = accounts.iter().map(via).collect();
    // Whether the way from an account comes to an end, as far as that is known.
    let mut ends: Vec<Option<bool>> = vec![None; next.len()];
    for start in 0..next.len() {
        let mut way = Vec::new();
        let mut place = Some(start);
        let end = loop {
            let Some(here) = place else { break true };
            if let Some(known) = ends[here] {
                break known;
            }
            // An account that is met twice on one way is part of a circle.
            ends[here] = Some(false);
            way.push(here);
            place = next[here];
        };
        way.into_iter().for_each(|here| ends[here] = Some(end));
    }
    ends.into_iter().map(|ends| ends == Some(false)).collect()
}
