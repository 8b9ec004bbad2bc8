//! The answer to `host_schema`: forms in the user's language.

use super::pointer::child;
use crate::texts::Texts;
use serde_json::{Map, Value, json};

/// The form of a transport's account, or of [`document_schema`](super::document_schema), in the asked language:
/// `{"schema", "uischema", "rjsf"}`: a JSON Schema with titles, a UI schema for JSON Forms, and one for react-jsonschema-form.
///
/// A group or field without a text is called by its name.
pub fn form(schema: &Value, texts: &Texts, language: &str) -> Value {
    let mut told = schema.clone();
    tell_members(&mut told, "", texts, language);
    let elements = elements(&told, "#", &|test| test);
    json!({"schema": told, "uischema": {"type": "VerticalLayout", "elements": elements}, "rjsf": rjsf(&told)})
}

/// Puts titles and descriptions on all members of a group.
fn tell_members(group: &mut Value, pointer: &str, texts: &Texts, language: &str) {
    let tell = |members: Option<&mut Value>| {
        for (name, member) in members.and_then(Value::as_object_mut).into_iter().flatten() {
            tell_member(member, name, &child(pointer, name), texts, language);
        }
    };
    tell(group.get_mut("properties"));
    for branch in group.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten() {
        tell(branch.pointer_mut("/then/properties"));
    }
}

fn tell_member(member: &mut Value, name: &str, pointer: &str, texts: &Texts, language: &str) {
    tell_members(member, pointer, texts, language);
    let Some(member) = member.as_object_mut() else { return };
    let text = texts.setting(language, pointer);
    let said = |what: &str| text.and_then(|text| text.get(what)).and_then(Value::as_str);
    let title = said("title").or_else(|| member.get("title")?.as_str()).map_or_else(|| name.replace('_', " "), str::to_owned);
    // The doc comment speaks to the plugin's author in English; it is better than nothing only where there is no text at all.
    let description =
        said("description").or_else(|| if text.is_some() { None } else { member.get("description")?.as_str() }).map(str::to_owned);
    let keywords = std::mem::take(member).into_iter().filter(|(keyword, _)| keyword != "title" && keyword != "description");
    let mut told: Map<_, _> = keywords.collect();
    // Behind the type, where people look for it.
    let behind = usize::from(told.contains_key("type"));
    if let Some(description) = description {
        told.shift_insert(behind, "description".to_owned(), json!(description));
    }
    told.shift_insert(behind, "title".to_owned(), json!(title));
    for choice in told.get_mut("oneOf").and_then(Value::as_array_mut).into_iter().flatten() {
        let named = choice["const"].as_str().and_then(|value| text?.get("choices")?.get(value)?.as_str());
        if let (Some(named), Some(choice)) = (named, choice.as_object_mut()) {
            choice.insert("title".to_owned(), json!(named));
            choice.shift_remove("description");
        }
    }
    *member = told;
}

/// A member of a group and the conditions under which it shows; it always does where there are none.
type Member<'a> = (&'a str, &'a Value, Vec<&'a Value>);

/// The members of a group in their order, those with a condition among them.
fn members(group: &Value) -> Vec<Member<'_>> {
    let always = group["properties"].as_object().into_iter().flatten();
    let mut members: Vec<Member> = always.map(|(name, member)| (name.as_str(), member, Vec::new())).collect();
    for branch in group["allOf"].as_array().into_iter().flatten() {
        for (name, member) in branch["then"]["properties"].as_object().into_iter().flatten() {
            match members.iter_mut().find(|(other, ..)| other == name) {
                Some((_, _, conditions)) => conditions.push(&branch["if"]),
                None => members.push((name, member, vec![&branch["if"]])),
            }
        }
    }
    members.sort_by_key(|(_, member, _)| member["x-postkontor"]["order"].as_i64().unwrap_or(i64::MAX));
    members
}

