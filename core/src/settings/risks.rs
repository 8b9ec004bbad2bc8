//! What works and is risky, as the schema says it beside the field (`x-postkontor.risks`).

use super::keyword::annotation;
use super::problem::Problem;
use super::repair::Repair;
use crate::pointer::child;
use serde_json::{Map, Value};

/// The warnings about a value, which stands at `pointer` among the members of `group`; `root` is the place of the settings that the schema
/// describes.
///
/// A risk is a value, `{"value": false, "code": "settings.unverified", "repair": true, "unless": "pin"}`, where `unless` names a member of
/// the same group that takes the risk away; or it lies in the host of a URL, `{"hosts": [".example.com"], "code", "args", "patch"}`, where
/// `patch` is one of the settings.
pub(super) fn of<'s>(
    schema: &'s Value,
    value: &'s Value,
    group: &'s Map<String, Value>,
    pointer: &'s str,
    root: &'s str,
) -> impl Iterator<Item = Problem> + 's {
    let risks = annotation(schema, "risks").as_array().into_iter().flatten();
    let is_taken_away = |risk: &Value| risk["unless"].as_str().is_some_and(|other| group.contains_key(other));
    let risks = risks.filter(move |risk| !is_taken_away(risk));
    risks.filter_map(move |risk| {
        let problem = Problem::warning(pointer, risk["code"].as_str()?);
        let problem = match &risk["hosts"] {
            Value::Array(hosts) => problem.arg("host", risky_host(hosts, value.as_str()?)?),
            _ => problem.arg("value", (risk["value"] == *value).then(|| value.clone())?),
        };
        let args = risk["args"].as_object().into_iter().flatten();
        let problem = args.fold(problem, |problem, (name, value)| problem.arg(name, value.clone()));
        let mut changes = Vec::new();
        match (&risk["repair"], &risk["patch"]) {
            (Value::Null, Value::Null) => return Some(problem),
            (Value::Null, patch) => flatten(patch, root, &mut changes),
            (repair, _) => changes.push((pointer.to_owned(), repair.clone())),
        }
        Some(problem.repair(Repair::Values(changes)))
    })
}

/// The host of a URL, if it is one of these; those that begin with a dot stand for all below.
fn risky_host(hosts: &[Value], url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let host = rest.split(['/', ':', '?']).next()?.to_ascii_lowercase();
    let is_one = |known: &str| if known.starts_with('.') { host.ends_with(known) } else { host == known };
    hosts.iter().filter_map(Value::as_str).any(is_one).then_some(host)
}

/// The values of a patch by their places.
fn flatten(patch: &Value, place: &str, changes: &mut Vec<(String, Value)>) {
    match patch {
        Value::Object(members) => members.iter().for_each(|(name, value)| flatten(value, &child(place, name), changes)),
        value => changes.push((place.to_owned(), value.clone())),
    }
}
