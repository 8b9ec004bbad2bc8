//! Group `tls` of a transport whose URL says whether the connection is secured.

use super::{ClientCertificate, Tls, TlsMode, TlsVersion};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a secured connection is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WebTls {
    /// The oldest protocol version that is accepted. Below 1.2 only where an old server leaves no choice.
    #[schemars(extend("x-postkontor" = {"scope": "user", "advanced": true, "order": 20, "risks": [
        {"value": "1.0", "code": "settings.tls_outdated", "repair": "1.2"}, {"value": "1.1", "code": "settings.tls_outdated", "repair": "1.2"}]}))]
    pub minimum: TlsVersion,
    /// Whether the server's certificate is verified.
    #[schemars(extend("x-postkontor" = {"scope": "user", "order": 30,
        "risks": [{"value": false, "code": "settings.unverified", "repair": true, "unless": "pin"}]}))]
    pub verify: bool,
    /// File with the certificates (PEM) of further authorities to trust.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "workstation", "advanced": true, "order": 40}))]
    pub ca_file: Option<String>,
    /// The certificate to present to the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "workstation", "advanced": true, "order": 50}))]
    pub client_certificate: Option<ClientCertificate>,
    /// SHA-256 of the server's certificate, as `sha256:` and 64 hexadecimal digits; no other certificate is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^sha256:[0-9a-fA-F]{64}$"), extend("x-postkontor" = {"scope": "user", "advanced": true, "order": 60, "problem": "settings.pin_invalid"}))]
    pub pin: Option<String>,
}

impl Default for WebTls {
    fn default() -> WebTls {
        WebTls { minimum: TlsVersion::default(), verify: true, ca_file: None, client_certificate: None, pin: None }
    }
}

impl WebTls {
    /// The same for a connection that is secured from its first byte.
    pub fn tls(&self) -> Tls {
        let WebTls { minimum, verify, ca_file, client_certificate, pin } = self.clone();
        Tls { mode: TlsMode::Implicit, minimum, verify, ca_file, client_certificate, pin }
    }
}
