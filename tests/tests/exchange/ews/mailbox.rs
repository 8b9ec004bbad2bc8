//! A mailbox: sending, fetching, listing, marking, moving.

use super::setup::{User, fetch, in_folder, mail, patience, send, subjects};
use postkontor_core::{Action, Status};
use postkontor_tests::exchange::Exchange;
use serde_json::json;

#[test]
fn a_mail_is_sent_and_kept_and_its_bcc_is_delivered_and_not_seen() {
    let Some(exchange) = Exchange::shared().unwrap() else { return };
    let (user, to, hidden) = (User::new(exchange), User::new(exchange), User::new(exchange));
    let mut mail = mail(&to.address);
    mail["bcc"] = json!([hidden.address]);
    let receipt = send(&mut user.account(&json!({})), &mail).unwrap();
    assert_eq!(receipt["recipients"].as_array().unwrap().len(), 2, "{receipt}");
    let sent = user.messages("sentitems");
    assert_eq!((sent.len(), &sent[0]["bcc"]), (1, &json!([hidden.address])));
    for user in [&to, &hidden] {
        let inbox = user.messages("inbox");
        assert_eq!((inbox.len(), &inbox[0]["subject"], &inbox[0]["bcc"]), (1, &json!("Rückfrage"), &json!([])), "{inbox:?}");
    }
}

#[test]
fn a_copy_is_kept_only_where_it_shall_be() {
    let Some(exchange) = Exchange::shared().unwrap() else { return };
    let (user, to) = (User::new(exchange), User::new(exchange));
    send(&mut user.account(&json!({"exchange": {"save": false}})), &mail(&to.address)).unwrap();
    assert_eq!((user.messages("sentitems").len(), to.messages("inbox").len()), (0, 1));
    exchange.control("POST", "/folders", &json!({"mailbox": user.address, "paths": ["inbox/Gesendet & mehr"]})).unwrap();
    send(&mut user.account(&json!({"exchange": {"sent": "inbox/gesendet & Mehr"}})), &mail(&to.address)).unwrap();
    assert_eq!((user.messages("sentitems").len(), to.messages("inbox").len()), (0, 2));
}

#[test]
fn what_was_sent_is_looked_for_by_its_message_id() {
    let Some(exchange) = Exchange::shared().unwrap() else { return };
    let (user, to) = (User::new(exchange), User::new(exchange));
    let mut account = user.account(&json!({}));
    let receipts = [(); 2].map(|()| send(&mut account, &mail(&to.address)).unwrap());
    let ids = receipts.each_ref().map(|receipt| receipt["message_id"].as_str().unwrap());
    let found = account.find_sent(&[ids[1], "never@example.com", ids[0], ""], &patience()).unwrap();
    assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true, false]);
    assert_ne!(found[0], found[2]);
    let error = user.account(&json!({"exchange": {"save": false}})).find_sent(&ids, &patience()).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Unsupported, "sent.not_kept"));
}

#[test]
fn new_messages_are_fetched_once_and_marked_or_deleted_afterwards() {
    let Some(exchange) = Exchange::shared().unwrap() else { return };
    let user = User::new(exchange);
    user.deliver(&json!({"count": 5}));
    let mut account = user.account(&json!({}));
    let mut number = 0;
    let (result, got) = fetch(&mut account, &json!({}), |_| {
        number += 1;
        [Action::Keep, Action::Seen, Action::Delete][number % 3]
    });
    let state = result.unwrap()["state"].clone();
    assert_eq!(got.len(), 5);
    let inbox = user.messages("inbox");
    assert_eq!((inbox.len(), user.messages("deleteditems").len()), (3, 2));
    assert_eq!(inbox.iter().filter(|message| message["read"] == true).count(), 2);
    let (result, got) = fetch(&mut user.account(&json!({})), &json!({"state": state}), |_| Action::Keep);
    assert_eq!((subjects(&got), &result.unwrap()["more"]), (vec![], &json!(false)));
    user.deliver(&json!({"mime": "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n\r\ntext\r\n"}));
    let (result, got) = fetch(&mut account, &json!({"state": state}), |_| Action::Keep);
    assert_eq!(subjects(&got), ["Grüße"], "{result:?}");
    assert_eq!(got[0].raw, b"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n\r\ntext\r\n");
}

#[test]
fn a_wrong_password_is_the_fault_of_the_login() {
    let Some(exchange) = Exchange::shared().unwrap() else { return };
    let user = User::new(exchange);
    let error = send(&mut user.account(&json!({"auth": {"password": "falsch"}})), &mail("b@example.com")).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Auth, "auth.refused"));
    let report = json!(user.account(&json!({"auth": {"password": "falsch"}})).test("", &patience()).unwrap());
    assert_eq!(report["ok"], false, "{report}");
    let report = json!(user.account(&json!({})).test("", &patience()).unwrap());
    assert_eq!(report["ok"], true, "{report:#}");
}

