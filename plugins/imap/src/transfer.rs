//! Copying and moving messages to another folder.

use crate::command::Completion;
use crate::response_code::response_code;
use crate::session::Session;
use crate::uid_set::UidSet;
use postkontor_plugin::{Call, Error, Stage, Status};

/// The folder that messages go to.
pub(crate) struct Target<'a> {
    wanted: &'a str,
    /// Its name on the server, once it is known.
    name: Option<String>,
    create: bool,
}

impl<'a> Target<'a> {
    pub(crate) fn new(wanted: &'a str, create: bool) -> Target<'a> {
        Target { wanted, name: None, create }
    }

    /// Its name on the server; until that is known, the one that was asked for.
    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(self.wanted)
    }
}

/// What became of messages that were to be copied or moved.
#[derive(Default)]
pub(crate) struct Transferred {
    /// Those that are in the other folder, ascending.
    pub(crate) uids: Vec<u32>,
    /// Their copies, as far as the server names them.
    pub(crate) copies: Vec<Copied>,
    /// Why not all are there.
    pub(crate) incomplete: Option<Error>,
}

/// A message and its copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Copied {
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// UIDVALIDITY of the copy.
    pub(crate) validity: u32,
}

impl Session {
    /// Copies or moves as many messages as one command can name. Moves by MOVE (RFC 6851) where the server can, else by copying and then
    /// deleting, so that none is ever in no folder.
    pub(crate) fn transfer(&mut self, uids: &[u32], moves: bool, target: &mut Target<'_>, call: &Call) -> Result<Transferred, Error> {
        let by_move = moves && (self.capabilities.has("MOVE") || self.capabilities.has("IMAP4rev2"));
        let code = if moves { "imap.move_refused" } else { "imap.copy_refused" };
        let mut name = match target.name.take() {
            Some(name) => name,
            None => self.real_name(target.wanted, "/folder", call)?,
        };
        let head = format!("UID {} {}", if by_move { "MOVE" } else { "COPY" }, UidSet::set(uids));
        let done = self.try_transfer(&head, by_move, &mut name, target.create, call);
        target.name = Some(name);
        let (completion, named) = done?;
        let refused = |session: &Session| session.refused(code, &completion).arg("folder", target.name()).at_request("/folder", code);
        if !completion.is_ok {
            return Err(refused(self));
        }
        // What the server does not name among the copies was not copied.
        let is_named = |uid: &u32| named.as_ref().is_none_or(|named| named.from.contains(*uid));
        let done: Vec<u32> = uids.iter().copied().filter(is_named).collect();
        if moves && !by_move {
            self.delete(&done, call)?;
        }
        // A message that was not copied, and not moved, is still there: MOVE leaves it, too.
        let incomplete = (moves && done.len() < uids.len()).then(|| refused(self));
        Ok(Transferred { uids: done, copies: named.map_or_else(Vec::new, |named| named.copies), incomplete })
    }

    /// Tries under the name that we would write, then under the one that the server lists, then with the folder made.
    fn try_transfer(
        &mut self,
        head: &str,
        by_move: bool,
        target: &mut String,
        create: bool,
        call: &Call,
    ) -> Result<(Completion, Option<CopyUid>), Error> {
        let tried = self.wire(target);
        let mut done = self.transfer_to(head, &tried, by_move, target, call)?;
        if !done.0.is_ok
            && let Some(listed) = self.listed(target, call)?.filter(|listed| self.wire(listed) != tried)
        {
            *target = listed;
            done = self.transfer_to(head, &self.wire(target), by_move, target, call)?;
        }
        if !done.0.is_ok && done.0.has("TRYCREATE") && create {
            self.create(target, "/folder", call)?;
            done = self.transfer_to(head, &self.wire(target), by_move, target, call)?;
        }
        Ok(done)
    }

