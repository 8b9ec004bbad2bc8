//! The account's settings, and what follows from them before anything is sent.

use postkontor_plugin::net::oauth::Tokens;
use postkontor_plugin::net::sasl;
use postkontor_plugin::settings::{Auth, Method, Server, Tls, TlsMode};
use postkontor_plugin::{Error, Stage, Status, schemars, serde};
use std::sync::Arc;

/// The settings of an account with the transport `smtp`.
#[derive(Clone, Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "postkontor_plugin::serde", deny_unknown_fields)]
#[schemars(crate = "postkontor_plugin::schemars")]
pub struct Settings {
    /// Where the server is and how long to wait for it.
    #[schemars(extend("x-postkontor" = {"order": 10, "default_by": {"port": {"/tls/mode":
        {"none": 25, "auto": 587, "starttls": 587, "implicit": 465, "required": 587}}}}))]
    pub server: Server,
    /// How the connection is secured.
    #[serde(default)]
    pub tls: Tls,
    /// Who we are, and how we prove it.
    #[serde(default)]
    pub auth: Auth,
    /// What only SMTP has.
    #[serde(default)]
    pub smtp: Options,
    /// Where the access token comes from, once the account is open; none where the settings bring it or want none.
    #[serde(skip)]
    #[schemars(skip)]
    pub tokens: Option<Arc<Tokens>>,
}

/// Group `smtp`: what only SMTP has.
#[derive(Clone, Debug, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "postkontor_plugin::serde", deny_unknown_fields, default)]
#[schemars(crate = "postkontor_plugin::schemars")]
pub struct Options {
    /// The name that the client gives itself with EHLO; the machine's own name or address when left out.
    #[schemars(extend("x-postkontor" = {"scope": "user", "advanced": true, "order": 10, "default_by": "machine"}))]
    pub ehlo: Option<String>,
    /// The POP3 server to log in to first, for the method `pop-before-smtp`.
    #[schemars(extend("x-postkontor" = {"scope": "user", "order": 20, "required": true, "when": {"/auth/method": ["pop-before-smtp"]}}))]
    pub pop3: Option<Pop3>,
}

/// The POP3 server of POP-before-SMTP.
#[derive(Clone, Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "postkontor_plugin::serde", deny_unknown_fields)]
#[schemars(crate = "postkontor_plugin::schemars")]
pub struct Pop3 {
    /// Name or address, optionally with `:port`.
    #[schemars(length(min = 1), extend("x-postkontor" = {"scope": "user", "order": 10, "host": true}))]
    pub host: String,
    /// Port; 995 with TLS from the first byte, else 110, when left out.
    #[serde(default)]
    #[schemars(range(min = 1, max = 65535), extend("x-postkontor" = {"scope": "user", "order": 20, "default_by":
        {"mode": {"none": 110, "auto": 110, "starttls": 110, "implicit": 995, "required": 110}}}))]
    pub port: Option<u16>,
    /// Whether and how that connection is secured; everything else about TLS is as for SMTP.
    #[serde(default)]
    #[schemars(extend("x-postkontor" = {"scope": "user", "order": 30, "uses": "/tls"}))]
    pub mode: TlsMode,
}

/// The login methods: all but APOP, which only POP3 has.
pub(crate) const METHODS: &[&str] = &Method::all_but::<17>(&[Method::Apop]);

/// The port on which TLS begins with the first byte.
pub(crate) const IMPLICIT: u16 = 465;

