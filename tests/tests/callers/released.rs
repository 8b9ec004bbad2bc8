//! What customers get: one library with all transports inside. Plugins of strangers lie beside it.

use crate::abi::exports_the_header;
use crate::installation::{Installation, has};
use crate::receiving::Setup;
use crate::sending::Office;
use postkontor_tests::folder::only_mine;
use postkontor_tests::products::{Products, linked};
use postkontor_tests::{strangers, transports};
use serde_json::Value;
use std::process::Command;

/// An installation with the library alone.
fn alone() -> Installation {
    Installation::of(&linked().unwrap())
}

/// The transports that `examples/c/invoice` lists.
fn listed(text: &str) -> Vec<Value> {
    let line = text.lines().find_map(|line| line.strip_prefix("transports: ")).unwrap_or_else(|| panic!("{text}"));
    serde_json::from_str(line).unwrap()
}

fn shipped() -> Vec<String> {
    transports::shipped().unwrap().into_iter().map(|transport| transport.name).collect()
}

#[test]
fn the_library_alone_lists_all_transports_tests_and_sends() {
    if has(&["gcc", "nm"]) {
        let office = Office::with(alone());
        let program = office.installation.gcc("examples/c/invoice.c", &["-pedantic", "-lpostkontor"]);
        let listed = listed(&office.run_invoice(&mut Command::new(&program)));
        let names: Vec<&str> = listed.iter().filter_map(|entry| entry["name"].as_str()).collect();
        assert_eq!(names, shipped());
        assert!(listed.iter().all(|entry| entry.get("file").is_none() && entry.get("error").is_none()), "{listed:?}");
        exports_the_header(&linked().unwrap());
    }
}

#[test]
fn the_library_alone_receives() {
    for transport in ["imap", "pop3"] {
        if !has(&["gcc"]) {
            return;
        }
        let Some(setup) = Setup::with(transport, alone()) else { return };
        setup.works(&mut Command::new(setup.installation.gcc("tests/callers/mailbox.c", &["-pedantic", "-lpostkontor"])));
    }
}

#[test]
fn a_plugin_of_a_stranger_lies_beside_the_library_and_the_name_of_a_transport_inside_is_taken() {
    if has(&["gcc"]) {
        let office = Office::with(alone());
        let plugins = Products::built().unwrap().plugins(office.installation.folder.path(), &["smtp"]).unwrap();
        let stranger = plugins.join(strangers::library("folder-c"));
        strangers::c(&["folder.c", "json.c", "file.c"].map(|file| format!("examples/plugin-c/{file}")), &[], &stranger).unwrap();
        only_mine(&stranger).unwrap();
        let program = office.installation.gcc("examples/c/invoice.c", &["-pedantic", "-lpostkontor"]);
        // The file is not even opened for sending: the transport inside is the one that sends.
        let listed = listed(&office.run_invoice(&mut Command::new(&program)));
        let (inside, beside): (Vec<&Value>, Vec<&Value>) = listed.iter().partition(|entry| entry.get("file").is_none());
        assert_eq!(inside.len(), shipped().len());
        let [folder, smtp] = &beside[..] else { panic!("{beside:?}") };
        assert_eq!(folder["name"], "folder-c");
        assert!(smtp["file"].as_str().unwrap().ends_with(&strangers::library("postkontor_smtp")), "{smtp}");
        assert_eq!(smtp["error"]["code"], "plugin.name_taken");
        let message = smtp["error"]["message"].as_str().unwrap();
        assert_eq!(message, "The transport smtp exists already, from Postkontor itself; this file is not used.");
    }
}
