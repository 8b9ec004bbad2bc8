//! What a login needs: an address where the provider wants one, and TLS for a password.

use crate::pointer::find;
use crate::settings::findings::Login;
use crate::settings::problem::{Problem, shown};
use crate::settings::repair::Repair;
use postkontor_plugin::settings::Server;
use serde_json::Value;

/// Providers whose servers want the whole address as the user name, by the end of the server's name; with the domain, where a name without
/// one can only be meant for that.
const PROVIDERS: &[(&str, Option<&str>)] = &[
    ("gmail.com", Some("gmail.com")),
    ("googlemail.com", Some("googlemail.com")),
    ("office365.com", None),
    ("outlook.com", None),
    ("gmx.net", None),
    ("gmx.com", None),
    ("gmx.de", None),
    ("web.de", Some("web.de")),
    ("mail.yahoo.com", None),
    // Sending only: the server for fetching wants the name without the domain.
    ("smtp.mail.me.com", None),
    ("aol.com", None),
    ("t-online.de", Some("t-online.de")),
    ("ionos.de", None),
    ("ionos.com", None),
    ("strato.de", None),
    ("freenet.de", Some("freenet.de")),
    ("mailbox.org", None),
    ("posteo.de", Some("posteo.de")),
    ("fastmail.com", None),
    ("zoho.com", None),
    ("zoho.eu", None),
];

/// Notes a user name without a domain where the provider wants the address. `place` is the account's, `senders` are its own and the document's.
pub(in crate::settings) fn address(settings: &Value, place: &str, login: &Login, senders: [&Value; 2]) -> Option<Problem> {
    let (host, pointer) = (login.host.as_deref()?, login.user.as_deref()?);
    let given = |pointer: &str| find(settings, pointer.strip_prefix(place)?)?.as_str();
    let (host, user) = (given(host)?, given(pointer)?);
    // GMX gives numbers to its customers, by which they log in, too.
    if user.is_empty() || user.contains('@') || user.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let server = Server { host: host.to_owned(), port: None, timeout_seconds: 1, proxy: None }.endpoint(1).ok()?.host.to_ascii_lowercase();
    let (_, domain) =
        PROVIDERS.iter().find(|(end, _)| server.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))?;
    let problem = Problem::warning(pointer, "settings.user_no_address").arg("host", shown(host));
    let mut addresses = senders.into_iter().filter_map(|sender| sender["address"].as_str());
    let own = addresses.find(|address| address.rsplit_once('@').is_some_and(|(local, _)| local.eq_ignore_ascii_case(user)));
    let is_name = !user.contains(['\\', '/', ' ']);
    let meant = own.map(str::to_owned).or_else(|| domain.filter(|_| is_name).map(|domain| format!("{user}@{domain}")));
    Some(match meant {
        Some(address) => problem.repair(Repair::value(pointer, address)),
        None => problem,
    })
}

/// Notes a password that no login would send: without TLS it takes a setting that says so.
pub(in crate::settings) fn password(settings: &Value, pointer: &str) -> Option<Problem> {
    let auth = &settings["auth"];
    let is_given = find(settings, "/tls/mode")? == "none" && auth.get("password").is_some() && auth["allow_cleartext"] == false;
    let problem = || Problem::warning(&format!("{pointer}/auth/password"), "settings.password_needs_tls");
    is_given.then(|| problem().repair(Repair::value(&format!("{pointer}/tls/mode"), "required")))
}
