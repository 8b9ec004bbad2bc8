//! Group `auth`: who we are, and how we prove it.

use super::OAuth2;
use crate::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who we are, and how we prove it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Auth {
    /// How the credentials are presented.
    #[schemars(extend("x-postkontor" = {"scope": "user", "order": 10}))]
    pub method: Method,
    /// User name. With `auto` it may be left out, and then there is no login.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(extend("x-postkontor" = {"scope": "user", "order": 20, "credentials": true,
        "when": {"method": [
            "auto", "password", "plain", "login", "cram-md5", "digest-md5", "scram-sha-1", "scram-sha-256", "ntlm", "windows", "apop", "xoauth2",
            "oauthbearer", "oauth2", "external", "pop-before-smtp"]},
        "required": {"account": null, "method": [
            "password", "plain", "login", "cram-md5", "digest-md5", "scram-sha-1", "scram-sha-256", "ntlm", "apop", "xoauth2", "oauthbearer", "oauth2",
            "pop-before-smtp"]}}))]
    pub user: String,
    /// Password.
    #[schemars(extend("x-postkontor" = {"scope": "user", "secret": true, "order": 30, "credentials": true,
        "when": {"method": [
            "auto", "password", "plain", "login", "cram-md5", "digest-md5", "scram-sha-1", "scram-sha-256", "ntlm", "windows", "apop", "pop-before-smtp"]},
        "required": {"account": null, "method": [
            "password", "plain", "login", "cram-md5", "digest-md5", "scram-sha-1", "scram-sha-256", "ntlm", "apop", "pop-before-smtp"]}}))]
    pub password: Secret,
    /// The account of the same settings whose credentials are used. Beside another method than `account`, for what is not
    /// given here: the mechanism is this one's, the password or token the other's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "user", "order": 40, "account": true,
        "when": {"method": [
            "account", "password", "plain", "login", "cram-md5", "digest-md5", "scram-sha-1", "scram-sha-256", "ntlm", "apop", "xoauth2", "oauthbearer",
            "oauth2", "pop-before-smtp"]},
        "required": {"method": ["account"]}}))]
    pub account: Option<String>,
    /// Access by token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "company", "order": 50, "required": true,
        "when": {"account": null, "method": ["xoauth2", "oauthbearer", "oauth2"]}}))]
    pub oauth2: Option<OAuth2>,
    /// The password may travel over a connection without TLS.
    #[schemars(extend("x-postkontor" = {"scope": "user", "advanced": true, "order": 60,
        "risks": [{"value": true, "code": "settings.password_in_clear", "repair": false}],
        "when": {"method": [
            "auto", "password", "plain", "login", "cram-md5", "digest-md5", "scram-sha-1", "scram-sha-256", "ntlm", "windows", "apop", "xoauth2",
            "oauthbearer", "oauth2", "pop-before-smtp", "account"]}}))]
    pub allow_cleartext: bool,
}

/// How the credentials are presented. Every choice but `auto` and `password` is exact: a server without it is an error,
/// never a reason to take another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Not at all.
    None,
    /// The best mechanism that both sides know.
    #[default]
    Auto,
    /// User name and password by the protocol's own command, else by the best password mechanism.
    Password,
    /// SASL PLAIN (RFC 4616).
    Plain,
    /// SASL LOGIN.
    Login,
    /// SASL CRAM-MD5 (RFC 2195).
    CramMd5,
    /// SASL DIGEST-MD5 (RFC 2831), historic.
    DigestMd5,
    /// SASL SCRAM-SHA-1 (RFC 5802).
    #[serde(rename = "scram-sha-1")]
    ScramSha1,
    /// SASL SCRAM-SHA-256 (RFC 7677).
    #[serde(rename = "scram-sha-256")]
    ScramSha256,
    /// NTLM with user and password.
    Ntlm,
    /// As the user who is logged on to this machine, by Kerberos or, on Windows, NTLM; with a user name, NTLM as that user.
    Windows,
    /// APOP (RFC 1939), for POP3.
    Apop,
    /// SASL XOAUTH2 with a token.
    Xoauth2,
    /// SASL OAUTHBEARER (RFC 7628) with a token.
    Oauthbearer,
    /// OAuth 2.0 by the better of the two.
    Oauth2,
    /// SASL EXTERNAL: the client certificate says who we are.
    External,
    /// A POP3 login with the same credentials first, then SMTP without one.
    PopBeforeSmtp,
    /// User name and password of another account of the same settings.
    Account,
}

impl Method {
    /// All of them, in the order of the form.
    pub const ALL: &'static [Method] = &[
        Method::None,
        Method::Auto,
        Method::Password,
        Method::Plain,
        Method::Login,
        Method::CramMd5,
        Method::DigestMd5,
        Method::ScramSha1,
        Method::ScramSha256,
        Method::Ntlm,
        Method::Windows,
        Method::Apop,
        Method::Xoauth2,
        Method::Oauthbearer,
        Method::Oauth2,
        Method::External,
        Method::PopBeforeSmtp,
        Method::Account,
    ];

    /// Those that carry SASL mechanisms, for a transport that has no method of its own.
    pub const SASL: &'static [&'static str] = &Method::all_but::<16>(&[Method::Apop, Method::PopBeforeSmtp]);

    /// Methods as [`Transport::METHODS`](crate::Transport::METHODS) names them.
    pub const fn names<const N: usize>(methods: [Method; N]) -> [&'static str; N] {
        let mut names = [""; N];
        let mut index = 0;
        while index < N {
            names[index] = methods[index].name();
            index += 1;
        }
        names
    }

    /// All methods but those left out, as [`Transport::METHODS`](crate::Transport::METHODS) names them; `N` is how many remain.
    pub const fn all_but<const N: usize>(left_out: &[Method]) -> [&'static str; N] {
        assert!(N + left_out.len() == Method::ALL.len(), "N is the number of the methods that remain");
        let mut names = [""; N];
        let (mut count, mut index) = (0, 0);
        while index < Method::ALL.len() {
            let method = Method::ALL[index];
            if !method.is_among(left_out) {
                names[count] = method.name();
                count += 1;
            }
            index += 1;
        }
        names
    }

    const fn is_among(self, methods: &[Method]) -> bool {
        let mut index = 0;
        while index < methods.len() {
            if methods[index] as u8 == self as u8 {
                return true;
            }
            index += 1;
        }
        false
    }

    /// The method as the settings spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Method::None => "none",
            Method::Auto => "auto",
            Method::Password => "password",
            Method::Plain => "plain",
            Method::Login => "login",
            Method::CramMd5 => "cram-md5",
            Method::DigestMd5 => "digest-md5",
            Method::ScramSha1 => "scram-sha-1",
            Method::ScramSha256 => "scram-sha-256",
            Method::Ntlm => "ntlm",
            Method::Windows => "windows",
            Method::Apop => "apop",
            Method::Xoauth2 => "xoauth2",
            Method::Oauthbearer => "oauthbearer",
            Method::Oauth2 => "oauth2",
            Method::External => "external",
            Method::PopBeforeSmtp => "pop-before-smtp",
            Method::Account => "account",
        }
    }
}
