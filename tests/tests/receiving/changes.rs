//! Flags, keywords, copies, folders and drafts; a foreign client looks at what became of them.

use crate::foreign::{self, Found};
use crate::setup::{Setup, ask, fetch, letters, lies, patience};
use postkontor_core::{Account, Action, Error, Input, Status};
use serde_json::{Value, json};

fn apply(account: &mut Account, request: &Value) -> Value {
    ask(account.apply(&request.to_string(), &patience()))
}

fn refused(account: &mut Account, request: &Value) -> Error {
    account.apply(&request.to_string(), &patience()).expect_err("it was not refused")
}

/// The ids and flags of a folder's messages, as the account lists them.
fn listed(account: &mut Account, folder: &str) -> Vec<(String, Value)> {
    let listed = ask(account.list(&json!({ "folder": folder }).to_string(), &patience()));
    let of = |message: &Value| (message["id"].as_str().unwrap().to_owned(), message["flags"].clone());
    listed["messages"].as_array().unwrap().iter().map(of).collect()
}

fn flags(found: &[Found]) -> Vec<Vec<&str>> {
    found.iter().map(|message| message.flags.iter().map(String::as_str).collect()).collect()
}

#[test]
fn flags_and_keywords_are_set_and_told_alike() {
    let Some(setup) = Setup::with(&letters(&["a", "b"])) else { return };
    let mut account = setup.account("imap");
    let ids: Vec<String> = listed(&mut account, "INBOX").into_iter().map(|(id, _)| id).collect();
    for action in ["answered", "flagged"] {
        assert_eq!(apply(&mut account, &json!({"messages": ids, "action": action})), json!({"applied": ids, "missing": []}));
    }
    let keywords = json!({"messages": [ids[0]], "action": "keywords", "add": ["$Label1", "Bezahlt"]});
    assert_eq!(apply(&mut account, &keywords)["applied"], json!([ids[0]]));
    assert_eq!(flags(&setup.found("INBOX")), [vec!["$Label1", "Bezahlt", "\\Answered", "\\Flagged"], vec!["\\Answered", "\\Flagged"]]);
    apply(&mut account, &json!({"messages": ids, "action": "keywords", "add": ["$Label2"], "remove": ["$label1", "never"]}));
    apply(&mut account, &json!({"messages": [ids[1]], "action": "unanswered"}));
    apply(&mut account, &json!({"messages": [ids[0]], "action": "unflagged"}));
    assert_eq!(flags(&setup.found("INBOX")), [vec!["$Label2", "Bezahlt", "\\Answered"], vec!["$Label2", "\\Flagged"]]);
    let (result, got) = fetch(&mut setup.account("imap"), json!({}), |_| Action::Keep);
    result.unwrap();
    let sorted = |flags: &Value| {
        let mut flags: Vec<String> = flags.as_array().unwrap().iter().map(|flag| flag.as_str().unwrap().to_owned()).collect();
        flags.retain(|flag| flag != "\\Recent");
        flags.sort();
        flags
    };
    let fetched: Vec<_> = got.iter().map(|got| sorted(&got.summary["flags"])).collect();
    let told: Vec<_> = listed(&mut account, "INBOX").iter().map(|(_, flags)| sorted(flags)).collect();
    assert_eq!(fetched, told);
    assert_eq!(fetched[0], ["$Label2", "Bezahlt", "\\Answered"]);
    let error = refused(&mut account, &json!({"messages": ids, "action": "keywords", "add": ["ok", "zu zweit"]}));
    assert_eq!((error.status, error.code.as_str(), error.at[0].pointer.as_str()), (Status::Argument, "imap.keyword_invalid", "/add/1"));
    assert!(error.message.contains("zu zweit"), "{}", error.message);
}

#[test]
fn copies_and_moves_tell_their_new_ids() {
    let Some(setup) = Setup::with(&letters(&["a", "b", "c"])) else { return };
    let mut account = setup.account_with("imap", json!({"imap": {"create_folders": true}}));
    let ids: Vec<String> = listed(&mut account, "INBOX").into_iter().map(|(id, _)| id).collect();
    let gone = ids[0].replacen('.', "9999.", 1);
    let copied = apply(&mut account, &json!({"messages": [ids[2], gone, ids[0]], "action": "copy", "folder": "Ablage/Größe"}));
    assert_eq!((&copied["applied"], &copied["missing"]), (&json!([ids[2], ids[0]]), &json!([gone])));
    let moved = apply(&mut account, &json!({"messages": [ids[1]], "action": "move", "folder": "Ablage/Größe"}));
    assert_eq!(lies(&setup, None), ["a", "c"]);
    assert_eq!(lies(&setup, Some("Ablage/Größe")), ["a", "c", "b"]);
    let new = |answer: &Value, id: &str| -> Value {
        let pair = answer["new_ids"].as_array().unwrap().iter().find(|pair| pair["id"] == id).unwrap_or_else(|| panic!("{answer}"));
        pair["new_id"].clone()
    };
    let there: Vec<String> = listed(&mut account, "Ablage/Größe").into_iter().map(|(id, _)| id).collect();
    assert_eq!(json!([new(&copied, &ids[0]), new(&copied, &ids[2]), new(&moved, &ids[1])]), json!(there));
    // By its new id the copy is marked, and what it was copied from is not.
    apply(&mut account, &json!({"messages": [there[0]], "action": "flagged"}));
    assert_eq!(flags(&setup.found("INBOX")), [Vec::<&str>::new(), vec![]]);
    assert_eq!(flags(&setup.found("Ablage/Größe"))[0], ["\\Flagged"]);
}

