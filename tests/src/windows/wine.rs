//! Wine, which `cargo xtask test --windows` puts into a folder with a Debian of its own, and a Windows of our own in it.

use crate::project::{self, root};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// Enters the folder with what it needs of this machine: `ROOT SHARED… -- PROGRAM ARGUMENT…`.
///
/// Only the mount points are left of that when the program has ended.
const ENTER: &str = r#"
set -e
root=$1; shift
while [ "$1" != -- ]; do
  if [ -d "$1" ]; then mkdir -p "$root$1"; else [ -e "$root$1" ] || : > "$root$1"; fi
  mount --rbind "$1" "$root$1"
  shift
done
shift
exec chroot "$root" /usr/bin/env -C "$PWD" "$@"
"#;

/// Keeps a Windows running until this process ends, even if that is killed, and removes its folder then: `FOLDER ENTER…`.
///
/// The first program of a Windows starts its services, a second or two, and they hold on to its output. So the first one is a shell that waits for
/// the end of its input.
const KEEP: &str = r#"
trap '' INT HUP
folder=$1; shift
"$@" /usr/bin/wine cmd.exe
cat
"$@" /usr/lib/wine/wineserver64 --kill
rm -rf "$folder"
"#;

/// No program needs longer, however busy the machine is.
const SECONDS: &str = "600";

/// Wine with a Windows of this process, which all its tests share.
#[derive(Debug)]
pub struct Wine {
    root: PathBuf,
    /// The folder of the Windows ("prefix"), seen from inside.
    prefix: String,
    /// Ends with this process, and removes the folder.
    _keeper: Option<Child>,
}

impl Wine {
    /// The one of this process; the error says why this machine has none.
    pub(super) fn shared() -> Result<&'static Wine, String> {
        static SHARED: OnceLock<Result<Wine, String>> = OnceLock::new();
        SHARED.get_or_init(Wine::start).as_ref().map_err(Clone::clone)
    }

    fn start() -> Result<Wine, String> {
        let root = provided("wine-").ok_or("Wine is not here; cargo xtask test --windows brings it")?;
        let wine = Wine { root, prefix: String::new(), _keeper: None };
        wine.may_enter()?;
        wine.furnish().map_err(|error| format!("Wine makes no Windows here: {error}"))
    }

    /// Containers often forbid what entering the folder needs.
    fn may_enter(&self) -> Result<(), String> {
        let tried = self.enter().arg("/usr/bin/true").output().map_err(|error| format!("unshare: {error}"))?;
        let said = String::from_utf8_lossy(&tried.stderr).trim().to_owned();
        if tried.status.success() { Ok(()) } else { Err(format!("this machine does not let us enter the folder with Wine: {said}")) }
    }

    /// Makes the Windows that others are copied from, where it is not there yet, and a copy of it.
    ///
    /// The copy consists of links, since a Windows is 1.4 GB large; only the registry is ever written.
    fn furnish(self) -> io::Result<Wine> {
        let lock = File::create(self.root.join("prefix.lock"))?;
        lock.lock()?;
        if !self.root.join("prefix.complete").exists() {
            remove(&self.root.join("prefix"))?;
            let model = Wine { prefix: "/prefix".to_owned(), root: self.root.clone(), _keeper: None };
            finish(model.enter().args(["/usr/bin/wine", "wineboot", "--init"]))?;
            finish(model.enter().args(["/usr/lib/wine/wineserver64", "--wait"]))?;
            File::create(self.root.join("prefix.complete"))?;
        }
        lock.unlock()?;
        let prefix = format!("/prefix-{}", std::process::id());
        let folder = self.root.join(&prefix[1..]);
        remove(&folder)?;
        finish(Command::new("cp").arg("-al").arg(self.root.join("prefix")).arg(&folder))?;
        for entry in std::fs::read_dir(&folder)? {
            let file = entry?.path();
            if file.is_file() {
                let bytes = std::fs::read(&file)?;
                std::fs::remove_file(&file)?;
                std::fs::write(&file, bytes)?;
            }
        }
        let mut wine = Wine { prefix, ..self };
        wine._keeper = Some(wine.keep(&folder)?);
        Ok(wine)
    }

    fn keep(&self, folder: &Path) -> io::Result<Child> {
        let enter = self.enter();
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEP, "keeper"]).arg(folder).arg(enter.get_program()).args(enter.get_args());
        for (name, value) in enter.get_envs() {
            keeper.env(name, value.unwrap_or_default());
        }
        keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
    }

    /// Runs a program of Windows in the current folder. Arguments and variables are those of the answer.
    ///
    /// Arguments reach programs in the code page of the system, windows-1252: other letters, and whole JSON documents, had better go by a file.
    ///
    /// A program sees this project and its target folder, the temporary folder, and what `cargo xtask` has provided.
    pub fn command(&self, program: &Path) -> Command {
        let enter = self.enter();
        let mut command = Command::new("timeout");
        command.args(["--kill-after=10", SECONDS]).arg(enter.get_program()).args(enter.get_args());
        for (name, value) in enter.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command.arg("/usr/bin/wine").arg(program).stdin(Stdio::null());
        command
    }

    /// Enters the folder; the words of the program come next. The same folders for each, since the server of a Windows opens the files of all its
    /// programs, and sees what the first of them saw.
    fn enter(&self) -> Command {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-c", ENTER, "enter"]).arg(&self.root);
        command.args(["/proc", "/dev", "/sys", "/tmp", "/etc/hosts"]).args([std::env::temp_dir(), root()]);
        command.args(project::target().ok()).args(provided("dotnet-")).arg("--");
        // Neither its own debug lines, nor the offers to install a .NET and a browser; no screen. File names are UTF-8.
        command.env("WINEDEBUG", "-all").env("WINEDLLOVERRIDES", "mscoree=;mshtml=;winemenubuilder.exe=").env("LC_ALL", "C.UTF-8");
        // With debug information of 32 bits Wine's dbghelp.dll crashes when a panic prints the stack (Wine 10, docs/windows.md).
        command.env("RUST_BACKTRACE", "0");
        command.env("HOME", &self.prefix).env("WINEPREFIX", &self.prefix).env("DISPLAY", "").stdin(Stdio::null());
        command
    }
}

/// A folder that `cargo xtask` has provided: the latest whose name begins so, since each way of making it has its number.
pub(super) fn provided(beginning: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(cache()?).ok()?.flatten();
    let found = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(beginning)).map(|entry| entry.path());
    found.filter(|folder| folder.join(".complete").exists()).max()?.canonicalize().ok()
}

/// Where it keeps them.
fn cache() -> Option<PathBuf> {
    let given = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    given("POSTKONTOR_CACHE")
        .or_else(|| given("XDG_CACHE_HOME").map(|folder| folder.join("postkontor")))
        .or_else(|| given("HOME").map(|home| home.join(".cache").join("postkontor")))
}

fn remove(folder: &Path) -> io::Result<()> {
    if folder.exists() { std::fs::remove_dir_all(folder) } else { Ok(()) }
}

fn finish(command: &mut Command) -> io::Result<()> {
    let output = command.output()?;
    let said = [output.stdout, output.stderr].concat();
    if output.status.success() { Ok(()) } else { Err(io::Error::other(String::from_utf8_lossy(&said).into_owned())) }
}
