//! The settings document: the four settings pages it must carry ([`pages`]), and everything that may be wrong with one.
#![allow(dead_code, clippy::unwrap_used, reason = "of the settings structs only the schemas are wanted, and this is a test")]

mod applies;
mod outbox;
mod pages;
mod refusals;
mod repairs;
mod smime;
mod versions;

use pages::{document, page};
use postkontor_core::settings::{Document, Schemas, check, form, resolve_secrets, secret_not_found};
use postkontor_core::texts::Texts;
use postkontor_plugin::settings::{Auth, Exchange, Route, Server, Tls, TlsMode, WebTls, schema};
use postkontor_plugin::{Error, Secret, Status, schemars, serde};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Smtp {
    #[schemars(extend("x-postkontor" = {"default_by": {"port": {"/tls/mode": {"none": 25, "implicit": 465, "required": 587}}}}))]
    server: Server,
    #[serde(default)]
    tls: Tls,
    #[serde(default)]
    auth: Auth,
    #[serde(default)]
    smtp: SmtpOwn,
}

#[derive(Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
struct SmtpOwn {
    #[schemars(extend("x-postkontor" = {"scope": "user"}))]
    ehlo: Option<String>,
    #[schemars(extend("x-postkontor" = {"required": true, "when": {"/auth/method": ["pop-before-smtp"]}}))]
    pop3: Option<Pop3>,
}

