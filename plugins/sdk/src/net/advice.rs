//! What to do about an error: pointer, advice, and the patch that would repair it, for every code that several protocols share.

use super::{Pointers, Target, oauth, patch};
use crate::settings::{Tls, TlsMode, TlsVersion};
use crate::{Error, Stage, Status, Step};
use serde_json::{Value, json};

/// What to do about an error.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Advice {
    /// The setting that it is about.
    pub pointer: &'static str,
    /// Sentences by their codes, the most helpful first.
    pub advice: &'static [&'static str],
    /// The settings patch that would repair it.
    pub patch: Option<Value>,
}

/// The failed step of a test for an error, with facts, pointer, advice, and the settings patch that would repair it.
///
/// Knows the codes that every protocol shares (`net.`, `proxy.`, `tls.`, `http.`, `auth.`, `mailbox.`); `own` is what the protocol knows by
/// itself, and comes before that. A step with another code gets its facts and nothing more.
/// [`Connector::test`](super::Connector::test) does this by itself.
pub fn step(error: &Error, target: &Target, tls: &Tls, own: Option<Advice>) -> Step {
    let mut step = Step::fail(error.stage.unwrap_or(Stage::Connect), error);
    match own {
        Some(own) => apply(&mut step, own),
        None => advise(&mut step, Some(target), tls),
    }
    if matches!(error.status, Status::Timeout) && step.advice.is_empty() {
        step = step.advice("advice.raise_timeout");
    }
    step
}

/// Adds pointer, advice and patch by the step's code. What the step says by itself already stays.
pub(super) fn advise(step: &mut Step, target: Option<&Target>, tls: &Tls) {
    if step.step == Stage::Token {
        return advise_token(step);
    }
    let at = target.map_or_else(Pointers::default, |target| target.at);
    if step.step == Stage::Proxy && step.code.starts_with("net.") {
        return apply(step, Advice { pointer: at.proxy, advice: &["advice.check_proxy"], patch: None });
    }
    if is_mute_tls_port(step, tls) {
        step.pointer = at.mode.to_owned();
        apply(step, Advice { pointer: at.mode, advice: &["advice.use_implicit"], patch: Some(patch::at(at.mode, json!("implicit"))) });
    }
    let found = of_wire(&step.code, &at)
        .or_else(|| of_tls(&step.code, &at))
        .or_else(|| of_web(&step.code, &at))
        .or_else(|| of_login(&step.code, &at, tls.mode))
        .or_else(|| of_token(&step.code));
    let Some(mut found) = found else { return };
    found.patch = found.patch.or_else(|| patch::of(step, &at, tls));
    if step.code == "tls.certificate_wrong_host" {
        found.patch = target.and_then(|target| patch::name(step, target));
        if found.patch.is_none() {
            found.advice = &["advice.certificate_of_stranger", "advice.check_host"];
        }
    }
    if step.code == "tls.handshake_closed" && tls.minimum > TlsVersion::Tls10 {
        found.advice = &["advice.maybe_old_tls", "advice.check_port", "advice.ask_administrator"];
    }
    apply(step, found);
}

/// The same for a token that could not be got: its provider is another server than the target.
fn advise_token(step: &mut Step) {
    let found = match oauth::remedy(&step.code) {
        Some((pointer, advice, patch)) => Advice { pointer, advice, patch },
        None if step.code.starts_with("http.") => {
            Advice { pointer: "/auth/oauth2/token_url", advice: &["advice.check_token_url", "advice.check_proxy"], patch: None }
        }
        None if step.code.starts_with("proxy.") => Advice { pointer: "/server/proxy", advice: &["advice.check_proxy"], patch: None },
        None if step.code.starts_with("net.") || step.code.starts_with("tls.") => Advice {
            pointer: "/auth/oauth2/token_url",
            advice: &["advice.check_network", "advice.check_firewall", "advice.check_proxy"],
            patch: None,
        },
        None => return,
    };
    apply(step, found);
}

fn apply(step: &mut Step, advice: Advice) {
    if step.pointer.is_empty() {
        step.pointer = advice.pointer.to_owned();
    }
    for code in advice.advice {
        if step.advice.iter().all(|known| known != code) {
            step.advice.push((*code).to_owned());
        }
    }
    if step.patch.is_none() {
        step.patch = advice.patch;
    }
}

