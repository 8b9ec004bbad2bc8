//! What has changed in a folder.

use crate::items::{Row, item_id, row_shape};
use crate::message::Message;
use crate::place::Place;
use crate::talk::Talk;
use crate::xml::Writer;
use postkontor_plugin::{Error, Stage};

/// The most changes of one answer; more are not allowed.
const MOST: usize = 512;

/// A page of changes.
#[derive(Default)]
pub(super) struct Changes {
    /// The token that stands for all up to here.
    pub(super) token: String,
    /// Messages that are new in the folder.
    pub(super) new: Vec<Row>,
    /// Messages that are not there any more.
    pub(super) gone: Vec<String>,
    /// There are no more changes.
    pub(super) is_last: bool,
}

/// What became of the question.
pub(super) enum Synced {
    Changes(Changes),
    /// The service does not know the token any more.
    Lost,
}

fn sync_items(xml: &mut Writer, folder: &Place, token: &str, most: usize) {
    xml.group("m:SyncFolderItems", &[], |xml| {
        row_shape(xml);
        xml.group("m:SyncFolderId", &[], |xml| folder.write(xml));
        if !token.is_empty() {
            xml.text("m:SyncState", token);
        }
        xml.text("m:MaxChangesReturned", &most.to_string());
    });
}

impl Talk<'_, '_> {
    /// Asks what has changed since a token.
    pub(super) fn sync(&mut self, folder: &Place, token: &str, most: usize) -> Result<Synced, Error> {
        let most = most.clamp(1, MOST);
        let mut messages = self.ask(Stage::Fetch, |xml| sync_items(xml, folder, token, most))?;
        let message = if messages.is_empty() { None } else { Some(messages.swap_remove(0)) };
        match message {
            Some(message) if message.is_success => changes(&message).map(Synced::Changes),
            Some(message) if message.code == "ErrorInvalidSyncStateData" && !token.is_empty() => Ok(Synced::Lost),
            Some(message) => Err(message.error(&self.host(), Stage::Fetch)),
            None => Err(crate::xml::malformed("no answer for what was asked")),
        }
    }
}

fn changes(message: &Message) -> Result<Changes, Error> {
    let token = message.node.text_of("SyncState").trim().to_owned();
    if token.is_empty() {
        return Err(crate::xml::malformed("changes without a state"));
    }
    let is_last = message.node.text_of("IncludesLastItemInRange").trim() != "false";
    let mut changes = Changes { token, is_last, ..Changes::default() };
    for change in message.node.child("Changes").map(|changes| changes.children.as_slice()).unwrap_or_default() {
        match change.name.as_str() {
            // Whatever kind of item it is: message, meeting request, report.
            "Create" => changes.new.extend(change.children.first().and_then(Row::of)),
            "Delete" => changes.gone.extend(item_id(change).map(str::to_owned)),
            // What is known already was changed, or marked.
            _ => (),
        }
    }
    Ok(changes)
}
