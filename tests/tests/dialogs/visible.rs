//! The dialogs show what check says, for every transport.

use crate::dialog::Dialog;
use crate::program::{Program, installation};
use postkontor_core::Host;
use postkontor_tests::folder::Folder;
use postkontor_tests::transports;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Settings under which other fields show than without them.
fn settings(transport: &str) -> Value {
    match transport {
        "smtp" => json!({"auth": {"method": "pop-before-smtp"}, "tls": {"mode": "none"}}),
        "imap" => json!({"auth": {"method": "oauth2", "oauth2": {"grant": "client_credentials", "provider": "google"}}}),
        "graph" => json!({"auth": {"method": "oauth2", "oauth2": {"grant": "authorization_code"}}, "sender": {"html": {"enabled": true}}}),
        _ => json!({}),
    }
}

#[test]
fn the_dialogs_of_all_transports_show_what_check_says() {
    let host = Host::open(&json!({"language": "sl", "plugins": [installation().join("plugins")]}).to_string(), Box::new(())).unwrap();
    let names: Vec<String> = transports::all().unwrap().into_iter().map(|transport| transport.name).collect();
    assert!(names.len() > 5, "{names:?}");
    for (program, transport) in Program::all().into_iter().flat_map(|program| names.iter().map(move |name| (program, name))) {
        let folder = Folder::new().unwrap();
        let file = folder.file("settings.json");
        let mut office = settings(transport);
        office["transport"] = json!(transport);
        let document = json!({"accounts": {"office": office}}).to_string();
        std::fs::write(&file, &document).unwrap();
        let checked = json!(host.check(&document));
        let within =
            |pointer: &Value| Some(pointer.as_str()?.strip_prefix("/accounts/office")?.to_owned()).filter(|pointer| !pointer.is_empty());
        let mut visible: BTreeSet<String> = checked["visible"].as_array().unwrap().iter().filter_map(within).collect();
        // A group shows with its fields.
        let groups = |pointer: &String| pointer.rsplit_once('/').map(|(group, _)| group.to_owned()).filter(|group| !group.is_empty());
        visible.extend(visible.iter().filter_map(groups).collect::<Vec<_>>());
        let mut dialog = Dialog::open(program, &file, transport, "sl");
        let shown = |state: &Value| -> BTreeSet<String> {
            state["fields"].as_object().unwrap().keys().cloned().chain(["/transport".to_owned()]).collect()
        };
        if shown(&dialog.state) != visible {
            dialog.show_more("Več nastavitev");
        }
        assert_eq!(shown(&dialog.state), visible, "{program:?} {transport}");
        let fields = &dialog.state["fields"];
        for problem in checked["problems"].as_array().unwrap() {
            let Some(pointer) = within(&problem["pointer"]) else { continue };
            assert_eq!(fields[&pointer]["problem"], problem["message"], "{program:?} {transport} {pointer}");
        }
    }
}
