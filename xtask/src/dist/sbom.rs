//! The bill of materials: every package inside a release, in CycloneDX 1.5 (JSON), for tools that look for known weaknesses.

use super::platform::Platform;
use super::stamp::Stamp;
use crate::cache::at;
use crate::notices::{self, Crate};
use crate::run;
use crate::workspace::root;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

/// The document for one platform.
pub(crate) fn document(platform: &Platform, version: &str, stamp: &Stamp) -> Result<String, String> {
    let lock = root().join("Cargo.lock");
    let sums = sums(&fs::read_to_string(&lock).map_err(at(&lock))?);
    let crates = notices::crates(&[platform.target])?;
    let mut components = Vec::new();
    for one in &crates {
        let sum = sums.get(&(one.name.clone(), one.version.clone()));
        let sum = sum.ok_or_else(|| format!("Cargo.lock has no checksum of {} {}", one.name, one.version))?;
        components.push(component(one, &purl(&one.name, &one.version), Some(sum)));
    }
    let licences = root().join("form").join("dist").join("licences.txt");
    components.extend(packages(&fs::read_to_string(&licences).map_err(at(&licences))?));
    components.push(standard_library()?);
    let product = format!("pkg:generic/postkontor@{version}");
    let depend: Vec<String> = graph(platform, &product)?.iter().map(|(from, to)| dependency(from, to)).collect();
    Ok(format!(
        "{{\n\"bomFormat\": \"CycloneDX\",\n\"specVersion\": \"1.5\",\n\"version\": 1,\n\"metadata\": {{\"timestamp\": {}, \"component\": \
         {{\"type\": \"library\", \"bom-ref\": {product}, \"name\": \"postkontor\", \"version\": {}, \"purl\": {product}, \
         \"licenses\": [{{\"expression\": \"MIT OR Apache-2.0\"}}], \"properties\": [{{\"name\": \"postkontor:platform\", \"value\": {}}}]}}}},\n\
         \"components\": [\n{}\n],\n\"dependencies\": [\n{}\n]\n}}\n",
        text(&stamp.iso()),
        text(version),
        text(platform.name),
        components.join(",\n"),
        depend.join(",\n"),
        product = text(&product),
    ))
}

/// The name of a crate by which databases of weaknesses know it.
fn purl(name: &str, version: &str) -> String {
    // The `+` of build metadata means a space in URLs.
    format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"))
}

fn component(one: &Crate, purl: &str, sum: Option<&String>) -> String {
    let hashes = sum.map_or(String::new(), |sum| format!(", \"hashes\": [{{\"alg\": \"SHA-256\", \"content\": {}}}]", text(sum)));
    let source = match one.repository.starts_with("http") {
        true => format!(", \"externalReferences\": [{{\"type\": \"vcs\", \"url\": {}}}]", text(&one.repository)),
        false => String::new(),
    };
    format!(
        "{{\"type\": \"library\", \"bom-ref\": {purl}, \"name\": {}, \"version\": {}, \"purl\": {purl}, \"licenses\": [{{\"expression\": {}}}]{hashes}{source}}}",
        text(&one.name),
        text(&one.version),
        text(&one.licence),
        purl = text(purl),
    )
}

/// Rust's standard library, which no lock file of ours names.
fn standard_library() -> Result<String, String> {
    let line = run::output(Command::new("rustc").arg("--version"))?;
    let version = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let purl = format!("pkg:generic/rust-std@{version}");
    let repository = "https://github.com/rust-lang/rust".to_owned();
    Ok(component(&Crate { name: "rust-std".to_owned(), version, licence: "MIT OR Apache-2.0".to_owned(), repository }, &purl, None))
}

/// The packages for JavaScript in the settings page, from the list that its build writes: `@scope/name 1.2.3 (MIT)` before each text.
fn packages(licences: &str) -> Vec<String> {
    let headings = licences.split("\n----").filter_map(|part| {
        let mut lines = part.lines().filter(|line| !line.trim_matches('-').is_empty());
        let heading = lines.find(|line| line.ends_with(')') && line.contains(" ("))?;
        let (name, rest) = heading.split_once(' ')?;
        let (version, licence) = rest.strip_suffix(')')?.split_once(" (")?;
        Some((name, version, licence))
    });
    let component = |(name, version, licence): (&str, &str, &str)| {
        let purl = format!("pkg:npm/{}@{version}", name.replace('@', "%40"));
        let one = Crate { name: name.to_owned(), version: version.to_owned(), licence: licence.to_owned(), repository: String::new() };
        component(&one, &purl, None)
    };
    headings.map(component).collect()
}

