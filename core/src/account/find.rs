//! Looking for what was sent where copies of it are kept.

use super::{Account, DEADLINE};
use crate::Cancel;
use crate::error::{failed, unreadable};
use crate::operation;
use postkontor_plugin::{Error, FindRequest, FoundMessages, Stage, Status};

/// The folder for sent mail of whatever name.
const FOLDER: &str = "<sent>";

impl Account {
    /// Looks for sent mails by their Message-IDs where copies of them are kept: in the mailbox that sends, or in the one of `sent.account`.
    ///
    /// In their order: the place of a mail, and nothing where it was not found. That it was not found does not say that it was not sent. It is
    /// UNSUPPORTED (`sent.not_kept`) where nothing is kept that could be searched.
    pub fn find_sent(&mut self, message_ids: &[&str], cancel: &Cancel) -> Result<Vec<Option<String>>, Error> {
        self.begin();
        let found = self.enabled().and_then(|()| self.found(message_ids, cancel));
        self.conclude("find", found, |places| format!("found {} of {} sent mails", places.iter().flatten().count(), places.len()))
    }

    fn found(&mut self, message_ids: &[&str], cancel: &Cancel) -> Result<Vec<Option<String>>, Error> {
        let request =
            FindRequest { folder: FOLDER.to_owned(), filed: false, message_ids: message_ids.iter().map(ToString::to_string).collect() };
        let mut places: Vec<Option<String>> = vec![None; message_ids.len()];
        let mut failure = Some(failed(Status::Unsupported, "sent.not_kept").stage(Stage::Mailbox));
        let copying = self.document.copying_account().map(str::to_owned);
        for id in self.keepers() {
            let connection = self.connection(&id)?;
            let request = FindRequest { filed: copying.as_ref() == Some(&id), ..request.clone() };
            let answer = connection.call(operation::FIND, request, cancel, DEADLINE);
            match answer.and_then(|answer| serde_json::from_slice::<FoundMessages>(&answer).map_err(unreadable)) {
                Ok(found) if found.places.len() == places.len() => {
                    places.iter_mut().zip(found.places).for_each(|(place, found)| *place = place.take().or(found));
                    failure = failure.filter(|error| error.status != Status::Unsupported);
                }
                Ok(found) => failure = Some(unreadable(format!("{} places for {} messages", found.places.len(), places.len()))),
                Err(error) if error.status == Status::Unsupported => {}
                Err(error) => failure = Some(error),
            }
        }
        match failure {
            // What one of them has is found, whatever the others say.
            Some(error) if places.iter().any(Option::is_none) || places.is_empty() => Err(error),
            _ => Ok(places),
        }
    }

    /// The accounts whose mailboxes keep what goes out: those that send and can look for it, and the one for copies.
    fn keepers(&self) -> Vec<String> {
        let finds = |id: &&str| {
            self.document
                .account(id)
                .is_ok_and(|account| self.host.transport(&account.transport).is_ok_and(|transport| transport.supports(operation::FIND)))
        };
        let senders = self.connections[self.first_sender..].iter().map(|connection| connection.settings.id.as_str());
        let mut keepers: Vec<String> = Vec::new();
        for id in senders.chain(self.document.copying_account()).filter(finds) {
            if keepers.iter().all(|known| known != id) {
                keepers.push(id.to_owned());
            }
        }
        keepers
    }

    /// Whether no server that its mail may go to takes anything of a mail whose end it did not get.
    pub fn takes_whole(&self) -> bool {
        let takes = |name: &str| self.host.transport(name).is_ok_and(|transport| transport.identity.whole);
        !self.connections.is_empty() && self.connections.iter().all(|connection| takes(&connection.settings.transport))
    }
}
