//! Outlook's profiles (`.prf`): INI with a section for each account, and sections that say which property of MAPI a name is.

use crate::draft::Draft;
use crate::dump::{self, Entry};
use crate::login;
use std::collections::BTreeMap;

/// The members of a section, by their names in small letters.
type Members = BTreeMap<String, Entry>;

/// Names that an account's settings come from.
const KNOWN: [&str; 30] = [
    "uniqueservice",
    "accountname",
    "displayname",
    "emailaddress",
    "replyemailaddress",
    "pop3server",
    "pop3username",
    "pop3port",
    "pop3usespa",
    "pop3usessl",
    "pop3password",
    "imapserver",
    "imapusername",
    "imapport",
    "imapusespa",
    "imapusessl",
    "imappassword",
    "imapsecureconnection",
    "smtpserver",
    "smtpport",
    "smtpusessl",
    "smtpsecureconnection",
    "smtpuseauth",
    "smtpauthmethod",
    "smtpusername",
    "smtpusespa",
    "smtppassword",
    "leaveonserver",
    "logonusingspa",
    "servertimeout",
];

/// Carries the mail accounts of a profile over.
pub(crate) fn read(text: &str, draft: &mut Draft) {
    let entries = match dump::ini(text) {
        Ok(entries) => entries,
        Err(line) => return draft.leave_out("", "import.unreadable").arg("line", line).end(),
    };
    let mut sections: BTreeMap<String, Members> = BTreeMap::new();
    let mut order = Vec::new();
    for entry in entries {
        // `Name=PT_STRING8,0x6600`: which property the name is.
        if entry.value.starts_with("PT_") || entry.value.starts_with("0x") && !entry.key.eq_ignore_ascii_case("LeaveOnServer") {
            continue;
        }
        let section = entry.section.to_lowercase();
        if !sections.contains_key(&section) {
            order.push(section.clone());
        }
        sections.entry(section).or_default().insert(entry.key.to_lowercase(), entry);
    }
    let before = draft.accounts().len();
    for (number, name) in order.iter().filter(|name| is_account(name)).enumerate() {
        if let Some(members) = sections.get(name) {
            account(number + 1, members, draft);
        }
    }
    for name in order.iter().filter(|name| name.starts_with("service")) {
        if let Some(entry) = sections.get(name).and_then(|members| members.get("mailboxname").or_else(|| members.get("homeserver"))) {
            draft.leave_out(&entry.name(), "import.exchange_of_outlook");
        }
    }
    if draft.accounts().len() == before {
        draft.leave_out("", "import.nothing_found");
    }
    let ids = draft.accounts();
    ids.iter().for_each(|id| login::complete(id, draft));
}

