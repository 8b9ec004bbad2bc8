//! What the server answers (RFC 5321, section 4.2; enhanced codes: RFC 3463).

use crate::plain::plain;
use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};

/// An answer of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    /// The code.
    pub(crate) code: u16,
    /// The enhanced code; empty where there is none.
    pub(crate) enhanced: &'static str,
    /// The words, for a person who reads a log at three in the morning.
    pub(crate) text: Cow<'static, str>,
    /// Whether the connection ends with it.
    pub(crate) is_last: bool,
}

/// The longest text of a reply (RFC 5321, section 4.5.3.1.5, allows 512 bytes for the line).
const TEXT: usize = 450;

impl Reply {
    pub(crate) const fn new(code: u16, enhanced: &'static str, text: &'static str) -> Reply {
        Reply { code, enhanced, text: Cow::Borrowed(text), is_last: false }
    }

    /// The end of the connection.
    const fn closing(code: u16, enhanced: &'static str, text: &'static str) -> Reply {
        Reply { code, enhanced, text: Cow::Borrowed(text), is_last: true }
    }

    /// With words that are made for the occasion: on one line and no longer than a reply may be.
    pub(crate) fn made(code: u16, enhanced: &'static str, text: &str) -> Reply {
        Reply { code, enhanced, text: Cow::Owned(plain(text, TEXT)), is_last: false }
    }

    /// The same, with the end of the connection behind it.
    pub(crate) fn last(self) -> Reply {
        Reply { is_last: true, ..self }
    }

    /// Whether it refuses something.
    pub(crate) fn is_refusal(&self) -> bool {
        self.code >= 400
    }
}

impl Display for Reply {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let space = if self.enhanced.is_empty() { "" } else { " " };
        write!(f, "{} {}{space}{}\r\n", self.code, self.enhanced, self.text)
    }
}

pub(crate) const OK: Reply = Reply::new(250, "2.0.0", "Ok");
pub(crate) const GO_ON: Reply = Reply::new(354, "", "End data with <CR><LF>.<CR><LF>");
pub(crate) const BYE: Reply = Reply::closing(221, "2.0.0", "Bye");
pub(crate) const ENDING: Reply = Reply::closing(421, "4.3.2", "The bridge is ending; try again later");
pub(crate) const OVERDUE: Reply = Reply::closing(421, "4.4.2", "Nothing came for too long; closing");
pub(crate) const LINE_TOO_LONG: Reply = Reply::closing(500, "5.5.2", "Line too long; closing");
pub(crate) const TOO_MANY_REFUSALS: Reply = Reply::closing(421, "4.7.0", "Too many errors; closing");
pub(crate) const TOO_MANY_IDLE: Reply = Reply::closing(421, "4.7.0", "Too many commands without a mail; closing");
pub(crate) const UNKNOWN: Reply = Reply::new(500, "5.5.1", "Command not recognised");
pub(crate) const SYNTAX: Reply = Reply::new(501, "5.5.4", "Syntax error in the command's arguments");
pub(crate) const WITHOUT_ARGUMENTS: Reply = Reply::new(501, "5.5.4", "The command has no arguments");
pub(crate) const PARAMETER: Reply = Reply::new(555, "5.5.4", "A parameter is not known or has a value that it cannot have");
pub(crate) const ADDRESS: Reply = Reply::new(501, "5.1.3", "Not an address: it needs the form <user@example.com>");
pub(crate) const NEEDS_SMTPUTF8: Reply = Reply::new(553, "5.6.7", "An address with such characters needs SMTPUTF8");
pub(crate) const TOO_MANY_RECIPIENTS: Reply = Reply::new(452, "4.5.3", "Too many recipients; send the others in another mail");
pub(crate) const NEEDS_MAIL: Reply = Reply::new(503, "5.5.1", "MAIL comes first");
pub(crate) const NEEDS_RCPT: Reply = Reply::new(503, "5.5.1", "RCPT comes first");
pub(crate) const NESTED: Reply = Reply::new(503, "5.5.1", "A mail has begun already");
pub(crate) const NEEDS_TLS: Reply = Reply::new(530, "5.7.0", "STARTTLS comes first");
pub(crate) const LOGIN_NEEDS_TLS: Reply = Reply::new(538, "5.7.11", "No login in clear text: STARTTLS comes first");
pub(crate) const NEEDS_LOGIN: Reply = Reply::new(530, "5.7.0", "AUTH comes first: the settings let no program in without a login");
pub(crate) const LOGGED_IN: Reply = Reply::new(503, "5.5.1", "Logged in already");
pub(crate) const LOGIN_WITHIN_MAIL: Reply = Reply::new(503, "5.5.1", "No login within a mail");
pub(crate) const LOGIN_DONE: Reply = Reply::new(235, "2.7.0", "Logged in");
pub(crate) const LOGIN_WRONG: Reply = Reply::new(535, "5.7.8", "User or password is wrong");
pub(crate) const LOGIN_TOO_OFTEN: Reply = Reply::closing(454, "4.7.0", "Too many failed logins; try again in a minute");
pub(crate) const LOGIN_STOPPED: Reply = Reply::new(501, "5.0.0", "Login stopped");
pub(crate) const LOGIN_UNREADABLE: Reply = Reply::new(501, "5.5.2", "Not base64, or not what the mechanism wants");
pub(crate) const MECHANISM: Reply = Reply::new(504, "5.5.4", "Mechanism not known; there are PLAIN, LOGIN and CRAM-MD5");
pub(crate) const TLS_READY: Reply = Reply::new(220, "2.0.0", "Ready to start TLS");
pub(crate) const TLS_ON: Reply = Reply::new(503, "5.5.1", "TLS is on already");
pub(crate) const TLS_MISSING: Reply = Reply::new(502, "5.5.1", "TLS is not offered");
pub(crate) const TLS_PIPELINED: Reply = Reply::closing(501, "5.5.1", "Commands behind STARTTLS in clear text; closing");
pub(crate) const NOT_VERIFIED: Reply = Reply::new(252, "2.1.5", "Not verified; send a mail to find out");
pub(crate) const HELP: Reply = Reply::new(214, "2.0.0", "RFC 5321; docs/bridge.md of Postkontor");
pub(crate) const TOO_LARGE: Reply = Reply::new(552, "5.3.4", "The mail is larger than the settings allow");
pub(crate) const BARE_LINE_END: Reply =
    Reply::closing(550, "5.5.2", "The mail has a bare <CR> or <LF>; lines end with <CR><LF> (RFC 5321, section 2.3.8); closing");
pub(crate) const SPOOL_FAILED: Reply = Reply::new(452, "4.3.1", "This machine cannot keep the mail now; try again later");
pub(crate) const BUSY: Reply = Reply::closing(421, "4.7.0", "Too many connections; try again later");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_made_for_the_occasion_are_one_line_that_fits() {
        let reply = Reply::made(554, "5.6.0", &format!("a\r\n250 b{}", "ü".repeat(400)));
        let line = reply.to_string();
        assert!(line.starts_with("554 5.6.0 a  250 bueue") && line.len() <= 512 && line.is_ascii(), "{line}");
        assert_eq!(line.matches('\n').count(), 1);
        assert_eq!(GO_ON.to_string(), "354 End data with <CR><LF>.<CR><LF>\r\n");
    }
}
