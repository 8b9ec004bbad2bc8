//! The account's settings.

use postkontor_plugin::net::Pointers;
use postkontor_plugin::net::http::{Client, Url};
use postkontor_plugin::settings::{Route, WebTls};
use postkontor_plugin::{Error, Secret, schemars, serde};

const URL: &str = "/gateway/url";

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
    #[schemars(
        length(min = 1),
        regex(pattern = r"^\s*https?://[^\s?#]+\s*$"),
        example = "https://mail.example.com/gateway",
        extend("x-postkontor" = {"scope": "company", "order": 10, "problem": "settings.url_invalid"})
    )]
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

impl Settings {
    /// A client of the service; an error where the settings could not work, before anything is sent.
    pub(crate) fn client(&self) -> Result<Client, Error> {
        let url = Url::parse(&self.gateway.url, URL)?;
        // Paths are put behind it.
        if url.target().contains('?') {
            return Err(Error::setting(URL, "settings.url_invalid"));
        }
        if !url.is_secure() && !self.auth.allow_cleartext {
            return Err(Error::setting(URL, "gateway.clear_text_forbidden"));
        }
        let route = Route { timeout_seconds: self.gateway.timeout_seconds, ..Route::default() };
        let tls = WebTls { ca_file: self.gateway.ca_file.clone(), ..WebTls::default() };
        let at = Pointers { host: URL, port: URL, timeout: "/gateway/timeout_seconds", mode: URL, ..Pointers::default() };
        Ok(Client::new(&url, &route, &tls, at))
    }
}
