//! What works and is risky, as the schema says it beside the field (`x-postkontor.risks`).

use super::Problem;
use super::keyword::annotation;
use super::repair::Repair;
use serde_json::{Map, Value};

/// The warnings about a value: `{"value": false, "code": "settings.unverified", "repair": true, "unless": "pin"}`, where `unless` names
/// a member of the same group that takes the risk away.
pub(super) fn of<'s>(
    schema: &'s Value,
    value: &'s Value,
    group: &'s Map<String, Value>,
    pointer: &'s str,
) -> impl Iterator<Item = Problem> + 's {
    let risks = annotation(schema, "risks").as_array().into_iter().flatten();
    let is_taken_away = |risk: &Value| risk["unless"].as_str().is_some_and(|other| group.contains_key(other));
    let risks = risks.filter(move |risk| risk["value"] == *value && !is_taken_away(risk));
    risks.filter_map(move |risk| {
        let problem = Problem::warning(pointer, risk["code"].as_str()?).arg("value", value.clone());
        Some(match &risk["repair"] {
            Value::Null => problem,
            repair => problem.repair(Repair::value(pointer, repair.clone())),
        })
    })
}
