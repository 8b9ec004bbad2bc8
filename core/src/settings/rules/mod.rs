//! Rules that a schema cannot express: several fields at once, and what works but is risky.

use super::Problem;
use super::findings::Reference;
use super::layers::Layers;
use super::repair::Repair;
use crate::pointer::find;
use encoding_rs::Encoding;
use postkontor_plugin::settings::Server;
use serde::Deserialize;
use serde_json::Value;

mod bridge;
pub(super) mod login;
mod outbox;
mod ports;

/// What the rules need to know of an account, beside its settings.
pub(super) struct Place<'a> {
    /// The account's place in the merged document.
    pub(super) pointer: &'a str,
    pub(super) schema: &'a Value,
    pub(super) layers: &'a Layers,
}

/// Checks an account's settings. `secrets` are where its secrets stand, `decided` are the fields whose default another field decides,
/// `problems` are those that its fields have already.
pub(super) fn account(settings: &Value, place: &Place, secrets: &[String], decided: &[String], problems: &mut Vec<Problem>) {
    let Place { pointer, schema, layers } = *place;
    if let Ok(server) = Server::deserialize(&settings["server"])
        && let Err(error) = server.endpoint(1)
    {
        problems.extend(error.at.iter().map(|at| Problem::new(&format!("{pointer}{}", at.pointer), at.code.clone())));
    }
    if settings["server"]["proxy"].as_str().is_some_and(|proxy| !is_proxy(proxy)) {
        // The value may contain a password, so the problem does not repeat it.
        problems.push(Problem::new(&format!("{pointer}/server/proxy"), "settings.proxy_invalid"));
    }
    let auth = &settings["auth"];
    if auth["method"] == "auto" {
        let given = |name: &str| auth.get(name).is_some();
        for (one, other) in [("user", "password"), ("password", "user")] {
            let place = format!("{pointer}/auth/{other}");
            // One that is wrong has been noted, and is missing only for that reason.
            if given(one) && !given(other) && problems.iter().all(|problem| problem.pointer != place) {
                problems.push(Problem::new(&place, "settings.required"));
            }
        }
    }
    problems.extend(decided.iter().filter_map(|field| ports::check(schema, settings, pointer, field.strip_prefix(pointer)?)));
    problems.extend(login::password(settings, pointer));
    self::secrets(settings, pointer, secrets, layers, problems);
}

/// Warns of passwords that are kept on a workstation. `pointer` is the place of the group in the merged document.
pub(super) fn secrets(group: &Value, pointer: &str, secrets: &[String], layers: &Layers, problems: &mut Vec<Problem>) {
    for secret in secrets.iter().filter(|secret| find(group, secret).is_some_and(Value::is_string)) {
        let place = format!("{pointer}{secret}");
        if layers.is_of_workstation(&place) {
            problems.push(Problem::warning(&place, "settings.secret_on_workstation"));
        }
    }
}

/// Checks the document's own groups.
pub(super) fn document(groups: &Value, accounts: &[Reference], problems: &mut Vec<Problem>) {
    sender(&groups["sender"], "/sender", problems);
    outbox::check(&groups["outbox"], problems);
    bridge::check(&groups["bridge"], &groups["outbox"], problems);
    for reference in accounts.iter().filter(|reference| reference.pointer.starts_with("/send/fallback/")) {
        if groups["send"]["account"] == reference.account.as_str() {
            let problem = Problem::new(&reference.pointer, "settings.fallback_itself").arg("account", reference.account.as_str());
            problems.push(problem.repair(Repair::without(&reference.pointer)));
        }
    }
}

/// Checks a sender, the document's or an account's own.
pub(super) fn sender(sender: &Value, pointer: &str, problems: &mut Vec<Problem>) {
    if let Some(charset) = sender["charset"].as_str()
        && Encoding::for_label(charset.as_bytes()).is_none_or(|encoding| encoding.output_encoding() != encoding)
    {
        let value = super::problem::shown(charset);
        problems.push(Problem::new(&format!("{pointer}/charset"), "settings.charset_unknown").arg("value", value));
    }
}

/// What keeps from fetching, and only from that: a document without operators sends all the same.
pub(super) fn fetching(groups: &Value) -> Option<Problem> {
    let receive = &groups["receive"];
    let is_missing = receive["routing"] == true && receive["operators"].as_array().is_none_or(Vec::is_empty);
    is_missing.then(|| Problem::new("/receive/operators", "receive.operator_missing"))
}

/// `socks5://[user:password@]host:port` or the same with `http://`.
fn is_proxy(text: &str) -> bool {
    let Some(rest) = ["socks5://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme)) else { return false };
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    let server = Server { host: place.trim_end_matches('/').to_owned(), port: None, timeout_seconds: 1, proxy: None };
    // Port 0 cannot be written, so it stands for "none given".
    server.endpoint(0).is_ok_and(|endpoint| endpoint.port != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_a_url_with_a_port() {
        for proxy in ["socks5://proxy:1080", "http://u:p@proxy.example.com:3128", "socks5://[2001:db8::1]:1080", "http://a:1/"] {
            assert!(is_proxy(proxy), "{proxy}");
        }
        for proxy in ["proxy:1080", "socks5://proxy", "https://proxy:1", "socks4://a:1", "http://", "http://a b:1", "http://u@:1"] {
            assert!(!is_proxy(proxy), "{proxy}");
        }
    }
}
