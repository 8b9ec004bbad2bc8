//! Thunderbird's `prefs.js`: `user_pref("NAME", VALUE);`, a line each. Passwords are kept elsewhere, and are not read.

use crate::draft::Draft;
use crate::login;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The preferences of one server or identity.
type Group<'t> = BTreeMap<&'t str, String>;

/// Names of preferences that settings have a place for; of a server, of a server for sending, of an identity.
const OF_SERVER: [&str; 10] = [
    "type",
    "hostname",
    "port",
    "userName",
    "socketType",
    "authMethod",
    "isSecure",
    "leave_on_server",
    "num_days_to_leave_on_server",
    "delete_by_age_from_server",
];
const OF_SMTP: [&str; 6] = ["hostname", "port", "username", "try_ssl", "authMethod", "auth_method"];
const OF_IDENTITY: [&str; 7] = ["fullName", "useremail", "reply_to", "smtpServer", "doBcc", "doBccList", "valid"];
/// Of what else an identity has, what a person would miss.
const MISSED: [&str; 8] = ["htmlSigText", "sig_file", "organization", "fcc_folder", "catchAll", "doCc", "doCcList", "signing_cert_name"];

/// Carries the accounts of a profile over.
pub(crate) fn read(text: &str, draft: &mut Draft) {
    let preferences: Vec<(String, String)> = text.lines().filter_map(preference).collect();
    if preferences.is_empty() {
        draft.leave_out("", "import.nothing_found");
        return;
    }
    let (servers, senders) = (groups(&preferences, "mail.server."), groups(&preferences, "mail.smtpserver."));
    let (identities, accounts) = (groups(&preferences, "mail.identity."), groups(&preferences, "mail.account."));
    let one = |name: &str| preferences.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    for (id, server) in &servers {
        incoming(id, server, draft);
    }
    let fallback = one("mail.smtp.defaultserver").map(str::to_owned).or_else(|| senders.keys().next().map(|id| (*id).to_owned()));
    for (id, sender) in &senders {
        outgoing(id, sender, draft);
    }
    let order = one("mail.accountmanager.accounts").unwrap_or_default();
    let default = one("mail.accountmanager.defaultaccount").or_else(|| order.split(',').next()).unwrap_or_default().to_owned();
    let mut has_sender = BTreeSet::new();
    for (id, account) in &accounts {
        let server = account.get("server").map(String::as_str).unwrap_or_default();
        let mut names = account.get("identities").map(String::as_str).unwrap_or_default().split(',').map(str::trim);
        let first = names.next().and_then(|name| identities.get_key_value(name));
        for other in names.filter(|name| !name.is_empty()) {
            draft.leave_out(&format!("mail.identity.{other}"), "import.further_identity");
        }
        let Some((identity_id, identity)) = first else { continue };
        let smtp = identity.get("smtpServer").filter(|smtp| !smtp.is_empty()).cloned().or_else(|| fallback.clone()).unwrap_or_default();
        let place = if *id == default { "/sender".to_owned() } else { format!("/accounts/{smtp}/sender") };
        if *id != default && (!draft.has(&smtp) || !has_sender.insert(smtp.clone())) {
            draft.leave_out(&format!("mail.identity.{identity_id}"), "import.further_identity");
            continue;
        }
        sender(identity_id, identity, &place, draft);
        if draft.get(&format!("/accounts/{server}/transport")).is_some_and(|transport| transport == "imap") && draft.has(&smtp) {
            draft.set(&format!("/accounts/{server}/imap/via"), smtp.as_str());
        }
        if *id == default {
            if draft.has(&smtp) {
                draft.set("/send/account", smtp.as_str());
            }
            if draft.has(server) {
                draft.set("/receive/account", server);
            }
        }
    }
    if draft.get("/send/account").is_none()
        && let Some(smtp) = fallback.filter(|smtp| draft.has(smtp))
    {
        draft.set("/send/account", smtp);
    }
    let ids = draft.accounts();
    ids.iter().for_each(|id| login::complete(id, draft));
}

