//! Marking messages and deleting them for good.

use crate::command::Done;
use crate::search::found;
use crate::session::Session;
use crate::uids::Uids;
use postkontor_plugin::{Call, Error};

impl Session {
    /// Changes flags.
    pub(crate) fn store(&mut self, uids: &[u32], change: &str, call: &Call) -> Result<Done, Error> {
        let set = Uids::new(uids.iter().copied()).text();
        self.perform(&format!("UID STORE {set} {change}"), call)
    }

    /// Deletes messages for good.
    pub(crate) fn delete(&mut self, uids: &[u32], call: &Call) -> Result<(), Error> {
        let set = Uids::new(uids.iter().copied()).text();
        let done = self.store(uids, "+FLAGS.SILENT (\\Deleted)", call)?;
        if !done.is_ok {
            return Err(self.refused("imap.store_refused", &done));
        }
        // Without UIDPLUS only EXPUNGE is left, which takes along what others have marked (RFC 4315, section 2.1): then the marks
        // stay, and whoever tidies the mailbox next removes them.
        let expunge = if self.capabilities.has("UIDPLUS") || self.capabilities.has("IMAP4rev2") {
            format!("UID EXPUNGE {set}")
        } else if self.only_ours_are_deleted(uids, call)? {
            "EXPUNGE".to_owned()
        } else {
            return Ok(());
        };
        let done = self.perform(&expunge, call)?;
        if done.is_ok { Ok(()) } else { Err(self.refused("imap.store_refused", &done)) }
    }

    fn only_ours_are_deleted(&mut self, uids: &[u32], call: &Call) -> Result<bool, Error> {
        let mut marked = Vec::new();
        let done = self.run("UID SEARCH DELETED", call, |line| found(line, &mut marked))?;
        Ok(done.is_ok && marked.iter().all(|uid| uids.contains(uid)))
    }
}
