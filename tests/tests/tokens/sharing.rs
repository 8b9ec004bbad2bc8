//! One connection, several transports: which of them share a token.

use super::setup::{Keyring, Servers, patience, servers, step};
use postkontor_core::{Account, Host};
use postkontor_tests::exchange::CLIENT;
use postkontor_tests::merge_patch;
use serde_json::{Value, json};
use std::sync::Arc;

/// Transports at Exchange, whose tokens have one scope where an application asks for them in its own right.
const EXCHANGE: [&str; 4] = ["exchange", "smtp", "imap", "pop3"];

/// An Exchange connection with the OAuth data, and accounts of all other transports that take the data from it.
pub(crate) fn connected(servers: &Servers, oauth2: &Value) -> Value {
    let mut settings = servers.settings("smtp", "xoauth2", oauth2);
    let smtp = settings["accounts"]["main"].take();
    let auth = json!({"method": "xoauth2", "user": "anna", "account": "exchange"});
    let mut accounts = json!({});
    for transport in ["smtp", "imap", "pop3"] {
        accounts[transport] = servers.settings(transport, "xoauth2", &json!({}))["accounts"]["main"].take();
        accounts[transport]["auth"] = auth.clone();
    }
    let tls = json!({"ca_file": servers.entra.authority()});
    let mailbox = json!({"mailbox": "anna@example.com"});
    accounts["exchange"] = json!({"transport": "exchange-ews", "tls": tls, "exchange": mailbox,
        "auth": {"method": "oauth2", "user": "anna@example.com", "oauth2": smtp["auth"]["oauth2"]}});
    accounts["exchange"]["exchange"]["url"] = json!(format!("{}/EWS/Exchange.asmx", servers.entra.secure()));
    accounts["graph"] =
        json!({"transport": "graph", "tls": tls, "exchange": mailbox, "auth": {"method": "account", "account": "exchange"}});
    accounts["graph"]["exchange"]["url"] = json!(format!("{}/v1.0", servers.entra.secure()));
    json!({"accounts": accounts, "sender": {"address": "anna@example.com"}})
}

/// Credentials of an application, which acts for the owner of the mailbox.
fn in_its_own_right(servers: &Servers, client: &str) -> Value {
    let mut settings = connected(servers, &json!({"grant": "client_credentials", "client_id": client, "client_secret": "geheim"}));
    settings["accounts"]["exchange"]["exchange"]["impersonate"] = json!(true);
    settings
}

fn open(host: &Arc<Host>, settings: &Value, account: &str) -> Account {
    Account::open(host, &settings.to_string(), Some(account)).unwrap_or_else(|error| panic!("{account}: {error:?}"))
}

/// Whether a test of the account gets past the login.
fn logs_in(mut account: Account, name: &str) {
    let login = step(&mut account, "login");
    assert_eq!(login["status"], "ok", "{name}: {login:#}");
}

#[test]
fn all_transports_of_a_connection_share_one_token_for_each_service() {
    let Some((servers, _turn)) = servers() else { return };
    let client = servers.application("app-connection", json!({}));
    let settings = in_its_own_right(servers, &client);
    // Each account of a host of its own: the tokens are the process's.
    for account in EXCHANGE {
        logs_in(open(&Keyring::default().host(), &settings, account), account);
    }
    assert_eq!(servers.asked(&client), 1);
    // Microsoft issues a token for one service only, and Graph is another.
    for _ in 0..2 {
        logs_in(open(&Keyring::default().host(), &settings, "graph"), "graph");
    }
    assert_eq!(servers.asked(&client), 2);
}

#[test]
fn transports_that_begin_at_the_same_time_ask_once() {
    let Some((servers, _turn)) = servers() else { return };
    let client = servers.application("app-together", json!({}));
    let settings = in_its_own_right(servers, &client);
    std::thread::scope(|scope| {
        for name in EXCHANGE {
            let account = open(&Keyring::default().host(), &settings, name);
            scope.spawn(move || logs_in(account, name));
        }
    });
    assert_eq!(servers.asked(&client), 1);
}

#[test]
fn what_one_transport_renews_the_others_take() {
    let Some((servers, _turn)) = servers() else { return };
    let client = servers.application("app-renewing", json!({}));
    let settings = in_its_own_right(servers, &client);
    let host = Keyring::default().host();
    let mut exchange = open(&host, &settings, "exchange");
    for account in EXCHANGE {
        logs_in(open(&host, &settings, account), account);
    }
    servers.entra.control("POST", "/tokens/revoke", &json!({})).unwrap();
    exchange.list("", &patience()).unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(servers.asked(&client), 2);
    for account in EXCHANGE {
        logs_in(open(&host, &settings, account), account);
    }
    assert_eq!(servers.asked(&client), 2);
}

#[test]
fn a_persons_connection_has_a_token_for_each_scope_and_one_refresh_token_for_all() {
    let Some((servers, _turn)) = servers() else { return };
    let scopes = ["EWS.AccessAsUser.All", "SMTP.Send", "IMAP.AccessAsUser.All", "POP.AccessAsUser.All"];
    let scopes: Vec<String> = scopes.iter().map(|scope| format!("https://outlook.office.com/{scope}")).collect();
    let consented = [scopes.as_slice(), &["offline_access".to_owned()]].concat();
    let given = json!({"user": "anna@example.com", "audience": "https://outlook.office365.com", "refresh_scopes": consented});
    // Named scopes for all protocols make it one token; else each protocol asks for its own.
    for (scope, tokens) in [(Value::Null, EXCHANGE.len()), (json!(format!("{} offline_access", scopes.join(" "))), 1)] {
        let token = servers.entra.control("POST", "/tokens/give", &given).unwrap()["refresh_token"].as_str().unwrap().to_owned();
        let keyring = Keyring::default();
        keyring.0.lock().unwrap().insert("consent".to_owned(), token);
        let mut oauth2 = json!({"grant": "refresh_token", "client_id": CLIENT, "refresh_token": {"secret": "consent"}});
        merge_patch::apply(&mut oauth2, json!({"scope": scope}));
        let settings = connected(servers, &oauth2);
        let before = servers.asked(CLIENT);
        for account in EXCHANGE {
            logs_in(open(&keyring.host(), &settings, account), account);
        }
        assert_eq!(servers.asked(CLIENT) - before, tokens, "{scope}");
        // Nothing but the refresh token has come to the program.
        assert_eq!(keyring.0.lock().unwrap().keys().collect::<Vec<_>>(), ["consent"]);
    }
}
