//! Where secrets stand in settings, and references to them.

use super::keyword::{annotation, keyword};
use crate::pointer::{child, names, parent};
use postkontor_plugin::{Error, Secret, Status};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::ops::Deref;
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

/// Puts in what there is of the secrets that transports keep themselves (`kept`): one that no call has kept yet is an empty text.
///
/// `schema` is that of the account's settings; the other arguments are those of [`resolve_secrets`].
pub(crate) fn resolve_kept(settings: &mut Value, schema: &Value, secrets: &[String], find: &dyn Fn(&str) -> Option<Secret>) {
    for pointer in secrets {
        let Some(place) = settings.pointer_mut(pointer) else { continue };
        let Some(name) = reference(place) else { continue };
        if is_kept(schema, &names(pointer).collect::<Vec<_>>()) {
            *place = Value::String(find(name).map_or_else(String::new, |secret| secret.reveal().to_owned()));
        }
    }
}

/// Whether the field behind these names is a secret that transports keep themselves.
fn is_kept(schema: &Value, path: &[Cow<'_, str>]) -> bool {
    let Some((name, rest)) = path.split_first() else { return annotation(schema, "kept") == true };
    let branches = keyword(schema, "allOf").as_array().into_iter().flatten().map(|branch| keyword(branch, "then"));
    let mut members = std::iter::once(schema).chain(branches).filter_map(|group| keyword(group, "properties").get(&**name));
    members.any(|member| is_kept(member, rest))
}

/// The names of the secrets that settings refer to, by the pointers at which they stand.
pub(crate) fn secret_names(settings: &Value, secrets: &[String]) -> Map<String, Value> {
    let name = |pointer: &String| Some((pointer.clone(), Value::from(reference(settings.pointer(pointer)?)?)));
    secrets.iter().filter_map(name).collect()
}

/// A document that may hold secrets, wiped when it is dropped.
#[derive(Clone, Default)]
pub(crate) struct Wiped(pub(crate) Value);

impl Deref for Wiped {
    type Target = Value;
    fn deref(&self) -> &Value {
        &self.0
    }
}

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
    let items = keyword(schema, "items");
    match settings {
        Value::Array(given) => {
            given.iter().enumerate().for_each(|(place, item)| collect(items, item, &child(pointer, &place.to_string()), found));
        }
        // An item that stands where its list should.
        Value::Object(_) if items.is_object() => collect(items, settings, pointer, found),
        Value::Object(given) => collect_members(schema, given, pointer, found),
        _ => {}
    }
}

fn collect_members(schema: &Value, given: &Map<String, Value>, pointer: &str, found: &mut Vec<String>) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_secret_that_a_transport_keeps_may_be_missing_and_others_may_not() {
        let secret = |kept: bool| json!({"type": "string", "x-postkontor": {"secret": true, "kept": kept}});
        let schema = json!({"properties": {"auth": {
            "properties": {"password": secret(false)},
            "allOf": [{"if": {}, "then": {"properties": {"oauth2": {"properties": {"refresh_token": secret(true)}}}}}]
        }}});
        let mut settings = json!({"auth": {"password": {"secret": "a"}, "oauth2": {"refresh_token": {"secret": "b"}}}});
        let secrets = ["/auth/password".to_owned(), "/auth/oauth2/refresh_token".to_owned()];
        resolve_kept(&mut settings, &schema, &secrets, &|_| None);
        assert_eq!(settings, json!({"auth": {"password": {"secret": "a"}, "oauth2": {"refresh_token": ""}}}));
        settings["auth"]["oauth2"]["refresh_token"] = json!({"secret": "b"});
        resolve_kept(&mut settings, &schema, &secrets, &|name| Some(Secret::new(name)));
        assert_eq!(settings["auth"]["oauth2"]["refresh_token"], "b");
    }
}
