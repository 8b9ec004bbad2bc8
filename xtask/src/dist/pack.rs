//! Archives whose bytes depend on nothing but their content, and their digests.

use super::stamp::Stamp;
use super::zip::{self, Entry};
use crate::cache::at;
use crate::run;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Packs `folder` with its own name at the top: a ZIP archive where the name ends so, else a compressed tar archive.
pub(crate) fn folder(folder: &Path, file: &Path, stamp: &Stamp) -> Result<(), String> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    match file.extension().is_some_and(|extension| extension == "zip") {
        true => zip::write(file, entries(folder, &format!("{name}/"))?, stamp),
        false => tar(folder, file, stamp),
    }
}

/// The files below a folder, with a prefix before their names.
pub(crate) fn entries(folder: &Path, prefix: &str) -> Result<Vec<Entry>, String> {
    files(folder)?
        .into_iter()
        .map(|path| {
            let name = format!("{prefix}{}", path.strip_prefix(folder).unwrap_or(&path).to_string_lossy());
            let executable = fs::metadata(&path).map_err(at(&path))?.permissions().mode() & 0o100 != 0;
            Ok(Entry { name, bytes: fs::read(&path).map_err(at(&path))?, executable })
        })
        .collect()
}

/// All files below a folder, in order.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(at(folder))?.flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => files.extend(self::files(&path)?),
            false => files.push(path),
        }
    }
    files.sort();
    Ok(files)
}

fn tar(folder: &Path, file: &Path, stamp: &Stamp) -> Result<(), String> {
    let (parent, name) = (folder.parent().unwrap_or(folder), folder.file_name().unwrap_or_default());
    let mut tar = Command::new("tar");
    tar.args(["-c", "--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--format=ustar"]);
    tar.arg(format!("--mtime=@{}", stamp.seconds)).arg("-C").arg(parent).arg(name).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut tar = tar.spawn().map_err(at(folder))?;
    let stream = tar.stdout.take().ok_or("tar has no output")?;
    let target = fs::File::create(file).map_err(at(file))?;
    let status = Command::new("gzip").args(["-9", "-n"]).stdin(stream).stdout(target).status().map_err(at(file))?;
    let packed = tar.wait().map_err(at(folder))?;
    if status.success() && packed.success() { Ok(()) } else { Err(format!("{}: tar or gzip failed", file.display())) }
}

/// Gives all files and folders below one their fixed modes: files of these names may be run (755), all others not (644).
pub(crate) fn fix_modes(folder: &Path, executable: &[&str]) -> Result<(), String> {
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(at(path));
    set(folder, 0o755)?;
    for entry in fs::read_dir(folder).map_err(at(folder))?.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_symlink() {
            continue;
        }
        match path.is_dir() {
            true => fix_modes(&path, executable)?,
            false => set(&path, if executable.contains(&name.as_str()) { 0o755 } else { 0o644 })?,
        }
    }
    Ok(())
}

/// The SHA-256 of a file, in hexadecimal digits.
pub(crate) fn digest(file: &Path) -> Result<String, String> {
    let line = run::output(Command::new("sha256sum").arg("--").arg(file))?;
    // A name with a backslash or a line break makes the line begin with a backslash.
    line.trim_start_matches('\\').split(' ').next().map(str::to_owned).ok_or_else(|| "sha256sum prints nothing".to_owned())
}

/// Writes `SHA256SUMS` of the archives and packages in a folder, which have an extension, as `sha256sum --check` reads it.
pub(crate) fn sums(folder: &Path) -> Result<PathBuf, String> {
    let list = folder.join("SHA256SUMS");
    let mut lines = String::new();
    for file in fs::read_dir(folder).map_err(at(folder))?.flatten().map(|entry| entry.path()).collect::<std::collections::BTreeSet<_>>() {
        if file.extension().is_some() && file.is_file() {
            lines += &format!("{}  {}\n", digest(&file)?, file.file_name().unwrap_or_default().to_string_lossy());
        }
    }
    fs::write(&list, lines).map_err(at(&list))?;
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GNU tar and sha256sum are the judges.
    #[test]
    fn an_archive_is_the_same_whenever_and_in_whatever_order_its_files_were_written() {
        let scratch = std::env::temp_dir().join(format!("postkontor-pack-{}", std::process::id()));
        let make = |place: &str, names: &[&str]| {
            let folder = scratch.join(place).join("release");
            fs::create_dir_all(folder.join("sub")).unwrap();
            names.iter().for_each(|name| fs::write(folder.join(name), name).unwrap());
            fix_modes(&folder, &["run"]).unwrap();
            let stamp = Stamp::at(1_700_000_000);
            for extension in ["tar.gz", "zip"] {
                super::folder(&folder, &scratch.join(place).join(format!("release.{extension}")), &stamp).unwrap();
            }
            fs::read(sums(&scratch.join(place)).unwrap()).unwrap()
        };
        let one = make("one", &["b", "run", "sub/a"]);
        let other = make("other", &["sub/a", "run", "b"]);
        assert_eq!(one, other);
        assert_ne!(one, make("third", &["sub/a", "run", "c"]));
        let listed = run::output(Command::new("tar").args(["-tvzf", "release.tar.gz", "--utc"]).current_dir(scratch.join("one"))).unwrap();
        let lines: Vec<Vec<&str>> = listed.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(
            lines.iter().map(|line| line[5]).collect::<Vec<_>>(),
            ["release/", "release/b", "release/run", "release/sub/", "release/sub/a"]
        );
        assert_eq!((lines[1][0], lines[2][0], lines[1][3]), ("-rw-r--r--", "-rwxr-xr-x", "2023-11-14"));
        run::succeed(Command::new("sha256sum").args(["--check", "--quiet", "SHA256SUMS"]).current_dir(scratch.join("one"))).unwrap();
        fs::remove_dir_all(&scratch).unwrap();
    }
}
