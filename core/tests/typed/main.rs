//! Core used from Rust: what goes in and what comes out are types.

#![allow(clippy::unwrap_used, reason = "a test ends there")]

mod pigeonhole;

use pigeonhole::{PIGEONHOLE, pigeonhole};
use postkontor_core::{
    Account, Action, Attachment, Cancel, Config, Error, FetchOptions, Fetched, Host, ListRequest, Loop, Message, Receipt, ReceiveRequest,
    Stage, Status, StepStatus, Summary, TestRequest, Verdict,
};
use std::sync::Arc;

fn host() -> Arc<Host> {
    Host::open_with(&Config { language: Some("de".to_owned()), ..Config::default() }, Box::new(()), &[pigeonhole()]).unwrap()
}

fn account() -> Account {
    Account::open(&host(), PIGEONHOLE, None).unwrap()
}

fn to(recipients: &[&'static str]) -> Message<'static> {
    Message { to: recipients.iter().map(|address| (*address).into()).collect(), subject: "Grüße", text: Some("x"), ..Message::default() }
}

/// Fetches what is there: the subjects, and the state.
fn fetch(account: &mut Account, request: &ReceiveRequest) -> (Vec<String>, String) {
    let mut subjects = Vec::new();
    let mut take = |fetched: Fetched<'_>| {
        assert_eq!(fetched.incoming.size, Some(fetched.message.size()));
        assert_eq!(fetched.sha256.map(str::len), Some(64));
        subjects.push(fetched.message.subject().to_owned());
        Action::Keep
    };
    let received = account.receive(request, Some(&mut take), &Cancel::default()).unwrap();
    assert_eq!(received.messages.len(), subjects.len());
    (subjects, received.state)
}

#[test]
fn a_mail_is_sent_and_fetched_again_by_its_state() {
    let mut account = account();
    let receipt = account.send(&to(&["b@example.com", "c@example.com"]), &Cancel::default()).unwrap();
    assert_eq!((&*receipt.account, &*receipt.transport, receipt.status), ("main", "pigeonhole", Status::Ok));
    assert_eq!(receipt.recipients.iter().map(|answer| answer.address.as_str()).collect::<Vec<_>>(), ["b@example.com", "c@example.com"]);
    let (subjects, state) = fetch(&mut account, &ReceiveRequest::default());
    assert_eq!((subjects, state.as_str()), (vec!["Grüße".to_owned()], "1"));
    let since = FetchOptions { state: Some(state), ..FetchOptions::default() };
    let since = ReceiveRequest { fetch: since, ..ReceiveRequest::default() };
    assert_eq!(fetch(&mut account, &since), (Vec::new(), "1".to_owned()));
    account.send(&to(&["b@example.com"]), &Cancel::default()).unwrap();
    let bytes_only = FetchOptions { summary: Summary::None, ..since.fetch };
    let bytes_only = ReceiveRequest { fetch: bytes_only, action: Action::Seen, save_to: None };
    let received = account.receive(&bytes_only, None, &Cancel::default()).unwrap();
    assert_eq!((received.state.as_str(), received.messages[0].action, &received.messages[0].sha256), ("2", Action::Seen, &None));
}

#[test]
fn a_refused_recipient_makes_an_error_that_holds_the_receipt() {
    let error = account().send(&to(&["b@example.com", "c@refused.example"]), &Cancel::default()).unwrap_err();
    assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::Partial, "/to/1"));
    let receipt = Receipt::of_partial(&error).unwrap();
    assert_eq!(receipt.recipients.iter().map(|answer| answer.status).collect::<Vec<_>>(), [Verdict::Accepted, Verdict::Refused]);
    assert_eq!(receipt.recipients, error.recipients);
    let error = account().send(&to(&["c@refused.example"]), &Cancel::default()).unwrap_err();
    assert_eq!((error.status, Receipt::of_partial(&error)), (Status::Refused, None));
}

#[test]
fn a_message_that_cannot_be_is_refused_with_its_places() {
    let error = account().send(&to(&["b@example.com", "c"]), &Cancel::default()).unwrap_err();
    assert_eq!((error.status, error.at[0].pointer.as_str(), error.stage), (Status::Argument, "/to/1", Some(Stage::Message)));
    assert!(!error.at[0].message.is_empty());
}

