//! What is kept from one call to the next: connections and tokens.

use crate::settings::Settings;
use postkontor_plugin::exchange::AT;
use postkontor_plugin::net::http::{Client, Url};
use postkontor_plugin::net::oauth::{Audience, Tokens};
use postkontor_plugin::{Error, Opening};

/// The connections of an account, and its tokens.
pub(crate) struct Wire {
    /// To the service.
    pub(crate) http: Client,
    /// To where attachments are uploaded, another host that gets no token.
    pub(crate) upload: Option<Client>,
    pub(crate) tokens: Tokens,
}

impl Wire {
    pub(crate) fn new(settings: &Settings, base: &Url, opening: &Opening) -> Result<Wire, Error> {
        let http = Client::new(base, &settings.server, &settings.tls, AT);
        let tokens = Tokens::new(&settings.auth, opening, &settings.server, &settings.tls, Audience::Graph)?;
        Ok(Wire { http, upload: None, tokens })
    }

    /// What was said on all connections.
    pub(crate) fn take_dialogue(&mut self) -> Vec<String> {
        let mut dialogue = self.http.take_dialogue();
        dialogue.extend(self.upload.as_mut().into_iter().flat_map(Client::take_dialogue));
        dialogue
    }
}
