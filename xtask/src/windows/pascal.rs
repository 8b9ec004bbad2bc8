//! Free Pascal for Windows: Debian has its sources, and a compiler for Linux alone.
//!
//! The sources come without makefiles; the few calls that those would make stand here. The compiler for 64 bits is Debian's own, with another
//! target; the one for 32 bits is built first. Assembler and linker are inside of them.

use crate::cache::{self, at};
use crate::run;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Counts the ways in which it was ever built here.
const RECIPE: u32 = 1;

/// Where Debian puts the sources: one folder for each version.
const SOURCES: &str = "/usr/share/fpcsrc";

/// A folder with `ppcross386` and the run-time libraries `win32` and `win64`, built where it is not there yet, in half a minute.
pub(crate) fn provide() -> Result<PathBuf, String> {
    let version = run::output(Command::new("fpc").arg("-iV"))?.trim().to_owned();
    let sources = Path::new(SOURCES).join(&version);
    cache::provide(&format!("pascal-{version}-{RECIPE}"), |folder| {
        println!("building Free Pascal for Windows (once) …");
        let cross = compiler(&sources, &version, folder)?;
        library(&sources.join("rtl"), "win32", "i386", &cross, folder)?;
        library(&sources.join("rtl"), "win64", "x86_64", Path::new("ppcx64"), folder)
    })
}

/// Builds the compiler for 32 bits.
fn compiler(sources: &Path, version: &str, folder: &Path) -> Result<PathBuf, String> {
    let (sources, scratch) = (sources.join("compiler"), folder.join("compiler"));
    std::fs::create_dir(&scratch).map_err(at(&scratch))?;
    let fpc = || {
        let mut fpc = Command::new("fpc");
        fpc.args(["-v0", "-l-", "-FE.", "-FU.", "-Fi."]).current_dir(&scratch);
        fpc
    };
    // Its messages are text, made into source by a program of its own.
    run::succeed(fpc().arg(sources.join("utils/msg2inc.pp")))?;
    run::succeed(Command::new("./msg2inc").arg(messages(version)?).args(["msg", "msg"]).current_dir(&scratch))?;
    let mut build = fpc();
    build.args(["-O2", "-di386", "-dGDB", "-dBROWSERLOG"]);
    for part in ["", "i386", "x86", "systems"] {
        build.args(["-Fu", "-Fi"].map(|option| format!("{option}{}", sources.join(part).display())));
    }
    let cross = folder.join("ppcross386");
    run::succeed(build.arg(format!("-o{}", cross.display())).arg(sources.join("pp.pas")))?;
    std::fs::remove_dir_all(&scratch).map_err(at(&scratch))?;
    Ok(cross)
}

/// The file with the compiler's messages, beside the units for Linux: `/usr/lib/x86_64-linux-gnu/fpc/VERSION/msg/errore.msg`.
fn messages(version: &str) -> Result<PathBuf, String> {
    let libraries = Path::new("/usr/lib");
    let folders = std::fs::read_dir(libraries).map_err(at(libraries))?.flatten().map(|entry| entry.path());
    let files = folders.map(|folder| folder.join("fpc").join(version).join("msg").join("errore.msg"));
    files.into_iter().find(|file| file.exists()).ok_or_else(|| format!("Free Pascal {version} has no errore.msg in /usr/lib"))
}

/// Builds the run-time library of a target, in the order in which its units need each other.
fn library(sources: &Path, target: &str, processor: &str, compiler: &Path, folder: &Path) -> Result<(), String> {
    let units = folder.join(target);
    std::fs::create_dir(&units).map_err(at(&units))?;
    let at = |part: &str| sources.join(part).display().to_string();
    let compile = |unit: &str, options: &[String]| {
        let mut compile = Command::new(compiler);
        // Without the configuration of the machine, which is for Linux.
        compile.args(["-n", "-v0", "-O2"]).arg(format!("-T{target}")).current_dir(sources.join(target));
        compile.args(["-FU", "-FE", "-Fu"].map(|option| format!("{option}{}", units.display())));
        compile.args(["inc", processor, "win", "win/wininc", "objpas"].map(|part| format!("-Fi{}", at(part))));
        run::succeed(compile.args(options).arg(sources.join(unit)))
    };
    compile(&format!("{target}/system.pp"), &["-Us".to_owned(), "-Sg".to_owned()])?;
    compile("inc/uuchar.pp", &[])?;
    compile("objpas/objpas.pp", &[])?;
    let parts = ["inc", processor, "win", "win/wininc", "objpas", "charmaps"].map(|part| format!("-Fu{}", at(part)));
    let inner = ["objpas/sysutils", "objpas/classes"].map(|part| format!("-Fi{}", at(part)));
    let options = [parts.as_slice(), inner.as_slice()].concat();
    ["buildrtl", "lineinfo", "lnfodwrf"].iter().try_for_each(|unit| {
        let folder = if *unit == "buildrtl" { target } else { "inc" };
        compile(&format!("{folder}/{unit}.pp"), &options)
    })
}
