//! What would repair a problem.

use crate::pointer::child;
use serde_json::Value;

/// What would repair a problem.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Repair {
    /// Values for places of the merged document; `null` takes the member away.
    Values(Vec<(String, Value)>),
    /// A merge patch (RFC 7396) of the document as it was given.
    Patch(Value),
}

impl Repair {
    /// Gives one place of the merged document another value.
    pub(super) fn value(pointer: &str, value: impl Into<Value>) -> Repair {
        Repair::Values(vec![(pointer.to_owned(), value.into())])
    }

    /// Takes a member away.
    pub(super) fn without(pointer: &str) -> Repair {
        Repair::value(pointer, Value::Null)
    }

    /// Gives a member another name; `value` is the member's.
    pub(super) fn renamed(pointer: &str, name: &str, value: Value) -> Repair {
        let group = pointer.rsplit_once('/').map_or("", |(group, _)| group);
        Repair::Values(vec![(pointer.to_owned(), Value::Null), (child(group, name), value)])
    }
}
