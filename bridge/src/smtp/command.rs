//! What a client asks for (RFC 5321, section 4.1), as programs write it and not only as they should.

use super::reply::{self, Reply};
use zeroize::Zeroizing;

/// A command of a client.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// EHLO, with the name of the client.
    Ehlo(String),
    /// HELO, with the name of the client.
    Helo(String),
    /// MAIL, with the sender and the parameters.
    Mail(String, Vec<Parameter>),
    /// RCPT, with the recipient and the parameters.
    Rcpt(String, Vec<Parameter>),
    /// DATA.
    Data,
    /// RSET.
    Rset,
    /// NOOP.
    Noop,
    /// QUIT.
    Quit,
    /// VRFY and EXPN.
    Verify,
    /// HELP.
    Help,
    /// STARTTLS.
    Starttls,
    /// AUTH, with the mechanism in capital letters and the first answer.
    Auth(String, Option<Zeroizing<Vec<u8>>>),
}

/// A parameter of MAIL or RCPT: its name in capital letters, and its value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
}

/// The longest address (RFC 5321, section 4.5.3.1.3).
const PATH: usize = 254;

impl Command {
    /// Reads a line.
    pub(crate) fn read(line: &[u8]) -> Result<Command, Reply> {
        let line = line.trim_ascii();
        let end = line.iter().position(|byte| *byte == b' ' || *byte == b':').unwrap_or(line.len());
        let (verb, rest) = line.split_at(end);
        let verb = verb.to_ascii_uppercase();
        let text = std::str::from_utf8(rest).ok().filter(|text| !text.contains(|character: char| character.is_control()));
        let rest = text.ok_or(reply::SYNTAX)?.trim();
        let alone = |command: Command| if rest.is_empty() { Ok(command) } else { Err(reply::WITHOUT_ARGUMENTS) };
        match verb.as_slice() {
            b"EHLO" | b"HELO" if rest.is_empty() => Err(reply::SYNTAX),
            b"EHLO" => Ok(Command::Ehlo(name(rest))),
            b"HELO" => Ok(Command::Helo(name(rest))),
            b"MAIL" => path(rest, "FROM").map(|(from, parameters)| Command::Mail(from, parameters)),
            b"RCPT" => path(rest, "TO").map(|(to, parameters)| Command::Rcpt(to, parameters)),
            b"DATA" => alone(Command::Data),
            b"RSET" => alone(Command::Rset),
            b"QUIT" => alone(Command::Quit),
            b"STARTTLS" => alone(Command::Starttls),
            b"NOOP" => Ok(Command::Noop),
            b"VRFY" | b"EXPN" => Ok(Command::Verify),
            b"HELP" => Ok(Command::Help),
            b"AUTH" => auth(rest),
            _ => Err(reply::UNKNOWN),
        }
    }
}

/// What a client calls itself, as far as a header may repeat it.
fn name(text: &str) -> String {
    text.chars().filter(|character| character.is_ascii_graphic() && !matches!(character, '(' | ')' | '<' | '>' | '\\')).take(100).collect()
}

fn auth(rest: &str) -> Result<Command, Reply> {
    let mut words = rest.split_ascii_whitespace();
    let mechanism = words.next().ok_or(reply::SYNTAX)?.to_ascii_uppercase();
    let initial = words.next().map(|word| Zeroizing::new(word.as_bytes().to_vec()));
    if words.next().is_some() { Err(reply::SYNTAX) } else { Ok(Command::Auth(mechanism, initial)) }
}

/// The address behind `FROM:` or `TO:`, and the parameters behind it.
fn path(rest: &str, keyword: &str) -> Result<(String, Vec<Parameter>), Reply> {
    let has_keyword = rest.get(..keyword.len()).is_some_and(|word| word.eq_ignore_ascii_case(keyword));
    let rest = if has_keyword { rest[keyword.len()..].trim_start().strip_prefix(':') } else { None };
    // Many programs write a blank behind the colon, and some leave the brackets out.
    let rest = rest.ok_or(reply::SYNTAX)?.trim_start();
    let (address, rest) = match rest.strip_prefix('<') {
        Some(rest) => {
            let end = end_of_path(rest, '>').ok_or(reply::SYNTAX)?;
            (&rest[..end], &rest[end + 1..])
        }
        None => rest.split_at(end_of_path(rest, ' ').unwrap_or(rest.len())),
    };
    if !rest.is_empty() && !rest.starts_with(' ') {
        return Err(reply::SYNTAX);
    }
    let parameters = rest.split_ascii_whitespace().map(|word| match word.split_once('=') {
        Some((name, value)) => Parameter { name: name.to_ascii_uppercase(), value: Some(value.to_owned()) },
        None => Parameter { name: word.to_ascii_uppercase(), value: None },
    });
    Ok((without_route(address).to_owned(), parameters.collect()))
}

