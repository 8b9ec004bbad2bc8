//! Marking messages and deleting them for good.

use crate::session::Session;
use crate::uid_set::UidSet;
use postkontor_plugin::{Call, Error};

impl Session {
    /// Changes flags.
    pub(crate) fn store(&mut self, uids: &[u32], change: &str, call: &Call) -> Result<(), Error> {
        self.command_for(uids, |set| format!("UID STORE {set} {change}"), call)
    }

    /// Performs a command for messages, several times where they are more than one can name.
    fn command_for(&mut self, uids: &[u32], command: impl Fn(&str) -> String, call: &Call) -> Result<(), Error> {
        for piece in UidSet::pieces(uids) {
            let completion = self.command(&command(&UidSet::set(piece)), call)?;
            if !completion.is_ok {
                return Err(self.refused("imap.store_refused", &completion));
            }
        }
        Ok(())
    }

    /// Deletes messages for good.
    pub(crate) fn delete(&mut self, uids: &[u32], call: &Call) -> Result<(), Error> {
        if uids.is_empty() {
            return Ok(());
        }
        self.store(uids, "+FLAGS.SILENT (\\Deleted)", call)?;
        // Without UIDPLUS only EXPUNGE is left, which takes along what others have marked (RFC 4315, section 2.1): then the marks stay, and
        // the next EXPUNGE removes the messages.
        if self.capabilities.has("UIDPLUS") || self.capabilities.has("IMAP4rev2") {
            return self.command_for(uids, |set| format!("UID EXPUNGE {set}"), call);
        }
        let ours = UidSet::new(uids.iter().copied());
        let marked = self.search("DELETED", call)?;
        // A search that leaves out one of ours may leave out one of theirs.
        if marked.iter().any(|uid| !ours.contains(*uid)) || uids.iter().any(|uid| marked.binary_search(uid).is_err()) {
            return Ok(());
        }
        let completion = self.command("EXPUNGE", call)?;
        if completion.is_ok { Ok(()) } else { Err(self.refused("imap.store_refused", &completion)) }
    }
}
