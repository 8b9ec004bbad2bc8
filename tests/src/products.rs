//! The products under test: the built plugins, the shared library and the command.

use crate::folder::only_mine;
use crate::project::{here, root, target};
use crate::windows::{Width, release, said};
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX, EXE_SUFFIX};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The files that a build leaves behind.
#[derive(Clone, Debug)]
pub struct Products {
    folder: PathBuf,
    /// Whether they are those of a release, whose library has all transports inside; cargo leaves files of them beside it.
    released: bool,
    /// What stands before and behind the name of a library, and behind that of a program.
    affixes: [&'static str; 3],
}

impl Products {
    /// Builds the workspace as the tests were built (once in a process; a second where nothing changed) and says where the files are.
    pub fn built() -> io::Result<&'static Products> {
        static BUILT: OnceLock<Result<Products, String>> = OnceLock::new();
        BUILT.get_or_init(|| build().map_err(|error| error.to_string())).as_ref().map_err(|error| io::Error::other(error.clone()))
    }

    /// The same for Windows, or those of the release that is to be tested.
    pub fn for_windows(width: Width) -> io::Result<&'static Products> {
        static BUILT: [OnceLock<Result<Products, String>>; 2] = [OnceLock::new(), OnceLock::new()];
        let built = || {
            let affixes = ["", ".dll", ".exe"];
            if let Some(folder) = release::unpacked(width)? {
                return Ok(Products { folder, released: true, affixes });
            }
            Ok(Products { folder: width.build()?, released: false, affixes })
        };
        let slot = &BUILT[usize::from(width == Width::Bits64)];
        slot.get_or_init(|| built().map_err(|error: io::Error| error.to_string())).as_ref().map_err(|error| io::Error::other(error.clone()))
    }

    /// The folder with all of them, for example `target/debug`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The command `postkontor`.
    pub fn command(&self) -> PathBuf {
        self.folder.join(format!("postkontor{}", self.affixes[2]))
    }

    /// The shared library with the C ABI.
    pub fn library(&self) -> PathBuf {
        self.folder.join(self.dynamic("postkontor"))
    }

    /// The plugin of a transport, for example `smtp`, where they are not those of a release.
    pub fn plugin(&self, transport: &str) -> PathBuf {
        self.folder.join(self.dynamic(&format!("postkontor_{}", transport.replace('-', "_"))))
    }

    /// A folder that holds the plugins of these transports and nothing else, as an installation has it; nothing where they are inside of the library.
    pub fn plugins(&self, into: &Path, transports: &[impl AsRef<str>]) -> io::Result<PathBuf> {
        let folder = into.join("plugins");
        std::fs::create_dir_all(&folder)?;
        only_mine(&folder)?;
        for transport in transports.iter().filter(|_| !self.released) {
            let plugin = self.plugin(transport.as_ref());
            let target = folder.join(plugin.file_name().unwrap_or_default());
            std::fs::copy(&plugin, &target).map_err(|error| io::Error::other(format!("{}: {error}", plugin.display())))?;
            only_mine(&target)?;
        }
        Ok(folder)
    }

    fn dynamic(&self, name: &str) -> String {
        let [before, behind, _] = self.affixes;
        format!("{before}{name}{behind}")
    }
}

/// The library of a release, with all transports inside, for this system (built once in a process). Not optimised, and without debug information, which
/// saves a third of its build; in the folder of a target that is named, so that what the other tests built stays.
pub fn linked() -> io::Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = || {
        let version = said(Command::new("rustc").arg("-vV"))?;
        let host = version.lines().find_map(|line| line.strip_prefix("host: ")).ok_or_else(|| io::Error::other("rustc names no host"))?;
        let target = target()?;
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(root()).args(["rustc", "--quiet", "--package=postkontor-ffi", "--lib", "--crate-type=cdylib"]);
        cargo
            .args(["--features=postkontor-linked/all", "--target", host, "--target-dir"])
            .arg(&target)
            .env("CARGO_PROFILE_DEV_DEBUG", "none");
        said(&mut cargo)?;
        Ok(target.join(host).join("debug").join(format!("{DLL_PREFIX}postkontor{DLL_SUFFIX}")))
    };
    BUILT.get_or_init(|| built().map_err(|error: io::Error| error.to_string())).clone().map_err(io::Error::other)
}

fn build() -> io::Result<Products> {
    let folder = here()?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).args(["build", "--quiet", "--workspace"]);
    if folder.file_name().is_some_and(|name| name == "release") {
        cargo.arg("--release");
    } else {
        // With the feature that the plugins' own tests bring, so that neither build undoes the other.
        cargo.args(["--features", "postkontor-plugin/testing"]);
    }
    let output = cargo.output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(Products { folder, released: false, affixes: [DLL_PREFIX, DLL_SUFFIX, EXE_SUFFIX] })
}
