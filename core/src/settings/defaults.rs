//! What applies where a field is left out and its default is no constant (`x-postkontor.default_by`).

use super::keyword::{annotation, stated};
use super::layers;
use crate::pointer::child;
use postkontor_plugin::settings::Server;
use serde_json::{Map, Value};

/// Fills in what other fields decide, for example the port by the kind of encryption.
pub(super) fn complete(schema: &Value, settings: &mut Value) {
    let root = settings.clone();
    complete_group(schema, settings, &root);
}

fn complete_group(schema: &Value, group: &mut Value, root: &Value) {
    let Some(members) = group.as_object_mut() else { return };
    for (name, member) in layers::members(schema) {
        if let Some(inner) = members.get_mut(name).filter(|inner| inner.is_object()) {
            complete_group(member, inner, root);
        } else if !members.contains_key(name)
            && let Some(value) = port_in_host(schema, name, members)
                .map(|(port, _)| port.into())
                .or_else(|| decided(annotation(member, "default_by"), members, root))
        {
            members.insert(name.to_owned(), value);
        }
    }
}

/// The value that a table `{"/tls/mode": {"none": 25, …}}` gives for the settings as they are.
fn decided(by: &Value, group: &Map<String, Value>, root: &Value) -> Option<Value> {
    by.as_object()?.iter().find_map(|(place, table)| {
        let decides = if place.starts_with('/') { root.pointer(place) } else { group.get(place) };
        table.get(decides?.as_str()?).cloned()
    })
}

/// The port that stands behind the name of the server, and the field with that name.
pub(super) fn port_in_host<'s>(schema: &'s Value, name: &str, group: &Map<String, Value>) -> Option<(u16, &'s str)> {
    let (field, _) = layers::members(schema).find(|(_, member)| name == "port" && annotation(member, "host") == true)?;
    let host = group.get(field)?.as_str()?.to_owned();
    // No port is 0, so this one stands for "none".
    let endpoint = Server { host, port: None, timeout_seconds: 1, proxy: None }.endpoint(0).ok()?;
    (endpoint.port != 0).then_some((endpoint.port, field))
}

/// The pointers of the fields that show and have no value although something applies then, with their place in the schema.
pub(super) fn left_out(schema: &Value, settings: &Value, pointer: &str, visible: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (name, member) in layers::members(schema) {
        if stated(member, "properties").is_some() {
            found.extend(left_out(member, &settings[name], &child(pointer, name), visible));
        } else if settings.get(name).is_none() && annotation(member, "default_by").is_string() {
            found.extend(Some(child(pointer, name)).filter(|pointer| visible(pointer)));
        }
    }
    found
}
