//! A port against the kind of encryption.
//!
//! Which ports a protocol has, its transport says beside the field (`x-postkontor.default_by`): the one of `implicit` is where TLS begins with
//! the first byte, on the others it begins by a command.

use super::Problem;
use crate::pointer::{child, find, parent};
use crate::settings::defaults::port_in_host;
use crate::settings::keyword::annotation;
use crate::settings::layers;
use crate::settings::repair::Repair;
use serde_json::Value;

/// Checks one field whose default another field decides; `pointer` is the account's place, `field` that of the field within its settings.
pub(super) fn check(schema: &Value, settings: &Value, pointer: &str, field: &str) -> Option<Problem> {
    let (group_place, name) = parent(field)?;
    let group_schema = layers::at(schema, group_place)?;
    let by = annotation(layers::member(group_schema, &name)?, "default_by").as_object()?;
    let group = find(settings, group_place)?.as_object()?;
    let (port, field) = match group.get(&*name) {
        Some(port) => (port.as_u64()?, field.to_owned()),
        None => {
            let (port, host) = port_in_host(group_schema, &name, group)?;
            (u64::from(port), child(group_place, host))
        }
    };
    by.iter().find_map(|(place, table)| {
        let mode_place = if place.starts_with('/') { place.clone() } else { child(group_place, place) };
        let mode = find(settings, &mode_place)?.as_str()?;
        let (code, meant) = mismatch(table, port, mode)?;
        let problem = Problem::warning(&format!("{pointer}{field}"), code).arg("port", port);
        Some(problem.repair(Repair::value(&format!("{pointer}{mode_place}"), meant)))
    })
}

/// What is wrong with a port under a TLS mode, and the mode that was meant.
fn mismatch(table: &Value, port: u64, mode: &str) -> Option<(&'static str, &'static str)> {
    let implicit = table["implicit"].as_u64()?;
    let is_known = || table.as_object().is_some_and(|table| table.values().any(|known| known.as_u64() == Some(port)));
    match mode {
        "none" | "starttls" if port == implicit => Some(("settings.port_begins_with_tls", "implicit")),
        "implicit" if port != implicit && is_known() => Some(("settings.port_begins_in_clear", "starttls")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_port_contradicts_only_a_mode_that_cannot_work_there() {
        let table = json!({"none": 25, "auto": 587, "starttls": 587, "implicit": 465, "required": 587});
        let meant = |port, mode| mismatch(&table, port, mode).map(|(_, meant)| meant);
        assert_eq!(["none", "starttls"].map(|mode| meant(465, mode)), [Some("implicit"); 2]);
        assert_eq!([25, 587].map(|port| meant(port, "implicit")), [Some("starttls"); 2]);
        for (port, mode) in [(465, "implicit"), (465, "required"), (465, "auto"), (25, "starttls"), (587, "none"), (2525, "implicit")] {
            assert_eq!(meant(port, mode), None, "{port} {mode}");
        }
        assert_eq!(mismatch(&json!({"none": 25}), 465, "starttls"), None);
    }
}
