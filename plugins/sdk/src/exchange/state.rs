//! What is remembered between calls: how far a folder was followed, and what is still to be done with its messages.
//!
//! Both services tell what has changed since a token of theirs, so that the token stands for all that was fetched. Beside it stand the
//! messages that the service has told of and that are not done: as text `NAME:1;FOLDER;TOKEN;ENTRY,ENTRY…`. An entry is a letter for what
//! is due, the number of characters that its id shares with the one before it, and the rest of the id; ids of one folder are long and
//! begin alike. Everything that a server gave is written with escapes.

use crate::{Error, Stage, Status};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What is still to be done with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// It is to be fetched.
    Fetch,
    /// It broke an earlier call: it is to be fetched behind all others.
    FetchLast,
    /// Only its headers were fetched, because it had more bytes than this allows.
    Whole(u64),
    /// It was fetched and is to be marked as seen.
    Seen,
    /// It was fetched and is to be deleted.
    Delete,
}

/// What is remembered of a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The folder, by whatever the transport knows it again.
    pub folder: String,
    /// The service's token; empty at the beginning.
    pub token: String,
    /// The messages that something is due for, by their ids.
    pub due: BTreeMap<String, Due>,
}

impl State {
    /// Reads what an earlier call of this transport returned; nothing for the first call. The state of another transport is refused.
    pub fn parse(transport: &str, text: Option<&str>) -> Result<State, Error> {
        let text = text.unwrap_or_default();
        if text.is_empty() {
            return Ok(State::default());
        }
        let foreign =
            || Error::new(Status::Argument, "receive.state_foreign").stage(Stage::Fetch).at_request("/state", "receive.state_foreign");
        let members: Vec<&str> = text.split(';').collect();
        let [version, folder, token, entries] = members[..] else { return Err(foreign()) };
        if version.strip_suffix(":1") != Some(transport) {
            return Err(foreign());
        }
        let mut state =
            State { folder: unescaped(folder).ok_or_else(foreign)?, token: unescaped(token).ok_or_else(foreign)?, due: BTreeMap::new() };
        let mut before = String::new();
        for entry in entries.split(',').filter(|entry| !entry.is_empty()) {
            let (id, due) = read_entry(entry, &before).ok_or_else(foreign)?;
            before.clone_from(&id);
            state.due.insert(id, due);
        }
        Ok(state)
    }

    /// The state of this folder, or an empty one where it is of another.
    #[must_use]
    pub fn of(self, folder: &str) -> State {
        if self.folder == folder { self } else { State { folder: folder.to_owned(), ..State::default() } }
    }

    /// The text for the next call.
    pub fn text(&self, transport: &str) -> String {
        let mut text = format!("{transport}:1;{};{};", escaped(&self.folder), escaped(&self.token));
        let mut before = "";
        for (index, (id, due)) in self.due.iter().enumerate() {
            let shared: usize = before.chars().zip(id.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
            let letter = match due {
                Due::Fetch => "f".to_owned(),
                Due::FetchLast => "l".to_owned(),
                Due::Whole(bytes) => format!("w{bytes}_"),
                Due::Seen => "s".to_owned(),
                Due::Delete => "d".to_owned(),
            };
            // Writing to a text cannot fail.
            let _ = write!(text, "{}{letter}{shared}.{}", if index > 0 { "," } else { "" }, escaped(&id[shared..]));
            before = id;
        }
        text
    }
}

/// An entry, whose id may begin like the one before it.
fn read_entry(entry: &str, before: &str) -> Option<(String, Due)> {
    let (head, rest) = entry.split_once('.')?;
    let (letter, number) = head.split_at_checked(1)?;
    let (due, shared) = match letter {
        "f" => (Due::Fetch, number),
        "l" => (Due::FetchLast, number),
        "w" => {
            let (bytes, shared) = number.split_once('_')?;
            (Due::Whole(bytes.parse().ok()?), shared)
        }
        "s" => (Due::Seen, number),
        "d" => (Due::Delete, number),
        _ => return None,
    };
    let id = format!("{}{}", before.get(..shared.parse().ok()?)?, unescaped(rest)?);
    (!id.is_empty()).then_some((id, due))
}

/// Everything but what base64, addresses and URLs are written with becomes `%` and two digits.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"+/=_-@|:$?&()'".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if *first == b'%' {
            let (digits, behind) = rest.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = behind;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        let due = [
            ("AAMkAD=/1", Due::Fetch),
            ("AAMkAD=/2ü", Due::Whole(4096)),
            ("AAMkAD=/2ü;,.%", Due::FetchLast),
            ("B", Due::Seen),
            ("üx", Due::Delete),
            ("ýx", Due::Delete),
        ];
        State {
            folder: "anna@example.com|inbox".to_owned(),
            token: "H4sIAA==".to_owned(),
            due: due.into_iter().map(|(id, due)| (id.to_owned(), due)).collect(),
        }
    }

    #[test]
    fn a_state_is_read_back_as_it_was_written() {
        let text = state().text("exchange-ews");
        assert!(text.starts_with("exchange-ews:1;anna@example%2Ecom|inbox;H4sIAA==;f0.AAMkAD=/1,w4096_8.2%C3%BC,"), "{text}");
        assert_eq!(State::parse("exchange-ews", Some(&text)).unwrap(), state());
        assert_eq!(State::parse("graph", None).unwrap(), State::default());
        let empty = State { folder: "f".to_owned(), ..State::default() };
        assert_eq!(State::parse("graph", Some(&empty.text("graph"))).unwrap(), empty);
    }

    #[test]
    fn the_state_of_another_transport_and_nonsense_are_refused() {
        let text = state().text("exchange-ews");
        for (transport, text) in [
            ("graph", text.as_str()),
            ("exchange-ews", "imap:1;7;1:3,9;5;3"),
            ("exchange-ews", "exchange-ews:1;a;b"),
            ("exchange-ews", "exchange-ews:2;a;b;"),
            ("exchange-ews", "exchange-ews:1;a;b;f0."),
            ("exchange-ews", "exchange-ews:1;a;b;x0.A"),
            ("exchange-ews", "exchange-ews:1;a;b;f1.A"),
            ("exchange-ews", "exchange-ews:1;a;b;w0.A"),
            ("exchange-ews", "exchange-ews:1;a;b;f0.%C3"),
            ("exchange-ews", "exchange-ews:1;a;b;f0.%ZZ"),
            ("exchange-ews", "exchange-ews:1;a;b;f0.\u{e4}"),
        ] {
            let parsed = State::parse(transport, Some(text));
            if text.ends_with('\u{e4}') {
                assert!(parsed.is_ok());
            } else {
                assert_eq!(parsed.unwrap_err().status, Status::Argument, "{text}");
            }
        }
    }

    #[test]
    fn the_state_of_another_folder_is_empty() {
        assert_eq!(state().of("anna@example.com|inbox"), state());
        assert_eq!(state().of("b|inbox"), State { folder: "b|inbox".to_owned(), ..State::default() });
    }
}
