//! Filing: each message once, as one that was read and not as a draft.

use super::server::{Answer, Service};
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Filed, Filing, FilingResult, Original, Status, Transport};
use std::sync::{Arc, Mutex};

const MESSAGE: &str = "Subject: s\r\nMessage-ID: <1@example.com>\r\n\r\ntext\r\n";

/// Files a message where `there` says whether one with its Message-ID is there, and `cut` ends the answer to CreateItem.
fn file(there: bool, acts: bool, cut: Option<usize>) -> (Filed, Vec<super::server::Asked>) {
    let is_there = Arc::new(Mutex::new(there));
    let service = Service::start(move |asked| match asked.operation.as_str() {
        "GetFolder" => Answer::success(
            "GetFolder",
            "<m:Folders><t:Folder><t:FolderId Id=\"F1\"/><t:DisplayName>Gesendete Elemente</t:DisplayName></t:Folder></m:Folders>",
        ),
        "FindItem" => {
            let item = "<t:Message><t:ItemId Id=\"S1=\"/><t:InternetMessageId>&lt;1@example.com&gt;</t:InternetMessageId></t:Message>";
            let items = if *is_there.lock().unwrap() { item } else { "" };
            Answer::success("FindItem", &format!("<m:RootFolder><t:Items>{items}</t:Items></m:RootFolder>"))
        }
        operation => {
            *is_there.lock().unwrap() |= acts;
            Answer { cut, ..Answer::success(operation, "<m:Items><t:Message><t:ItemId Id=\"N1=\" ChangeKey=\"K\"/></t:Message></m:Items>") }
        }
    });
    let host = TestHost::new().with_message(MESSAGE);
    let original = Original { stream: 1, size: MESSAGE.len() as u64, message_id: "1@example.com".to_owned(), utf8: false };
    let filing = Filing { folder: "<sent>".to_owned(), messages: vec![original], ..Filing::default() };
    let filed = service.account().file(&filing, &host.call()).unwrap();
    (filed, service.take_asked())
}

fn created(asked: &[super::server::Asked]) -> usize {
    asked.iter().filter(|asked| asked.operation == "CreateItem").count()
}

#[test]
fn a_message_is_filed_as_read_and_no_draft_unless_it_is_there() {
    let (filed, asked) = file(false, true, None);
    assert_eq!((filed.folder.as_str(), &filed.results[..]), ("Gesendete Elemente", &[FilingResult::Saved("N1=".to_owned())][..]));
    let request = asked.iter().find(|asked| asked.operation == "CreateItem").unwrap();
    assert!(request.body.contains("<t:ExtendedFieldURI PropertyTag=\"0x0E07\" PropertyType=\"Integer\"/><t:Value>1</t:Value>"));
    assert!(request.body.contains("MessageDisposition=\"SaveOnly\"") && request.body.contains("DistinguishedFolderId Id=\"sentitems\""));
    let (filed, asked) = file(true, true, None);
    assert_eq!((&filed.results[..], created(&asked)), (&[FilingResult::Found("S1=".to_owned())][..], 0));
}

#[test]
fn after_a_lost_answer_the_folder_is_asked_and_nothing_is_filed_twice() {
    let (filed, asked) = file(false, true, Some(30));
    assert_eq!((&filed.results[..], created(&asked)), (&[FilingResult::Saved("S1=".to_owned())][..], 1));
    let (filed, asked) = file(false, false, Some(30));
    let FilingResult::Error(error) = &filed.results[0] else { panic!("{filed:?}") };
    assert_eq!((error.status, error.code.as_str(), created(&asked)), (Status::Uncertain, "ews.filing_uncertain", 1));
}
