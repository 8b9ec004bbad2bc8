//! Group `tls`: how the connection is secured.

use crate::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::sync::{Arc, OnceLock};

/// How the connection is secured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// Whether and how the connection is secured.
    #[schemars(extend("x-postkontor" = {"scope": "user", "order": 10,
        "risks": [{"value": "none", "code": "settings.unencrypted", "repair": "required"}]}))]
    pub mode: TlsMode,
    /// The oldest protocol version that is accepted. Below 1.2 only where an old server leaves no choice.
    #[schemars(extend("x-postkontor" = {"scope": "user", "advanced": true, "order": 20, "when": {"mode": ["auto", "starttls", "implicit", "required"]}, "risks": [
        {"value": "1.0", "code": "settings.tls_outdated", "repair": "1.2"}, {"value": "1.1", "code": "settings.tls_outdated", "repair": "1.2"}]}))]
    pub minimum: TlsVersion,
    /// Whether the server's certificate is verified.
    #[schemars(extend("x-postkontor" = {"scope": "user", "order": 30, "when": {"mode": ["auto", "starttls", "implicit", "required"]},
        "risks": [{"value": false, "code": "settings.unverified", "repair": true, "unless": "pin"}]}))]
    pub verify: bool,
    /// File with the certificates (PEM) of further authorities to trust.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "workstation", "advanced": true, "order": 40, "when": {"mode": ["auto", "starttls", "implicit", "required"]}}))]
    pub ca_file: Option<String>,
    /// The certificate to present to the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "workstation", "advanced": true, "order": 50, "when": {"mode": ["auto", "starttls", "implicit", "required"]}}))]
    pub client_certificate: Option<ClientCertificate>,
    /// SHA-256 of the server's certificate, as `sha256:` and 64 hexadecimal digits; no other certificate is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^sha256:[0-9a-fA-F]{64}$"), extend("x-postkontor" = {"scope": "user", "advanced": true, "order": 60, "problem": "settings.pin_invalid", "when": {"mode": ["auto", "starttls", "implicit", "required"]}}))]
    pub pin: Option<String>,
}

impl Default for Tls {
    fn default() -> Tls {
        Tls { mode: TlsMode::default(), minimum: TlsVersion::default(), verify: true, ca_file: None, client_certificate: None, pin: None }
    }
}

/// Whether and how the connection is secured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TlsMode {
    /// Clear text.
    None,
    /// TLS where the server has it; else clear text, but then without the password.
    Auto,
    /// Begin in clear text and switch to TLS, or give up.
    Starttls,
    /// TLS from the first byte.
    Implicit,
    /// TLS of either kind, never clear text.
    #[default]
    Required,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum TlsVersion {
    /// TLS 1.0 of 1999, broken.
    #[serde(rename = "1.0")]
    Tls10,
    /// TLS 1.1 of 2006, broken.
    #[serde(rename = "1.1")]
    Tls11,
    /// TLS 1.2 of 2008.
    #[default]
    #[serde(rename = "1.2")]
    Tls12,
    /// TLS 1.3 of 2018.
    #[serde(rename = "1.3")]
    Tls13,
}

impl TlsVersion {
    /// The version as the settings write it.
    pub fn name(self) -> &'static str {
        match self {
            TlsVersion::Tls10 => "1.0",
            TlsVersion::Tls11 => "1.1",
            TlsVersion::Tls12 => "1.2",
            TlsVersion::Tls13 => "1.3",
        }
    }
}

/// A certificate with its private key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientCertificate {
    /// PKCS#12 (.p12, .pfx) or PEM file with certificate and private key.
    #[schemars(length(min = 1), extend("x-postkontor" = {"scope": "workstation", "order": 10}))]
    pub file: String,
    /// The password of the file.
    #[serde(default)]
    #[schemars(extend("x-postkontor" = {"scope": "workstation", "secret": true, "order": 20}))]
    pub password: Secret,
    /// What was made of both for connections.
    #[doc(hidden)]
    #[serde(skip)]
    #[schemars(skip)]
    pub kept: Kept,
}

/// What was made of a private key: it goes from memory with the settings that named it.
#[derive(Clone, Default)]
pub struct Kept(Arc<OnceLock<Box<dyn Any + Send + Sync>>>);

impl Kept {
    /// What is kept, made where there is nothing yet.
    #[cfg_attr(
        not(all(feature = "net", any(windows, all(unix, not(feature = "native-tls"))))),
        allow(dead_code, reason = "other engines keep nothing")
    )]
    pub(crate) fn get<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Option<&T> {
        self.0.get_or_init(|| Box::new(make())).downcast_ref()
    }
}

/// It is no setting.
impl PartialEq for Kept {
    fn eq(&self, _: &Kept) -> bool {
        true
    }
}

impl Eq for Kept {}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kept")
    }
}
