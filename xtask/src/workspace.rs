//! The workspace that the tasks are about.

use std::io::Result;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A package of the workspace, as far as its manifest is read here.
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    /// All but `default`.
    pub(crate) features: Vec<String>,
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// A file's path from the root.
pub(crate) fn shown(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string()
}

/// The cargo that runs this task.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// The packages in the order of the root manifest.
pub(crate) fn members() -> Result<Vec<Member>> {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml"))?;
    let members = manifest.split_once("members = [").and_then(|(_, rest)| rest.split_once(']')).map_or("", |(members, _)| members);
    let read = |member| {
        let folder = root().join(member);
        Ok(Member::read(&std::fs::read_to_string(folder.join("Cargo.toml"))?, folder))
    };
    members.split('"').skip(1).step_by(2).map(read).collect()
}

/// The names of the transports that customers get: of the packages in `plugins` all but the ABI and the SDK.
pub(crate) fn transports() -> Result<Vec<String>> {
    let mut names: Vec<String> = members()?.iter().filter_map(Member::transport).collect();
    names.sort();
    Ok(names)
}

/// The packages of the files in a release.
pub(crate) const RELEASED: [&str; 2] = ["postkontor-ffi", "postkontor-cli"];

/// The feature that links every transport into each of those files.
pub(crate) const LINKED: &str = "postkontor-linked/all";

/// The packages of those files and of the transports in them.
pub(crate) fn delivered() -> Result<Vec<String>> {
    let transports = transports()?.into_iter().map(|name| format!("postkontor-{name}"));
    Ok(RELEASED.map(str::to_owned).into_iter().chain(transports).collect())
}

impl Member {
    fn transport(&self) -> Option<String> {
        let name = self.folder.strip_prefix(root().join("plugins")).ok()?.to_string_lossy().into_owned();
        (name != "abi" && name != "sdk").then_some(name)
    }

    /// The names of the programs in its folder `tests`.
    pub(crate) fn test_programs(&self) -> Result<Vec<String>> {
        let folder = self.folder.join("tests");
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let paths: Vec<PathBuf> = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
        let programs = paths.iter().filter(|path| path.extension().is_some_and(|end| end == "rs") || path.join("main.rs").exists());
        Ok(programs.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned())).collect())
    }

    fn read(manifest: &str, folder: PathBuf) -> Member {
        let name = manifest.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).unwrap_or_default().to_owned();
        let section = manifest.split_once("\n[features]\n").map_or("", |(_, rest)| rest.split("\n[").next().unwrap_or_default());
        let feature = |line: &str| line.split_once(" = ").map(|(name, _)| name.to_owned());
        let features = section.lines().filter(|line| !line.starts_with([' ', '#'])).filter_map(feature);
        Member { name, folder, features: features.filter(|name| name != "default").collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_gives_its_name_and_its_features() {
        let manifest = "[package]\nname = \"a\"\n\n[features]\ndefault = [\"b\"]\n# A word = a word.\nb = [\n    \"dep:x\",\n]\nc = []\n\n[[bin]]\nname = \"d\"\n";
        let member = Member::read(manifest, PathBuf::new());
        assert_eq!((member.name.as_str(), member.features), ("a", vec!["b".to_owned(), "c".to_owned()]));
        assert!(Member::read("[package]\nname = \"a\"\n", PathBuf::new()).features.is_empty());
    }

    #[test]
    fn what_customers_get_is_found_by_its_folder() {
        let delivered = delivered().unwrap();
        assert!(["postkontor-cli", "postkontor-imap", "postkontor-sendmail"].iter().all(|name| delivered.iter().any(|one| one == name)));
        assert!(!delivered.iter().any(|name| matches!(name.as_str(), "postkontor-abi" | "postkontor-plugin" | "postkontor-tests")));
        let names: Vec<String> = members().unwrap().into_iter().map(|member| member.name).collect();
        assert!(delivered.iter().all(|name| names.contains(name)), "a transport's package is named after its folder: {delivered:?}");
    }

    #[test]
    fn every_package_has_a_name() {
        let members = members().unwrap();
        assert!(members.iter().any(|member| member.name == "xtask"));
        assert!(members.iter().all(|member| !member.name.is_empty()));
        let ffi = members.iter().find(|member| member.name == "postkontor-ffi").unwrap();
        assert!(ffi.test_programs().unwrap().contains(&"handles".to_owned()));
    }
}
