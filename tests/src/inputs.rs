//! The documents of calls, read as the calls read them.

use postkontor_core::settings::Sender;
use postkontor_core::{ApplyRequest, Authorize, Cancel, Error, Host, ListRequest, ReceiveRequest, Request, TestRequest};
use serde_json::{Value, json};
use std::sync::Arc;

/// Reads a document as the call does whose schema has this name; nothing is sent, and discovery asks no network.
pub fn read(host: &Arc<Host>, name: &str, document: &Value) -> Result<(), Error> {
    let text = document.to_string();
    match name {
        "receive" => ReceiveRequest::read(&text).map(drop),
        "list" => ListRequest::read(&text).map(drop),
        "apply" => ApplyRequest::read(&text).map(drop),
        "test" => TestRequest::read(&text).map(drop),
        "authorize" => Authorize::read(&text).map(drop),
        "discover" => host.discover(&offline(document).to_string(), &Cancel::default()).map(drop),
        _ => host.build(&Sender { address: Some("a@example.com".to_owned()), ..Sender::default() }, &text, &[], &mut |_| Ok(())).map(drop),
    }
}

/// Steps that touch the network are left out.
fn offline(document: &Value) -> Value {
    let mut request = document.clone();
    let Some(members) = request.as_object_mut() else { return request };
    if members.get("steps").is_none_or(Value::is_null) {
        members.insert("steps".to_owned(), json!({}));
    }
    if let Some(steps) = members.get_mut("steps").and_then(Value::as_object_mut) {
        for name in ["table", "srv", "autoconfig", "database", "mx", "autodiscover", "guess"] {
            if steps.get(name).is_none_or(|given| given.is_null() || given.is_boolean()) {
                steps.insert(name.to_owned(), json!(false));
            }
        }
    }
    request
}