/// The elements of a JSON Forms layout. `around` wraps a condition of this group into one on the whole form's data, so that a
/// group which is not there yet counts like an empty one.
fn elements(group: &Value, scope: &str, around: &dyn Fn(Value) -> Value) -> Vec<Value> {
    let mut elements = Vec::new();
    for (name, member, conditions) in members(group) {
        let scope = format!("{scope}/properties/{}", name.replace('~', "~0").replace('/', "~1"));
        let mut element = if member.get("properties").is_some() {
            let around = |test: Value| {
                let mut outer = json!({"properties": {name: test}});
                if test.get("required").is_some() {
                    outer["required"] = json!([name]);
                }
                around(outer)
            };
            json!({"type": "Group", "label": member["title"], "elements": self::elements(member, &scope, &around)})
        } else {
            json!({"type": "Control", "scope": scope})
        };
        let mut options = Map::new();
        if member["format"] == "password" {
            options.insert("format".to_owned(), json!("password"));
        }
        if member["x-postkontor"]["advanced"] == true {
            options.insert("advanced".to_owned(), json!(true));
        }
        if !options.is_empty() {
            element["options"] = Value::Object(options);
        }
        let test = match conditions.as_slice() {
            [] => None,
            [only] => Some(around((*only).clone())),
            several => Some(json!({"anyOf": several.iter().map(|test| around((*test).clone())).collect::<Vec<_>>()})),
        };
        if let Some(test) = test {
            element["rule"] = json!({"effect": "SHOW", "condition": {"scope": "#", "schema": test}});
        }
        elements.push(element);
    }
    elements
}

/// The uiSchema of react-jsonschema-form for a group.
fn rjsf(group: &Value) -> Value {
    let members = members(group);
    let order: Vec<_> = members.iter().map(|(name, ..)| *name).chain(["*"]).collect();
    let mut ui = json!({ "ui:order": order });
    for (name, member, _) in members {
        if member.get("properties").is_some() {
            ui[name] = rjsf(member);
        } else if member["format"] == "password" {
            ui[name] = json!({"ui:widget": "password", "ui:autocomplete": "off"});
        }
    }
    ui
}

#[cfg(test)]
mod tests {
    use super::*;
    use postkontor_plugin::settings::{Auth, Server, Tls};

    #[derive(serde::Deserialize, schemars::JsonSchema)]
    #[allow(dead_code, reason = "only its schema is wanted")]
    struct Settings {
        server: Server,
        #[serde(default)]
        tls: Tls,
        #[serde(default)]
        auth: Auth,
        own_group: Own,
    }

    #[derive(serde::Deserialize, schemars::JsonSchema)]
    #[allow(dead_code, reason = "only its schema is wanted")]
    struct Own {
        /// For the author.
        no_text: Option<String>,
    }

    fn form_in(language: &str) -> Value {
        form(&postkontor_plugin::settings::schema::<Settings>(), &Texts::new(), language)
    }

    #[test]
    fn every_group_field_and_choice_has_a_title_in_each_language() {
        for (language, server, host, none) in [
            ("en", "Server", "Server name", "None: everything readable on the way"),
            ("de-AT", "Server", "Servername", "Keine: unterwegs für jeden lesbar"),
            ("sl", "Strežnik", "Ime strežnika", "Brez: na poti berljivo vsakomur"),
        ] {
            let schema = &form_in(language)["schema"];
            assert_eq!(schema["properties"]["server"]["title"], server);
            assert_eq!(schema["properties"]["server"]["properties"]["host"]["title"], host);
            assert_eq!(schema["properties"]["tls"]["properties"]["mode"]["oneOf"][0]["title"], none);
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
        let password = &auth["elements"][2];
        assert_eq!(password["options"]["format"], "password");
        assert_eq!(password["rule"]["effect"], "SHOW");
        let condition = &password["rule"]["condition"]["schema"]["properties"]["auth"];
        assert!(condition["properties"]["method"]["enum"].as_array().unwrap().contains(&json!("plain")));
        assert_eq!(condition.get("required"), None, "the default method is one of them, so it may be left out");
        let account = &auth["elements"][3]["rule"]["condition"]["schema"];
        assert_eq!((&account["required"], &account["properties"]["auth"]["required"]), (&json!(["auth"]), &json!(["method"])));
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