/// The place of a delimiter outside quotes.
fn end_of_path(text: &str, delimiter: char) -> Option<usize> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.char_indices().find_map(|(at, character)| {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ if character == delimiter && !is_quoted => return Some(at),
            _ => {}
        }
        None
    })
}

/// A route (`@a,@b:user@host`) is accepted and ignored (RFC 5321, appendix C).
fn without_route(address: &str) -> &str {
    match address.strip_prefix('@').and_then(|rest| rest.split_once(':')) {
        Some((_, address)) => address,
        None => address,
    }
}

/// Refuses what is no address. What the outbox refuses beyond that, it refuses at the end of the mail.
pub(crate) fn check(address: &str, smtputf8: bool) -> Result<(), Reply> {
    if !address.is_ascii() && !smtputf8 {
        return Err(reply::NEEDS_SMTPUTF8);
    }
    let at = address.rfind('@').ok_or(reply::ADDRESS)?;
    let (local, domain) = (&address[..at], &address[at + 1..]);
    let is_quoted = local.len() > 1 && local.starts_with('"') && local.ends_with('"');
    let is_open = |character: char| matches!(character, ' ' | '"' | '<' | '>' | '(' | ')' | ',' | ';' | ':' | '\\' | '@');
    let is_local = !local.is_empty() && (is_quoted || !local.contains(is_open));
    let is_domain = !domain.is_empty() && (domain.starts_with('[') || !domain.contains(is_open));
    if is_local && is_domain && address.len() <= PATH { Ok(()) } else { Err(reply::ADDRESS) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(line: &str) -> (String, Vec<(String, Option<String>)>) {
        match Command::read(line.as_bytes()) {
            Ok(Command::Mail(from, parameters) | Command::Rcpt(from, parameters)) => {
                (from, parameters.into_iter().map(|Parameter { name, value }| (name, value)).collect())
            }
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn addresses_are_read_as_programs_write_them() {
        for line in ["MAIL FROM:<a@b.c>", "mail from: <a@b.c>", "Mail From:a@b.c", "MAIL FROM :<@x,@y:a@b.c>", "RCPT TO:<a@b.c> "] {
            assert_eq!(mail(line), ("a@b.c".to_owned(), vec![]), "{line}");
        }
        assert_eq!(mail("MAIL FROM:<>").0, "");
        assert_eq!(mail(r#"RCPT TO:<"a>b"@c>"#).0, r#""a>b"@c"#);
        let (from, parameters) = mail("MAIL FROM:<a@b.c> SIZE=17 body=8BITMIME SMTPUTF8");
        let parameters: Vec<_> = parameters.iter().map(|(name, value)| (name.as_str(), value.as_deref())).collect();
        assert_eq!((from.as_str(), parameters), ("a@b.c", vec![("SIZE", Some("17")), ("BODY", Some("8BITMIME")), ("SMTPUTF8", None)]));
        for line in ["MAIL", "MAIL a@b.c", "MAIL FROM", "MAIL FROM:<a@b.c", "MAIL FROM:<a@b.c>x", "MAIL TO:<a@b.c>", "MAIL FRÖM:<a@b.c>"] {
            assert_eq!(Command::read(line.as_bytes()), Err(reply::SYNTAX), "{line}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for address in ["a@b.c", "\"a b\"@c", "a@[127.0.0.1]", "a+b=c@d"] {
            assert_eq!(check(address, false), Ok(()), "{address}");
        }
        for address in ["", "a", "@b", "a@", "a b@c", "a@b c", "a<b@c", "a,b@c", "a@b@c"] {
            assert_eq!(check(address, false), Err(reply::ADDRESS), "{address}");
        }
        assert_eq!(check(&format!("{}@b.c", "a".repeat(251)), false), Err(reply::ADDRESS));
        assert_eq!((check("grüße@b.c", false), check("grüße@b.c", true)), (Err(reply::NEEDS_SMTPUTF8), Ok(())));
    }

    #[test]
    fn commands_are_known_in_any_case_and_garbage_is_none() {
        assert_eq!(Command::read(b"ehlo scanner"), Ok(Command::Ehlo("scanner".to_owned())));
        assert_eq!(Command::read(b"HELO (a)\\<b>"), Ok(Command::Helo("ab".to_owned())));
        assert_eq!(Command::read(b"AUTH plain AGE="), Ok(Command::Auth("PLAIN".to_owned(), Some(Zeroizing::new(b"AGE=".to_vec())))));
        assert_eq!(Command::read(b"DATA now"), Err(reply::WITHOUT_ARGUMENTS));
        assert_eq!(Command::read(b"\x16\x03\x01"), Err(reply::UNKNOWN));
        assert_eq!(Command::read(b"EHLO a\0b"), Err(reply::SYNTAX));
        assert_eq!(Command::read(b"EHLO \xff"), Err(reply::SYNTAX));
        assert_eq!(Command::read(b""), Err(reply::UNKNOWN));
    }
}
