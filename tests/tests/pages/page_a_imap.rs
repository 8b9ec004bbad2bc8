//! Page A: what only IMAP has.

use crate::form::{Form, patience, steps};
use postkontor_core::Status;
use serde_json::{Value, json};

#[test]
fn outbox_is_the_folder_that_sending_by_imap_fills() {
    let Some(form) = Form::a() else { return };
    let form = form.make_folders(&["Postausgang", "Ausgang"]);
    let receipt = form.send(Some("imap"), "outbox@a.example").unwrap();
    assert_eq!((&receipt["account"], &receipt["transport"], &receipt["fallback"]), (&json!("imap"), &json!("imap"), &json!(false)));
    assert!(receipt["saved_to"].as_str().unwrap().ends_with(".Postausgang"), "{receipt}");
    assert_eq!(form.lies("Postausgang"), ["outbox@a.example"]);
    let form = form.with_account("imap", json!({"imap": {"outbox": "Ausgang"}}));
    form.send(Some("imap"), "other@a.example").unwrap();
    assert_eq!((form.lies("Postausgang").len(), form.lies("Ausgang")), (1, vec!["other@a.example".to_owned()]));
    // Only the server's own rule would send it on.
    assert!(form.exim.deliveries("outbox@a.example").is_empty());
}

#[test]
fn a_missing_outbox_is_an_error_that_names_it_and_is_created_on_request() {
    let Some(form) = Form::a() else { return };
    let error = form.send(Some("imap"), "x@a.example").unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::NotFound, "imap.folder_missing"));
    assert_eq!(error.at[0].pointer, "/user/accounts/imap/imap/outbox");
    assert!(form.lies("Postausgang").is_empty());
    let form = form.with_account("imap", json!({"imap": {"create_folders": true}}));
    form.send(Some("imap"), "x@a.example").unwrap();
    assert_eq!(form.lies("Postausgang"), ["x@a.example"]);
    let form = form.with_account("imap", json!({"imap": {"outbox": null}}));
    let error = form.send(Some("imap"), "y@a.example").unwrap_err();
    assert_eq!((error.code.as_str(), error.at[0].pointer.as_str()), ("imap.outbox_missing", "/user/accounts/imap/imap/outbox"));
}

#[test]
fn outbox_and_postausgang_are_the_same_folder_where_only_one_is_there() {
    let Some(form) = Form::a() else { return };
    let form = form.make_folders(&["Postausgang"]).with_account("imap", json!({"imap": {"outbox": "Outbox"}}));
    assert_eq!(steps(&form.test("imap"), "mailbox")[1]["facts"]["folder"], "Postausgang");
    let mut large = crate::form::mail("large@a.example");
    large["text"] = json!("Zeile\n".repeat(20_000));
    for message in [crate::form::mail("small@a.example"), large] {
        let receipt = form.account("imap").send_document(&message.to_string(), &[], &patience()).unwrap();
        let receipt: Value = json!(receipt);
        assert!(receipt["saved_to"].as_str().unwrap().ends_with(".Postausgang"), "{receipt}");
    }
    assert_eq!(form.lies("Postausgang").len(), 2);
    let form = form.make_folders(&["Outbox"]);
    form.send(Some("imap"), "exact@a.example").unwrap();
    assert_eq!((form.lies("Outbox"), form.lies("Postausgang").len()), (vec!["exact@a.example".to_owned()], 2));
}

