//! Signed assertions (RFC 7523): what an application with a certificate, or a service account, shows instead of a secret.

use super::key::Key;
use crate::{Error, Secret, Stage, Status};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use std::time::{SystemTime, UNIX_EPOCH};

/// How long an assertion is good for. Microsoft wants ten minutes at most.
const LIFETIME: u64 = 600;

/// The assertion of an application with a certificate: `client` says who it is, `audience` is the token URL.
pub(super) fn of_application(key: &Key, client: &str, audience: &str) -> Result<Secret, Error> {
    let mut head = json!({"alg": "RS256", "typ": "JWT"});
    if let Some(certificate) = key.certificate() {
        // Microsoft finds the certificate by either.
        head["x5t"] = json!(URL_SAFE_NO_PAD.encode(Sha1::digest(certificate)));
        head["x5t#S256"] = json!(URL_SAFE_NO_PAD.encode(Sha256::digest(certificate)));
    }
    let now = now();
    let id = URL_SAFE_NO_PAD.encode(random()?);
    sign(key, &head, &json!({"aud": audience, "iss": client, "sub": client, "jti": id, "iat": now, "nbf": now, "exp": now + LIFETIME}))
}

/// The assertion of a service account that acts for `user`, where one is named.
pub(super) fn of_service_account(key: &Key, account: &str, user: &str, scope: &str, audience: &str) -> Result<Secret, Error> {
    let mut head = json!({"alg": "RS256", "typ": "JWT"});
    if let Some(id) = key.id() {
        head["kid"] = json!(id);
    }
    let now = now();
    let mut claims = json!({"iss": account, "scope": scope, "aud": audience, "iat": now, "exp": now + LIFETIME});
    if !user.is_empty() {
        claims["sub"] = json!(user);
    }
    sign(key, &head, &claims)
}

fn sign(key: &Key, head: &Value, claims: &Value) -> Result<Secret, Error> {
    let signed = [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes())?);
    Ok(Secret::new([signed, signature].join(".")))
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// 32 random bytes.
pub(super) fn random() -> Result<[u8; 32], Error> {
    let mut bytes = [0; 32];
    let failed = |error: getrandom::Error| Error::new(Status::Internal, "auth.no_random_numbers").stage(Stage::Token).cause(error);
    getrandom::fill(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// The claims of a token, where it is a JWT. The signature is not checked: the claims explain a refusal, and nothing is granted by them.
pub(super) fn claims(token: &str) -> Option<Map<String, Value>> {
    let mut parts = token.split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&claims).ok()
}