#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
struct Pop3 {
    #[schemars(extend("x-postkontor" = {"host": true}))]
    host: String,
    #[schemars(extend("x-postkontor" = {"default_by": {"mode": {"implicit": 995, "required": 110}}}))]
    port: Option<u16>,
    #[serde(default)]
    #[schemars(extend("x-postkontor" = {"uses": "/tls"}))]
    mode: TlsMode,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Imap {
    server: Server,
    #[serde(default)]
    tls: Tls,
    #[serde(default)]
    auth: Auth,
    imap: Option<Folders>,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Ews {
    #[serde(default)]
    exchange: Exchange,
    #[serde(default)]
    server: Route,
    #[serde(default)]
    tls: WebTls,
    #[serde(default)]
    auth: Auth,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Folders {
    #[schemars(extend("x-postkontor" = {"scope": "user"}))]
    inbox: Option<String>,
    #[schemars(extend("x-postkontor" = {"scope": "user"}))]
    outbox: Option<String>,
    #[schemars(extend("x-postkontor" = {"scope": "user", "account": true, "via": true}))]
    via: Option<String>,
    #[schemars(extend("deprecated" = true, "x-postkontor" = {"replaced_by": "outbox"}))]
    sent_box: Option<String>,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Sendmail {
    sendmail: Option<Command>,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Command {
    command: Option<String>,
}

struct Plugins;

impl Schemas for Plugins {
    fn schema(&self, transport: &str) -> Result<Arc<Value>, Error> {
        static KNOWN: OnceLock<HashMap<&str, Arc<Value>>> = OnceLock::new();
        let known = KNOWN.get_or_init(|| {
            let smtp = Arc::new(schema::<Smtp>());
            let others = [("exchange-ews", schema::<Ews>()), ("imap", schema::<Imap>()), ("sendmail", schema::<Sendmail>())];
            let others = others.into_iter().map(|(name, schema)| (name, Arc::new(schema)));
            others.chain([("smtp", Arc::clone(&smtp)), ("pop3", smtp)]).collect()
        });
        known.get(transport).cloned().ok_or_else(|| Error::new(Status::Transport, "transport.unknown"))
    }

    fn names(&self) -> Vec<String> {
        ["smtp", "pop3", "imap", "sendmail"].map(str::to_owned).to_vec()
    }

    fn supports(&self, transport: &str, operation: &str) -> bool {
        match transport {
            "pop3" => operation != "send",
            "smtp" | "sendmail" => operation == "send",
            _ => true,
        }
    }

    fn refuse(&self, _transport: &str, account: &str, settings: &Value) -> Result<(), Error> {
        assert!(!settings.to_string().contains("\"secret\":"), "a reference reached the transport");
        match account {
            "picky" => Err(Error::new(Status::Settings, "settings.host_invalid").at("/server/host", "settings.host_invalid")),
            _ => Ok(()),
        }
    }
}

fn checked(text: &str) -> Value {
    json!(check(text, &Plugins, || Box::new(Texts::new()), "en"))
}

/// Code, severity and pointer of each problem.
fn problems(document: &Value) -> Vec<(String, String)> {
    let answer = checked(&document.to_string());
    let said = |problem: &Value, what: &str| problem[what].as_str().unwrap().to_owned();
    answer["problems"].as_array().unwrap().iter().map(|problem| (said(problem, "pointer"), said(problem, "code"))).collect()
}

fn is(pointer: &str, code: &str) -> Vec<(String, String)> {
    vec![(pointer.to_owned(), code.to_owned())]
}

/// A document with one SMTP account that is right, patched.
fn smtp(patch: Value) -> Value {
    let mut account = json!({"transport": "smtp", "server": {"host": "mail.example.com"}, "auth": {"user": "u", "password": "p"}});
    for (group, members) in patch.as_object().unwrap() {
        for (name, value) in members.as_object().unwrap() {
            account[group][name] = value.clone();
        }
    }
    json!({"accounts": {"a": account}})
}

#[test]
fn the_plugin_gets_its_settings_complete_with_defaults() {
    let document = Document::parse(&smtp(json!({})).to_string(), &Plugins).unwrap();
    let settings = document.account("a").unwrap().settings.clone();
    let expected = json!({
        "server": {"host": "mail.example.com", "timeout_seconds": 60},
        "tls": {"mode": "required", "minimum": "1.2", "verify": true},
        "auth": {"method": "auto", "user": "u", "password": "p", "allow_cleartext": false},
        "smtp": {}
    });
    assert_eq!(settings, expected);
    assert!(serde_json::from_value::<Smtp>(settings).is_ok());
}

#[test]
fn what_does_not_show_does_not_count() {
    let document = smtp(json!({"tls": {"mode": "none", "minimum": "1.3", "verify": true}, "auth": {"method": "none"}}));
    let parsed = Document::parse(&document.to_string(), &Plugins).unwrap();
    let settings = parsed.account("a").unwrap().settings.clone();
    assert_eq!((&settings["tls"], &settings["auth"]), (&json!({"mode": "none"}), &json!({"method": "none"})));
    let unused: Vec<_> =
        problems(&document).into_iter().filter(|(_, code)| code == "settings.not_used").map(|(pointer, _)| pointer).collect();
    // `verify` has its default, so there is no warning about it.
    assert_eq!(unused, ["/accounts/a/tls/minimum", "/accounts/a/auth/user", "/accounts/a/auth/password"]);
    let visible = checked(&document.to_string())["visible"].clone();
    assert!(visible.as_array().unwrap().contains(&json!("/accounts/a/tls/mode")));
    assert!(!visible.as_array().unwrap().contains(&json!("/accounts/a/tls/verify")));
}

/// The groups that do not show although something in them does.
fn hidden_groups(visible: &[String]) -> Vec<&str> {
    let groups = visible.iter().filter_map(|pointer| pointer.rsplit_once('/')).map(|(group, _)| group);
    groups.filter(|group| !group.is_empty() && !visible.iter().any(|other| other == group)).collect()
}

#[test]
fn a_group_shows_where_something_in_it_does() {
    let own = json!({"name": "Anna", "html": {"enabled": true}});
    for account in [json!({}), json!({"sender": {"name": null}}), json!({"sender": own}), json!({"auth": {"method": "pop-before-smtp"}})] {
        let document = smtp(account);
        let visible = check(&document.to_string(), &Plugins, || Box::new(Texts::new()), "en").visible;
        assert!(visible.iter().any(|pointer| pointer == "/accounts/a/sender"), "{document}");
        assert_eq!(hidden_groups(&visible), [""; 0], "{document}");
    }
    // Before there is an account, the form offers to add one.
    assert!(checked("{}")["visible"].as_array().unwrap().contains(&json!("/accounts")));
}

#[test]
fn fields_of_a_group_that_is_left_out_show_too() {
    let visible = checked(&smtp(json!({})).to_string())["visible"].clone();
    for pointer in ["/sender/html/enabled", "/accounts/a/tls/client_certificate/file", "/accounts/a/smtp/ehlo", "/accounts/a/transport"] {
        assert!(visible.as_array().unwrap().contains(&json!(pointer)), "{pointer}");
    }
}

#[test]
fn every_defect_is_named_with_its_place() {
    let at = |field: &str| format!("/accounts/a{field}");
    for (patch, field, code) in [
        (json!({"server": {"port": "25"}}), "/server/port", "settings.wrong_type"),
        (json!({"server": {"port": 25.5}}), "/server/port", "settings.wrong_type"),
        (json!({"server": {"port": true}}), "/server/port", "settings.wrong_type"),
        (json!({"server": {"port": 0}}), "/server/port", "settings.out_of_range"),
        (json!({"server": {"port": 65536}}), "/server/port", "settings.out_of_range"),
        (json!({"server": {"timeout_seconds": "soon"}}), "/server/timeout_seconds", "settings.wrong_type"),
        (json!({"server": {"timeout_seconds": 1e30}}), "/server/timeout_seconds", "settings.wrong_type"),
        (json!({"server": {"host": ""}}), "/server/host", "settings.required"),
        (json!({"server": {"host": null}}), "/server/host", "settings.required"),
        (json!({"server": {"host": "a b"}}), "/server/host", "settings.host_invalid"),
        (json!({"server": {"host": "a:25", "port": 26}}), "/server/port", "settings.port_twice"),
        (json!({"server": {"host": "a\r\nb"}}), "/server/host", "settings.line_break"),
        (json!({"server": {"host": "a\u{1b}b"}}), "/server/host", "settings.control_character"),
        (json!({"server": {"prot": 25}}), "/server/prot", "settings.unknown_member"),
        (json!({"server": {"proxy": "proxy:1080"}}), "/server/proxy", "settings.proxy_invalid"),
        (json!({"tls": {"mode": "ssl"}}), "/tls/mode", "settings.not_a_choice"),
        (json!({"tls": {"mode": 1}}), "/tls/mode", "settings.not_a_choice"),
        (json!({"tls": {"verify": "yes"}}), "/tls/verify", "settings.wrong_type"),
        (json!({"tls": {"pin": "sha256:00"}}), "/tls/pin", "settings.pin_invalid"),
        (json!({"tls": {"client_certificate": "x.p12"}}), "/tls/client_certificate", "settings.wrong_type"),
        (json!({"tls": {"client_certificate": {"password": "x"}}}), "/tls/client_certificate/file", "settings.required"),
        (json!({"auth": {"password": "a\nb"}}), "/auth/password", "settings.line_break"),
        (json!({"auth": {"password": {"secret": "a\u{0}b"}}}), "/auth/password", "settings.line_break"),
        (json!({"auth": {"password": {"secret": "postkontor:oauth:x"}}}), "/auth/password", "settings.secret_reserved"),
        (json!({"auth": {"password": {"secret": ""}}}), "/auth/password", "settings.required"),
        (json!({"auth": {"password": {"secret": "x", "more": 1}}}), "/auth/password", "settings.wrong_type"),
        (json!({"auth": {"user": {"secret": "x"}}}), "/auth/user", "settings.wrong_type"),
        (json!({"auth": {"password": 1234}}), "/auth/password", "settings.wrong_type"),
        (json!({"auth": {"user": ""}}), "/auth/user", "settings.required"),
        (json!({"auth": {"password": null}}), "/auth/password", "settings.required"),
        (json!({"auth": {"method": "plain", "password": ""}}), "/auth/password", "settings.required"),
        (json!({"auth": {"method": "pop-before-smtp", "user": ""}, "smtp": {"pop3": {"host": "h"}}}), "/auth/user", "settings.required"),
        (json!({"auth": {"method": "oauth2"}}), "/auth/oauth2/access_token", "settings.required"),
        (json!({"auth": {"method": "oauth2", "oauth2": {"access_token": ""}}}), "/auth/oauth2/access_token", "settings.required"),
        (json!({"auth": {"method": "plain", "account": "b"}}), "/auth/account", "settings.account_unknown"),
        (json!({"auth": {"method": "plain", "account": "a"}}), "/auth/account", "settings.account_loop"),
    ] {
        let document = smtp(patch.clone());
        let found: Vec<_> = problems(&document).into_iter().filter(|(_, code)| code != "settings.not_used").collect();
        assert_eq!(found, is(&at(field), code), "{patch}");
        let error = Document::parse(&document.to_string(), &Plugins).unwrap().account("a").unwrap_err();
        assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::Settings, at(field).as_str()), "{patch}");
    }
}

#[test]
fn every_defect_of_the_own_groups_is_named_with_its_place() {
    for (document, pointer, code) in [
        (json!([]), "", "settings.wrong_type"),
        (json!({"acounts": {}}), "/acounts", "settings.unknown_member"),
        (json!({"accounts": []}), "/accounts", "settings.wrong_type"),
        (json!({"accounts": {"": {}}}), "/accounts/", "settings.account_name"),
        (json!({"accounts": {"a\nb": {}}}), "/accounts/a\nb", "settings.account_name"),
        (json!({"enabled": "no"}), "/enabled", "settings.wrong_type"),
        (json!({"sender": {"address": "anna"}}), "/sender/address", "settings.address_invalid"),
        (json!({"sender": {"address": "a@b, c@d"}}), "/sender/address", "settings.address_invalid"),
        (json!({"sender": {"name": "a\r\nBcc: b"}}), "/sender/name", "settings.line_break"),
        (json!({"sender": {"charset": "ebcdic"}}), "/sender/charset", "settings.charset_unknown"),
        (json!({"sender": {"charset": "utf-16"}}), "/sender/charset", "settings.charset_unknown"),
        (json!({"send": {"account": "x"}}), "/send/account", "settings.account_unknown"),
        (json!({"send": {"fallback": ["x"]}}), "/send/fallback/0", "settings.account_unknown"),
        (json!({"send": {"fallback": "x"}}), "/send/fallback", "settings.account_unknown"),
        (json!({"send": {"fallback": [1]}}), "/send/fallback/0", "settings.wrong_type"),
        (json!({"receive": {"operators": 7}}), "/receive/operators", "settings.wrong_type"),
    ] {
        assert_eq!(problems(&document), is(pointer, code), "{document}");
        let error = Document::parse(&document.to_string(), &Plugins).unwrap_err();
        assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::Settings, pointer), "{document}");
    }
    let mut itself = smtp(json!({}));
    itself["send"] = json!({"account": "a", "fallback": ["a"]});
    assert_eq!(problems(&itself), is("/send/fallback/0", "settings.fallback_itself"));
}

#[test]
fn text_that_is_no_json_is_refused_with_line_and_column() {
    let error = Document::parse("{\n \"accounts\": }", &Plugins).unwrap_err();
    assert_eq!((error.status, error.at[0].code.as_str(), &error.at[0].args["line"]), (Status::Settings, "settings.syntax", &json!(2)));
    let answer = checked("{\n \"accounts\": }");
    assert_eq!(answer["problems"][0]["message"], "The settings are not valid JSON: line 2, column 14.");
}

#[test]
fn the_sentence_says_what_would_be_right() {
    let message = |patch: Value| checked(&smtp(patch).to_string())["problems"][0]["message"].as_str().unwrap().to_owned();
    assert_eq!(message(json!({"server": {"prot": 25}})), "There is no setting “prot” here. Did you mean “port”?");
    assert_eq!(message(json!({"server": {"port": "25"}})), "What is expected here is a whole number.");
    assert_eq!(message(json!({"server": {"timeout_seconds": 0}})), "A number from 1 to 3600, please.");
    let mode = message(json!({"tls": {"mode": "start-tls"}}));
    assert_eq!(mode, "“start-tls” is none of the choices: none, auto, starttls, implicit, required. Did you mean “starttls”?");
    let german = json!(check(&smtp(json!({"server": {"port": "25"}})).to_string(), &Plugins, || Box::new(Texts::new()), "de-AT"));
    assert_eq!(german["problems"][0]["message"], "Hier wird eine ganze Zahl erwartet.");
}

#[test]
fn a_broken_account_does_not_stand_in_the_way_of_another() {
    let mut document = smtp(json!({}));
    document["accounts"]["b"] = json!({"transport": "smtp"});
    document["accounts"]["c"] = json!({"transport": "carrier-pigeon"});
    document["accounts"]["d"] = json!({"server": {}});
    document["accounts"]["e"] = json!(7);
    let parsed = Document::parse(&document.to_string(), &Plugins).unwrap();
    assert!(parsed.account("a").is_ok());
    let error = |id: &str| {
        let error = parsed.account(id).unwrap_err();
        (error.status, error.at.first().map(|at| at.pointer.clone()).unwrap_or_default())
    };
    assert_eq!(error("b"), (Status::Settings, "/accounts/b/server/host".to_owned()));
    assert_eq!(error("c"), (Status::Transport, "/accounts/c/transport".to_owned()));
    assert_eq!(error("d"), (Status::Settings, "/accounts/d/transport".to_owned()));
    assert_eq!(error("e"), (Status::Settings, "/accounts/e".to_owned()));
    assert_eq!(error("f"), (Status::NotFound, String::new()));
}

#[test]
fn accounts_that_take_credentials_in_a_circle_are_refused() {
    let account = |other: &str| json!({"transport": "smtp", "server": {"host": "h"}, "auth": {"method": "account", "account": other}});
    let circle = json!({"accounts": {"a": account("b"), "b": account("c"), "c": account("a")}});
    let expected: Vec<_> =
        ["a", "b", "c"].iter().flat_map(|id| is(&format!("/accounts/{id}/auth/account"), "settings.account_loop")).collect();
    assert_eq!(problems(&circle), expected);
    let chain = json!({"accounts": {"a": account("b"), "b": account("c"),
        "c": {"transport": "smtp", "server": {"host": "h"}, "auth": {"method": "login", "user": "u", "password": "p"}}}});
    let document = Document::parse(&chain.to_string(), &Plugins).unwrap();
    let auth = document.account("a").unwrap().settings["auth"].clone();
    assert_eq!(auth, json!({"method": "auto", "user": "u", "password": "p", "allow_cleartext": false}));
    let empty = json!({"accounts": {"a": account("b"), "b": {"transport": "smtp", "server": {"host": "h"}, "auth": {"method": "none"}}}});
    assert_eq!(problems(&empty), is("/accounts/a/auth/account", "settings.account_without_credentials"));
}

#[test]
fn a_layer_sets_only_what_is_its_own() {
    let layered = |layer: &str, patch: Value| {
        let mut document: Value = serde_json::from_str(&page("a")).unwrap();
        for (name, value) in patch.as_object().unwrap() {
            document[layer]["accounts"]["smtp"]["server"][name] = value.clone();
        }
        problems(&document).into_iter().filter(|(_, code)| code == "settings.wrong_scope").map(|(pointer, _)| pointer).collect::<Vec<_>>()
    };
    assert_eq!(layered("user", json!({})), Vec::<String>::new());
    assert_eq!(layered("user", json!({"host": "evil.example.com"})), ["/user/accounts/smtp/server/host"]);
    assert_eq!(layered("workstation", json!({"port": 26})), ["/workstation/accounts/smtp/server/port"]);
    assert_eq!(layered("company", json!({"port": null})), ["/company/accounts/smtp/server/port"]);

    let mut document: Value = serde_json::from_str(&page("a")).unwrap();
    document["workstation"]["accounts"]["company-smtp"] = json!({"server": {"host": "evil.example.com"}});
    document["user"]["sender"] = json!({"address": "boss@example.com"});
    document["user"]["enabled"] = json!(false);
    let found: Vec<_> =
        problems(&document).into_iter().filter(|(_, code)| code == "settings.wrong_scope").map(|(pointer, _)| pointer).collect();
    assert_eq!(found, ["/user/sender/address", "/user/enabled", "/workstation/accounts/company-smtp/server/host"]);
}

#[test]
fn a_problem_points_into_the_layer_that_can_repair_it() {
    let document = json!({
        "user": {"accounts": {"a": {"transport": "smtp", "server": {"port": "25"}}}},
        "workstation": {"accounts": {"a": {"auth": {}}}}
    });
    assert_eq!(
        problems(&document),
        [
            ("/workstation/accounts/a/server/host".to_owned(), "settings.required".to_owned()),
            ("/user/accounts/a/server/port".to_owned(), "settings.wrong_type".to_owned()),
        ]
    );
    assert_eq!(problems(&json!({"user": {}, "sender": {}})), is("/sender", "settings.not_in_a_layer"));
    assert_eq!(problems(&json!({"user": null, "company": {}})), []);
}

#[test]
fn a_password_on_a_workstation_is_a_warning() {
    let document = json!({
        "user": {"accounts": {"a": {"transport": "smtp", "auth": {"method": "windows"}}}},
        "workstation": {"accounts": {"a": {"server": {"host": "h"}, "tls": {"client_certificate": {"file": "c.p12", "password": "x"}}}}}
    });
    assert_eq!(problems(&document), is("/workstation/accounts/a/tls/client_certificate/password", "settings.secret_on_workstation"));
}

#[test]
fn check_never_shows_a_secret() {
    let document = smtp(json!({"auth": {"password": "geheim-1"}, "server": {"proxy": "http://u:geheim-2@proxy:1"},
                               "tls": {"client_certificate": {"file": "c.p12", "password": {"secret": "name-of-it"}}}}));
    let answer = checked(&document.to_string());
    assert!(!answer.to_string().contains("geheim"), "{answer:#}");
    let secrets = ["/accounts/a/server/proxy", "/accounts/a/tls/client_certificate/password", "/accounts/a/auth/password"];
    assert_eq!(answer["secrets"], json!(secrets));
    assert_eq!(answer["settings"]["accounts"]["a"]["tls"]["client_certificate"]["password"], json!({"secret": "name-of-it"}));
    assert_eq!(answer["origin"]["/accounts/a/auth/password"], "document");
    // Wrong in every way that a secret can be wrong, and still not repeated.
    for wrong in [json!("geheim\n"), json!(["geheim"]), json!({"secret": "geheim\n"}), json!({"geheim": 1})] {
        let answer = checked(&smtp(json!({"auth": {"password": wrong}, "server": {"proxy": "geheim"}})).to_string());
        assert!(!answer.to_string().contains("geheim"), "{answer:#}");
    }
    let parsed = Document::parse(&document.to_string(), &Plugins).unwrap();
    assert!(!format!("{parsed:?}{:?}", parsed.account("a").unwrap()).contains("geheim"));
}

#[test]
fn secrets_are_fetched_by_name_and_a_missing_one_is_named() {
    let document = document("d");
    let mut account = document.account("smtp").unwrap();
    let find = |name: &str| match name {
        "p12" => Ok(Secret::new("one")),
        "dienst" => Ok(Secret::new("two")),
        name => Err(secret_not_found(name)),
    };
    resolve_secrets(&mut account.settings, &account.secrets, &find).unwrap();
    assert_eq!(account.settings["tls"]["client_certificate"]["password"], "one");
    assert_eq!(account.settings["auth"]["password"], "two");

    let mut account = document.account("exchange-sales").unwrap();
    let error = resolve_secrets(&mut account.settings, &account.secrets, &find).unwrap_err();
    assert_eq!((error.code.as_str(), error.at[0].pointer.as_str()), ("secret.not_found", "/auth/oauth2/client_secret"));
}

#[test]
fn an_outdated_setting_names_its_successor() {
    let document = json!({"accounts": {"a": {"transport": "imap", "server": {"host": "h"}, "imap": {"sent_box": "x"}}}});
    let answer = checked(&document.to_string());
    assert_eq!(answer["problems"][0]["severity"], "warning");
    assert_eq!(answer["problems"][0]["message"], "This setting is outdated; please use “outbox”.");
}

#[test]
fn check_asks_the_transport_too() {
    let mut document = smtp(json!({"auth": {"password": {"secret": "x"}}}));
    document["accounts"]["picky"] = document["accounts"]["a"].clone();
    assert_eq!(problems(&document), is("/accounts/picky/server/host", "settings.host_invalid"));
}

#[test]
fn empty_fields_of_a_form_count_as_left_out() {
    let document = smtp(json!({
        "server": {"port": "", "proxy": "", "timeout_seconds": 30.0},
        "tls": {"ca_file": null, "client_certificate": {"file": "", "password": ""}, "pin": ""},
        "auth": {"account": ""},
        "smtp": {"ehlo": "", "pop3": {}}
    }));
    assert_eq!(problems(&document), []);
    let settings = Document::parse(&document.to_string(), &Plugins).unwrap().account("a").unwrap().settings.clone();
    assert_eq!(settings["server"], json!({"host": "mail.example.com", "timeout_seconds": 30}));
    assert_eq!(settings["tls"], json!({"mode": "required", "minimum": "1.2", "verify": true}));
    assert_eq!(settings["smtp"], json!({}));
}

#[test]
fn a_flood_of_problems_ends() {
    let flood: serde_json::Map<_, _> = (0..5000).map(|index| (format!("x{index}"), json!(1))).collect();
    let found = problems(&json!({"sender": flood}));
    assert_eq!(found.len(), 100);
    let crowd: serde_json::Map<_, _> = (0..1001).map(|index| (format!("a{index}"), json!({}))).collect();
    assert_eq!(problems(&json!({"accounts": crowd})), is("/accounts", "settings.too_many_accounts"));
}

#[test]
fn the_document_has_a_form_of_its_own() {
    let form = json!(form(postkontor_core::settings::document_schema(), &Texts::new(), "de"));
    assert_eq!(form["rjsf"]["ui:order"], json!(["enabled", "sender", "send", "sent", "receive", "outbox", "bridge", "*"]));
    assert_eq!(form["schema"]["properties"]["sender"]["title"], "Absender");
    let html = &form["schema"]["properties"]["sender"]["properties"]["html"];
    assert_eq!(html["allOf"][0]["then"]["properties"]["logo"]["title"], "Logo");
}