#[test]
fn a_server_without_extensions_copies_too_and_tells_no_new_ids() {
    let Some(setup) = Setup::with(&letters(&["a", "b"])) else { return };
    let mut account = setup.account_with("imap", setup.bare(json!({})));
    let ids: Vec<String> = listed(&mut account, "INBOX").into_iter().map(|(id, _)| id).collect();
    apply(&mut account, &json!({"folders": [{"create": "Kopien"}]}));
    assert_eq!(apply(&mut account, &json!({"messages": ids, "action": "copy", "folder": "Kopien"}))["applied"], json!(ids));
    assert_eq!(
        (lies(&setup, None), lies(&setup, Some("Kopien"))),
        (vec!["a".to_owned(), "b".to_owned()], vec!["a".to_owned(), "b".to_owned()])
    );
}

#[test]
fn folders_are_created_renamed_and_deleted() {
    let Some(setup) = Setup::with(&letters(&["a"])) else { return };
    let mut account = setup.account("imap");
    let name = "Rechnungen & \"Maß\"/2026 Größe";
    let answer = apply(&mut account, &json!({"folders": [{"create": name}, {"create": name}, {"create": "inbox"}]}));
    assert_eq!(answer, json!({"folders": [{"created": name}, {"found": name}, {"found": "INBOX"}]}));
    let exist = |name: &str| foreign::folders(setup.exim, &setup.user).contains(&foreign::on_wire(name));
    let subscribed = |name: &str| foreign::subscribed(setup.exim, &setup.user).contains(&foreign::on_wire(name));
    assert!(exist(name) && subscribed(name));
    // What lies below goes along, and stays visible in other programs.
    let answer = apply(&mut account, &json!({"folders": [{"rename": "Rechnungen & \"Maß\"", "to": "Belege"}]}));
    assert_eq!(answer, json!({"folders": [{"renamed": "Belege"}]}));
    assert!(exist("Belege/2026 Größe") && !exist(name) && subscribed("Belege/2026 Größe") && !subscribed(name));
    let ids: Vec<String> = listed(&mut account, "INBOX").into_iter().map(|(id, _)| id).collect();
    apply(&mut account, &json!({"messages": ids, "action": "copy", "folder": "Belege/2026 Größe"}));

    let at = |error: &Error| (error.status, error.code.clone(), error.at[0].pointer.clone());
    let of = |status, code: &str, pointer: &str| (status, code.to_owned(), pointer.to_owned());
    let error = refused(&mut account, &json!({"folders": [{"create": "Neu"}, {"delete": "Belege"}]}));
    assert_eq!(at(&error), of(Status::Refused, "imap.folder_has_folders", "/folders/1/delete"));
    assert_eq!(error.more["folders"], json!([{"created": "Neu"}]), "what was done before is told");
    assert_eq!(error.at[0].of, Some(Input::Request));
    let error = refused(&mut account, &json!({"folders": [{"delete": "Belege/2026 Größe"}]}));
    assert_eq!(at(&error), of(Status::Refused, "imap.folder_not_empty", "/folders/0/delete"));
    assert!(error.message.contains("1 message") && exist("Belege/2026 Größe"), "{}", error.message);
    for (change, status, code, pointer) in [
        (json!({"delete": "INBOX"}), Status::Refused, "imap.folder_protected", "/folders/0/delete"),
        (json!({"delete": "Gesendet", "with_messages": true}), Status::Refused, "imap.folder_protected", "/folders/0/delete"),
        (json!({"delete": "<drafts>"}), Status::Refused, "imap.folder_protected", "/folders/0/delete"),
        (json!({"rename": "inbox", "to": "x"}), Status::Refused, "imap.folder_protected", "/folders/0/rename"),
        (json!({"rename": "Belege", "to": "Neu"}), Status::Refused, "imap.folder_exists", "/folders/0/to"),
        (json!({"rename": "Belege", "to": "a//b"}), Status::Argument, "imap.new_name_invalid", "/folders/0/to"),
        (json!({"create": "<drafts>"}), Status::Argument, "imap.new_name_invalid", "/folders/0/create"),
        (json!({"create": "a/"}), Status::Argument, "imap.new_name_invalid", "/folders/0/create"),
        (json!({"create": ""}), Status::Argument, "imap.new_name_invalid", "/folders/0/create"),
        (json!({"delete": "Nirgends"}), Status::NotFound, "imap.folder_unknown", "/folders/0/delete"),
    ] {
        let error = refused(&mut account, &json!({ "folders": [change] }));
        assert_eq!(at(&error), of(status, code, pointer), "{change}");
        assert!(error.message.len() > 20, "{error:?}");
    }
    let request = json!({"folders": [{"delete": "Belege/2026 Größe", "with_messages": true}, {"delete": "Belege"}, {"delete": "Neu"}]});
    let answer = apply(&mut account, &request);
    assert_eq!(answer["folders"], json!([{"deleted": "Belege/2026 Größe"}, {"deleted": "Belege"}, {"deleted": "Neu"}]));
    assert!(!exist("Belege") && !exist("Neu") && !subscribed("Belege") && lies(&setup, None) == ["a"]);
}

