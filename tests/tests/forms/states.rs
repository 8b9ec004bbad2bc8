//! The forms in states at random: what each generator shows and hides is what `check` says.

use super::{BROWSER, generators, host, transports};
use postkontor_core::Host;
use postkontor_tests::folder::Folder;
use postkontor_tests::random_settings::RandomSettings;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

/// How many states are drawn of each form; `POSTKONTOR_STATES` says another number.
const STATES: usize = 3;

fn number() -> usize {
    std::env::var("POSTKONTOR_STATES").map_or(STATES, |number| number.parse().unwrap())
}

/// The titles of the fields of a form by their pointers, in a document: its accounts are those that are there. Lists are left out, as
/// generators draw each item of them.
fn fields(group: &Value, given: &Value, pointer: &str, found: &mut Map<String, Value>) {
    let branches = |group: &Value| group["allOf"].as_array().into_iter().flatten().cloned().collect::<Vec<Value>>();
    // The branch of the chosen transport counts before those of others.
    let chosen = |branch: &Value| branch["if"]["properties"]["transport"]["const"] == given["transport"];
    let mut parts = vec![group.clone(), group["then"].clone()];
    parts.extend(branches(&group["then"]).into_iter().map(|branch| branch["then"].clone()));
    let (first, others): (Vec<Value>, Vec<Value>) = branches(group).into_iter().partition(chosen);
    for branch in first.into_iter().chain(others) {
        parts.push(branch["then"].clone());
        parts.push(branch["then"]["then"].clone());
        parts.extend(branches(&branch["then"]).into_iter().map(|inner| inner["then"].clone()));
    }
    for part in parts {
        for (name, member) in part["properties"].as_object().into_iter().flatten() {
            let (pointer, given) = (format!("{pointer}/{name}"), &given[name.as_str()]);
            let is_list = member["type"][0] == "array" || member["type"] == "array";
            if let Some(any) = member.get("additionalProperties") {
                for (id, given) in given.as_object().into_iter().flatten() {
                    fields(any, given, &format!("{pointer}/{id}"), found);
                }
            } else if member["x-postkontor"]["reference"] == true || is_list {
                continue;
            } else if member.get("properties").is_some() {
                fields(member, given, &pointer, found);
            } else if let Some(title) = member.get("title") {
                found.entry(pointer).or_insert_with(|| title.clone());
            }
        }
    }
}

/// The fields that show by what `check` says of the document.
fn visible(host: &Host, name: &str, data: &Value) -> BTreeSet<String> {
    let is_account = !matches!(name, "" | "document");
    let mut document = data.clone();
    if is_account {
        if name != "account" {
            document["transport"] = json!(name);
        }
        document = json!({"accounts": {"a": document}});
    }
    let shown = host.check(&document.to_string()).visible.into_iter();
    let within = |pointer: String| if is_account { pointer.strip_prefix("/accounts/a").map(str::to_owned) } else { Some(pointer) };
    shown.filter_map(within).collect()
}

/// One state of a form, and what shows in it.
struct State {
    name: String,
    form: usize,
    data: Value,
    titles: Map<String, Value>,
    visible: BTreeSet<String>,
}

fn states(host: &Host, names: &[String], forms: &[Value]) -> Vec<State> {
    let mut states = Vec::new();
    for (form, (name, drawn)) in names.iter().zip(forms).enumerate() {
        let mut random = RandomSettings::new(form as u64);
        for _ in 0..number() {
            let mut data = random.valid(&drawn["schema"]);
            // Switched off, the document's own groups alone are drawn as they are, for the form of the whole to switch them.
            if name.is_empty() {
                data.as_object_mut().map(|data| data.shift_remove("enabled"));
            }
            let mut titles = Map::new();
            fields(&drawn["schema"], &data, "", &mut titles);
            let shown = visible(host, name, &data);
            let visible = titles.keys().filter(|pointer| shown.contains(*pointer)).cloned().collect();
            states.push(State { name: name.clone(), form, data, titles, visible });
        }
    }
    states
}

#[test]
fn every_generator_shows_and_hides_in_random_states_what_check_says() {
    let Some(work) = generators() else { return };
    let host = host();
    let names: Vec<String> = transports().into_iter().chain(["", "account", "document"].map(str::to_owned)).collect();
    let form = |name: &String| json!(host.schema(name, "en").unwrap());
    let mut forms: Vec<Value> = names.iter().map(form).collect();
    let account = json!(host.schema("account", "en").unwrap());
    let whole = names.iter().position(|name| name == "document").unwrap();
    forms[whole]["account"] = account;
    let states = states(&host, &names, &forms);
    let scratch = Folder::new().unwrap();
    let [orders, result] = ["work.json", "result.json"].map(|name| scratch.path().join(name));
    let drawn: Vec<Value> = states.iter().map(|state| json!({"form": state.form, "data": state.data, "titles": state.titles})).collect();
    let profile = scratch.path().join("profile");
    fs::write(&orders, json!({"browser": BROWSER, "profile": profile, "forms": forms, "states": drawn}).to_string()).unwrap();
    let done = Command::new("node").args(["states.mjs", "pages"]).arg(&orders).arg(&result).current_dir(work).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let result: Value = serde_json::from_slice(&fs::read(result).unwrap()).unwrap();
    let mut wrong = Vec::new();
    for (generator, answer) in result.as_object().unwrap() {
        assert_eq!(answer["complaints"], json!([]), "what {generator} has written to the console");
        for (state, seen) in states.iter().zip(answer["seen"].as_array().unwrap()) {
            let seen: BTreeSet<String> = serde_json::from_value(seen.clone()).unwrap();
            let (more, less): (Vec<_>, Vec<_>) = (seen.difference(&state.visible).collect(), state.visible.difference(&seen).collect());
            if !more.is_empty() || !less.is_empty() {
                wrong.push(format!("{generator}, {}: shows {more:?} and hides {less:?} with {}", state.name, state.data));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} states differ:\n{}",
        wrong.len(),
        wrong.iter().take(20).map(String::as_str).collect::<Vec<_>>().join("\n")
    );
}
