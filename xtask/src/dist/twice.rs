//! Proves that a release is reproducible: the same sources, built in another folder, give the same bytes.

use super::build::Mode;
use super::pack::digest;
use super::platform::{Platform, dist_folder};
use super::release::Release;
use super::stamp::Stamp;
use crate::cache::{self, at};
use crate::run;
use crate::workspace::{cargo, root};
use std::fs;
use std::process::{Command, Stdio};

/// Builds the release a second time, in a copy of the sources elsewhere, and compares each file with the first.
pub(crate) fn prove(platforms: &[&'static Platform], stamp: &Stamp, mode: Mode) -> Result<(), String> {
    let copy = dist_folder().join("a second and longer place");
    cache::empty(&copy)?;
    let sources =
        run::bytes(Command::new("git").args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root()))?;
    let list = dist_folder().join("sources.list");
    // A file that was deleted and not yet committed is listed, too.
    let there = sources.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let there: Vec<&[u8]> = there.filter(|name| root().join(String::from_utf8_lossy(name).as_ref()).symlink_metadata().is_ok()).collect();
    fs::write(&list, there.join(&0)).map_err(at(&list))?;
    let mut pack = Command::new("tar");
    pack.args(["-c", "--null", "--files-from"]).arg(&list).current_dir(root()).stdout(Stdio::piped());
    let mut packing = pack.spawn().map_err(at(&list))?;
    let stream = packing.stdout.take().ok_or("tar has no output")?;
    let unpacked = Command::new("tar").arg("-x").current_dir(&copy).stdin(stream).status().map_err(at(&copy))?;
    if !unpacked.success() || !packing.wait().map_err(at(&copy))?.success() {
        return Err(format!("{}: the sources cannot be copied", copy.display()));
    }
    let mut build = cargo();
    build.current_dir(&copy).env_remove("CARGO_TARGET_DIR").env("SOURCE_DATE_EPOCH", stamp.seconds.to_string());
    build.args(["run", "--quiet", "--package", "xtask", "--", "dist"]);
    if mode == Mode::Draft {
        build.arg("--draft");
    }
    build.args(platforms.iter().map(|platform| platform.name));
    run::succeed(&mut build)?;
    compare(&copy.join("target").join("dist").join("files"))?;
    fs::remove_dir_all(&copy).map_err(at(&copy))
}

/// Compares the files of the release with those of another folder.
fn compare(others: &std::path::Path) -> Result<(), String> {
    let mut different = Vec::new();
    let files = Release::files();
    let mut count = 0;
    for entry in fs::read_dir(&files).map_err(at(&files))?.flatten() {
        let (one, other) = (entry.path(), others.join(entry.file_name()));
        count += 1;
        if !other.exists() || digest(&one)? != digest(&other)? {
            different.push(format!("{} is another file", other.display()));
        }
    }
    println!("{count} files were made twice, in two folders; {} of them differ", different.len());
    if different.is_empty() && count > 0 { Ok(()) } else { Err(different.join("\n")) }
}
