//! The schemas of the forms judged by foreign validators, beside `check`: what they say of documents made at random is the same, but for what
//! a schema cannot express (docs/settings.md, "Validators").

#![allow(clippy::unwrap_used, reason = "this is a test")]

mod inputs;
mod judges;

use judges::{Verdicts, verdicts};
use postkontor_core::Host;
use postkontor_tests::folder::Folder;
use postkontor_tests::products::Products;
use postkontor_tests::random_settings::RandomSettings;
use postkontor_tests::transports;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many documents are made for each schema; `POSTKONTOR_DOCUMENTS` says another number.
const DOCUMENTS: usize = 300;

/// The codes of problems that a schema knows of: the form of a value, and what must be given. Those of patterns stand in the schemas.
const OF_EVERY_SCHEMA: [&str; 13] = [
    "settings.required",
    "settings.wrong_type",
    "settings.not_a_choice",
    "settings.out_of_range",
    "settings.too_small",
    "settings.too_big",
    "settings.too_short",
    "settings.too_long",
    "settings.pattern",
    "settings.address_invalid",
    "settings.account_name",
    "settings.transport_unusable",
    "settings.version_newer",
];

/// The codes of problems that schemas know of.
fn known_codes(schemas: &Map<String, Value>) -> BTreeSet<String> {
    fn of_patterns(schema: &Value, found: &mut BTreeSet<String>) {
        found.extend(schema["x-postkontor"]["problem"].as_str().map(str::to_owned));
        let inner = schema.as_object().into_iter().flatten().map(|(_, inner)| inner).chain(schema.as_array().into_iter().flatten());
        inner.for_each(|inner| of_patterns(inner, found));
    }
    let mut codes: BTreeSet<String> = OF_EVERY_SCHEMA.iter().map(|code| (*code).to_owned()).collect();
    schemas.values().for_each(|schema| of_patterns(schema, &mut codes));
    codes
}

pub(crate) fn number() -> usize {
    std::env::var("POSTKONTOR_DOCUMENTS").map_or(DOCUMENTS, |number| number.parse().unwrap())
}

fn transports() -> Vec<String> {
    transports::all().unwrap().into_iter().map(|transport| transport.name).collect()
}

pub(crate) fn host() -> Arc<Host> {
    let folder = Folder::new().unwrap().keep();
    let plugins = Products::built().unwrap().plugins(&folder, &transports()).unwrap();
    Host::open(&json!({"plugins": [plugins]}).to_string(), Box::new(())).unwrap()
}

/// What `check` finds in a document of the schema with this name that a schema knows of, too: the pointers.
fn found(host: &Host, codes: &BTreeSet<String>, name: &str, document: &Value) -> Vec<String> {
    let (whole, prefix) = match name {
        "" | "document" => (document.clone(), ""),
        _ => {
            let mut account = document.clone();
            if name != "account" {
                account["transport"] = json!(name);
            }
            (json!({"accounts": {"a": account}}), "/accounts/a")
        }
    };
    let checked = host.check(&whole.to_string());
    let problems = checked.problems.iter().filter(|problem| codes.contains(&problem.code));
    problems.map(|problem| problem.pointer.strip_prefix(prefix).unwrap_or(&problem.pointer).to_owned()).collect()
}

/// Documents of a schema: a third as the schema allows, the others with mistakes.
fn documents(name: &str, schema: &Value, number: usize) -> Vec<(String, Value)> {
    let mut random = RandomSettings::new(name.len() as u64);
    let document = |place: usize| {
        let mut document = random.valid(schema);
        if !place.is_multiple_of(3) {
            random.spoil(schema, &mut document);
        }
        // Of mail that is switched off `check` looks at nothing, and that form alone shows the rest all the same.
        if name.is_empty() && document["enabled"] == false {
            document["enabled"] = json!(true);
        }
        (name.to_owned(), document)
    };
    (0..number).map(document).collect()
}

/// Whether two pointers lead to the same, or to a group and something in it: a group that is left out lacks what must be given there.
pub(crate) fn are_near(one: &str, other: &str) -> bool {
    let leads_into = |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    leads_into(one, other) || leads_into(other, one)
}

#[test]
fn every_validator_says_of_random_documents_what_check_says() {
    let host = host();
    let names = transports().into_iter().chain(["", "account", "document"].map(str::to_owned));
    let schemas: Map<String, Value> =
        names.map(|name| (name.clone(), json!(host.schema(&name, "en").unwrap())["schema"].clone())).collect();
    let documents: Vec<(String, Value)> = schemas.iter().flat_map(|(name, schema)| documents(name, schema, number())).collect();
    let codes = known_codes(&schemas);
    let expected: Vec<Vec<String>> = documents.iter().map(|(name, document)| found(&host, &codes, name, document)).collect();
    let mut wrong: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Verdicts { judge, valid, places } in verdicts(&schemas, &documents) {
        for (place, ((name, document), expected)) in documents.iter().zip(&expected).enumerate() {
            let of_judge = places.get(place);
            let missed = of_judge.is_some_and(|places| expected.iter().any(|at| !places.iter().any(|place| are_near(place, at))));
            if valid[place] != expected.is_empty() || missed {
                let what =
                    format!("{judge}: {}, {of_judge:?}, and check has {expected:?}", if valid[place] { "valid" } else { "not valid" });
                wrong.entry(what).or_default().push(format!("{name}: {document}"));
            }
        }
    }
    let told = wrong.iter().map(|(what, of)| format!("{what} in {} documents, for example of {}", of.len(), of[0]));
    assert!(wrong.is_empty(), "{}", told.collect::<Vec<_>>().join("\n"));
    for name in schemas.keys() {
        let of_name = || documents.iter().zip(&expected).filter(|((of, _), _)| of == name);
        let good = of_name().filter(|(_, expected)| expected.is_empty()).count();
        assert!(good * 10 > of_name().count() && good * 10 < of_name().count() * 9, "{name}: {good} of {} are valid", of_name().count());
    }
}
