//! Why a login was refused, from the words of servers that have no numbers for it: POP3 and IMAP.

use super::sasl::Mechanism;
use crate::Status;

/// Status and code for the words behind `-ERR` or `NO` that end a login. `mechanism` is the one of SASL, where it
/// was not the protocol's own command.
///
/// The response code in brackets decides (RFC 2449, RFC 3206, RFC 5530). Without one, the words of many servers distinguish a mailbox
/// that another session has locked from wrong credentials: another password would not help there.
pub fn login_refused(text: &str, mechanism: Option<Mechanism>) -> (Status, &'static str) {
    let refused = mechanism.map_or("auth.refused", Mechanism::refused);
    let in_brackets = text.strip_prefix('[').and_then(|rest| rest.split([']', ' ']).next()).unwrap_or_default();
    match in_brackets.to_ascii_uppercase().as_str() {
        "IN-USE" | "INUSE" => (Status::Later, "mailbox.in_use"),
        "LOGIN-DELAY" | "SYS/TEMP" | "UNAVAILABLE" | "LIMIT" | "SERVERBUG" => (Status::Later, "auth.later"),
        "EXPIRED" if refused == "auth.refused" => (Status::Auth, "auth.password_change_needed"),
        // The credentials are not what is wrong.
        "SYS/PERM" | "AUTHORIZATIONFAILED" | "CONTACTADMIN" => (Status::Auth, "auth.not_enabled"),
        "PRIVACYREQUIRED" => (Status::Auth, "auth.encryption_needed"),
        "" if speaks_of_lock(text) => (Status::Later, "mailbox.in_use"),
        _ => (Status::Auth, refused),
    }
}

/// Whether the words are about a mailbox that is held; an account that was locked is another matter.
fn speaks_of_lock(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    has(&["lock busy", "another session", "another pop3 session"])
        || has(&["mailbox", "maildrop", "mail drop", "mailspool", "spool", "mbox", "inbox"])
            && has(&["lock", "in use", "is busy", "already open"])
            && !has(&["account"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_that_is_held_is_no_wrong_password() {
        for text in [
            "[IN-USE] Do you have another POP session running?",
            "maildrop already locked",
            "Mailbox is locked by another process",
            "Unable to lock mailbox, try later",
            "anna's lock busy!  Is another session active?",
            "mailbox in use",
        ] {
            assert_eq!(login_refused(text, None), (Status::Later, "mailbox.in_use"), "{text}");
        }
        for text in ["[AUTH] mailbox locked", "Your account is locked", "invalid password", "no such mailbox", "blocked", ""] {
            assert_eq!(login_refused(text, None), (Status::Auth, "auth.refused"), "{text}");
        }
    }

    #[test]
    fn what_was_shown_is_what_is_refused() {
        for (mechanism, code) in [
            (Mechanism::Plain, "auth.refused"),
            (Mechanism::OauthBearer, "auth.token_refused"),
            (Mechanism::Gssapi, "auth.ticket_refused"),
            (Mechanism::GssSpnego, "auth.ticket_refused"),
        ] {
            assert_eq!(login_refused("no", Some(mechanism)), (Status::Auth, code));
        }
    }

    #[test]
    fn the_word_in_brackets_decides() {
        assert_eq!(login_refused("[SYS/TEMP] x", None), (Status::Later, "auth.later"));
        assert_eq!(login_refused("[unavailable] x", None), (Status::Later, "auth.later"));
        assert_eq!(login_refused("[SYS/PERM] POP is switched off", None), (Status::Auth, "auth.not_enabled"));
        assert_eq!(login_refused("[EXPIRED] x", None), (Status::Auth, "auth.password_change_needed"));
        assert_eq!(login_refused("[PRIVACYREQUIRED] x", None), (Status::Auth, "auth.encryption_needed"));
        assert_eq!(login_refused("[AUTHENTICATIONFAILED] x", Some(Mechanism::Xoauth2)), (Status::Auth, "auth.token_refused"));
    }
}
