//! Settings as users meet them: every text in every language, and a reference that is no older than the schema.

#![allow(clippy::unwrap_used, reason = "this is a test")]

use postkontor_core::{Host, texts};
use postkontor_tests::folder::Folder;
use postkontor_tests::products::Products;
use postkontor_tests::transports;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

const LANGUAGES: [&str; 3] = ["en", "de", "sl"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The texts in a folder, by language.
fn texts(folder: &str) -> BTreeMap<&'static str, Value> {
    let text = |language: &str| fs::read_to_string(root().join(folder).join(format!("locales/{language}.json"))).unwrap();
    LANGUAGES.into_iter().map(|language| (language, serde_json::from_str(&text(language)).unwrap())).collect()
}

fn folders_with_texts() -> Vec<String> {
    let plugins = transports::all().unwrap().into_iter().map(|transport| transport.folder);
    ["core".to_owned(), "plugins/sdk".to_owned(), "outbox".to_owned()].into_iter().chain(plugins).collect()
}

/// All texts of a file by their place in it.
fn flat(value: &Value, place: String, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| flat(value, format!("{place} > {name}"), into)),
        value => drop(into.insert(place, value.as_str().unwrap_or_default().to_owned())),
    }
}

#[test]
fn every_text_exists_in_all_three_languages() {
    let mut missing = Vec::new();
    for folder in folders_with_texts() {
        let by_language: Vec<_> = texts(&folder)
            .into_iter()
            .map(|(language, texts)| {
                let mut all = BTreeMap::new();
                flat(&texts, String::new(), &mut all);
                (language, all)
            })
            .collect();
        for (language, texts) in &by_language {
            for (other, others) in &by_language {
                for (place, text) in texts {
                    let places = |text: &str, language: &str| {
                        texts::places(text, language).unwrap_or_else(|error| panic!("{folder} {language}:{place}: {error}"))
                    };
                    match others.get(place) {
                        None => missing.push(format!("{folder} {other}:{place} is missing ({language} has it)")),
                        Some(translated) if places(text, language) != places(translated, other) => {
                            missing.push(format!("{folder} {other}:{place} has other places than {language}"));
                        }
                        Some(translated) if translated.trim().is_empty() => missing.push(format!("{folder} {other}:{place} is empty")),
                        Some(_) => {}
                    }
                }
            }
        }
    }
    missing.sort();
    missing.dedup();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// A number that stands before a word needs the cases of the language: "1 Empfänger wurden" is no sentence.
#[test]
fn numbers_before_words_have_their_plurals() {
    let mut without = Vec::new();
    for folder in folders_with_texts().into_iter().chain(["cli".to_owned()]) {
        for (language, texts) in texts(&folder) {
            let mut all = BTreeMap::new();
            flat(&texts, String::new(), &mut all);
            for (place, text) in all {
                // The symbol of a unit (`s`) does not decline.
                let is_word = |rest: &str| rest.chars().take_while(|letter| letter.is_alphabetic()).count() > 1;
                let begins_with_letter = |rest: &str| rest.strip_prefix(' ').is_some_and(is_word);
                let is_counted = |name: &&str| text.split_once(&format!("{{{name}}}")).is_some_and(|(_, rest)| begins_with_letter(rest));
                without.extend(
                    ["count", "failed", "parts", "recipients", "messages", "days", "seconds"]
                        .iter()
                        .find(|name| is_counted(name))
                        .map(|name| format!("{folder} {language}:{place}: {name}")),
                );
            }
        }
    }
    assert!(without.is_empty(), "{}", without.join("\n"));
}

/// One thing has one word, in the form and in the error.
#[test]
fn operators_are_called_the_same_in_the_form_and_in_the_error() {
    for (language, texts) in texts("core") {
        let text = |pointer: &str| texts.pointer(pointer).and_then(Value::as_str).unwrap().to_lowercase();
        // Without the ending of the plural.
        let word: String = text("/settings/~1receive~1operators/title").chars().take(8).collect();
        let error = text("/codes/receive.operator_missing");
        assert!(error.contains(&word), "{language}: {word} in {error}");
    }
}

#[test]
fn every_code_in_the_sources_has_a_text() {
    let mut known = BTreeSet::new();
    for folder in folders_with_texts() {
        let english = &texts(&folder)["en"];
        for kind in ["codes", "advice"] {
            known.extend(english[kind].as_object().into_iter().flatten().map(|(code, _)| code.clone()));
        }
    }
    let subjects: BTreeSet<_> = known.iter().filter_map(|code| code.split('.').next()).collect();
    let mut without = Vec::new();
    let folders = folders_with_texts().into_iter().chain(["ffi".to_owned(), "cli".to_owned()]);
    for file in folders.flat_map(|folder| sources(&root().join(folder).join("src"))) {
        let source = fs::read_to_string(&file).unwrap();
        let product = source.split("#[cfg(test)]").next().unwrap();
        for literal in product.split('"').skip(1).step_by(2) {
            let is_code = |part: &str| {
                !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            };
            let Some((subject, rest)) = literal.split_once('.') else { continue };
            // Names of files, modules and hosts look like codes, too, but they are none.
            if subjects.contains(subject)
                && rest.split('.').all(is_code)
                && !known.contains(literal)
                && !["json", "eml", "rs", "p7s", "p7m", "db"].contains(&rest)
                && ![".com", ".org"].iter().any(|domain| literal.ends_with(domain))
                && !rest.starts_with("microsoft")
            {
                without.push(format!("{}: {literal}", file.display()));
            }
        }
    }
    assert!(without.is_empty(), "no text for\n{}", without.join("\n"));
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("rs") if !path.ends_with("tests.rs") => files.push(path),
            None => files.extend(sources(&path)),
            _ => {}
        }
    }
    files
}

