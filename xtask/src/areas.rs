//! The areas of `cargo xtask test AREA…`: what a change there may break, and no more.

use crate::workspace::members;

/// A part of the project, and the tests that look at it.
struct Area {
    name: &'static str,
    /// The packages whose own tests look at it.
    packages: &'static [&'static str],
    /// The programs of `tests/tests` that look at it.
    programs: &'static [&'static str],
}

const AREAS: &[Area] = &[
    Area { name: "core", packages: &["postkontor-core"], programs: &["checking", "plugins", "settings", "secrets"] },
    Area { name: "reader", packages: &["postkontor-reader"], programs: &["enclosed", "reading"] },
    Area { name: "keyfile", packages: &["postkontor-keyfile"], programs: &[] },
    Area { name: "smime", packages: &["postkontor-smime"], programs: &[] },
    Area { name: "discover", packages: &["postkontor-discover"], programs: &["discover"] },
    Area { name: "sdk", packages: &["postkontor-abi", "postkontor-plugin"], programs: &["plugins", "hostile"] },
    Area { name: "smtp", packages: &["postkontor-smtp"], programs: &["hostile", "pages", "real_servers"] },
    Area { name: "imap", packages: &["postkontor-imap"], programs: &["receiving", "pages", "real_servers"] },
    Area { name: "pop3", packages: &["postkontor-pop3"], programs: &["receiving", "pages", "real_servers"] },
    Area { name: "exchange-ews", packages: &["postkontor-exchange-ews"], programs: &["exchange", "web_logins"] },
    Area { name: "graph", packages: &["postkontor-graph"], programs: &["exchange", "web_logins"] },
    Area { name: "sendmail", packages: &["postkontor-sendmail"], programs: &[] },
    Area { name: "ffi", packages: &["postkontor-ffi"], programs: &["callers"] },
    Area { name: "linked", packages: &["postkontor-linked"], programs: &["callers"] },
    Area { name: "cli", packages: &["postkontor-cli"], programs: &["cli", "demo", "day", "form_page"] },
    Area { name: "form", packages: &["postkontor-cli"], programs: &["form_page"] },
    Area { name: "import", packages: &["postkontor-import"], programs: &["import"] },
    Area { name: "outbox", packages: &["postkontor-outbox"], programs: &["outbox"] },
    Area { name: "bridge", packages: &["postkontor-bridge"], programs: &["bridge"] },
    Area { name: "forms", packages: &[], programs: &["dialogs", "forms", "settings", "pages", "validators"] },
    Area { name: "docs", packages: &[], programs: &["docs", "day", "settings"] },
    Area { name: "servers", packages: &[], programs: &[LIBRARY, "real_servers"] },
    Area { name: "bench", packages: &["postkontor-bench"], programs: &[] },
    Area { name: "xtask", packages: &["xtask"], programs: &["demo"] },
];

/// The library that the programs of `tests/tests` stand on, with the servers.
pub(crate) const LIBRARY: &str = "lib";

/// The programs of `tests/tests`; each is an area by itself. `lettre` needs a feature and has a step of its own.
const PROGRAMS: &[&str] = &[
    "bridge",
    "callers",
    "checking",
    "cli",
    "day",
    "demo",
    "dialogs",
    "discover",
    "docs",
    "enclosed",
    "exchange",
    "form_page",
    "forms",
    "hostile",
    "import",
    "kerberos",
    "outbox",
    "pages",
    "plugins",
    "reading",
    "real_servers",
    "receiving",
    "secrets",
    "settings",
    "tokens",
    "validators",
    "web_logins",
    "windows",
    "wiped",
];

/// The program of them that needs Wine.
const WINDOWS: &str = "windows";

/// Areas that are no test programs: the compiler's checks, programs that compose with lettre, the Rust projects under `examples`.
const OTHERS: &[&str] = &["checks", "lettre", "examples"];

/// The parts of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Everything; nothing else is filled in then.
    pub(crate) all: bool,
    pub(crate) checks: bool,
    pub(crate) lettre: bool,
    pub(crate) examples: bool,
    pub(crate) packages: Vec<String>,
    pub(crate) programs: Vec<&'static str>,
}

impl Selection {
    /// Whether anything must be built and run.
    pub(crate) fn has_tests(&self) -> bool {
        self.all || self.lettre || self.examples || !self.packages.is_empty() || !self.programs.is_empty()
    }

    /// Whether programs of Windows are to be run, which needs more than all other tests: only where they are named.
    pub(crate) fn takes_windows(&self) -> bool {
        self.programs.contains(&WINDOWS)
    }

