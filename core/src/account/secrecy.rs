//! The host masks an account's secrets in all that its transport returns, also for transports that do not do so themselves.

use super::connection::Connection;
use postkontor_plugin::{Error, Secret};
use serde_json::Value;

impl Connection {
    /// Notes the secrets in settings that are complete, so that nothing of the transport shows them.
    pub(super) fn hide_secrets(&self, settings: &Value) {
        let mut mask = self.mask();
        for secret in self.settings.secrets.iter().filter_map(|pointer| settings.pointer(pointer)?.as_str()) {
            mask.hide(&Secret::new(secret));
            // A URL with a password: as a rule only that comes back.
            let credentials =
                secret.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@')).and_then(|(pair, _)| pair.split_once(':'));
            if let Some((_, password)) = credentials {
                mask.hide(&Secret::new(password));
            }
        }
    }

    /// Masks secrets in a transport's error: in its own texts, and in the server's.
    pub(super) fn mask_error(&self, error: &mut Error) {
        let mask = self.mask();
        if mask.is_empty() {
            return;
        }
        mask.string(&mut error.detail);
        mask.string(&mut error.message);
        if let Some(server) = &mut error.server {
            mask.string(&mut server.text);
        }
        for answer in &mut error.recipients {
            mask.string(&mut answer.reply.text);
        }
        mask.members(&mut error.args);
        mask.members(&mut error.more);
        for at in &mut error.at {
            mask.members(&mut at.args);
            mask.string(&mut at.message);
        }
    }
}