fn incoming(id: &str, server: &Group<'_>, draft: &mut Draft) {
    let kind = server.get("type").map(String::as_str).unwrap_or_default();
    let name = format!("mail.server.{id}");
    let transport = match kind {
        "imap" | "pop3" => kind,
        // The local folders, and servers of something else.
        "none" | "" => return,
        other => return draft.leave_out(&name, "import.server_type").arg("type", other).end(),
    };
    let Some(host) = server.get("hostname").filter(|host| !host.trim().is_empty()) else {
        return draft.leave_out(&name, "import.server_missing").arg("account", id).end();
    };
    let place = format!("/accounts/{id}");
    draft.set(&format!("{place}/transport"), transport);
    connection(&place, &name, server, host, draft);
    if let Some(user) = server.get("userName").filter(|user| !user.is_empty()) {
        draft.set(&format!("{place}/auth/user"), user.as_str());
    }
    let secure = server.get("isSecure").filter(|secure| *secure == "true").map(|_| "3");
    encryption(&place, &name, server.get("socketType").map(String::as_str).or(secure), draft);
    method(&place, &name, server.get("authMethod").map(String::as_str), host, draft);
    if transport == "pop3" {
        let days = server.get("num_days_to_leave_on_server").and_then(|days| days.parse::<u32>().ok()).unwrap_or(7);
        match (server.get("leave_on_server").map(String::as_str), server.get("delete_by_age_from_server").map(String::as_str)) {
            (Some("true"), Some("true")) => draft.set(&format!("{place}/pop3/leave_days"), days.min(3650)),
            (Some("true"), _) => {}
            // The program decides with each message what becomes of it.
            _ => draft.leave_out(&format!("{name}.leave_on_server"), "import.action_of_receive").end(),
        }
    }
    unknown(&name, server, &OF_SERVER, &["check_time", "using_subscription", "max_cached_connections"], draft);
}

fn outgoing(id: &str, server: &Group<'_>, draft: &mut Draft) {
    let name = format!("mail.smtpserver.{id}");
    let Some(host) = server.get("hostname").filter(|host| !host.trim().is_empty()) else {
        return draft.leave_out(&name, "import.server_missing").arg("account", id).end();
    };
    let place = format!("/accounts/{id}");
    draft.set(&format!("{place}/transport"), "smtp");
    connection(&place, &name, server, host, draft);
    encryption(&place, &name, server.get("try_ssl").map(String::as_str), draft);
    let by = server.get("authMethod").or_else(|| server.get("auth_method")).map(String::as_str);
    if by != Some("1")
        && let Some(user) = server.get("username").filter(|user| !user.is_empty())
    {
        draft.set(&format!("{place}/auth/user"), user.as_str());
    }
    let by = if draft.get(&format!("{place}/auth/user")).is_none() && by != Some("5") { Some("1") } else { by };
    method(&place, &name, by, host, draft);
    unknown(&name, server, &OF_SMTP, &["hello_argument"], draft);
}

fn connection(place: &str, name: &str, server: &Group<'_>, host: &str, draft: &mut Draft) {
    draft.set(&format!("{place}/server/host"), host);
    match server.get("port").map(|port| (port, port.parse::<u16>())) {
        Some((_, Ok(port))) if port > 0 => draft.set(&format!("{place}/server/port"), port),
        // 0 and -1 stand for the usual one.
        None | Some((_, Ok(_))) => {}
        Some((port, Err(_))) if port == "-1" => {}
        Some((port, Err(_))) => draft.refuse(&format!("{name}.port"), "import.no_number", port),
    }
}

/// 0 none, 1 where the server has it, 2 STARTTLS, 3 TLS from the first byte.
fn encryption(place: &str, name: &str, socket_type: Option<&str>, draft: &mut Draft) {
    let mode = match socket_type {
        None | Some("0") => "none",
        Some("1") => "auto",
        Some("2") => "starttls",
        Some("3") => "implicit",
        Some(other) => return draft.refuse(&format!("{name}.socketType"), "import.no_choice_known", other),
    };
    draft.set(&format!("{place}/tls/mode"), mode);
}

