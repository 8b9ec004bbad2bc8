//! The consent of a person through the C ABI from Python, and by the command.

use super::setup::{plugins, servers};
use postkontor_tests::exchange::CLIENT;
use postkontor_tests::folder::Folder;
use postkontor_tests::products::Products;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {said}");
    said
}

#[test]
fn a_python_program_asks_for_consent_and_goes_on_after_a_restart() {
    let Some((servers, _turn)) = servers() else { return };
    let folder = Folder::new().unwrap();
    let library = Products::built().unwrap().library();
    std::fs::copy(&library, folder.file("libpostkontor.so.1")).unwrap();
    let mut accounts = json!({});
    for (name, transport, grant) in [("device", "imap", "device_code"), ("browser", "pop3", "authorization_code")] {
        let oauth2 = json!({"grant": grant, "client_id": CLIENT, "authority": servers.entra.clear(), "refresh_token": {"secret": name}});
        let mut account = servers.settings(transport, "oauth2", &oauth2)["accounts"]["main"].clone();
        account["auth"]["allow_cleartext"] = json!(true);
        // The page signs in whom the user's name hints at.
        account["auth"]["user"] = json!("anna");
        accounts[name] = account;
    }
    std::fs::write(folder.file("settings.json"), json!({"accounts": accounts}).to_string()).unwrap();
    let python = |step: &str| {
        let mut python = Command::new("python3");
        python.args(["-B", &format!("{ROOT}/tests/callers/consent.py"), step]);
        python.args([folder.file("settings.json"), folder.file("secrets.json")]).arg(plugins()).arg(servers.entra.control_url());
        python.env("PYTHONPATH", format!("{ROOT}/ffi/bindings/python")).env("LD_LIBRARY_PATH", folder.path());
        run(&mut python)
    };
    let kept = || -> Value { serde_json::from_str(&std::fs::read_to_string(folder.file("secrets.json")).unwrap()).unwrap() };
    python("consent");
    let first = kept();
    assert!(["device", "browser"].iter().all(|name| first[name].as_str().is_some_and(|token| token.len() > 20)), "{first}");
    // Each refresh token is good for one exchange only, so what the second process has is what the first one kept.
    python("again");
    let second = kept();
    assert!(["device", "browser"].iter().all(|name| first[name] != second[name]));
    python("again");
}

#[test]
fn the_command_shows_what_to_open_and_keeps_the_token_in_its_file() {
    let Some((servers, _turn)) = servers() else { return };
    let folder = Folder::new().unwrap();
    let secret = folder.file("consent.token");
    let oauth2 = json!({"grant": "device_code", "client_id": CLIENT, "refresh_token": {"secret": format!("file:{}", secret.display())}});
    let settings = folder.file("settings.json");
    std::fs::write(&settings, servers.settings("imap", "oauth2", &oauth2).to_string()).unwrap();
    let command = |verb: &str| {
        let mut command = Command::new(Products::built().unwrap().command());
        command.arg(verb).arg(&settings).args(["--account", "main", "--lang", "en", "--timeout", "60", "--plugins", plugins()]);
        command
    };
    let mut child = command("authorize").arg("--json").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut message = String::new();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    while !message.contains("enter the code ") {
        message.clear();
        assert!(lines.read_line(&mut message).unwrap() > 0, "the command shows no code");
    }
    let code = message.split("enter the code ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let approved = json!({"user_code": code, "state": "approved", "user": "anna@example.com"});
    servers.entra.control("POST", "/tokens/device", &approved).unwrap();
    let mut result = String::new();
    child.stdout.take().unwrap().read_to_string(&mut result).unwrap();
    assert!(child.wait().unwrap().success(), "{result}");
    let result: Value = serde_json::from_str(&result).unwrap();
    assert_eq!((&result["account"], &result["kept"]), (&json!("main"), &json!(true)), "{result}");
    let token = std::fs::read_to_string(&secret).unwrap();
    assert!(token.len() > 20 && !result.to_string().contains(&token));
    run(&mut command("test"));
    assert_ne!(std::fs::read_to_string(&secret).unwrap(), token, "the token that was exchanged is not the one that was kept");
}
