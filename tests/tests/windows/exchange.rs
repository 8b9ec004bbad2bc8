//! Exchange, by web services and by Graph, at the double of it.

use crate::{Said, good};
use base64::Engine;
use postkontor_tests::exchange::{CLIENT, Exchange, PASSWORD, SECRET, TENANT};
use postkontor_tests::windows::{Installation, Width, shown};
use serde_json::{Value, json};

/// An account of a user by a transport.
fn account(transport: &str, exchange: &Exchange, user: &str) -> Value {
    let origin = exchange.secure();
    if transport == "graph" {
        let oauth2 =
            json!({"grant": "client_credentials", "tenant": TENANT, "client_id": CLIENT, "client_secret": SECRET, "authority": origin});
        return json!({"transport": "graph", "exchange": {"url": format!("{origin}/v1.0"), "mailbox": user},
            "auth": {"method": "oauth2", "user": user, "oauth2": oauth2}});
    }
    json!({"transport": "exchange-ews", "exchange": {"url": format!("{origin}/EWS/Exchange.asmx")},
        "auth": {"method": "password", "user": user, "password": PASSWORD}})
}

#[test]
fn a_program_tests_sends_and_receives_at_exchange() {
    for (width, transport) in Width::ALL.into_iter().flat_map(|width| ["exchange-ews", "graph"].map(|transport| (width, transport))) {
        let Some(installation) = Installation::new(width, &["exchange-ews", "graph"]).unwrap() else { return };
        let Some(exchange) = Exchange::shared().unwrap() else { return };
        let user = exchange.user().unwrap();
        let mime = "From: Berta <b@example.com>\r\nTo: anna@example.com\r\nSubject: =?utf-8?Q?Gr=C3=B6=C3=9Fe?=\r\n\r\nGuten Tag\r\n";
        let mime = base64::engine::general_purpose::STANDARD.encode(mime);
        exchange.control("POST", "/messages", &json!({"mailbox": user, "mime_base64": mime})).unwrap();
        let settings = |authority: &str| {
            let mut account = account(transport, exchange, &user);
            account["tls"] = json!({"ca_file": authority});
            json!({"accounts": {"main": account}, "sender": {"address": user}})
        };
        installation.settings(&exchange.authority(), settings).unwrap();
        let letter = json!({"to": ["b@example.com"], "subject": "Größe 日本", "text": "x"});
        std::fs::write(installation.file("letter.json"), letter.to_string()).unwrap();
        let program = installation.c("tests/callers/loaded.c", &["-pedantic", "-lpsapi"]).unwrap();
        let mut command = installation.command(&program);
        command.args(["settings.json", "letter.json"].map(|name| shown(&installation.file(name))));
        let said = Said::read(&good(command.args(["test", "send", "receive"])));
        assert_eq!(said.of("test")["ok"], true, "{width:?} {transport}: {said:?}");
        assert!(said.of("send")["message_id"].is_string(), "{said:?}");
        assert_eq!(said.of("message")["subject"], "Größe", "{said:?}");
        assert_eq!(said.of("receive")["messages"].as_array().map(Vec::len), Some(1), "{said:?}");
        let letters = exchange.deliveries().unwrap();
        assert!(letters.iter().any(|letter| letter["from"] == user.as_str() && letter["to"] == json!(["b@example.com"])), "{letters:?}");
    }
}
