//! The names under which the host keeps tokens.

/// What those names begin with. No program's secret may be called so.
pub const RESERVED: &str = "postkontor:oauth:";

/// How many letters the digest of the credentials has.
const DIGEST: usize = 64;

/// The longest scope that tokens are kept for.
const LONGEST_SCOPE: usize = 4096;

/// What is kept of one family, or asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// The access token for a scope.
    Token(&'a str),
    /// A token that a server has refused; to be put only.
    Refused,
    /// What the provider has given in exchange for the refresh token of the settings.
    Refresh,
    /// The right to get a token, which one call has at a time: got, and put when it is given back.
    Turn,
    /// That these credentials have taken the place of others, whose digest is the value; to be put only.
    Same,
}

/// A reserved name, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// The digest of the credentials, in hexadecimal digits.
    pub family: &'a str,
    /// What of them.
    pub item: Item<'a>,
}

impl Name<'_> {
    /// Takes a name apart; `None` where it is not such a one.
    pub fn read(name: &str) -> Option<Name<'_>> {
        let (family, item) = name.strip_prefix(RESERVED)?.split_at_checked(DIGEST)?;
        let item = match item.strip_prefix(':')? {
            "refused" => Item::Refused,
            "refresh" => Item::Refresh,
            "turn" => Item::Turn,
            "same" => Item::Same,
            // A provider of one's own may need no scope.
            token => Item::Token(token.strip_prefix("token:").filter(|scope| scope.len() <= LONGEST_SCOPE)?),
        };
        Some(Name { family: Name::read_digest(family)?, item })
    }

    /// Looks whether a text is the digest of credentials.
    pub fn read_digest(text: &str) -> Option<&str> {
        let is_digest = text.len() == DIGEST && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_digest.then_some(text)
    }
}

impl std::fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{RESERVED}{}:", self.family)?;
        match self.item {
            Item::Token(scope) => write!(f, "token:{scope}"),
            Item::Refused => f.write_str("refused"),
            Item::Refresh => f.write_str("refresh"),
            Item::Turn => f.write_str("turn"),
            Item::Same => f.write_str("same"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written() {
        let family = "0a".repeat(32);
        for item in [Item::Token("https://a/.default b"), Item::Token(""), Item::Refused, Item::Refresh, Item::Turn, Item::Same] {
            let name = Name { family: &family, item };
            assert_eq!(Name::read(&name.to_string()), Some(name));
        }
    }

    #[test]
    fn other_names_are_none() {
        let family = "0a".repeat(32);
        let long = "s".repeat(LONGEST_SCOPE + 1);
        for name in [
            "imap",
            "postkontor:oauth:",
            &format!("postkontor:oauth:{}:turn", "0A".repeat(32)),
            &format!("postkontor:oauth:{}é:turn", "a".repeat(63)),
            &format!("postkontor:oauth:{family}turn"),
            &format!("postkontor:oauth:{family}:turns"),
            &format!("postkontor:oauth:{family}:token:{long}"),
            &format!(" postkontor:oauth:{family}:turn"),
        ] {
            assert_eq!(Name::read(name), None, "{name}");
        }
    }
}
