//! The settings patch that would repair what a test has found (RFC 7396).

use super::{Pointers, Target};
use crate::Step;
use crate::settings::{Tls, TlsVersion};
use serde_json::{Map, Value, json};

/// The patch that sets one setting.
pub(super) fn at(pointer: &str, value: Value) -> Value {
    pointer.split('/').skip(1).collect::<Vec<_>>().into_iter().rev().fold(value, |inner, name| json!({ name: inner }))
}

/// Whether a patch would change nothing in the settings, as far as these are known.
pub(super) fn is_so_already(patch: &Value, settings: &Value) -> bool {
    match (patch, settings) {
        (Value::Object(patch), Value::Object(settings)) => {
            patch.iter().all(|(name, patch)| settings.get(name).is_some_and(|settings| is_so_already(patch, settings)))
        }
        (patch, settings) => patch == settings,
    }
}

/// The patch for a finding about TLS, where one is known. A pinned certificate that was exchanged has none: it may be the attacker's.
pub(super) fn of(step: &Step, at_: &Pointers, tls: &Tls) -> Option<Value> {
    let seen = step.facts.get("sha256").and_then(Value::as_str);
    match step.code.as_str() {
        // With verification on, the certificate would have to be good as well as the pinned one.
        "tls.certificate_self_signed" | "tls.certificate_unknown_authority" => Some(json!({"tls": {"verify": false, "pin": seen?}})),
        "tls.version_too_old" => {
            let found = step.facts.get("version").and_then(Value::as_str).map(str::to_owned);
            let guess = if tls.minimum > TlsVersion::Tls12 { TlsVersion::Tls12 } else { TlsVersion::Tls10 };
            let oldest = found.unwrap_or_else(|| guess.name().to_owned());
            (oldest.as_str() < tls.minimum.name()).then(|| at("/tls/minimum", json!(oldest)))
        }
        "tls.system_too_old" if tls.minimum == TlsVersion::Tls13 => Some(at("/tls/minimum", json!("1.2"))),
        "tls.verify_off" => Some(json!({"tls": {"verify": true}})),
        "tls.not_tls" => Some(at(at_.mode, json!("starttls"))),
        "tls.expected_at_once" => Some(at(at_.mode, json!("implicit"))),
        _ => None,
    }
}

/// The patch that takes a name of the certificate for the server, and the facts `proposed` and `domain` for the sentence.
///
/// Only a name under the same registrable domain is offered: such a domain has one owner. An attacker on the way can show a good
/// certificate for a name of his own. Names under a shared suffix (`co.uk`, a provider of names) have different owners.
pub(super) fn name(step: &mut Step, target: &Target) -> Option<Value> {
    let host = &target.endpoint.host;
    let domain = registrable(host)?;
    let alike = |name: &str| name.bytes().rev().zip(host.bytes().rev()).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
    let names = step.facts.get("names")?.as_array()?.iter().filter_map(Value::as_str);
    let names: Vec<&str> =
        names.filter(|name| !name.contains(['*', '\\']) && registrable(name).as_deref() == Some(domain.as_str())).collect();
    // The first of equals: certificates name the main name first.
    let best = names.iter().rev().max_by_key(|name| alike(name)).map(|name| (*name).to_owned())?;
    let place = if target.port_in_host { format!("{best}:{}", target.endpoint.port) } else { best.clone() };
    step.facts.extend(Map::from_iter([("proposed".to_owned(), json!(best)), ("domain".to_owned(), json!(domain))]));
    Some(at(target.at.host, json!(place)))
}

/// The part of a name that one owner has registered, by the Public Suffix List; an address has none.
fn registrable(name: &str) -> Option<String> {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    if name.parse::<std::net::IpAddr>().is_ok() {
        return None;
    }
    // Of a name under a suffix that the list does not know, nothing is certain.
    super::registrable(&name).filter(|found| found.is_known).map(|found| found.domain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_has_the_shape_of_its_pointer() {
        assert_eq!(at("/smtp/pop3/mode", json!("implicit")), json!({"smtp": {"pop3": {"mode": "implicit"}}}));
    }

    #[test]
    fn the_registrable_domain_ends_where_many_share_a_suffix() {
        for (name, domain) in [
            ("mail.example.com", Some("example.com")),
            ("MX.Example.COM.", Some("example.com")),
            ("mail.firma.co.uk", Some("firma.co.uk")),
            ("anna.dyndns.org", Some("anna.dyndns.org")),
            ("mail.anna.dyndns.org", Some("anna.dyndns.org")),
            ("co.uk", None),
            ("192.0.2.1", None),
            ("2001:db8::1", None),
            ("localhost", None),
            ("mail.internal-net", None),
        ] {
            assert_eq!(registrable(name).as_deref(), domain, "{name}");
        }
    }
}
