//! The merge patch (RFC 7396) of the document as it was given that repairs a problem.

use super::layers::{self, Layers};
use super::repair::Repair;
use super::values::split;
use crate::pointer::names;
use serde_json::{Map, Value};

/// The patch of the document as it was given. `layer_of` names the layer that a value belongs into.
pub(super) fn of(repair: &Repair, given: &Layers, layer_of: &dyn Fn(&str) -> &'static str) -> Option<Value> {
    let changes = match repair {
        Repair::Patch(patch) => return Some(patch.clone()),
        Repair::Values(changes) => changes,
    };
    let mut patch = Value::Object(Map::new());
    for (pointer, value) in changes {
        let path: Vec<_> = names(pointer).collect();
        let path: Vec<&str> = path.iter().map(|name| &**name).collect();
        if value.is_null() {
            // What a lower layer says would apply again, so it goes from all of them.
            for (name, layer) in given.iter().filter(|(_, layer)| layers::holds(layer, pointer)) {
                put(within(&mut patch, name), Some(layer), &path, value)?;
            }
        } else {
            let name = layer_of(pointer);
            put(within(&mut patch, name), given.get(name), &path, value)?;
        }
    }
    Some(patch).filter(|patch| patch.as_object().is_some_and(|members| !members.is_empty()))
}

/// The patch that moves a value into the layer that it belongs into; the merged document stays the same. A `null`, which forms leave behind,
/// goes, and what its own layer says applies again.
pub(super) fn moved(layers: &Layers, pointer: &str, scope: &str) -> Option<Repair> {
    let path: Vec<_> = names(pointer).collect();
    let path: Vec<&str> = path.iter().map(|name| &**name).collect();
    let mut patch = Value::Object(Map::new());
    let mut value = &Value::Null;
    for (name, layer) in layers.iter() {
        let Some(given) = layer.pointer(pointer) else { continue };
        value = given;
        if name != scope {
            // A group that is left empty would be set by the wrong layer as well.
            put(within(&mut patch, name), Some(layer), lonely(layer, &path), &Value::Null)?;
        }
    }
    if !value.is_null() {
        put(within(&mut patch, scope), layers.get(scope), &path, value)?;
    }
    Some(Repair::Patch(patch))
}

/// The outermost group that has nothing in it but what a path leads to.
fn lonely<'p>(layer: &Value, path: &'p [&'p str]) -> &'p [&'p str] {
    let (mut group, mut alone) = (layer, 1);
    for (depth, name) in path.iter().enumerate() {
        if group.as_object().is_none_or(|members| members.len() != 1) {
            alone = depth + 1;
        }
        group = &group[*name];
    }
    path.get(..alone).unwrap_or(path)
}

/// The part of a patch for a layer; the patch itself where there are none.
fn within<'p>(patch: &'p mut Value, layer: &str) -> &'p mut Value {
    if layer.is_empty() { patch } else { member(patch, layer) }
}

fn member<'p>(patch: &'p mut Value, name: &str) -> &'p mut Value {
    if !patch.is_object() {
        *patch = Value::Object(Map::new());
    }
    // `patch` has just been made an object, so this makes no member of anything else.
    &mut patch[name]
}

/// Writes a value into a patch; `given` is what stands in the document at this place. A patch has no word for an entry of a list, so that
/// the whole list is written. Nothing is where that has groups: there may be secrets in them.
fn put(patch: &mut Value, given: Option<&Value>, path: &[&str], value: &Value) -> Option<()> {
    let Some((name, rest)) = path.split_first() else {
        *patch = value.clone();
        return Some(());
    };
    let mut list = match given {
        Some(Value::Array(list)) if list.iter().any(Value::is_object) => return None,
        Some(Value::Array(list)) => list.clone(),
        Some(Value::String(text)) => split(text),
        _ => return put(member(patch, name), given.and_then(|given| given.get(*name)), rest, value),
    };
    let Some(index) = name.parse().ok().filter(|index| *index < list.len()) else { return Some(()) };
    if value.is_null() && rest.is_empty() {
        list.remove(index);
    } else if rest.is_empty() {
        list[index] = value.clone();
    }
    *patch = Value::Array(list);
    Some(())
}
