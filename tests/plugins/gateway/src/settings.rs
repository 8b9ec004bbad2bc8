//! The account's settings.

use postkontor_plugin::net::{Pointers, Target};
use postkontor_plugin::settings::{Server, Tls, TlsMode};
use postkontor_plugin::{Error, Secret, schemars, serde};

/// The settings of an account with the transport `gateway`.
#[derive(Clone, Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "postkontor_plugin::serde", deny_unknown_fields)]
#[schemars(crate = "postkontor_plugin::schemars")]
pub struct Settings {
    /// Where the service is.
    pub(crate) gateway: Options,
    /// How the service learns who we are.
    pub(crate) auth: Auth,
}

/// Group `gateway`: where the service is.
#[derive(Clone, Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "postkontor_plugin::serde", deny_unknown_fields)]
#[schemars(crate = "postkontor_plugin::schemars")]
pub(crate) struct Options {
    /// The service's URL.
    #[schemars(length(min = 1), example = "https://mail.example.com/gateway", extend("x-postkontor" = {"scope": "company", "order": 10}))]
    pub(crate) url: String,
    /// File with the certificates (PEM) of further authorities to trust.
    #[serde(default)]
    #[schemars(extend("x-postkontor" = {"scope": "workstation", "advanced": true, "order": 20}))]
    pub(crate) ca_file: Option<String>,
    /// How long the service may say nothing.
    #[serde(default = "default_timeout")]
    #[schemars(range(min = 1, max = 3600), extend("x-postkontor" = {"scope": "user", "unit": "s", "order": 30}))]
    pub(crate) timeout_seconds: u32,
}

fn default_timeout() -> u32 {
    60
}

/// How the service learns who we are: login methods that no other transport has.
#[derive(Clone, Debug, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "postkontor_plugin::serde", deny_unknown_fields, default)]
#[schemars(crate = "postkontor_plugin::schemars")]
pub(crate) struct Auth {
    /// Where access tokens come from.
    #[schemars(extend("x-postkontor" = {"scope": "user", "order": 10}))]
    pub(crate) method: Method,
    /// The access token that is good now, where there is one.
    #[schemars(extend("x-postkontor" = {"scope": "user", "secret": true, "order": 20, "when": {"method": ["token"]}}))]
    pub(crate) access_token: Secret,
    /// The token that fetches new access tokens.
    #[schemars(extend("x-postkontor" = {"scope": "user", "secret": true, "order": 30, "when": {"method": ["token"]},
        "required": {"method": ["token"]}}))]
    pub(crate) refresh_token: Secret,
    /// The name by which the service knows this program.
    #[schemars(extend("x-postkontor" = {"scope": "company", "order": 40, "when": {"method": ["client-credentials"]},
        "required": {"method": ["client-credentials"]}}))]
    pub(crate) client_id: String,
    /// The password that belongs to it.
    #[schemars(extend("x-postkontor" = {"scope": "company", "secret": true, "order": 50, "when": {"method": ["client-credentials"]},
        "required": {"method": ["client-credentials"]}}))]
    pub(crate) client_secret: Secret,
    /// The tokens may travel over a connection without TLS.
    #[schemars(extend("x-postkontor" = {"scope": "user", "advanced": true, "order": 60}))]
    pub(crate) allow_cleartext: bool,
}

/// Where access tokens come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "postkontor_plugin::serde", rename_all = "kebab-case")]
#[schemars(crate = "postkontor_plugin::schemars")]
pub(crate) enum Method {
    /// From a refresh token (RFC 6749, section 6).
    #[default]
    Token,
    /// From name and password of the program (RFC 6749, section 4.4).
    ClientCredentials,
}

/// The service's URL in its parts.
pub(crate) struct Url<'a> {
    pub(crate) is_secure: bool,
    /// Host and port, as they stand there.
    pub(crate) authority: &'a str,
    /// Without a slash at the end.
    pub(crate) path: &'a str,
}

impl Settings {
    /// Refuses what could not work, before anything is sent.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.target()?;
        if self.url()?.is_secure || self.auth.allow_cleartext {
            return Ok(());
        }
        Err(wrong("gateway.clear_text_forbidden"))
    }

    pub(crate) fn url(&self) -> Result<Url<'_>, Error> {
        let url = self.gateway.url.trim();
        let (is_secure, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(wrong("gateway.url_invalid")),
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        // What stands in a request line must not end it; a query would end up within the path.
        if path.bytes().any(|byte| !byte.is_ascii_graphic() || b"?#".contains(&byte)) {
            return Err(wrong("gateway.url_invalid"));
        }
        Ok(Url { is_secure, authority, path: path.trim_end_matches('/') })
    }

    /// The service, with the settings that say where it is.
    pub(crate) fn target(&self) -> Result<Target, Error> {
        let url = self.url()?;
        let server = Server { host: url.authority.to_owned(), port: None, timeout_seconds: self.gateway.timeout_seconds, proxy: None };
        let target = server.target(if url.is_secure { 443 } else { 80 }).map_err(|_| wrong("gateway.url_invalid"))?;
        let at =
            Pointers { host: "/gateway/url", port: "/gateway/url", timeout: "/gateway/timeout_seconds", mode: "/gateway/url", ..target.at };
        Ok(Target { at, ..target })
    }

    /// How the connection is secured.
    pub(crate) fn tls(&self) -> Tls {
        let mode = if self.url().is_ok_and(|url| url.is_secure) { TlsMode::Implicit } else { TlsMode::None };
        Tls { mode, ca_file: self.gateway.ca_file.clone(), ..Tls::default() }
    }
}

fn wrong(code: &str) -> Error {
    Error::setting("/gateway/url", code)
}
