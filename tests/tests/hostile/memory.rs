//! A large attachment needs no memory.

use postkontor_tests::engine;
use postkontor_tests::folder::Folder;
use postkontor_tests::products::Products;
use postkontor_tests::sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use std::fs::File;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The most that a process may have had in memory at once, in KiB.
const MOST: u64 = 40 * 1024;

/// The peak of a process's memory so far in KiB, as the kernel counts it.
fn peak(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse().ok())
}

#[test]
fn an_attachment_of_a_gigabyte_goes_out_in_forty_megabytes() {
    if !cfg!(target_os = "linux") {
        return postkontor_tests::skip::because("the memory of a process is read from /proc");
    }
    let folder = Folder::new().unwrap();
    let sandbox = Sandbox::start(Options { keep: 4096, ..Options::default() }).unwrap();
    let big = folder.file("big.bin");
    // A hole in the file system: it reads as a gigabyte of zeros and takes no space.
    File::create(&big).unwrap().set_len(1 << 30).unwrap();
    let settings = engine::smtp(sandbox.tls_port, json!({"mode": "implicit", "ca_file": sandbox.ca_file}), json!({"method": "none"}));
    std::fs::write(folder.file("settings.json"), settings.to_string()).unwrap();
    let mut mail = engine::mail("b@example.com");
    mail["attachments"] = json!([{"name": "big.bin", "file": big}]);
    std::fs::write(folder.file("mail.json"), mail.to_string()).unwrap();

    let mut command = Command::new(Products::built().unwrap().command());
    command.arg("send").arg(folder.file("settings.json")).arg("--message").arg(folder.file("mail.json"));
    command.args(["--json", "--timeout", "600", "--plugins"]).arg(engine::plugins().unwrap());
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        most = most.max(peak(child.id()).unwrap_or(0));
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().unwrap();
    let receipt: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    assert!(output.status.success(), "{receipt:#}{}", String::from_utf8_lossy(&output.stderr));
    let mails = sandbox.mails();
    assert_eq!((mails.len(), mails[0].size), (1, receipt["size"].as_u64().unwrap()), "{receipt:#}");
    // Base64 is four thirds, and a line end every 76 characters.
    assert!(mails[0].size > (1 << 30) / 3 * 4, "{}", mails[0].size);
    println!("peak {} KiB for {} bytes", most, mails[0].size);
    assert!(most > 0 && most < MOST, "{most} KiB");
}
