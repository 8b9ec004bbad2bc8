//! The table of all rows (`tests/pages/rows.md`): its members are fields of the forms with the scope that it says, and its tests exist.

use postkontor_core::Host;
use postkontor_tests::folder::Folder;
use postkontor_tests::products::Products;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const TABLE: &str = include_str!("../../pages/rows.md");

/// Rows that settings of the company's own account stand for: whatever their scope, they stand in the company's layer.
const OWN: &str = "company's own account";

/// The cells of each row.
fn rows() -> Vec<Vec<&'static str>> {
    let lines = TABLE.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = lines.map(|line| line.split(" | ").map(str::trim).collect::<Vec<_>>());
    rows.filter(|cells| matches!(cells[0], "A" | "B" | "C" | "D")).collect()
}

/// The scope of each field of a form, by its pointer.
fn scopes(group: &Value, pointer: &str, found: &mut BTreeMap<String, String>) {
    let branches = group["allOf"].as_array().into_iter().flatten().map(|branch| &branch["then"]);
    for part in [group, &group["then"]].into_iter().chain(branches) {
        for (name, member) in part["properties"].as_object().into_iter().flatten() {
            let pointer = format!("{pointer}/{name}");
            if let Some(scope) = member["x-postkontor"]["scope"].as_str() {
                found.insert(pointer.clone(), scope.to_owned());
            }
            scopes(member, &pointer, found);
        }
    }
}

#[test]
fn every_member_of_a_row_is_a_field_of_its_form_with_its_scope() {
    let folder = Folder::new().unwrap();
    let transports = ["smtp", "imap", "pop3", "sendmail", "exchange-ews"];
    let plugins = Products::built().unwrap().plugins(folder.path(), &transports).unwrap();
    let host = Host::open(&json!({"plugins": [plugins]}).to_string(), Box::new(())).unwrap();
    let mut forms = BTreeMap::new();
    for name in transports.into_iter().chain([""]) {
        let form = json!(host.schema(name, "en").unwrap());
        let mut found = BTreeMap::new();
        scopes(&form["schema"], "", &mut found);
        forms.insert(if name.is_empty() { "document" } else { name }, found);
    }
    for row in rows() {
        for member in row[2].split(' ').filter(|member| member.contains(":/")) {
            let (form, pointer) = member.split_once(':').unwrap();
            let scope = forms[form].get(pointer).unwrap_or_else(|| panic!("{member} of {row:?} is no field"));
            assert!(row[3] == OWN || row[3].contains(scope.as_str()), "{member} of {row:?} belongs to {scope}");
        }
    }
}

/// The file of a test, as the table names it.
fn file(program: &str, module: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = match program.split_once('/') {
        None => root.join("tests/tests").join(program),
        Some(("postkontor-core", program)) => root.join("core/tests").join(program),
        Some((package, program)) => root.join("plugins").join(package.trim_start_matches("postkontor-")).join("tests").join(program),
    };
    folder.join(format!("{module}.rs"))
}

#[test]
fn every_test_of_a_row_exists() {
    let rows = rows();
    assert!(rows.len() > 80, "{}", rows.len());
    for row in &rows {
        let tests: Vec<&str> = row.get(4).map(|tests| tests.split("; ").filter(|test| !test.is_empty()).collect()).unwrap_or_default();
        assert!(!tests.is_empty() || row[2] == "issue 14", "{row:?} has no test");
        for test in tests {
            let (program, path) = test.split_once(' ').unwrap();
            let (module, name) = path.split_once("::").unwrap();
            let source = std::fs::read_to_string(file(program, module)).unwrap_or_else(|error| panic!("{test}: {error}"));
            assert!(source.contains(&format!("#[test]\nfn {name}(")), "{test} does not exist");
        }
    }
}
