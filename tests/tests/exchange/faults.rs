//! The table of faults in `docs/exchange.md`: each row is made at the double, and what the test of the settings says of it is the row.
//!
//! `POSTKONTOR_WRITE_DOCS=1 cargo test -p postkontor-tests --test exchange -- faults` writes it.

use postkontor_core::{Account, Callbacks, Cancel, Host};
use postkontor_tests::exchange::{CLIENT, Exchange, PASSWORD, SECRET, TENANT};
use postkontor_tests::folder::Folder;
use postkontor_tests::merge_patch;
use postkontor_tests::ports::Closed;
use postkontor_tests::products::Products;
use postkontor_tests::strangers::root;
use serde_json::{Value, json};
use std::time::Duration;

const LANGUAGES: [&str; 3] = ["en", "de", "sl"];
const DOCUMENT: &str = "docs/exchange.md";
const MARK: &str = "<!-- faults -->\n";

struct Quiet;

impl Callbacks for Quiet {}

/// A fault: what it is, what of the account is changed for it, and what the double does.
struct Fault {
    transport: &'static str,
    what: &'static str,
    patch: Value,
    action: Value,
}

fn ews(what: &'static str, patch: Value, action: Value) -> Fault {
    Fault { transport: "exchange-ews", what, patch, action }
}

fn graph(what: &'static str, patch: Value, action: Value) -> Fault {
    Fault { transport: "graph", what, patch, action }
}

fn none() -> Value {
    Value::Null
}

/// The faults of web services. `weak` is an application without rights, `closed` an address where nothing listens.
fn of_ews(exchange: &Exchange, closed: &str) -> Vec<Fault> {
    let token = |more: Value| {
        let mut oauth2 = json!({"grant": "client_credentials", "tenant": TENANT, "client_id": CLIENT, "client_secret": SECRET,
            "authority": exchange.secure()});
        merge_patch::apply(&mut oauth2, more);
        json!({"auth": {"method": "oauth2", "password": null, "oauth2": oauth2}, "exchange": {"mailbox": "anna@example.com", "impersonate": true}})
    };
    let mut alone = token(json!({}));
    alone["exchange"]["impersonate"] = json!(false);
    vec![
        ews("401: the password is wrong (Basic)", json!({"auth": {"password": "falsch"}}), none()),
        ews(
            "401 without a word after NTLM: wrong password, or Extended Protection",
            json!({"auth": {"method": "ntlm", "password": "falsch"}}),
            none(),
        ),
        ews("401: the token is for another service", token(json!({"scope": "https://graph.microsoft.com/.default"})), none()),
        ews("401: the application lacks the role", token(json!({"client_id": "weak", "client_secret": "weak"})), none()),
        ews("403 with an empty body: EWS is switched off", none(), json!({"forbidden": true})),
        ews("403 of a proxy", none(), json!({"page": "proxy"})),
        ews("200 with a web page: OWA's login, a captive portal", none(), json!({"page": "login"})),
        ews("302 to another host", none(), json!({"redirect": "https://elsewhere.example/owa/"})),
        ews("404: a wrong URL", json!({"exchange": {"url": format!("{}/owa/", exchange.secure())}}), none()),
        ews("`ErrorImpersonateUserDenied`", none(), json!({"fault": "ErrorImpersonateUserDenied"})),
        ews("`ErrorInvalidExchangeImpersonationHeaderData`: an application names no mailbox", alone, none()),
        ews("`ErrorNonExistentMailbox`", none(), json!({"fault": "ErrorNonExistentMailbox"})),
        ews("`ErrorAccessDenied`", none(), json!({"code": "ErrorAccessDenied"})),
        ews("`ErrorInvalidServerVersion`", none(), json!({"fault": "ErrorInvalidServerVersion"})),
        ews("`ErrorPasswordExpired`, `ErrorAccountDisabled`", none(), json!({"fault": "ErrorPasswordExpired"})),
        ews("`ErrorFolderNotFound`", json!({"exchange": {"inbox": "Gibt es nicht"}}), none()),
        ews(
            "EWS at Exchange Online",
            json!({"exchange": {"url": "https://outlook.office365.com/EWS/Exchange.asmx"}, "server": {"proxy": closed}}),
            none(),
        ),
        ews("`ErrorServerBusy`, longer than the call may take", none(), json!({"throttle": 600_000})),
    ]
}

