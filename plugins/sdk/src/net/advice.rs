//! What to do about an error of the wire.

use super::tls::label;
use crate::settings::{Server, Tls, TlsMode, TlsVersion};
use crate::{Error, Stage, Status, Step};
use serde_json::{Map, Value, json};

/// The failed step of a test for an error, with facts, pointer, advice, and the settings patch that would repair it.
///
/// Knows the codes of this module (`net.`, `proxy.`, `tls.`, and of `auth.` what is about TLS); a step with another code gets its facts and nothing more.
pub fn step(error: &Error, server: &Server, tls: &Tls) -> Step {
    let mut step = Step::fail(error.stage.unwrap_or(Stage::Connect), error);
    advise(&mut step, Some(server), tls);
    if matches!(error.status, Status::Timeout) && step.advice.is_empty() {
        step = step.advice("advice.raise_timeout");
    }
    step
}

/// Adds pointer, advice and patch by the step's code. What the step says by itself already stays.
pub(super) fn advise(step: &mut Step, server: Option<&Server>, tls: &Tls) {
    let via_proxy = step.step == Stage::Proxy && step.code.starts_with("net.");
    let (pointer, advice): (&str, &[&str]) = match step.code.as_str() {
        _ if via_proxy => ("/server/proxy", &["advice.check_proxy"]),
        "net.name_not_found" => ("/server/host", &["advice.check_host"]),
        "net.name_lookup_failed" => ("/server/host", &["advice.check_network", "advice.check_host"]),
        "net.refused" => ("/server/port", &["advice.check_port", "advice.check_firewall"]),
        "net.unreachable" => ("/server/host", &["advice.check_network", "advice.check_host"]),
        "net.forbidden" => ("/server/host", &["advice.check_firewall"]),
        "net.connect_timeout" => ("/server/host", &["advice.check_port", "advice.check_firewall"]),
        "net.idle_timeout" => ("/server/timeout_seconds", &["advice.raise_timeout", "advice.check_port"]),
        "net.closed_by_server" | "net.broken" | "tls.truncated" => ("/server/host", &["advice.try_later", "advice.ask_administrator"]),
        "protocol.line_too_long" => ("/server/port", &["advice.check_port"]),
        "settings.proxy_invalid" => ("/server/proxy", &["advice.proxy_form"]),
        "proxy.auth_required" | "proxy.auth_refused" => ("/server/proxy", &["advice.check_proxy_password"]),
        "proxy.forbidden" => ("/server/proxy", &["advice.ask_proxy_administrator"]),
        "proxy.server_unreachable" | "proxy.server_refused" => ("/server/host", &["advice.check_host", "advice.check_port"]),
        "proxy.refused" | "proxy.protocol" => ("/server/proxy", &["advice.check_proxy"]),
        "tls.certificate_expired" => ("/server/host", &["advice.renew_certificate", "advice.check_clock"]),
        "tls.certificate_not_yet_valid" => ("/server/host", &["advice.check_clock", "advice.renew_certificate"]),
        "tls.certificate_wrong_host" => ("/server/host", &["advice.use_certificate_name", "advice.renew_certificate"]),
        "tls.certificate_self_signed" => ("/tls/pin", &["advice.pin_certificate", "advice.trust_authority"]),
        "tls.certificate_unknown_authority" => ("/tls/ca_file", &["advice.trust_authority", "advice.pin_certificate"]),
        "tls.certificate_pin_mismatch" => ("/tls/pin", &["advice.compare_pin"]),
        "tls.certificate_untrusted" => ("/tls/verify", &["advice.ask_administrator"]),
        "tls.version_too_old" => ("/tls/minimum", &["advice.allow_old_tls", "advice.upgrade_server"]),
        "tls.version_old" => ("/tls/minimum", &["advice.upgrade_server"]),
        "tls.verify_off" => ("/tls/verify", &["advice.verify"]),
        "tls.not_tls" => ("/tls/mode", &["advice.use_starttls"]),
        "tls.handshake_closed" | "tls.handshake_failed" => ("/tls/mode", &["advice.check_port", "advice.ask_administrator"]),
        "tls.injected_plaintext" => ("/server/host", &["advice.distrust_network"]),
        "tls.client_certificate_refused" => ("/tls/client_certificate/file", &["advice.check_client_certificate"]),
        "tls.client_certificate_unreadable" => ("/tls/client_certificate/file", &["advice.check_file"]),
        "tls.client_certificate_locked" => ("/tls/client_certificate/password", &["advice.check_file_password"]),
        "tls.ca_file_unreadable" => ("/tls/ca_file", &["advice.check_file"]),
        "auth.server_unverified" => ("/tls/verify", &["advice.verify", "advice.pin_certificate"]),
        "settings.pin_invalid" => ("/tls/pin", &["advice.pin_form"]),
        _ => return,
    };
    if step.pointer.is_empty() {
        step.pointer = pointer.to_owned();
    }
    step.advice.extend(advice.iter().map(|advice| (*advice).to_owned()));
    if step.patch.is_none() {
        step.patch = patch(step, server, tls);
    }
    if is_mute_tls_port(step, tls) {
        step.pointer = "/tls/mode".to_owned();
        step.advice.insert(0, "advice.use_implicit".to_owned());
        step.patch = Some(json!({"tls": {"mode": "implicit"}}));
    }
}

