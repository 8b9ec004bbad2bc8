//! With what an account opens the signed and encrypted messages that it fetches.

use super::Account;
use crate::opened::Keys;
use crate::settings::{Document, Incoming, Sender};
use crate::unsealing::{Kept, Loaded, Loading, stamped};
use postkontor_plugin::{Error, Input, Secret};
use std::sync::Arc;

impl Account {
    /// With what fetched messages are read, where the settings say (`receive.smime`), and what of it could not be loaded. Files are read once, and again when they have changed.
    pub(super) fn keys(&mut self) -> (Option<Arc<Keys>>, Vec<Error>) {
        let (document, host) = (self.document.clone(), self.host.clone());
        let Some(incoming) = document.receive.smime.as_ref().filter(|_| document.enabled) else { return (None, Vec::new()) };
        let own = self.sender().smime.as_ref().and_then(|smime| smime.sign.as_ref()).map(|sign| &sign.certificate);
        let files = stamped(incoming.keys.iter().map(|key| &key.certificate).chain(&incoming.ca_file).chain(own));
        if let Some(keys) = self.keys.as_ref().and_then(|kept| kept.of(&files)) {
            return (Some(keys), Vec::new());
        }
        let loaded = load(incoming, self.sender(), &document, self.id(), &|name| self.secret(name));
        let keys = Arc::new(loaded.keys.clone());
        // What could not be loaded is tried again, and told again.
        self.keys = loaded.errors.is_empty().then(|| Kept::new(loaded.keys, files));
        (Some(keys), loaded.errors.into_iter().map(|error| host.localised(error)).collect())
    }
}

fn load(incoming: &Incoming, sender: &Sender, document: &Document, account: &str, secret: &dyn Fn(&str) -> Option<Secret>) -> Loaded {
    let place = |pointer: &str| document.locate(&format!("/receive/smime{pointer}"));
    let mut loaded = Loading { secret, of: Input::Settings, place: &place }.incoming(incoming);
    if let Some(sign) = sender.smime.as_ref().and_then(|smime| smime.sign.as_ref()) {
        let place = |pointer: &str| document.locate(&document.sender_pointer(account, &format!("/sender/smime/sign{pointer}")));
        Loading { secret, of: Input::Settings, place: &place }.signer(sign, &mut loaded);
    }
    loaded
}
