//! LOGIN: user and password, one after the other; never standardised.

use super::misbehaviour::unexpected;
use crate::Error;
use zeroize::Zeroizing;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn login_answers_two_questions_and_no_third() {
        let mut login = Login::new("anna", "secret");
        assert_eq!(**login.respond().unwrap(), *b"anna");
        assert_eq!(**login.respond().unwrap(), *b"secret");
        assert_eq!(login.respond().unwrap_err().code, "auth.unexpected_challenge");
    }
}
