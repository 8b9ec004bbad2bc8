//! Programs in C, Pascal, C# and Python that use the shared library as an ERP would, and as it should not.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test")]

use postkontor_tests::folder::Folder;
use postkontor_tests::products::Products;
use postkontor_tests::sandbox::{Options, Sandbox};
use postkontor_tests::skip;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// An installation in a folder of its own: the library, its plugins, and a mail server to talk to.
struct Installation {
    folder: Folder,
    sandbox: Sandbox,
}

impl Installation {
    fn new() -> Installation {
        let products = Products::built().unwrap();
        let folder = Folder::new().unwrap();
        let library = folder.file("libpostkontor.so");
        std::fs::copy(products.library(), &library).unwrap();
        // The name that programs linked with it ask for.
        std::os::unix::fs::symlink(&library, folder.file("libpostkontor.so.1")).unwrap();
        products.plugins(folder.path(), &["smtp"]).unwrap();
        let sandbox = Sandbox::start(Options::default()).unwrap();
        let settings = serde_json::json!({
            "accounts": {"main": {
                "transport": "smtp",
                "server": {"host": "localhost", "port": sandbox.port},
                "tls": {"mode": "starttls", "ca_file": sandbox.ca_file},
                "auth": {"user": "anna", "password": {"secret": "mail"}},
            }},
            "sender": {"address": "anna@example.com", "name": "Anna Müller"},
            "send": {"account": "main"},
        });
        std::fs::write(folder.file("settings.json"), settings.to_string()).unwrap();
        std::fs::write(folder.file("invoice.pdf"), PDF).unwrap();
        Installation { folder, sandbox }
    }

    /// The path of a file in it, as an argument.
    fn file(&self, name: &str) -> String {
        self.folder.file(name).to_str().unwrap().to_owned()
    }

    fn gcc(&self, source: &str, extra: &[&str]) -> PathBuf {
        let program = self.folder.file("program");
        let here = self.folder.path().display();
        let arguments = [
            "-std=c99",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-g",
            &format!("-I{ROOT}/include"),
            &format!("{ROOT}/{source}"),
            "-o",
            program.to_str().unwrap(),
            &format!("-L{here}"),
            &format!("-Wl,-rpath,{here}"),
        ]
        .map(str::to_owned);
        good(Command::new("gcc").args(arguments).args(extra));
        program
    }

    fn fpc(&self, source: &str) -> PathBuf {
        let here = self.folder.path().display();
        let mut command = Command::new("fpc");
        command.args([
            "-Mdelphi",
            "-O2",
            "-gl",
            "-vew",
            &format!("-Fu{ROOT}/ffi/bindings/delphi"),
            &format!("-FE{here}"),
            &format!("-Fl{here}"),
        ]);
        command.args([&format!("-k-rpath={here}"), &format!("{ROOT}/{source}")]);
        good(&mut command);
        self.folder.path().join(Path::new(source).file_stem().unwrap())
    }

    /// Runs a program with the arguments of the examples and looks at what came of it.
    fn run_invoice(&self, command: &mut Command) {
        let output = good(command.args([self.file("settings.json"), self.file("invoice.pdf")]).env("INVOICE_PASSWORD", "Geheim-7"));
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("smtp"), "transports: {text}");
        assert!(text.contains("error 5 "), "wrong password: {text}");
        assert!(text.contains("auth.refused"), "wrong password: {text}");
        let mails = self.sandbox.mails();
        assert_eq!(mails.len(), 1, "{text}");
        assert_eq!(mails[0].recipients, ["accounting@customer.example"]);
        assert_eq!(mails[0].user.as_deref(), Some("anna"));
        assert!(mails[0].secure);
        let mail = mails[0].text();
        assert!(mail.contains("Subject: Invoice 4711"), "{mail}");
        assert!(mail.contains("Invoice 4711.pdf"), "{mail}");
        assert!(mail.contains("JVBERi0xLjQK"), "{mail}");
    }
}

const PDF: &[u8] = b"%PDF-1.4\n%%EOF\n";

fn good(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}: {}\n{}\n{}", output.status, text(&output.stdout), text(&output.stderr));
    output
}

fn valgrind(program: &Path) -> Command {
    let mut command = Command::new("valgrind");
    command.args(["-q", "--leak-check=full", "--error-exitcode=9", "--num-callers=40"]);
    command.arg(format!("--suppressions={ROOT}/tests/callers/valgrind.supp")).arg(program);
    command
}

/// Whether the machine has all these programs; a test that needs one says that it is skipped.
fn has(programs: &[&str]) -> bool {
    let missing = programs.iter().find(|program| {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        !std::env::split_paths(&paths).any(|folder| folder.join(program).exists())
    });
    if let Some(missing) = missing {
        skip::because(&format!("{missing} is not installed"));
    }
    missing.is_none()
}

#[test]
fn the_c_example_tests_and_sends_and_valgrind_finds_nothing() {
    if has(&["gcc", "valgrind"]) {
        let installation = Installation::new();
        let program = installation.gcc("examples/c/invoice.c", &["-pedantic", "-lpostkontor"]);
        installation.run_invoice(&mut valgrind(&program));
    }
}