#[test]
fn a_draft_lies_in_its_folder_and_nothing_was_sent() {
    let Some(setup) = Setup::new() else { return };
    let mut account = setup.account("imap");
    let mut send = |message: &Value| account.send_document(&message.to_string(), &[], &patience());
    let draft = json!({"subject": "Entwurf", "text": "Guten Tag", "bcc": ["Čarli <blind@example.com>"], "message_id": "1.draft@example.com",
        "append": {"folder": "<drafts>", "keywords": ["$Label1"]}});
    let receipt = ask(send(&draft));
    assert_eq!((&receipt["filed"]["status"], &receipt["filed"]["folder"]), (&json!("saved"), &json!("Entwürfe")), "{receipt:#}");
    assert_eq!(receipt["filed"]["message"], "The message is in the folder Entwürfe. It was not sent.");
    assert_eq!((&receipt["recipients"], &receipt["account"], &receipt["transport"]), (&json!([]), &json!("main"), &json!("imap")));
    assert_eq!((receipt["status"].as_u64(), receipt.get("sent_copy")), (Some(0), None));
    let found = setup.found("Entwürfe");
    assert_eq!(flags(&found), [["$Label1", "\\Draft", "\\Seen"]]);
    assert_eq!(found[0].subject, "Entwurf");
    // The same once more is no second one.
    let again = ask(send(&draft));
    assert_eq!((&again["filed"]["status"], &again["saved_to"]), (&json!("found"), &receipt["saved_to"]));
    let (result, got) = fetch(&mut setup.account("imap"), json!({"folder": "<drafts>"}), |_| Action::Keep);
    result.unwrap();
    assert_eq!((got.len(), got[0].id()), (1, receipt["saved_to"].as_str().unwrap()));
    assert_eq!(got[0].summary["bcc"], json!([{"name": "Čarli", "address": "blind@example.com"}]));
    assert!(!String::from_utf8_lossy(&got[0].raw).contains("undisclosed"));

    // A batch: each in its folder, and what goes wrong is told of the one that it is about.
    let mut second = draft.clone();
    second["message_id"] = json!("2.draft@example.com");
    second["append"] = json!({"folder": "INBOX", "flags": []});
    let mut nowhere = draft.clone();
    nowhere["append"]["folder"] = json!("Nirgends");
    let mut wrong = draft.clone();
    wrong["append"]["keywords"] = json!(["a", "b c"]);
    let error = send(&json!([second, nowhere, wrong])).unwrap_err();
    let results = &error.more["results"];
    assert_eq!(results[0]["filed"]["folder"], "INBOX", "{results:#}");
    let at = |index: usize| (&results[index]["code"], &results[index]["at"][0]["pointer"], &results[index]["at"][0]["of"]);
    assert_eq!(at(1), (&json!("imap.folder_missing"), &json!("/1/append/folder"), &json!("message")));
    assert_eq!(at(2), (&json!("imap.keyword_invalid"), &json!("/2/append/keywords/1"), &json!("message")));
    assert_eq!(flags(&setup.found("INBOX")), [Vec::<&str>::new()]);
    assert_eq!(setup.found("Entwürfe").len(), 1);
}

#[test]
fn what_a_transport_cannot_do_is_said_with_its_place() {
    let Some(setup) = Setup::with(&letters(&["a"])) else { return };
    let mut account = setup.account("pop3");
    for (request, what, pointer) in [
        (json!({"messages": ["1"], "action": "flagged"}), "setting flags and keywords", "/action"),
        (json!({"messages": ["1"], "action": "keywords", "add": ["a"]}), "setting flags and keywords", "/action"),
        (json!({"messages": ["1"], "action": "copy", "folder": "a"}), "copying messages", "/action"),
        (json!({"folders": [{"create": "a"}]}), "changing folders", "/folders"),
    ] {
        let error = refused(&mut account, &request);
        assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::Unsupported, pointer), "{error:?}");
        assert_eq!(error.message, format!("The transport pop3 cannot be used for {what}."));
    }
    let error = account.send_document(r#"{"text":"x","append":{"folder":"a"}}"#, &[], &patience()).unwrap_err();
    assert_eq!((error.status, error.at[0].of, error.at[0].pointer.as_str()), (Status::Unsupported, Some(Input::Message), "/append"));
}
