//! What a layer sets although it belongs to another.

use super::layers::{Layers, ScopeOf};
use super::patch;
use super::problem::{MAX_PROBLEMS, Problem};
use super::secrets::reference;
use crate::pointer::{child, find};
use serde_json::{Value, json};

/// Notes it. `movable` finds the place of the whole value that may be shown and moved.
pub(super) fn check(layers: &Layers, scope_of: &ScopeOf, movable: &dyn Fn(&str) -> Option<String>, problems: &mut Vec<Problem>) {
    for (name, whole_layer) in layers.iter().filter(|(name, _)| !name.is_empty()) {
        let mut leaves = Vec::new();
        collect_leaves(whole_layer, String::new(), &mut leaves);
        for leaf in leaves {
            if problems.len() >= MAX_PROBLEMS {
                return;
            }
            if let Some(scope) = scope_of(&leaf).filter(|scope| scope != name) {
                let layer = |name: &str| json!({"code": format!("settings.layer.{name}")});
                let problem = Problem::new(&format!("/{name}{leaf}"), "settings.wrong_scope");
                let problem = problem.arg("layer", layer(name)).arg("scope", layer(&scope));
                // What stands beside a name in a reference may be the secret itself.
                let is_shown = |place: &String| *place == leaf || find(whole_layer, place).is_some_and(|whole| reference(whole).is_some());
                problems.push(match movable(&leaf).filter(is_shown).and_then(|place| patch::moved(layers, &place, &scope)) {
                    Some(repair) => problem.repair(repair),
                    None => problem,
                });
            }
        }
    }
}

/// The pointers of everything that is no object, and of empty objects.
fn collect_leaves(value: &Value, pointer: String, leaves: &mut Vec<String>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            members.iter().for_each(|(name, value)| collect_leaves(value, child(&pointer, name), leaves));
        }
        Value::Object(_) if pointer.is_empty() => {}
        _ => leaves.push(pointer),
    }
}
