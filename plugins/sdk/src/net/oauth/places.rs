//! Where the provider's services are.

use crate::net::http::Url;
use crate::settings::{Auth, OAuth2, Provider};
use crate::{Error, Stage, Status};

/// Microsoft's sign-in for all clouds but the national ones.
const MICROSOFT: &str = "https://login.microsoftonline.com";

const GOOGLE_TOKEN: &str = "https://oauth2.googleapis.com/token";
const GOOGLE_DEVICE: &str = "https://oauth2.googleapis.com/device/code";
const GOOGLE_CONSENT: &str = "https://accounts.google.com/o/oauth2/v2/auth";

/// Where the provider's services are, by the settings.
pub(super) struct Places {
    /// Microsoft's sign-in; empty for others.
    pub(super) authority: String,
    /// The directory, where the provider has some.
    pub(super) tenant: String,
    /// Where tokens are got.
    pub(super) token: Url,
    /// Where codes for another device are got.
    pub(super) device: Option<Url>,
    /// The page on which a person gives consent.
    pub(super) consent: Option<Url>,
}

impl Places {
    pub(super) fn of(auth: &Auth, settings: &OAuth2) -> Result<Places, Error> {
        let authority = match settings.provider {
            Provider::Microsoft => given(&settings.authority).unwrap_or(MICROSOFT).trim_end_matches('/'),
            _ => "",
        };
        let tenant = given(&settings.tenant).unwrap_or("common");
        if !tenant.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)) {
            return Err(Error::setting("/auth/oauth2/tenant", "oauth.tenant_invalid"));
        }
        let own = |service: &str, google: &str| match settings.provider {
            Provider::Microsoft => Some(format!("{authority}/{tenant}/oauth2/v2.0/{service}")),
            Provider::Google => Some(google.to_owned()),
            Provider::Custom => None,
        };
        let place = |setting: &Option<String>, pointer: &str, own: Option<String>| match (given(setting), own) {
            (Some(url), _) => read(url, pointer, auth).map(Some),
            (None, Some(url)) => read(&url, "/auth/oauth2/authority", auth).map(Some),
            (None, None) => Ok(None),
        };
        let missing = || Error::setting("/auth/oauth2/token_url", "settings.url_invalid");
        Ok(Places {
            token: place(&settings.token_url, "/auth/oauth2/token_url", own("token", GOOGLE_TOKEN))?.ok_or_else(missing)?,
            device: place(&settings.device_url, "/auth/oauth2/device_url", own("devicecode", GOOGLE_DEVICE))?,
            consent: place(&settings.authorization_url, "/auth/oauth2/authorization_url", own("authorize", GOOGLE_CONSENT))?,
            authority: authority.to_owned(),
            tenant: tenant.to_owned(),
        })
    }

    /// The page on which an administrator of the directory consents for all of its people.
    pub(super) fn admin_consent(&self, client: &str) -> Option<String> {
        // A directory has to be named there: `common` would be that of the reader.
        let tenant = if self.tenant == "common" { "organizations" } else { self.tenant.as_str() };
        let safe = !client.is_empty() && client.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (safe && !self.authority.is_empty()).then(|| format!("{}/{tenant}/adminconsent?client_id={client}", self.authority))
    }
}

/// A setting that says something.
fn given(setting: &Option<String>) -> Option<&str> {
    setting.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// Reads a place of the settings. Secrets and tokens go there, so it has to be secured; only this machine may do without, where the
/// settings allow clear text.
fn read(url: &str, pointer: &str, auth: &Auth) -> Result<Url, Error> {
    let url = Url::parse(url, pointer)?;
    if url.is_secure() || url.is_loopback() && auth.allow_cleartext {
        return Ok(url);
    }
    let code = "oauth.cleartext_forbidden";
    Err(Error::new(Status::Settings, code).stage(Stage::Settings).arg("host", url.host()).at(pointer, code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(settings: OAuth2, allow_cleartext: bool) -> Result<Places, Error> {
        Places::of(&Auth { allow_cleartext, ..Auth::default() }, &settings)
    }

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn each_provider_has_its_places_and_the_settings_come_before_them() {
        let microsoft = of(OAuth2 { tenant: text("contoso.onmicrosoft.com"), ..OAuth2::default() }, false).unwrap();
        assert_eq!(microsoft.token.to_string(), "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token");
        assert!(microsoft.device.unwrap().to_string().ends_with("/contoso.onmicrosoft.com/oauth2/v2.0/devicecode"));
        let cloud = of(OAuth2 { authority: text("https://login.microsoftonline.us/"), ..OAuth2::default() }, false).unwrap();
        assert_eq!(cloud.consent.unwrap().to_string(), "https://login.microsoftonline.us/common/oauth2/v2.0/authorize");
        let google = of(OAuth2 { provider: Provider::Google, ..OAuth2::default() }, false).unwrap();
        assert_eq!(google.token.to_string(), GOOGLE_TOKEN);
        let own =
            of(OAuth2 { provider: Provider::Google, token_url: text("https://id.example.com/t"), ..OAuth2::default() }, false).unwrap();
        assert_eq!((own.token.to_string().as_str(), own.device.unwrap().to_string().as_str()), ("https://id.example.com/t", GOOGLE_DEVICE));
        let custom = OAuth2 { provider: Provider::Custom, ..OAuth2::default() };
        assert_eq!(of(custom, false).err().unwrap().at[0].pointer, "/auth/oauth2/token_url");
    }

    #[test]
    fn clear_text_is_for_this_machine_and_with_consent() {
        let at =
            |url: &str, allowed| of(OAuth2 { token_url: text(url), ..OAuth2::default() }, allowed).err().map(|error| error.code.clone());
        let forbidden = text("oauth.cleartext_forbidden");
        assert_eq!(at("http://login.example.com/token", true), forbidden);
        assert_eq!(at("http://127.0.0.1:8080/token", false), forbidden);
        assert_eq!(at("http://localhost.example.com/token", true), forbidden);
        assert_eq!(at("http://127.0.0.1:8080/token", true), None);
    }

    #[test]
    fn a_tenant_leads_nowhere_else() {
        for tenant in ["../x", "a/b", "a?b", "a@b", "a b"] {
            let error = of(OAuth2 { tenant: text(tenant), ..OAuth2::default() }, false).err().unwrap();
            assert_eq!((error.code.as_str(), error.at[0].pointer.as_str()), ("oauth.tenant_invalid", "/auth/oauth2/tenant"), "{tenant}");
        }
    }

    #[test]
    fn the_consent_page_of_administrators_names_directory_and_application() {
        let places = of(OAuth2 { tenant: text("t"), ..OAuth2::default() }, false).unwrap();
        assert_eq!(places.admin_consent("1-a").unwrap(), "https://login.microsoftonline.com/t/adminconsent?client_id=1-a");
        assert_eq!(places.admin_consent("a&b"), None);
    }
}
