//! What is remembered between calls: which messages of a folder were fetched, and which are still to be deleted or marked.
//!
//! As text: `imap:1;UIDVALIDITY;FETCHED;HEADERS;TO_DELETE`, the last three as sets of UIDs (`1:5,7`). UIDs mean something only together
//! with their UIDVALIDITY (RFC 9051, section 2.3.1.1): when it has changed, everything is new. `;HIGHESTMODSEQ.UIDNEXT.MESSAGES` follows
//! where every message of the folder was fetched: as long as these stay, nothing is new, whatever is asked for. 0 stands for a value that
//! the server does not send. Where messages are still to be marked as seen, `;;SEEN` follows instead, the set of them; and `;SPOILED` behind
//! it, the set of those on which a call was given up.

use crate::uid_set::UidSet;
use postkontor_plugin::{Error, Stage, Status};

const VERSION: &str = "imap:1";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) validity: u32,
    pub(crate) fetched: UidSet,
    /// Only the headers were, because the message was too large.
    pub(crate) headers: UidSet,
    /// Deletion was asked for but never confirmed.
    pub(crate) to_delete: UidSet,
    /// The mark as seen was asked for, and the connection ended before.
    pub(crate) to_mark_seen: UidSet,
    /// The messages on which an earlier call was given up: they come last.
    pub(crate) spoiled: UidSet,
    /// The status of the folder when every message was fetched and no action was left.
    pub(crate) fetched_whole: Option<FolderStatus>,
}

/// What the server says of a folder at SELECT, which changes when a message arrives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FolderStatus {
    /// Rises with every change (RFC 7162, section 3.1.2.1); 0 where the server has no CONDSTORE.
    pub(crate) modseq: u64,
    /// Rises with every message that arrives (RFC 9051, section 2.3.1.1); 0 where the server does not send it.
    pub(crate) next: u32,
    pub(crate) messages: u32,
}

impl FolderStatus {
    /// Whether it proves anything: the number of messages alone does not.
    pub(crate) fn proves_anything(&self) -> bool {
        self.modseq > 0 || self.next > 0
    }

    fn parse(text: &str) -> Option<FolderStatus> {
        let mut numbers = text.split('.');
        let (modseq, next) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
        let messages = numbers.next()?.parse().ok()?;
        numbers.next().is_none().then_some(FolderStatus { modseq, next, messages })
    }
}

impl State {
    /// Reads what an earlier call returned; nothing for the first call.
    pub(crate) fn parse(text: Option<&str>) -> Result<State, Error> {
        let text = text.unwrap_or_default();
        if text.is_empty() {
            return Ok(State::default());
        }
        let foreign =
            || Error::new(Status::Argument, "receive.state_foreign").stage(Stage::Fetch).at_request("/state", "receive.state_foreign");
        let members: Vec<&str> = text.split(';').collect();
        let (members, whole, to_mark_seen, spoiled) = match members[..] {
            [ref members @ .., "", to_mark_seen, spoiled] if members.len() == 5 && !spoiled.is_empty() => {
                (members, None, to_mark_seen, spoiled)
            }
            [ref members @ .., "", to_mark_seen] if members.len() == 5 => (members, None, to_mark_seen, ""),
            [ref members @ .., whole] if members.len() == 5 => (members, Some(FolderStatus::parse(whole).ok_or_else(foreign)?), "", ""),
            ref members => (members, None, "", ""),
        };
        let [VERSION, validity, fetched, headers, to_delete] = *members else { return Err(foreign()) };
        let validity = validity.parse().map_err(|_| foreign())?;
        let set = |text| UidSet::parse(text).ok_or_else(foreign);
        Ok(State {
            validity,
            fetched: set(fetched)?,
            headers: set(headers)?,
            to_delete: set(to_delete)?,
            to_mark_seen: set(to_mark_seen)?,
            spoiled: set(spoiled)?,
            fetched_whole: whole,
        })
    }

    /// The text for the next call.
    pub(crate) fn text(&self) -> String {
        let more = match self.fetched_whole {
            _ if !self.spoiled.is_empty() => format!(";;{};{}", self.to_mark_seen.text(), self.spoiled.text()),
            _ if !self.to_mark_seen.is_empty() => format!(";;{}", self.to_mark_seen.text()),
            Some(whole) => format!(";{}.{}.{}", whole.modseq, whole.next, whole.messages),
            None => String::new(),
        };
        format!("{VERSION};{};{};{};{}{more}", self.validity, self.fetched.text(), self.headers.text(), self.to_delete.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_back_as_it_was_written() {
        let mut state = State {
            validity: 7,
            fetched: UidSet::new([1, 2, 3, 9]),
            headers: UidSet::new([5]),
            to_delete: UidSet::new([3]),
            ..State::default()
        };
        assert_eq!(state.text(), "imap:1;7;1:3,9;5;3");
        assert_eq!(State::parse(Some(&state.text())).unwrap(), state);
        state.fetched_whole = Some(FolderStatus { modseq: 99, next: 10, messages: 4 });
        assert_eq!(state.text(), "imap:1;7;1:3,9;5;3;99.10.4");
        assert_eq!(State::parse(Some(&state.text())).unwrap(), state);
        state.fetched_whole = None;
        state.to_mark_seen = UidSet::new([1, 2]);
        assert_eq!(state.text(), "imap:1;7;1:3,9;5;3;;1:2");
        assert_eq!(State::parse(Some(&state.text())).unwrap(), state);
        state.spoiled = UidSet::new([6, 7]);
        assert_eq!(state.text(), "imap:1;7;1:3,9;5;3;;1:2;6:7");
        assert_eq!(State::parse(Some(&state.text())).unwrap(), state);
        state.to_mark_seen = UidSet::default();
        assert_eq!(state.text(), "imap:1;7;1:3,9;5;3;;;6:7");
        assert_eq!(State::parse(Some(&state.text())).unwrap(), state);
        assert_eq!(State::parse(None).unwrap(), State::default());
        for text in [
            "pop3:1;",
            "imap:1;7",
            "imap:1;7;;",
            "imap:1;x;;;",
            "imap:1;7;x;;",
            "imap:2;7;;;",
            "imap:1;7;;;;",
            "imap:1;7;;;;1.2",
            "imap:1;7;;;;1.2.3.4",
            "imap:1;7;;;;1.2.3;",
            "imap:1;7;;;;1.2.3;4",
            "imap:1;7;;;;;x",
            "imap:1;7;;;;;;",
            "imap:1;7;;;;;;x",
            "imap:1;7;;;;1.2.3;;7",
        ] {
            assert_eq!(State::parse(Some(text)).unwrap_err().status, Status::Argument, "{text}");
        }
    }
}
