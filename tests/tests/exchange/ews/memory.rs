//! Thirty megabytes sent and a hundred fetched, in the memory of a few.

use super::setup::User;
use postkontor_tests::exchange::Exchange;
use postkontor_tests::strangers::postkontor;
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;

/// So many MB more than for a small mail; without optimisation the command takes much by itself.
const MORE: u64 = 24;

/// Runs the command, and says what it printed and how many MB of memory it had at most.
fn run(user: &User<'_>, arguments: &[&str]) -> (Value, u64) {
    let document = user.exchange.folder().join("settings.json");
    std::fs::write(&document, user.settings(&json!({})).to_string()).unwrap();
    let mut command = postkontor([arguments[0], "--json", "--timeout", "300", "--plugins", &super::setup::plugins()]).unwrap();
    let mut child = command.arg(&document).args(&arguments[1..]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(peak).max(peak);
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    (serde_json::from_str(&text).unwrap(), peak / 1024)
}

#[test]
fn large_messages_pass_in_the_memory_of_small_ones() {
    let Some(exchange) = Exchange::start().unwrap() else { return };
    exchange.control("POST", "/log/keep", &json!({"keep": false})).unwrap();
    exchange.control("POST", "/options", &json!({"message_limit": 200_000_000})).unwrap();
    let user = User::new(&exchange);
    let folder = exchange.folder();
    let (file, mail, to) = (folder.join("large.bin"), folder.join("mail.json"), folder.join("received"));
    let mut small = 0;
    // A small one, one that goes in one request, and one that is taken apart.
    for size in [1_000, 30_000_000, 45_000_000] {
        std::fs::write(&file, vec![7; size]).unwrap();
        std::fs::write(&mail, json!({"to": ["bob@example.com"], "subject": "large", "attachments": [{"file": file}]}).to_string()).unwrap();
        let (_, peak) = run(&user, &["send", "--message", mail.to_str().unwrap()]);
        println!("{size} bytes sent: {peak} MB");
        small = if small == 0 { peak } else { small };
        assert!(peak > 0 && peak < small + MORE, "{size}: {peak} MB, a small mail {small} MB");
    }
    user.deliver(&json!({"size": 100_000_000}));
    let (received, peak) = run(&user, &["receive", "--to", to.to_str().unwrap()]);
    println!("100 MB fetched: {peak} MB");
    assert!(peak > 0 && peak < small + MORE, "{peak} MB, a small mail {small} MB");
    assert_eq!(std::fs::metadata(to.join("0001.eml")).unwrap().len(), 100_000_000, "{received}");
}
