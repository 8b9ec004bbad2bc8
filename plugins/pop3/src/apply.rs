//! Listing without fetching, and deleting by identifier.

use crate::session::Session;
use crate::settings::Settings;
use postkontor_plugin::net::Recorder;
use postkontor_plugin::{Applied, ApplyAction, ApplyRequest, Call, Error, ListRequest, Listed, Listing, Stage, Status};
use std::collections::{HashMap, HashSet};

/// How many deletions may be on their way.
const WINDOW: usize = 512;

/// Lists the mailbox, which has no folders, and the messages that the server describes in no usable way.
pub(crate) fn list(settings: &Settings, request: &ListRequest, call: &Call) -> Result<Listing, Error> {
    if request.folder.as_ref().is_some_and(|folder| !folder.is_empty() && !folder.eq_ignore_ascii_case("INBOX")) {
        let code = "pop3.folder_unsupported";
        return Err(Error::new(Status::Unsupported, code).stage(Stage::Fetch).at_request("/folder", code));
    }
    let mut session = Session::open(settings, call, &mut Recorder::off())?;
    let mailbox = session.mailbox(std::iter::empty(), call)?;
    // The response to QUIT does not matter.
    drop(session.log_out(call));
    let messages = mailbox.entries.into_iter().map(|entry| Listed { id: entry.id, size: Some(entry.size), ..Listed::default() });
    Ok(Listing::Messages { folder: None, messages: messages.collect(), missing: mailbox.missing })
}

/// Deletes messages. The result names them in the order of the request; either all that were there are deleted or, on an error, perhaps none.
pub(crate) fn apply(settings: &Settings, request: &ApplyRequest, call: &Call) -> Result<Applied, Error> {
    if request.action != ApplyAction::Delete {
        let code = "pop3.only_delete";
        return Err(Error::new(Status::Unsupported, code).stage(Stage::Fetch).at_request("/do", code));
    }
    let mut named = HashSet::new();
    let ids: Vec<&str> = request.messages.iter().map(String::as_str).filter(|id| named.insert(*id)).collect();
    let mut session = Session::open(settings, call, &mut Recorder::off())?;
    let mailbox = session.mailbox(ids.iter().copied(), call)?;
    let numbers: HashMap<&str, u32> = mailbox.entries.iter().map(|entry| (entry.id.as_str(), entry.number)).collect();
    let (applied, missing): (Vec<&str>, Vec<&str>) = ids.iter().partition(|id| numbers.contains_key(*id));
    let numbers: Vec<u32> = applied.iter().filter_map(|id| numbers.get(id).copied()).collect();
    session.delete(&numbers, call).map_err(|error| error.stage(Stage::Fetch))?;
    session.expect_only_blank_lines(call)?;
    session.quit(call)?;
    let owned = |ids: Vec<&str>| ids.into_iter().map(str::to_owned).collect();
    Ok(Applied { applied: owned(applied), missing: owned(missing), ..Applied::default() })
}

impl Session {
    /// Marks messages as deleted, as many at a time as the server takes; the first refusal ends it.
    fn delete(&mut self, numbers: &[u32], call: &Call) -> Result<(), Error> {
        for numbers in numbers.chunks(if self.capabilities.pipelining { WINDOW } else { 1 }) {
            let commands: String = numbers.iter().map(|number| format!("DELE {number}\r\n")).collect();
            self.expect_only_blank_lines(call)?;
            self.stream.write(commands.as_bytes(), call)?;
            for _ in numbers {
                if let Err(reply) = self.next_status(call)? {
                    return Err(self.refused("pop3.delete_refused", Status::Refused, reply));
                }
            }
        }
        Ok(())
    }
}