/// `Account1`, not `Internet Account List`.
fn is_account(section: &str) -> bool {
    section.strip_prefix("account").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

fn account(number: usize, members: &Members, draft: &mut Draft) {
    let text = |name: &str| members.get(name).map(|entry| entry.value.trim()).filter(|value| !value.is_empty());
    let (incoming, outgoing) = (format!("in{number}"), format!("out{number}"));
    let kind = if text("imapserver").is_some() { "imap" } else { "pop3" };
    let has_incoming = text(&format!("{kind}server")).is_some();
    if has_incoming {
        server(&incoming, kind, members, draft);
    }
    if text("smtpserver").is_some() {
        server(&outgoing, "smtp", members, draft);
        sending(&outgoing, has_incoming.then_some((incoming.as_str(), kind)), members, draft);
    }
    let place = if number == 1 { "/sender".to_owned() } else { format!("/accounts/{outgoing}/sender") };
    for (name, member) in [("emailaddress", "address"), ("displayname", "name"), ("replyemailaddress", "reply_to")] {
        match text(name) {
            Some(value) if number == 1 || draft.has(&outgoing) => draft.set(&format!("{place}/{member}"), value),
            _ => {}
        }
    }
    if number == 1 && draft.has(&outgoing) {
        draft.set("/send/account", outgoing.as_str());
    }
    if number == 1 && has_incoming {
        draft.set("/receive/account", incoming.as_str());
    }
    if kind == "imap" && has_incoming && draft.has(&outgoing) {
        draft.set(&format!("/accounts/{incoming}/imap/via"), outgoing.as_str());
    }
    if kind == "pop3" && has_incoming {
        leaving(&incoming, members, draft);
    }
    for (name, entry) in members {
        if !KNOWN.contains(&name.as_str()) && !entry.value.is_empty() && entry.value != "0" {
            draft.leave_out(&entry.name(), "import.field_unknown");
        }
    }
}

/// An account with its server, its user and its encryption.
fn server(id: &str, kind: &str, members: &Members, draft: &mut Draft) {
    let entry = |name: &str| members.get(&format!("{kind}{name}")).filter(|entry| !entry.value.trim().is_empty());
    let place = format!("/accounts/{id}");
    draft.set(&format!("{place}/transport"), kind);
    if let Some(host) = entry("server") {
        draft.set(&format!("{place}/server/host"), host.value.trim());
    }
    if let Some(port) = entry("port") {
        match port.value.trim().parse::<u16>() {
            Ok(number) if number > 0 => draft.set(&format!("{place}/server/port"), number),
            _ => draft.refuse(&port.name(), "import.no_number", &port.value),
        }
    }
    if let Some(time) = members.get("servertimeout") {
        match time.value.trim().parse::<u32>() {
            Ok(seconds @ 1..) => draft.set(&format!("{place}/server/timeout_seconds"), seconds.min(3600)),
            _ => draft.refuse(&time.name(), "import.no_number", &time.value),
        }
    }
    if let Some(user) = entry("username") {
        draft.set(&format!("{place}/auth/user"), user.value.trim());
    }
    if let Some(password) = entry("password") {
        draft.secret(&password.name(), &format!("{place}/auth/password"), id, &password.value);
    }
    let is_on = |name: &str| entry(name).is_some_and(|entry| is_yes(&entry.value));
    let mode = match entry("secureconnection").map(|entry| (entry, entry.value.trim())) {
        Some((_, "0")) => "none",
        Some((_, "1")) => "implicit",
        Some((_, "2")) => "starttls",
        Some((_, "3")) => "auto",
        Some((entry, other)) => return draft.refuse(&entry.name(), "import.no_choice_known", other),
        None if is_on("usessl") => "required",
        None => "none",
    };
    draft.set(&format!("{place}/tls/mode"), mode);
    let is_spa = is_on("usespa") || members.get("logonusingspa").is_some_and(|entry| is_yes(&entry.value));
    if kind != "smtp" {
        draft.set(&format!("{place}/auth/method"), if is_spa { "ntlm" } else { "password" });
    }
}

/// How the server for sending is logged in to.
fn sending(id: &str, incoming: Option<(&str, &str)>, members: &Members, draft: &mut Draft) {
    let place = format!("/accounts/{id}");
    let text = |name: &str| members.get(name).map(|entry| entry.value.trim()).unwrap_or_default();
    let is_spa = is_yes(text("smtpusespa"));
    let own = if is_spa { "ntlm" } else { "password" };
    match (is_yes(text("smtpuseauth")), text("smtpauthmethod"), incoming) {
        (false, ..) => draft.set(&format!("{place}/auth/method"), "none"),
        // As at the server for incoming mail.
        (true, "0" | "", Some((other, _))) => {
            draft.set(&format!("{place}/auth/method"), if is_spa { "ntlm" } else { "account" });
            draft.set(&format!("{place}/auth/account"), other);
        }
        // The server for incoming mail first, then this one without a login.
        (true, "2", Some((other, "pop3"))) => {
            draft.set(&format!("{place}/auth/method"), "pop-before-smtp");
            draft.set(&format!("{place}/auth/account"), other);
            for member in ["host", "port"] {
                if let Some(value) = draft.get(&format!("/accounts/{other}/server/{member}")).cloned() {
                    draft.set(&format!("{place}/smtp/pop3/{member}"), value);
                }
            }
            if let Some(mode) = draft.get(&format!("/accounts/{other}/tls/mode")).cloned() {
                draft.set(&format!("{place}/smtp/pop3/mode"), mode);
            }
        }
        (true, "0" | "" | "1", _) => draft.set(&format!("{place}/auth/method"), own),
        (true, other, _) => {
            draft.set(&format!("{place}/auth/method"), own);
            if let Some(entry) = members.get("smtpauthmethod") {
                draft.refuse(&entry.name(), "import.no_choice_known", other);
            }
        }
    }
}

/// `0x50001`: the lowest bit leaves messages at the server, the upper half says for how many days.
fn leaving(id: &str, members: &Members, draft: &mut Draft) {
    let Some(entry) = members.get("leaveonserver") else { return };
    let value = entry.value.trim();
    let hexadecimal = value.strip_prefix("0x").or_else(|| value.strip_prefix("0X"));
    let number = hexadecimal.map_or_else(|| value.parse().ok(), |digits| u32::from_str_radix(digits, 16).ok());
    match number {
        Some(number) if number & 1 == 1 && number >> 16 > 0 => {
            draft.set(&format!("/accounts/{id}/pop3/leave_days"), (number >> 16).min(3650));
        }
        Some(number) if number & 1 == 1 => {}
        // The program decides with each message what becomes of it.
        Some(_) => draft.leave_out(&entry.name(), "import.action_of_receive").end(),
        None => draft.refuse(&entry.name(), "import.no_number", value),
    }
}

fn is_yes(value: &str) -> bool {
    matches!(value.trim().to_ascii_lowercase().as_str(), "1" | "yes" | "true")
}
