//! What is remembered between sessions: which messages were fetched, when, and which are still to be deleted.
//!
//! As text: `pop3:1` and, for each message that still lies on the server, `;DAY[.FINGERPRINT][!|?|~]:ID`. DAY counts from 1970, FINGERPRINT
//! is that of the message in eight hexadecimal digits, `!` marks a message whose deletion was asked for but never confirmed, `?` one of which
//! only the headers were fetched, `~` one that broke a session and was not fetched. Messages that are gone from the server are forgotten, so
//! the text grows with the mailbox only.

use crate::mailbox::{Entry, Mailbox};
use postkontor_plugin::{Error, Stage, Status};
use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

const VERSION: &str = "pop3:1";

/// What is known of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Remembered {
    /// The day it was fetched, counted from 1970.
    pub(crate) day: u64,
    pub(crate) state: FetchState,
    /// By what the message is known again; nothing where it was not fetched.
    pub(crate) fingerprint: Option<u32>,
}

/// What was done with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FetchState {
    /// It was fetched.
    Fetched,
    /// Only its headers were.
    HeadersOnly,
    /// It is to be deleted, and was not yet for certain.
    ToDelete,
    /// It broke a session and was not fetched: the others come first.
    Failed,
}

/// What is remembered, by unique identifier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State(HashMap<String, Remembered>);

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
        let remembered = |member: &str| {
            let (facts, id) = member.split_once(':')?;
            Some((unescaped(id), Remembered::parse(facts)?))
        };
        members.map(|member| remembered(member).ok_or_else(foreign)).collect::<Result<_, _>>().map(State)
    }

    pub(crate) fn get(&self, id: &str) -> Option<Remembered> {
        self.0.get(id).copied()
    }

    /// The identifiers of all messages that are remembered.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.keys().map(String::as_str)
    }

    pub(crate) fn remember(&mut self, id: &str, remembered: Remembered) {
        self.0.insert(id.to_owned(), remembered);
    }

    pub(crate) fn forget(&mut self, id: &str) {
        self.0.remove(id);
    }

    /// The text for the next call, in the order of the mailbox. Where the mailbox could not be read whole, what is not in it may be there
    /// all the same.
    pub(crate) fn text(&self, mailbox: &Mailbox) -> String {
        let mut text = VERSION.to_owned();
        let mut add = |id: &str, remembered: &Remembered| {
            let mark = match remembered.state {
                FetchState::Fetched => "",
                FetchState::HeadersOnly => "?",
                FetchState::ToDelete => "!",
                FetchState::Failed => "~",
            };
            // Writing to a String cannot fail.
            let _ = write!(text, ";{}", remembered.day);
            let _ = remembered.fingerprint.map_or(Ok(()), |fingerprint| write!(text, ".{fingerprint:08x}"));
            let _ = write!(text, "{mark}:{}", escaped(id));
        };
        for Entry { id, .. } in &mailbox.entries {
            if let Some(remembered) = self.0.get(id) {
                add(id, remembered);
            }
        }
        if !mailbox.missing.is_empty() {
            let listed: HashSet<&str> = mailbox.entries.iter().map(|entry| entry.id.as_str()).collect();
            let mut others: Vec<(&String, &Remembered)> = self.0.iter().filter(|(id, _)| !listed.contains(id.as_str())).collect();
            others.sort_by_key(|(id, _)| *id);
            others.into_iter().for_each(|(id, remembered)| add(id, remembered));
        }
        text
    }
}

impl Remembered {
    fn parse(facts: &str) -> Option<Remembered> {
        let state = match facts.as_bytes().last() {
            Some(b'!') => FetchState::ToDelete,
            Some(b'?') => FetchState::HeadersOnly,
            Some(b'~') => FetchState::Failed,
            _ => FetchState::Fetched,
        };
        let facts = facts.trim_end_matches(['!', '?', '~']);
        let (day, fingerprint) = match facts.split_once('.') {
            Some((day, digits)) => (day, Some(u32::from_str_radix(digits, 16).ok()?)),
            None => (facts, None),
        };
        Some(Remembered { day: day.parse().ok()?, state, fingerprint })
    }
}

/// Identifiers may hold any printable character, also those that part the text.
fn escaped(id: &str) -> String {
    id.replace('%', "%25").replace(';', "%3B")
}

fn unescaped(id: &str) -> String {
    id.replace("%3B", ";").replace("%25", "%")
}

/// The day, counted from 1970.
pub(crate) fn today() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_back_as_it_was_written() {
        let remembered = |day, state, fingerprint| Remembered { day, state, fingerprint };
        let mut state = State::default();
        state.remember("a;b%3B", remembered(20_778, FetchState::Fetched, Some(0xab)));
        state.remember("c", remembered(20_779, FetchState::ToDelete, Some(u32::MAX)));
        state.remember("large", remembered(20_779, FetchState::HeadersOnly, None));
        state.remember("odd", remembered(20_779, FetchState::Failed, None));
        state.remember("gone", remembered(1, FetchState::Fetched, None));
        let entry = |id: &str| Entry { number: 1, size: 1, id: id.to_owned() };
        let entries = ["c", "large", "odd", "a;b%3B", "new"].map(entry).to_vec();
        let mut mailbox = Mailbox { entries, missing: Vec::new() };
        let text = state.text(&mailbox);
        assert_eq!(text, "pop3:1;20779.ffffffff!:c;20779?:large;20779~:odd;20778.000000ab:a%3Bb%253B");
        // What may lie there unreadable is not forgotten.
        mailbox.missing.push(postkontor_plugin::Missing { id: String::new(), error: Error::new(Status::Protocol, "x") });
        assert_eq!(state.text(&mailbox), format!("{text};1:gone"));
        state.forget("gone");
        assert_eq!(State::parse(Some(&text)).unwrap(), state);
    }

    #[test]
    fn a_state_of_something_else_is_refused() {
        for text in ["imap:1;x", "pop3:2", "pop3:1;x", "pop3:1;1", "pop3:1;1.x:a", "{}"] {
            assert_eq!(State::parse(Some(text)).unwrap_err().status, Status::Argument, "{text}");
        }
        assert_eq!(State::parse(None).unwrap(), State::default());
        assert_eq!(State::parse(Some("")).unwrap(), State::default());
    }
}