/// The checksums of a lock file, by name and version.
fn sums(lock: &str) -> BTreeMap<(String, String), String> {
    lock.split("[[package]]")
        .filter_map(|package| {
            let field = |name: &str| {
                let line = package.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \""));
                line.map(|value| value.trim_end_matches('"').to_owned())
            };
            Some(((field("name")?, field("version")?), field("checksum")?))
        })
        .collect()
}

/// What each package needs directly; our own are one, the product.
fn graph(platform: &Platform, product: &str) -> Result<BTreeMap<String, BTreeSet<String>>, String> {
    Ok(arrows(&notices::tree(platform.target, "depth", "|{p}")?, product))
}

/// Reads lines like `2|memchr v2.8.3`.
fn arrows(tree: &str, product: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::from([(product.to_owned(), BTreeSet::new())]);
    let mut above: Vec<String> = Vec::new();
    for line in tree.lines() {
        let Some((depth, package)) = line.split_once('|') else { continue };
        let (Ok(depth), Some((name, version))) = (depth.parse::<usize>(), package.trim_end_matches(" (*)").split_once(" v")) else {
            continue;
        };
        // Packages with a path are ours.
        let purl = if version.contains(' ') { product.to_owned() } else { purl(name, version) };
        above.truncate(depth);
        arrows.entry(purl.clone()).or_default();
        if let Some(parent) = above.last().filter(|parent| **parent != purl) {
            arrows.entry(parent.clone()).or_default().insert(purl.clone());
        }
        above.push(purl);
    }
    arrows
}

fn dependency(from: &str, to: &BTreeSet<String>) -> String {
    let to: Vec<String> = to.iter().map(|purl| text(purl)).collect();
    format!("{{\"ref\": {}, \"dependsOn\": [{}]}}", text(from), to.join(", "))
}

/// A string of JSON.
fn text(value: &str) -> String {
    let mut quoted = String::from("\"");
    for sign in value.chars() {
        match sign {
            '"' | '\\' => quoted.extend(['\\', sign]),
            sign if sign < ' ' => quoted += &format!("\\u{:04x}", u32::from(sign)),
            sign => quoted.push(sign),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::super::platform::ALL;
    use super::*;

    #[test]
    fn the_tree_of_cargo_becomes_a_graph_in_which_our_packages_are_one() {
        let tree = "0|postkontor-ffi v0.1.0 (/x)\n1|postkontor-core v0.1.0 (/y)\n2|a v1.0.0+meta\n3|b v2.0.0\n1|b v2.0.0 (*)\n";
        let graph = arrows(tree, "us");
        let needs = |name: &str| graph[name].iter().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(needs("us"), ["pkg:cargo/a@1.0.0%2Bmeta", "pkg:cargo/b@2.0.0"]);
        assert_eq!(needs("pkg:cargo/a@1.0.0%2Bmeta"), ["pkg:cargo/b@2.0.0"]);
        assert_eq!(needs("pkg:cargo/b@2.0.0"), [""; 0]);
    }

    #[test]
    fn packages_for_javascript_are_listed() {
        let list = "Intro (so).\n\n@a/b 1.2.3 (MIT)\n\ntext\n\n----------\n\nc 2.0.0 (BSD-3-Clause)\n\ntext (c) x\n";
        let packages = packages(list);
        assert!(packages[0].contains("\"pkg:npm/%40a/b@1.2.3\"") && packages[0].contains("\"MIT\""), "{}", packages[0]);
        assert!(packages[1].contains("\"pkg:npm/c@2.0.0\"") && packages.len() == 2);
    }

    /// The schema of CycloneDX, as its own library for Python has it, is the judge.
    #[test]
    fn the_document_is_valid_cyclonedx() {
        let folder = std::env::temp_dir().join(format!("postkontor-sbom-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("sbom.json");
        let document = document(&ALL[0], "1.2.3", &Stamp::at(1_700_000_000)).unwrap();
        fs::write(&file, &document).unwrap();
        let broken = folder.join("broken.json");
        fs::write(&broken, document.replace("\"alg\": \"SHA-256\"", "\"alg\": \"SHA-257\"")).unwrap();
        let script = "import sys\nfrom cyclonedx.validation.json import JsonStrictValidator\nfrom cyclonedx.schema import SchemaVersion\n\
                      for name in sys.argv[1:]: print(JsonStrictValidator(SchemaVersion.V1_5).validate_str(open(name).read()) is None)";
        match crate::packages::python("cyclonedx.txt") {
            Some(modules) => {
                let mut judge = Command::new("python3");
                let said = run::output(judge.args(["-c", script]).args([&file, &broken]).env("PYTHONPATH", modules)).unwrap();
                assert_eq!(said, "True\nFalse\n");
            }
            None => println!("skipped: CycloneDX's library for Python cannot be installed here"),
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
