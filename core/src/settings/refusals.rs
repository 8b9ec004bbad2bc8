//! What is found only where everything else is right: by the transports themselves, and by what stands outside of the document.

use super::account::Account;
use super::reading::Reading;
use super::secrets::{Wiped, pointers};
use super::{Problem, Schemas, Sender, certificates, own_sender, rules};
use crate::message::refuse_sender;
use crate::pointer::child;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// What is found so, pointing into the document as it was given. `concerns` says which accounts' transports are asked.
pub(super) fn of(reading: &Reading, schemas: &dyn Schemas, concerns: &dyn Fn(&str) -> bool) -> Vec<Problem> {
    let asked = reading.accounts.iter().filter(|account| concerns(&account.id));
    let mut found: Vec<_> = asked.flat_map(|account| refusal(account, reading, schemas)).collect();
    if reading.enabled {
        found.extend(rules::fetching(&reading.groups).map(|problem| placed(problem, reading)));
        found.extend(unusable_senders(reading));
        found.extend(certificates::look(reading, schemas).0);
    }
    found
}

fn placed(problem: Problem, reading: &Reading) -> Problem {
    Problem { pointer: reading.place(&problem.pointer), ..problem }
}

/// What would keep every mail from being composed: files of the senders that are missing or are not what they should be.
fn unusable_senders(reading: &Reading) -> Vec<Problem> {
    let document = &reading.groups["sender"];
    let with_own = reading.accounts.iter().filter(|account| !account.sender.is_null());
    let of_accounts =
        with_own.map(|account| (child("/accounts", &account.id), own_sender::merged(document, &account.sender), &account.sender));
    let mut found: Vec<Problem> = Vec::new();
    for (place, merged, given) in std::iter::once((String::new(), Wiped(document.clone()), document)).chain(of_accounts) {
        let Ok(sender) = Sender::deserialize(&*merged) else { continue };
        let Err(error) = refuse_sender(&sender) else { continue };
        for at in &error.at {
            // What the account did not say itself is the document's, and was noted there.
            let field = at.pointer.strip_prefix("/sender").unwrap_or_default();
            let place = if own_sender::is_own(given, field) { place.as_str() } else { "" };
            let pointer = reading.place(&format!("{place}{}", at.pointer));
            let is_noted = reading.all_problems().chain(&found).any(|problem| problem.pointer == pointer);
            if !is_noted {
                let mut problem = Problem::new(&pointer, &at.code).detail(error.detail.clone());
                problem.args.extend(at.args.clone());
                found.push(problem);
            }
        }
    }
    found
}

/// What the transport itself has against settings in which nothing wrong was found.
fn refusal(account: &Account, reading: &Reading, schemas: &dyn Schemas) -> Vec<Problem> {
    if account.error().is_some() {
        return Vec::new();
    }
    let mut settings = Wiped(account.resolved.clone());
    for pointer in pointers(account.schema(), &settings.0) {
        if let Some(secret) = settings.0.pointer_mut(&pointer).filter(|secret| secret.is_object()) {
            *secret = json!("***");
        }
    }
    let Err(error) = schemas.refuse(&account.transport, &account.id, &settings.0) else { return Vec::new() };
    let pointer = child("/accounts", &account.id);
    let problem = |within: &str, code: &str, args: &Map<String, Value>| {
        let mut problem = Problem::new(&reading.place(&format!("{pointer}{within}")), code).detail(error.detail.clone());
        problem.args.extend(error.args.clone());
        problem.args.extend(args.clone());
        problem
    };
    match error.at.as_slice() {
        [] => vec![problem("", &error.code, &Map::new())],
        at => at.iter().map(|at| problem(&at.pointer, &at.code, &at.args)).collect(),
    }
}
