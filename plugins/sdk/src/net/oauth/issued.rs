//! What a provider issues (RFC 6749, section 5.1).

use crate::Secret;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// How long a token is taken to be good where the provider does not say.
const USUAL: Duration = Duration::from_secs(3600);

/// No token is kept for longer, whatever the provider says.
const LONGEST: Duration = Duration::from_secs(86_400);

/// An access token, and what came with it.
#[derive(Debug, Deserialize)]
pub(super) struct Issued {
    pub(super) access_token: Secret,
    #[serde(default)]
    token_type: Option<String>,
    #[serde(default)]
    expires_in: Value,
    #[serde(default)]
    refresh_token: Option<Secret>,
    #[serde(default)]
    pub(super) scope: Option<String>,
    #[serde(default)]
    id_token: Option<Secret>,
}

impl Issued {
    /// Reads the answer; `None` where it is not one.
    pub(super) fn read(body: &[u8]) -> Option<Issued> {
        let issued: Issued = serde_json::from_slice(body).ok()?;
        let is_token = |secret: &Secret| !secret.is_empty() && secret.reveal().bytes().all(|byte| byte.is_ascii_graphic());
        let is_bearer = issued.token_type.as_deref().is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
        let whole =
            is_bearer && is_token(&issued.access_token) && issued.refresh_token.iter().all(|token| token.is_empty() || is_token(token));
        whole.then_some(issued)
    }

    /// How long it is good.
    pub(super) fn lifetime(&self) -> Duration {
        let seconds = match &self.expires_in {
            Value::Number(number) => number.as_u64().or_else(|| number.as_f64().map(|seconds| seconds.max(0.0) as u64)),
            // As Microsoft's first version has it.
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        seconds.map_or(USUAL, Duration::from_secs).min(LONGEST)
    }

    /// The token by which others are got, where one came.
    pub(super) fn refresh(&self) -> Option<&Secret> {
        self.refresh_token.as_ref().filter(|token| !token.is_empty())
    }

    /// The identity token (OpenID Connect), where one came.
    pub(super) fn identity(&self) -> Option<&Secret> {
        self.id_token.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_providers_write_it() {
        let issued =
            Issued::read(br#"{"token_type":"Bearer","expires_in":3599,"access_token":"ey.a-b","refresh_token":"0.r","extra":[]}"#).unwrap();
        assert_eq!((issued.access_token.reveal(), issued.lifetime().as_secs()), ("ey.a-b", 3599));
        assert_eq!(issued.refresh().unwrap().reveal(), "0.r");
        let lifetime = |expires: &str| {
            Issued::read(format!(r#"{{"access_token":"t","expires_in":{expires}}}"#).as_bytes()).unwrap().lifetime().as_secs()
        };
        for (expires, seconds) in
            [("\"3599\"", 3599), ("null", 3600), ("-5", 0), ("1.5", 1), ("1e30", 86_400), ("[]", 3600), ("\"x\"", 3600)]
        {
            assert_eq!(lifetime(expires), seconds, "{expires}");
        }
        assert!(Issued::read(br#"{"access_token":"t","refresh_token":""}"#).unwrap().refresh().is_none());
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for body in [
            "",
            "<html>",
            "[]",
            "null",
            "{}",
            r#"{"access_token":""}"#,
            r#"{"access_token":7}"#,
            r#"{"access_token":"a b"}"#,
            r#"{"access_token":"a\r\nX: y"}"#,
            r#"{"access_token":"t","token_type":"mac"}"#,
            r#"{"access_token":"t","refresh_token":"a\nb"}"#,
            r#"{"access_token":"t","access_token":"u"}"#,
            r#"{"access_token":"t"}x"#,
        ] {
            assert!(Issued::read(body.as_bytes()).is_none(), "{body}");
        }
    }
}
