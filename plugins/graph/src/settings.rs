//! The account's settings.

use postkontor_plugin::net::http::Url;
use postkontor_plugin::settings::{Auth, Exchange, Route, WebTls, user_by_token};
use postkontor_plugin::{Error, schemars, serde};

/// Graph as everybody has it. National clouds have hosts of their own.
const PUBLIC: &str = "https://graph.microsoft.com/v1.0";

/// The hosts of EWS in the cloud, and Graph in the same one: an account that moves here may still name the former.
const CLOUDS: [(&str, &str); 4] = [
    ("outlook.office365.com", PUBLIC),
    ("outlook.office.com", PUBLIC),
    ("outlook.office365.us", "https://graph.microsoft.us/v1.0"),
    ("partner.outlook.cn", "https://microsoftgraph.chinacloudapi.cn/v1.0"),
];

/// The settings of an account with the transport `graph`.
#[derive(Clone, Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "postkontor_plugin::serde", deny_unknown_fields)]
#[schemars(crate = "postkontor_plugin::schemars")]
pub struct Settings {
    /// The mailbox.
    #[serde(default)]
    #[schemars(extend("x-postkontor" = {"order": 10}))]
    pub exchange: Exchange,
    /// How long to wait for the service, and the way there.
    #[serde(default)]
    pub server: Route,
    /// How the connection is secured.
    #[serde(default)]
    pub tls: WebTls,
    /// Who we are, and how we prove it.
    #[serde(default)]
    #[schemars(transform = by_token)]
    pub auth: Auth,
}

/// There is no login but by a token, so that is what applies where the settings say nothing.
fn by_token(auth: &mut schemars::Schema) {
    if let Some(default) = auth.pointer_mut("/properties/method/default") {
        *default = "oauth2".into();
    }
    user_by_token(auth);
}

impl Settings {
    /// Refuses what could not work, before anything is sent; the address of the service.
    pub(crate) fn check(&self) -> Result<Url, Error> {
        self.exchange.check(&self.auth)?;
        let wrong = |code: &str| Error::setting("/exchange/url", code);
        let base = Url::parse(&self.address()?, "/exchange/url")?;
        if base.target().contains('?') {
            return Err(wrong("settings.url_invalid"));
        }
        let is_safe = base.is_secure() || base.is_loopback() && self.auth.allow_cleartext;
        if !is_safe {
            return Err(wrong("graph.clear_text_forbidden"));
        }
        Ok(base)
    }

    /// The address of the service. That of EWS in the cloud leads to Graph in the same cloud.
    fn address(&self) -> Result<String, Error> {
        let Some(url) = self.exchange.url.as_deref().map(str::trim) else { return Ok(PUBLIC.to_owned()) };
        if !url.to_ascii_lowercase().ends_with(".asmx") {
            return Ok(url.trim_end_matches('/').to_owned());
        }
        let ews = Url::parse(url, "/exchange/url")?;
        let cloud = CLOUDS.iter().find(|(host, _)| *host == ews.host());
        cloud
            .map(|(_, graph)| (*graph).to_owned())
            .ok_or_else(|| Error::setting("/exchange/url", "graph.url_of_ews").arg("host", ews.host()))
    }

    /// Whose mailbox it is, where the settings say so.
    pub(crate) fn mailbox(&self) -> Option<&str> {
        let user = Some(self.auth.user.as_str()).filter(|user| user.contains('@'));
        self.exchange.mailbox.as_deref().or(user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postkontor_plugin::serde_json::{self, Value, json};

    fn base(exchange: Value, allow_cleartext: bool) -> Result<String, String> {
        let settings = json!({"exchange": exchange, "auth": {"allow_cleartext": allow_cleartext}});
        let settings: Settings = serde_json::from_value(settings).unwrap();
        settings.check().map(|url| format!("{} {}", url.host(), url.target())).map_err(|error| error.code.clone())
    }

    #[test]
    fn the_address_is_the_public_one_unless_the_settings_name_another() {
        let known = |host: &str| Ok(format!("{host} /v1.0"));
        assert_eq!(base(json!({}), false), known("graph.microsoft.com"));
        assert_eq!(base(json!({"url": "https://graph.microsoft.us/v1.0/"}), false), known("graph.microsoft.us"));
        assert_eq!(base(json!({"url": "http://127.0.0.1:8080/v1.0"}), true), known("127.0.0.1"));
    }

    #[test]
    fn an_account_that_comes_from_ews_finds_graph_in_its_cloud() {
        assert_eq!(
            base(json!({"url": "https://outlook.office365.com/EWS/Exchange.asmx"}), false),
            Ok("graph.microsoft.com /v1.0".to_owned())
        );
        assert_eq!(base(json!({"url": "https://mail.example.com/ews/exchange.asmx"}), false), Err("graph.url_of_ews".to_owned()));
    }

    #[test]
    fn tokens_travel_in_clear_text_on_this_machine_only() {
        let forbidden = Err("graph.clear_text_forbidden".to_owned());
        assert_eq!(base(json!({"url": "http://127.0.0.1:8080/v1.0"}), false), forbidden);
        assert_eq!(base(json!({"url": "http://graph.microsoft.com/v1.0"}), true), forbidden);
    }

    #[test]
    fn a_token_is_the_login_where_the_settings_say_nothing() {
        let schema = postkontor_plugin::settings::schema::<Settings>();
        assert_eq!(schema["properties"]["auth"]["properties"]["method"]["default"], "oauth2");
    }
}
