//! Credentials that one account takes from another (`auth.account`).

use super::Problem;
use serde_json::{Value, json};

/// Follows `auth.account` and puts in what is not given in the account itself: user name, password, token.
///
/// `settings_of` gives the settings of another account, as far as they could be read; `pointer` is the account's own place in
/// the document. The first account of a chain that has a value gives it.
pub(super) fn resolve<'a>(
    id: &str,
    settings: &mut Value,
    pointer: &str,
    settings_of: &dyn Fn(&str) -> Option<&'a Value>,
) -> Result<(), Problem> {
    let mut chain = vec![id.to_owned()];
    let mut next = settings["auth"]["account"].as_str().map(str::to_owned);
    let place = format!("{pointer}/auth/account");
    while let Some(other) = next {
        if chain.contains(&other) {
            return Err(Problem::new(&place, "settings.account_loop").arg("account", other));
        }
        // One that does not exist has been noted where it is named.
        let Some(auth) = settings_of(&other).map(|settings| &settings["auth"]) else { return Ok(()) };
        for member in ["user", "password", "oauth2"] {
            if settings["auth"].get(member).is_none() && auth.get(member).is_some() && belongs(member, &settings["auth"]["method"]) {
                settings["auth"][member] = auth[member].clone();
            }
        }
        next = auth["account"].as_str().map(str::to_owned);
        if settings["auth"]["method"] == "account" && (next.is_none() || auth["method"] != "account") {
            settings["auth"]["method"] = json!(method(auth["method"].as_str().unwrap_or_default()));
        }
        chain.push(other);
    }
    if let ([_, other, ..], Some(auth)) = (chain.as_slice(), settings["auth"].as_object_mut()) {
        auth.shift_remove("account");
        let needs_nothing = matches!(auth["method"].as_str(), Some("windows" | "external"));
        let is_complete = auth.contains_key("user") && (auth.contains_key("oauth2") || auth.contains_key("password"));
        if !needs_nothing && !is_complete {
            return Err(Problem::new(&place, "settings.account_without_credentials").arg("account", other.as_str()));
        }
    }
    Ok(())
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
