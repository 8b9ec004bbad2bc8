//! Group `auth.oauth2`: where a token comes from.

use super::ClientCertificate;
use crate::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a token comes from: it is given, or got from a provider by one of the grants of RFC 6749 and RFC 8628.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OAuth2 {
    /// How the token is got.
    #[schemars(extend("x-postkontor" = {"scope": "company", "order": 10}))]
    pub grant: Grant,
    /// Who issues it.
    #[schemars(extend("x-postkontor" = {"scope": "company", "order": 20,
        "when": {"grant": ["client_credentials", "refresh_token", "device_code", "authorization_code"]}}))]
    pub provider: Provider,
    /// The directory of the organisation: its id or a domain. `common` when left out, where a person gives consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[0-9A-Za-z][0-9A-Za-z._-]*$"), extend("x-postkontor" = {"scope": "company", "order": 30, "default_by": "server", "problem": "oauth.tenant_invalid",
        "when": {"grant": ["client_credentials", "refresh_token", "device_code", "authorization_code"], "provider": ["microsoft"]},
        "required": {"grant": ["client_credentials"], "provider": ["microsoft"]}}))]
    pub tenant: Option<String>,
    /// The application, as it is registered with the provider.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(extend("x-postkontor" = {"scope": "company", "order": 40,
        "when": {"grant": ["client_credentials", "refresh_token", "device_code", "authorization_code"]},
        "required": {"grant": ["refresh_token", "device_code", "authorization_code"]}}))]
    pub client_id: String,
    /// The application's secret. Applications on the machines of users have none.
    #[schemars(extend("x-postkontor" = {"scope": "company", "secret": true, "order": 50,
        "when": {"grant": ["client_credentials", "refresh_token", "device_code", "authorization_code"]}}))]
    pub client_secret: Secret,
    /// The application's certificate in the place of its secret (private_key_jwt, RFC 7523).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "company", "advanced": true, "order": 60,
        "when": {"grant": ["client_credentials", "refresh_token", "device_code", "authorization_code"], "provider": ["microsoft", "custom"]}}))]
    pub certificate: Option<ClientCertificate>,
    /// Key file (JSON) of a service account, which has the right to act for the mailbox named as user.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "workstation", "order": 70, "required": true,
        "when": {"grant": ["client_credentials"], "provider": ["google"]}}))]
    pub service_account: Option<String>,
    /// The token that a person's consent has left. After a consent, and whenever the provider exchanges it, the new one is kept under the
    /// name that stands here as a reference.
    #[schemars(extend("x-postkontor" = {"scope": "user", "secret": true, "kept": true, "order": 80,
        "when": {"grant": ["refresh_token", "device_code", "authorization_code"]},
        "required": {"grant": ["refresh_token"]}}))]
    pub refresh_token: Secret,
    /// The token itself, where the caller brings it.
    #[schemars(extend("x-postkontor" = {"scope": "user", "secret": true, "order": 90, "required": true, "when": {"grant": ["access_token"]}}))]
    pub access_token: Secret,
    /// Where Microsoft's sign-in is, for national clouds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^https?://[^\\s?#]+$"), extend("x-postkontor" = {"scope": "company", "advanced": true, "order": 100, "default_by": "server", "problem": "settings.url_invalid",
        "when": {"grant": ["client_credentials", "refresh_token", "device_code", "authorization_code"], "provider": ["microsoft"]}}))]
    pub authority: Option<String>,
    /// Where tokens are got; the provider's own place when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^https?://[^\\s#]+$"), extend("x-postkontor" = {"scope": "company", "advanced": true, "order": 110, "default_by": "server", "problem": "settings.url_invalid",
        "when": {"grant": ["client_credentials", "refresh_token", "device_code", "authorization_code"]},
        "required": {"grant": ["client_credentials", "refresh_token", "device_code", "authorization_code"], "provider": ["custom"]}}))]
    pub token_url: Option<String>,
    /// Where a code for another device is got (RFC 8628).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^https?://[^\\s#]+$"), extend("x-postkontor" = {"scope": "company", "advanced": true, "order": 120, "default_by": "server", "problem": "settings.url_invalid",
        "when": {"grant": ["device_code"]}, "required": {"grant": ["device_code"], "provider": ["custom"]}}))]
    pub device_url: Option<String>,
    /// The page on which a person gives consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^https?://[^\\s#]+$"), extend("x-postkontor" = {"scope": "company", "advanced": true, "order": 130, "default_by": "server", "problem": "settings.url_invalid",
        "when": {"grant": ["authorization_code"]}, "required": {"grant": ["authorization_code"], "provider": ["custom"]}}))]
    pub authorization_url: Option<String>,
    /// The port of this machine to which the browser comes back, for providers that want it registered; any free one when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535), extend("x-postkontor" = {"scope": "workstation", "advanced": true, "order": 140, "default_by": "machine",
        "when": {"grant": ["authorization_code"]}}))]
    pub redirect_port: Option<u16>,
    /// What the token is for, separated by spaces; what the transport needs when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "company", "advanced": true, "order": 150, "default_by": "server",
        "when": {"grant": ["client_credentials", "refresh_token", "device_code", "authorization_code"]}}))]
    pub scope: Option<String>,
}

/// How a token is got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// Not at all: it is given.
    #[default]
    AccessToken,
    /// The application has rights of its own (RFC 6749, section 4.4); with Google, a service account (RFC 7523).
    ClientCredentials,
    /// A person's consent has left a token for further ones (RFC 6749, section 6).
    RefreshToken,
    /// A person gives consent on any device, with a code (RFC 8628).
    DeviceCode,
    /// A person gives consent in a browser on this machine (RFC 6749, section 4.1, with RFC 7636).
    AuthorizationCode,
}

impl Grant {
    /// The grant as the settings spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Grant::AccessToken => "access_token",
            Grant::ClientCredentials => "client_credentials",
            Grant::RefreshToken => "refresh_token",
            Grant::DeviceCode => "device_code",
            Grant::AuthorizationCode => "authorization_code",
        }
    }
}

/// Who issues tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Microsoft Entra.
    #[default]
    Microsoft,
    /// Google.
    Google,
    /// Another one, whose places are given.
    Custom,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_token_alone_is_a_whole_group() {
        let read: OAuth2 = serde_json::from_value(json!({"access_token": "t"})).unwrap();
        assert_eq!(read, OAuth2 { access_token: Secret::new("t"), ..OAuth2::default() });
        assert_eq!(read.grant, Grant::AccessToken);
    }

    #[test]
    fn every_grant_is_named_as_the_settings_spell_it() {
        for grant in [Grant::AccessToken, Grant::ClientCredentials, Grant::RefreshToken, Grant::DeviceCode, Grant::AuthorizationCode] {
            assert_eq!(serde_json::to_value(grant).unwrap(), grant.name());
        }
    }
}
