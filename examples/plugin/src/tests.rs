//! The transport without Postkontor around it: `TestHost` is the host of its calls.
#![allow(clippy::unwrap_used)]

use super::*;
use postkontor_plugin::serde_json::json;
use postkontor_plugin::testing::{Scratch, TestHost, mail, open};

fn transport(folder: &Scratch) -> Folder {
    open(json!({"folder": {"path": **folder}})).unwrap()
}

#[test]
fn a_mail_is_written_with_its_envelope() {
    let (folder, host) = (Scratch::new(), TestHost::new().with_message("Subject: a\r\n\r\ntext\r\n"));
    let sent = host.send(&mut transport(&folder), &mail("anna@example.com", &["berta@example.com"])).unwrap();
    let written = fs::read_to_string(sent.saved_to.unwrap()).unwrap();
    assert_eq!(written, "X-Sender: <anna@example.com>\r\nX-Receiver: <berta@example.com>\r\nSubject: a\r\n\r\ntext\r\n");
}

#[test]
fn half_a_mail_leaves_nothing_behind() {
    for host in [TestHost::new().failing_after(200_000), TestHost::new().stopping_when_asked(1)] {
        let (folder, host) = (Scratch::new(), host.with_message("text\r\n".repeat(100_000)));
        host.send(&mut transport(&folder), &mail("anna@example.com", &["berta@example.com"])).unwrap_err();
        assert_eq!(folder.files(), Vec::<String>::new());
    }
}

#[test]
fn a_folder_that_is_not_there_is_found_by_the_test() {
    let folder = Scratch::new();
    let mut transport = transport(&folder);
    assert!(transport.test(&TestRequest {}, &TestHost::new().call()).unwrap().is_ok());
    fs::remove_dir(&*folder).unwrap();
    let report = transport.test(&TestRequest {}, &TestHost::new().call()).unwrap();
    assert_eq!((report.steps[0].code.as_str(), report.steps[0].pointer.as_str()), ("folder.missing", "/folder/path"));
}
