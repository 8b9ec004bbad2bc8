//! Tokens that end in the middle, and an account that comes from EWS.

use super::setup::{Setup, fetch, send, subjects};
use postkontor_core::{Account, Action, Callbacks, Host, Status};
use postkontor_plugin::serde_json::{Value, json};
use postkontor_tests::exchange::{CLIENT, SECRET, TENANT};
use postkontor_tests::folder::Folder;
use postkontor_tests::products::Products;

/// The settings of an application that gets its tokens itself, all over TLS.
fn application(setup: &Setup) -> Value {
    let mut settings = setup.settings();
    let account = &mut settings["accounts"]["main"];
    account["exchange"]["url"] = json!(format!("{}/v1.0", setup.exchange.secure()));
    account["tls"] = json!({"ca_file": setup.exchange.authority()});
    account["auth"] = json!({"method": "oauth2", "user": setup.user, "oauth2": {"grant": "client_credentials", "provider": "microsoft",
        "tenant": TENANT, "client_id": CLIENT, "client_secret": SECRET, "authority": setup.exchange.secure()}});
    settings
}

fn tokens(setup: &Setup) -> u64 {
    let statistics = setup.exchange.control("GET", "/statistics", &Value::Null).unwrap();
    // One was given to the settings of the setup, without a request.
    statistics["tokens"]["client_credentials"].as_u64().unwrap() - 1
}

fn mail(setup: &Setup) -> Value {
    json!({"to": [format!("to-{}", setup.user)], "subject": "s", "text": "t"})
}

#[test]
fn a_token_that_ends_in_the_middle_is_renewed_once_and_nothing_is_lost() {
    let Some(setup) = Setup::alone() else { return };
    let mut account = setup.open(&application(&setup));
    send(&mut account, &mail(&setup)).unwrap();
    send(&mut account, &mail(&setup)).unwrap();
    assert_eq!(tokens(&setup), 1);
    setup.control("/tokens/expire", json!({}));
    send(&mut account, &mail(&setup)).unwrap();
    assert_eq!((tokens(&setup), setup.delivered(&format!("to-{}", setup.user)).len()), (2, 3));
    // Between two messages of a fetch.
    for subject in ["a", "b", "c"] {
        setup.put("inbox", &format!("Subject: {subject}\r\n\r\ntext\r\n"));
    }
    let (received, got) = fetch(&mut account, &json!({}), |got| {
        if got.subject() == "b" {
            setup.control("/tokens/expire", json!({}));
        }
        Action::Seen
    });
    assert_eq!((subjects(&got), received.unwrap()["interrupted"].clone()), (vec!["a", "b", "c"], Value::Null));
    assert_eq!(tokens(&setup), 3);
    assert!(setup.messages("inbox").iter().all(|message| message["read"] == true));
}

#[test]
fn a_token_that_is_always_refused_is_renewed_once_and_then_the_error_says_so() {
    let Some(setup) = Setup::alone() else { return };
    let mut account = setup.open(&application(&setup));
    let refusal = json!({"graph_error": {"status": 401, "code": "InvalidAuthenticationToken", "message": "revoked"}});
    setup.fault("sendMail", 10, refusal);
    let error = send(&mut account, &mail(&setup)).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Auth, "graph.token_refused"), "{error:?}");
    assert_eq!(tokens(&setup), 2);
    assert!(setup.delivered(&format!("to-{}", setup.user)).is_empty());
}

struct Quiet;

impl Callbacks for Quiet {}

#[test]
fn an_account_of_ews_moves_by_its_transport() {
    let Some(setup) = Setup::new() else { return };
    let folder = Folder::new().unwrap().keep();
    let plugins = Products::built().unwrap().plugins(&folder, &["graph", "exchange-ews"]).unwrap();
    let host = Host::open(&json!({"language": "en", "plugins": [plugins]}).to_string(), Box::new(Quiet)).unwrap();
    let mut settings = application(&setup);
    let account = &mut settings["accounts"]["main"];
    account["transport"] = json!("exchange-ews");
    account["exchange"] = json!({"mailbox": setup.user, "impersonate": true, "save": true, "inbox": "inbox",
        "url": format!("{}/EWS/Exchange.asmx", setup.exchange.secure())});
    let open = |settings: &Value| Account::open(&host, &settings.to_string(), None).unwrap_or_else(|error| panic!("{error:?}"));
    setup.put("inbox", "Subject: before\r\n\r\ntext\r\n");
    let mut account = open(&settings);
    send(&mut account, &mail(&setup)).unwrap();
    let (received, got) = fetch(&mut account, &json!({}), |_| Action::Delete);
    assert_eq!(subjects(&got), ["before"]);
    // Where the double is, no cloud is: its two addresses differ.
    settings["accounts"]["main"]["transport"] = json!("graph");
    settings["accounts"]["main"]["exchange"]["url"] = json!(format!("{}/v1.0", setup.exchange.secure()));
    setup.put("inbox", "Subject: after\r\n\r\ntext\r\n");
    let mut account = open(&settings);
    send(&mut account, &mail(&setup)).unwrap();
    let (refused, _) = fetch(&mut account, &json!({"state": received.unwrap()["state"]}), |_| Action::Keep);
    assert_eq!(refused.unwrap_err().code, "graph.state_of_ews");
    let (_, got) = fetch(&mut account, &json!({}), |_| Action::Keep);
    assert_eq!((subjects(&got), setup.messages("sentitems").len()), (vec!["after"], 2));
}
