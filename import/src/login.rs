//! What belongs to every account's login, whatever the source.

use crate::draft::{Draft, escaped};
use serde_json::Value;

/// Puts an account's login in order: what its method does not use goes, what it needs and the source lacks is named.
pub(crate) fn complete(id: &str, draft: &mut Draft) {
    let place = format!("/accounts/{}", escaped(id));
    let at = |name: &str| format!("{place}/auth/{name}");
    if draft.get(&format!("{place}/auth")).is_none() {
        return;
    }
    let method = draft.get(&at("method")).and_then(Value::as_str).unwrap_or("auto").to_owned();
    if let Some(other) = draft.get(&at("account")).and_then(Value::as_str).map(str::to_owned)
        && (!draft.has(&other) || method == "none")
    {
        draft.take(&at("account"));
        let code = if method == "none" { "import.not_used" } else { "import.account_missing" };
        draft.leave_out(id, code).arg("account", other);
        if method == "account" {
            draft.take(&at("method"));
        }
    }
    let borrows = draft.get(&at("account")).is_some();
    // An application needs no user where the mailbox is a setting of its own.
    let has_mailbox = is_by_token(&method) && draft.get(&format!("{place}/exchange/mailbox")).is_some();
    let has = |name: &str, draft: &Draft| draft.get(&at(name)).is_some();
    if matches!(method.as_str(), "none" | "external") || borrows && method == "account" {
        for name in ["user", "password"] {
            if draft.take(&at(name)).is_some() {
                draft.leave_out(&format!("{id}: {name}"), "import.not_used").arg("account", id);
            }
        }
    } else if has("password", draft) && !has("user", draft) && !borrows {
        draft.take(&at("password"));
        draft.leave_out(id, "import.user_missing").arg("account", id);
    } else if !has("user", draft) && !borrows && !has_mailbox && !matches!(method.as_str(), "auto" | "windows") {
        draft.leave_out(id, "import.user_missing").arg("account", id);
    } else if has("user", draft) && !has("password", draft) && !borrows && !is_by_token(&method) {
        let name = draft.refer(&at("password"), id);
        draft.leave_out(id, "import.password_missing").arg("account", id).arg("name", name);
    }
    let logs_in = has("user", draft) || has("account", draft);
    if logs_in && draft.get(&format!("{place}/tls/mode")).is_some_and(|mode| mode == "none") && method != "none" {
        draft.leave_out(id, "import.login_in_clear").arg("account", id);
    }
}

fn is_by_token(method: &str) -> bool {
    matches!(method, "oauth2" | "xoauth2" | "oauthbearer")
}