/// Finding the server, connecting, the proxy, and lines.
fn of_wire(code: &str, at: &Pointers) -> Option<Advice> {
    let (pointer, advice): (_, &[&str]) = match code {
        "net.name_not_found" => (at.host, &["advice.check_host"]),
        "net.name_lookup_failed" => (at.host, &["advice.check_network", "advice.check_host"]),
        "net.refused" => (at.port, &["advice.check_port", "advice.check_firewall"]),
        "net.unreachable" => (at.host, &["advice.check_network", "advice.check_host"]),
        "net.forbidden" => (at.host, &["advice.check_firewall"]),
        "net.connect_timeout" => (at.host, &["advice.check_port", "advice.check_firewall"]),
        "net.idle_timeout" => (at.timeout, &["advice.raise_timeout", "advice.check_port"]),
        "net.closed_by_server" | "net.broken" | "tls.truncated" => (at.host, &["advice.try_later", "advice.ask_administrator"]),
        "protocol.line_too_long" | "protocol.reply_malformed" => (at.port, &["advice.check_port"]),
        "settings.proxy_invalid" => (at.proxy, &["advice.proxy_form"]),
        "proxy.auth_required" | "proxy.auth_refused" => (at.proxy, &["advice.check_proxy_password"]),
        "proxy.forbidden" => (at.proxy, &["advice.ask_proxy_administrator"]),
        "proxy.server_unreachable" | "proxy.server_refused" => (at.host, &["advice.check_host", "advice.check_port"]),
        "proxy.refused" | "proxy.protocol" => (at.proxy, &["advice.check_proxy"]),
        _ => return None,
    };
    Some(Advice { pointer, advice, patch: None })
}

/// Answers of web servers, and of what stands before them.
fn of_web(code: &str, at: &Pointers) -> Option<Advice> {
    let (pointer, advice): (_, &[&str]) = match code {
        "http.busy" => ("", &["advice.try_later"]),
        "http.server_failed" | "http.truncated" => ("", &["advice.try_later", "advice.ask_administrator"]),
        "http.unauthorized" => ("/auth/password", &["advice.check_user_and_password"]),
        "http.forbidden" | "http.refused" | "http.request_too_large" => (at.host, &["advice.ask_administrator"]),
        "http.proxy_login" => (at.proxy, &["advice.check_proxy_password"]),
        "http.proxy_refused" => (at.proxy, &["advice.ask_proxy_administrator"]),
        "http.web_page" => (at.host, &["advice.check_url", "advice.sign_in_page"]),
        "http.not_found" | "http.redirected" | "http.redirect_loop" | "http.url_malformed" | "http.not_http" | "http.type_unexpected" => {
            (at.host, &["advice.check_url"])
        }
        "http.malformed" | "http.head_too_large" | "http.too_large" | "http.coding_unknown" | "http.unpacking_failed" => {
            (at.host, &["advice.check_url", "advice.ask_administrator"])
        }
        _ => return None,
    };
    Some(Advice { pointer, advice, patch: None })
}

