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