/// The forms of the document (under the empty name) and of all transports, in a language.
fn forms(language: &str) -> BTreeMap<String, Value> {
    let folder = Folder::new().unwrap();
    let names: Vec<String> = transports::all().unwrap().into_iter().map(|transport| transport.name).collect();
    let plugins = Products::built().unwrap().plugins(folder.path(), &names).unwrap();
    let host = Host::open(&serde_json::json!({"plugins": [plugins]}).to_string(), Box::new(())).unwrap();
    let form = |name: &str| serde_json::json!(host.schema(name, language).unwrap_or_else(|error| panic!("{name}: {error}")));
    names.into_iter().chain([String::new()]).map(|name| (name.clone(), form(&name)["schema"].clone())).collect()
}

/// A group or field of a schema.
struct Setting<'a> {
    pointer: String,
    schema: &'a Value,
    /// In words, when it shows.
    when: String,
}

/// Everything in a group, groups before their members. Of a secret the text, not the reference in its place.
fn settings<'a>(group: &'a Value, pointer: &str, shown_when: &str) -> Vec<Setting<'a>> {
    let mut members: Vec<Setting<'a>> = Vec::new();
    let mut add = |properties: &'a Value, when: &str| {
        for (name, schema) in properties.as_object().into_iter().flatten() {
            let pointer = format!("{pointer}/{name}");
            // An empty schema only stands for one that is elsewhere.
            if schema.get("title").is_some()
                && schema["x-postkontor"]["reference"] != true
                && members.iter().all(|known| known.pointer != pointer)
            {
                members.push(Setting { pointer, schema, when: when.to_owned() });
            }
        }
    };
    add(&group["properties"], shown_when);
    for branch in group["allOf"].as_array().into_iter().flatten() {
        let when = when(&branch["if"], group);
        add(&branch["then"]["properties"], if when.is_empty() { shown_when } else { &when });
    }
    members.sort_by_key(|member| member.schema["x-postkontor"]["order"].as_i64());
    let with_inner = |member: Setting<'a>| {
        let mut inner = settings(member.schema, &member.pointer, &member.when);
        // What an item of a list of groups is.
        let items = &member.schema["items"];
        if items.get("properties").is_some() {
            let pointer = format!("{}/*", member.pointer);
            inner.extend(settings(items, &pointer, &member.when));
            inner.insert(0, Setting { pointer, schema: items, when: member.when.clone() });
        }
        std::iter::once(member).chain(inner)
    };
    let mut all: Vec<_> = members.into_iter().flat_map(with_inner).collect();
    // What shows by what stands in another group.
    for (name, then) in group["then"]["properties"].as_object().into_iter().flatten() {
        // One that must be given by it stands elsewhere.
        if settings(then, pointer, "").is_empty() {
            continue;
        }
        all.extend(settings(then, &format!("{pointer}/{name}"), &beyond(&group["if"])));
    }
    all
}

