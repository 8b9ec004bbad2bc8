//! A small disk, for the tests of what a full one leaves behind.

#![allow(clippy::print_stdout, reason = "a test that cannot run here says so")]

use std::path::Path;
use std::process::Command;

/// A file system in memory at a folder, until it is dropped.
pub(crate) struct SmallDisk<'p>(&'p Path);

impl SmallDisk<'_> {
    /// Mounts one of that size (as `mount` takes it) at a folder; nothing where that is not allowed: only root may, and not in every container.
    pub(crate) fn mount<'p>(folder: &'p Path, size: &str) -> Option<SmallDisk<'p>> {
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(folder).output();
        let is_there = mount.is_ok_and(|output| output.status.success());
        if !is_there {
            println!("skipped: no file system can be mounted here");
        }
        is_there.then_some(SmallDisk(folder))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        // Lazily: a program that another test starts at this moment has a copy of each file that is open, until its own program runs.
        let gone = Command::new("umount").arg("--lazy").arg(self.0).status();
        let is_gone = gone.is_ok_and(|status| status.success());
        // A second panic would end the whole test program, and hide the first.
        assert!(is_gone || std::thread::panicking(), "{}", self.0.display());
    }
}
