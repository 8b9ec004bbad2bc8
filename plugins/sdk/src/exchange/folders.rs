//! The names of folders that are the same in every language.

/// The folders for mail that both protocols know by a name of their own, and the uses of RFC 6154 that they have.
pub const DISTINGUISHED: [(&str, Option<&str>); 7] = [
    ("inbox", None),
    ("sentitems", Some("sent")),
    ("drafts", Some("drafts")),
    ("deleteditems", Some("trash")),
    ("junkemail", Some("junk")),
    ("outbox", None),
    ("msgfolderroot", None),
];

/// The name as the protocols have it, where it is a distinguished one, whatever its case.
pub fn distinguished(name: &str) -> Option<&'static str> {
    DISTINGUISHED.iter().map(|(known, _)| *known).find(|known| known.eq_ignore_ascii_case(name.trim()))
}

/// The use of a distinguished folder.
pub fn has_use(name: &str) -> Option<&'static str> {
    DISTINGUISHED.iter().find(|(known, _)| *known == name).and_then(|(_, used)| *used)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinguished_names_are_known_whatever_their_case() {
        assert_eq!((distinguished("Inbox"), distinguished(" SentItems ")), (Some("inbox"), Some("sentitems")));
        assert_eq!((distinguished("Gesendete Elemente"), distinguished("")), (None, None));
        assert_eq!((has_use("sentitems"), has_use("inbox")), (Some("sent"), None));
    }
}
