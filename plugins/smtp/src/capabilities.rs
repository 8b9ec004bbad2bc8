//! The server's extensions, from its reply to EHLO.

use crate::reply::Reply;

/// The extensions that we make use of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Capabilities {
    /// Every line as the server wrote it, for the report of a test.
    pub(crate) lines: Vec<String>,
    /// RFC 3207.
    pub(crate) starttls: bool,
    /// RFC 2920.
    pub(crate) pipelining: bool,
    /// RFC 3030: BDAT.
    pub(crate) chunking: bool,
    /// RFC 6152.
    pub(crate) eight_bit: bool,
    /// RFC 6531.
    pub(crate) utf8: bool,
    /// RFC 3461.
    pub(crate) dsn: bool,
    /// RFC 1870; 0 where the server names no limit.
    pub(crate) size: Option<u64>,
    /// RFC 4954: the names of the mechanisms.
    pub(crate) mechanisms: Vec<String>,
}

impl Capabilities {
    /// Reads the reply to EHLO, whose first line is a greeting.
    pub(crate) fn parse(reply: &Reply) -> Capabilities {
        let mut capabilities = Capabilities::default();
        for line in reply.lines().skip(1) {
            let line = String::from_utf8_lossy(line);
            capabilities.add(line.trim());
        }
        capabilities
    }

    fn add(&mut self, line: &str) {
        // Exchange 5.5 and others of its time write `AUTH=LOGIN`, beside or instead of `AUTH LOGIN`.
        let line_for_parsing = match line.get(..5) {
            Some(start) if start.eq_ignore_ascii_case("AUTH=") => format!("AUTH {}", &line[5..]),
            _ => line.to_owned(),
        };
        let mut words = line_for_parsing.split_ascii_whitespace();
        let keyword = words.next().unwrap_or_default().to_ascii_uppercase();
        match keyword.as_str() {
            "STARTTLS" => self.starttls = true,
            "PIPELINING" => self.pipelining = true,
            "CHUNKING" => self.chunking = true,
            "8BITMIME" => self.eight_bit = true,
            "SMTPUTF8" => self.utf8 = true,
            "DSN" => self.dsn = true,
            "SIZE" => self.size = Some(words.next().and_then(|limit| limit.parse().ok()).unwrap_or(0)),
            "AUTH" => {
                for name in words.map(str::to_ascii_uppercase) {
                    if !self.mechanisms.contains(&name) {
                        self.mechanisms.push(name);
                    }
                }
            }
            _ => {}
        }
        self.lines.push(line.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect());
    }

    /// The largest message that the server says it takes.
    pub(crate) fn limit(&self) -> Option<u64> {
        self.size.filter(|limit| *limit > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(lines: &[&str]) -> Capabilities {
        let mut capabilities = Capabilities::default();
        lines.iter().for_each(|line| capabilities.add(line));
        capabilities
    }

    #[test]
    fn extensions_are_recognised_in_any_case() {
        let all = parse(&[
            "pipelining",
            "CHUNKING",
            "8BITMIME",
            "SMTPUTF8",
            "DSN",
            "StartTLS",
            "SIZE 35882577",
            "AUTH LOGIN plain",
            "X-UNKNOWN 1",
        ]);
        assert!(all.pipelining && all.chunking && all.eight_bit && all.utf8 && all.dsn && all.starttls);
        assert_eq!(all.limit(), Some(35_882_577));
        assert_eq!(all.mechanisms, ["LOGIN", "PLAIN"]);
        assert_eq!(all.lines.len(), 9);
    }

    #[test]
    fn old_and_doubled_auth_lines_are_one() {
        assert_eq!(parse(&["AUTH=LOGIN", "AUTH LOGIN CRAM-MD5"]).mechanisms, ["LOGIN", "CRAM-MD5"]);
    }

    #[test]
    fn a_size_of_nothing_is_no_limit() {
        for line in ["SIZE", "SIZE 0", "SIZE many"] {
            assert_eq!(parse(&[line]).limit(), None);
            assert_eq!(parse(&[line]).size, Some(0));
        }
        assert_eq!(parse(&[]).size, None);
    }
}
