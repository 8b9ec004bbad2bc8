//! `cargo xtask fuzz reader|smime [SECONDS]`: libFuzzer looks for messages that the reader, or the engine of S/MIME, cannot bear.
//!
//! The compiler's own pass marks which code a message reached, so that a stable toolchain is enough, and no other tool.

use crate::packages;
use crate::workspace::{cargo, root};
use std::io::Result;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};

/// How long each target runs where no time is named.
const SECONDS: &str = "600";

/// A folder whose `fuzz` has programs for libFuzzer. The first takes any bytes, and begins with `seeds`.
struct Package {
    name: &'static str,
    programs: &'static [&'static str],
    /// Finds the seeds.
    seeds: fn() -> Result<Vec<PathBuf>>,
    words: &'static [&'static str],
}

/// `reader/fuzz`: any bytes, and well-formed messages that another parser reads, too. `smime/fuzz`: any bytes.
const PACKAGES: [Package; 2] = [
    Package { name: "reader", programs: &["reader", "differential"], seeds: messages, words: WORDS },
    Package { name: "smime", programs: &["smime"], seeds: objects, words: VALUES },
];

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

/// Values that CMS is made of: lengths that are indefinite or too long, and the object identifiers of its kinds of content and of ciphers.
const VALUES: &[&str] = &[
    "\\x30\\x80",
    "\\x24\\x80",
    "\\xa0\\x80",
    "\\x00\\x00",
    "\\x84\\xff\\xff\\xff\\xff",
    "\\x88\\x7f\\xff\\xff\\xff\\xff\\xff\\xff\\xff",
    "\\x2a\\x86\\x48\\x86\\xf7\\x0d\\x01\\x07\\x02",
    "\\x2a\\x86\\x48\\x86\\xf7\\x0d\\x01\\x07\\x03",
    "\\x2a\\x86\\x48\\x86\\xf7\\x0d\\x01\\x09\\x10\\x01\\x17",
    "\\x2a\\x86\\x48\\x86\\xf7\\x0d\\x01\\x09\\x10\\x01\\x09",
    "\\x60\\x86\\x48\\x01\\x65\\x03\\x04\\x01\\x2a",
    "\\x60\\x86\\x48\\x01\\x65\\x03\\x04\\x01\\x2e",
];

/// Builds the targets and runs them side by side; fails where one has found something.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let package = arguments.first().and_then(|name| PACKAGES.iter().find(|package| package.name == name));
    let seconds = match (package, arguments.get(1..).unwrap_or_default()) {
        (Some(package), []) => Some((package, SECONDS)),
        (Some(package), [seconds]) if seconds.parse::<u32>().is_ok() => Some((package, seconds.as_str())),
        _ => None,
    };
    let Some((package, seconds)) = seconds else {
        eprintln!("usage: cargo xtask fuzz reader|smime [SECONDS]");
        return ExitCode::from(2);
    };
    packages::provide(&[packages::BUILD, packages::TESTS]);
    match fuzz(package, seconds) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn fuzz(package: &Package, seconds: &str) -> Result<bool> {
    let folder = root().join("target").join("fuzz");
    // With a target named, the flags are for it alone and not for what runs while building.
    let target = host()?;
    let manifest = root().join(package.name).join("fuzz");
    // The versions of the workspace, beside those that it alone needs.
    std::fs::copy(root().join("Cargo.lock"), manifest.join("Cargo.lock"))?;
    let mut build = cargo();
    build.args(["build", "--release", "--target", &target, "--target-dir"]).arg(&folder);
    build.arg("--manifest-path").arg(manifest.join("Cargo.toml")).env("RUSTFLAGS", FLAGS);
    if !build.status()?.success() {
        return Ok(false);
    }
    let programs = folder.join(&target).join("release");
    let words = folder.join(format!("{}-words.txt", package.name));
    std::fs::write(&words, package.words.iter().map(|word| format!("\"{word}\"\n")).collect::<String>())?;
    let seeds = seeds(package, &folder)?;
    let start = |name: &&str| {
        let begin = (package.programs.first() == Some(name)).then_some((seeds.as_path(), words.as_path()));
        start(&programs.join(name), name, &folder, begin, seconds)
    };
    let children = package.programs.iter().map(start).collect::<Result<Vec<Child>>>()?;
    let mut is_clean = true;
    for (name, mut child) in package.programs.iter().zip(children) {
        let is_right = child.wait()?.success();
        println!(
            "{name}: {}",
            if is_right { "nothing found" } else { "found something, in target/fuzz/found; its output is target/fuzz/NAME.txt" }
        );
        is_clean &= is_right;
    }
    Ok(is_clean)
}

fn start(program: &Path, name: &str, folder: &Path, begin: Option<(&Path, &Path)>, seconds: &str) -> Result<Child> {
    let (corpus, found) = (folder.join("corpus").join(name), folder.join("found"));
    std::fs::create_dir_all(&corpus)?;
    std::fs::create_dir_all(&found)?;
    let mut command = Command::new(program);
    command.arg(format!("-max_total_time={seconds}")).args(["-timeout=10", "-rss_limit_mb=1024", "-max_len=60000", "-print_final_stats=1"]);
    command.arg(format!("-artifact_prefix={}/{name}-", found.display())).arg(&corpus);
    if let Some((seeds, words)) = begin {
        command.arg(format!("-dict={}", words.display())).arg(seeds);
    }
    command.stderr(std::fs::File::create(folder.join(format!("{name}.txt")))?).spawn()
}

/// The seeds of a package in one folder.
fn seeds(package: &Package, folder: &Path) -> Result<PathBuf> {
    let seeds = folder.join(format!("{}-seeds", package.name));
    std::fs::create_dir_all(&seeds)?;
    for file in (package.seeds)()? {
        let kind = file.parent().and_then(Path::file_name).unwrap_or_default();
        std::fs::copy(&file, seeds.join(format!("{}-{}", kind.display(), file.file_name().unwrap_or_default().display())))?;
    }
    Ok(seeds)
}

/// The messages of the corpus.
fn messages() -> Result<Vec<PathBuf>> {
    let kinds = std::fs::read_dir(root().join("tests").join("corpus"))?.flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
    let mut all = Vec::new();
    for kind in kinds {
        all.extend(ending(&kind, &["eml", "msg"])?);
    }
    Ok(all)
}

/// CMS objects, made by `openssl` for the keys beside them.
fn objects() -> Result<Vec<PathBuf>> {
    ending(&root().join("smime").join("fuzz").join("seeds"), &["der"])
}

/// The files of a folder with one of these endings.
fn ending(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>> {
    let is_asked = |path: &PathBuf| path.extension().is_some_and(|own| endings.iter().any(|ending| own == *ending));
    Ok(std::fs::read_dir(folder)?.flatten().map(|entry| entry.path()).filter(is_asked).collect())
}

/// The platform of this machine, as the compiler calls it.
fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| std::io::Error::other("rustc -vV names no host"))
}
