//! The file format of dialogues; `docs/plugins.md` describes it for those who write one.

use serde_json::{Map, Value};
use std::fmt::Display;

/// What a server and a client send to each other, and the results of the client.
#[derive(Debug)]
pub(super) struct Dialogue {
    pub(super) protocol: String,
    pub(super) settings: Value,
    pub(super) exchanges: Vec<Exchange>,
    pub(super) turns: Vec<Turn>,
}

/// A request to the transport, and what becomes of it.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    pub(super) request: Value,
    pub(super) outcome: Value,
}

/// One turn of the dialogue.
#[derive(Debug)]
pub(super) struct Turn {
    /// The line of the file, from 1.
    pub(super) line: usize,
    pub(super) act: Act,
}

#[derive(Debug)]
pub(super) enum Act {
    /// The server sends this.
    Send(Vec<Piece>),
    /// The client sends this line, whose end is not part of it.
    ReceiveLine(Vec<Piece>),
    /// The client may send this line; where it does not, the server's answer to it is left out, too.
    MayReceive(Vec<Piece>),
    /// The client sends these bytes.
    ReceiveBytes(Vec<u8>),
    /// TLS begins.
    Secure,
    /// The server closes the connection, and the client opens the next.
    NextConnection,
    /// The server sends nothing any more.
    Silence,
    /// The server resets the connection.
    Reset,
    /// Something is true from here on.
    Mark(Mark),
}

/// What is true from a place on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// The nth thing that the client wanted to be done may have been done.
    InDoubt(usize),
    /// The client has the server's word that it was not done so far.
    NotDone(usize),
    /// The client has the server's word on it.
    Settled(usize),
    /// The client knows that one more message has come to its end.
    Whole,
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Bytes(Vec<u8>),
    /// What the client sends here gets a name; the server sends it again.
    Name(String),
    /// Whatever the client sends here.
    Any,
}

impl Dialogue {
    /// Reads a file. An error names the line.
    pub(super) fn parse(text: &str) -> Result<Dialogue, String> {
        let mut lines = (1..).zip(text.lines());
        let head = lines.by_ref().take_while(|(_, line)| !line.trim().is_empty());
        let mut members: Vec<(usize, String, String)> = Vec::new();
        for (number, line) in head.filter(|(_, line)| !line.starts_with('#')) {
            match (line.starts_with(' '), members.last_mut(), line.split_once(':')) {
                (true, Some((.., value)), _) => *value += line,
                (false, _, Some((name, value))) => members.push((number, name.trim().to_owned(), value.trim().to_owned())),
                _ => return Err(format!("line {number}: no member of the head")),
            }
        }
        let mut dialogue =
            Dialogue { protocol: String::new(), settings: Value::Object(Map::new()), exchanges: Vec::new(), turns: Vec::new() };
        let mut facts = vec!["brand", "quirk", "source"];
        for (number, name, value) in members {
            dialogue.member(&name, &value, &mut facts).map_err(|error| format!("line {number}: {name}: {error}"))?;
        }
        if !facts.is_empty() || dialogue.protocol.is_empty() || dialogue.exchanges.is_empty() {
            return Err(format!("the head needs protocol, request, outcome, and {}", facts.join(", ")));
        }
        for (line, text) in lines.filter(|(_, text)| !text.trim().is_empty() && !text.starts_with('#')) {
            dialogue.turns.push(Turn { line, act: act(text).map_err(|error| format!("line {line}: {error}"))? });
        }
        Ok(dialogue)
    }

    fn member(&mut self, name: &str, value: &str, facts: &mut Vec<&str>) -> Result<(), String> {
        match name {
            "protocol" => value.clone_into(&mut self.protocol),
            "settings" => self.settings = json(value)?,
            "request" => self.exchanges.push(Exchange { request: json(value)?, outcome: Value::Null }),
            "outcome" => match self.exchanges.last_mut() {
                Some(Exchange { outcome, .. }) if outcome.is_null() => *outcome = json(value)?,
                _ => return Err("no request stands before it".to_owned()),
            },
            _ if value.is_empty() || !facts.contains(&name) => return Err("unknown, twice or empty".to_owned()),
            _ => facts.retain(|fact| *fact != name),
        }
        Ok(())
    }
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(to_text)
}

fn to_text(error: impl Display) -> String {
    error.to_string()
}

/// One line of the dialogue.
fn act(line: &str) -> Result<Act, String> {
    let (kind, text) = line.split_at_checked(2).ok_or("too short")?;
    let text = text.strip_prefix(' ').unwrap_or(text);
    Ok(match kind {
        "S:" => Act::Send([pieces(text)?, vec![Piece::Bytes(b"\r\n".to_vec())]].concat()),
        "S-" => Act::Send(pieces(text)?),
        "C:" => Act::ReceiveLine(pieces(text)?),
        "C?" => Act::MayReceive(pieces(text)?),
        "C-" => Act::ReceiveBytes(bytes(text)?),
        "! " => event(text)?,
        _ => return Err("a line begins with S:, S-, C:, C?, C-, ! or #".to_owned()),
    })
}

