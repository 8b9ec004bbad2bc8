//! The page has the forms of plugins that others wrote.

use crate::worked::work;
use postkontor_tests::folder::Folder;
use postkontor_tests::skip;
use serde_json::{Value, json};
use std::path::Path;

#[test]
#[cfg(target_os = "linux")]
fn a_strangers_plugin_is_set_up_in_the_page() {
    if !Path::new("/usr/bin/chromium").exists() {
        return skip::because("there is no chromium (Debian package chromium)");
    }
    for transport in ["folder", "folder-c"] {
        let folder = Folder::new().unwrap();
        let file = folder.file("settings.json");
        std::fs::write(&file, json!({"accounts": {"office": {"transport": transport}}}).to_string()).unwrap();
        let Some(seen) = work("stranger", &file, "de", json!({}), &[]) else { return };
        assert!(seen["label"].as_str().unwrap().starts_with("Ordner"), "{transport}: {seen:#}");
        assert_eq!(seen["missing"][0]["code"], "settings.required", "{transport}: {seen:#}");
        assert!(seen["test"]["verdict"].as_str().unwrap().contains("Alles in Ordnung"), "{transport}: {seen:#}");
        assert_eq!(seen["save"], "Gespeichert", "{transport}: {seen:#}");
        let saved: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        assert_eq!(saved, json!({"accounts": {"office": {"transport": transport, "folder": {"path": folder.path()}}}}), "{transport}");
    }
}
