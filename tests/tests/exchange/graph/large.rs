//! A hundred megabytes, both ways, in the memory of a few.

use super::setup::Setup;
use postkontor_plugin::serde_json::{Value, json};
use postkontor_tests::strangers::postkontor;
use std::process::Stdio;

const SIZE: usize = 100 << 20;

/// The most memory of a process, in MB.
const MEMORY: u64 = 60;

/// Runs the command, and says what it printed and how many MB of memory it had at most.
fn run(setup: &Setup, settings: &Value, arguments: &[&str]) -> (Value, u64) {
    let folder = setup.exchange.folder();
    let document = folder.join(format!("{}.json", setup.user));
    std::fs::write(&document, settings.to_string()).unwrap();
    let mut command = postkontor([arguments[0], "--json", "--timeout", "300", "--plugins", super::setup::plugins()]).unwrap();
    command.arg(&document).args(&arguments[1..]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut peak = 0;
    loop {
        if let Ok(status) = std::fs::read_to_string(format!("/proc/{}/status", child.id())) {
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            peak = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(peak).max(peak);
        }
        if child.try_wait().unwrap().is_some() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    (postkontor_plugin::serde_json::from_str(&text).unwrap(), peak / 1024)
}

#[test]
fn an_attachment_of_a_hundred_megabytes_goes_out_and_comes_back_in_the_memory_of_a_few() {
    let Some(setup) = Setup::alone() else { return };
    setup.exchange.control("POST", "/log/keep", &json!({"keep": false})).unwrap();
    let folder = setup.exchange.folder();
    let file = folder.join("large.bin");
    std::fs::write(&file, super::setup::content(SIZE)).unwrap();
    let mail = folder.join("mail.json");
    std::fs::write(
        &mail,
        json!({"to": [setup.user], "subject": "large", "text": "t", "attachments": [{"name": "large.bin", "file": file}]}).to_string(),
    )
    .unwrap();
    let settings = setup.settings();
    let (_, peak) = run(&setup, &settings, &["send", "--message", mail.to_str().unwrap()]);
    assert!(peak > 0 && peak < MEMORY, "{peak} MB");
    assert_eq!(setup.messages("inbox").len(), 1);
    let to = folder.join("received");
    let (received, peak) = run(&setup, &settings, &["receive", "--to", to.to_str().unwrap()]);
    assert!(peak > 0 && peak < MEMORY, "{peak} MB");
    assert_eq!(received["messages"].as_array().unwrap().len(), 1);
    // What the double holds of it, of which it says itself that the attachment is what it was.
    let asked = json!({"mailbox": setup.user, "id": setup.messages("inbox")[0]["id"]});
    let mime = setup.exchange.control_bytes("POST", "/mime", &asked).unwrap();
    let saved = std::fs::read(to.join("0001.eml")).unwrap();
    assert!(saved.len() > SIZE * 4 / 3 && saved == mime);
    let attachment = super::setup::content(57 * 1000);
    let encoded = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, &attachment[..57]);
    assert!(saved.windows(encoded.len()).take(4000).any(|window| window == encoded.as_bytes()));
}
