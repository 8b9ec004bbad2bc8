//! The C ABI is what the header says and what it was, and the bindings have all of it.

use crate::installation::{Installation, ROOT, good, has};
use postkontor_tests::folder::Folder;
use postkontor_tests::products::Products;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn the_library_exports_what_the_header_declares_and_nothing_else() {
    if has(&["nm"]) {
        let library = Products::built().unwrap().library();
        exports_the_header(&library);
    }
}

/// Fails where a library does not export the functions of the header, or exports others.
pub(crate) fn exports_the_header(library: &Path) {
    let output = good(Command::new("nm").args(["-D", "--defined-only"]).arg(library));
    let exported: Vec<String> =
        String::from_utf8_lossy(&output.stdout).lines().filter_map(|line| Some(line.split(' ').next_back()?.to_owned())).collect();
    let header = include_str!("../../../include/postkontor.h");
    let mut declared: Vec<String> = header
        .lines()
        .filter_map(|line| Some(line.split_once("POSTKONTOR_CALL ")?.1.split_once('(')?.0.to_owned()))
        .filter(|name| name.starts_with("postkontor_"))
        .collect();
    declared.sort();
    assert_eq!(exported, declared);
    assert!(declared.len() >= 24, "{declared:?}");
}

/// A library in C with the header's functions and empty bodies: what the header promises, in a form that abidiff reads.
fn stub(folder: &Folder) -> PathBuf {
    let header = include_str!("../../../include/postkontor.h");
    let declarations = header.split("POSTKONTOR_CALL postkontor_").skip(1);
    let functions = declarations.map(|declaration| {
        let (name, parameters) = declaration.split_once(';').unwrap().0.split_once('(').unwrap();
        let result = match name {
            "abi" => "int32_t",
            "version" => "const char *",
            "buf_free" => "void",
            _ => "postkontor_status",
        };
        let body = if result == "void" { "" } else { "return 0;" };
        format!("{result} POSTKONTOR_CALL postkontor_{name}({parameters} {{ {body} }}\n")
    });
    std::fs::write(folder.file("postkontor.h"), header).unwrap();
    std::fs::write(folder.file("stub.c"), format!("#include \"postkontor.h\"\n{}", functions.collect::<String>())).unwrap();
    let mut gcc = Command::new("gcc");
    gcc.current_dir(folder.path()).args([
        "-std=c99",
        "-g",
        "-shared",
        "-fPIC",
        "stub.c",
        "-o",
        "libstub.so",
        "-Wl,-soname,libpostkontor.so.1",
    ]);
    good(gcc.arg(format!("-ffile-prefix-map={}=.", folder.path().display())));
    folder.file("libstub.so")
}

/// Compares two libraries; what may be added does not count.
fn abidiff() -> Command {
    let mut abidiff = Command::new("abidiff");
    abidiff.args(["--no-added-syms", "--suppressions", &format!("{ROOT}/tests/abi/growth.abignore")]);
    abidiff
}

/// `POSTKONTOR_ABI=write` keeps the ABI of today as the one to compare with: after a release, or as long as there was none.
#[test]
fn nothing_of_the_c_abi_was_changed_since_the_last_release() {
    if has(&["gcc", "abidw", "abidiff"]) {
        let folder = Folder::new().unwrap();
        let library = stub(&folder);
        let baseline = format!("{ROOT}/tests/abi/postkontor-1.abi");
        if std::env::var_os("POSTKONTOR_ABI").is_some_and(|word| word == "write") {
            let mut abidw = Command::new("abidw");
            abidw.args(["--no-corpus-path", "--no-comp-dir-path", "--short-locs", "--out-file", &baseline]);
            good(abidw.arg(&library));
        }
        good(abidiff().arg(&baseline).arg(&library));
    }
}

