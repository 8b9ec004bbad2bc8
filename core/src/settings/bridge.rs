//! Group `bridge`: the servers for programs that can speak nothing but SMTP and POP3.

use super::Password;
use postkontor_plugin::settings::TlsVersion;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr};

/// The servers for programs that can speak nothing but SMTP and POP3.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bridge {
    /// The server that takes mail and puts it into the outbox; when the group is left out, there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"order": 10}))]
    pub smtp: Option<Submission>,
    /// The server that gives the mail of an account; when the group is left out, there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"order": 20}))]
    pub pop3: Option<Maildrop>,
    /// Who may log in, and for which account.
    #[schemars(extend("x-postkontor" = {"scope": "company", "order": 30}))]
    pub logins: Vec<Login>,
}

impl Bridge {
    /// The same with the servers alone that listen somewhere; nothing where none does. Forms leave groups behind that only hold defaults.
    pub(super) fn serving(self) -> Option<Bridge> {
        let bridge = Bridge {
            smtp: self.smtp.filter(|server| server.listen.is_some()),
            pop3: self.pop3.filter(|server| server.listen.is_some()),
            logins: self.logins,
        };
        (bridge.smtp.is_some() || bridge.pop3.is_some()).then_some(bridge)
    }
}

/// The server that takes mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// Address and port; when left out, there is no such server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1), extend("examples" = ["127.0.0.1:2525"], "x-postkontor" = {"scope": "workstation", "order": 10, "default_by": "nothing"}))]
    pub listen: Option<String>,
    /// How connections are secured.
    #[serde(default)]
    #[schemars(extend("x-postkontor" = {"order": 20}))]
    pub tls: ServerTls,
    /// The largest message that is taken.
    #[serde(default = "largest")]
    #[schemars(range(min = 1024, max = 10_737_418_240_u64), extend("x-postkontor" = {"scope": "company", "advanced": true, "unit": "byte", "order": 30}))]
    pub max_bytes: u64,
    /// The account by which mail goes out that comes without a login; when left out, none is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "company", "order": 40, "account": true, "default_by": "nothing"}))]
    pub anonymous: Option<String>,
}

/// The server that gives mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Maildrop {
    /// Address and port; when left out, there is no such server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1), extend("examples" = ["127.0.0.1:1100"], "x-postkontor" = {"scope": "workstation", "order": 10, "default_by": "nothing"}))]
    pub listen: Option<String>,
    /// How connections are secured.
    #[serde(default)]
    #[schemars(extend("x-postkontor" = {"order": 20}))]
    pub tls: ServerTls,
}

/// How connections of programs are secured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServerTls {
    /// Whether and how.
    #[schemars(extend("x-postkontor" = {"scope": "workstation", "order": 10}))]
    pub mode: ServerTlsMode,
    /// The certificate that is shown to programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"order": 20, "required": true, "when": {"mode": ["starttls", "implicit"]}}))]
    pub certificate: Option<ServerCertificate>,
    /// The oldest protocol version that is taken.
    #[schemars(extend("x-postkontor" = {"scope": "workstation", "advanced": true, "order": 30, "when": {"mode": ["starttls", "implicit"]}, "risks": [
        {"value": "1.0", "code": "settings.tls_outdated", "repair": "1.2"}, {"value": "1.1", "code": "settings.tls_outdated", "repair": "1.2"}]}))]
    pub minimum: TlsVersion,
}

/// Whether and how connections of programs are secured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServerTlsMode {
    /// Clear text.
    #[default]
    None,
    /// A program may switch to TLS. At another address than loopback it has to.
    Starttls,
    /// TLS from the first byte.
    Implicit,
}

/// The certificate of a server with its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerCertificate {
    /// PKCS#12 (.p12, .pfx) or PEM file with certificate and private key.
    #[schemars(length(min = 1), extend("x-postkontor" = {"scope": "workstation", "order": 10}))]
    pub file: String,
    /// The password of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("x-postkontor" = {"scope": "workstation", "secret": true, "order": 20}))]
    pub password: Option<Password>,
}

/// A program that may log in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The name.
    #[schemars(length(min = 1), extend("x-postkontor" = {"scope": "company", "order": 10}))]
    pub user: String,
    /// The password.
    #[schemars(with = "String", extend("x-postkontor" = {"scope": "company", "secret": true, "order": 20}))]
    pub password: Password,
    /// The account that sends its mail, and whose mail it gets; when left out, that of `send.account` and that of `receive.account`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "company", "order": 30, "account": true, "default_by": "document"}))]
    pub account: Option<String>,
    /// The sender of its mail, whatever it says itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "email", "x-postkontor" = {"scope": "company", "order": 40, "default_by": "message"}))]
    pub sender: Option<String>,
}

/// The address that a text `127.0.0.1:2525`, `[::1]:2525` or `localhost:2525` names.
pub fn listening_address(text: &str) -> Option<SocketAddr> {
    let port = || text.strip_prefix("localhost:")?.parse().ok();
    text.parse().ok().or_else(|| Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port()?))))
}

fn largest() -> u64 {
    50 * 1024 * 1024
}
