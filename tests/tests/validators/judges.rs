//! Foreign validators of JSON Schema: ajv in strict mode, jsonschema for Python, and boon for Rust.

use boon::{Compiler, Draft, Schemas};
use postkontor_tests::folder::Folder;
use postkontor_tests::{form_generators, skip};
use serde_json::{Map, Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The verdicts of one validator: for each document whether it is valid.
pub(crate) struct Verdicts {
    pub(crate) judge: String,
    pub(crate) valid: Vec<bool>,
    /// Where something is wrong, for each document; empty where the validator was not asked.
    pub(crate) places: Vec<Vec<String>>,
}

/// Asks every validator about documents, each with the name of its schema. Both drafts of a validator are asked.
pub(crate) fn verdicts(schemas: &Map<String, Value>, documents: &[(String, Value)]) -> Vec<Verdicts> {
    let mut verdicts = boon(schemas, documents);
    if let Some(work) = form_generators::installed().unwrap() {
        for (draft, answers) in asked(Command::new("node").arg("judge.mjs").current_dir(work), schemas, documents) {
            let places: Vec<Vec<String>> = serde_json::from_value(answers).unwrap();
            verdicts.push(Verdicts { judge: format!("ajv {draft}"), valid: places.iter().map(Vec::is_empty).collect(), places });
        }
    }
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("validators");
    match environment(&sources.join("requirements.txt")) {
        Ok(environment) => {
            let mut python = Command::new(environment.join("bin/python"));
            for (draft, answers) in asked(python.arg(sources.join("judge.py")), schemas, documents) {
                let valid = serde_json::from_value(answers).unwrap();
                verdicts.push(Verdicts { judge: format!("jsonschema {draft}"), valid, places: Vec::new() });
            }
        }
        Err(reason) => skip::because(&reason),
    }
    for of in &verdicts {
        assert_eq!(of.valid.len(), documents.len(), "{} gave another number of verdicts", of.judge);
    }
    verdicts
}

fn boon(schemas: &Map<String, Value>, documents: &[(String, Value)]) -> Vec<Verdicts> {
    let of_draft = |(draft, name): (Draft, &str)| {
        let (mut compiled, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.set_default_draft(draft);
        let mut places = Map::new();
        let mut indices = Vec::new();
        for (name, schema) in schemas {
            let place = format!("https://schemas.example/{}.json", if name.is_empty() { "own" } else { name });
            compiler.add_resource(&place, schema.clone()).unwrap();
            places.insert(name.clone(), json!(indices.len()));
            indices.push(compiler.compile(&place, &mut compiled).unwrap());
        }
        let index = |name: &str| indices[usize::try_from(places[name].as_u64().unwrap()).unwrap()];
        let valid = documents.iter().map(|(name, document)| compiled.validate(document, index(name)).is_ok()).collect();
        Verdicts { judge: format!("boon {name}"), valid, places: Vec::new() }
    };
    [(Draft::V7, "draft-07"), (Draft::V2020_12, "2020-12")].into_iter().map(of_draft).collect()
}

/// Asks a program about all documents at once: its answers by draft.
fn asked(program: &mut Command, schemas: &Map<String, Value>, documents: &[(String, Value)]) -> Map<String, Value> {
    let folder = Folder::new().unwrap();
    let [work, result] = ["work.json", "result.json"].map(|name| folder.path().join(name));
    fs::write(&work, json!({"schemas": schemas, "documents": documents}).to_string()).unwrap();
    let done = program.arg(&work).arg(&result).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&fs::read(&result).unwrap()).unwrap()
}

/// The environment of Python with these packages; the error says why it cannot be had.
fn environment(requirements: &Path) -> Result<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut prepare = Command::new("python3");
    prepare.arg(root.join("tests/exchange/prepare.py")).arg(root.join("target/validators")).arg(requirements);
    let output = prepare.output().map_err(|error| format!("python3: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("the packages of tests/validators cannot be had: {}", said.lines().last().unwrap_or("pip says nothing")));
    }
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim_end()))
}