#[test]
fn a_changed_parameter_and_a_member_that_is_not_the_last_are_found_out() {
    let progress = "  postkontor_progress_fn progress;\n";
    let inserted = format!("  void *newer;\n{progress}");
    for (old, new) in [("int32_t deadline_ms", "int64_t deadline_ms"), (progress, inserted.as_str())] {
        if has(&["gcc", "abidw", "abidiff"]) {
            let folder = Folder::new().unwrap();
            stub(&folder);
            for file in ["stub.c", "postkontor.h"].map(|file| folder.file(file)) {
                std::fs::write(&file, std::fs::read_to_string(&file).unwrap().replace(old, new)).unwrap();
            }
            good(Command::new("gcc").current_dir(folder.path()).args(["-g", "-shared", "-fPIC", "stub.c", "-o", "libstub.so"]));
            let mut compare = abidiff();
            compare.arg(format!("{ROOT}/tests/abi/postkontor-1.abi")).arg(folder.file("libstub.so"));
            assert!(!compare.output().unwrap().status.success(), "{new}");
        }
    }
}

/// What the library says to a program whose struct of callbacks has another size than its own, and whether it wrote to the log.
fn with_other_callbacks(change: impl Fn(&str) -> String, defines: &[&str]) -> String {
    let installation = Installation::new(&["smtp"]);
    let header = change(include_str!("../../../include/postkontor.h"));
    // Before the library's own folder of headers.
    std::fs::write(installation.folder.file("postkontor.h"), header).unwrap();
    let junk = installation.folder.file("junk");
    std::fs::create_dir(&junk).unwrap();
    std::fs::write(junk.join("libjunk.so"), "no library").unwrap();
    let mut gcc = Command::new("gcc");
    let (program, here) = (installation.file("growth"), installation.folder.path().display().to_string());
    gcc.args([
        "-std=c99",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-g",
        &format!("-I{here}"),
        &format!("{ROOT}/tests/callers/growth.c"),
        "-o",
        &program,
    ]);
    good(gcc.args([&format!("-L{here}"), &format!("-Wl,-rpath,{here}"), "-lpostkontor"]).args(defines));
    let config = format!(r#"{{"plugins":["{}"]}}"#, junk.display());
    String::from_utf8(good(Command::new(program).arg(config)).stdout).unwrap()
}

#[test]
fn a_program_with_a_longer_or_a_shorter_struct_of_callbacks_is_told_apart() {
    if has(&["gcc"]) {
        let last = "  postkontor_step_fn step;\n";
        let own = with_other_callbacks(str::to_owned, &[]);
        assert!(own.starts_with("0 56 1 "), "{own}");
        // Programs that were compiled before the struct had this function go on with theirs.
        let first = with_other_callbacks(|header| header.replacen(last, "", 1), &["-DFIRST"]);
        assert!(first.starts_with("0 48 1 "), "{first}");
        // A newer program with this library: what it has beyond is not looked at. The largest would overwrite what lies behind ours.
        for (more, size) in [(2, 72), (505, 4096)] {
            let longer = with_other_callbacks(|header| header.replacen(last, &format!("{last}  void *newer[{more}];\n"), 1), &[]);
            assert!(longer.starts_with(&format!("0 {size} 1 ")), "{longer}");
        }
        // No such struct ever was.
        let shorter = with_other_callbacks(
            |header| header.replacen(last, "", 1).replacen("  postkontor_secret_put_fn secret_put;\n", "", 1),
            &["-DFIRST", "-DSHORTER"],
        );
        assert!(shorter.starts_with("1 40 0 ") && shorter.contains("argument.size") && shorter.contains("48"), "{shorter}");
    }
}

#[test]
fn the_bindings_have_the_numbers_and_functions_of_the_header() {
    let header = include_str!("../../../include/postkontor.h");
    let pascal = include_str!("../../../ffi/bindings/delphi/Postkontor.pas").replace(' ', "");
    let python = include_str!("../../../ffi/bindings/python/postkontor.py");
    let csharp = include_str!("../../../ffi/bindings/dotnet/Postkontor.cs").to_lowercase();
    let basic = include_str!("../../../examples/vb6/Postkontor.bas");

    let defines = header.lines().filter_map(|line| line.strip_prefix("#define POSTKONTOR_")?.split_once(' '));
    let numbers: Vec<(&str, &str)> = defines.filter(|(name, number)| *name != "ABI" && number.parse::<i32>().is_ok()).collect();
    let statuses: Vec<&str> = numbers.iter().map(|(name, _)| *name).take_while(|name| *name != "LOG_ERROR").collect();
    assert_eq!(statuses.len(), 20);
    // Python counts them in the order in which they are named.
    let named = python.lines().filter(|line| line.contains("= range(")).filter_map(|line| line.split_once(" = "));
    let named: Vec<&str> = named.flat_map(|(names, _)| names.split(", ")).collect();
    assert_eq!(named, numbers.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for (name, number) in &numbers {
        assert!(pascal.contains(&format!("POSTKONTOR_{name}={number};")), "Pascal: {name}");
        let basic_line = basic.lines().find(|line| line.contains(&format!("POSTKONTOR_{name} As")));
        assert!(basic_line.is_none_or(|line| line.ends_with(&format!("= {number}"))), "Basic: {name}");
    }
    for (name, number) in numbers.iter().take(20) {
        let (first, later) =
            (format!(" {} = {number},", name.to_lowercase().replace('_', "")), format!(" {} = {number}\n", name.to_lowercase()));
        assert!(csharp.contains(&first) || csharp.contains(&later), "C#: {name}");
    }

    for name in header.lines().filter_map(|line| Some(line.split_once("POSTKONTOR_CALL postkontor_")?.1.split_once('(')?.0)) {
        assert!(pascal.contains(&format!("name'postkontor_{name}';")), "Pascal: {name}");
        assert!(python.contains(&format!("\"{name}\": [")) || python.contains(&format!("library.postkontor_{name}.")), "Python: {name}");
    }
}

#[test]
fn the_basic_declarations_have_the_parameters_of_the_header() {
    let header = include_str!("../../../include/postkontor.h");
    let basic = include_str!("../../../examples/vb6/Postkontor.bas").replace("_\n", "");
    let parameters = |text: &str| -> Vec<String> {
        let list = text.split_once('(').unwrap().1.split_once(')').unwrap().0;
        list.split(',').map(|parameter| parameter.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    let declares: Vec<&str> = basic.lines().filter(|line| line.contains(" Lib \"postkontor.dll\"")).collect();
    assert!(declares.len() >= 11, "{declares:?}");
    for declare in declares {
        let name = declare.split(' ').find(|word| word.starts_with("postkontor_")).unwrap();
        let (ours, theirs) = (parameters(declare), parameters(header.split_once(&format!("POSTKONTOR_CALL {name}")).unwrap().1));
        assert_eq!(ours.len(), theirs.len(), "{name}");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            // All are of 32 bits there: what is not passed by reference is a Long. A handle goes in as it is, and out by reference.
            let is_good =
                if ours.starts_with("ByVal ") { ours.ends_with(" As Long") } else { ours.starts_with("ByRef ") && theirs.contains('*') };
            assert!(is_good, "{name}: {ours} for {theirs}");
        }
    }
    for (function, kind) in [("OnReceived", "postkontor_received_fn"), ("OnProgress", "postkontor_progress_fn")] {
        let ours = parameters(basic.lines().find(|line| line.starts_with(&format!("Public Function {function}("))).unwrap());
        let theirs = parameters(header.split_once(&format!("*{kind})")).unwrap().1);
        assert!(ours.len() == theirs.len() && ours.iter().all(|parameter| parameter.starts_with("ByVal ")), "{function}");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert!(
                ours.ends_with(if theirs.starts_with("uint64_t") { " As Currency" } else { " As Long" }),
                "{function}: {ours} for {theirs}"
            );
        }
    }
}
