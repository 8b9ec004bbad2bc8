//! `check` as the whole logic of a form, with every transport that is shipped: patches that keep their promise, pointers that lead to a
//! field, and fields that offer folders.

#![allow(clippy::unwrap_used, reason = "this is a test")]

use postkontor_core::{Account, Cancel, Host};
use postkontor_tests::engine::PATIENCE;
use postkontor_tests::folder::Folder;
use postkontor_tests::merge_patch;
use postkontor_tests::products::Products;
use postkontor_tests::random_settings::RandomSettings;
use postkontor_tests::transports;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::{Arc, LazyLock};

/// A host with all transports, and the schema of each.
struct Shop {
    host: Arc<Host>,
    schemas: BTreeMap<String, Value>,
    _folder: Folder,
}

static SHOP: LazyLock<Shop> = LazyLock::new(|| {
    let folder = Folder::new().unwrap();
    let names: Vec<String> = transports::shipped().unwrap().into_iter().map(|transport| transport.name).collect();
    let plugins = Products::built().unwrap().plugins(folder.path(), &names).unwrap();
    let host = Host::open(&json!({"plugins": [plugins]}).to_string(), Box::new(())).unwrap();
    let schemas = names.into_iter().map(|name| (name.clone(), json!(host.schema(&name, "en").unwrap())["schema"].clone())).collect();
    Shop { host, schemas, _folder: folder }
});

/// Settings of an account that are right.
fn right(transport: &str) -> Value {
    let mut account = json!({"transport": transport});
    match transport {
        "exchange-ews" | "graph" => {
            account["auth"] = json!({"method": "oauth2", "user": "anna@example.com", "oauth2": {"access_token": {"secret": "token"}}});
            account["exchange"] = json!({"mailbox": "anna@example.com"});
        }
        "sendmail" => {}
        _ => {
            account["server"] = json!({"host": "mail.example.com"});
            account["auth"] = json!({"method": "auto", "user": "anna", "password": {"secret": "anna"}});
        }
    }
    account
}

fn document(account: Value) -> Value {
    json!({"accounts": {"a": account, "b": right("smtp")}, "sender": {"address": "anna@example.com"}, "send": {"account": "b"}})
}

/// The members of a group, also those that show under a condition.
fn members(schema: &Value) -> Vec<(&str, &Value)> {
    let own = schema["properties"].as_object().into_iter().flatten().map(|(name, member)| (name.as_str(), member));
    let conditional = schema["allOf"].as_array().into_iter().flatten().flat_map(|branch| members(&branch["then"]));
    // One condition on the whole stands beside the groups.
    own.chain(conditional).chain(schema.get("then").into_iter().flat_map(members)).collect()
}

/// The schema of the field behind a pointer; that of the list for one of its entries, that of the secret for its reference.
fn field<'s>(schemas: &[&'s Value], pointer: &str) -> Option<&'s Value> {
    let Some(rest) = pointer.strip_prefix('/') else { return schemas.first().copied() };
    let (name, rest) = rest.split_once('/').map_or((rest, ""), |(name, _)| (name, &rest[name.len()..]));
    let name = name.replace("~1", "/").replace("~0", "~");
    // A group may stand twice: as it always shows, and with what a condition adds.
    let found: Vec<&Value> =
        schemas.iter().flat_map(|schema| members(schema)).filter(|(known, _)| *known == name).map(|(_, member)| member).collect();
    if found.is_empty() {
        let is_list = |schema: &&&Value| schema["type"] == "array" || schema["type"][0] == "array";
        let is_within = schemas.iter().any(|schema| schema["writeOnly"] == true && name == "secret");
        return match schemas.iter().find(is_list) {
            Some(list) if list["items"].get("properties").is_some() => field(&[&list["items"]], rest),
            list => schemas.first().copied().filter(|_| is_within || list.is_some()),
        };
    }
    field(&found, rest)
}

/// A place of a document without the layer.
fn plain(pointer: &str) -> &str {
    ["/company", "/user", "/workstation"].iter().find_map(|layer| pointer.strip_prefix(layer)).unwrap_or(pointer)
}

/// Whether the form of a document has a field for a pointer.
fn leads_to_a_field(pointer: &str, transport: &str) -> bool {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(|| json!(SHOP.host.schema("", "en").unwrap())["schema"].clone());
    let pointer = plain(pointer);
    let account = pointer.strip_prefix("/accounts/").and_then(|rest| rest.find('/').and_then(|end| rest.get(end..)));
    match account {
        None => pointer.starts_with("/accounts/") || field(&[&DOCUMENT], pointer).is_some(),
        Some("/transport") => true,
        Some(place) => field(&[&SHOP.schemas[transport]], place).is_some(),
    }
}

