//! The forms as generators draw them that know nothing of Postkontor: react-jsonschema-form 5 and 6, and JSON Forms with its material and
//! its vanilla renderers, in a headless Chromium (tests/forms).

#![allow(clippy::unwrap_used, reason = "this is a test")]

mod inputs;
mod layers;
mod lists;
mod states;

use postkontor_core::{Account, Cancel, Host};
use postkontor_tests::folder::Folder;
use postkontor_tests::products::Products;
use postkontor_tests::{form_generators, skip, transports};
use serde_json::{Map, Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

const LANGUAGES: [&str; 3] = ["en", "de", "sl"];
const BROWSER: &str = "/usr/bin/chromium";

/// The generators as bundled pages in a folder of `target`, with what draws them; nothing where the machine lacks something.
fn generators() -> Option<PathBuf> {
    if !Path::new(BROWSER).exists() {
        skip::because("there is no chromium (Debian package chromium)");
        return None;
    }
    form_generators::installed().unwrap()
}

/// The names of all transports.
fn transports() -> Vec<String> {
    transports::all().unwrap().into_iter().map(|transport| transport.name).collect()
}

fn host() -> Arc<Host> {
    let folder = Folder::new().unwrap().keep();
    let plugins = Products::built().unwrap().plugins(&folder, &transports()).unwrap();
    Host::open(&json!({"plugins": [plugins]}).to_string(), Box::new(())).unwrap()
}

/// The title of each field of a form by its pointer; of a secret that of its text and that of the reference in its place.
fn titles(group: &Value, pointer: &str, found: &mut Map<String, Value>) {
    let branches = group["allOf"].as_array().into_iter().flatten().map(|branch| &branch["then"]);
    for part in [group, &group["then"]].into_iter().chain(branches) {
        for (name, member) in part["properties"].as_object().into_iter().flatten() {
            let pointer = format!("{pointer}/{name}");
            if member.get("properties").is_some() {
                titles(member, &pointer, found);
            } else if member["additionalProperties"].get("properties").is_some() {
                // Groups of any names are no field: which of them a generator draws is the affair of each test.
                continue;
            } else if let Some(title) = member.get("title") {
                found.entry(pointer).or_insert_with(|| title.clone());
            }
        }
    }
}

/// A field of a form, wherever in its group it stands.
fn field<'a>(group: &'a Value, names: &[&str]) -> Option<&'a Value> {
    let [name, rest @ ..] = names else { return Some(group) };
    let branches = group["allOf"].as_array().into_iter().flatten().map(|branch| &branch["then"]);
    let mut parts = [group, &group["then"]].into_iter().chain(branches);
    parts.find_map(|part| field(part["properties"].get(name)?, rest).filter(|found| found.get("title").is_some()))
}

/// One form to be drawn, and what is typed into it.
fn drawing(host: &Host, name: &str, language: &str, data: Value, typed: Value) -> Value {
    let form: Value = json!(host.schema(name, language).unwrap());
    let mut fields = Map::new();
    titles(&form["schema"], "", &mut fields);
    let auth = json!({"user": "u", "password": {"secret": "kept"}, "account": null});
    let kept = json!({"server": {"host": "h", "port": null, "proxy": {"secret": "kept"}}, "tls": null, "auth": auth});
    let valid = if fields.contains_key("/server/host") { kept } else { document(&typed) };
    json!({"name": name, "language": language, "form": form, "data": data, "type": typed, "titles": fields, "valid": [valid]})
}

/// What has to be typed into the form of a transport, by pointer: what check misses, until it misses nothing.
fn needed(host: &Host, name: &str) -> Value {
    let schema = json!(host.schema(name, "en").unwrap())["schema"].clone();
    let mut typed = Map::new();
    loop {
        let mut account = document(&json!(typed));
        account["transport"] = json!(name);
        let checked = json!(host.check(&json!({"accounts": {"a": account}}).to_string()));
        let problems = checked["problems"].as_array().unwrap().iter();
        let missing: Vec<&str> =
            problems.filter(|problem| problem["code"] == "settings.required").map(|problem| problem["pointer"].as_str().unwrap()).collect();
        for pointer in &missing {
            let pointer = pointer.strip_prefix("/accounts/a").unwrap();
            let names: Vec<&str> = pointer.split('/').skip(1).collect();
            let field = field(&schema, &names).unwrap();
            let example = field["examples"][0].as_str().unwrap_or("mail.example.com");
            assert!(typed.insert(pointer.to_owned(), json!(example)).is_none(), "{name}: {pointer} is missing although it was given");
        }
        if missing.is_empty() {
            return json!(typed);
        }
    }
}

