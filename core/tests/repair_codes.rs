//! Each code by which the reader tells that it put something right has a sentence in each language.
#![allow(clippy::unwrap_used, reason = "a test ends there")]

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The codes in the sources of a folder: texts of two words in small letters with a dot between them, the first of which is one of these.
fn codes(folder: &Path, codes: &mut BTreeSet<String>) {
    const GROUPS: [&str; 4] = ["mime.", "header.", "message.", "text."];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            self::codes(&path, codes);
            continue;
        }
        // Tests tell of codes that they only look for.
        if path.file_name().is_some_and(|name| name == "tests.rs") {
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let is_code = |text: &&str| {
            let name = GROUPS.iter().find_map(|group| text.strip_prefix(group));
            name.is_some_and(|name| {
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            })
        };
        codes.extend(source.split('"').filter(is_code).map(str::to_owned));
    }
}

#[test]
fn each_code_of_the_reader_has_a_sentence_in_each_language() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeSet::new();
    codes(&root.join("../reader/src"), &mut found);
    // The name of a file that is made of an RTF text.
    assert!(found.remove("message.rtf"));
    assert!(found.len() > 25, "{found:?}");
    for language in ["en", "de", "sl"] {
        let texts = fs::read(root.join(format!("locales/{language}.json"))).unwrap();
        let texts: Value = serde_json::from_slice(&texts).unwrap();
        let missing: Vec<&String> = found.iter().filter(|code| !texts["codes"][code.as_str()].is_string()).collect();
        assert!(missing.is_empty(), "{language}: {missing:?}");
    }
}
