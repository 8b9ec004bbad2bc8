//! What a token says of itself.
//!
//! Nothing depends on it: Microsoft may change its tokens as it likes. Where it can be read, an error says which role is missing instead of
//! naming all that it might be.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use postkontor_plugin::serde::Deserialize;
use postkontor_plugin::{Secret, serde_json};

/// What an operation needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Listing and fetching.
    Read,
    /// Drafts, marks, moving, deleting.
    Change,
    /// Sending.
    Send,
}

impl Role {
    /// Its name among the application permissions of Graph.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Role::Read => "Mail.Read",
            Role::Change => "Mail.ReadWrite",
            Role::Send => "Mail.Send",
        }
    }

    fn is_granted_by(self, grant: &str) -> bool {
        // `Mail.Read.Shared` and the like say where, not what.
        let is = |name: &str| grant == name || grant.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        is(self.name()) || self == Role::Read && is(Role::Change.name())
    }
}

#[derive(Deserialize)]
#[serde(crate = "postkontor_plugin::serde")]
struct Payload {
    /// The roles of a program.
    #[serde(default)]
    roles: Vec<String>,
    /// The scopes of a person.
    #[serde(default)]
    scp: String,
}

/// Whether a token has a role; nothing where that cannot be read.
pub(crate) fn has_role(token: &Secret, role: Role) -> Option<bool> {
    let payload = token.reveal().split('.').nth(1)?;
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let payload: Payload = serde_json::from_slice(&payload).ok()?;
    let mut grants = payload.roles.iter().map(String::as_str).chain(payload.scp.split(' '));
    Some(grants.any(|grant| role.is_granted_by(grant)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str) -> Secret {
        Secret::new(format!("e30.{}.x", BASE64_URL_SAFE_NO_PAD.encode(payload)))
    }

    #[test]
    fn roles_of_programs_and_scopes_of_persons_are_read() {
        let program = token(r#"{"roles":["Mail.ReadWrite","User.Read.All"]}"#);
        assert_eq!([Role::Read, Role::Change, Role::Send].map(|role| has_role(&program, role)), [Some(true), Some(true), Some(false)]);
        let person = token(r#"{"scp":"Mail.Read.Shared Mail.Send openid"}"#);
        assert_eq!([Role::Read, Role::Change, Role::Send].map(|role| has_role(&person, role)), [Some(true), Some(false), Some(true)]);
        assert_eq!(has_role(&token(r#"{"scp":"Mail.ReadBasic"}"#), Role::Read), Some(false));
    }

    #[test]
    fn a_token_that_cannot_be_read_says_nothing() {
        for text in ["", "opaque", "a.!!.c", "a.e30x.c"] {
            assert_eq!(has_role(&Secret::new(text), Role::Send), None, "{text}");
        }
    }
}
