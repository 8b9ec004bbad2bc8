//! An account, and what is kept of it from one call to the next.

use crate::session::Session;
use crate::settings::Settings;
use crate::wire::Wire;
use postkontor_plugin::net::Recorder;
use postkontor_plugin::net::http::Url;
use postkontor_plugin::serde_json::Value;
use postkontor_plugin::{Call, Error, Opening};

/// A mailbox in Exchange Online. Connections and tokens are kept from one call to the next.
pub struct Graph {
    settings: Settings,
    base: Url,
    wire: Wire,
}

impl Graph {
    pub(crate) fn new(settings: Settings, opening: &Opening) -> Result<Graph, Error> {
        let base = settings.check()?;
        let wire = Wire::new(&settings, &base, opening)?;
        Ok(Graph { settings, base, wire })
    }

    /// Asks a person for consent.
    pub(crate) fn authorize_by(&self, request: &Value, call: &Call) -> Result<Value, Error> {
        self.wire.tokens.authorize(request, call)
    }

    /// An operation at the service.
    pub(crate) fn session<'a, 'c>(&'a mut self, call: &'a Call<'a>, recorder: &'a mut Recorder<'c>) -> Session<'a, 'c> {
        Session { settings: &self.settings, base: &self.base, wire: &mut self.wire, call, recorder }
    }
}
