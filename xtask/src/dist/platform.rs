//! The platforms of a release.

use crate::workspace::{RELEASED, root};
use std::path::PathBuf;

/// What a release is made for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Platform {
    /// Its name in the names of files.
    pub(crate) name: &'static str,
    /// Its name for the compiler.
    pub(crate) target: &'static str,
}

pub(crate) const ALL: [Platform; 3] = [
    Platform { name: "linux-x86_64", target: "x86_64-unknown-linux-gnu" },
    Platform { name: "windows-x86_64", target: "x86_64-win7-windows-gnu" },
    Platform { name: "windows-i686", target: "i686-win7-windows-gnu" },
];

impl Platform {
    /// The platform of this name, or of this target.
    pub(crate) fn named(name: &str) -> Result<&'static Platform, String> {
        ALL.iter().find(|platform| platform.name == name || platform.target == name).ok_or_else(|| {
            let known: Vec<&str> = ALL.iter().map(|platform| platform.name).collect();
            format!("no platform is called {name}; there are {}", known.join(", "))
        })
    }

    pub(crate) fn is_windows(&self) -> bool {
        self.target.contains("windows")
    }

    pub(crate) fn is_32_bit(&self) -> bool {
        self.target.starts_with("i686")
    }

    /// The file of the command.
    pub(crate) fn command(&self) -> &'static str {
        if self.is_windows() { "postkontor.exe" } else { "postkontor" }
    }
}

/// A file that is built.
pub(crate) struct Product {
    pub(crate) package: &'static str,
    pub(crate) kind: Kind,
    /// What it is, in the version resource.
    pub(crate) about: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Library,
    Command,
}

/// Everything that customers get; both have all transports inside.
pub(crate) const PRODUCTS: [Product; 2] = [
    Product { package: RELEASED[0], kind: Kind::Library, about: "Postkontor, the mail counter of an ERP" },
    Product { package: RELEASED[1], kind: Kind::Command, about: "Postkontor, the command" },
];

impl Product {
    /// The file as cargo names it.
    pub(crate) fn file(&self, platform: &Platform) -> &'static str {
        match (self.kind, platform.is_windows()) {
            (Kind::Library, false) => "libpostkontor.so",
            (Kind::Library, true) => "postkontor.dll",
            (Kind::Command, _) => platform.command(),
        }
    }

    /// Its file in an installation.
    pub(crate) fn place(&self, platform: &Platform) -> &'static str {
        if self.kind == Kind::Library && !platform.is_windows() { "libpostkontor.so.1" } else { self.file(platform) }
    }
}

/// The version of the product.
pub(crate) fn version() -> Result<String, String> {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).map_err(|error| format!("Cargo.toml: {error}"))?;
    let section = manifest.split_once("[workspace.package]").map_or("", |(_, rest)| rest);
    let version = section.lines().find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    version.map(str::to_owned).ok_or_else(|| "Cargo.toml: [workspace.package] has no version".to_owned())
}

/// The folder of what cargo builds.
pub(crate) fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The folder of the release.
pub(crate) fn dist_folder() -> PathBuf {
    target_folder().join("dist")
}