#[test]
fn composing_and_delivering_are_two_things() {
    let (mut account, cancel) = (account(), Cancel::default());
    let subject = String::from("composed first");
    let first = account.compose(&Message { subject: &subject, ..to(&["b@example.com"]) }, &cancel).unwrap();
    let second = account.compose(&to(&["c@refused.example"]), &cancel).unwrap();
    let third = account.compose_document(r#"{"to":["d@example.com"],"subject":"a document"}"#, &[], &cancel).unwrap();
    let ids = [&first, &second, &third].map(|mail| mail.message_id.clone());
    assert_eq!(first.recipients[0].address, "b@example.com");
    assert_eq!(fetch(&mut account, &ReceiveRequest::default()).0, Vec::<String>::new());
    let results = account.deliver(vec![first, second, third], &cancel);
    let told = |result: &Result<Receipt, Error>| result.as_ref().map(|receipt| receipt.message_id.clone()).map_err(|error| error.status);
    assert_eq!(results.iter().map(told).collect::<Vec<_>>(), [Ok(ids[0].clone()), Err(Status::Refused), Ok(ids[2].clone())]);
    assert!(results[1].as_ref().is_err_and(|error| !error.message.is_empty() && error.at[0].pointer == "/to/0"));
    assert_eq!(fetch(&mut account, &ReceiveRequest::default()).0, ["composed first", "a document"]);
}

#[test]
fn composed_mail_can_be_stored_and_delivered_again() {
    let (first, cancel) = (account(), Cancel::default());
    let attached = vec![0xfc; 100_000];
    let message = Message { attachments: vec![Attachment::bytes("a.bin", &attached)], ..to(&["b@example.com", "c@example.com"]) };
    let mut mail = first.compose(&message, &cancel).unwrap();
    let (mut stored, mut block) = (Vec::new(), [0; 4096]);
    while let count @ 1.. = mail.read(&mut block).unwrap() {
        stored.extend_from_slice(&block[..count]);
    }
    let (from, id) = (mail.from.clone(), mail.message_id.clone());
    let recipients: Vec<String> = mail.recipients.iter().map(|recipient| recipient.address.clone()).collect();
    drop(mail);
    let mut later = account();
    let recipients: Vec<&str> = recipients.iter().map(String::as_str).collect();
    let again = later.compose_raw(&from, &recipients, stored.clone(), &cancel).unwrap();
    let receipt = later.deliver_one(again, &cancel).unwrap();
    assert_eq!((receipt.message_id, receipt.size, receipt.recipients.len()), (id, stored.len() as u64, 2));
    let mut take = |fetched: Fetched<'_>| {
        assert_eq!(fetched.message.bytes(None).unwrap(), stored);
        assert_eq!(fetched.message.part(0).unwrap(), attached);
        Action::Keep
    };
    assert_eq!(later.receive(&ReceiveRequest::default(), Some(&mut take), &cancel).unwrap().messages.len(), 1);
}

#[test]
fn nothing_is_composed_or_delivered_while_the_settings_are_off() {
    let cancel = Cancel::default();
    let mail = account().compose(&to(&["b@example.com"]), &cancel).unwrap();
    let mut off = Account::open(&host(), r#"{"enabled":false}"#, None).unwrap();
    assert_eq!(off.compose(&to(&["b@example.com"]), &cancel).unwrap_err().status, Status::Disabled);
    let error = off.deliver(vec![mail], &cancel).remove(0).unwrap_err();
    assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::Disabled, "/enabled"));
    assert!(!error.message.is_empty());
}

#[test]
fn a_test_reports_its_steps() {
    let looped = Some(Loop { to: Some("b@refused.example".to_owned()) });
    let report = account().test(&TestRequest { looped, steps: false }, &Cancel::default()).unwrap();
    assert_eq!((report.ok, report.account.as_str(), report.status()), (false, "main", Status::Refused));
    let failed = report.failed().unwrap();
    assert_eq!((failed.step, failed.status), (Stage::Loop, StepStatus::Fail));
    assert!(account().test(&TestRequest::default(), &Cancel::default()).unwrap().ok);
}

#[test]
fn a_request_of_any_kind_is_checked() {
    let error = account().list(&ListRequest { folder: Some("a\nb".to_owned()) }, &Cancel::default()).unwrap_err();
    assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::Argument, "/folder"));
    let error = account().list(&ListRequest::default(), &Cancel::default()).unwrap_err();
    assert_eq!(error.status, Status::Unsupported);
}
