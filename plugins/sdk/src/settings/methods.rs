//! The login methods of one transport: of all that there are, those that it has.

use crate::{Error, Stage, Status};
use serde_json::{Value, json};

/// Leaves in the schema of an account's settings only the login methods that the transport names, as choices and in conditions; all
/// where it names none.
pub(crate) fn narrow(schema: &mut Value, names: &[&str]) {
    if names.is_empty() {
        return;
    }
    let Some(auth) = schema.pointer_mut("/properties/auth") else { return };
    if let Some(Value::Array(choices)) = auth.pointer_mut("/properties/method/oneOf") {
        choices.retain(|choice| choice["const"].as_str().is_some_and(|name| names.contains(&name)));
    }
    let Some(Value::Array(branches)) = auth.get_mut("allOf") else { return };
    branches.retain_mut(|branch| branch.pointer_mut("/if/properties/method").is_none_or(|test| narrow_test(test, names)));
}

/// The same in a condition on the method; says whether it can still be met.
fn narrow_test(test: &mut Value, names: &[&str]) -> bool {
    if let Some(name) = test["const"].as_str() {
        return names.contains(&name);
    }
    let Value::Array(values) = &mut test["enum"] else { return true };
    values.retain(|value| value.as_str().is_some_and(|name| names.contains(&name)));
    match values.as_slice() {
        [] => false,
        [only] => {
            *test = json!({ "const": only });
            true
        }
        _ => true,
    }
}

/// Refuses settings with a login method that the transport does not name, where it names some.
pub(crate) fn accept(settings: &Value, names: &[&str]) -> Result<(), Error> {
    let Some(method) = settings.pointer("/auth/method").and_then(Value::as_str) else { return Ok(()) };
    if names.is_empty() || names.contains(&method) {
        return Ok(());
    }
    let code = "auth.method_unsupported";
    Err(Error::new(Status::Settings, code).stage(Stage::Settings).arg("method", method).at("/auth/method", code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Auth, Method, schema};
    use schemars::JsonSchema;
    use serde::Deserialize;

    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only its schema is wanted")]
    struct Settings {
        #[serde(default)]
        auth: Auth,
    }

    /// Every value that a schema compares `method` with.
    fn named(schema: &Value, found: &mut Vec<String>) {
        match schema {
            Value::Object(members) => {
                for (name, value) in members {
                    if name == "method" {
                        let choices = value["oneOf"].as_array().into_iter().flatten().map(|choice| &choice["const"]);
                        let values = choices.chain(value["enum"].as_array().into_iter().flatten()).chain([&value["const"]]);
                        found.extend(values.filter_map(|value| value.as_str().map(str::to_owned)));
                    }
                    named(value, found);
                }
            }
            Value::Array(values) => values.iter().for_each(|value| named(value, found)),
            _ => (),
        }
    }

    #[test]
    fn choices_and_conditions_name_no_method_that_the_transport_does_not_have() {
        let mut narrowed = schema::<Settings>();
        narrow(&mut narrowed, &[]);
        assert_eq!(narrowed, schema::<Settings>(), "a transport that names none has the whole schema");
        narrow(&mut narrowed, &Method::names([Method::Auto, Method::Plain]));
        let mut found = Vec::new();
        named(&narrowed, &mut found);
        found.sort_unstable();
        found.dedup();
        assert_eq!(found, ["auto", "plain"]);
        // The user's name shows all the same, and the token, which neither has use for, never.
        let branches = narrowed["properties"]["auth"]["allOf"].to_string();
        assert!(branches.contains("password") && !branches.contains("access_token"), "{branches}");
    }

    #[test]
    fn settings_with_another_method_are_refused_at_its_pointer() {
        let refused = accept(&json!({"auth": {"method": "apop"}}), &["auto"]).unwrap_err();
        assert_eq!(
            (refused.status, refused.code.as_str(), refused.at[0].pointer.as_str()),
            (Status::Settings, "auth.method_unsupported", "/auth/method")
        );
        assert_eq!(refused.args["method"], "apop");
        for settings in [json!({}), json!({"auth": {}}), json!({"auth": {"method": "auto"}})] {
            assert!(accept(&settings, &["auto"]).is_ok(), "{settings}");
        }
        // Where no method is named, the settings themselves know those that there are.
        assert!(accept(&json!({"auth": {"method": "own"}}), &[]).is_ok());
    }

    #[test]
    fn every_method_is_named_as_the_settings_spell_it() {
        for method in Method::ALL {
            assert_eq!(serde_json::to_value(method).unwrap(), method.name());
        }
        let mut found = Vec::new();
        named(&schema::<Settings>()["properties"]["auth"]["properties"], &mut found);
        assert_eq!(found.len(), Method::ALL.len(), "a method is missing in Method::ALL");
    }
}
