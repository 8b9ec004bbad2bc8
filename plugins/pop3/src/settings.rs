//! The account's settings.

use postkontor_plugin::net::oauth::Tokens;
use postkontor_plugin::net::sasl;
use postkontor_plugin::settings::{Auth, Method, Server, Tls, TlsMode};
use postkontor_plugin::{Error, Stage, schemars, serde};
use std::sync::Arc;

/// The port on which TLS begins with the first byte.
pub(crate) const IMPLICIT: u16 = 995;

/// The settings of an account with the transport `pop3`.
#[derive(Clone, Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "postkontor_plugin::serde", deny_unknown_fields)]
#[schemars(crate = "postkontor_plugin::schemars")]
pub struct Settings {
    /// Where the server is and how long to wait for it.
    #[schemars(extend("x-postkontor" = {"order": 10, "default_by": {"port": {"/tls/mode":
        {"none": 110, "auto": 110, "starttls": 110, "implicit": 995, "required": 995}}}}))]
    pub server: Server,
    /// How the connection is secured.
    #[serde(default)]
    pub tls: Tls,
    /// Who we are, and how we prove it.
    #[serde(default)]
    pub auth: Auth,
    /// What only POP3 has.
    #[serde(default)]
    pub pop3: Options,
    /// Where the access token comes from, once the account is open; none where the settings bring it or want none.
    #[serde(skip)]
    #[schemars(skip)]
    pub tokens: Option<Arc<Tokens>>,
}

/// Group `pop3`: what only POP3 has.
#[derive(Clone, Debug, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "postkontor_plugin::serde", deny_unknown_fields, default)]
#[schemars(crate = "postkontor_plugin::schemars")]
pub struct Options {
    /// Fetched messages stay on the server for so many days, counted from the day they were fetched; for ever when left out.
    #[schemars(range(min = 0, max = 3650), extend("x-postkontor" = {"scope": "user", "unit": "d", "order": 10, "default_by": "nothing"}))]
    pub leave_days: Option<u32>,
}

/// The login methods. Without a login POP3 shows nothing, so `none` is not among them.
pub(crate) const METHODS: &[&str] = &Method::all_but::<16>(&[Method::None, Method::PopBeforeSmtp]);

impl Settings {
    /// Refuses what could not work or would break a line, before anything is sent.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.server.endpoint(self.default_port()).map_err(|error| error.stage(Stage::Settings))?;
        sasl::check(&self.auth)
    }

    /// The port when none is set.
    pub(crate) fn default_port(&self) -> u16 {
        match self.tls.mode {
            TlsMode::Implicit | TlsMode::Required => IMPLICIT,
            TlsMode::None | TlsMode::Starttls | TlsMode::Auto => 110,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_tells_the_port_that_is_used() {
        postkontor_plugin::testing::check_default_ports(Settings::default_port);
    }
}
