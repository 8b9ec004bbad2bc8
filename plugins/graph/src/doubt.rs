//! A mail whose answer was lost: the mailbox itself is asked what became of it.

use crate::ask::Ask;
use crate::entry::{Message, Page};
use crate::path::quoted;
use crate::session::Session;
use postkontor_plugin::{Error, Level, Mail, Stage, Status};
use std::time::Duration;

/// The pauses between looking: what was sent shows some moments later.
const PAUSES: [Duration; 5] =
    [Duration::ZERO, Duration::from_millis(250), Duration::from_millis(750), Duration::from_secs(2), Duration::from_secs(3)];

impl Session<'_, '_> {
    /// The message with this Message-ID in a well-known folder.
    pub(crate) fn find(&mut self, folder: &str, message_id: &str) -> Result<Option<String>, Error> {
        let filter = quoted(&format!("<{message_id}>"));
        let target = self.at(&format!("/mailFolders/{folder}/messages?$filter=internetMessageId%20eq%20{filter}&$select=id&$top=1"));
        let page: Page<Message> = self.json(Ask::get(target, Stage::Acceptance))?;
        Ok(page.value.into_iter().next().map(|message| message.id))
    }

    /// Whether a mail is among the sent ones, for the recipients that it was to have: a Message-ID may go out more than once. Nothing where
    /// that cannot be found out.
    fn is_sent(&mut self, mail: &Mail) -> Option<bool> {
        if mail.message_id.is_empty() {
            return None;
        }
        let filter = quoted(&format!("<{}>", mail.message_id));
        let select = "$select=id,toRecipients,ccRecipients,bccRecipients&$top=50";
        let path = format!("/mailFolders/sentitems/messages?$filter=internetMessageId%20eq%20{filter}&{select}");
        for pause in PAUSES {
            // The time that is left is for the answer.
            if self.pause(pause.min(self.call.remaining() / 2)).is_err() {
                return None;
            }
            match self.json::<Page<Message>>(Ask::get(self.at(&path), Stage::Acceptance)) {
                Ok(page) if page.value.iter().any(|message| message.is_for(&mail.recipients)) => return Some(true),
                Ok(_) => (),
                Err(failure) if failure.error.status == Status::Network => (),
                Err(failure) => {
                    self.call.log(Level::Warning, format_args!("the sent mail cannot be looked for: {}", failure.error));
                    return None;
                }
            }
        }
        Some(false)
    }

    /// What became of a mail whose answer was lost: it was sent, or that is not known. It is never sent again.
    pub(crate) fn settle(&mut self, mail: &Mail, cause: &Error) -> Result<(), Error> {
        let found = if self.settings.exchange.save { self.is_sent(mail) } else { None };
        if found == Some(true) {
            self.call.log(Level::Information, "the answer was lost, and the mail is among the sent ones");
            return Ok(());
        }
        let looked = if found.is_some() { "not found among the sent ones" } else { "could not be looked for among the sent ones" };
        let error = Error::new(Status::Uncertain, "delivery.uncertain").arg("host", self.host()).stage(Stage::Acceptance);
        Err(error.detail(format!("{cause}; {looked}")))
    }
}
