//! What is remembered between calls: how far the folder was followed, what is still to be done, and which messages were fetched.
//!
//! The service tells what has changed since a link of its own, new messages and changed ones alike. So each message that was fetched is
//! remembered as long as it lies in the folder, by eight bytes of the digest of its id. As text: that of [`State`], and behind another `;`
//! the bytes of all of them in base64.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use postkontor_plugin::exchange::{Due, State};
use postkontor_plugin::{Error, Stage, Status};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

const TRANSPORT: &str = "graph";

/// What is remembered of a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// The folder, the link, and what is due.
    pub(crate) state: State,
    fetched: BTreeSet<u64>,
}

impl Memory {
    /// Reads what an earlier call returned; nothing for the first call.
    pub(crate) fn parse(text: Option<&str>) -> Result<Memory, Error> {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(Memory::default()) };
        let refused = |code: &str| Error::new(Status::Argument, code).stage(Stage::Fetch).at_request("/state", code);
        if text.starts_with("exchange-ews:") {
            return Err(refused("graph.state_of_ews"));
        }
        let foreign = || refused("receive.state_foreign");
        let (state, fetched) = text.rsplit_once(';').ok_or_else(foreign)?;
        let state = State::parse(TRANSPORT, Some(state))?;
        let fetched = BASE64_URL_SAFE_NO_PAD.decode(fetched).map_err(|_| foreign())?;
        let (marks, rest) = fetched.as_chunks::<8>();
        if !rest.is_empty() || !state.token.is_empty() && !state.token.starts_with('/') {
            return Err(foreign());
        }
        Ok(Memory { state, fetched: marks.iter().map(|mark| u64::from_be_bytes(*mark)).collect() })
    }

    /// What is remembered of this folder; nothing where it is of another.
    pub(crate) fn of(self, folder: &str) -> Memory {
        if self.state.folder == folder { self } else { Memory { state: State::default().of(folder), fetched: BTreeSet::new() } }
    }

    /// The text for the next call.
    pub(crate) fn text(&self) -> String {
        let fetched: Vec<u8> = self.fetched.iter().flat_map(|mark| mark.to_be_bytes()).collect();
        format!("{};{}", self.state.text(TRANSPORT), BASE64_URL_SAFE_NO_PAD.encode(fetched))
    }

    pub(crate) fn is_fetched(&self, id: &str) -> bool {
        self.fetched.contains(&mark(id))
    }

    /// A message was fetched, and this is still due.
    pub(crate) fn fetched(&mut self, id: &str, due: Option<Due>) {
        self.fetched.insert(mark(id));
        self.due(id, due);
    }

    /// Notes what is due for a message.
    pub(crate) fn due(&mut self, id: &str, due: Option<Due>) {
        match due {
            Some(due) => drop(self.state.due.insert(id.to_owned(), due)),
            None => drop(self.state.due.remove(id)),
        }
    }

    /// A message is not in the folder any more.
    pub(crate) fn gone(&mut self, id: &str) {
        self.fetched.remove(&mark(id));
        self.state.due.remove(id);
    }

    /// Forgets the fetched messages that are not among these, which are all of the folder.
    pub(crate) fn keep_only(&mut self, there: &BTreeSet<u64>) {
        self.fetched.retain(|mark| there.contains(mark));
    }
}

/// By what a message is known again.
pub(crate) fn mark(id: &str) -> u64 {
    let digest = Sha256::digest(id);
    digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memory_is_read_back_as_it_was_written() {
        let mut memory = Memory::default().of("AAMk=");
        memory.state.token = "/v1.0/users/a@b/mailFolders/AAMk=/messages/delta?$deltatoken=x%20y".to_owned();
        memory.fetched("AA=", None);
        memory.fetched("AB=", Some(Due::Delete));
        memory.due("AC=", Some(Due::Fetch));
        let text = memory.text();
        assert!(text.starts_with("graph:1;"), "{text}");
        let read = Memory::parse(Some(&text)).unwrap();
        assert_eq!(read, memory);
        assert!(read.is_fetched("AA=") && read.is_fetched("AB=") && !read.is_fetched("AC="));
        assert_eq!(read.clone().of("AAMk="), read);
        assert_eq!(read.of("other").fetched.len(), 0);
    }

    #[test]
    fn a_message_that_is_gone_is_forgotten() {
        let mut memory = Memory::default();
        memory.fetched("AA=", Some(Due::Seen));
        memory.fetched("AB=", None);
        memory.gone("AA=");
        assert!(!memory.is_fetched("AA=") && memory.state.due.is_empty());
        memory.keep_only(&BTreeSet::new());
        assert_eq!(memory, Memory::default());
    }

    #[test]
    fn the_state_of_another_transport_and_nonsense_are_refused() {
        let code = |text: &str| Memory::parse(Some(text)).unwrap_err().code.clone();
        assert_eq!(code("exchange-ews:1;f;t;"), "graph.state_of_ews");
        for text in [
            "imap:1;7;1:3,9;5;3",
            "graph:1;f;t",
            "graph:1;f;;;!!",
            "graph:1;f;;;AAA",
            "graph:2;f;;;",
            "x",
            "graph:1;f;https://evil.example/x;;",
        ] {
            assert_eq!(code(text), "receive.state_foreign", "{text}");
        }
        assert_eq!(Memory::parse(Some("")).unwrap(), Memory::default());
    }
}
