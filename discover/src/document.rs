//! The settings document of a finding.

use crate::context::Wanted;
use crate::finding::{Door, Finding, Login, Place};
use postkontor_plugin::Secret;
use serde_json::{Map, Value, json};

/// The accounts of a document.
const FETCHING: &str = "fetch";
const SENDING: &str = "send";
const MAILBOX: &str = "mailbox";

/// The whole document: accounts, sender, who sends and who fetches. Secrets stand in it as references only.
pub(crate) fn document(finding: &Finding, wanted: &Wanted) -> Value {
    let (accounts, fetching, sending) = match &finding.place {
        Place::Servers { fetch, send } => servers(fetch.as_ref(), send.as_ref(), &finding.login, wanted),
        Place::Exchange { url, user } => {
            let auth = json!({"method": "auto", "user": user, "password": wanted.password});
            web("exchange-ews", json!({"url": url}), auth, wanted)
        }
        Place::Graph { user } => web("graph", json!({}), token("microsoft", user, wanted), wanted),
    };
    let mut document = json!({"accounts": accounts, "sender": {"address": wanted.address.text()}});
    if let Some(sending) = sending {
        document["send"] = json!({"account": sending});
    }
    if let Some(fetching) = fetching {
        document["receive"] = json!({"account": fetching});
    }
    document
}

type Accounts = (Map<String, Value>, Option<&'static str>, Option<&'static str>);

fn servers(fetch: Option<&Door>, send: Option<&Door>, login: &Login, wanted: &Wanted) -> Accounts {
    let mut accounts = Map::new();
    let full = |door: &Door| match login {
        Login::Password => json!({"user": door.user, "password": wanted.password}),
        Login::Token(provider) => token(provider, &door.user, wanted),
    };
    if let Some(fetch) = fetch {
        accounts.insert(FETCHING.to_owned(), account(fetch, full(fetch), wanted));
    }
    if let Some(send) = send {
        // A password that stands once is typed once. Tokens are for one service each.
        let is_same = fetch.is_some_and(|fetch| fetch.user == send.user) && *login == Login::Password;
        let auth = if is_same { json!({"method": "account", "account": FETCHING}) } else { full(send) };
        accounts.insert(SENDING.to_owned(), account(send, auth, wanted));
    }
    (accounts, fetch.map(|_| FETCHING), send.map(|_| SENDING))
}

fn account(door: &Door, auth: Value, wanted: &Wanted) -> Value {
    let mut account = json!({
        "transport": door.server.kind.transport(),
        "server": {"host": door.server.host, "port": door.server.port},
        "tls": {"mode": door.server.security.mode()},
        "auth": auth,
    });
    way(&mut account, wanted);
    account
}

fn web(transport: &str, exchange: Value, auth: Value, wanted: &Wanted) -> Accounts {
    let mut account = json!({"transport": transport, "exchange": exchange, "auth": auth});
    way(&mut account, wanted);
    (Map::from_iter([(MAILBOX.to_owned(), account)]), Some(MAILBOX), Some(MAILBOX))
}

/// Accounts go by the way that found them.
fn way(account: &mut Value, wanted: &Wanted) {
    if let Some(proxy) = wanted.proxy.as_ref().map(Secret::reveal) {
        // A proxy with a password is a secret, and stands as a reference like any other.
        account["server"]["proxy"] = if proxy.contains('@') { json!({"secret": "mail/proxy"}) } else { json!(proxy) };
    }
    if let Some(file) = &wanted.ca_file {
        account["tls"]["ca_file"] = json!(file);
    }
}

/// Access by token: with an application, a person is asked for consent; without, the program gets tokens itself.
fn token(provider: &str, user: &str, wanted: &Wanted) -> Value {
    let secret = |what: &str| json!({"secret": format!("mail/{}/{what}", wanted.address.text())});
    let oauth2 = match &wanted.client_id {
        Some(client) => {
            json!({"provider": provider, "grant": "authorization_code", "client_id": client, "refresh_token": secret("refresh-token")})
        }
        None => json!({"access_token": secret("access-token")}),
    };
    json!({"method": "oauth2", "user": user, "oauth2": oauth2})
}
