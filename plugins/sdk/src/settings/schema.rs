//! The portable JSON Schema of a settings struct.

use schemars::JsonSchema;
use serde_json::Value;

/// The JSON Schema of a settings struct in the portable shape that form generators render.
pub fn schema<T: JsonSchema>() -> Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    settings.into_generator().into_root_schema_for::<T>().to_value()
}
