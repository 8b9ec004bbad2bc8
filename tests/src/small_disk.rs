//! A small disk, for the tests of what a full or read-only one does.

use crate::skip;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system in memory at a folder, until it is dropped.
#[derive(Debug)]
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one of that size (as `mount` takes it) at a folder; nothing where that is not allowed: only root may, and not in every container.
    pub fn mount(folder: &Path, size: &str) -> Option<SmallDisk> {
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(folder).output();
        let is_there = mount.is_ok_and(|output| output.status.success());
        if !is_there {
            skip::because("no file system can be mounted here");
        }
        is_there.then(|| SmallDisk(folder.to_owned()))
    }

    /// Mounts it again with other options: `ro`, or another size.
    pub fn remount(&self, options: &str) -> io::Result<()> {
        let status = Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(&self.0).status()?;
        if status.success() { Ok(()) } else { Err(io::Error::other(format!("remount with {options} failed"))) }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a program that another test starts at this moment has a copy of each file that is open, until its own program runs.
        let gone = Command::new("umount").arg("--lazy").arg(&self.0).status();
        // A second panic would end the whole test program, and hide the first.
        assert!(gone.is_ok_and(|status| status.success()) || std::thread::panicking(), "{}", self.0.display());
    }
}