/// TLS and certificates.
fn of_tls(code: &str, at: &Pointers) -> Option<Advice> {
    let (pointer, advice): (_, &[&str]) = match code {
        "tls.certificate_expired" => (at.host, &["advice.renew_certificate", "advice.check_clock"]),
        "tls.certificate_not_yet_valid" => (at.host, &["advice.check_clock", "advice.renew_certificate"]),
        "tls.certificate_wrong_host" => (at.host, &["advice.use_certificate_name", "advice.renew_certificate"]),
        "tls.certificate_self_signed" => ("/tls/pin", &["advice.pin_certificate", "advice.trust_authority"]),
        "tls.certificate_unknown_authority" => ("/tls/ca_file", &["advice.trust_authority", "advice.pin_certificate"]),
        "tls.certificate_pin_mismatch" => ("/tls/pin", &["advice.compare_pin"]),
        "tls.certificate_untrusted" => ("/tls/verify", &["advice.ask_administrator"]),
        "tls.version_too_old" => ("/tls/minimum", &["advice.allow_old_tls", "advice.upgrade_server"]),
        "tls.system_too_old" => ("/tls/minimum", &["advice.use_newer_windows"]),
        "tls.version_old" => ("/tls/minimum", &["advice.upgrade_server"]),
        "tls.verify_off" => ("/tls/verify", &["advice.verify"]),
        "tls.not_tls" => (at.mode, &["advice.use_starttls"]),
        "tls.expected_at_once" => (at.mode, &["advice.use_implicit"]),
        "tls.not_offered" => (at.mode, &["advice.tls_port", "advice.ask_provider_for_tls"]),
        "tls.refused_by_server" => (at.mode, &["advice.try_later", "advice.ask_administrator"]),
        "tls.handshake_closed" | "tls.handshake_failed" => (at.mode, &["advice.check_port", "advice.ask_administrator"]),
        "tls.injected_plaintext" => (at.host, &["advice.distrust_network"]),
        "tls.client_certificate_refused" => ("/tls/client_certificate/file", &["advice.check_client_certificate"]),
        "tls.client_certificate_unreadable" => ("/tls/client_certificate/file", &["advice.check_file"]),
        "tls.client_certificate_locked" => ("/tls/client_certificate/password", &["advice.check_file_password"]),
        "tls.ca_file_unreadable" => ("/tls/ca_file", &["advice.check_file"]),
        "settings.pin_invalid" => ("/tls/pin", &["advice.pin_form"]),
        _ => return None,
    };
    Some(Advice { pointer, advice, patch: None })
}

/// The login, and the mailbox that it opens.
fn of_login(code: &str, at: &Pointers, mode: TlsMode) -> Option<Advice> {
    let is_clear = mode == TlsMode::None;
    let required = || Some(patch::at(at.mode, json!("required")));
    let auto = || Some(patch::at("/auth/method", json!("auto")));
    let (pointer, advice, patch): (_, &[&str], _) = match code {
        "auth.refused" => ("/auth/password", &["advice.check_user_and_password", "advice.app_password"], None),
        "auth.not_enabled" => ("", &["advice.allow_programs"], None),
        "auth.token_refused" => ("/auth/oauth2/access_token", &["advice.renew_token", "advice.check_token_rights"], None),
        "auth.password_change_needed" => ("/auth/password", &["advice.change_password"], None),
        "auth.mechanism_not_offered" | "auth.method_unsupported" => ("/auth/method", &["advice.method_auto"], auto()),
        "auth.not_offered" if is_clear => (at.mode, &["advice.login_needs_tls"], required()),
        "auth.not_offered" => ("/auth/method", &["advice.method_auto"], auto()),
        "auth.mechanism_too_weak" => ("/auth/method", &["advice.method_auto", "advice.app_password"], auto()),
        "auth.cleartext_forbidden" if is_clear => (at.mode, &["advice.use_tls", "advice.allow_cleartext"], required()),
        // TLS is what the settings ask for already, and the server has none.
        "auth.cleartext_forbidden" => ("/auth/allow_cleartext", &["advice.allow_cleartext"], None),
        "auth.encryption_needed" => (at.mode, &["advice.use_tls"], required()),
        "auth.server_unverified" => ("/tls/verify", &["advice.verify", "advice.pin_certificate"], None),
        "auth.server_unproven" | "auth.nonce_foreign" => (at.host, &["advice.check_host", "advice.distrust_network"], None),
        "auth.later" => ("", &["advice.try_later"], None),
        "auth.logged_on_user_unsupported" => ("/auth/user", &["advice.install_kerberos", "advice.enter_password"], None),
        "auth.package_missing" | "auth.credentials_missing" | "auth.logged_on_user_denied" => {
            ("/auth/user", &["advice.enter_password", "advice.ask_administrator"], None)
        }
        "auth.logged_on_user_failed" => ("/auth/user", &["advice.enter_password", "advice.ask_administrator"], None),
        "auth.ticket_missing" => ("/auth/user", &["advice.get_ticket", "advice.enter_password"], None),
        "auth.ticket_refused" => ("/auth/user", &["advice.ask_administrator", "advice.enter_password"], None),
        "auth.service_unknown" => (at.host, &["advice.name_of_domain", "advice.ask_administrator"], None),
        "auth.domain_unreachable" => ("", &["advice.check_network", "advice.enter_password"], None),
        "auth.wanted" => ("/auth/method", &["advice.method_auto"], auto()),
        "auth.binding_refused" => ("/auth/password", &["advice.check_user_and_password", "advice.extended_protection"], None),
        "auth.connection_not_kept" => (at.host, &["advice.keep_connection", "advice.ask_administrator"], None),
        "auth.clock_wrong" => ("", &["advice.check_clock"], None),
        "mailbox.in_use" => ("", &["advice.close_other_program", "advice.try_later"], None),
        _ => return None,
    };
    Some(Advice { pointer, advice, patch })
}

