//! The answer to `host_schema`: forms in the user's language.
//!
//! What a plugin describes passes three hands: [`words`] puts titles and descriptions on it, [`shape`] turns it into what form
//! generators draw as it is meant, and [`json_forms`] and [`rjsf`] write the UI schemas beside it.

mod account;
mod asking;
mod cleared;
mod document;
mod input;
mod json_forms;
mod layers;
mod member;
pub(crate) mod names;
mod rjsf;
mod shape;
mod words;

pub use account::{AccountKind, account_form};
pub use document::document_form;
pub(crate) use input::input_form;
pub use layers::layers_form;

use crate::texts::Texts;
use serde::Serialize;
use serde_json::Value;

/// A form of settings. Drawn without any data, each generator shows what applies.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Form {
    /// A JSON Schema with titles. A group or field without a text is called by its name.
    pub schema: Value,
    /// A UI schema for JSON Forms.
    pub uischema: Value,
    /// One for react-jsonschema-form.
    pub rjsf: Value,
}

/// The form of a transport's account, or of [`document_schema`](super::document_schema), in the asked language.
pub fn form(schema: &Value, texts: &Texts, language: &str) -> Form {
    let titled = titled(schema, texts, language);
    let shaped = shape::shape(&titled, texts, language);
    Form { schema: shaped, uischema: json_forms::layout(&titled, "#", texts, language), rjsf: rjsf::ui_schema(&[&titled], &[]) }
}

/// A schema with its titles, as the UI schemas are written from it.
fn titled(schema: &Value, texts: &Texts, language: &str) -> Value {
    let mut titled = schema.clone();
    words::add_texts(&mut titled, texts, language);
    cleared::allow_in_conditions(&mut titled);
    titled
}

#[cfg(test)]
mod tests {
    use super::*;
    use postkontor_plugin::settings::{Auth, Server, Tls};
    use serde_json::json;

    #[derive(serde::Deserialize, schemars::JsonSchema)]
    #[allow(dead_code, reason = "only its schema is wanted")]
    struct Settings {
        server: Server,
        #[serde(default)]
        tls: Tls,
        #[serde(default)]
        auth: Auth,
        own_group: Options,
    }

    #[derive(serde::Deserialize, schemars::JsonSchema)]
    #[allow(dead_code, reason = "only its schema is wanted")]
    struct Options {
        /// For the author.
        no_text: Option<String>,
    }

    fn form_in(language: &str) -> Value {
        serde_json::json!(form(&postkontor_plugin::settings::schema::<Settings>(), &Texts::new(), language))
    }

    #[test]
    fn every_group_field_and_choice_has_a_title_in_each_language() {
        for (language, server, host, modes) in [
            ("en", "Server", "Server name", ["Default (SSL/TLS or STARTTLS, never without)", "None: everything readable on the way"]),
            ("de-AT", "Server", "Servername", ["Voreinstellung (SSL/TLS oder STARTTLS, nie ohne)", "Keine: unterwegs für jeden lesbar"]),
            ("sl", "Strežnik", "Ime strežnika", ["Privzeto (SSL/TLS ali STARTTLS, nikoli brez)", "Brez: na poti berljivo vsakomur"]),
        ] {
            let schema = &form_in(language)["schema"];
            assert_eq!(schema["properties"]["server"]["title"], server);
            assert_eq!(schema["properties"]["server"]["properties"]["host"]["title"], host);
            let choices = &schema["properties"]["tls"]["properties"]["mode"]["oneOf"];
            assert_eq!([0, 1].map(|place| choices[place]["title"].as_str().unwrap()), modes);
            assert_eq!(choices[0]["const"], Value::Null);
        }
    }

    #[test]
    fn what_has_no_text_is_called_by_its_name() {
        let own = &form_in("de")["schema"]["properties"]["own_group"];
        assert_eq!(own["title"], "own group");
        assert_eq!(own["properties"]["no_text"]["title"], "no text");
        assert_eq!(own["properties"]["no_text"]["description"], "For the author.");
    }

    #[test]
    fn json_forms_shows_a_field_under_the_condition_of_the_schema() {
        let form = form_in("en");
        let auth = &form["uischema"]["elements"][2];
        assert_eq!(auth["label"], "Login");
        let scopes: Vec<_> =
            auth["elements"].as_array().unwrap().iter().map(|element| element["scope"].as_str().unwrap_or("group")).collect();
        assert_eq!(
            scopes[..3],
            ["#/properties/auth/properties/method", "#/properties/auth/properties/user", "#/properties/auth/properties/password"]
        );
        let (password, reference) = (&auth["elements"][2], &auth["elements"][3]);
        assert_eq!(reference["scope"], "#/properties/auth/properties/password/properties/secret");
        assert_eq!(password["options"]["format"], "password");
        assert_eq!(password["rule"]["effect"], "SHOW");
        let condition = &password["rule"]["condition"]["schema"]["properties"]["auth"];
        assert!(condition["properties"]["method"]["enum"].as_array().unwrap().contains(&json!("plain")));
        assert_eq!(condition.get("required"), None, "the default method is one of them, so it may be left out");
        let account = &auth["elements"][4]["rule"]["condition"]["schema"];
        assert_eq!((&account["required"], &account["properties"]["auth"]["required"]), (&json!(["auth"]), &json!(["method"])));
    }

    #[test]
    fn a_secret_is_a_text_or_a_reference_each_in_a_branch_of_its_own() {
        let proxy = |branch: &Value| branch["then"]["properties"].get("proxy").cloned();
        let schema = form_in("en")["schema"].clone();
        let server = &schema["properties"]["server"];
        assert_eq!(server["properties"].get("proxy"), None);
        let branches = server["allOf"].as_array().unwrap();
        let found: Vec<_> = branches.iter().filter_map(|branch| Some((branch["if"].clone(), proxy(branch)?))).collect();
        assert_eq!(found[0].0, json!({"properties": {"proxy": {"type": ["string", "null"]}}}));
        assert_eq!((&found[0].1["type"], &found[0].1["writeOnly"]), (&json!(["string", "null"]), &json!(true)));
        assert_eq!(found[1].0, json!({"properties": {"proxy": {"type": "object"}}, "required": ["proxy"]}));
        assert_eq!(found[1].1["propertyNames"], json!({"const": "secret"}));
        assert_eq!(found[2].1, json!({"type": ["string", "null"]}), "what is neither is refused");
    }

    #[test]
    fn what_is_required_is_not_null_and_everything_else_may_be() {
        let schema = form_in("en")["schema"].clone();
        let server = &schema["properties"]["server"]["properties"];
        assert_eq!((&server["host"]["type"], &server["port"]["type"]), (&json!("string"), &json!(["integer", "null"])));
        assert_eq!(
            (&schema["properties"]["server"]["type"], &schema["properties"]["tls"]["type"]),
            (&json!("object"), &json!(["object", "null"]))
        );
    }

    #[test]
    fn rjsf_gets_order_and_password_fields() {
        let rjsf = &form_in("en")["rjsf"];
        assert_eq!(rjsf["ui:order"], json!(["server", "tls", "auth", "own_group", "*"]));
        assert_eq!(rjsf["auth"]["ui:order"], json!(["method", "user", "password", "account", "oauth2", "allow_cleartext", "*"]));
        assert_eq!(rjsf["auth"]["password"]["ui:widget"], "password");
        assert_eq!(rjsf["auth"]["oauth2"]["access_token"]["ui:widget"], "password");
    }
}