#[test]
fn folders_and_messages_are_listed_marked_and_moved() {
    let Some(exchange) = Exchange::shared().unwrap() else { return };
    let user = User::new(exchange);
    exchange.control("POST", "/folders", &json!({"mailbox": user.address, "paths": ["inbox/Entwürfe & Pläne"]})).unwrap();
    exchange.control("POST", "/folder-names", &json!({"mailbox": user.address, "names": {"inbox": "Posteingang"}})).unwrap();
    user.deliver(&json!({"count": 3}));
    let mut account = user.account(&json!({}));
    let listed = json!(account.list("{}", &patience()).unwrap());
    let names: Vec<&str> = listed["folders"].as_array().unwrap().iter().map(|folder| folder["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"Posteingang/Entwürfe & Pläne"), "{names:?}");
    let listed = json!(account.list(r#"{"folder": ""}"#, &patience()).unwrap());
    let ids: Vec<&str> = listed["messages"].as_array().unwrap().iter().map(|message| message["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 3);
    let request = json!({"messages": ids, "action": "move", "folder": "posteingang/Entwürfe & Pläne"});
    let applied = json!(account.apply(&request.to_string(), &patience()).unwrap());
    assert_eq!(applied["applied"].as_array().unwrap().len(), 3, "{applied}");
    assert_eq!((user.messages("inbox").len(), in_folder(exchange, &user.address, "Posteingang/Entwürfe & Pläne").len()), (0, 3));
    let listed = json!(account.list(r#"{"folder": "<trash>"}"#, &patience()).unwrap());
    assert_eq!(listed["messages"], json!([]), "{listed}");
    let gone = json!(account.apply(&json!({"messages": ids, "action": "seen"}).to_string(), &patience()).unwrap());
    assert_eq!(gone["missing"].as_array().unwrap().len(), 3, "{gone}");
}

#[test]
fn a_mailbox_with_ten_thousand_folders_is_listed_and_a_path_in_it_found() {
    let Some(exchange) = Exchange::shared().unwrap() else { return };
    let user = User::new(exchange);
    exchange
        .control("POST", "/folders", &json!({"mailbox": user.address, "paths": ["inbox/A/B"], "count": 10_000, "below": "inbox/A/B"}))
        .unwrap();
    let mut account = user.account(&json!({"exchange": {"inbox": "Inbox/a/b/folder 09999"}}));
    let listed = json!(account.list("{}", &patience()).unwrap());
    assert!(listed["folders"].as_array().unwrap().len() > 10_000);
    let (result, got) = fetch(&mut account, &json!({}), |_| Action::Keep);
    assert!(result.is_ok() && got.is_empty(), "{result:?}");
}

#[test]
fn conditions_within_each_other_choose_and_a_structure_takes_nothing() {
    let Some(exchange) = Exchange::shared().unwrap() else { return };
    let user = User::new(exchange);
    user.deliver(&json!({"count": 1, "mime": "From: Jörg <joerg@example.org>\r\nSubject: Frage\r\nX-Kunde: =?utf-8?Q?M=C3=BCller?= 4711\r\n\r\ntext\r\n"}));
    user.deliver(&json!({"count": 1, "mime": "From: Anna <anna@example.org>\r\nSubject: Mahnung\r\n\r\ntext\r\n"}));
    let mut account = user.account(&json!({}));
    let (received, got) = fetch(&mut account, &json!({"summary": "structure", "state": ""}), |_| Action::Delete);
    assert_eq!((received.unwrap()["state"].as_str(), got.len()), (Some(""), 2));
    assert!(got.iter().all(|got| got.summary["complete"] == false && got.raw.ends_with(b"\r\n\r\n")));
    for (filter, expected) in [
        (json!({"header": {"name": "x-kunde", "contains": "müller 4711"}}), vec!["Frage"]),
        (json!({"not": {"header": {"name": "X-Kunde"}}}), vec!["Mahnung"]),
        (json!({"or": [{"from": "jörg"}, {"subject": "rechnung"}], "before": "2100-01-01"}), vec!["Frage"]),
        (json!({"before": "2000-01-01"}), vec![]),
        (json!({"body": "TEXT", "from": "anna"}), vec!["Mahnung"]),
        (json!({"not": {"body": "text"}}), vec![]),
        (json!({"or": [{"from": "anna"}, {"text": "4711"}]}), vec!["Frage", "Mahnung"]),
        (json!({"text": "müller"}), vec!["Frage"]),
    ] {
        let (received, got) = fetch(&mut account, &json!({"filter": filter}), |_| Action::Keep);
        received.unwrap();
        assert_eq!(subjects(&got), expected, "{filter}");
    }
    assert_eq!(user.messages("inbox").len(), 2);
}

#[test]
fn filters_limits_and_deletions_leave_what_is_not_meant() {
    let Some(exchange) = Exchange::shared().unwrap() else { return };
    let user = User::new(exchange);
    user.deliver(&json!({"count": 6}));
    user.deliver(&json!({"count": 1, "read": true, "mime": "From: Jörg <joerg@example.org>\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n\r\ntext\r\n"}));
    let mut account = user.account(&json!({}));
    let (result, got) = fetch(&mut account, &json!({"filter": {"subject": "grüße"}}), |_| Action::Keep);
    let state = result.unwrap()["state"].clone();
    assert_eq!(subjects(&got), ["Grüße"]);
    let (result, got) = fetch(&mut account, &json!({"state": state, "filter": {"unseen": true}, "max_messages": 2}), |_| Action::Delete);
    let result = result.unwrap();
    assert_eq!((got.len(), &result["more"]), (2, &json!(true)));
    let mut number = 0;
    let (result, got) = fetch(&mut account, &json!({"state": result["state"]}), |_| {
        number += 1;
        if number == 2 { Action::Stop } else { Action::Keep }
    });
    let result = result.unwrap();
    assert_eq!((got.len(), &result["more"], user.messages("inbox").len()), (2, &json!(true), 5));
    // The one at which it stopped counts as not fetched.
    let (result, rest) = fetch(&mut account, &json!({"state": result["state"]}), |_| Action::Keep);
    assert_eq!((rest.len(), &result.unwrap()["more"]), (3, &json!(false)));
}

#[test]
fn flags_and_categories_are_set_and_told_alike() {
    let Some(exchange) = Exchange::shared().unwrap() else { return };
    let user = User::new(exchange);
    user.deliver(&json!({"count": 2}));
    let mut account = user.account(&json!({}));
    let listed =
        |account: &mut postkontor_core::Account| json!(account.list(r#"{"folder": ""}"#, &patience()).unwrap())["messages"].clone();
    let first = listed(&mut account);
    let ids = [&first[0]["id"], &first[1]["id"]];
    let mut apply = |request: serde_json::Value| json!(account.apply(&request.to_string(), &patience()).unwrap());
    for action in ["answered", "flagged"] {
        assert_eq!(apply(json!({"messages": ids, "action": action}))["applied"], json!(ids));
    }
    let gone = format!("{}AA", ids[0].as_str().unwrap().trim_end_matches('='));
    let answer = apply(json!({"messages": [ids[0], gone, ids[1]], "action": "keywords", "add": ["Bezahlt", "Rechnung geprüft"]}));
    assert_eq!((&answer["applied"], &answer["missing"]), (&json!(ids), &json!([gone])));
    apply(json!({"messages": [ids[1]], "action": "keywords", "remove": ["bezahlt", "RECHNUNG geprüft"]}));
    apply(json!({"messages": [ids[1]], "action": "unanswered"}));
    apply(json!({"messages": [ids[0]], "action": "unflagged"}));
    let inbox = user.messages("inbox");
    let seen = |message: &serde_json::Value| json!([message["flagged"], message["answered"], message["categories"]]);
    assert_eq!(
        inbox.iter().map(seen).collect::<Vec<_>>(),
        [json!([false, true, ["Bezahlt", "Rechnung geprüft"]]), json!([true, false, []])]
    );
    let told = listed(&mut account);
    assert_eq!((&told[0]["flags"], &told[1]["flags"]), (&json!(["\\Answered", "Bezahlt", "Rechnung geprüft"]), &json!(["\\Flagged"])));
    let (result, got) = fetch(&mut account, &json!({}), |_| Action::Keep);
    result.unwrap();
    assert_eq!(json!(got.iter().map(|got| &got.summary["flags"]).collect::<Vec<_>>()), json!([told[0]["flags"], told[1]["flags"]]));
}

#[test]
fn copies_folders_and_drafts_are_made_and_told() {
    let Some(exchange) = Exchange::shared().unwrap() else { return };
    let user = User::new(exchange);
    user.deliver(&json!({"count": 2}));
    let mut account = user.account(&json!({}));
    let listed = json!(account.list(r#"{"folder": ""}"#, &patience()).unwrap());
    let ids = [&listed["messages"][0]["id"], &listed["messages"][1]["id"]];
    let mut apply = |request: serde_json::Value| account.apply(&request.to_string(), &patience()).map(|done| json!(done));
    let made = apply(json!({"folders": [{"create": "Ablage/Größe & Maß"}, {"create": "ablage"}]})).unwrap();
    assert_eq!(made, json!({"folders": [{"created": "Ablage/Größe & Maß"}, {"found": "ablage"}]}));
    let copied = apply(json!({"messages": ids, "action": "copy", "folder": "Ablage/Größe & Maß"})).unwrap();
    assert_eq!((&copied["applied"], copied["new_ids"].as_array().unwrap().len()), (&json!(ids), 2));
    let new = copied["new_ids"][0]["new_id"].clone();
    let moved = apply(json!({"messages": [new], "action": "move", "folder": "<drafts>"})).unwrap();
    assert_eq!(moved["new_ids"][0]["id"], new);
    assert_eq!((user.messages("inbox").len(), user.messages("drafts").len()), (2, 1));

    for (change, status, code, pointer) in [
        (json!({"delete": "Ablage"}), Status::Refused, "ews.folder_has_folders", "/folders/1/delete"),
        (json!({"delete": "Ablage/Größe & Maß"}), Status::Refused, "ews.folder_not_empty", "/folders/1/delete"),
        (json!({"delete": "inbox", "with_messages": true}), Status::Refused, "ews.folder_protected", "/folders/1/delete"),
        (json!({"delete": "Sent Items", "with_messages": true}), Status::Refused, "ews.folder_protected", "/folders/1/delete"),
        (json!({"rename": "Ablage", "to": "Drafts"}), Status::Refused, "ews.folder_exists", "/folders/1/to"),
        (json!({"rename": "Ablage", "to": "a//b"}), Status::Argument, "ews.new_name_invalid", "/folders/1/to"),
        (json!({"create": "<drafts>"}), Status::Argument, "ews.new_name_invalid", "/folders/1/create"),
        (json!({"delete": "Nirgends"}), Status::NotFound, "ews.folder_missing", "/folders/1/delete"),
    ] {
        let error = apply(json!({"folders": [{"create": "Ablage"}, change]})).unwrap_err();
        assert_eq!((error.status, error.code.as_str(), error.at[0].pointer.as_str()), (status, code, pointer), "{change}");
        assert_eq!(error.more["folders"], json!([{"found": "Ablage"}]));
    }
    let changes = json!({"folders": [{"rename": "Ablage/Größe & Maß", "to": "inbox/Neu"}, {"delete": "Ablage"}, {"rename": "Inbox/Neu", "to": "Inbox/Alt"}]});
    apply(changes).unwrap();
    assert_eq!(in_folder(exchange, &user.address, "Inbox/Alt").len(), 1);
    apply(json!({"folders": [{"delete": "Inbox/Alt", "with_messages": true}]})).unwrap();
    assert_eq!(in_folder(exchange, &user.address, "Deleted Items/Alt").len(), 1, "what was deleted can be found again");

    let draft = json!({"subject": "Entwurf", "text": "x", "bcc": ["hidden@example.com"],
        "append": {"folder": "<drafts>", "flags": ["draft", "flagged", "answered"], "keywords": ["Bezahlt"]}});
    let receipt = send(&mut account, &draft).unwrap();
    assert_eq!((&receipt["filed"]["status"], &receipt["recipients"]), (&json!("saved"), &json!([])), "{receipt}");
    let drafts = user.messages("drafts");
    let found = drafts.iter().find(|message| message["subject"] == "Entwurf").unwrap();
    for (member, value) in [("draft", json!(true)), ("read", json!(false)), ("flagged", json!(true)), ("answered", json!(true))] {
        assert_eq!(found[member], value, "{member}");
    }
    assert_eq!((&found["categories"], &found["bcc"]), (&json!(["Bezahlt"]), &json!(["hidden@example.com"])));
    assert!(user.messages("sentitems").is_empty());
}

#[test]
fn a_copy_whose_answer_is_lost_is_uncertain() {
    let Some(exchange) = Exchange::start().unwrap() else { return };
    let user = User::new(&exchange);
    user.deliver(&json!({"count": 1}));
    let mut account = user.account(&json!({}));
    let listed = json!(account.list(r#"{"folder": ""}"#, &patience()).unwrap());
    let request = json!({"messages": [listed["messages"][0]["id"]], "action": "copy", "folder": "<drafts>"});
    exchange.fault(&json!({"match": {"operation": "CopyItem"}, "times": 1, "action": {"reset": "after"}})).unwrap();
    let error = account.apply(&request.to_string(), &patience()).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Uncertain, "ews.copy_uncertain"), "{error:?}");
    assert_eq!(error.more["applied"], json!([]));
    assert_eq!(user.messages("drafts").len(), 1);
}
