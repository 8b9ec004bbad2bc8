//! Listing folders, or the messages of one.

use crate::ask::Ask;
use crate::entry::{Message, Page, SIZE_AND_VERB};
use crate::fault::malformed;
use crate::folders::Named;
use crate::session::Session;
use postkontor_plugin::net::http::percent_encoded;
use postkontor_plugin::{Error, ListRequest, Listed, Listing, Stage};

/// More than any folder has.
const MESSAGES: usize = 1_000_000;

/// Lists folders, or the messages of one.
pub(crate) fn list(session: &mut Session<'_, '_>, request: &ListRequest) -> Result<Listing, Error> {
    let Some(name) = request.folder.as_deref() else {
        return Ok(Listing::Folders { folders: session.folders()? });
    };
    let settings = session.settings;
    let folder = session.folder(Named::or(Some(name), &settings.exchange.inbox))?;
    let select = "$select=id,isRead,isDraft,flag,categories,receivedDateTime&$orderby=receivedDateTime&$top=500";
    let path = format!("/mailFolders/{}/messages?{select}&$expand={}", percent_encoded(&folder.id), percent_encoded(SIZE_AND_VERB));
    let mut messages = Vec::new();
    let mut next = Some(session.at(&path));
    while let Some(target) = next {
        let page: Page<Message> = session.json(Ask::get(target, Stage::Mailbox))?;
        messages.extend(page.value.into_iter().map(listed));
        if messages.len() > MESSAGES {
            return Err(malformed(session.host(), "the list of messages does not end"));
        }
        next = page.next.map(|next| session.link(&next)).transpose()?;
    }
    Ok(Listing::Messages { folder: Some(folder.display_name), messages, missing: Vec::new() })
}

fn listed(message: Message) -> Listed {
    let (size, flags) = (message.size(), Some(message.flags()));
    Listed { id: message.id, size, flags, received: message.received_date_time }
}
