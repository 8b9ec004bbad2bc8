//! Listing without fetching, and deleting by identifier.

use crate::session::Session;
use crate::settings::Settings;
use postkontor_plugin::net::Trail;
use postkontor_plugin::serde_json::{Value, json};
use postkontor_plugin::{Call, Error, Stage, Status};
use std::collections::{HashMap, HashSet};

/// How many deletions may be on their way.
const WINDOW: usize = 512;

/// Lists the mailbox: `{"messages":[{"id","size"}]}`, and where the server describes messages in no usable way `"missing":[{"id","error"}]`.
pub(crate) fn list(settings: &Settings, call: &Call) -> Result<Value, Error> {
    let mut session = Session::open(settings, call, &mut Trail::off(), &mut Vec::new())?;
    let mailbox = session.mailbox(std::iter::empty(), call)?;
    // Nothing depends on the farewell.
    drop(session.leave(call));
    let messages: Vec<Value> = mailbox.entries.iter().map(|entry| json!({"id": entry.id, "size": entry.size})).collect();
    let mut list = json!({ "messages": messages });
    if !mailbox.missing.is_empty() {
        list["missing"] = json!(mailbox.missing);
    }
    Ok(list)
}

/// Deletes messages: `{"messages":["id",…],"do":"delete"}`. The answer names those that were there, `applied`, and those that were not,
/// `missing`, each in the order of the request; either all of the former are deleted or, on an error, perhaps none.
pub(crate) fn apply(settings: &Settings, request: &Value, call: &Call) -> Result<Value, Error> {
    if request["do"].as_str() != Some("delete") {
        let code = "pop3.only_delete";
        return Err(Error::new(Status::Unsupported, code).stage(Stage::Fetch).at_request("/do", code));
    }
    let mut named = HashSet::new();
    let ids = request["messages"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let ids: Vec<&str> = ids.filter(|id| named.insert(*id)).collect();
    let mut session = Session::open(settings, call, &mut Trail::off(), &mut Vec::new())?;
    let mailbox = session.mailbox(ids.iter().copied(), call)?;
    let numbers: HashMap<&str, u32> = mailbox.entries.iter().map(|entry| (entry.id.as_str(), entry.number)).collect();
    let (applied, missing): (Vec<&str>, Vec<&str>) = ids.iter().partition(|id| numbers.contains_key(*id));
    let numbers: Vec<u32> = applied.iter().filter_map(|id| numbers.get(id).copied()).collect();
    session.delete(&numbers, call).map_err(|error| error.stage(Stage::Fetch))?;
    session.quiet(call)?;
    session.quit(call)?;
    Ok(json!({"applied": applied, "missing": missing}))
}

impl Session {
    /// Marks messages as deleted, as many at a time as the server takes; the first refusal ends it.
    fn delete(&mut self, numbers: &[u32], call: &Call) -> Result<(), Error> {
        for numbers in numbers.chunks(if self.capabilities.pipelining { WINDOW } else { 1 }) {
            let commands: String = numbers.iter().map(|number| format!("DELE {number}\r\n")).collect();
            self.quiet(call)?;
            self.stream.write(commands.as_bytes(), call)?;
            for _ in numbers {
                if let Err(reply) = self.status(call)? {
                    return Err(self.refused("pop3.delete_refused", Status::Refused, reply));
                }
            }
        }
        Ok(())
    }
}
