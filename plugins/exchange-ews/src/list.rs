//! Listing folders, or the messages of one.

use crate::items::{Row, find_items};
use crate::talk::Talk;
use postkontor_plugin::{Error, ListRequest, Listed, Listing, Stage};

/// How many messages one answer has; servers give 1000 at most.
const PAGE: usize = 1000;

/// Lists folders or messages.
pub(crate) fn list(talk: &mut Talk<'_, '_>, request: &ListRequest) -> Result<Listing, Error> {
    let (name, pointer) = match request.folder.as_deref() {
        None => return talk.list_folders(),
        Some("") => (talk.account.settings.exchange.inbox.clone(), "/exchange/inbox"),
        Some(name) => (name.to_owned(), "/folder"),
    };
    let folder = talk.folder(&name, pointer)?;
    let (mut messages, mut offset) = (Vec::new(), 0);
    loop {
        let message = talk.ask_one(Stage::Mailbox, |xml| find_items(xml, &folder, offset, PAGE))?;
        let Some(root) = message.node.find("RootFolder") else { break };
        let rows = root.child("Items").map(|items| items.children.as_slice()).unwrap_or_default().iter().filter_map(Row::of);
        messages.extend(rows.map(|row| Listed { flags: Some(row.flags()), size: Some(row.size), received: row.received, id: row.id }));
        let next = root.attribute("IndexedPagingOffset").and_then(|offset| offset.parse().ok());
        match next {
            // A page that leads nowhere would never end.
            Some(next) if root.attribute("IncludesLastItemInRange") == Some("false") && next > offset => offset = next,
            _ => break,
        }
    }
    Ok(Listing::Messages { folder: Some(name), messages, missing: Vec::new() })
}
