//! Filters, for which POP3 has no command: each condition costs what it has to.

use crate::account::account;
use crate::scripted::{Script, Scripted};
use postkontor_plugin::serde_json::{Value, from_value, json};
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{ReceiveRequest, Received, Status, Transport};

const LETTERS: [(&str, &str); 3] = [
    ("a", "Subject: =?utf-8?Q?R=C3=BCckfrage?=\r\nX-Kunde: 4711\r\nDate: Fri, 20 Nov 2026 10:00:00 +0100\r\n\r\nBitte um Lieferung\r\n"),
    (
        "b",
        "Subject: Rechnung\r\nDate: Sat, 21 Nov 2026 10:00:00 +0100\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: base64\r\n\r\nR3LDvMOfZSBhdXMgZGVyIExpZWZlcnVuZw==\r\n",
    ),
    ("c", "Subject: ohne Tag\r\n\r\nnichts\r\n"),
];

/// What a filter lets through, with how often headers and messages were asked for.
fn passed(server: &Scripted, filter: Value) -> (Vec<String>, usize, usize, Received) {
    let request: ReceiveRequest = from_value(json!({"filter": filter})).unwrap();
    let (host, before) = (TestHost::new(), (server.count("TOP"), server.count("RETR")));
    let received = account(server.port, json!({})).receive(&request, &host.call()).unwrap();
    let ids = host.texts().iter().map(|text| LETTERS.iter().find(|(_, letter)| letter == text).unwrap().0.to_owned()).collect();
    (ids, server.count("TOP") - before.0, server.count("RETR") - before.1, received)
}

#[test]
fn each_condition_costs_what_it_has_to() {
    let server = Scripted::start(&LETTERS, Script::default());
    for (filter, expected, tops, retrs) in [
        (json!({"max_size": 1000}), "a b c", 0, 3),
        (json!({"not": {"max_size": 1000}}), "", 0, 0),
        (json!({"header": {"name": "x-kunde", "contains": "47"}}), "a", 3, 1),
        (json!({"or": [{"subject": "rechnung"}, {"header": {"name": "X-Kunde"}}]}), "a b", 3, 2),
        // A message without a date passes: its day is not known.
        (json!({"before": "2026-11-21"}), "a c", 3, 2),
        (json!({"not": {"subject": "rück"}}), "b c", 3, 2),
        (json!({"unseen": true, "subject": "rück"}), "a", 3, 1),
        // Texts cost the message, and only where the headers leave the question open.
        (json!({"body": "lieferung"}), "a b", 3, 5),
        (json!({"body": "Grüße"}), "b", 3, 4),
        (json!({"body": "lieferung", "subject": "rück"}), "a", 3, 2),
        (json!({"text": "rück"}), "a", 3, 3),
        (json!({"or": [{"body": "nichts"}, {"subject": "rechnung"}], "not": {"header": {"name": "X-Kunde"}}}), "b c", 3, 3),
    ] {
        let (ids, top, retr, received) = passed(&server, filter.clone());
        assert_eq!((ids.join(" ").as_str(), top, retr), (expected, tops, retrs), "{filter}");
        assert!(received.missing.is_empty());
    }
}

#[test]
fn a_message_that_is_too_large_to_look_into_is_missing_and_says_why() {
    let server = Scripted::start(&LETTERS, Script { told_more: 40 * 1024 * 1024, ..Script::default() });
    let (ids, _, retrs, received) = passed(&server, json!({"or": [{"body": "x"}, {"subject": "rechnung"}], "max_size": 50_000_000}));
    // A message that is shorter than it was said to be is asked for twice.
    assert_eq!((ids, retrs), (vec!["b".to_owned()], 2));
    let missing: Vec<_> = received.missing.iter().map(|missing| (missing.id.as_str(), missing.error.code.as_str())).collect();
    assert_eq!(missing, [("a", "pop3.too_large_to_search"), ("c", "pop3.too_large_to_search")]);
    assert_eq!(
        (received.missing[0].error.status, received.missing[0].error.at[0].pointer.as_str()),
        (Status::Unsupported, "/filter/or/0/body")
    );
}
