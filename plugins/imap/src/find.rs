//! Looking for messages by their Message-IDs.

use crate::account::Imap;
use crate::session::Session;
use crate::{folders, names, sent};
use postkontor_plugin::{Call, Error, FindRequest, FoundMessages, Stage};

/// How many messages of the folder are searched, from its end: what was sent days ago may lie below much.
const RECENT: u32 = 20_000;

/// Looks for messages in a folder, which is not created.
pub(crate) fn find(imap: &mut Imap, request: &FindRequest, call: &Call) -> Result<FoundMessages, Error> {
    let mut session = imap.connected(call)?;
    let found = find_in(imap, &mut session, request, call);
    imap.keep(session, &found);
    found
}

fn find_in(imap: &mut Imap, session: &mut Session, request: &FindRequest, call: &Call) -> Result<FoundMessages, Error> {
    let selected = match request.folder.as_str() {
        "<sent>" => sent::open(imap, session, false, call)?,
        name => session.select(name, "/folder", false, call)?,
    };
    let first = selected.messages.saturating_sub(RECENT) + 1;
    let place = |message_id: &String| {
        let found = with_message_id(session, first, message_id, call)?;
        Ok(found.map(|uid| folders::id(&selected.name, selected.validity, uid)))
    };
    let places = request.message_ids.iter().map(place).collect::<Result<_, Error>>()?;
    Ok(FoundMessages { folder: selected.name, places })
}

/// The last message of the open folder with this Message-ID, of those from this number on.
pub(crate) fn with_message_id(session: &mut Session, first: u32, message_id: &str, call: &Call) -> Result<Option<u32>, Error> {
    if message_id.is_empty() {
        return Ok(None);
    }
    // In a folder without messages, numbers would be an error.
    let range = if first > 1 { format!("{first}:* ") } else { String::new() };
    let identifier = names::quoted(&format!("<{message_id}>"));
    let found = session.search(&format!("{range}HEADER Message-ID {identifier}"), call).map_err(|error| error.stage(Stage::Mailbox))?;
    Ok(found.last().copied())
}