    /// Whether a test program is to be run.
    pub(crate) fn takes(&self, package: &str, program: &str) -> bool {
        if self.all {
            return (package, program) != ("postkontor-tests", WINDOWS);
        }
        self.packages.iter().any(|name| name == package) || package == "postkontor-tests" && self.programs.contains(&program)
    }

    /// The parts that these areas need; all parts if no area is named. The error lists the areas.
    pub(crate) fn read(areas: &[String]) -> Result<Selection, String> {
        let mut selection = Selection { all: areas.is_empty(), ..Selection::default() };
        for name in areas {
            // As an option it stands out among areas of minutes.
            let name = name.strip_prefix("--").filter(|name| *name == WINDOWS).unwrap_or(name);
            let area = AREAS.iter().find(|area| area.name == name);
            let program = PROGRAMS.iter().find(|program| **program == name);
            match (area, program, name) {
                (Some(area), ..) => {
                    selection.packages.extend(area.packages.iter().copied().map(str::to_owned));
                    selection.programs.extend(area.programs);
                }
                (None, Some(program), _) => selection.programs.push(program),
                (None, None, "checks") => selection.checks = true,
                (None, None, "lettre") => selection.lettre = true,
                (None, None, "examples") => selection.examples = true,
                (None, None, name) if has_package(name) => selection.packages.push(package(name)),
                _ => return Err(format!("there is no area \"{name}\"; there are {}", names().join(", "))),
            }
        }
        selection.packages.sort_unstable();
        selection.packages.dedup();
        selection.programs.sort_unstable();
        selection.programs.dedup();
        Ok(selection)
    }
}

/// The package of an area that has no row: a transport whose tests lie in its own folder needs none.
fn package(name: &str) -> String {
    format!("postkontor-{name}")
}

fn has_package(name: &str) -> bool {
    members().is_ok_and(|members| members.iter().any(|member| member.name == package(name)))
}

/// All areas that have a row, each once.
fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = AREAS.iter().map(|area| area.name).chain(PROGRAMS.iter().chain(OTHERS).copied()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::root;

    fn read(areas: &[&str]) -> Result<Selection, String> {
        Selection::read(&areas.iter().map(|area| (*area).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn an_unknown_area_is_answered_with_the_list() {
        let problem = read(&["core", "smpt"]).unwrap_err();
        assert!(problem.contains("\"smpt\"") && names().iter().all(|name| problem.contains(name)), "{problem}");
    }

    #[test]
    fn areas_are_united_and_no_area_is_everything() {
        let both = read(&["imap", "pop3", "checks"]).unwrap();
        assert_eq!(both.packages, ["postkontor-imap", "postkontor-pop3"]);
        assert_eq!(both.programs, ["pages", "real_servers", "receiving"]);
        assert!(both.checks && !both.all);
        assert!(both.takes("postkontor-imap", "wire") && both.takes("postkontor-tests", "receiving"));
        assert!(!both.takes("postkontor-smtp", "wire") && !both.takes("postkontor-tests", "lib"));
        assert_eq!(read(&[]).unwrap(), Selection { all: true, ..Selection::default() });
    }

    #[test]
    fn the_areas_are_those_of_the_workspace() {
        let members: Vec<String> = members().unwrap().into_iter().map(|member| member.name).collect();
        assert!(AREAS.iter().flat_map(|area| area.packages).all(|package| members.iter().any(|member| member == package)));
        // Each package is in an area, or is one by its name.
        let selected = |member: &String| {
            let row = AREAS.iter().any(|area| area.packages.contains(&member.as_str()));
            row || read(&[member.strip_prefix("postkontor-").unwrap()]).unwrap().packages == [member.as_str()]
        };
        assert!(members.iter().all(selected), "{members:?}");
        let files = std::fs::read_dir(root().join("tests").join("tests")).unwrap();
        let mut programs: Vec<String> = files
            .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .filter(|name| name != "lettre")
            .collect();
        programs.sort_unstable();
        assert_eq!(PROGRAMS, programs);
        assert!(AREAS.iter().flat_map(|area| area.programs).all(|program| *program == LIBRARY || PROGRAMS.contains(program)));
    }

    #[test]
    fn the_readme_names_every_area() {
        let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
        let (_, listed) = readme.split_once("Areas: ").expect("the list of areas");
        let (listed, _) = listed.split_once('.').expect("its end");
        let mut listed: Vec<&str> = listed.split(',').map(str::trim).collect();
        listed.sort_unstable();
        assert_eq!(listed, names());
    }
}
