//! Plugins that others wrote have their dialogs without a change anywhere.

use crate::dialog::Dialog;
use crate::filling::checked;
use crate::program::{Program, installation};
use postkontor_core::Host;
use postkontor_tests::folder::Folder;
use serde_json::{Value, json};
use std::sync::Arc;

const STRANGERS: [&str; 2] = ["folder", "folder-c"];

fn host() -> Arc<Host> {
    Host::open(&json!({"plugins": [installation().join("plugins")]}).to_string(), Box::new(())).unwrap()
}

#[test]
fn a_strangers_plugin_has_a_form_for_every_generator() {
    let host = host();
    for transport in STRANGERS {
        let form = json!(host.schema(transport, "de").unwrap());
        let members: Vec<&String> = form.as_object().unwrap().keys().collect();
        assert_eq!(members, ["schema", "uischema", "rjsf"], "{transport}");
        assert!(form["schema"]["properties"]["folder"]["properties"]["path"]["title"].is_string(), "{transport}: {form}");
        assert!(form["uischema"].to_string().contains("#/properties/folder/properties/path"), "{transport}: {form}");
        assert!(form["rjsf"]["folder"].is_object(), "{transport}: {form}");
    }
}

#[test]
fn a_strangers_plugin_is_set_up_in_the_dialogs() {
    let host = host();
    for (program, transport) in Program::all().into_iter().flat_map(|program| STRANGERS.map(|transport| (program, transport))) {
        let folder = Folder::new().unwrap();
        let file = folder.file("settings.json");
        let schema = json!(host.schema(transport, "de").unwrap())["schema"].clone();
        let path = &schema["properties"]["folder"]["properties"]["path"];
        let mut dialog = Dialog::open(program, &file, transport, "de");
        assert_eq!(dialog.state["title"], Value::from(format!("office: {}", schema["title"].as_str().unwrap_or_default())));
        assert_eq!(dialog.field("/folder")["shows"], schema["properties"]["folder"]["title"]);
        assert_eq!(dialog.field("/folder/path")["title"], path["title"]);
        assert_eq!(dialog.field("/folder/path")["problem"], "Bitte ausfüllen.");
        let missing = folder.file("missing");
        dialog.enter("/folder/path", missing.to_str().unwrap());
        let report = dialog.test("Testen");
        let failed = report.lines().find(|line| line.starts_with("✗ ")).unwrap_or_default();
        assert!(failed.contains(missing.to_str().unwrap()), "{transport}: {report}");
        assert_eq!(dialog.state["focus"], "/folder/path", "the step that failed leads to its field");
        dialog.enter("/folder/path", folder.path().to_str().unwrap());
        let report = dialog.test("Testen");
        assert!(report.lines().all(|line| line.starts_with("✓ ")), "{transport}: {report}");
        if let (Program::Lazarus, "folder") = (program, transport) {
            dialog.picture("dialog-stranger.png");
        }
        dialog.press("Speichern");
        assert!(dialog.end().success());
        let office = json!({"transport": transport, "folder": {"path": folder.path()}});
        assert_eq!(checked(&file), json!({"accounts": {"office": office}}), "{program:?} {transport}");
    }
}
