//! What was built for the first release still works: a program and a plugin in C, as files that are never built again.

use crate::good;
use postkontor_tests::strangers::root;
use postkontor_tests::windows::{Installation, Width, shown};
use serde_json::json;

#[test]
fn a_program_of_the_first_release_sends_through_a_plugin_of_the_first_release() {
    for width in Width::ALL {
        let Some(installation) = Installation::new(width, &[""; 0]).unwrap() else { return };
        let (fixtures, program) =
            (root().join("tests/fixtures/first-release").join(width.platform()), installation.folder().join("send.exe"));
        std::fs::copy(fixtures.join("send.exe"), &program).unwrap();
        std::fs::copy(fixtures.join("folder-c.dll"), installation.folder().join("plugins").join("folder-c.dll")).unwrap();
        let out = installation.file("out");
        std::fs::create_dir(&out).unwrap();
        let account = json!({"transport": "folder-c", "folder": {"path": shown(&out)}});
        let settings = json!({"accounts": {"main": account}, "sender": {"address": "anna@example.com"}, "send": {"account": "main"}});
        // In ASCII, since arguments come in a code page.
        let letter = r#"{"to":["bob@example.com"],"subject":"Rechnung f\u00fcr Gr\u00f6\u00dfe","text":"Hallo"}"#;
        let mut command = installation.command(&program);
        let output = good(command.args(["{}", &settings.to_string(), letter]));
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.starts_with("0 {") && said.contains(r#""status":"accepted""#), "{width:?}: {said}");
        let files: Vec<_> = std::fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().path()).collect();
        let [file] = &files[..] else { panic!("{files:?}") };
        let mail = std::fs::read_to_string(file).unwrap();
        assert!(mail.contains("X-Receiver: <bob@example.com>") && mail.contains("\r\n\r\nHallo"), "{mail}");
    }
}
