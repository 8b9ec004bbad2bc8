//! Rust's standard library for Windows 7 and newer, built here: rustup has none for these targets.
//!
//! The sources are those of this compiler's version, from Debian's package rust-src. They are built with the compiler's own bitcode inside, so that
//! link-time optimisation reaches into them. The toolchain is left as it is: the result is a sysroot in the cache, which [`Library::serve`]
//! names to cargo for one target. Build scripts and procedural macros keep the toolchain's.

use crate::apt::Archive;
use crate::cache::{self, at};
use crate::workspace::cargo;
use crate::{packages, remap, run};
use ::std::fs;
use ::std::path::{Path, PathBuf};
use ::std::process::{Command, Stdio};

/// The targets of a release for Windows, 64 and 32 bits.
pub(crate) const TARGETS: [&str; 2] = ["x86_64-win7-windows-gnu", "i686-win7-windows-gnu"];

/// Counts the ways in which the library was ever built here: a change below needs a new folder, because cargo does not notice a new library.
const RECIPE: u32 = 1;

/// Where Debian has the version of a compiler of today; stable releases keep theirs for years, the others move on.
const SUITES: [&str; 4] = ["trixie-backports", "trixie", "forky", "sid"];

/// The standard library of one target.
pub(crate) struct Library {
    target: String,
    sysroot: PathBuf,
}

impl Library {
    /// Builds what is not in the cache yet.
    pub(crate) fn provide(target: &str) -> Result<Library, String> {
        packages::provide(&[packages::BUILD, packages::WINDOWS]);
        let name = name(target)?;
        let sysroot = cache::provide(&name, |folder| {
            eprintln!("building the standard library for {target} (once) …");
            build(target, &sources()?, folder)
        })?;
        Ok(Library { target: target.to_owned(), sysroot })
    }

    /// The library where it is in the cache.
    pub(crate) fn find(target: &str) -> Option<Library> {
        Some(Library { target: target.to_owned(), sysroot: cache::find(&name(target).ok()?)? })
    }

    /// The option of the compiler that names it.
    pub(crate) fn option(&self) -> String {
        format!("--sysroot={}", self.sysroot.display())
    }

    /// The variables with which cargo builds for this target.
    pub(crate) fn variables(&self) -> [(String, String); 2] {
        let prefix = format!("CARGO_TARGET_{}", self.target.replace('-', "_").to_uppercase());
        [(format!("{prefix}_LINKER"), tool(&self.target, "gcc")), (format!("{prefix}_RUSTFLAGS"), self.option())]
    }

    /// Lets a cargo command build for this target.
    pub(crate) fn serve(&self, command: &mut Command) {
        command.envs(self.variables());
    }
}

/// A program of MinGW for a target: `gcc`, `windres`, `dlltool`, …
pub(crate) fn tool(target: &str, name: &str) -> String {
    let machine = target.split('-').next().unwrap_or(target);
    format!("{machine}-w64-mingw32-{name}")
}

/// The name in the cache.
fn name(target: &str) -> Result<String, String> {
    Ok(format!("rust-std-{}-{target}-{RECIPE}", version()?))
}

/// The compiler's version: `1.95.0`.
fn version() -> Result<String, String> {
    let line = run::output(rustc().arg("--version"))?;
    line.split(' ').nth(1).map(str::to_owned).ok_or_else(|| format!("rustc names its version in a form that is not known: {line}"))
}