/// A condition on the whole in words.
fn beyond(condition: &Value) -> String {
    let (group, inner) = condition["properties"].as_object().unwrap().iter().next().unwrap();
    let (name, test) = inner["properties"].as_object().unwrap().iter().next().unwrap();
    format!("`/{group}/{name}` is `{}`", test["const"].as_str().unwrap())
}

#[test]
fn every_group_field_and_choice_has_a_title_in_each_language_and_no_title_is_left_over() {
    let mut wrong = Vec::new();
    let all = transports::all().unwrap();
    for (name, schema) in forms("en") {
        let mut folders = vec!["core".to_owned()];
        if let Some(transport) = all.iter().find(|transport| transport.name == name) {
            folders.extend(["plugins/sdk".to_owned(), transport.folder.clone()]);
        }
        for language in LANGUAGES {
            let mut told: Map<String, Value> = Map::new();
            for folder in &folders {
                told.extend(texts(folder)[language]["settings"].as_object().unwrap().clone());
            }
            // The head line of the form.
            let mut used = BTreeSet::from([String::new()]);
            for Setting { pointer, schema, .. } in settings(&schema, "", "") {
                let text = &told.get(&pointer).cloned().unwrap_or_default();
                if !text["title"].is_string() {
                    wrong.push(format!("{name} {language}: {pointer} has no title"));
                }
                for choice in schema["oneOf"].as_array().into_iter().flatten().filter(|choice| choice["const"].is_string()) {
                    if !text["choices"][choice["const"].as_str().unwrap()].is_string() {
                        wrong.push(format!("{name} {language}: {pointer} has no title for {}", choice["const"]));
                    }
                }
                used.insert(pointer);
            }
            let own = texts(folders.last().unwrap())[language]["settings"].clone();
            let left_over = own.as_object().unwrap().keys().filter(|pointer| !used.contains(*pointer));
            wrong.extend(left_over.map(|pointer| format!("{name} {language}: {pointer} has a title but is no setting")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The rows of a table of fields: pointer, what may stand there, default, scope, when it shows, what it means.
fn rows(group: &Value, pointer: &str) -> String {
    let mut rows = String::from("| Setting | Value | Default | Scope | Shows when | Meaning |\n|---|---|---|---|---|---|\n");
    for Setting { pointer, schema: member, when } in settings(group, pointer, "") {
        if member.get("properties").is_some() {
            continue;
        }
        let annotations = &member["x-postkontor"];
        let kind = member["type"].as_str().or(member["type"][0].as_str()).unwrap_or_default();
        let value = match (member["oneOf"].as_array(), kind) {
            (Some(choices), "string") => choices
                .iter()
                .filter_map(|choice| choice["const"].as_str())
                .map(|choice| format!("`{choice}`"))
                .collect::<Vec<_>>()
                .join(", "),
            (Some(_), _) => "yes, no".to_owned(),
            (None, "string") if annotations["secret"] == true => "secret".to_owned(),
            (None, "string") if annotations["account"] == true => "account".to_owned(),
            (None, "string") => "text".to_owned(),
            (None, "boolean") => "yes, no".to_owned(),
            (None, "array") => "list".to_owned(),
            (None, number) => {
                let range =
                    [&member["minimum"], &member["maximum"]].map(|bound| bound.as_i64().map(|bound| bound.to_string()).unwrap_or_default());
                format!("{} {}", if number == "integer" { "whole number" } else { "number" }, range.join("–"))
            }
        };
        let default = match &member["default"] {
            Value::Null => annotations["default_by"].as_object().map(by_table).unwrap_or_default(),
            Value::Array(items) if items.is_empty() => String::new(),
            Value::String(text) => format!("`{text}`"),
            value => format!("`{value}`"),
        };
        let description =
            member["description"].as_str().and_then(|description| description.split("Default: ").next()).map(str::trim).unwrap_or_default();
        let description = if description.is_empty() { String::new() } else { format!(". {}", description.trim_end_matches('.')) };
        let title = member["title"].as_str().unwrap();
        let scope = annotations["scope"].as_str().unwrap_or_default();
        writeln!(rows, "| `{pointer}` | {} | {default} | {scope} | {when} | {title}{description} |", value.trim()).unwrap();
    }
    rows
}

/// A default that another setting decides.
fn by_table(by: &Map<String, Value>) -> String {
    let (place, table) = by.iter().next().unwrap();
    let mut values: Vec<&Value> = table.as_object().unwrap().values().collect();
    values.dedup();
    let told = |value: &Value| {
        let names = table.as_object().unwrap().iter().filter(|(_, other)| *other == value).map(|(name, _)| format!("`{name}`"));
        format!("{value} ({})", names.collect::<Vec<_>>().join(", "))
    };
    let mut told: Vec<String> = values.into_iter().map(told).collect();
    told.sort();
    told.dedup();
    format!("by `{place}`: {}", told.join(", "))
}

/// A condition in words; of many choices those are named that are not among them.
fn when(condition: &Value, group: &Value) -> String {
    let mut words = Vec::new();
    for (name, allowed) in condition["properties"].as_object().unwrap() {
        // Whether a secret is a text or a reference is no matter of what shows.
        if allowed.get("type").is_some() {
            continue;
        }
        let allowed = allowed["enum"].as_array().cloned().unwrap_or_else(|| vec![allowed["const"].clone()]);
        // A field that was cleared is one that was left out.
        let allowed: Vec<Value> = allowed.into_iter().filter(|value| !value.is_null() && value != "").collect();
        if allowed.is_empty() {
            words.push(format!("no `{name}`"));
            continue;
        }
        let choices = group["properties"][name]["oneOf"].as_array().cloned().unwrap_or_default();
        let choices = choices.iter().map(|choice| choice["const"].clone());
        let others: Vec<_> = choices.filter(|choice| !choice.is_null() && !allowed.contains(choice)).collect();
        let list = |values: &[Value]| {
            values.iter().map(|value| format!("`{}`", value.to_string().trim_matches('"'))).collect::<Vec<_>>().join(", ")
        };
        match !others.is_empty() && others.len() < allowed.len() {
            true => words.push(format!("`{name}` is not {}", list(&others))),
            false => words.push(format!("`{name}` is {}", list(&allowed))),
        }
    }
    words.join("; ")
}

/// The login methods that a form offers.
fn methods(schema: &Value) -> Vec<&str> {
    let choices = schema.pointer("/properties/auth/properties/method/oneOf").and_then(Value::as_array);
    choices.into_iter().flatten().filter_map(|choice| choice["const"].as_str()).collect()
}

#[test]
fn a_login_method_that_a_transport_does_not_have_is_not_offered_and_check_refuses_it() {
    let folder = Folder::new().unwrap();
    let plugins = Products::built().unwrap().plugins(folder.path(), &["smtp", "imap", "pop3"]).unwrap();
    let host = Host::open(&serde_json::json!({"plugins": [plugins]}).to_string(), Box::new(())).unwrap();
    let forms = forms("en");
    let all = ["none", "auto", "plain", "apop", "pop-before-smtp", "external", "account"];
    for (transport, lacks) in [("smtp", &["apop"][..]), ("imap", &["apop", "pop-before-smtp"]), ("pop3", &["none", "pop-before-smtp"])] {
        let offered = methods(&forms[transport]);
        for method in all {
            assert_eq!(offered.contains(&method), !lacks.contains(&method), "{transport} {method}");
            let document = serde_json::json!({"accounts": {"a": {"transport": transport, "server": {"host": "mail.example.com"},
                "auth": {"method": method, "user": "u", "password": "p"}}}});
            let checked: Value = serde_json::json!(host.check(&document.to_string()));
            let at_method: Vec<&Value> =
                checked["problems"].as_array().unwrap().iter().filter(|problem| problem["pointer"] == "/accounts/a/auth/method").collect();
            assert_eq!(!at_method.is_empty(), lacks.contains(&method), "{transport} {method}: {checked:#}");
            assert!(at_method.iter().all(|problem| problem["severity"] == "error"), "{at_method:?}");
        }
    }
}

#[test]
fn of_all_login_methods_check_accepts_those_that_the_transports_form_offers() {
    let folder = Folder::new().unwrap();
    let names: Vec<String> = transports::all().unwrap().into_iter().map(|transport| transport.name).collect();
    let plugins = Products::built().unwrap().plugins(folder.path(), &names).unwrap();
    let host = Host::open(&serde_json::json!({"plugins": [plugins]}).to_string(), Box::new(())).unwrap();
    let forms = forms("en");
    let all: BTreeSet<&str> = forms.values().flat_map(methods).collect();
    for (transport, schema) in forms.iter().filter(|(_, schema)| !methods(schema).is_empty()) {
        for method in &all {
            let document = serde_json::json!({"accounts": {"a": {"transport": transport, "auth": {"method": method}}}});
            let checked = serde_json::json!(host.check(&document.to_string()));
            let is_refused = checked["problems"].as_array().unwrap().iter().any(|problem| problem["pointer"] == "/accounts/a/auth/method");
            assert_eq!(is_refused, !methods(schema).contains(method), "{transport} {method}: {checked:#}");
        }
    }
}

#[test]
fn the_settings_reference_is_no_older_than_the_schema() {
    // The page is for customers.
    let shipped = transports::shipped().unwrap();
    let mut forms = forms("en");
    forms.retain(|name, _| name.is_empty() || shipped.iter().any(|transport| transport.name == *name));
    let mut tables = format!("### The document's own groups\n\n{}\n### Groups of every transport with a server\n\n", rows(&forms[""], ""));
    let shared = ["server", "tls", "auth", "sender"];
    for group in ["server", "tls", "auth"] {
        let mut group_schema = forms["smtp"]["properties"][group].clone();
        if let Some(port) = group_schema.pointer_mut("/properties/port/x-postkontor") {
            port.as_object_mut().unwrap().remove("default_by");
        }
        writeln!(tables, "{}", rows(&group_schema, &format!("/{group}"))).unwrap();
    }
    tables += "The port where none is given, by transport:\n\n| Transport | `/server/port` |\n|---|---|\n";
    for (name, schema) in &forms {
        if let Some(by) = schema.pointer("/properties/server/properties/port/x-postkontor/default_by") {
            writeln!(tables, "| `{name}` | {} |", by_table(by.as_object().unwrap())).unwrap();
        }
    }
    tables.push('\n');
    tables += "The login methods of each transport:\n\n| Transport | `/auth/method` |\n|---|---|\n";
    for (name, schema) in &forms {
        let methods = methods(schema);
        if !methods.is_empty() {
            let methods: Vec<_> = methods.iter().map(|method| format!("`{method}`")).collect();
            writeln!(tables, "| `{name}` | {} |", methods.join(", ")).unwrap();
        }
    }
    tables.push('\n');
    for (name, schema) in forms.iter().filter(|(name, _)| !name.is_empty()) {
        let mut own = schema.clone();
        own["properties"].as_object_mut().unwrap().retain(|name, _| !shared.contains(&name.as_str()));
        writeln!(tables, "### Transport `{name}`\n\n{}", rows(&own, "")).unwrap();
    }
    let path = root().join("docs/settings.md");
    let (begin, end) = ("<!-- The tables are written by a test. -->\n", "<!-- End of the tables. -->\n");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(begin).unwrap();
    let (written, after) = rest.split_once(end).unwrap();
    if written == tables {
        return;
    }
    if std::env::var_os("POSTKONTOR_WRITE_DOCS").is_some() {
        fs::write(&path, format!("{before}{begin}{tables}{end}{after}")).unwrap();
        return;
    }
    panic!(
        "docs/settings.md is stale; run `POSTKONTOR_WRITE_DOCS=1 cargo test -p postkontor-tests --test settings`. It should be:\n{tables}"
    );
}
