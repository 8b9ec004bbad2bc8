//! The account's settings.

use postkontor_plugin::net::oauth::Tokens;
use postkontor_plugin::net::sasl;
use postkontor_plugin::settings::{Auth, Server, Tls, TlsMode};
use postkontor_plugin::{Error, Stage, Status, schemars, serde};
use std::sync::Arc;

/// The port on which TLS begins with the first byte.
pub(crate) const IMPLICIT: u16 = 993;

/// The settings of an account with the transport `imap`.
#[derive(Clone, Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "postkontor_plugin::serde", deny_unknown_fields)]
#[schemars(crate = "postkontor_plugin::schemars")]
pub struct Settings {
    /// Where the server is and how long to wait for it.
    #[schemars(extend("x-postkontor" = {"order": 10, "default_by": {"port": {"/tls/mode":
        {"none": 143, "auto": 143, "starttls": 143, "implicit": 993, "required": 993}}}}))]
    pub server: Server,
    /// How the connection is secured.
    #[serde(default)]
    pub tls: Tls,
    /// Who we are, and how we prove it.
    #[serde(default)]
    pub auth: Auth,
    /// What only IMAP has.
    #[serde(default)]
    pub imap: Options,
    /// Where the access token comes from, once the account is open; none where the settings bring it or want none.
    #[serde(skip)]
    #[schemars(skip)]
    pub tokens: Option<Arc<Tokens>>,
}

/// Group `imap`: what only IMAP has.
#[derive(Clone, Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "postkontor_plugin::serde", deny_unknown_fields, default)]
#[schemars(crate = "postkontor_plugin::schemars")]
pub struct Options {
    /// The folder that mail is fetched from.
    #[schemars(extend("x-postkontor" = {"scope": "user", "order": 10, "folder": true}))]
    pub inbox: String,
    /// The folder that outgoing mail is put into; a rule of the server sends it on.
    #[schemars(extend("x-postkontor" = {"scope": "user", "order": 20, "folder": true, "default_by": "nothing"}))]
    pub outbox: Option<String>,
    /// The folder for copies of sent mail; the server's own folder of that kind when left out.
    #[schemars(extend("x-postkontor" = {"scope": "user", "advanced": true, "order": 30, "folder": true, "default_by": "server"}))]
    pub sent: Option<String>,
    /// The account that outgoing mail goes out by, in the place of the outbox; the host hands it over.
    #[schemars(extend("x-postkontor" = {"scope": "user", "order": 25, "account": true, "via": true, "default_by": "nothing"}))]
    pub via: Option<String>,
    /// Folders that do not exist are created.
    #[schemars(extend("x-postkontor" = {"scope": "user", "advanced": true, "order": 40}))]
    pub create_folders: bool,
    /// Seconds after which a wait for new mail (IDLE) is begun anew, so that no router takes the connection for dead; 0: the
    /// server is asked now and then instead.
    #[schemars(range(min = 0, max = 1740), extend("x-postkontor" = {"scope": "user", "advanced": true, "order": 45, "unit": "s"}))]
    pub idle_seconds: u16,
    /// The connection is compressed where the server can (RFC 4978), for slow lines.
    #[schemars(extend("x-postkontor" = {"scope": "workstation", "advanced": true, "order": 50}))]
    pub compress: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            inbox: "INBOX".to_owned(),
            outbox: None,
            sent: None,
            via: None,
            create_folders: false,
            idle_seconds: 210,
            compress: false,
        }
    }
}

impl Settings {
    /// Refuses what could not work or would break a line, before anything is sent.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.server.endpoint(self.default_port()).map_err(|error| error.stage(Stage::Settings))?;
        sasl::check(&self.auth)?;
        let folders =
            [("/imap/inbox", Some(&self.imap.inbox)), ("/imap/outbox", self.imap.outbox.as_ref()), ("/imap/sent", self.imap.sent.as_ref())];
        for (pointer, folder) in folders {
            let is_wrong = |folder: &&String| folder.is_empty() || folder.contains(char::is_control);
            if folder.as_ref().is_some_and(is_wrong) {
                let code = "imap.folder_name_invalid";
                return Err(Error::new(Status::Settings, code).stage(Stage::Settings).at(pointer, code));
            }
        }
        Ok(())
    }

    /// The port when none is set.
    pub(crate) fn default_port(&self) -> u16 {
        match self.tls.mode {
            TlsMode::Implicit | TlsMode::Required => IMPLICIT,
            TlsMode::None | TlsMode::Starttls | TlsMode::Auto => 143,
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