fn of_graph(exchange: &Exchange) -> Vec<Fault> {
    let error = |status: u16, code: &str| json!({"graph_error": {"status": status, "code": code, "message": "said so"}});
    vec![
        graph("401 `InvalidAuthenticationToken`", json!({"auth": {"oauth2": {"grant": "access_token", "access_token": "wrong"}}}), none()),
        graph("403: the application lacks the role", json!({"auth": {"oauth2": {"client_id": "weak", "client_secret": "weak"}}}), none()),
        graph("403 `ErrorAccessDenied`: not this mailbox (RBAC)", none(), error(403, "ErrorAccessDenied")),
        graph("403 with an empty body", none(), json!({"forbidden": true})),
        graph("404 `ErrorInvalidUser`", json!({"exchange": {"mailbox": "niemand@example.com"}}), none()),
        graph(
            "404 `MailboxNotEnabledForRESTAPI`: the mailbox is on premises",
            json!({"exchange": {"mailbox": "onprem@example.com"}}),
            none(),
        ),
        graph("404 without Graph's words", none(), json!({"status": 404, "body": "not here"})),
        graph("no such folder", json!({"exchange": {"inbox": "Gibt es nicht"}}), none()),
        graph("200 with a web page", none(), json!({"page": "login"})),
        graph("429", none(), json!({"too_many": 600})),
        graph("a redirect to another host", none(), json!({"redirect": exchange.stranger()})),
    ]
}

fn settings(exchange: &Exchange, fault: &Fault) -> String {
    let mut account = json!({"transport": fault.transport, "tls": {"ca_file": exchange.authority()}, "server": {"timeout_seconds": 8}});
    let more = match fault.transport {
        "graph" => json!({"exchange": {"url": format!("{}/v1.0", exchange.secure()), "mailbox": "anna@example.com"},
            "auth": {"method": "oauth2", "user": "anna@example.com", "oauth2": {"grant": "client_credentials", "tenant": TENANT,
                "client_id": CLIENT, "client_secret": SECRET, "authority": exchange.secure()}}}),
        _ => json!({"exchange": {"url": format!("{}/EWS/Exchange.asmx", exchange.secure())},
            "auth": {"method": "password", "user": "anna@example.com", "password": PASSWORD}}),
    };
    merge_patch::apply(&mut account, more);
    if !fault.patch.is_null() {
        merge_patch::apply(&mut account, fault.patch.clone());
    }
    json!({"accounts": {"main": account}}).to_string()
}

/// The first step that is not good, in each language.
fn steps(exchange: &Exchange, plugins: &str, fault: &Fault) -> Vec<Value> {
    let said = |language: &&str| {
        if !fault.action.is_null() {
            let operation = if fault.transport == "graph" { "folders.get" } else { "GetFolder" };
            exchange.fault(&json!({"match": {"operation": operation}, "times": 9, "action": fault.action})).unwrap();
        }
        let host = Host::open(&json!({"language": language, "plugins": [plugins]}).to_string(), Box::new(Quiet)).unwrap();
        let mut account =
            Account::open(&host, &settings(exchange, fault), None).unwrap_or_else(|error| panic!("{}: {error:?}", fault.what));
        let report = json!(account.test("", &Cancel::new(Some(Duration::from_secs(8)))).unwrap());
        exchange.control("DELETE", "/faults", &Value::Null).unwrap();
        let steps = report["steps"].as_array().unwrap();
        let wrong = steps.iter().find(|step| step["status"] == "fail" || step["status"] == "warn");
        wrong.unwrap_or_else(|| panic!("{}: {report:#}", fault.what)).clone()
    };
    LANGUAGES.iter().map(said).collect()
}