/// Values by their pointers as one document.
fn document(values: &Value) -> Value {
    let mut document = json!({});
    for (pointer, value) in values.as_object().unwrap() {
        let mut place = &mut document;
        for name in pointer.split('/').skip(1) {
            place = &mut place[name];
        }
        *place = value.clone();
    }
    document
}

/// What a form has saved as a whole document, and the settings that apply then.
fn checked(host: &Host, drawn: &Value) -> Result<Value, String> {
    let (name, saved) = (drawn["name"].as_str().unwrap(), &drawn["saved"]);
    if saved["errors"].as_array().is_none_or(|errors| !errors.is_empty()) {
        return Err(format!("was not saved: {}", saved["errors"]));
    }
    let document = match name {
        "" => saved["data"].clone(),
        name => {
            let mut account = saved["data"].clone();
            account["transport"] = json!(name);
            json!({"accounts": {"a": account}})
        }
    };
    let answer: Value = json!(host.check(&document.to_string()));
    match answer["problems"].as_array().unwrap().as_slice() {
        [] if name.is_empty() => Ok(answer["settings"].clone()),
        [] => Ok(answer["settings"]["accounts"]["a"].clone()),
        problems => Err(format!("check finds {problems:?} in {document}")),
    }
}

/// All values in settings by their pointer; a list counts as one.
fn leaves(value: &Value, pointer: &str, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| leaves(value, &format!("{pointer}/{name}"), found)),
        value => found.push((pointer.to_owned(), value.clone())),
    }
}

/// Whether a field shows a value: in itself, or where it shows nothing, in the sentence below it that says what applies then.
fn shows(field: &Value, shown: &Value, value: &Value, words: &Words) -> bool {
    let choice = field["oneOf"].as_array().and_then(|choices| choices.iter().find(|choice| choice["const"] == *value));
    let told = match (choice.and_then(|choice| choice["title"].as_str()), value) {
        (Some(title), _) => title.to_owned(),
        (None, Value::String(text)) => text.clone(),
        (None, Value::Bool(true)) => words.yes.to_owned(),
        (None, value) => value.to_string(),
    };
    let (text, help) = (shown["value"].as_str().unwrap_or_default(), shown["help"].as_str().unwrap_or_default());
    match shown["kind"].as_str().unwrap() {
        "box" => shown["value"] == *value,
        _ if !text.is_empty() => text == told || text == format!("{} ({told})", words.default),
        _ => help.contains(&format!("{}: {told}", words.default)),
    }
}

struct Words {
    default: &'static str,
    yes: &'static str,
}

fn words(language: &str) -> Words {
    match language {
        "de" => Words { default: "Voreinstellung", yes: "Ja" },
        "sl" => Words { default: "Privzeto", yes: "Da" },
        _ => Words { default: "Default", yes: "Yes" },
    }
}

fn draw(work: &Path, forms: &[Value]) -> Value {
    let scratch = Folder::new().unwrap();
    let [orders, result] = ["work.json", "result.json"].map(|name| scratch.path().join(name));
    let profile = scratch.path().join("profile");
    fs::write(&orders, json!({"browser": BROWSER, "profile": profile, "forms": forms}).to_string()).unwrap();
    let mut command = Command::new("node");
    command.args(["draw.mjs", "pages"]).arg(&orders).arg(&result).current_dir(work);
    // POSTKONTOR_PICTURES=FOLDER keeps a picture of each form.
    command.args(std::env::var_os("POSTKONTOR_PICTURES"));
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&fs::read(result).unwrap()).unwrap()
}

