//! The transport without Postkontor around it: `TestHost` is the host of its calls.
#![allow(clippy::unwrap_used)]

use super::*;
use postkontor_plugin::serde_json::{from_value, json};
use postkontor_plugin::testing::TestHost;

/// A folder of its own, gone after the test.
struct Place(PathBuf);

impl Place {
    fn new() -> Place {
        let path = std::env::temp_dir().join(format!("postkontor-folder-{}", unique_name()));
        fs::create_dir(&path).unwrap();
        Place(path)
    }

    fn transport(&self) -> Folder {
        Folder::open(from_value(json!({"folder": {"path": self.0}})).unwrap(), &Opening::default()).unwrap()
    }

    /// The files in it.
    fn files(&self) -> Vec<PathBuf> {
        fs::read_dir(&self.0).unwrap().map(|file| file.unwrap().path()).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn mail() -> Mail {
    from_value(json!({"stream": 1, "from": "anna@example.com", "recipients": ["berta@example.com"]})).unwrap()
}

#[test]
fn a_mail_is_written_with_its_envelope() {
    let (folder, host) = (Place::new(), TestHost::new().with_message("Subject: a\r\n\r\ntext\r\n"));
    let call = host.call();
    let sent = folder.transport().send(&mail(), &mut call.body(1), &call).unwrap();
    let written = fs::read_to_string(sent.saved_to.unwrap()).unwrap();
    assert_eq!(written, "X-Sender: <anna@example.com>\r\nX-Receiver: <berta@example.com>\r\nSubject: a\r\n\r\ntext\r\n");
}

#[test]
fn half_a_mail_leaves_nothing_behind() {
    let message = "text\r\n".repeat(100_000);
    for host in [TestHost::new().failing_after(200_000), TestHost::new().stopping_when_asked(1)] {
        let (folder, host) = (Place::new(), host.with_message(message.as_str()));
        let call = host.call();
        folder.transport().send(&mail(), &mut call.body(1), &call).unwrap_err();
        assert_eq!(folder.files(), Vec::<PathBuf>::new());
    }
}

#[test]
fn a_folder_that_is_not_there_is_found_by_the_test() {
    let folder = Place::new();
    let mut transport = folder.transport();
    assert!(transport.test(&TestRequest {}, &TestHost::new().call()).unwrap().is_ok());
    fs::remove_dir(&folder.0).unwrap();
    let report = transport.test(&TestRequest {}, &TestHost::new().call()).unwrap();
    assert_eq!((report.steps[0].code.as_str(), report.steps[0].pointer.as_str()), ("folder.missing", "/folder/path"));
}