#[test]
fn the_pascal_example_tests_and_sends_and_valgrind_finds_nothing() {
    if has(&["fpc", "valgrind"]) {
        let installation = Installation::new();
        let program = installation.fpc("examples/delphi/invoice.dpr");
        installation.run_invoice(&mut valgrind(&program));
    }
}

#[test]
fn the_csharp_example_tests_and_sends() {
    if has(&["mcs", "mono"]) {
        let installation = Installation::new();
        let program = installation.file("Invoice.exe");
        let mut compile = Command::new("mcs");
        compile.args(["-langversion:6", "-warn:4", "-warnaserror", &format!("-out:{program}")]);
        good(compile.args(["examples/dotnet/Invoice.cs", "ffi/bindings/dotnet/Postkontor.cs"].map(|file| format!("{ROOT}/{file}"))));
        installation.run_invoice(Command::new("mono").arg(program).env("LD_LIBRARY_PATH", installation.folder.path()));
    }
}

#[test]
fn the_python_example_tests_and_sends() {
    if has(&["python3"]) {
        let installation = Installation::new();
        let mut python = Command::new("python3");
        python.arg("-B").arg(format!("{ROOT}/examples/python/invoice.py"));
        python.env("PYTHONPATH", format!("{ROOT}/ffi/bindings/python")).env("LD_LIBRARY_PATH", installation.folder.path());
        installation.run_invoice(&mut python);
    }
}

#[test]
fn a_hostile_c_program_gets_errors_and_nothing_else() {
    if has(&["gcc", "valgrind"]) {
        let installation = Installation::new();
        let program = installation.gcc("tests/callers/hostile.c", &["-lpostkontor", "-lpthread"]);
        for command in [&mut Command::new(&program), &mut valgrind(&program)] {
            assert_eq!(good(command).stdout, b"held\n");
        }
    }
}

#[test]
fn the_library_survives_being_freed() {
    if has(&["gcc"]) {
        let installation = Installation::new();
        let program = installation.gcc("tests/callers/unload.c", &["-ldl"]);
        assert_eq!(good(Command::new(program).arg(installation.file("libpostkontor.so"))).stdout, b"held\n");
    }
}

#[test]
fn a_pascal_program_keeps_its_floating_point_traps() {
    if has(&["fpc", "valgrind"]) {
        let installation = Installation::new();
        let program = installation.fpc("tests/callers/traps.dpr");
        let settings = installation.file("settings.json");
        assert_eq!(good(Command::new(&program).args([&settings, "native"])).stdout, b"held\n");
        assert_eq!(good(valgrind(&program).args([&settings, "valgrind"])).stdout, b"held\n");
    }
}

#[test]
fn the_library_exports_what_the_header_declares_and_nothing_else() {
    if has(&["nm"]) {
        let library = Products::built().unwrap().library();
        let output = good(Command::new("nm").args(["-D", "--defined-only"]).arg(library));
        let exported: Vec<String> =
            String::from_utf8_lossy(&output.stdout).lines().filter_map(|line| Some(line.split(' ').next_back()?.to_owned())).collect();
        let header = include_str!("../../include/postkontor.h");
        let mut declared: Vec<String> = header
            .lines()
            .filter_map(|line| Some(line.split_once("POSTKONTOR_CALL ")?.1.split_once('(')?.0.to_owned()))
            .filter(|name| name.starts_with("postkontor_"))
            .collect();
        declared.sort();
        assert_eq!(exported, declared);
        assert!(declared.len() >= 24, "{declared:?}");
    }
}

/// A library in C with the header's functions and empty bodies: what the header promises, in a form that abidiff reads.
fn stub(folder: &Folder) -> PathBuf {
    let header = include_str!("../../include/postkontor.h");
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
        good(Command::new("abidiff").args(["--no-added-syms", &baseline]).arg(&library));
    }
}

#[test]
fn a_changed_parameter_is_found_out() {
    if has(&["gcc", "abidw", "abidiff"]) {
        let folder = Folder::new().unwrap();
        stub(&folder);
        let changed = std::fs::read_to_string(folder.file("stub.c")).unwrap().replace("int32_t deadline_ms", "int64_t deadline_ms");
        let header = std::fs::read_to_string(folder.file("postkontor.h")).unwrap().replace("int32_t deadline_ms", "int64_t deadline_ms");
        std::fs::write(folder.file("stub.c"), changed).unwrap();
        std::fs::write(folder.file("postkontor.h"), header).unwrap();
        good(Command::new("gcc").current_dir(folder.path()).args(["-g", "-shared", "-fPIC", "stub.c", "-o", "libstub.so"]));
        let mut abidiff = Command::new("abidiff");
        abidiff.args(["--no-added-syms", &format!("{ROOT}/tests/abi/postkontor-1.abi")]).arg(folder.file("libstub.so"));
        assert!(!abidiff.output().unwrap().status.success());
    }
}

#[test]
fn the_bindings_have_the_numbers_and_functions_of_the_header() {
    let header = include_str!("../../include/postkontor.h");
    let pascal = include_str!("../../ffi/bindings/delphi/Postkontor.pas").replace(' ', "");
    let python = include_str!("../../ffi/bindings/python/postkontor.py");
    let csharp = include_str!("../../ffi/bindings/dotnet/Postkontor.cs").to_lowercase();
    let basic = include_str!("../../examples/vb6/Postkontor.bas");

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