/// A patch that would repair it, where one is known.
fn patch(step: &Step, server: Option<&Server>, tls: &Tls) -> Option<Value> {
    let seen = step.facts.get("sha256").and_then(Value::as_str);
    match step.code.as_str() {
        // With verification on, the certificate would have to be good as well as the pinned one.
        "tls.certificate_self_signed" | "tls.certificate_unknown_authority" => Some(json!({"tls": {"verify": false, "pin": seen?}})),
        "tls.certificate_pin_mismatch" => Some(json!({"tls": {"pin": seen?}})),
        "tls.certificate_wrong_host" => Some(json!({"server": {"host": host_for(&step.facts, server?)?}})),
        "tls.version_too_old" => {
            let oldest = if tls.minimum > TlsVersion::Tls12 { TlsVersion::Tls12 } else { TlsVersion::Tls10 };
            (oldest < tls.minimum).then(|| json!({"tls": {"minimum": label(oldest)}}))
        }
        "tls.verify_off" => Some(json!({"tls": {"verify": true}})),
        "tls.not_tls" => Some(json!({"tls": {"mode": "starttls"}})),
        _ => None,
    }
}

/// The name in the certificate that resembles the host most, counted in letters from the end; with the port that stood there.
fn host_for(facts: &Map<String, Value>, server: &Server) -> Option<String> {
    let host = server.endpoint(0).ok()?;
    let alike = |name: &str| name.bytes().rev().zip(host.host.bytes().rev()).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
    let names = facts.get("names")?.as_array()?.iter().filter_map(Value::as_str).filter(|name| !name.contains(['*', '\\']));
    // The first of equals: certificates name the main name first.
    let best = names.rev().max_by_key(|name| alike(name))?;
    let place = if best.contains(':') { format!("[{best}]") } else { best.to_owned() };
    Some(if server.port.is_none() && host.port != 0 { format!("{place}:{}", host.port) } else { place })
}

/// A server that says nothing on a port where TLS begins with the first byte waits for just that.
fn is_mute_tls_port(step: &Step, tls: &Tls) -> bool {
    let port = step.facts.get("port").and_then(Value::as_u64);
    step.step == Stage::Greeting
        && matches!(step.code.as_str(), "net.idle_timeout" | "net.closed_by_server")
        && tls.mode != TlsMode::Implicit
        && matches!(port, Some(465 | 993 | 995))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(host: &str) -> Server {
        Server { host: host.to_owned(), port: None, timeout_seconds: 60, proxy: None }
    }

    fn wrong_host(names: &[&str], host: &str) -> Option<Value> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let error = Error::new(Status::Tls, "tls.certificate_wrong_host").stage(Stage::Tls).arg("names", names);
        step(&error, &server(host), &Tls::default()).patch
    }

    #[test]
    fn a_wrong_host_is_repaired_with_the_most_similar_name_of_the_certificate() {
        let host = |name: &str| Some(json!({"server": {"host": name}}));
        assert_eq!(wrong_host(&["www.example.org", "mail.example.com"], "mx.example.com"), host("mail.example.com"));
        assert_eq!(wrong_host(&["mail.example.com", "smtp.example.com"], "192.0.2.1:587"), host("mail.example.com:587"));
        assert_eq!(wrong_host(&["*.example.com"], "example.com"), None);
        assert_eq!(wrong_host(&[], "example.com"), None);
    }

    #[test]
    fn the_minimum_is_lowered_no_further_than_it_helps() {
        let patch = |minimum| step(&Error::new(Status::Tls, "tls.version_too_old"), &server("h"), &Tls { minimum, ..Tls::default() }).patch;
        assert_eq!(patch(TlsVersion::Tls13), Some(json!({"tls": {"minimum": "1.2"}})));
        assert_eq!(patch(TlsVersion::Tls12), Some(json!({"tls": {"minimum": "1.0"}})));
        assert_eq!(patch(TlsVersion::Tls10), None);
    }

    #[test]
    fn silence_on_an_implicit_tls_port_suggests_implicit_tls() {
        let error = Error::new(Status::Timeout, "net.idle_timeout").stage(Stage::Greeting).arg("port", 465);
        let step = step(&error, &server("h"), &Tls { mode: TlsMode::Starttls, ..Tls::default() });
        assert_eq!(step.patch, Some(json!({"tls": {"mode": "implicit"}})));
        assert_eq!(step.pointer, "/tls/mode");
    }

    #[test]
    fn every_code_of_the_wire_has_its_text_in_every_language() {
        let sources = [
            include_str!("advice.rs"),
            include_str!("certificate.rs"),
            include_str!("connect.rs"),
            include_str!("proxy.rs"),
            include_str!("resolve.rs"),
            include_str!("stream/mod.rs"),
            include_str!("stream/open.rs"),
            include_str!("tls/identity.rs"),
            include_str!("tls/mod.rs"),
        ];
        let is_code = |word: &&str| {
            ["net.", "tls.", "proxy.", "protocol.", "advice."].iter().any(|prefix| word.len() > prefix.len() && word.starts_with(prefix))
                && word.bytes().filter(|byte| *byte == b'.').count() == 1
                && !word.ends_with(".rs")
                && word.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'.' | b'_'))
        };
        let mut codes: Vec<&str> = sources.iter().flat_map(|source| source.split('"')).filter(is_code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert!(codes.len() > 60, "{codes:?}");
        let places = |text: &str| {
            let mut places: Vec<String> = text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0.to_owned())).collect();
            places.sort();
            places
        };
        let texts: Vec<Value> = crate::SHARED_TEXTS.iter().map(|(_, json)| serde_json::from_str(json).unwrap()).collect();
        for code in codes {
            let group = if code.starts_with("advice.") { "advice" } else { "codes" };
            let found: Vec<&str> =
                texts.iter().map(|texts| texts[group][code].as_str().unwrap_or_else(|| panic!("{code} has no text"))).collect();
            assert!(found.iter().all(|text| places(text) == places(found[0])), "{code}: {found:?}");
        }
    }
}
