//! Packages of another Debian than this machine's, without a change to the machine: apt with lists of its own.
//!
//! The archive's address comes from the machine's own configuration; this project names no host.

use crate::cache::at;
use crate::run;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The archive from which this machine has its Debian.
pub(crate) struct Archive {
    address: String,
    /// What the machine says about its keys, as an option of a `deb` line: `signed-by=…`, `trusted=yes`; often nothing.
    options: String,
    /// The name of this machine's own Debian: `bookworm`.
    pub(crate) suite: String,
}

impl Archive {
    /// Reads the machine's configuration of apt.
    pub(crate) fn of_this_machine() -> Result<Archive, String> {
        let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let name = release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME=")).unwrap_or_default().trim_matches('"').to_owned();
        let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
        let entries = fs::read_dir("/etc/apt/sources.list.d").into_iter().flatten().flatten();
        files.extend(entries.map(|entry| entry.path()));
        files.sort();
        files
            .iter()
            .find_map(|file| {
                let text = fs::read_to_string(file).ok()?;
                match file.extension()?.to_str()? {
                    "list" => Archive::in_lines(&text, &name),
                    "sources" => Archive::in_stanzas(&text, &name),
                    _ => None,
                }
            })
            .ok_or_else(|| format!("apt's configuration (/etc/apt/sources.list, /etc/apt/sources.list.d) names no archive for {name:?}"))
    }

    /// `deb [options] ADDRESS SUITE COMPONENT…`
    fn in_lines(text: &str, suite: &str) -> Option<Archive> {
        text.lines().find_map(|line| {
            let rest = line.strip_prefix("deb ")?.trim();
            let (options, rest) = match rest.strip_prefix('[') {
                Some(rest) => rest.split_once(']')?,
                None => ("", rest),
            };
            let mut words = rest.split_whitespace();
            let address = words.next()?;
            let fits = words.next()? == suite && words.any(|word| word == "main");
            fits.then(|| Archive { address: address.to_owned(), options: options.trim().to_owned(), suite: suite.to_owned() })
        })
    }

    /// The format of deb822(5): `URIs:`, `Suites:`, `Components:`.
    fn in_stanzas(text: &str, suite: &str) -> Option<Archive> {
        text.split("\n\n").find_map(|stanza| {
            let field = |name: &str| {
                let line = stanza.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")))?;
                Some(line.split_once(':')?.1.trim().to_owned())
            };
            let has = |name: &str, wanted: &str| field(name).is_some_and(|value| value.split_whitespace().any(|word| word == wanted));
            let fits = has("types", "deb") && has("suites", suite) && has("components", "main") && !has("enabled", "no");
            if !fits {
                return None;
            }
            // A key may also stand in the stanza itself, over several lines; apt's own keys serve then.
            let key = field("signed-by").filter(|key| key.starts_with('/')).map(|key| format!("signed-by={key}"));
            let trusted = has("trusted", "yes").then(|| "trusted=yes".to_owned());
            let options: Vec<String> = key.into_iter().chain(trusted).collect();
            Some(Archive {
                address: field("uris")?.split_whitespace().next()?.to_owned(),
                options: options.join(" "),
                suite: suite.to_owned(),
            })
        })
    }

    /// The line of a `sources.list` for a suite of this archive.
    pub(crate) fn line(&self, suite: &str) -> String {
        let options = if self.options.is_empty() { String::new() } else { format!("[{}] ", self.options) };
        format!("deb {options}{} {suite} main", self.address)
    }

    /// Fetches into `folder` the newest build of a package whose upstream version is `version`, from the first suite that has it.
    pub(crate) fn fetch(&self, package: &str, version: &str, suites: &[&str], folder: &Path) -> Result<PathBuf, String> {
        for suite in suites {
            let lists = Lists::new(&folder.join("apt").join(suite), &self.line(suite))?;
            let Some(found) = lists.version(package, version)? else { continue };
            run::succeed(lists.apt("apt-get").args(["download", "--quiet=2", &format!("{package}={found}")]).current_dir(folder))?;
            let mut files = fs::read_dir(folder).map_err(at(folder))?.flatten().map(|entry| entry.path());
            let fits = |file: &PathBuf| {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                name.starts_with(&format!("{package}_")) && name.ends_with(".deb")
            };
            return files.find(fits).ok_or_else(|| format!("{}: apt-get left no {package}", folder.display()));
        }
        Err(format!("none of the suites {} has {package} {version}", suites.join(", ")))
    }
}

/// apt with a folder of its own.
struct Lists {
    options: Vec<String>,
}

impl Lists {
    fn new(folder: &Path, line: &str) -> Result<Lists, String> {
        for part in ["lists/partial", "cache/archives/partial"] {
            let part = folder.join(part);
            fs::create_dir_all(&part).map_err(at(&part))?;
        }
        let sources = folder.join("sources.list");
        fs::write(&sources, format!("{line}\n")).map_err(at(&sources))?;
        let options = [
            format!("Dir::Etc::sourcelist={}", sources.display()),
            "Dir::Etc::sourceparts=/dev/null".to_owned(),
            format!("Dir::State::lists={}", folder.join("lists").display()),
            format!("Dir::Cache={}", folder.join("cache").display()),
            "Acquire::Languages=none".to_owned(),
            // The user that apt downloads as may not write here.
            "APT::Sandbox::User=root".to_owned(),
        ];
        let lists = Lists { options: options.into_iter().flat_map(|option| ["-o".to_owned(), option]).collect() };
        run::succeed(lists.apt("apt-get").args(["update", "--quiet=2"]))?;
        Ok(lists)
    }

    fn apt(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.args(&self.options);
        command
    }

    /// The newest version of a package that has this upstream version.
    fn version(&self, package: &str, upstream: &str) -> Result<Option<String>, String> {
        let table = run::output(self.apt("apt-cache").args(["madison", package]))?;
        let mut versions = table.lines().filter_map(|line| line.split('|').nth(1)).map(str::trim);
        // `1.95.0+dfsg1-2~bpo13+1`: Debian's part begins at the first sign that is none of a version of Rust.
        Ok(versions.find(|found| found.split(['+', '-', '~']).next() == Some(upstream)).map(str::to_owned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_is_read_from_a_line() {
        let text = "# deb http://old.example/debian bookworm main\ndeb http://security.example/debian-security bookworm-security main\n\
                    deb [ trusted=yes ] http://mirror.example/debian bookworm contrib main\n";
        let archive = Archive::in_lines(text, "bookworm").unwrap();
        assert_eq!(archive.line("trixie"), "deb [trusted=yes] http://mirror.example/debian trixie main");
        assert!(Archive::in_lines(text, "buster").is_none());
    }

    #[test]
    fn the_archive_is_read_from_a_stanza() {
        let text = "Types: deb\nURIs: http://mirror.example/debian-security\nSuites: bookworm-security\nComponents: main\n\n\
                    Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\nSigned-By: /keys/a.gpg\n";
        let archive = Archive::in_stanzas(text, "bookworm").unwrap();
        assert_eq!(archive.line("trixie"), "deb [signed-by=/keys/a.gpg] http://mirror.example/debian trixie main");
        assert!(Archive::in_stanzas(&format!("Enabled: no\n{}", text.split("\n\n").nth(1).unwrap()), "bookworm").is_none());
    }
}
