//! The store of an outbox and its limits.

use super::Problem;
use crate::settings::Store;
use crate::settings::problem::shown;
use crate::settings::repair::Repair;
use serde_json::Value;
use std::collections::HashSet;

/// Checks the group. What stands in `store` is a secret and not repeated; of one that the program keeps nothing is known here.
pub(super) fn check(outbox: &Value, problems: &mut Vec<Problem>) {
    const STORE: &str = "/outbox/store";
    match outbox["store"].as_str().map(Store::read) {
        None => {}
        Some(None) => problems.push(Problem::new(STORE, "settings.store_unknown")),
        Some(Some(Store::Sqlite(path))) if !is_absolute(&path.to_string_lossy()) => {
            problems.push(Problem::warning(STORE, "settings.store_relative"))
        }
        Some(Some(store)) if store.is_in_clear() => problems.push(Problem::warning(STORE, "settings.store_in_clear")),
        Some(Some(_)) => {}
    }
    let mut limited = HashSet::new();
    for (place, limit) in outbox["limits"].as_array().into_iter().flatten().enumerate() {
        let Some(account) = limit["account"].as_str() else { continue };
        if !limited.insert(account) {
            let pointer = format!("/outbox/limits/{place}");
            let problem = Problem::new(&format!("{pointer}/account"), "settings.limit_twice").arg("account", shown(account));
            problems.push(problem.repair(Repair::without(&pointer)));
        }
    }
}

/// Whether a path says all of itself, on the machine where it will be opened, whichever that is.
fn is_absolute(path: &str) -> bool {
    let has_drive = matches!(path.as_bytes(), [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic());
    has_drive || path.starts_with('/') || path.starts_with(r"\\")
}
