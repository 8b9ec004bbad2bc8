//! The keywords of a schema, and our annotations beside them.
//!
//! A form and a check ask for dozens of them for each field. A schema has few members, so that a walk over them finds one
//! sooner than its hash does.

use serde_json::Value;

/// The value of a keyword; `null` where the schema does not state it.
pub(super) fn keyword<'s>(schema: &'s Value, name: &str) -> &'s Value {
    stated(schema, name).unwrap_or(&Value::Null)
}

/// The value of a keyword, where the schema states it.
pub(super) fn stated<'s>(schema: &'s Value, name: &str) -> Option<&'s Value> {
    schema.as_object()?.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// An annotation of our own (`x-postkontor`); `null` where there is none of this name.
pub(super) fn annotation<'s>(schema: &'s Value, name: &str) -> &'s Value {
    keyword(keyword(schema, "x-postkontor"), name)
}