/// Values that are wrong for a field, and names that are for a member.
fn wrong(schema: &Value) -> Vec<Value> {
    let mut all = vec![json!([7]), json!({"x": 1})];
    if let Some(choices) = schema["oneOf"].as_array() {
        let names: Vec<&str> = choices.iter().filter_map(|choice| choice["const"].as_str()).collect();
        all.extend(names.iter().map(|name| json!(name.to_uppercase())));
        all.extend(names.iter().take(4).map(|name| json!(name)));
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    match kind.unwrap_or_default() {
        "integer" => all.extend([json!("25"), json!(" 30 "), json!(465), json!(25), json!(0), json!(99999), json!("viele")]),
        "boolean" => all.extend([json!("yes"), json!(0), json!(true), json!(false)]),
        _ => all.extend([
            json!(17),
            json!(" x"),
            json!("x\n"),
            json!("http://a/b"),
            json!("https://outlook.office365.com/EWS/Exchange.asmx"),
        ]),
    }
    all
}

/// Documents that are broken in one place each, from the schema of a transport.
fn broken(transport: &str) -> Vec<Value> {
    fn collect(schema: &Value, path: &mut Vec<String>, account: &Value, all: &mut Vec<Value>) {
        for (name, member) in members(schema) {
            path.push(name.to_owned());
            let set = |path: &[String], value: Value| {
                let mut account = account.clone();
                *path.iter().fold(&mut account, |place, name| &mut place[name.as_str()]) = value;
                account
            };
            let mut misspelt = path.clone();
            misspelt.last_mut().unwrap().remove(1);
            if members(member).is_empty() {
                all.extend(wrong(member).into_iter().map(|value| set(path, value)));
                let value = member["default"].clone();
                let value = if value.is_null() { json!("geheim") } else { value };
                all.push(set(&misspelt, value));
            } else {
                all.push(set(&misspelt, account.pointer(&format!("/{}", path.join("/"))).cloned().unwrap_or(json!({"x": 1}))));
                collect(member, path, account, all);
            }
            path.pop();
        }
    }
    let mut all = Vec::new();
    collect(&SHOP.schemas[transport], &mut Vec::new(), &right(transport), &mut all);
    for more in [
        json!({"server": {"port": 465}, "tls": {"mode": "starttls"}}),
        json!({"server": {"host": "smtp.gmail.com:993"}, "tls": {"mode": "none"}}),
        json!({"server": {"host": "smtp.gmail.com"}, "auth": {"user": "berta"}}),
        json!({"tls": {"mode": "none"}, "auth": {"allow_cleartext": true}}),
        json!({"server": {"port": 25}, "tls": {"mode": "implicit"}}),
        json!({"server": {"port": 70000}}),
        json!({"server": {"port": 0, "timeout_seconds": 99999}}),
        json!({"tls": {"verify": false}}),
        json!({"exchange": {"url": "https://outlook.office365.com/EWS/Exchange.asmx"}}),
        json!({"exchange": {"url": "http://127.0.0.1:8080/EWS/Exchange.asmx"}, "auth": {"allow_cleartext": true}}),
        json!({"transport": "smpt"}),
    ] {
        let mut account = right(transport);
        merge_patch::apply(&mut account, more);
        all.push(account);
    }
    all
}

/// A document in layers, its values in turn.
fn layered(document: &Value, turn: usize) -> Value {
    fn spread(value: &Value, path: &mut Vec<String>, turn: &mut usize, layers: &mut Value) {
        if let Some(members) = value.as_object().filter(|members| !members.is_empty()) {
            for (name, value) in members {
                path.push(name.clone());
                spread(value, path, turn, layers);
                path.pop();
            }
            return;
        }
        *turn += 1;
        let layer = ["user", "company", "workstation"][*turn % 3];
        *path.iter().fold(&mut layers[layer], |place, name| &mut place[name.as_str()]) = value.clone();
    }
    let mut layers = json!({"user": {}});
    spread(document, &mut Vec::new(), &mut { turn }, &mut layers);
    layers
}

fn checked(document: &Value) -> Vec<Value> {
    json!(SHOP.host.check(&document.to_string()))["problems"].as_array().unwrap().clone()
}

fn text<'v>(problem: &'v Value, what: &str) -> &'v str {
    problem[what].as_str().unwrap()
}