/// Thunderbird's numbers of login methods.
fn method(place: &str, name: &str, number: Option<&str>, host: &str, draft: &mut Draft) {
    let method = match number {
        Some("1") => "none",
        None | Some("2" | "3") => "password",
        Some("4" | "8") => "cram-md5",
        Some("5") => "windows",
        Some("6") => "ntlm",
        Some("7") => "external",
        Some("9") => "auto",
        Some("10") => return token(place, name, host, draft),
        Some(other) => return draft.refuse(&format!("{name}.authMethod"), "import.no_choice_known", other),
    };
    draft.set(&format!("{place}/auth/method"), method);
}

/// A login by token: the consent and the application's id are Thunderbird's own.
pub(crate) fn token(place: &str, name: &str, host: &str, draft: &mut Draft) {
    let host = host.to_ascii_lowercase();
    let provider = match host.as_str() {
        _ if host.ends_with(".gmail.com") || host.ends_with(".googlemail.com") => "google",
        _ if host.ends_with(".office365.com") || host.ends_with(".outlook.com") => "microsoft",
        _ => "custom",
    };
    let id = place.rsplit('/').next().unwrap_or_default();
    draft.set(&format!("{place}/auth/method"), "oauth2");
    draft.set(&format!("{place}/auth/oauth2"), json!({"grant": "authorization_code", "provider": provider}));
    draft.refer(&format!("{place}/auth/oauth2/refresh_token"), &format!("{id}-consent"));
    draft.leave_out(&format!("{name}.authMethod"), "import.consent_missing").arg("account", id);
}

fn sender(id: &str, identity: &Group<'_>, place: &str, draft: &mut Draft) {
    for (preference, member) in [("useremail", "address"), ("fullName", "name"), ("reply_to", "reply_to")] {
        if let Some(value) = identity.get(preference).filter(|value| !value.is_empty()) {
            draft.set(&format!("{place}/{member}"), value.as_str());
        }
    }
    if identity.get("doBcc").is_some_and(|on| on == "true") {
        match identity.get("doBccList") == identity.get("useremail") {
            true => draft.set(&format!("{place}/bcc_to_sender"), true),
            false => draft.leave_out(&format!("mail.identity.{id}.doBccList"), "import.no_setting").end(),
        }
    }
    unknown(&format!("mail.identity.{id}"), identity, &OF_IDENTITY, &MISSED, draft);
}

/// Names what a person would miss of the rest: a profile has hundreds of preferences about windows and columns.
fn unknown(name: &str, group: &Group<'_>, known: &[&str], missed: &[&str], draft: &mut Draft) {
    for (preference, value) in group {
        if !known.contains(preference) && missed.contains(preference) && !value.is_empty() && value != "false" {
            draft.leave_out(&format!("{name}.{preference}"), "import.no_setting");
        }
    }
}

/// A line `user_pref("NAME", VALUE);`.
fn preference(line: &str) -> Option<(String, String)> {
    let inner = line.trim().strip_prefix("user_pref(").or_else(|| line.trim().strip_prefix("pref("))?;
    let inner = inner.strip_suffix(");").or_else(|| inner.strip_suffix(')'))?.trim();
    let end = end_of_text(inner)?;
    let name: String = serde_json::from_str(inner.get(..end)?).ok()?;
    let value = inner.get(end..)?.trim_start().strip_prefix(',')?.trim();
    let value = match serde_json::from_str::<Value>(value).ok()? {
        Value::String(text) => text,
        other => other.to_string(),
    };
    name.starts_with("mail.").then_some((name, value))
}

/// Where the quoted text at the beginning ends.
fn end_of_text(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (place, character) in text.char_indices().skip(1) {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return text.starts_with('"').then_some(place + 1),
            _ => {}
        }
    }
    None
}

/// The preferences `PREFIX ID.NAME`, by their ids.
fn groups<'p>(preferences: &'p [(String, String)], prefix: &str) -> BTreeMap<&'p str, Group<'p>> {
    let mut groups: BTreeMap<&str, Group<'_>> = BTreeMap::new();
    for (name, value) in preferences {
        let Some((id, name)) = name.strip_prefix(prefix).and_then(|rest| rest.split_once('.')) else { continue };
        // Names of servers as Thunderbird makes them; "default" is no server.
        let is_id = !id.is_empty() && id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        if is_id && id != "default" {
            groups.entry(id).or_default().insert(name, value.clone());
        }
    }
    groups
}