fn rustc() -> Command {
    Command::new(::std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}

/// The folder `library` of the compiler's sources: from Debian's package, else from the archive that `STD_SRC` names.
fn sources() -> Result<PathBuf, String> {
    let version = version()?;
    let folder = cache::provide(&format!("rust-src-{version}-{RECIPE}"), |folder| {
        if let Err(problem) = from_debian(&version, folder) {
            let given = ::std::env::var_os("STD_SRC").ok_or_else(|| {
                format!("{problem}; a tar archive with the folder `library` of Rust {version} can be named by STD_SRC instead")
            })?;
            eprintln!("{problem}; taking STD_SRC");
            cache::empty(folder)?;
            run::succeed(Command::new("tar").arg("-xf").arg(given).arg("-C").arg(folder))?;
        }
        no_dylib(&folder.join("library"))
    })?;
    Ok(folder.join("library"))
}

fn from_debian(version: &str, folder: &Path) -> Result<(), String> {
    let package = Archive::of_this_machine()?.fetch("rust-src", version, &SUITES, folder)?;
    let mut whole = Command::new("dpkg-deb").arg("--fsys-tarfile").arg(&package).stdout(Stdio::piped()).spawn().map_err(at(&package))?;
    let stream = whole.stdout.take().ok_or("dpkg-deb has no output")?;
    // ./usr/src/rustc-1.95.0/library/…
    let status = Command::new("tar")
        .args(["-x", "--wildcards", "--strip-components=4", "./usr/src/*/library"])
        .current_dir(folder)
        .stdin(stream)
        .status()
        .map_err(at(&package))?;
    let unpacked = whole.wait().map_err(at(&package))?;
    if !status.success() || !unpacked.success() {
        return Err(format!("{}: it cannot be unpacked", package.display()));
    }
    fs::remove_file(&package).map_err(at(&package))?;
    fs::remove_dir_all(folder.join("apt")).map_err(at(folder))
}

/// std is built as an archive only: its DLL for 32 bits asks for rsbegin.o before that exists.
fn no_dylib(library: &Path) -> Result<(), String> {
    let manifest = library.join("std").join("Cargo.toml");
    let text = fs::read_to_string(&manifest).map_err(at(&manifest))?;
    let changed = text.replace("crate-type = [\"dylib\", \"rlib\"]", "crate-type = [\"rlib\"]");
    if changed == text {
        return Err(format!("{}: the line crate-type is not the one that is known", manifest.display()));
    }
    fs::write(&manifest, changed).map_err(at(&manifest))
}

fn build(target: &str, library: &Path, sysroot: &Path) -> Result<(), String> {
    let manifest = library.join("sysroot").join("Cargo.toml");
    // The manifest of std uses what only its own compiler may.
    remap::fetch(cargo().env("RUSTC_BOOTSTRAP", "1"), &manifest)?;
    let paths = remap::options(&[(library, &format!("/rustc/{}/library", version()?))])?;
    let options = ["-Zforce-unstable-if-unmarked", "-Cdebuginfo=0", "-Cembed-bitcode=yes"].map(str::to_owned);
    let options: Vec<String> = options.into_iter().chain(paths).collect();
    let scratch = sysroot.join("build");
    let mut cargo = cargo();
    // Not in the workspace, whose configuration is for its own crates.
    cargo.current_dir(library).args(["build", "--release", "--locked", "--quiet", "--features", "backtrace", "--target", target]);
    cargo.arg("--manifest-path").arg(&manifest);
    cargo.env("RUSTC_BOOTSTRAP", "1").env("CARGO_TARGET_DIR", &scratch).env("CARGO_ENCODED_RUSTFLAGS", options.join("\x1f"));
    let prefix = format!("CARGO_TARGET_{}", target.replace('-', "_").to_uppercase());
    cargo.env(format!("{prefix}_LINKER"), tool(target, "gcc"));
    run::succeed(&mut cargo)?;
    let libraries = sysroot.join("lib").join("rustlib").join(target).join("lib");
    fs::create_dir_all(&libraries).map_err(at(&libraries))?;
    let built = scratch.join(target).join("release").join("deps");
    for file in fs::read_dir(&built).map_err(at(&built))?.flatten().map(|entry| entry.path()) {
        if file.extension().is_some_and(|extension| extension == "rlib") {
            fs::copy(&file, libraries.join(file.file_name().unwrap_or_default())).map_err(at(&file))?;
        }
    }
    // The first and the last object of each program, which rustc asks for by name.
    for name in ["rsbegin", "rsend"] {
        let mut object = rustc();
        object.args(["--target", target, "--emit=obj", "-o"]).arg(libraries.join(format!("{name}.o")));
        run::succeed(object.arg(library.join("rtstartup").join(format!("{name}.rs"))).env("RUSTC_BOOTSTRAP", "1"))?;
    }
    fs::remove_dir_all(&scratch).map_err(at(&scratch))
}
