//! The account's settings.

use postkontor_plugin::net::http::Url;
use postkontor_plugin::serde_json::{Value, json};
use postkontor_plugin::settings::{Auth, Exchange, Route, WebTls, user_by_token};
use postkontor_plugin::{Error, schemars, serde};

/// The name of the transport, which its states bear, too.
pub(crate) const NAME: &str = "exchange-ews";

/// The URL that Exchange Online has for all mailboxes.
pub(crate) const ONLINE: &str = "https://outlook.office365.com/EWS/Exchange.asmx";

/// Where EWS lies on each Exchange server.
pub(crate) const PATH: &str = "/EWS/Exchange.asmx";

/// The settings of an account with the transport `exchange-ews`.
#[derive(Clone, Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "postkontor_plugin::serde", deny_unknown_fields)]
#[schemars(crate = "postkontor_plugin::schemars")]
pub struct Settings {
    /// The mailbox.
    #[serde(default)]
    #[schemars(transform = found_by_address)]
    pub exchange: Exchange,
    /// Who we are, and how we prove it.
    #[serde(default)]
    #[schemars(transform = user_by_token)]
    pub auth: Auth,
    /// How long to wait for the server, and the way there.
    #[serde(default)]
    pub server: Route,
    /// How the connection is secured.
    #[serde(default)]
    pub tls: WebTls,
}

/// The day from which Exchange Online has no EWS any more.
pub(crate) const LAST_DAY: &str = "2027-04-01";

/// The hosts of Exchange Online; those that begin with a dot stand for all below.
const ONLINE_HOSTS: [&str; 6] =
    ["outlook.office365.com", "outlook.office.com", "outlook.office365.us", "partner.outlook.cn", ".outlook.com", ".office365.us"];

/// Without a URL the service is found by the address of the mailbox. One of Exchange Online works, and ends.
fn found_by_address(exchange: &mut schemars::Schema) {
    if let Some(annotations) = exchange.pointer_mut("/properties/url/x-postkontor") {
        annotations["risks"] = json!([{"hosts": ONLINE_HOSTS, "code": "ews.ends_online", "args": {"until": LAST_DAY}, "patch": graph()}]);
    }
    let unknown = json!({"/auth/method": ["oauth2"], "/auth/account": null, "/auth/user": null, "/exchange/url": null});
    if let Some(required) = exchange.pointer_mut("/properties/mailbox/x-postkontor/required").and_then(Value::as_array_mut) {
        required.push(unknown);
    }
}

impl Settings {
    /// Refuses what could not work, before anything is sent.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.exchange.check(&self.auth)?;
        if let Some(url) = self.url()?
            && !url.is_secure()
            && !(url.is_loopback() && self.auth.allow_cleartext)
        {
            return Err(Error::setting("/exchange/url", "ews.url_not_secure"));
        }
        Ok(())
    }

    /// The URL that was given.
    pub(crate) fn url(&self) -> Result<Option<Url>, Error> {
        self.exchange.url.as_deref().map(|url| Url::parse(url, "/exchange/url")).transpose()
    }

    /// The address by which the service is found.
    pub(crate) fn address(&self) -> Option<&str> {
        let user = Some(self.auth.user.as_str()).filter(|user| user.contains('@'));
        self.exchange.mailbox.as_deref().or(user)
    }

    /// The mailbox whose owner we act as.
    pub(crate) fn impersonated(&self) -> Option<&str> {
        self.exchange.mailbox.as_deref().filter(|_| self.exchange.impersonate)
    }

    /// The mailbox that we have rights on, in whose folders we look.
    pub(crate) fn shared(&self) -> Option<&str> {
        let is_own = |mailbox: &&str| mailbox.eq_ignore_ascii_case(&self.auth.user);
        self.exchange.mailbox.as_deref().filter(|mailbox| !self.exchange.impersonate && !is_own(mailbox))
    }
}

/// Whether a URL leads to Exchange Online, where EWS ends.
pub(crate) fn is_online(url: &Url) -> bool {
    ONLINE_HOSTS.iter().any(|known| if known.starts_with('.') { url.host().ends_with(known) } else { url.host() == *known })
}

/// The patch that makes the same account one of Graph.
pub(crate) fn graph() -> Value {
    json!({"transport": "graph", "exchange": {"url": null}})
}