impl Settings {
    /// Refuses what could not work or would break a line, before anything is sent.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.server.endpoint(self.default_port()).map_err(|error| error.stage(Stage::Settings))?;
        sasl::check(&self.auth)?;
        if let Some(name) = &self.smtp.ehlo {
            // A domain or an address literal (RFC 5321, section 4.1.1.1).
            let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte);
            if name.is_empty() || name.len() > 255 || !name.bytes().all(valid) {
                return Err(wrong("settings.ehlo_invalid", "/smtp/ehlo"));
            }
        }
        if self.auth.method == Method::PopBeforeSmtp {
            let Some(pop3) = &self.smtp.pop3 else { return Err(wrong("settings.pop3_missing", "/smtp/pop3/host")) };
            self.pop3_server(pop3).endpoint(pop3.default_port()).map_err(|mut error| {
                for at in &mut error.at {
                    at.pointer = at.pointer.replacen("/server/", "/smtp/pop3/", 1);
                }
                error.stage(Stage::Settings)
            })?;
            if self.auth.user.is_empty() {
                return Err(wrong("auth.user_missing", "/auth/user"));
            }
            if self.auth.password.is_empty() {
                return Err(wrong("auth.password_missing", "/auth/password"));
            }
        }
        Ok(())
    }

    /// The port when none is set: that of the TLS mode by custom. Port 25, which the old forms name, has to be set.
    pub(crate) fn default_port(&self) -> u16 {
        match self.tls.mode {
            TlsMode::None => 25,
            TlsMode::Implicit => IMPLICIT,
            TlsMode::Starttls | TlsMode::Required | TlsMode::Auto => 587,
        }
    }

    /// The POP3 server as the wire wants it: with the same time limit and proxy as SMTP.
    pub(crate) fn pop3_server(&self, pop3: &Pop3) -> Server {
        Server { host: pop3.host.clone(), port: pop3.port, ..self.server.clone() }
    }
}

impl Pop3 {
    /// The port when none is set.
    pub(crate) fn default_port(&self) -> u16 {
        if self.mode == TlsMode::Implicit { 995 } else { 110 }
    }
}

fn wrong(code: &str, pointer: &str) -> Error {
    Error::new(Status::Settings, code).stage(Stage::Settings).at(pointer, code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use postkontor_plugin::serde_json::{self, Value, json};

    fn pointer(settings: Value) -> String {
        let settings: Settings = serde_json::from_value(settings).unwrap();
        settings.check().err().map(|error| error.at[0].pointer.clone()).unwrap_or_default()
    }

    #[test]
    fn line_breaks_in_any_setting_are_refused_with_their_pointer() {
        for bad in ["a\r\nb", "a\nb", "a\0b", "a b"] {
            assert_eq!(pointer(json!({"server": {"host": bad}})), "/server/host");
            assert_eq!(pointer(json!({"server": {"host": "h"}, "smtp": {"ehlo": bad}})), "/smtp/ehlo");
        }
        for bad in ["a\r\nb", "a\0b"] {
            assert_eq!(pointer(json!({"server": {"host": "h"}, "auth": {"user": bad, "password": "p"}})), "/auth/user");
            assert_eq!(pointer(json!({"server": {"host": "h"}, "auth": {"user": "u", "password": bad}})), "/auth/password");
            assert_eq!(
                pointer(json!({"server": {"host": "h"}, "auth": {"user": "u", "oauth2": {"access_token": bad}}})),
                "/auth/oauth2/access_token"
            );
        }
        assert_eq!(pointer(json!({"server": {"host": "h"}, "smtp": {"ehlo": "mail.example.com"}})), "");
    }

    #[test]
    fn pop_before_smtp_needs_its_server_and_credentials() {
        let with = |auth: Value, smtp: Value| pointer(json!({"server": {"host": "h"}, "auth": auth, "smtp": smtp}));
        let auth = json!({"method": "pop-before-smtp", "user": "u", "password": "p"});
        assert_eq!(with(auth.clone(), json!({})), "/smtp/pop3/host");
        assert_eq!(with(auth.clone(), json!({"pop3": {"host": "a b"}})), "/smtp/pop3/host");
        assert_eq!(with(json!({"method": "pop-before-smtp"}), json!({"pop3": {"host": "p"}})), "/auth/user");
        assert_eq!(with(auth, json!({"pop3": {"host": "p"}})), "");
    }

    #[test]
    fn the_form_tells_the_port_that_is_used() {
        postkontor_plugin::testing::check_default_ports(Settings::default_port);
    }

    #[test]
    fn the_form_tells_the_port_of_the_pop3_server_that_is_used() {
        let schema = postkontor_plugin::settings::schema::<Settings>();
        let pop3 = &schema["properties"]["smtp"]["properties"]["pop3"];
        for (mode, port) in pop3["properties"]["port"]["x-postkontor"]["default_by"]["mode"].as_object().unwrap() {
            let pop3: Pop3 = serde_json::from_value(json!({"host": "h", "mode": mode})).unwrap();
            assert_eq!(*port, pop3.default_port(), "{mode}");
        }
    }
}
