//! PLAIN (RFC 4616), LOGIN and EXTERNAL (RFC 4422, appendix A): nothing is computed, only said.

use super::misbehaviour::unexpected;
use crate::Error;
use zeroize::Zeroizing;

/// PLAIN: authorization identity (none), user and password, separated by NUL.
pub(super) struct Plain(Option<Zeroizing<Vec<u8>>>);

impl Plain {
    pub(super) fn new(user: &str, password: &str) -> Plain {
        Plain(Some(Zeroizing::new(["\0", user, "\0", password].concat().into_bytes())))
    }

    pub(super) fn initial(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        self.0.take()
    }
}

/// LOGIN: the user name to the first question, the password to the second. The wording of the questions is ignored, as servers
/// translate it and a hostile one could exchange them.
pub(super) struct Login {
    user: Option<Zeroizing<Vec<u8>>>,
    password: Option<Zeroizing<Vec<u8>>>,
}

impl Login {
    pub(super) fn new(user: &str, password: &str) -> Login {
        let bytes = |text: &str| Some(Zeroizing::new(text.as_bytes().to_vec()));
        Login { user: bytes(user), password: bytes(password) }
    }

    pub(super) fn respond(&mut self) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.user.take().or_else(|| self.password.take()).ok_or_else(unexpected)
    }
}

/// EXTERNAL: the identity to act as, empty for the one that the certificate names.
pub(super) struct External(Option<Zeroizing<Vec<u8>>>);

impl External {
    pub(super) fn new(user: &str) -> External {
        External(Some(Zeroizing::new(user.as_bytes().to_vec())))
    }

    pub(super) fn initial(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        self.0.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_follows_the_example_of_rfc_4616() {
        assert_eq!(**Plain::new("tim", "tanstaaftanstaaf").initial().unwrap(), *b"\0tim\0tanstaaftanstaaf");
    }

    #[test]
    fn login_answers_two_questions_and_no_third() {
        let mut login = Login::new("anna", "secret");
        assert_eq!(**login.respond().unwrap(), *b"anna");
        assert_eq!(**login.respond().unwrap(), *b"secret");
        assert_eq!(login.respond().unwrap_err().code, "auth.unexpected_challenge");
    }

    #[test]
    fn external_may_be_empty() {
        assert_eq!(**External::new("").initial().unwrap(), *b"");
        assert_eq!(**External::new("anna").initial().unwrap(), *b"anna");
    }
}