#[test]
fn every_patch_of_every_transport_takes_its_problem_away_and_brings_no_error() {
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for transport in SHOP.schemas.keys() {
        for (turn, account) in broken(transport).into_iter().enumerate() {
            let plain_document = document(account);
            // The layers of all of them would take many times as long.
            let documents = if turn % 15 == 0 { vec![layered(&plain_document, turn / 15), plain_document] } else { vec![plain_document] };
            for document in documents {
                let before = checked(&document);
                let errors: BTreeSet<_> = before.iter().map(|problem| (text(problem, "code"), plain(text(problem, "pointer")))).collect();
                for problem in &before {
                    let (code, pointer) = (text(problem, "code"), text(problem, "pointer"));
                    assert!(problem["severity"] == "error" || problem["severity"] == "warning");
                    let named = leads_to_a_field(pointer, transport) || matches!(code, "settings.unknown_member" | "settings.wrong_scope");
                    assert!(named || code == "settings.transport_unusable", "{transport}: {code} at {pointer} leads nowhere: {document:#}");
                    if !problem["patch"].is_object() {
                        continue;
                    }
                    assert!(!problem["patch"].to_string().contains("geheim") || !is_secret(pointer), "{problem:#}");
                    let mut repaired = document.clone();
                    merge_patch::apply(&mut repaired, problem["patch"].clone());
                    for after in checked(&repaired) {
                        let found = (text(&after, "code"), plain(text(&after, "pointer")));
                        assert_ne!(found, (code, plain(pointer)), "{document:#}\nis as before with {}", problem["patch"]);
                        let is_new = after["severity"] == "error" && !errors.contains(&found);
                        assert!(!is_new, "{document:#}\nhas with {}\na new error {after:#}", problem["patch"]);
                    }
                    *counts.entry((transport.clone(), code.to_owned())).or_default() += 1;
                }
            }
        }
    }
    let codes: BTreeSet<&str> = counts.keys().map(|(_, code)| code.as_str()).collect();
    println!("{} patches of {} codes: {counts:#?}", counts.values().sum::<usize>(), codes.len());
    for code in [
        "ews.ends_online",
        "settings.not_a_choice",
        "settings.not_used",
        "settings.out_of_range",
        "settings.password_in_clear",
        "settings.port_begins_in_clear",
        "settings.port_begins_with_tls",
        "settings.tls_outdated",
        "settings.unencrypted",
        "settings.unknown_member",
        "settings.unverified",
        "settings.user_no_address",
        "settings.wrong_scope",
        "settings.wrong_type",
    ] {
        assert!(codes.contains(code), "no patch for {code}");
    }
}

fn is_secret(pointer: &str) -> bool {
    ["/password", "/proxy", "_token", "_secret"].iter().any(|end| pointer.ends_with(end))
}

/// The texts in a source that are pointers into settings.
fn pointers(source: &str) -> Vec<String> {
    let groups = ["/server/", "/tls/", "/auth/", "/exchange/", "/imap/", "/pop3/", "/smtp/", "/sendmail/"];
    // Tests make up pointers of their own.
    let code = source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let quoted = code.split('"').skip(1).step_by(2);
    quoted
        .filter(|text| groups.iter().any(|group| text.starts_with(group)) && !text.contains(['{', ' ']) && !text.ends_with('/'))
        .map(str::to_owned)
        .collect()
}

