//! The command `postkontor discover`.

use crate::rig::{found, host, plugins};
use postkontor_core::Status;
use postkontor_tests::folder::Folder;
use postkontor_tests::products::Products;
use serde_json::{Value, json};
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(Products::built().unwrap().command());
    command.arg("discover").args(arguments).arg("--lang").arg("de").arg("--plugins").arg(plugins()).output().unwrap()
}

#[test]
fn the_best_proposal_is_written_to_a_new_file_which_can_be_checked() {
    let folder = Folder::new().unwrap();
    let file = folder.file("settings.json");
    let output = run(&["anna@gmx.at", "--write", file.to_str().unwrap()]);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success() && shown.contains("Adressen unter gmx.at gehören zu GMX.") && shown.contains("imap.gmx.net:993"),
        "{shown}"
    );
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(host("de").check(&written).ok, "{written}");
    // Settings that are there already are kept.
    let again = run(&["anna@web.de", "--write", file.to_str().unwrap()]);
    assert_eq!((again.status.code(), std::fs::read_to_string(&file).unwrap()), (Some(Status::Local.number()), written));
}

#[test]
fn json_is_the_answer_of_the_library_and_nothing_found_is_a_status() {
    let output = run(&["anna@t-online.de", "--json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer, found(&host("de"), "anna@t-online.de"));
    let nothing = run(&["anna@proton.me"]);
    assert_eq!(nothing.status.code(), Some(Status::NotFound.number()));
    assert!(String::from_utf8(nothing.stdout).unwrap().contains("bietet Programmen keinen Zugang"));
    assert_eq!(run(&["anna"]).status.code(), Some(Status::Argument.number()));
}

#[test]
fn a_request_comes_from_a_file_with_or_without_the_address() {
    let folder = Folder::new().unwrap();
    let file = folder.file("request.json");
    std::fs::write(&file, json!({"address": "anna@gmx.at", "client_id": "c"}).to_string()).unwrap();
    for (arguments, provider) in [(vec!["--request"], "GMX"), (vec!["anna@gmail.com", "--request"], "Gmail, Google Workspace")] {
        let arguments: Vec<&str> = arguments.into_iter().chain([file.to_str().unwrap(), "--json"]).collect();
        let answer: Value = serde_json::from_slice(&run(&arguments).stdout).unwrap();
        assert_eq!(answer["proposals"][0]["provider"], provider, "{arguments:?}");
    }
}
