//! Which files may hold `unsafe`: those that lift the workspace's lint, and no others.

use crate::workspace::{members, shown};
use std::io::Result;
use std::path::{Path, PathBuf};

/// The files that lift the lint for themselves and the modules in them.
const LIFTED: &[&str] = &[
    "core/src/loader/module.rs",
    "core/src/loader/table.rs",
    "core/src/loader/vtable.rs",
    "core/src/windows.rs",
    "core/tests/counting/mod.rs",
    "ffi/src/lib.rs",
    "ffi/tests/handles.rs",
    "plugins/sdk/src/abi.rs",
    "plugins/sdk/src/net/logged_on/gssapi.rs",
    "plugins/sdk/src/net/logged_on/sspi.rs",
    "plugins/sdk/src/net/machine.rs",
    "plugins/sdk/src/net/tls/schannel/system/mod.rs",
];

/// Says which files lift the lint without being listed, which are listed in vain, and which packages do without the workspace's lints.
pub(super) fn look(found: &mut Vec<String>) -> Result<()> {
    let mut lifted = Vec::new();
    for member in members()? {
        if !std::fs::read_to_string(member.folder.join("Cargo.toml"))?.contains("\n[lints]\nworkspace = true\n") {
            found.push(format!("{}: the manifest does not take the workspace's lints", member.name));
        }
        for part in ["src", "tests"] {
            collect(&member.folder.join(part), &mut lifted)?;
        }
    }
    let lifted: Vec<String> = lifted.iter().map(|file| shown(file)).collect();
    let unknown = lifted.iter().filter(|file| !LIFTED.contains(&file.as_str()));
    found.extend(unknown.map(|file| format!("{file}: lifts the lint against unsafe code and is not listed")));
    let idle = LIFTED.iter().filter(|file| !lifted.iter().any(|other| other == *file));
    found.extend(idle.map(|file| format!("{file}: is listed and does not lift the lint")));
    Ok(())
}

/// The sources below a folder that lift the lint.
fn collect(folder: &Path, lifted: &mut Vec<PathBuf>) -> Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            // A package within is looked at by itself.
            if !path.join("Cargo.toml").exists() {
                collect(&path, lifted)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") && lifts(&std::fs::read_to_string(&path)?) {
            lifted.push(path);
        }
    }
    Ok(())
}

/// Whether a source lifts the lint, by whatever attribute.
fn lifts(source: &str) -> bool {
    let attributes = source.lines().map(str::trim).filter(|line| line.starts_with("#[") || line.starts_with("#!["));
    attributes.filter(|line| line.contains("unsafe_code")).any(|line| !line.contains("forbid") && !line.contains("deny"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::root;

    #[test]
    fn a_source_that_lifts_the_lint_is_found() {
        for attribute in
            ["#![allow(unsafe_code)]", "    #[expect(unsafe_code, reason = \"x\")]", "#[cfg_attr(windows, allow(unsafe_code))]"]
        {
            assert!(lifts(&format!("//! x\n{attribute}\nfn a() {{}}\n")), "{attribute}");
        }
        assert!(!lifts("#![forbid(unsafe_code)]\n// allow(unsafe_code)\n"));
    }

    #[test]
    fn the_list_is_sorted_and_its_files_exist() {
        assert!(LIFTED.is_sorted() && LIFTED.iter().all(|file| root().join(file).exists()));
    }
}