fn sources(folder: &std::path::Path, all: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            all.push(fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_pointer_that_a_transport_can_name_leads_to_a_field_of_its_form() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins");
    let mut count = 0;
    let mut lost = Vec::new();
    for folder in SHOP.schemas.keys().map(String::as_str).chain(["sdk"]) {
        let mut all = Vec::new();
        sources(&root.join(folder).join("src"), &mut all);
        let schemas: Vec<&Value> =
            SHOP.schemas.iter().filter(|(name, _)| folder == "sdk" || *name == folder).map(|(_, schema)| schema).collect();
        for pointer in all.iter().flat_map(|source| pointers(source)) {
            count += 1;
            // What the SDK names belongs to a transport that has such a group.
            if !schemas.iter().any(|schema| field(&[schema], &pointer).is_some()) {
                lost.push(format!("{folder}: {pointer}"));
            }
        }
    }
    assert!(count > 100, "{count} pointers");
    assert!(lost.is_empty(), "{lost:#?}");
}

#[test]
fn every_error_of_a_call_points_at_a_field() {
    // Nothing listens on port 1.
    let mut seen = BTreeSet::new();
    for transport in SHOP.schemas.keys() {
        let mut account = right(transport);
        let own = match transport.as_str() {
            "exchange-ews" => {
                json!({"exchange": {"url": "https://127.0.0.1:1/EWS/Exchange.asmx"}, "auth": {"oauth2": {"access_token": "t"}}})
            }
            "graph" => json!({"exchange": {"url": "https://127.0.0.1:1/v1.0"}, "auth": {"oauth2": {"access_token": "t"}}}),
            "sendmail" => json!({"sendmail": {"command": "/nowhere/sendmail"}}),
            _ => json!({"server": {"host": "127.0.0.1", "port": 1}, "auth": {"password": "p"}}),
        };
        merge_patch::apply(&mut account, own);
        let text =
            json!({"user": {"accounts": {"a": {"transport": transport}}}, "workstation": {"accounts": {"a": account.clone()}}}).to_string();
        let error = Account::open(&SHOP.host, &text, Some("a")).err();
        let mut found: Vec<String> = error.iter().flat_map(|error| &error.at).map(|at| at.pointer.clone()).collect();
        let text = json!({"accounts": {"a": account}, "sender": {"address": "anna@example.com"}}).to_string();
        let mut account = Account::open(&SHOP.host, &text, Some("a")).unwrap();
        let cancel = Cancel::new(Some(PATIENCE));
        let report = json!(account.test("", &cancel).unwrap());
        let steps = report["steps"].as_array().unwrap().iter().filter_map(|step| step["pointer"].as_str());
        found.extend(steps.filter(|pointer| !pointer.is_empty()).map(str::to_owned));
        assert!(report["ok"] == false && found.iter().any(|pointer| pointer.starts_with("/accounts/")), "{transport}: {report:#}");
        let mail = json!({"to": ["bruno@example.org"], "subject": "Rechnung", "text": "Guten Tag"}).to_string();
        if let Err(error) = account.send_document(&mail, &[], &cancel) {
            let of_settings = |of: &Value| *of == "settings";
            found.extend(error.at.iter().filter(|at| of_settings(&json!(at.of))).map(|at| at.pointer.clone()));
        }
        for pointer in found {
            assert!(leads_to_a_field(&pointer, transport), "{transport}: {pointer} leads nowhere");
            seen.insert(plain(&pointer).to_owned());
        }
    }
    assert!(seen.len() > 5, "{seen:?}");
}

#[test]
fn exactly_the_fields_that_name_a_folder_or_an_account_say_so() {
    fn collect(schema: &Value, pointer: &str, word: &str, found: &mut BTreeSet<String>) {
        for (name, member) in members(schema) {
            let pointer = format!("{pointer}/{name}");
            if member["x-postkontor"][word] == true {
                found.insert(pointer.clone());
            }
            collect(member, &pointer, word, found);
        }
    }
    for (transport, folders, accounts) in [
        ("exchange-ews", &["/exchange/inbox", "/exchange/sent"][..], &["/auth/account"][..]),
        ("graph", &["/exchange/inbox", "/exchange/sent"], &["/auth/account"]),
        ("imap", &["/imap/inbox", "/imap/outbox", "/imap/sent"], &["/auth/account", "/imap/via"]),
        ("pop3", &[], &["/auth/account"]),
        ("sendmail", &[], &[]),
        ("smtp", &[], &["/auth/account"]),
    ] {
        for (word, expected) in [("folder", folders), ("account", accounts)] {
            let mut found = BTreeSet::new();
            collect(&SHOP.schemas[transport], "", word, &mut found);
            assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expected, "{transport}: {word}");
        }
    }
    assert_eq!(SHOP.schemas.len(), 6, "a new transport says which fields name a folder, and this test with it");
}

#[test]
fn a_group_of_every_transport_shows_where_something_in_it_does() {
    let mut random = RandomSettings::new(17);
    for (transport, schema) in &SHOP.schemas {
        for _ in 0..30 {
            let mut account = random.valid(schema);
            account["transport"] = json!(transport);
            let visible: BTreeSet<String> = SHOP.host.check(&document(account.clone()).to_string()).visible.into_iter().collect();
            let groups = visible.iter().filter_map(|pointer| pointer.rsplit_once('/')).map(|(group, _)| group);
            let hidden: Vec<&str> = groups.filter(|group| !group.is_empty() && !visible.contains(*group)).collect();
            assert!(hidden.is_empty(), "{hidden:?} of {account}");
        }
    }
}
