//! Our list of public suffixes against the crate `psl`, which is made anew with each change of the list.

#![cfg(unix)]

use postkontor_plugin::net::registrable;
use serde_json::Value;
use std::collections::BTreeSet;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The licence of the list asks for this notice.
const HEAD: &str = "// The rules of the Public Suffix List (https://publicsuffix.org/list/), in A-labels and sorted.\n\
                    // Subject to the terms of the Mozilla Public License, v. 2.0 (https://mozilla.org/MPL/2.0/).\n\
                    // Written by: POSTKONTOR_WRITE_SUFFIXES=1 cargo test -p postkontor-plugin --test public_suffix\n\n";

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/net/public_suffix.txt")
}

/// The rules that `psl` was made of.
fn rules() -> Result<Vec<String>, Box<dyn Error>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let output = Command::new(cargo).args(["metadata", "--format-version", "1", "--offline", "--manifest-path"]).arg(manifest).output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout).map_err(|error| format!("{error}: {output:?}"))?;
    let packages = metadata["packages"].as_array().ok_or("no packages")?;
    let psl = packages.iter().find(|package| package["name"] == "psl").ok_or("no psl")?;
    let manifest = psl["manifest_path"].as_str().ok_or("no path")?;
    let text = std::fs::read_to_string(Path::new(manifest).with_file_name("data").join("rules.txt"))?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// A rule in A-labels, as names come.
fn encoded(rule: &str) -> Result<String, Box<dyn Error>> {
    let (mark, name) = rule.strip_prefix('!').map_or(("", rule), |name| ("!", name));
    let labels: Result<Vec<String>, _> =
        name.split('.').map(|label| if label == "*" { Ok("*".to_owned()) } else { idna::domain_to_ascii(label) }).collect();
    Ok(format!("{mark}{}", labels.map_err(|error| format!("{rule}: {error}"))?.join(".")))
}

#[test]
fn the_list_is_that_of_psl() -> Result<(), Box<dyn Error>> {
    let encoded: Result<BTreeSet<String>, _> = rules()?.iter().map(|rule| encoded(rule)).collect();
    let expected = format!("{HEAD}{}\n", encoded?.into_iter().collect::<Vec<_>>().join("\n"));
    if std::env::var_os("POSTKONTOR_WRITE_SUFFIXES").is_some() {
        std::fs::write(file(), &expected)?;
    }
    assert!(std::fs::read_to_string(file())? == expected, "{} is not that of psl: renew it as its head tells", file().display());
    Ok(())
}

#[test]
fn below_each_rule_the_same_domain_is_registrable_as_by_psl() -> Result<(), Box<dyn Error>> {
    let mut compared = 0;
    for rule in rules()? {
        let name = rule.trim_start_matches('!').replace('*', "any");
        let beside = name.split_once('.').map(|(_, rest)| format!("z.{rest}"));
        for name in [name.clone(), format!("x.{name}"), format!("y.x.{name}")].into_iter().chain(beside) {
            // psl knows the names of its list in U-labels only.
            let theirs = psl::domain_str(&name).map(encoded).transpose()?;
            let ascii = encoded(&name)?;
            let ours = registrable(&ascii);
            assert_eq!(ours.map(|ours| ours.domain.to_owned()), theirs, "{name}");
            if let Some(suffix) = psl::suffix(name.as_bytes()) {
                assert!(ours.is_none_or(|ours| ours.is_known == suffix.is_known()), "{name}");
            }
            compared += 1;
        }
    }
    assert!(compared > 30_000, "{compared}");
    Ok(())
}
