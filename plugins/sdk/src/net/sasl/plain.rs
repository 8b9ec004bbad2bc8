//! PLAIN (RFC 4616): one message with user and password.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_follows_the_example_of_rfc_4616() {
        assert_eq!(**Plain::new("tim", "tanstaaftanstaaf").initial().unwrap(), *b"\0tim\0tanstaaftanstaaf");
    }
}
