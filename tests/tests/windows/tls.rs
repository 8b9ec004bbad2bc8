//! TLS by the engine of Windows: the tests of the sdk, whose servers run here, and whose client is a program of Windows.

use crate::good;
use postkontor_tests::skip;
use postkontor_tests::strangers::root;
use postkontor_tests::windows::{Width, ready, release};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The parts of the sdk's tests that let a client visit.
const PARTS: [&str; 3] = ["client_certificate::", "records::", "tls::"];

/// Builds the sdk's tests of the network as the whole workspace is built, and gives the program.
fn tests_of_the_sdk() -> PathBuf {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root()).args(["test", "--quiet", "--workspace", "--test=net", "--no-run", "--message-format=json"]);
    let output = good(&mut cargo);
    let messages = output.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let is_wanted = |message: &Value| {
        message["target"]["name"] == "net" && message["manifest_path"].as_str().is_some_and(|path| path.ends_with("sdk/Cargo.toml"))
    };
    let program = messages.filter(is_wanted).find_map(|message| message["executable"].as_str().map(PathBuf::from));
    program.unwrap_or_else(|| panic!("cargo does not say which program it built"))
}

/// The tests with a client; its words are those that start it.
fn visited_by(tests: &Path, words: &[String]) -> Command {
    let mut command = Command::new(tests);
    command.args(PARTS).current_dir(root().join("plugins/sdk")).env("POSTKONTOR_TLS_CLIENT", serde_json::to_string(words).unwrap());
    // Wine's engine ends there, as that of Windows 10 does.
    command.env("POSTKONTOR_TLS_NEWEST", "1.2").env("POSTKONTOR_TLS_WITHOUT_CURVES", "1");
    command
}

#[test]
fn the_engine_of_windows_passes_the_tests_of_the_sdk() {
    if release::is_tested() {
        return skip::because("the client of the sdk's tests is built from its sources, and no file of a release");
    }
    if ready(Width::Bits32).is_none() {
        return;
    }
    let tests = tests_of_the_sdk();
    for width in Width::ALL {
        let Some(wine) = ready(width) else { return };
        let client = width.tls_client().unwrap();
        let command = wine.command(&client);
        let variables = command.get_envs().map(|(name, value)| format!("{}={}", name.display(), value.unwrap_or_default().display()));
        let words = [command.get_program()].into_iter().chain(command.get_args()).map(|word| word.display().to_string());
        let words: Vec<String> = ["env".to_owned()].into_iter().chain(variables).chain(words).collect();
        let output = good(&mut visited_by(&tests, &words));
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains(" 0 failed; 0 ignored;") && !said.contains("test result: ok. 0 passed"), "{width:?}: {said}");
    }
    // It is that client which visits: without one, the tests fail.
    let output =
        visited_by(&tests, &["false".to_owned()]).arg("--exact").arg("tls::a_good_certificate_is_verified_and_described").output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains(" 1 failed;"), "{output:?}");
}
