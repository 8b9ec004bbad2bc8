//! What is remembered between sessions: which messages were fetched, when, and which are still to be deleted.
//!
//! As text: `pop3:1` and, for each message that still lies on the server, `;DAY[!|?]:ID`. DAY counts from 1970, `!` marks a message
//! whose deletion was asked for but never confirmed, `?` one of which only the headers were fetched. Messages that are gone from the server are forgotten, so the text
//! grows with the mailbox only.

use crate::listing::Entry;
use postkontor_plugin::{Error, Stage, Status};
use std::collections::HashMap;
use std::fmt::Write;

const VERSION: &str = "pop3:1";

/// What is known of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// The day it was fetched, counted from 1970.
    pub(crate) day: u64,
    pub(crate) fate: Fate,
}

/// What was done with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It was fetched.
    Fetched,
    /// Only its headers were.
    Headers,
    /// It is to be deleted, and was not yet for certain.
    Condemned,
}

/// What is remembered, by unique identifier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State(HashMap<String, Known>);

impl State {
    /// Reads what an earlier call returned; nothing for the first call.
    pub(crate) fn parse(text: Option<&str>) -> Result<State, Error> {
        let text = text.unwrap_or_default();
        if text.is_empty() {
            return Ok(State::default());
        }
        let foreign =
            || Error::new(Status::Argument, "receive.state_foreign").stage(Stage::Fetch).at_request("/state", "receive.state_foreign");
        let mut members = text.split(';');
        if members.next() != Some(VERSION) {
            return Err(foreign());
        }
        let known = |member: &str| {
            let (day, id) = member.split_once(':')?;
            let fate = match day.as_bytes().last() {
                Some(b'!') => Fate::Condemned,
                Some(b'?') => Fate::Headers,
                _ => Fate::Fetched,
            };
            Some((unescaped(id), Known { day: day.trim_end_matches(['!', '?']).parse().ok()?, fate }))
        };
        members.map(|member| known(member).ok_or_else(foreign)).collect::<Result<_, _>>().map(State)
    }

    pub(crate) fn get(&self, id: &str) -> Option<Known> {
        self.0.get(id).copied()
    }

    pub(crate) fn remember(&mut self, id: &str, known: Known) {
        self.0.insert(id.to_owned(), known);
    }

    pub(crate) fn forget(&mut self, id: &str) {
        self.0.remove(id);
    }

    /// The text for the next call, in the order of the mailbox.
    pub(crate) fn text(&self, mailbox: &[Entry]) -> String {
        let mut text = VERSION.to_owned();
        for entry in mailbox {
            if let Some(known) = self.0.get(&entry.id) {
                let mark = match known.fate {
                    Fate::Fetched => "",
                    Fate::Headers => "?",
                    Fate::Condemned => "!",
                };
                // Writing to a String cannot fail.
                let _ = write!(text, ";{}{mark}:{}", known.day, escaped(&entry.id));
            }
        }
        text
    }
}

/// Identifiers may hold any printable character, also those that part the text.
fn escaped(id: &str) -> String {
    id.replace('%', "%25").replace(';', "%3B")
}

fn unescaped(id: &str) -> String {
    id.replace("%3B", ";").replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_back_as_it_was_written() {
        let mut state = State::default();
        state.remember("a;b%3B", Known { day: 20_778, fate: Fate::Fetched });
        state.remember("c", Known { day: 20_779, fate: Fate::Condemned });
        state.remember("large", Known { day: 20_779, fate: Fate::Headers });
        state.remember("gone", Known { day: 1, fate: Fate::Fetched });
        let entry = |id: &str| Entry { number: 1, size: 1, id: id.to_owned() };
        let text = state.text(&[entry("c"), entry("large"), entry("a;b%3B"), entry("new")]);
        assert_eq!(text, "pop3:1;20779!:c;20779?:large;20778:a%3Bb%253B");
        state.forget("gone");
        assert_eq!(State::parse(Some(&text)).unwrap(), state);
    }

    #[test]
    fn a_state_of_something_else_is_refused() {
        for text in ["imap:1;x", "pop3:2", "pop3:1;x", "pop3:1;1", "{}"] {
            assert_eq!(State::parse(Some(text)).unwrap_err().status, Status::Argument, "{text}");
        }
        assert_eq!(State::parse(None).unwrap(), State::default());
        assert_eq!(State::parse(Some("")).unwrap(), State::default());
    }
}
