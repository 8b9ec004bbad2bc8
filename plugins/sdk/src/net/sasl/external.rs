//! EXTERNAL (RFC 4422, appendix A): the TLS client certificate is the proof.

use zeroize::Zeroizing;

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
    fn external_may_be_empty() {
        assert_eq!(**External::new("").initial().unwrap(), *b"");
        assert_eq!(**External::new("anna").initial().unwrap(), *b"anna");
    }
}
