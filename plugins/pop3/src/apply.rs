//! Listing without fetching, and deleting by identifier.

use crate::session::Session;
use crate::settings::Settings;
use postkontor_plugin::net::Trail;
use postkontor_plugin::serde_json::{Value, json};
use postkontor_plugin::{Call, Error, Stage, Status};
use std::collections::HashSet;

/// Lists the mailbox: `{"messages":[{"id","size"}]}`.
pub(crate) fn list(settings: &Settings, call: &Call) -> Result<Value, Error> {
    let mut session = Session::open(settings, call, &mut Trail::off(), &mut Vec::new())?;
    let entries = session.listing(call)?;
    // Nothing depends on the farewell.
    drop(session.leave(call));
    let messages: Vec<Value> = entries.iter().map(|entry| json!({"id": entry.id, "size": entry.size})).collect();
    Ok(json!({ "messages": messages }))
}

/// Deletes messages: `{"messages":["id",…],"do":"delete"}`. The answer names those that were there, `applied`, and those that were not,
/// `missing`; either all of the former are deleted or, on an error, perhaps none.
pub(crate) fn apply(settings: &Settings, request: &Value, call: &Call) -> Result<Value, Error> {
    if request["do"].as_str() != Some("delete") {
        let code = "pop3.only_delete";
        return Err(Error::new(Status::Unsupported, code).stage(Stage::Fetch).at_request("/do", code));
    }
    let ids: HashSet<&str> = request["messages"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut session = Session::open(settings, call, &mut Trail::off(), &mut Vec::new())?;
    let entries = session.listing(call)?;
    let mut applied = Vec::new();
    for entry in entries.iter().filter(|entry| ids.contains(entry.id.as_str())) {
        if let Err(reply) = session.command(&format!("DELE {}\r\n", entry.number), call).map_err(|error| error.stage(Stage::Fetch))? {
            return Err(session.refused("pop3.delete_refused", Status::Refused, reply).stage(Stage::Fetch));
        }
        applied.push(entry.id.as_str());
    }
    session.quit(call)?;
    let missing: Vec<&str> = ids.iter().copied().filter(|id| !applied.contains(id)).collect();
    Ok(json!({"applied": applied, "missing": missing}))
}
