//! UIDVALIDITY of the selected folder (RFC 9051, section 2.3.1.1): a UID names a message only together with it.

use crate::response_code::response_code;

/// The UIDVALIDITY that the UIDs of a session belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct UidValidity(Option<u32>);

impl UidValidity {
    /// Forgets the value: another folder is about to be selected.
    pub(crate) fn forget(&mut self) {
        self.0 = None;
    }

    /// Keeps the value that UIDs belong to from here on.
    pub(crate) fn hold(&mut self, validity: u32) {
        self.0 = Some(validity);
    }

    /// Whether an untagged response has another UIDVALIDITY: every UID may name another message now.
    pub(crate) fn is_ended_by(&self, line: &[u8]) -> bool {
        let Some(held) = self.0 else { return false };
        uid_validity(line).is_some_and(|listed| listed != held)
    }
}

/// The UIDVALIDITY in a response; 0 where it is malformed.
pub(crate) fn uid_validity(line: &[u8]) -> Option<u32> {
    let (_, words) = line.split_at_checked(5).filter(|(head, _)| head.eq_ignore_ascii_case(b"* OK "))?;
    let (name, number) = response_code(words)?;
    name.eq_ignore_ascii_case("UIDVALIDITY").then(|| number.parse().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_numbering_ends_the_one_that_is_held() {
        let mut uid_validity = UidValidity::default();
        assert!(!uid_validity.is_ended_by(b"* OK [UIDVALIDITY 8] ok\r\n"));
        uid_validity.hold(7);
        for line in
            ["* OK [UIDVALIDITY 8] new\r\n", "* ok [uidvalidity 8]\r\n", "* OK [UIDVALIDITY 99999999999]\r\n", "* OK [UIDVALIDITY x]\r\n"]
        {
            assert!(uid_validity.is_ended_by(line.as_bytes()), "{line}");
        }
        for line in ["* OK [UIDVALIDITY 7] ok\r\n", "* OK [UIDNEXT 8] ok\r\n", "* 8 EXISTS\r\n", "* OK\r\n", "* NO [UIDVALIDITY 8]\r\n", ""]
        {
            assert!(!uid_validity.is_ended_by(line.as_bytes()), "{line}");
        }
        uid_validity.forget();
        assert!(!uid_validity.is_ended_by(b"* OK [UIDVALIDITY 8] ok\r\n"));
    }
}