#[test]
fn inbox_is_the_folder_that_mail_is_fetched_from() {
    let Some(form) = Form::a() else { return };
    let form = form.deliver("da").make_folders(&["Postausgang", "Ablage"]);
    let subjects = |form: &Form| {
        let result = form.receive(Some("imap"), json!({})).unwrap();
        result["messages"].as_array().unwrap().iter().map(|message| message["subject"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for name in ["Posteingang", "Inbox", "INBOX"] {
        assert_eq!(subjects(&form.with_account("imap", json!({"imap": {"inbox": name}}))), ["da"], "{name}");
    }
    let form = form.with_account("imap", json!({"imap": {"inbox": "Ablage"}}));
    assert!(subjects(&form).is_empty());
    form.send(Some("imap"), "z@a.example").unwrap();
    let form = form.with_account("imap", json!({"imap": {"inbox": "Postausgang"}}));
    assert_eq!(subjects(&form), ["z@a.example"]);
}

#[test]
fn use_pop3_account_takes_name_and_password_from_there_and_without_it_they_are_its_own() {
    let Some(form) = Form::a() else { return };
    let form = form.make_folders(&["Postausgang"]);
    assert_eq!(form.good("imap", "login")["facts"]["user"], json!(form.user));
    let form = form.with_account("pop3", json!({"auth": {"user": "niemand"}}));
    let step = form.failed("imap");
    assert_eq!((&step["code"], &step["facts"]["user"]), (&json!("auth.refused"), &json!("niemand")));
    let own = json!({"auth": {"method": "auto", "user": form.user, "password": {"secret": "anna"}, "account": null}});
    let form = form.with_account("imap", own);
    assert_eq!(form.good("imap", "login")["facts"]["user"], json!(form.user));
    let form = form.with_account("imap", json!({"auth": {"method": "account", "user": null, "password": null, "account": "pop33"}}));
    let [(pointer, code, _)] = form.problems("en").try_into().unwrap();
    assert_eq!((pointer.as_str(), code.as_str()), ("/user/accounts/imap/auth/account", "settings.account_unknown"));
}

#[test]
fn use_smtp_account_sends_by_that_account_and_fetches_by_this_one() {
    let Some(form) = Form::a() else { return };
    let form = form.deliver("da").make_folders(&["Postausgang"]).with_account("imap", json!({"imap": {"via": "smtp"}}));
    let receipt = form.send(Some("imap"), "via@a.example").unwrap();
    assert_eq!((&receipt["account"], &receipt["transport"], &receipt["fallback"]), (&json!("smtp"), &json!("smtp"), &json!(false)));
    let delivery = form.exim.delivery("via@a.example").unwrap();
    assert_eq!((delivery.session("user"), delivery.session("helo")), (form.user.as_str(), "kasse7.example.com"));
    assert!(form.lies("Postausgang").is_empty());
    assert_eq!(form.receive(Some("imap"), json!({})).unwrap()["messages"][0]["subject"], "da");
    let form = form.with_account("imap", json!({"imap": {"via": "smpt"}}));
    let [(pointer, code, _)] = form.problems("en").try_into().unwrap();
    assert_eq!((pointer.as_str(), code.as_str()), ("/user/accounts/imap/imap/via", "settings.account_unknown"));
}

#[test]
fn test_imap_looks_for_both_folders_and_creates_none() {
    let Some(form) = Form::a() else { return };
    let form = form.make_folders(&["Postausgang"]);
    let found: Vec<Value> = steps(&form.test("imap"), "mailbox").iter().map(|step| step["facts"]["folder"].clone()).collect();
    assert_eq!(found, ["Posteingang", "Postausgang"]);
    let form = form.with_account("imap", json!({"imap": {"inbox": "Eingang?", "outbox": "Ausgang?"}}));
    let report = form.test("imap");
    let missing = steps(&report, "mailbox");
    let said: Vec<_> = missing.iter().map(|step| (&step["status"], &step["code"], step["pointer"].as_str().unwrap())).collect();
    let (fail, code) = (json!("fail"), json!("imap.folder_missing"));
    let expected = [(&fail, &code, "/user/accounts/imap/imap/inbox"), (&fail, &code, "/user/accounts/imap/imap/outbox")];
    assert_eq!((said.as_slice(), &report["ok"]), (&expected[..], &json!(false)), "{report:#}");
    assert!(missing[1]["message"].as_str().unwrap().contains("Ausgang?"));
    let listed = form.account("imap").list("{}", &patience()).unwrap();
    assert!(!listed.json().contains('?'), "{listed:?}");
}
