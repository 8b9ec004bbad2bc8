//! Answers that lie or attack: a clean error, and no message is taken for another.

use super::server::{Answer, Service, success};
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Action, ReceiveRequest, Status, Transport};

fn create(id: &str) -> String {
    format!("<t:Create><t:Message><t:ItemId Id=\"{id}\"/><t:Size>100</t:Size></t:Message></t:Create>")
}

fn sync(ids: &[&str]) -> Answer {
    let changes: String = ids.iter().map(|id| create(id)).collect();
    let inner =
        format!("<m:SyncState>T1</m:SyncState><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange><m:Changes>{changes}</m:Changes>");
    Answer::success("SyncFolderItems", &inner)
}

fn item(id: &str, base64: &str) -> String {
    success(
        "GetItem",
        &format!(
            "<m:Items><t:Message><t:MimeContent CharacterSet=\"UTF-8\">{base64}</t:MimeContent><t:ItemId Id=\"{id}\"/></t:Message></m:Items>"
        ),
    )
}

/// `Subject: a` and an empty line.
const MIME: &str = "U3ViamVjdDogYQ0KDQo=";

#[test]
fn a_message_under_the_id_of_another_is_not_taken() {
    let service = Service::start(|asked| match asked.operation.as_str() {
        "SyncFolderItems" => sync(&["AAA1", "AAA2"]),
        "GetItem" => Answer::messages("GetItem", &[item("AAA9", MIME), item("AAA2", MIME)]),
        operation => Answer::success(operation, ""),
    });
    let host = TestHost::new().answering(Action::Delete);
    let received = service.account().receive(&ReceiveRequest::default(), &host.call());
    assert!(host.ids().is_empty() && service.take_asked().iter().all(|asked| asked.operation != "DeleteItem"), "{received:?}");
}

#[test]
fn a_message_whose_content_is_no_base64_does_not_keep_back_the_others() {
    let service = Service::start(|asked| match asked.operation.as_str() {
        "SyncFolderItems" if asked.body.contains("<m:SyncState>") => sync(&[]),
        "SyncFolderItems" => sync(&["AAA1", "AAA2", "AAA3"]),
        "GetItem" => {
            let asked_for = |id: &str| asked.body.contains(&format!("\"{id}\""));
            let one = |id: &str| item(id, if id == "AAA2" { "U3V*" } else { MIME });
            let messages: Vec<String> = ["AAA1", "AAA2", "AAA3"].into_iter().filter(|id| asked_for(id)).map(one).collect();
            Answer::messages("GetItem", &messages)
        }
        operation => Answer::success(operation, ""),
    });
    let mut account = service.account();
    let host = TestHost::new();
    let received = account.receive(&ReceiveRequest::default(), &host.call()).unwrap();
    assert_eq!(
        (host.ids(), received.missing.len(), received.missing[0].id.as_str()),
        (vec!["AAA1".to_owned(), "AAA3".to_owned()], 1, "AAA2")
    );
    // It is tried again with the next fetch, and the others are not.
    let again = TestHost::new();
    let request = ReceiveRequest { state: Some(received.state), ..ReceiveRequest::default() };
    service.take_asked();
    let second = account.receive(&request, &again.call());
    assert!(again.ids().is_empty(), "{second:?}");
    assert!(service.take_asked().iter().filter(|asked| asked.operation == "GetItem").all(|asked| !asked.body.contains("AAA1")));
}

#[test]
fn a_message_that_the_service_does_not_describe_for_a_while_is_not_lost() {
    let service = Service::start(|asked| match asked.operation.as_str() {
        "SyncFolderItems" if asked.body.contains("<m:SyncState>") => sync(&[]),
        "SyncFolderItems" => sync(&["AAA1"]),
        "GetItem" => Answer::refusal("GetItem", "ErrorItemCorrupt"),
        operation => Answer::success(operation, ""),
    });
    let mut account = service.account();
    let mut state = None;
    for _ in 0..3 {
        let received =
            account.receive(&ReceiveRequest { state: state.take(), ..ReceiveRequest::default() }, &TestHost::new().call()).unwrap();
        assert_eq!((received.missing.len(), received.missing[0].id.as_str()), (1, "AAA1"));
        assert!(received.state.contains("AAA1"), "{}", received.state);
        state = Some(received.state);
    }
}

#[test]
fn a_state_that_the_service_has_lost_begins_anew_and_says_so() {
    let service = Service::start(|asked| match asked.operation.as_str() {
        "SyncFolderItems" if asked.body.contains("<m:SyncState>") => Answer::refusal("SyncFolderItems", "ErrorInvalidSyncStateData"),
        "SyncFolderItems" => sync(&["AAA1"]),
        "GetItem" => Answer::messages("GetItem", &[item("AAA1", MIME)]),
        operation => Answer::success(operation, ""),
    });
    let mut account = service.account();
    let first = account.receive(&ReceiveRequest::default(), &TestHost::new().call()).unwrap();
    let request = ReceiveRequest { state: Some(first.state), ..ReceiveRequest::default() };
    let host = TestHost::new();
    let second = account.receive(&request, &host.call()).unwrap();
    assert_eq!((host.ids(), second.warnings[0].code.as_str()), (vec!["AAA1".to_owned()], "ews.state_lost"));
}

#[test]
fn pages_that_never_end_are_left() {
    let service = Service::start(|asked| match asked.operation.as_str() {
        "FindFolder" | "FindItem" => Answer::success(
            &asked.operation,
            "<m:RootFolder IncludesLastItemInRange=\"false\" IndexedPagingOffset=\"0\"><t:Folders/></m:RootFolder>",
        ),
        "SyncFolderItems" => {
            Answer::success("SyncFolderItems", "<m:SyncState>T</m:SyncState><m:IncludesLastItemInRange>false</m:IncludesLastItemInRange>")
        }
        operation => Answer::success(operation, ""),
    });
    let mut account = service.account();
    let host = TestHost::new();
    account.list(&Default::default(), &host.call()).unwrap();
    let received = account.receive(&ReceiveRequest::default(), &host.call()).unwrap();
    assert!(!received.more && service.take_asked().len() < 10);
}

#[test]
fn the_state_of_another_transport_is_refused_before_anything_is_asked() {
    let service = Service::start(|asked| Answer::success(&asked.operation, ""));
    let request = ReceiveRequest { state: Some("graph:1;a;b;".to_owned()), ..ReceiveRequest::default() };
    let error = service.account().receive(&request, &TestHost::new().call()).unwrap_err();
    assert_eq!((error.status, error.code.as_str(), service.take_asked().len()), (Status::Argument, "receive.state_foreign", 0));
}
