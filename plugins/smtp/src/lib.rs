//! Transport `smtp`: sends mail to a mail server.
#![forbid(unsafe_code)]

use postkontor_plugin::settings::{Auth, Server, Tls};
use postkontor_plugin::{Error, Opening, Transport, schemars, serde};

/// An account's session.
pub struct Smtp {}

/// Settings.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "postkontor_plugin::serde", deny_unknown_fields)]
#[schemars(crate = "postkontor_plugin::schemars")]
pub struct Settings {
    server: Server,
    #[serde(default)]
    tls: Tls,
    #[serde(default)]
    auth: Auth,
}

impl Transport for Smtp {
    const NAME: &'static str = "smtp";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const OPERATIONS: &'static [&'static str] = &["test", "send"];
    const TEXTS: &'static [(&'static str, &'static str)] = &[];
    type Settings = Settings;
    fn open(settings: Settings, _opening: &Opening) -> Result<Smtp, Error> {
        let _ = (settings.server, settings.tls, settings.auth);
        Ok(Smtp {})
    }
}

#[cfg(not(feature = "builtin"))]
postkontor_plugin::export!(Smtp);
