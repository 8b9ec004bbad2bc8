//! Where plugins are looked for: beside the library or the command as they really lie, however they were asked for.

use crate::installation::{Installation, ROOT, good, has};
use postkontor_tests::folder::{Folder, only_mine};
use postkontor_tests::products::Products;
use serde_json::Value;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// The names of the transports that a command lists, and of the files that it could not use.
fn listed(command: &mut Command) -> Vec<String> {
    let listed: Value = serde_json::from_slice(&good(command).stdout).unwrap();
    let name = |entry: &Value| entry["name"].as_str().or(entry["file"].as_str()).unwrap().to_owned();
    listed.as_array().unwrap().iter().map(name).collect()
}

fn copy(from: &Path, to: &Path) {
    std::fs::copy(from, to).unwrap();
    only_mine(to).unwrap();
}

#[test]
fn a_library_that_was_loaded_by_a_relative_path_finds_its_plugins() {
    if !has(&["python3"]) {
        return;
    }
    let installation = Installation::new(&["smtp"]);
    // The working directory changes before the host is opened, as in a program that goes to its data.
    let program = "import os, postkontor, json\n\
                   postkontor.load('./libpostkontor.so')\n\
                   os.chdir('/')\n\
                   print(json.dumps(postkontor.Host().transports()))";
    let mut python = Command::new("python3");
    python.args(["-B", "-c", program]).env("PYTHONPATH", format!("{ROOT}/ffi/bindings/python"));
    assert_eq!(listed(python.current_dir(installation.folder.path())), ["smtp"]);
}

#[test]
fn the_commands_plugins_lie_beside_it_and_not_where_its_caller_says() {
    let products = Products::built().unwrap();
    let (installed, elsewhere) = (Folder::new().unwrap(), Folder::new().unwrap());
    copy(&products.command(), &installed.file("postkontor"));
    products.plugins(installed.path(), &["smtp"]).unwrap();
    products.plugins(elsewhere.path(), &["pop3"]).unwrap();
    std::fs::write(elsewhere.file("postkontor"), "").unwrap();
    let mut command = Command::new(installed.file("postkontor"));
    command.arg0(elsewhere.file("postkontor")).args(["transports", "--json"]);
    assert_eq!(listed(&mut command), ["smtp"]);
}

#[test]
fn what_cargo_builds_works_from_where_cargo_leaves_it() {
    let products = Products::built().unwrap();
    let target = Folder::new().unwrap();
    let (command, smtp) = (target.file("postkontor"), products.plugin("smtp"));
    copy(&products.command(), &command);
    copy(&products.library(), &target.file("libpostkontor.so"));
    copy(&smtp, &target.file(smtp.file_name().unwrap().to_str().unwrap()));
    let transports = || listed(Command::new(&command).args(["transports", "--json"]));
    // Beside an installed command such a file is anybody's.
    assert_eq!(transports(), Vec::<String>::new());
    std::fs::write(target.file(".cargo-lock"), "").unwrap();
    assert_eq!(transports(), ["smtp"]);
    // A folder of plugins is what is meant where there is one.
    products.plugins(target.path(), &["pop3"]).unwrap();
    assert_eq!(transports(), ["pop3"]);
    let named = products.plugins(Folder::new().unwrap().keep().as_path(), &["imap"]).unwrap();
    let mut all = Command::new(&command);
    assert_eq!(listed(all.args(["transports", "--json", "--plugins"]).arg(&named)), ["imap", "pop3"]);
    std::fs::remove_dir_all(named.parent().unwrap()).unwrap();
}