#[test]
fn every_form_drawn_from_nothing_shows_what_applies_and_saves_what_check_accepts() {
    let Some(work) = generators() else { return };
    let host = host();
    let mut forms = Vec::new();
    for language in LANGUAGES {
        for name in transports().iter().map(String::as_str).chain([""]) {
            let typed = if name.is_empty() { json!({}) } else { needed(&host, name) };
            forms.push(drawing(&host, name, language, Value::Null, typed));
        }
    }
    // With data: references are drawn as names, null as nothing, and POP3 before SMTP with its method.
    let auth = json!({"method": "pop-before-smtp", "user": "u", "password": {"secret": "kept-password"}});
    let server = json!({"host": "mail.example.com", "port": null, "proxy": {"secret": "kept-proxy"}});
    let given = json!({"server": server, "tls": {"ca_file": null}, "auth": auth});
    forms.push(drawing(&host, "smtp", "en", given, json!({"/smtp/pop3/host": "pop.example.com"})));

    let result = draw(&work, &forms);
    assert_eq!(result["complaints"], json!([]), "what ajv has against the schemas in strict mode");
    let drawn = result["drawn"].as_array().unwrap();
    assert_eq!(drawn.len(), 4 * forms.len());
    let mut wrong = Vec::new();
    for drawn in drawn {
        let about = format!("{} {} {} {}", drawn["generator"], drawn["name"], drawn["language"], drawn["data"]);
        let settings = match checked(&host, drawn) {
            Ok(settings) => settings,
            Err(reason) => {
                wrong.push(format!("{about}: {reason}"));
                continue;
            }
        };
        let form = forms.iter().find(|form| ["name", "language", "data"].iter().all(|member| form[*member] == drawn[*member])).unwrap();
        wrong.extend(shown_otherwise(form, &drawn["shown"], &settings).into_iter().map(|what| format!("{about}: {what}")));
        let by_rjsf = drawn["generator"].as_str().unwrap().starts_with("rjsf");
        let title = form["form"]["schema"]["title"].as_str().unwrap();
        if by_rjsf && !drawn["text"].as_str().unwrap().starts_with(title) {
            wrong.push(format!("{about}: the head line is not {title}"));
        }
        let pop3 = drawn["shown"].get("/smtp/pop3/host").is_some();
        if pop3 != drawn["data"].is_object() {
            wrong.push(format!("{about}: POP3 before SMTP shows: {pop3}"));
        }
        for (pointer, name) in [("/server/proxy", "kept-proxy"), ("/auth/password", "kept-password")] {
            let kept = &drawn["shown"][format!("{pointer}/secret")]["value"];
            if drawn["data"].is_object() && *kept != name {
                wrong.push(format!("{about}: the reference at {pointer} shows as {kept}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The fields that show something else than what applies.
fn shown_otherwise(form: &Value, shown: &Value, settings: &Value) -> Vec<String> {
    let words = words(form["language"].as_str().unwrap());
    let mut applies = Vec::new();
    leaves(settings, "", &mut applies);
    let mut wrong = Vec::new();
    for (pointer, value) in applies {
        let is_typed = form["type"].get(&pointer).is_some() || form["data"].pointer(&pointer).is_some_and(|given| !given.is_null());
        // A list without items has nothing to show, and no settings choose the transport.
        if is_typed || value.is_array() || pointer == "/transport" {
            continue;
        }
        let names: Vec<&str> = pointer.split('/').skip(1).collect();
        let Some(field) = field(&form["form"]["schema"], &names) else {
            wrong.push(format!("{pointer} is not in the schema"));
            continue;
        };
        match shown.get(&pointer) {
            None => wrong.push(format!("{pointer} does not show, and {value} applies")),
            Some(seen) if !shows(field, seen, &value, &words) => wrong.push(format!("{pointer} shows {seen}, and {value} applies")),
            Some(_) => {}
        }
    }
    wrong
}

/// Settings of an account with a login by token, and the pointer of what is missing there.
fn by_token(transport: &str) -> Vec<(Value, Option<&'static str>)> {
    let login = |grant: &str, user: Value| {
        let secret = if grant == "client_credentials" { "client_secret" } else { "refresh_token" };
        json!({"method": "oauth2", "user": user, "oauth2": {"grant": grant, "tenant": "example.com", "client_id": "app", secret: "s"}})
    };
    let (application, person) = ("client_credentials", "refresh_token");
    let mailbox = Some("/exchange/mailbox");
    let exchange = |auth: Value, exchange: Value| json!({"auth": auth, "exchange": exchange});
    let url = if transport == "graph" { "https://graph.microsoft.com/v1.0" } else { "https://mail.example.com/EWS/Exchange.asmx" };
    match transport {
        "graph" | "exchange-ews" => vec![
            (exchange(login(application, Value::Null), json!({"url": url})), mailbox),
            (exchange(login(application, json!("")), json!({"url": url, "mailbox": null})), mailbox),
            (exchange(login(application, json!("anna@example.com")), json!({"url": url})), None),
            (exchange(login(application, Value::Null), json!({"url": url, "mailbox": "anna@example.com"})), None),
            (exchange(login(person, Value::Null), json!({"url": url})), None),
            (json!({"auth": login(application, Value::Null)}), mailbox),
            // Without a URL, EWS is found by the address of the mailbox; Graph has one address.
            (json!({"auth": login(person, Value::Null)}), mailbox.filter(|_| transport == "exchange-ews")),
            (json!({"auth": login(person, json!("anna@example.com"))}), None),
        ],
        // These protocols show the user beside the token.
        _ => [application, person]
            .into_iter()
            .flat_map(|grant| [(grant, Value::Null, Some("/auth/user")), (grant, json!("anna@example.com"), None)])
            .map(|(grant, user, missing)| (json!({"server": {"host": "mail.example.com"}, "auth": login(grant, user)}), missing))
            .collect(),
    }
}

#[test]
fn form_check_and_opening_agree_on_who_has_to_be_named_beside_a_token() {
    let host = host();
    let Some(work) = generators() else { return };
    let mut forms = Vec::new();
    for transport in ["smtp", "imap", "pop3", "exchange-ews", "graph"] {
        let mut drawing = drawing(&host, transport, "en", Value::Null, json!({}));
        let [mut valid, mut invalid] = [Vec::new(), Vec::new()];
        for (settings, missing) in by_token(transport) {
            let mut account = settings.clone();
            account["transport"] = json!(transport);
            let document = json!({"accounts": {"a": account}, "sender": {"address": "a@example.com"}}).to_string();
            let checked = json!(host.check(&document));
            let problems: Vec<&Value> = checked["problems"].as_array().unwrap().iter().map(|problem| &problem["pointer"]).collect();
            let expected: Vec<Value> = missing.iter().map(|missing| json!(format!("/accounts/a{missing}"))).collect();
            assert_eq!(problems, expected.iter().collect::<Vec<_>>(), "{transport} {settings}: {checked:#}");
            let opened = Account::open(&host, &document, None).map(drop).map_err(|error| json!(error.at[0].pointer));
            assert_eq!(opened.err(), expected.first().cloned(), "{transport} {settings}");
            if missing.is_some() { invalid.push(settings) } else { valid.push(settings) }
        }
        (drawing["valid"], drawing["invalid"]) = (json!(valid), json!(invalid));
        forms.push(drawing);
    }
    // Where it is drawn, the field asks for it.
    let secret = json!({"grant": "client_credentials", "tenant": "example.com", "client_id": "app", "client_secret": "s"});
    let data = json!({"auth": {"method": "oauth2", "oauth2": secret}});
    for (transport, typed) in
        ["exchange-ews", "graph"].into_iter().flat_map(|name| [(name, json!({})), (name, json!({"/exchange/mailbox": "anna@example.com"}))])
    {
        let mut drawing = drawing(&host, transport, "en", data.clone(), typed);
        drawing["valid"] = json!([]);
        forms.push(drawing);
    }
    let result = draw(&work, &forms);
    assert_eq!(result["complaints"], json!([]));
    for drawn in result["drawn"].as_array().unwrap().iter().filter(|drawn| drawn["data"].is_object()) {
        let is_typed = drawn["saved"]["data"]["exchange"]["mailbox"] == "anna@example.com";
        assert_eq!(checked(&host, drawn).is_ok(), is_typed, "{} {}: {}", drawn["generator"], drawn["name"], drawn["saved"]);
    }
}

#[test]
fn credentials_of_another_account_need_what_its_own_would() {
    let host = host();
    let application = json!({"grant": "client_credentials", "tenant": "example.com", "client_id": "app", "client_secret": "s"});
    let url = "https://mail.example.com/EWS/Exchange.asmx";
    let exchange = json!({"transport": "exchange-ews", "exchange": {"url": url, "mailbox": "a@example.com"}, "auth": {"method": "oauth2", "oauth2": application}});
    let server = json!({"host": "mail.example.com"});
    for (other, missing) in [
        (
            json!({"transport": "smtp", "server": server, "auth": {"method": "xoauth2", "account": "exchange"}}),
            Some("/accounts/b/auth/user"),
        ),
        (
            json!({"transport": "imap", "server": server, "auth": {"method": "account", "account": "exchange"}}),
            Some("/accounts/b/auth/user"),
        ),
        (
            json!({"transport": "smtp", "server": server, "auth": {"method": "xoauth2", "user": "a@example.com", "account": "exchange"}}),
            None,
        ),
        (json!({"transport": "graph", "auth": {"method": "account", "account": "exchange"}}), Some("/accounts/b/exchange/mailbox")),
        (
            json!({"transport": "graph", "exchange": {"mailbox": "a@example.com"}, "auth": {"method": "account", "account": "exchange"}}),
            None,
        ),
    ] {
        let document = json!({"accounts": {"exchange": exchange, "b": other}, "sender": {"address": "a@example.com"}}).to_string();
        let checked = json!(host.check(&document));
        let problems: Vec<&str> =
            checked["problems"].as_array().unwrap().iter().filter_map(|problem| problem["pointer"].as_str()).collect();
        assert_eq!(problems, missing.into_iter().collect::<Vec<_>>(), "{other}: {checked:#}");
        let Some(missing) = missing else { continue };
        // What only the transport can judge, it says when it is first used.
        let found = match Account::open(&host, &document, Some("b")) {
            Ok(mut account) => account.test("", &Cancel::default()).unwrap().failed().map(|step| step.pointer.clone()),
            Err(error) => error.at.first().map(|at| at.pointer.clone()),
        };
        assert_eq!(found.as_deref(), Some(missing), "{other}");
    }
}
