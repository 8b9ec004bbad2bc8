//! What a client asks for (RFC 1939; STLS: RFC 2595; CAPA: RFC 2449).

/// A command of a client.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// CAPA.
    Capa,
    /// USER, with the name.
    User(Vec<u8>),
    /// PASS, with the password.
    Pass(Vec<u8>),
    /// APOP, with the name and the digits.
    Apop(Vec<u8>, Vec<u8>),
    /// STLS.
    Stls,
    /// STAT.
    Stat,
    /// LIST, of one message or of all.
    List(Option<usize>),
    /// UIDL, of one message or of all.
    Uidl(Option<usize>),
    /// RETR.
    Retr(usize),
    /// TOP, with the number of lines.
    Top(usize, u64),
    /// DELE.
    Dele(usize),
    /// NOOP.
    Noop,
    /// RSET.
    Rset,
    /// QUIT.
    Quit,
}

/// Why there is none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It is not known.
    Unknown,
    /// Its arguments are wrong.
    Arguments,
}

impl Command {
    /// Reads a line.
    pub(crate) fn read(line: &[u8]) -> Result<Command, Unread> {
        let (verb, rest) = match line.iter().position(|byte| *byte == b' ') {
            Some(at) => (&line[..at], &line[at + 1..]),
            None => (line, &line[line.len()..]),
        };
        let verb = verb.to_ascii_uppercase();
        let words: Vec<&[u8]> = rest.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).collect();
        let alone = |command: Command| if words.is_empty() { Ok(command) } else { Err(Unread::Arguments) };
        match (verb.as_slice(), words.as_slice()) {
            (b"CAPA", _) => alone(Command::Capa),
            (b"STLS", _) => alone(Command::Stls),
            (b"STAT", _) => alone(Command::Stat),
            (b"NOOP", _) => alone(Command::Noop),
            (b"RSET", _) => alone(Command::Rset),
            (b"QUIT", _) => alone(Command::Quit),
            // Names and passwords may have blanks in them.
            (b"USER", [_, ..]) => Ok(Command::User(rest.to_vec())),
            (b"PASS", _) => Ok(Command::Pass(rest.to_vec())),
            (b"APOP", [name, digits]) => Ok(Command::Apop(name.to_vec(), digits.to_vec())),
            (b"LIST", []) => Ok(Command::List(None)),
            (b"LIST", [message]) => number(message).map(|message| Command::List(Some(message))),
            (b"UIDL", []) => Ok(Command::Uidl(None)),
            (b"UIDL", [message]) => number(message).map(|message| Command::Uidl(Some(message))),
            (b"RETR", [message]) => number(message).map(Command::Retr),
            (b"DELE", [message]) => number(message).map(Command::Dele),
            (b"TOP", [message, lines]) => Ok(Command::Top(number(message)?, number(lines)?)),
            (b"USER" | b"APOP" | b"LIST" | b"UIDL" | b"RETR" | b"DELE" | b"TOP", _) => Err(Unread::Arguments),
            _ => Err(Unread::Unknown),
        }
    }
}

fn number<T: std::str::FromStr>(word: &[u8]) -> Result<T, Unread> {
    let digits = std::str::from_utf8(word).ok().filter(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|digits| digits.parse().ok()).ok_or(Unread::Arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_in_any_case_and_with_their_blanks() {
        assert_eq!(Command::read(b"user anna maria"), Ok(Command::User(b"anna maria".to_vec())));
        assert_eq!(Command::read(b"PASS  two blanks "), Ok(Command::Pass(b" two blanks ".to_vec())));
        assert_eq!(Command::read(b"PASS"), Ok(Command::Pass(Vec::new())));
        assert_eq!(Command::read(b"TOP 3 0"), Ok(Command::Top(3, 0)));
        assert_eq!(Command::read(b"list"), Ok(Command::List(None)));
        assert_eq!(Command::read(b"UIDL 7 "), Ok(Command::Uidl(Some(7))));
        for line in ["RETR", "RETR x", "RETR -1", "RETR +1", "RETR 1 2", "TOP 1", "DELE 99999999999999999999", "STAT 1", "USER", "APOP a"] {
            assert_eq!(Command::read(line.as_bytes()), Err(Unread::Arguments), "{line}");
        }
        for line in ["", "XTND", "\u{16}\u{3}", "LIST\t1"] {
            assert_eq!(Command::read(line.as_bytes()), Err(Unread::Unknown), "{line}");
        }
    }
}
