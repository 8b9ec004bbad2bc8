//! An open outbox: a connection to its store, and the accounts that compose and send.

use crate::engine::Engine;
use crate::place::Place;
use crate::shelf;
use postkontor_core::settings::{Document, Outbox as Settings};
use postkontor_core::{Account, Cancel, Error, Host, Status};
use std::collections::HashMap;
use std::sync::Arc;

/// The texts of this crate's codes.
const TEXTS: [(&str, &str); 3] =
    [("en", include_str!("../locales/en.json")), ("de", include_str!("../locales/de.json")), ("sl", include_str!("../locales/sl.json"))];

/// An outbox, open for one thread at a time. Several may be open for one store, in one program and in many.
pub struct Outbox {
    pub(crate) host: Arc<Host>,
    pub(crate) settings: String,
    pub(crate) options: Settings,
    pub(crate) place: Place,
    pub(crate) engine: Box<dyn Engine>,
    /// The accounts that were used, by their ids.
    accounts: HashMap<String, Account>,
    pub(crate) default_account: Option<String>,
}

impl Outbox {
    /// Opens the outbox of a settings document. Its store is made where there is none.
    ///
    /// # Errors
    ///
    /// SETTINGS: the document has no outbox, or is wrong. Else what keeps the store from being used (`outbox.store_…`).
    pub fn open(host: &Arc<Host>, settings: &str, cancel: &Cancel) -> Result<Outbox, Error> {
        host.add_texts(&TEXTS);
        Outbox::opened(host, settings, cancel).map_err(|error| host.localised(error))
    }

    fn opened(host: &Arc<Host>, settings: &str, cancel: &Cancel) -> Result<Outbox, Error> {
        let document = Document::parse(settings, host.as_ref())?;
        let missing =
            &|| Error::new(Status::Settings, "outbox.settings_missing").usable().at(document.locate("/outbox"), "outbox.settings_missing");
        let options = document.outbox.clone().ok_or_else(missing)?;
        let place = Place::parse(host.secret(options.store.as_ref().ok_or_else(missing)?)?.reveal())?;
        let watch = host.watch(cancel);
        let mut engine = place.open(&watch)?;
        shelf::sweep(&place, engine.as_mut(), &watch)?;
        let default_account = document.default_account().map(str::to_owned);
        Ok(Outbox {
            host: Arc::clone(host),
            settings: settings.to_owned(),
            options,
            place,
            engine,
            accounts: HashMap::new(),
            default_account,
        })
    }

    /// An account of the document.
    pub(crate) fn account(&mut self, id: &str) -> Result<&mut Account, Error> {
        if !self.accounts.contains_key(id) {
            let account = Account::open(&self.host, &self.settings, Some(id))?;
            self.accounts.insert(id.to_owned(), account);
        }
        self.accounts.get_mut(id).ok_or_else(|| Error::new(Status::Internal, "settings.no_account"))
    }
}
