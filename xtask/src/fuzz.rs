//! `cargo xtask fuzz reader [SECONDS]`: libFuzzer looks for messages that the reader cannot bear.
//!
//! The compiler's own pass marks which code a message reached, so that a stable toolchain is enough, and no other tool.

use crate::packages;
use crate::workspace::{cargo, root};
use std::io::Result;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};

/// How long each target runs where no time is named.
const SECONDS: &str = "600";

/// Programs of `reader/fuzz`: any bytes, and well-formed messages that another parser reads, too.
const TARGETS: [&str; 2] = ["reader", "differential"];

/// The instrumentation that libFuzzer is guided by.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
                     -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing";

/// Words of the language that messages are written in.
const WORDS: &[&str] = &[
    "Content-Type: multipart/mixed; boundary=",
    "Content-Type: multipart/related; start=",
    "Content-Type: multipart/report; report-type=delivery-status; boundary=",
    "Content-Type: message/rfc822",
    "Content-Type: text/html; charset=iso-2022-jp",
    "Content-Type: application/ms-tnef",
    "; format=flowed; delsp=yes",
    "Content-Transfer-Encoding: base64",
    "Content-Transfer-Encoding: quoted-printable",
    "Content-Transfer-Encoding: x-uuencode",
    "Content-Disposition: attachment; filename*0*=utf-8''",
    "=?utf-8?Q?",
    "=?iso-2022-jp?B?",
    "?=",
    "\\x0d\\x0a--",
    "--\\x0d\\x0a",
    "\\x0d\\x0a\\x0d\\x0a",
    "\\x0d\\x0a ",
];

/// Builds the targets and runs them side by side; fails where one has found something.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let seconds = match arguments {
        [reader] if reader == "reader" => SECONDS,
        [reader, seconds] if reader == "reader" && seconds.parse::<u32>().is_ok() => seconds,
        _ => {
            eprintln!("usage: cargo xtask fuzz reader [SECONDS]");
            return ExitCode::from(2);
        }
    };
    packages::provide(&[packages::BUILD, packages::TESTS]);
    match fuzz(seconds) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn fuzz(seconds: &str) -> Result<bool> {
    let folder = root().join("target").join("fuzz");
    // With a target named, the flags are for it alone and not for what runs while building.
    let target = host()?;
    let package = root().join("reader").join("fuzz");
    // The versions of the workspace, beside those that it alone needs.
    std::fs::copy(root().join("Cargo.lock"), package.join("Cargo.lock"))?;
    let mut build = cargo();
    build.args(["build", "--release", "--target", &target, "--target-dir"]).arg(&folder);
    build.arg("--manifest-path").arg(package.join("Cargo.toml")).env("RUSTFLAGS", FLAGS);
    if !build.status()?.success() {
        return Ok(false);
    }
    let programs = folder.join(&target).join("release");
    let words = folder.join("words.txt");
    std::fs::write(&words, WORDS.iter().map(|word| format!("\"{word}\"\n")).collect::<String>())?;
    let seeds = seeds(&folder)?;
    let start = |name: &&str| start(&programs.join(name), name, &folder, &seeds, &words, seconds);
    let children = TARGETS.iter().map(start).collect::<Result<Vec<Child>>>()?;
    let mut is_clean = true;
    for (name, mut child) in TARGETS.iter().zip(children) {
        let is_right = child.wait()?.success();
        println!(
            "{name}: {}",
            if is_right { "nothing found" } else { "found something, in target/fuzz/found; its output is target/fuzz/NAME.txt" }
        );
        is_clean &= is_right;
    }
    Ok(is_clean)
}

fn start(program: &Path, name: &str, folder: &Path, seeds: &Path, words: &Path, seconds: &str) -> Result<Child> {
    let (corpus, found) = (folder.join("corpus").join(name), folder.join("found"));
    std::fs::create_dir_all(&corpus)?;
    std::fs::create_dir_all(&found)?;
    let mut command = Command::new(program);
    command.arg(format!("-max_total_time={seconds}")).args(["-timeout=10", "-rss_limit_mb=1024", "-max_len=60000", "-print_final_stats=1"]);
    command.arg(format!("-artifact_prefix={}/{name}-", found.display())).arg(&corpus);
    if name == "reader" {
        command.arg(format!("-dict={}", words.display())).arg(seeds);
    }
    command.stderr(std::fs::File::create(folder.join(format!("{name}.txt")))?).spawn()
}

/// The messages of the corpus in one folder.
fn seeds(folder: &Path) -> Result<PathBuf> {
    let seeds = folder.join("seeds");
    std::fs::create_dir_all(&seeds)?;
    let kinds = std::fs::read_dir(root().join("tests").join("corpus"))?.flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
    for kind in kinds {
        for file in std::fs::read_dir(&kind)?.flatten().map(|entry| entry.path()) {
            if file.extension().is_some_and(|extension| extension == "eml" || extension == "msg") {
                let name = format!("{}-{}", kind.file_name().unwrap_or_default().display(), file.file_name().unwrap_or_default().display());
                std::fs::copy(&file, seeds.join(name))?;
            }
        }
    }
    Ok(seeds)
}

/// The platform of this machine, as the compiler calls it.
fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| std::io::Error::other("rustc -vV names no host"))
}