/// A token that the server itself has refused, where it is known why.
fn of_token(code: &str) -> Option<Advice> {
    let (pointer, advice, patch) = oauth::remedy(code)?;
    Some(Advice { pointer, advice, patch })
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
    use crate::settings::Server;

    fn server(host: &str) -> Server {
        Server { host: host.to_owned(), port: None, timeout_seconds: 60, proxy: None }
    }

    fn step(error: &Error, server: &Server, tls: &Tls) -> Step {
        super::step(error, &server.target(25).unwrap(), tls, None)
    }

    fn wrong_host(names: &[&str], host: &str) -> Option<Value> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let error = Error::new(Status::Tls, "tls.certificate_wrong_host").stage(Stage::Tls).arg("names", names);
        step(&error, &server(host), &Tls::default()).patch
    }

    #[test]
    fn a_wrong_host_is_repaired_with_the_most_similar_name_under_the_same_domain() {
        let host = |name: &str| Some(json!({"server": {"host": name}}));
        assert_eq!(wrong_host(&["www.example.org", "mail.example.com"], "mx.example.com"), host("mail.example.com"));
        assert_eq!(wrong_host(&["mail.example.com", "smtp.example.com"], "smtp1.example.com:587"), host("mail.example.com:587"));
        assert_eq!(wrong_host(&["example.co.uk"], "mail.example.co.uk"), host("example.co.uk"));
        assert_eq!(wrong_host(&["*.example.com"], "example.com"), None);
        assert_eq!(wrong_host(&[], "example.com"), None);
    }

    #[test]
    fn a_name_of_another_owner_is_never_the_repair_whatever_it_looks_like() {
        for (name, host) in [
            ("mail.example.org", "mail.example.com"),
            ("mail.example.com.evil.example", "mail.example.com"),
            ("evil.co.uk", "mail.firma.co.uk"),
            ("evil.dyndns.org", "firma.dyndns.org"),
            ("notexample.com", "example.com"),
            ("mail.example.com", "192.0.2.1:587"),
            ("192.0.2.2", "192.0.2.1"),
            ("mail.local-net", "mx.local-net"),
        ] {
            let names: Vec<String> = vec![name.to_owned()];
            let error = Error::new(Status::Tls, "tls.certificate_wrong_host").stage(Stage::Tls).arg("names", names);
            let step = step(&error, &server(host), &Tls::default());
            assert_eq!(step.patch, None, "{name} for {host}");
            assert_eq!(step.advice[0], "advice.certificate_of_stranger", "{name} for {host}");
        }
    }

    #[test]
    fn a_pinned_certificate_that_was_exchanged_is_not_pinned_anew() {
        let error = Error::new(Status::Tls, "tls.certificate_pin_mismatch").stage(Stage::Tls).arg("sha256", "sha256:00");
        let step = step(&error, &server("h"), &Tls::default());
        assert_eq!((step.patch, step.advice), (None, vec!["advice.compare_pin".to_owned()]));
    }

    #[test]
    fn a_closed_handshake_speaks_of_old_tls_only_where_that_could_be_allowed() {
        let advice = |minimum| {
            let error = Error::new(Status::Tls, "tls.handshake_closed").stage(Stage::Tls);
            step(&error, &server("h"), &Tls { minimum, ..Tls::default() }).advice
        };
        assert_eq!(advice(TlsVersion::Tls12)[0], "advice.maybe_old_tls");
        assert!(!advice(TlsVersion::Tls10).contains(&"advice.maybe_old_tls".to_owned()));
    }

    #[test]
    fn the_minimum_is_lowered_no_further_than_it_helps() {
        let patch = |minimum| step(&Error::new(Status::Tls, "tls.version_too_old"), &server("h"), &Tls { minimum, ..Tls::default() }).patch;
        assert_eq!(patch(TlsVersion::Tls13), Some(json!({"tls": {"minimum": "1.2"}})));
        assert_eq!(patch(TlsVersion::Tls12), Some(json!({"tls": {"minimum": "1.0"}})));
        assert_eq!(patch(TlsVersion::Tls10), None);
    }

    #[test]
    fn a_windows_without_tls_13_is_asked_for_less_where_that_was_the_wish() {
        let patch = |minimum| step(&Error::new(Status::Tls, "tls.system_too_old"), &server("h"), &Tls { minimum, ..Tls::default() }).patch;
        assert_eq!(patch(TlsVersion::Tls13), Some(json!({"tls": {"minimum": "1.2"}})));
        assert_eq!(patch(TlsVersion::Tls12), None, "the server is the one that wants 1.3");
    }

    #[test]
    fn silence_on_an_implicit_tls_port_suggests_implicit_tls() {
        let error = Error::new(Status::Timeout, "net.idle_timeout").stage(Stage::Greeting).arg("port", 465);
        let step = step(&error, &server("h"), &Tls { mode: TlsMode::Starttls, ..Tls::default() });
        assert_eq!(step.patch, Some(json!({"tls": {"mode": "implicit"}})));
        assert_eq!(step.pointer, "/tls/mode");
    }

    #[test]
    fn each_answer_of_a_web_server_has_advice() {
        let texts: Value = serde_json::from_str(crate::SHARED_TEXTS[0].1).unwrap();
        let codes = texts["codes"].as_object().unwrap().keys().filter(|code| code.starts_with("http."));
        for code in codes {
            let step = step(&Error::new(Status::Protocol, code), &server("h"), &Tls::default());
            // These two are defects of the transport itself.
            let is_ours = matches!(code.as_str(), "http.request_wrong" | "http.source_wrong");
            assert_eq!(step.advice.is_empty(), is_ours, "{code}: {step:?}");
        }
        let step = step(&Error::new(Status::Protocol, "http.proxy_refused"), &server("h"), &Tls::default());
        assert_eq!((step.pointer.as_str(), step.advice[0].as_str()), ("/server/proxy", "advice.ask_proxy_administrator"));
    }

    #[test]
    fn every_code_of_the_wire_has_its_text_in_every_language() {
        let sources = [
            include_str!("advice.rs"),
            include_str!("certificate.rs"),
            include_str!("connect.rs"),
            include_str!("patch.rs"),
            include_str!("probe.rs"),
            include_str!("session.rs"),
            include_str!("proxy.rs"),
            include_str!("resolve.rs"),
            include_str!("stream/mod.rs"),
            include_str!("stream/open.rs"),
            include_str!("tls/identity.rs"),
            include_str!("tls/mod.rs"),
            include_str!("tls/schannel/prepared.rs"),
        ];
        let is_code = |word: &&str| {
            ["net.", "tls.", "proxy.", "protocol.", "http.", "advice."]
                .iter()
                .any(|prefix| word.len() > prefix.len() && word.starts_with(prefix))
                && word.bytes().filter(|byte| *byte == b'.').count() == 1
                && !word.ends_with(".rs")
                && word.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'.' | b'_'))
        };
        let mut codes: Vec<&str> = sources.iter().flat_map(|source| source.split('"')).filter(is_code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert!(codes.len() > 60, "{codes:?}");
        let places = |text: &str| {
            // The cases of a plural differ by language; what they count is the same.
            let name = |rest: &str| {
                let end = rest.find(|letter: char| !letter.is_ascii_lowercase() && !matches!(letter, '_' | '0'..='9'))?;
                (end > 0 && rest[end..].starts_with([',', '}'])).then(|| rest[..end].to_owned())
            };
            let mut places: Vec<String> = text.split('{').skip(1).filter_map(name).collect();
            places.sort();
            places.dedup();
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
