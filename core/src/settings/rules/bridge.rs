//! The servers of a bridge: what may listen where, and for whom.

use super::Problem;
use crate::settings::listening_address;
use crate::settings::problem::shown;
use crate::settings::repair::Repair;
use serde_json::Value;
use std::collections::HashSet;

/// Checks the group; `outbox` is the other one that it needs.
pub(super) fn check(bridge: &Value, outbox: &Value, problems: &mut Vec<Problem>) {
    let servers = ["smtp", "pop3"].map(|name| (name, &bridge[name]));
    if bridge.is_null() {
        return;
    }
    for (name, server) in &servers {
        listening(name, server, problems);
    }
    let [(_, smtp), (_, pop3)] = servers;
    let logins = || bridge["logins"].as_array().into_iter().flatten();
    // A server that listens nowhere is none: forms leave groups behind that only hold defaults.
    let (takes, gives) = (smtp["listen"].is_string(), pop3["listen"].is_string());
    if !takes && !gives && logins().next().is_some() {
        problems.push(Problem::new("/bridge/smtp/listen", "settings.bridge_without_server"));
    }
    if takes && smtp["listen"] == pop3["listen"] && !smtp["listen"].as_str().unwrap_or_default().ends_with(":0") {
        problems.push(Problem::new("/bridge/pop3/listen", "settings.listen_twice"));
    }
    if takes && outbox["store"].is_null() {
        problems.push(Problem::new("/outbox/store", "settings.bridge_without_outbox"));
    }
    let needs_login = gives || takes && smtp["anonymous"].is_null();
    if needs_login && logins().next().is_none() {
        problems.push(Problem::new("/bridge/logins", "settings.bridge_without_login"));
    }
    let mut users = HashSet::new();
    for (place, login) in logins().enumerate() {
        if let Some(user) = login["user"].as_str().filter(|user| !users.insert(*user)) {
            problems.push(Problem::new(&format!("/bridge/logins/{place}/user"), "settings.login_twice").arg("user", shown(user)));
        }
    }
}

/// What listens elsewhere than on loopback does so with TLS, and serves those only who log in.
fn listening(name: &str, server: &Value, problems: &mut Vec<Problem>) {
    let Some(listen) = server["listen"].as_str() else { return };
    let pointer = format!("/bridge/{name}");
    let Some(address) = listening_address(listen) else {
        problems.push(Problem::new(&format!("{pointer}/listen"), "settings.listen_invalid").arg("value", shown(listen)));
        return;
    };
    if address.ip().to_canonical().is_loopback() {
        return;
    }
    if server["tls"]["mode"] == "none" {
        problems.push(Problem::new(&format!("{pointer}/tls/mode"), "settings.listen_without_tls").arg("value", shown(listen)));
    }
    if server["anonymous"].is_string() {
        let place = format!("{pointer}/anonymous");
        let problem = Problem::new(&place, "settings.listen_without_login").arg("value", shown(listen));
        problems.push(problem.repair(Repair::without(&place)));
    }
}
