//! The forms of a host: of its transports, and under reserved names of everything else that is written as JSON.

use crate::host::Host;
use crate::settings::{self, AccountKind, Form, named};
use crate::texts::Texts;
use crate::transport::Transport;
use postkontor_plugin::Error;

impl Host {
    /// The form of what has this name, in a language; empty means the host's.
    ///
    /// The name is a transport's, for the settings of its accounts; or `account` (an account of any transport: the choice, and what the
    /// chosen one has), `document` (the whole settings document), `layers` (the same in its layers). An empty name asks for the settings
    /// document's own groups (sender, send, sent, receive). `message` is the document of a message, and `receive`, `list`, `apply`, `test`,
    /// `authorize` and `discover` are the requests of the calls of these names.
    pub fn schema(&self, name: &str, language: &str) -> Result<Form, Error> {
        let language = if language.is_empty() { self.language() } else { language };
        if let Some(form) = settings::input_form(name, &Texts::new(), language) {
            return Ok(form);
        }
        match name {
            "" => Ok(settings::form(settings::document_schema(), &self.texts(), language)),
            named::ACCOUNT => Ok(settings::account_form(&self.account_kinds(), &Texts::new(), language)),
            named::DOCUMENT => Ok(settings::document_form(&self.account_kinds(), &Texts::new(), language)),
            named::LAYERS => Ok(settings::layers_form(&self.account_kinds(), &Texts::new(), language)),
            transport => {
                let kind = self.transport(transport).and_then(account_kind).map_err(|error| self.localised(error))?;
                Ok(settings::form(&kind.schema, &kind.texts, language))
            }
        }
    }

    /// The kinds of accounts that there are. A plugin that cannot describe itself is none; the list of transports says why.
    fn account_kinds(&self) -> Vec<AccountKind> {
        self.usable_transports().filter_map(|transport| account_kind(transport).ok()).collect()
    }
}

fn account_kind(transport: &Transport) -> Result<AccountKind, Error> {
    let description = transport.description()?;
    // The plugin's own texts only: another may have other words for a group of the same name.
    let mut texts = Texts::new();
    texts.add(&description.texts);
    let schema = settings::account_schema(&description.schema, transport.supports("send"));
    Ok(AccountKind { transport: transport.identity.name.clone(), schema, texts })
}
