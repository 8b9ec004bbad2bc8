//! What is built for Windows, and with what.

use crate::project::target;
use crate::transports;
use crate::windows::wine::provided;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The width of a program and of the library that it loads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// A program of 32 bits, as many an ERP is one still.
    Bits32,
    /// A program of 64 bits.
    Bits64,
}

impl Width {
    /// Both.
    pub const ALL: [Width; 2] = [Width::Bits32, Width::Bits64];

    /// Its target.
    pub fn target(self) -> &'static str {
        match self {
            Width::Bits32 => "i686-win7-windows-gnu",
            Width::Bits64 => "x86_64-win7-windows-gnu",
        }
    }

    /// Its platform, as the archives of a release are named.
    pub fn platform(self) -> &'static str {
        match self {
            Width::Bits32 => "windows-i686",
            Width::Bits64 => "windows-x86_64",
        }
    }

    /// The other one.
    pub fn other(self) -> Width {
        if self == Width::Bits32 { Width::Bits64 } else { Width::Bits32 }
    }

    /// A tool of MinGW, for example `gcc`.
    pub fn tool(self, name: &str) -> Command {
        Command::new(format!("{}-{name}", self.machine()))
    }

    fn machine(self) -> &'static str {
        match self {
            Width::Bits32 => "i686-w64-mingw32",
            Width::Bits64 => "x86_64-w64-mingw32",
        }
    }

    /// What this machine lacks to build for it.
    pub(super) fn missing(self) -> Option<String> {
        let library = self.sysroot().or_else(|| asked(&["--print", "sysroot"]).map(PathBuf::from).filter(|sysroot| self.is_in(sysroot)));
        if library.is_none() {
            return Some(format!("there is no standard library for {}", self.target()));
        }
        let compiler = self.tool("gcc").arg("--version").output();
        (!compiler.is_ok_and(|answer| answer.status.success())).then(|| format!("{}-gcc is not installed", self.machine()))
    }

    /// The folder with Rust's standard library that `cargo xtask` has built for this compiler; a toolchain may have one as well.
    fn sysroot(self) -> Option<PathBuf> {
        let version = asked(&["--version"])?;
        provided(&format!("rust-std-{}-{}-", version.split(' ').nth(1)?, self.target())).filter(|folder| self.is_in(folder))
    }

    /// Whether a sysroot has its standard library.
    fn is_in(self, sysroot: &Path) -> bool {
        let folder = sysroot.join("lib").join("rustlib").join(self.target()).join("lib");
        let mut files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        files.any(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
    }

    /// Builds what customers get, and gives the folder.
    pub(crate) fn build(self) -> io::Result<PathBuf> {
        self.build_with(&[])
    }

    /// Builds the client that the sdk's tests of TLS let visit their servers, and gives its program.
    pub fn tls_client(self) -> io::Result<PathBuf> {
        let more = ["--package=postkontor-plugin", "--features=postkontor-plugin/net,postkontor-plugin/testing", "--example=visit"];
        Ok(self.build_with(&more)?.join("examples").join("visit.exe"))
    }

    /// Builds of what customers get no more than these arguments of cargo say. With all of it named, the dependencies are the same each time.
    fn build_with(self, more: &[&str]) -> io::Result<PathBuf> {
        let target = target()?;
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(crate::project::root()).args(["build", "--quiet", "--target-dir"]).arg(&target);
        cargo.args(["--package=postkontor-ffi", "--package=postkontor-cli"]);
        cargo.args(transports::shipped()?.iter().map(|transport| format!("--package=postkontor-{}", transport.name)));
        said(self.serve(cargo.args(more)))?;
        Ok(target.join(self.target()).join("debug"))
    }

    /// Lets a cargo command build for it.
    pub(crate) fn serve(self, cargo: &mut Command) -> &mut Command {
        let variable = |name: &str| format!("CARGO_TARGET_{}_{name}", self.target().replace('-', "_").to_uppercase());
        cargo.arg("--target").arg(self.target()).env(variable("LINKER"), self.tool("gcc").get_program());
        if let Some(sysroot) = self.sysroot() {
            cargo.env(variable("RUSTFLAGS"), format!("--sysroot={}", sysroot.display()));
        }
        cargo
    }
}

/// What the compiler says about itself.
fn asked(question: &[&str]) -> Option<String> {
    let answer = Command::new("rustc").args(question).output().ok()?;
    answer.status.success().then(|| String::from_utf8_lossy(&answer.stdout).trim().to_owned())
}

/// What a tool prints.
pub(crate) fn said(tool: &mut Command) -> io::Result<String> {
    let output = tool.output()?;
    let all = || String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned();
    if output.status.success() { Ok(String::from_utf8_lossy(&output.stdout).into_owned()) } else { Err(io::Error::other(all())) }
}