/// The advice whose sentence this is, by the texts of the crates.
fn advice_of(sentence: &str, texts: &[Value]) -> String {
    let known = texts.iter().flat_map(|texts| texts["advice"].as_object().into_iter().flatten());
    let begin = |text: &str| text.split('{').next().unwrap_or_default().to_owned();
    let mut fitting: Vec<(usize, &String)> = known
        .filter_map(|(code, text)| text.as_str().map(|text| (begin(text), code)))
        .filter(|(begin, _)| begin.len() > 8 && sentence.starts_with(begin.as_str()))
        .map(|(begin, code)| (begin.len(), code))
        .collect();
    fitting.sort();
    fitting.pop().unwrap_or_else(|| panic!("whose advice is this: {sentence}")).1.clone()
}

#[test]
fn faults_have_code_sentence_and_advice_in_three_languages_and_stand_in_the_document() {
    let Some(exchange) = Exchange::start().unwrap() else { return };
    let weak = json!({"id": "weak", "secret": "weak", "roles": {"https://outlook.office365.com": [], "https://graph.microsoft.com": []}});
    exchange.control("POST", "/tokens/applications", &weak).unwrap();
    exchange.control("POST", "/mailboxes", &json!({"address": "onprem@example.com", "on_premises": true})).unwrap();
    let folder = Folder::new().unwrap().keep();
    let plugins = Products::built().unwrap().plugins(&folder, &["exchange-ews", "graph"]).unwrap().display().to_string();
    let read = |folder: &str| serde_json::from_str(&std::fs::read_to_string(root().join(folder).join("locales/en.json")).unwrap()).unwrap();
    let texts: Vec<Value> = ["plugins/sdk", "plugins/exchange-ews", "plugins/graph", "core"].map(read).into_iter().collect();
    let port = Closed::new().unwrap();
    let closed = format!("http://127.0.0.1:{}", port.port);
    let mut table = "| Transport | Fault | Code | Setting | First advice | Patch |\n|---|---|---|---|---|---|\n".to_owned();
    for fault in of_ews(&exchange, &closed).into_iter().chain(of_graph(&exchange)) {
        let steps = steps(&exchange, &plugins, &fault);
        let code = steps[0]["code"].as_str().unwrap();
        assert!(steps.iter().all(|step| step["code"] == code), "{}: {steps:#?}", fault.what);
        for part in ["/message", "/advice/0"] {
            let said: Vec<&str> = steps.iter().map(|step| step.pointer(part).and_then(Value::as_str).unwrap_or_default()).collect();
            assert!(said.iter().all(|said| said.len() > 10 && !said.contains('{')), "{}: {part}: {said:?}", fault.what);
            assert!(said[0] != said[1] && said[1] != said[2] && said[0] != said[2], "{}: {part}: {said:?}", fault.what);
        }
        let patch = &steps[0]["patch"]["accounts"]["main"];
        let patch =
            if patch.is_null() { String::new() } else { format!("`{patch}`").replace(&exchange.secure(), "https://mail.example.com") };
        let setting = steps[0]["pointer"].as_str().unwrap_or_default().trim_start_matches("/accounts/main");
        let setting = if setting.is_empty() { String::new() } else { format!("`{setting}`") };
        let advice = advice_of(steps[0]["advice"][0].as_str().unwrap(), &texts);
        table += &format!("| `{}` | {} | `{code}` | {setting} | `{advice}` | {patch} |\n", fault.transport, fault.what);
    }
    let path = root().join(DOCUMENT);
    let document = std::fs::read_to_string(&path).unwrap();
    let parts: Vec<&str> = document.split(MARK).collect();
    let [before, found, after] = parts[..] else { panic!("{DOCUMENT} has {} marks", parts.len() - 1) };
    if std::env::var_os("POSTKONTOR_WRITE_DOCS").is_some() {
        return std::fs::write(&path, format!("{before}{MARK}{table}{MARK}{after}")).unwrap();
    }
    assert_eq!(found, table, "{DOCUMENT} is stale; see the top of this test");
}
