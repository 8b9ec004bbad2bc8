//! Wine, in a folder with a Debian of its own: the machine's own may be too old for it, and need not learn a second architecture.

use crate::apt::Archive;
use crate::{cache, run};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The release of Debian that Wine is taken from; with it, Wine 10.
const SUITE: &str = "trixie";

/// The folder, made where it is not there yet: that takes two minutes, 2 GB, root, and the archive of Debian.
pub(crate) fn provide() -> Result<PathBuf, String> {
    cache::provide(&format!("wine-{SUITE}"), make)
}

fn make(folder: &Path) -> Result<(), String> {
    println!("putting Wine into {} (once) …", folder.display());
    let mut bootstrap = Command::new("mmdebstrap");
    bootstrap.args(["--quiet", "--mode=root", "--variant=apt", "--architectures=amd64,i386", "--include=wine,wine64,wine32:i386"]);
    bootstrap.args(["--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*"]);
    run::succeed(bootstrap.arg(SUITE).arg(folder).arg(Archive::of_this_machine()?.line(SUITE)))
}
