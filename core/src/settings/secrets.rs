//! Where secrets stand in settings, and references to them.

use super::keyword::{annotation, keyword};
use crate::pointer::{child, parent};
use postkontor_plugin::{Error, Secret, Status};
use serde_json::{Map, Value};
use zeroize::Zeroize;

/// Puts the secrets themselves in the place of references `{"secret": "name"}`.
///
/// `secrets` are the pointers at which a secret may stand ([`AccountSettings::secrets`](super::AccountSettings::secrets)); `find`
/// fetches one by its name. The first one that is not found ends it, with its pointer.
pub fn resolve_secrets(settings: &mut Value, secrets: &[String], find: &dyn Fn(&str) -> Result<Secret, Error>) -> Result<(), Error> {
    for pointer in secrets {
        let Some(place) = settings.pointer_mut(pointer) else { continue };
        let Some(name) = reference(place) else { continue };
        let secret = find(name).map_err(|error| error.at(pointer, "secret.not_found"))?;
        *place = Value::String(secret.reveal().to_owned());
    }
    Ok(())
}

/// The names of the secrets that settings refer to, by the pointers at which they stand.
pub(crate) fn secret_names(settings: &Value, secrets: &[String]) -> Map<String, Value> {
    let name = |pointer: &String| Some((pointer.clone(), Value::from(reference(settings.pointer(pointer)?)?)));
    secrets.iter().filter_map(name).collect()
}

/// A document that may hold secrets, wiped when it is dropped.
#[derive(Clone, Default)]
pub(crate) struct Wiped(pub(crate) Value);

impl Drop for Wiped {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// Wipes every text of a document that is not needed any more: there may be secrets among them.
pub(crate) fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(members) => members.iter_mut().for_each(|(_, value)| wipe(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The name in a reference `{"secret": "name"}`.
pub(super) fn reference(value: &Value) -> Option<&str> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    object.get("secret")?.as_str()
}

/// The error of a secret that was not found.
pub fn secret_not_found(name: &str) -> Error {
    Error::new(Status::NotFound, "secret.not_found").arg("name", name)
}

/// Where secrets stand in settings, by the schema.
pub(super) fn pointers(schema: &Value, settings: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(schema, settings, "", &mut found);
    found
}

fn collect(schema: &Value, settings: &Value, pointer: &str, found: &mut Vec<String>) {
    let Some(given) = settings.as_object() else { return };
    let branches = keyword(schema, "allOf").as_array().into_iter().flatten().map(|branch| keyword(branch, "then"));
    for group in std::iter::once(schema).chain(branches) {
        for (name, member) in keyword(group, "properties").as_object().into_iter().flatten() {
            let Some(value) = given.get(name) else { continue };
            let pointer = child(pointer, name);
            if annotation(member, "secret") == true {
                if !found.contains(&pointer) {
                    found.push(pointer);
                }
            } else {
                collect(member, value, &pointer, found);
            }
        }
    }
}

/// The settings as they may be shown: literal secrets are left out, references stay.
pub(super) fn without_secrets(settings: &Value, secrets: &[String]) -> Value {
    let mut settings = settings.clone();
    for pointer in secrets.iter().filter(|pointer| settings.pointer(pointer).and_then(reference).is_none()).cloned().collect::<Vec<_>>() {
        let Some((group, name)) = parent(&pointer) else { continue };
        if let Some(group) = settings.pointer_mut(group).and_then(Value::as_object_mut) {
            group.shift_remove(&*name);
        }
    }
    settings
}
