//! Installs a release by the words of docs/install.md on a machine that never saw this project, and sends the first mails.
//!
//! The machine is a folder that mmdebstrap fills: Debian with a C compiler, Free Pascal and pip, without Rust. What the page tells to run is run there,
//! to the letter; only the settings are those of the sandbox mail server, which runs outside.

use super::page::{Block, blocks};
use super::platform::{dist_folder, target_folder};
use super::release::{Release, copy};
use crate::apt::Archive;
use crate::cache::{self, at};
use crate::packages;
use crate::run;
use crate::workspace::{cargo, root};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What the page says that one needs, for all of its parts.
const INCLUDE: &str = "gcc,libc6-dev,fp-compiler,python3-pip,libssl3,pkg-config";

/// The sections that are followed.
const SECTIONS: [&str; 5] = ["Linux", "From C", "From Delphi and Free Pascal", "From Python", "Debian packages"];

/// The mails that leave on the way: by the command, from C, from Pascal, from Python, and from C with the Debian packages.
const MAILS: usize = 5;

/// Sends a mail in each way that the page tells.
pub(crate) fn run() -> Result<(), String> {
    packages::provide(&[packages::TRIAL]);
    if run::output(Command::new("id").arg("-u"))?.trim() != "0" {
        return Err("a fresh machine in a folder needs root: mount and chroot".to_owned());
    }
    let machine = machine()?;
    let folder = machine.join("home/clerk");
    for entry in fs::read_dir(Release::files()).map_err(at(&Release::files()))?.flatten().filter(|entry| entry.path().is_file()) {
        copy(&entry.path(), &folder.join(entry.file_name()))?;
    }
    let mail = dist_folder().join("trial-mail");
    cache::empty(&mail)?;
    let sandbox = Sandbox::start(&mail)?;
    let page = root().join("docs").join("install.md");
    let page = fs::read_to_string(&page).map_err(at(&page))?;
    let blocks: Vec<Block> = blocks(&page).into_iter().filter(|block| SECTIONS.contains(&block.heading.as_str())).collect();
    let script = script(&blocks, &sandbox, &folder)?;
    let file = machine.join("home/clerk/trial.sh");
    fs::write(&file, &script).map_err(at(&file))?;
    enter(&machine, "exec bash -eux trial.sh")?;
    sandbox.end();
    let arrived = count(&mail)?;
    println!("{arrived} mails arrived from {}", machine.display());
    if arrived != MAILS {
        return Err(format!("{arrived} mails arrived at the sandbox, not {MAILS}"));
    }
    fs::remove_dir_all(&machine).map_err(at(&machine))
}

/// A fresh Debian in a folder.
fn machine() -> Result<PathBuf, String> {
    let archive = Archive::of_this_machine()?;
    let folder = dist_folder().join("machine");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(at(&folder))?;
    }
    let mut bootstrap = Command::new("mmdebstrap");
    bootstrap.args(["--mode=root", "--variant=apt", "--quiet", &format!("--include={INCLUDE}")]);
    bootstrap.arg("--aptopt=APT::Install-Recommends \"false\"");
    run::succeed(bootstrap.arg(&archive.suite).arg(&folder).arg(archive.line(&archive.suite)))?;
    Ok(folder)
}

/// What a person types who follows the page. `folder`: where the files lie.
fn script(blocks: &[Block], sandbox: &Sandbox, folder: &Path) -> Result<String, String> {
    copy(&PathBuf::from(sandbox.value("ca_file")?), &folder.join("sandbox.pem"))?;
    let settings = format!(
        "{{\"accounts\": {{\"main\": {{\"transport\": \"smtp\", \"server\": {{\"host\": \"localhost\", \"port\": {}}}, \
         \"tls\": {{\"mode\": \"starttls\", \"ca_file\": \"/home/clerk/sandbox.pem\"}}, \"auth\": {{\"user\": \"{}\", \"password\": \"{}\"}}}}}}, \
         \"sender\": {{\"address\": \"anna@example.com\"}}, \"send\": {{\"account\": \"main\"}}}}\n",
        sandbox.value("port")?,
        sandbox.value("user")?,
        sandbox.value("password")?,
    );
    let mut script = String::new();
    for block in blocks {
        match (block.language.as_str(), block.file.as_str()) {
            ("sh", _) => script += &block.text,
            (_, "") => return Err(format!("docs/install.md does not tell what the block in {} is for", block.heading)),
            (_, "settings.json") => script += &format!("cat > settings.json <<'END'\n{settings}END\n"),
            (_, file) => script += &format!("cat > {file} <<'END'\n{}END\n", block.text),
        }
    }
    Ok(script)
}

/// Runs a command on the machine: its own files, the network of this one.
fn enter(machine: &Path, command: &str) -> Result<(), String> {
    // Debian's pip asks for this word before it installs beside the system's packages; on a machine of one's own a venv does as well.
    let inside = format!(
        "cd /home/clerk && export HOME=/home/clerk PIP_BREAK_SYSTEM_PACKAGES=1 PIP_ROOT_USER_ACTION=ignore LC_ALL=C.UTF-8; {command}"
    );
    let mounts = "mount -t proc proc \"$1/proc\" && mount --rbind /dev \"$1/dev\" && exec chroot \"$1\" /bin/bash -c \"$2\"";
    let mut enter = Command::new("unshare");
    enter.args(["--mount", "--propagation", "private", "sh", "-c", mounts, "sh"]).arg(machine).arg(inside);
    enter.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    run::succeed(&mut enter)
}

/// The mails in the sandbox's folder that are the ones of the page.
fn count(folder: &Path) -> Result<usize, String> {
    let mut count = 0;
    for file in fs::read_dir(folder).map_err(at(folder))?.flatten().map(|entry| entry.path()) {
        if file.extension().is_some_and(|extension| extension == "eml") {
            let mail = fs::read_to_string(&file).map_err(at(&file))?;
            count += usize::from(mail.contains("Subject: Invoice 4711"));
        }
    }
    Ok(count)
}

/// The sandbox mail server of the tests; it ends when its standard input does.
struct Sandbox {
    child: Child,
    described: String,
}

impl Sandbox {
    fn start(mail: &Path) -> Result<Sandbox, String> {
        run::succeed(cargo().args(["build", "--quiet", "--package", "postkontor-tests", "--bin", "postkontor-sandbox"]))?;
        let program = target_folder().join("debug").join("postkontor-sandbox");
        let mut child = Command::new(&program).arg(mail).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(at(&program))?;
        let mut described = String::new();
        let output = child.stdout.take().ok_or("the sandbox has no output")?;
        BufReader::new(output).read_line(&mut described).map_err(at(&program))?;
        Ok(Sandbox { child, described })
    }

    /// A member of its description, which is flat: `"port":2525`.
    fn value(&self, member: &str) -> Result<String, String> {
        let (_, rest) =
            self.described.split_once(&format!("\"{member}\":")).ok_or_else(|| format!("the sandbox does not tell its {member}"))?;
        let value = match rest.strip_prefix('"') {
            Some(text) => text.split('"').next(),
            None => rest.split([',', '}']).next(),
        };
        Ok(value.unwrap_or_default().to_owned())
    }

    fn end(mut self) {
        if let Some(mut input) = self.child.stdin.take() {
            // Closing it is what ends the sandbox.
            let _ = input.flush();
        }
        let _ = self.child.wait();
    }
}
