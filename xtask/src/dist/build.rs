//! Builds each product by itself.
//!
//! By itself for two reasons. Cargo gives a library that is also built as a Rust library no link-time optimisation; asked for the dynamic library
//! alone, it does. And one call for both would unite their features, so that the library would carry what only the command needs.

use super::platform::{Kind, Platform, Product, dist_folder, target_folder};
use super::resource;
use crate::cache::at;
use crate::windows::std::{Library, tool};
use crate::workspace::{LINKED, cargo, root};
use crate::{remap, run};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A product as a customer gets it, and what was cut off.
pub(crate) struct Built {
    pub(crate) file: PathBuf,
    pub(crate) symbols: PathBuf,
}

/// What building for a platform needs; made once for all of its products.
pub(crate) struct Builder<'a> {
    platform: &'a Platform,
    version: &'a str,
    library: Option<Library>,
    options: String,
    mode: Mode,
}

/// How a release is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// As it is handed over: optimised as a whole.
    Final,
    /// Not optimised, in a fraction of the time: to try what comes after building.
    Draft,
}

impl Builder<'_> {
    pub(crate) fn new<'a>(platform: &'a Platform, version: &'a str, mode: Mode) -> Result<Builder<'a>, String> {
        remap::fetch(&mut cargo(), &root().join("Cargo.toml"))?;
        let library = if platform.is_windows() { Some(Library::provide(platform.target)?) } else { None };
        let (root, target) = (root(), target_folder());
        let mut options = remap::options(&[(&root, "/postkontor"), (&target, "/target")])?;
        options.extend(library.as_ref().map(Library::option));
        options.push(match platform.is_windows() {
            true => "-Clink-arg=-Wl,--no-insert-timestamp".to_owned(),
            // By this number a debugger finds the symbols that belong to a file.
            false => "-Clink-arg=-Wl,--build-id=sha1".to_owned(),
        });
        Ok(Builder { platform, version, library, options: options.join("\x1f"), mode })
    }

    /// Builds a product and cuts its debug information off.
    pub(crate) fn build(&self, product: &Product) -> Result<Built, String> {
        let folder = dist_folder().join("build").join(self.platform.name);
        fs::create_dir_all(&folder).map_err(at(&folder))?;
        let mut command = cargo();
        command.args([
            "rustc",
            "--locked",
            "--quiet",
            "--target",
            self.platform.target,
            "--package",
            product.package,
            "--features",
            LINKED,
        ]);
        if self.mode == Mode::Final {
            command.arg("--release");
        }
        match product.kind {
            Kind::Command => command.args(["--bin", "postkontor"]),
            Kind::Library => command.args(["--lib", "--crate-type", "cdylib"]),
        };
        if self.platform.is_windows() {
            let object = resource::compile(self.platform, product, self.version, &folder)?;
            command.arg("--").arg(format!("-Clink-arg={}", object.display()));
        }
        if let Some(library) = &self.library {
            library.serve(&mut command);
        }
        command.env("CARGO_ENCODED_RUSTFLAGS", &self.options);
        // What a stack needs to be read; it goes into an archive of its own.
        command.env("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only").env("CARGO_PROFILE_RELEASE_STRIP", "none");
        command.env("CARGO_PROFILE_DEV_DEBUG", "none").env("CARGO_INCREMENTAL", "0");
        run::succeed(&mut command)?;
        let profile = if self.mode == Mode::Final { "release" } else { "debug" };
        let built = target_folder().join(self.platform.target).join(profile).join(product.file(self.platform));
        self.split(&built, &folder)
    }

    /// Puts the product without debug information into `folder`, and that information beside it.
    fn split(&self, built: &Path, folder: &Path) -> Result<Built, String> {
        let name = built.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (file, symbols) = (folder.join(&name), folder.join(format!("{name}.debug")));
        let program = |name: &str| {
            let mut command = Command::new(if self.platform.is_windows() { tool(self.platform.target, name) } else { name.to_owned() });
            // Else each of them writes the time of day into a file for Windows.
            command.env("SOURCE_DATE_EPOCH", "0");
            command
        };
        run::succeed(program("objcopy").arg("--only-keep-debug").arg(built).arg(&symbols))?;
        run::succeed(program("strip").arg("--strip-all").arg("-o").arg(&file).arg(built))?;
        // The link holds the name alone, so that both may lie anywhere.
        let mut link = program("objcopy");
        run::succeed(link.current_dir(folder).arg(format!("--add-gnu-debuglink={name}.debug")).arg(&name))?;
        Ok(Built { file, symbols })
    }
}
