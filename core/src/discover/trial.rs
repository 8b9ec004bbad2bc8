//! Testing proposals with the password of the request.
//!
//! A password goes only where a person would send it: over TLS with a good certificate, to servers that the domain or its provider names. One
//! refused password ends the trials, because further ones lock accounts.

use crate::request::Password;
use crate::{Account, Cancel, Host, Report, TestRequest};
use postkontor_discover::Proposal;
use postkontor_plugin::{Error, Secret, Status};
use serde_json::Value;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The most proposals that are tested.
const TRIALS: usize = 3;

/// Tests the best proposals until one works; the reports with the places of their proposals.
pub(super) fn test(host: &Arc<Host>, proposals: &[Proposal], password: &Password, cancel: &Cancel) -> Result<Vec<(usize, Report)>, Error> {
    let mut reports = Vec::new();
    let candidates = proposals.iter().enumerate().filter(|(_, proposal)| proposal.may_be_tested && takes_password(&proposal.settings));
    for (index, proposal) in candidates.take(TRIALS) {
        let report = match try_one(host, &proposal.settings, password, cancel) {
            Ok(Some(report)) => report,
            Ok(None) => continue,
            // What was found is worth telling where only the time is over.
            Err(error) if error.status == Status::Timeout => break,
            Err(error) => return Err(error),
        };
        let is_over = report.ok || report.status() == Status::Auth;
        reports.push((index, report));
        if is_over {
            break;
        }
    }
    Ok(reports)
}

/// Whether a password stands in the document, and not a token.
fn takes_password(settings: &Value) -> bool {
    accounts(settings).any(|(_, account)| account.pointer("/auth/password").is_some())
}

fn accounts(settings: &Value) -> impl Iterator<Item = (&String, &Value)> {
    settings["accounts"].as_object().into_iter().flatten()
}

/// Tests each account; the report of the first with a fault, else the last one.
fn try_one(host: &Arc<Host>, settings: &Value, password: &Password, cancel: &Cancel) -> Result<Option<Report>, Error> {
    let text = filled_in(settings, password);
    let mut last = None;
    for (id, _) in accounts(settings) {
        let report = Account::open(host, &text, Some(id))?.test(&TestRequest::default(), cancel)?;
        let is_ok = report.ok;
        last = Some(report);
        if !is_ok {
            break;
        }
    }
    Ok(last)
}

/// The document with the password in it. A reference stays one: the account asks the program for it.
fn filled_in(settings: &Value, password: &Password) -> Zeroizing<String> {
    let text = settings.to_string();
    let Password::Text(secret) = password else { return Zeroizing::new(text) };
    let Some(reference) = accounts(settings).find_map(|(_, account)| account.pointer("/auth/password")) else {
        return Zeroizing::new(text);
    };
    let written = literal(secret);
    let mut whole = Zeroizing::new(String::with_capacity(text.len() + 4 * written.len()));
    // The reference as it was written a moment ago; it stands nowhere else.
    for (index, piece) in text.split(&format!("\"password\":{reference}")).enumerate() {
        if index > 0 {
            whole.push_str("\"password\":");
            whole.push_str(&written);
        }
        whole.push_str(piece);
    }
    whole
}

/// A text as JSON writes it, in memory that is wiped.
fn literal(secret: &Secret) -> Zeroizing<String> {
    let mut literal = Zeroizing::new(String::with_capacity(6 * secret.reveal().len() + 2));
    literal.push('"');
    for c in secret.reveal().chars() {
        match c {
            '"' | '\\' => literal.extend(['\\', c]),
            c if c.is_control() && u32::from(c) < 0x20 => literal.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => literal.push(c),
        }
    }
    literal.push('"');
    literal
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_password_of_any_kind_is_filled_in_where_its_reference_stands() {
        let settings =
            json!({"accounts": {"a": {"auth": {"user": "u", "password": {"secret": "mail/a"}}}, "b": {"auth": {"method": "account"}}}});
        let hard = "a\"b\\c\u{1}ü{\"secret\"}";
        let filled: Value = serde_json::from_str(&filled_in(&settings, &Password::Text(Secret::new(hard)))).unwrap();
        assert_eq!(filled["accounts"]["a"]["auth"]["password"], hard);
        assert_eq!(filled["accounts"]["b"], settings["accounts"]["b"]);
        assert_eq!(*filled_in(&settings, &Password::Reference("mail/a".to_owned())), settings.to_string());
    }
}