    /// One attempt. A copy whose answer is lost may be there: to copy again would make a second one.
    fn transfer_to(
        &mut self,
        head: &str,
        wire: &str,
        by_move: bool,
        target: &str,
        call: &Call,
    ) -> Result<(Completion, Option<CopyUid>), Error> {
        let (mut named, before) = (None, self.stream.written());
        let command = format!("{head} {wire}");
        let done = self.command_with(&command, call, |line| {
            // MOVE names the copies before it removes what was moved (RFC 6851, section 4.3).
            let words = line.split_at_checked(5).filter(|(head, _)| head.eq_ignore_ascii_case(b"* OK ")).map(|(_, words)| words);
            named = words.and_then(CopyUid::parse).or(named.take());
            Ok(())
        });
        let completion = done.map_err(|error| {
            let has_left = self.stream.written() - before >= command.len() as u64;
            if by_move || !has_left { error } else { in_doubt(self, &error, target) }
        })?;
        let named = CopyUid::parse(completion.text.as_bytes()).filter(|_| completion.is_ok).or(named);
        Ok((completion, named))
    }
}

fn in_doubt(session: &Session, cause: &Error, target: &str) -> Error {
    let error = session.error(Status::Uncertain, "imap.copy_uncertain").stage(Stage::Mailbox).arg("folder", target);
    error.detail(format!("{} {}", cause.code, cause.detail).trim_end())
}

/// What COPYUID tells: `[COPYUID 7 1:3 11:13]` (RFC 4315, section 3).
#[derive(Clone, Debug, PartialEq, Eq)]
struct CopyUid {
    /// The messages that were copied.
    from: UidSet,
    /// Each with its copy; empty where the two lists do not go together.
    copies: Vec<Copied>,
}

/// More messages than one command names.
const COPIES: usize = 1_000_000;

impl CopyUid {
    fn parse(words: &[u8]) -> Option<CopyUid> {
        let (name, listed) = response_code(words)?;
        let mut words = listed.split_ascii_whitespace();
        let (validity, from, to) = (words.next()?, words.next()?, words.next().unwrap_or_default());
        let set = UidSet::new(expanded(from).filter(|_| name.eq_ignore_ascii_case("COPYUID"))?);
        let copies = match (validity.parse::<u32>(), expanded(from), expanded(to)) {
            (Ok(validity), Some(from), Some(to)) if validity > 0 && from.len() == to.len() => {
                from.into_iter().zip(to).map(|(from, to)| Copied { from, to, validity }).collect()
            }
            _ => Vec::new(),
        };
        Some(CopyUid { from: set, copies })
    }
}

/// The UIDs of a set in the order in which they stand there, the lower of a range first: so the two sets of COPYUID go together.
fn expanded(set: &str) -> Option<Vec<u32>> {
    let mut uids = Vec::new();
    for range in set.split(',') {
        let (start, end) = range.split_once(':').unwrap_or((range, range));
        let (start, end): (u32, u32) = (start.parse().ok()?, end.parse().ok()?);
        let (start, end) = (start.min(end), start.max(end));
        if start == 0 || (end - start) as usize >= COPIES || uids.len() >= COPIES {
            return None;
        }
        uids.extend(start..=end);
    }
    Some(uids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_named_in_the_order_of_their_sets() {
        let pairs =
            |words: &str| CopyUid::parse(words.as_bytes()).map(|named| named.copies.iter().map(|copy| (copy.from, copy.to)).collect());
        assert_eq!(pairs("[COPYUID 7 304,319:320 3956:3958] Done"), Some(vec![(304, 3956), (319, 3957), (320, 3958)]));
        assert_eq!(pairs("[copyuid 7 9,4 11:12]"), Some(vec![(9, 11), (4, 12)]));
        // What does not go together names no copies, and still says what was copied.
        for words in ["[COPYUID 7 1:3 11:12]", "[COPYUID 0 1:3 11:13]", "[COPYUID 7 1:3]", "[COPYUID 7 1:3 x]"] {
            assert_eq!(pairs(words), Some(Vec::new()), "{words}");
            assert!(CopyUid::parse(words.as_bytes()).is_some_and(|named| named.from.contains(3)), "{words}");
        }
        for words in ["[COPYUID 7 x 1]", "[APPENDUID 7 1]", "done", "[COPYUID 7 1:4294967295 1]", "[COPYUID 7 0 1]", "[COPYUID 7]"] {
            assert_eq!(pairs(words), None, "{words}");
        }
    }
}
