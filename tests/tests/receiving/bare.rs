//! A Dovecot that offers nothing beside IMAP4rev1: no UIDPLUS, MOVE, SPECIAL-USE, ESEARCH, IDLE, SASL-IR, ID, LITERAL+ or ENABLE.

use crate::setup::{Setup, ask, fetch, letter, letters, lies, patience, subjects};
use postkontor_core::{Account, Action};
use serde_json::{Value, json};

fn account(setup: &Setup, more: Value) -> Account {
    setup.account_with("imap", setup.bare(more))
}

fn ids(account: &mut Account) -> Vec<Value> {
    let listed = ask(account.list(r#"{"folder":"INBOX"}"#, &patience()));
    listed["messages"].as_array().unwrap().iter().map(|message| message["id"].clone()).collect()
}

/// Puts a message into the inbox that another client has marked as deleted.
fn marked_by_others(setup: &Setup) {
    let maildir = setup.dovecot().maildir(&setup.user);
    setup.dovecot().deliver_more(&setup.user, &letters(&["marked"])).unwrap();
    let names = std::fs::read_dir(maildir.join("new")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let new = names.max().unwrap();
    std::fs::rename(maildir.join("new").join(&new), maildir.join(format!("cur/{new}:2,T"))).unwrap();
}

#[test]
fn the_bare_server_says_that_it_can_nothing() {
    let Some(setup) = Setup::new() else { return };
    for method in ["password", "plain", "scram-sha-256", "cram-md5"] {
        let mut account = account(&setup, json!({"auth": {"method": method}}));
        let report: Value = json!(account.test("{}", &patience()).unwrap());
        assert_eq!(report["ok"], true, "{method}: {report:#}");
        let transcript = report["transcript"].as_array().unwrap();
        let told: Vec<_> = transcript.iter().filter_map(|line| line.as_str()).filter(|line| line.contains("CAPABILITY ")).collect();
        let is_bare = |line: &&str| line.starts_with("S: a") && line.contains("OK [CAPABILITY IMAP4rev1] ");
        assert!(told.last().is_some_and(is_bare), "{method}: {told:?}");
    }
}

#[test]
fn everything_works_without_extensions() {
    let Some(setup) = Setup::with(&letters(&["a", "b", "c", "d", "e"])) else { return };
    let mut account = account(&setup, json!({"imap": {"create_folders": true, "outbox": "Ausgänge"}}));
    let judge = |got: &crate::setup::Got| match got.subject() {
        "b" => Action::Delete,
        "c" => Action::Seen,
        _ => Action::Keep,
    };
    let (result, got) = fetch(&mut account, json!({}), judge);
    assert_eq!((got.len(), &result.as_ref().unwrap()["more"]), (5, &json!(false)));
    assert_eq!(lies(&setup, None), ["a", "c", "d", "e"]);
    let state = result.unwrap()["state"].clone();
    let all = ids(&mut account);
    ask(account.apply(&json!({"messages": [all[0]], "action": "delete"}).to_string(), &patience()));
    ask(account.apply(&json!({"messages": [all[2], all[3]], "action": "move", "folder": "Ablage/Größe"}).to_string(), &patience()));
    assert_eq!((lies(&setup, None), lies(&setup, Some("Ablage/Größe"))), (vec!["c".to_owned()], vec!["d".to_owned(), "e".to_owned()]));
    assert!(subjects(&mut account, json!({"filter": {"unseen": true}})).0.is_empty());
    for lines in [1, 20_000] {
        let message = json!({"to": ["b@example.com"], "subject": format!("Grüße {lines}"), "text": "Zeile\n".repeat(lines)});
        ask(account.send_document(&message.to_string(), &[], &patience()));
    }
    let sent = setup.found("Ausgänge");
    assert!(sent.len() == 2 && sent.iter().all(|message| message.flags == ["\\Seen"]), "{sent:?}");
    assert_eq!(subjects(&mut account, json!({"folder": "Ausgänge"})).0, ["Grüße 1", "Grüße 20000"]);
    setup.dovecot().deliver_more(&setup.user, &[letter("new")]).unwrap();
    assert_eq!(subjects(&mut account, json!({"state": state})).0, ["new"]);
    let filter = json!({"folder": "Ausgänge", "filter": {"subject": "grüße 2"}});
    assert_eq!(subjects(&mut account, filter).0, ["Grüße 20000"]);
}

#[test]
fn what_others_have_marked_is_never_expunged() {
    let Some(setup) = Setup::with(&letters(&["a", "b", "c"])) else { return };
    marked_by_others(&setup);
    let mut account = account(&setup, json!({"imap": {"create_folders": true}}));
    let judge = |got: &crate::setup::Got| if got.subject() == "a" { Action::Delete } else { Action::Keep };
    let (result, got) = fetch(&mut account, json!({}), judge);
    assert_eq!((got.len(), result.is_ok()), (4, true));
    let all = ids(&mut account);
    ask(account.apply(&json!({"messages": [all[1]], "action": "delete"}).to_string(), &patience()));
    ask(account.apply(&json!({"messages": [all[2]], "action": "move", "folder": "Ablage"}).to_string(), &patience()));
    assert_eq!(lies(&setup, Some("Ablage")), ["c"]);
    // Ours are marked, and the next who expunges removes them; those of others are all still there.
    let flags: Vec<Vec<String>> = setup.found("INBOX").into_iter().map(|message| message.flags).collect();
    assert_eq!(flags, vec![["\\Deleted"]; 4]);
}

#[test]
fn with_and_without_extensions_an_unchanged_folder_is_known_by_what_select_tells() {
    for bare in [false, true] {
        let Some(setup) = Setup::with(&letters(&["a", "b", "c"])) else { return };
        let mut account = if bare { account(&setup, json!({})) } else { setup.account("imap") };
        let (first, state) = subjects(&mut account, json!({}));
        let told = state.as_str().unwrap().split(';').nth(5).unwrap_or_default().to_owned();
        let numbers: Vec<u64> = told.split('.').map(|number| number.parse().unwrap()).collect();
        assert!(first.len() == 3 && (numbers[0] == 0 || !bare) && numbers[1..] == [4, 3], "{state}");
        assert_eq!(subjects(&mut account, json!({"state": state})), (vec![], state.clone()));
        // Marked, deleted and delivered by others, in each order that hides the one behind the other.
        let all = ids(&mut setup.account("imap"));
        ask(setup.account("imap").apply(&json!({"messages": [all[0]], "action": "seen"}).to_string(), &patience()));
        let (none, state) = subjects(&mut account, json!({"state": state}));
        assert!(none.is_empty(), "{none:?}");
        ask(setup.account("imap").apply(&json!({"messages": [all[1]], "action": "delete"}).to_string(), &patience()));
        setup.dovecot().deliver_more(&setup.user, &letters(&["d"])).unwrap();
        let (new, state) = subjects(&mut account, json!({"state": state}));
        assert_eq!(new, ["d"], "{state}");
        let (none, state) = subjects(&mut account, json!({"state": state, "filter": {"unseen": true}}));
        assert!(none.is_empty() && state.as_str().unwrap().split(';').nth(5).is_some(), "{none:?} {state}");
    }
}
