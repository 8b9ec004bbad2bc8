//! What a server says it can.

use crate::response_code::response_code;
use postkontor_plugin::{Stage, Step};

/// What the server says it can.
#[derive(Clone, Debug, Default)]
pub(crate) struct Capabilities(pub(crate) Vec<String>);

impl Capabilities {
    /// Whether a capability is there, whatever its case.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    /// Whether UTF-8 can be switched on (RFC 6855); with UTF8=ONLY nothing else works.
    pub(crate) fn has_utf8(&self) -> bool {
        self.has("UTF8=ACCEPT") || self.has("UTF8=ONLY")
    }

    /// The SASL mechanisms.
    pub(crate) fn mechanisms(&self) -> Vec<String> {
        let mechanism = |name: &String| name.get(..5).filter(|head| head.eq_ignore_ascii_case("AUTH=")).map(|_| name[5..].to_owned());
        self.0.iter().filter_map(mechanism).collect()
    }

    /// Reads `* CAPABILITY A B C`.
    pub(crate) fn parse(line: &[u8]) -> Option<Capabilities> {
        let (word, list) = line.strip_prefix(b"* ")?.split_at_checked(11)?;
        word.eq_ignore_ascii_case(b"CAPABILITY ").then(|| Capabilities::list(&String::from_utf8_lossy(list)))
    }

    /// Those in the response code of a greeting or an OK: `[CAPABILITY A B C] Welcome`. A list without IMAP4rev1 or IMAP4rev2 is none.
    pub(crate) fn from_response_code(words: &[u8]) -> Option<Capabilities> {
        let (name, list) = response_code(words)?;
        let listed = name.eq_ignore_ascii_case("CAPABILITY").then(|| Capabilities::list(list))?;
        Some(listed).filter(|listed| listed.has("IMAP4rev1") || listed.has("IMAP4rev2"))
    }

    fn list(list: &str) -> Capabilities {
        Capabilities(list.split_ascii_whitespace().map(str::to_owned).collect())
    }

    pub(crate) fn step(&self) -> Step {
        Step::ok(Stage::Capabilities).fact("capabilities", self.0.clone()).fact("mechanisms", self.mechanisms())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_read_wherever_they_stand() {
        let response = Capabilities::parse(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN STARTTLS\r\n");
        let greeting = Capabilities::from_response_code(b"[CAPABILITY IMAP4rev1 AUTH=PLAIN STARTTLS] hello");
        for capabilities in [response.unwrap(), greeting.unwrap()] {
            assert!(capabilities.has("starttls") && !capabilities.has("hello"));
            assert_eq!(capabilities.mechanisms(), ["PLAIN"]);
        }
        assert!(Capabilities::parse(b"* OK hello\r\n").is_none());
        for words in ["hello", "hello [CAPABILITY IMAP4rev1]", "[CAPABILITY]", "[CAPABILITY X] hello", "[CAPABILITY IMAP4rev1"] {
            assert!(Capabilities::from_response_code(words.as_bytes()).is_none(), "{words}");
        }
    }
}
