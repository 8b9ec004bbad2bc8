//! The bindings change JSON as RFC 7396 says and find what is in it as RFC 6901 says.

use crate::program::{Program, installation};
use postkontor_tests::merge_patch;
use postkontor_tests::strangers::root;
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Documents, patches, and pointers into what comes of them.
fn cases() -> Vec<Value> {
    let odd = "Grüße \"\\/~\u{1}\u{1f4e7}\n";
    vec![
        json!([{"a": "b"}, {"a": "c"}, "/a"]),
        json!([{"a": "b", "b": "c"}, {"a": null}, "/a"]),
        json!([{"a": ["b"]}, {"a": "c"}, ""]),
        json!([{"a": {"b": "c"}}, {"a": {"b": "d", "c": null}}, "/a/b"]),
        json!([{"a": [{"b": "c"}]}, {"a": [1, "x", {"y/~": true}]}, "/a/2/y~1~0"]),
        json!([["a", "b"], ["c", "d"], "/1"]),
        json!([["a", "b"], {"0": 1, "c": null}, "/0"]),
        json!(["text", {"a": {"bb": {"ccc": null}}}, "/a/bb"]),
        json!([{"a": "foo"}, null, ""]),
        json!([{"e": null, "f": -1.5e3}, {"a": 1}, "/e"]),
        json!([{odd: odd}, {"more": {odd: [odd]}}, format!("/more/{}/0", odd.replace('~', "~0").replace('/', "~1"))]),
        json!([{}, {"": {"": 0}}, "//"]),
    ]
}

fn compiled(program: Program) -> Command {
    let (root, folder) = (root(), installation());
    let (mut compiler, mut run) = match program {
        Program::Lazarus => (Command::new("fpc"), Command::new(folder.join("merge"))),
        Program::WinForms => (Command::new("mcs"), Command::new("mono")),
    };
    if let Program::Lazarus = program {
        let places: [PathBuf; 2] = [root.join("ffi/bindings/delphi"), folder.join("units")];
        std::fs::create_dir(&places[1]).unwrap();
        compiler.arg("-Mdelphi").arg(format!("-Fu{}", places[0].display())).arg(format!("-FU{}", places[1].display()));
        compiler.args(["-FE", "-Fl"].map(|option| format!("{option}{}", folder.display()))).arg(root.join("tests/dialogs/merge.dpr"));
    } else {
        compiler.args(["-langversion:6", "-warn:4", "-warnaserror"]).arg(format!("-out:{}", folder.join("Merge.exe").display()));
        compiler.args(["tests/dialogs/Merge.cs", "ffi/bindings/dotnet/Postkontor.cs"].map(|source| root.join(source)));
        run.arg(folder.join("Merge.exe"));
    }
    let done = compiler.output().unwrap();
    assert!(done.status.success(), "{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    run.env("LD_LIBRARY_PATH", folder).env("LC_ALL", "C.UTF-8").stdin(Stdio::piped()).stdout(Stdio::piped());
    run
}

#[test]
fn the_bindings_apply_merge_patches_and_pointers_as_the_rfcs_say() {
    for program in Program::all() {
        let mut run = compiled(program).spawn().unwrap();
        let lines: String = cases().iter().map(|case| format!("{case}\n")).collect();
        run.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        let output = run.wait_with_output().unwrap();
        let answers = String::from_utf8(output.stdout).unwrap();
        assert_eq!(answers.lines().count(), cases().len(), "{program:?}: {answers}");
        for (case, answer) in cases().into_iter().zip(answers.lines()) {
            let mut merged = case[0].clone();
            merge_patch::apply(&mut merged, case[1].clone());
            let found = merged.pointer(case[2].as_str().unwrap()).cloned().unwrap_or_else(|| json!("nothing"));
            let answer: Value = serde_json::from_str(answer).unwrap_or_else(|error| panic!("{program:?} {case}: {error} in {answer}"));
            assert_eq!(answer, json!([merged, found]), "{program:?} {case}");
        }
    }
}
