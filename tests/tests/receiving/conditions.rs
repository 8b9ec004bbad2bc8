//! Filters whose conditions stand within each other, at a real server by both protocols.

use crate::setup::{Setup, letter, patience, subjects};
use serde_json::json;

/// Three messages: a query with an umlaut in a field of its own, an invoice in HTML and base64, a reminder without a date.
fn messages() -> Vec<Vec<u8>> {
    let query = "From: =?utf-8?Q?J=C3=BCrgen?= <j@example.com>\nSubject: =?utf-8?Q?R=C3=BCckfrage?=\nX-Kunde: 4711\n\
        Date: Fri, 20 Nov 2026 10:00:00 +0100\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nWann kommt die Gr=F6=DFe 42?\n";
    let invoice = "From: Berta <berta@example.com>\nSubject: Rechnung\nX-Kunde: 4712\nDate: Sat, 21 Nov 2026 10:00:00 +0100\n\
        Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\nPGI+R3LDtsOfZSA0MjwvYj4sIExpZWZlcnNjaGVpbg==\n";
    let reminder = "From: Berta <berta@example.com>\nSubject: Mahnung\n\nzur Rechnung\n";
    [query, invoice, reminder].map(|text| text.as_bytes().to_vec()).to_vec()
}

#[test]
fn conditions_choose_alone_and_within_each_other() {
    let (query, invoice, reminder) = ("Rückfrage", "Rechnung", "Mahnung");
    for transport in ["pop3", "imap"] {
        let Some(setup) = Setup::with(&messages()) else { return };
        let mut account = setup.account(transport);
        for (filter, expected) in [
            (json!({"header": {"name": "x-kunde", "contains": "4711"}}), vec![query]),
            (json!({"header": {"name": "X-Kunde"}}), vec![query, invoice]),
            (json!({"header": [{"name": "X-Kunde"}, {"name": "From", "contains": "berta"}]}), vec![invoice]),
            (json!({"not": {"header": {"name": "X-Kunde"}}}), vec![reminder]),
            (json!({"body": "größe"}), vec![query, invoice]),
            (json!({"body": "Lieferschein"}), vec![invoice]),
            (json!({"body": "Rückfrage"}), vec![]),
            (json!({"text": "rechnung"}), vec![invoice, reminder]),
            (json!({"or": [{"subject": "rück"}, {"subject": "mahnung"}]}), vec![query, reminder]),
            (json!({"or": [{"from": "jürgen"}, {"body": "Lieferschein"}, {"subject": "nichts"}]}), vec![query, invoice]),
            (json!({"from": "berta", "not": {"or": [{"body": "größe"}, {"subject": "x"}]}}), vec![reminder]),
            (json!({"not": {"not": {"from": "berta", "subject": "rechnung"}}}), vec![invoice]),
            (json!({"unseen": true, "or": [{"min_size": 1}]}), vec![query, invoice, reminder]),
            (json!({"or": [{"from": "x\" ALL"}, {"header": {"name": "X-Kunde", "contains": "\" OR ALL"}}]}), vec![]),
            (json!({"before": "2020-01-01", "subject": "rück"}), vec![]),
        ] {
            assert_eq!(subjects(&mut account, json!({"filter": filter})).0, expected, "{transport} {filter}");
        }
        // POP3 goes by the message's date, IMAP by that of its arrival; a message without one passes.
        let days = json!({"filter": {"since": "2026-11-20", "before": "2026-11-21"}});
        let expected = if transport == "pop3" { vec![query, reminder] } else { vec![] };
        assert_eq!(subjects(&mut account, days).0, expected, "{transport}");
    }
}

#[test]
fn what_a_filter_leaves_out_a_later_fetch_finds() {
    for transport in ["pop3", "imap"] {
        let mut all = messages();
        all.push(letter("late"));
        let Some(setup) = Setup::with(&all) else { return };
        let mut account = setup.account(transport);
        let filter = json!({"or": [{"body": "größe"}, {"subject": "late"}], "not": {"from": "jürgen"}});
        let (first, state) = subjects(&mut account, json!({"filter": filter}));
        assert_eq!(first, ["Rechnung", "late"], "{transport}");
        assert!(subjects(&mut account, json!({"filter": filter, "state": state})).0.is_empty());
        assert_eq!(subjects(&mut account, json!({"state": state})).0, ["Rückfrage", "Mahnung"], "{transport}");
    }
}

#[test]
fn a_condition_within_another_is_refused_with_its_place() {
    let Some(setup) = Setup::new() else { return };
    let mut account = setup.account("imap");
    let error = account.receive(r#"{"filter":{"or":[{"from":"a"},{"not":{"form":"b"}}]}}"#, None, &patience()).unwrap_err();
    assert_eq!(error.at[0].pointer, "/filter/or/1/not/form");
    assert!(error.message.ends_with("Did you mean “from”?"), "{}", error.message);
}
