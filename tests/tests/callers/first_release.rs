//! What was built for the first release still works: a program and a plugin in C, as files that are never built again.

use crate::installation::{Installation, ROOT, good};
use postkontor_tests::folder::Folder;
use postkontor_tests::skip;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

#[test]
fn a_program_of_the_first_release_sends_through_a_plugin_of_the_first_release() {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")) {
        return skip::because("the program of the first release is for Linux on x86-64");
    }
    let installation = Installation::new(&[]);
    let plugins = installation.folder.file("plugins");
    fs::create_dir_all(&plugins).unwrap();
    let (program, plugin) = (installation.folder.file("send"), plugins.join("folder-c.so"));
    for (name, file) in [("send", &program), ("folder-c.so", &plugin)] {
        fs::copy(format!("{ROOT}/tests/fixtures/first-release/linux-x86_64/{name}"), file).unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::set_permissions(&plugins, fs::Permissions::from_mode(0o755)).unwrap();
    let drop_folder = Folder::new().unwrap();
    let settings = format!(
        r#"{{"accounts":{{"main":{{"transport":"folder-c","folder":{{"path":"{}"}}}}}},"sender":{{"address":"anna@example.com"}},"send":{{"account":"main"}}}}"#,
        drop_folder.path().display()
    );
    let config = format!(r#"{{"plugins":["{}"]}}"#, plugins.display());
    let message = r#"{"to":["bob@example.com"],"subject":"Rechnung für Größe","text":"Hallo"}"#;
    let output = good(Command::new(&program).args([&config, &settings, message]));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.starts_with("0 {") && said.contains(r#""status":"accepted""#), "{said}");
    let files: Vec<String> =
        fs::read_dir(drop_folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(files.len() == 1 && files[0].ends_with(".eml"), "{files:?}");
    let mail = fs::read_to_string(drop_folder.path().join(&files[0])).unwrap();
    assert!(mail.contains("X-Receiver: <bob@example.com>") && mail.contains("\r\n\r\nHallo"), "{mail}");
}