fn event(text: &str) -> Result<Act, String> {
    let (name, number) = match text.rsplit_once(' ').map(|(name, number)| (name, number.parse())) {
        Some((name, Ok(number))) => (name, number),
        _ => (text, 1),
    };
    Ok(match name {
        "tls" => Act::Secure,
        "next connection" => Act::NextConnection,
        "silence" => Act::Silence,
        "reset" => Act::Reset,
        "in doubt" => Act::Mark(Mark::InDoubt(number)),
        "not done" => Act::Mark(Mark::NotDone(number)),
        "settled" => Act::Mark(Mark::Settled(number)),
        "whole" => Act::Mark(Mark::Whole),
        _ => return Err(format!("nothing is called “{text}”")),
    })
}

fn bytes(text: &str) -> Result<Vec<u8>, String> {
    match pieces(text)?.as_slice() {
        [] => Ok(Vec::new()),
        [Piece::Bytes(bytes)] => Ok(bytes.clone()),
        _ => Err("only bytes can stand here".to_owned()),
    }
}

/// Takes `{*}`, `{name}` and `{\r\n\xE4}` out of a text; other braces stand for themselves.
fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut plain = Vec::new();
    while let Some(open) = rest.find('{') {
        let (before, behind) = rest.split_at(open);
        plain.extend_from_slice(before.as_bytes());
        let inner = behind.find('}').map_or("", |close| &behind[1..close]);
        let special = match inner {
            "*" => Some(Piece::Any),
            name if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase()) => Some(Piece::Name(name.to_owned())),
            _ => None,
        };
        rest = &behind[1..];
        if inner.starts_with('\\') {
            plain.extend(escaped(inner)?);
        } else if let Some(piece) = special {
            pieces.push(Piece::Bytes(std::mem::take(&mut plain)));
            pieces.push(piece);
        } else {
            plain.push(b'{');
            continue;
        }
        rest = &rest[inner.len() + 1..];
    }
    plain.extend_from_slice(rest.as_bytes());
    pieces.push(Piece::Bytes(plain));
    pieces.retain(|piece| *piece != Piece::Bytes(Vec::new()));
    Ok(pieces)
}

fn escaped(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let sign = if letter == '\\' { letters.next() } else { None };
        bytes.push(match sign {
            Some('r') => b'\r',
            Some('n') => b'\n',
            Some('t') => b'\t',
            Some('0') => 0,
            Some('\\') => b'\\',
            Some('x') => {
                let digits: String = letters.by_ref().take(2).collect();
                let number = u8::from_str_radix(&digits, 16).map_err(to_text)?;
                if digits.len() < 2 {
                    return Err(format!("{{{text}}}: \\x needs two digits"));
                }
                number
            }
            _ => return Err(format!("{{{text}}} has something else than \\r \\n \\t \\0 \\\\ \\xNN")),
        });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Bytes(text.as_bytes().to_vec())
    }

    #[test]
    fn braces_are_wildcards_escapes_or_themselves() {
        assert_eq!(pieces("{tag} LOGIN {5+} {*}").unwrap(), [Piece::Name("tag".to_owned()), text(" LOGIN {5+} "), Piece::Any]);
        assert_eq!(pieces("a{\\r\\n\\xe4\\0}b{").unwrap(), [Piece::Bytes(b"a\r\n\xe4\0b{".to_vec())]);
        assert_eq!(pieces("").unwrap(), []);
        for wrong in ["{\\q}", "{\\x4}", "{\\rx}"] {
            pieces(wrong).unwrap_err();
        }
    }

    const HEAD: &str =
        "protocol: smtp\nbrand: X\nquirk: y\nsource: z\nsettings: {\"a\":\n  1}\nrequest: {\"test\": {}}\noutcome: {\"ok\": true}\n";

    #[test]
    fn a_file_is_a_head_and_turns() {
        let dialogue =
            Dialogue::parse(&format!("# told\n{HEAD}\nS: 220 ready\n\n# more\nC? QUIT\n! settled 2\n! next connection\n")).unwrap();
        assert_eq!((dialogue.protocol.as_str(), &dialogue.settings["a"]), ("smtp", &Value::from(1)));
        assert_eq!(dialogue.exchanges[0].outcome["ok"], true);
        let turns: Vec<_> = dialogue.turns.iter().map(|turn| (turn.line, &turn.act)).collect();
        assert!(matches!(
            turns[..],
            [(11, Act::Send(_)), (14, Act::MayReceive(_)), (15, Act::Mark(Mark::Settled(2))), (16, Act::NextConnection)]
        ));
    }

    #[test]
    fn a_mistake_is_reported_with_its_line() {
        for (wrong, told) in [
            (format!("{HEAD}brand: twice\n"), "line 9: brand"),
            (format!("{HEAD}\nX: y\n"), "line 10: a line begins"),
            (format!("{HEAD}\n! nothing\n"), "line 10: nothing is called"),
            (HEAD.replace("source: z\n", ""), "source"),
            (HEAD.replace("true}", "true"), "line 8: outcome"),
        ] {
            let error = Dialogue::parse(&wrong).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }
}
