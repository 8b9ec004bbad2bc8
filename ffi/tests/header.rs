//! The C headers in `include/` are what cbindgen makes of the sources, and C and C++ compilers take them.
//!
//! `cargo xtask header` runs this file with `POSTKONTOR_HEADER=write`, which writes the headers instead of comparing them.

#![allow(clippy::unwrap_used, reason = "a test")]

use cbindgen::{Builder, Config, DocumentationStyle, Language, Style};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What tells one header from the other.
struct Header {
    file: &'static str,
    guard: &'static str,
    manual: &'static str,
    /// Lines between the includes and the first declaration.
    opening: &'static str,
    /// Sources relative to the workspace, in the order in which they appear in the header.
    sources: &'static [&'static str],
    /// Source text that only the header needs, on lines of its own.
    extra: &'static str,
    /// Rust name to C name.
    names: &'static [(&'static str, &'static str)],
    /// Put before the name of each function.
    convention: &'static str,
    exclude: &'static [&'static str],
}

const CLIENT: Header = Header {
    file: "postkontor.h",
    guard: "POSTKONTOR_H",
    manual: include_str!("../header/postkontor.txt"),
    opening: "\
/* The calling convention: stdcall on 32-bit Windows, the platform's only one everywhere else. Callbacks have it, too. */
#if defined(_WIN32) && !defined(_WIN64)
#define POSTKONTOR_CALL __stdcall
#else
#define POSTKONTOR_CALL
#endif
",
    sources: &[
        "ffi/src/abi.rs",
        "ffi/src/library.rs",
        "ffi/src/host.rs",
        "ffi/src/account.rs",
        "ffi/src/message.rs",
        "ffi/src/outbox.rs",
        "ffi/src/cancel.rs",
    ],
    extra: "",
    names: &[
        ("StatusNumber", "postkontor_status"),
        ("Buf", "postkontor_buf"),
        ("Slice", "postkontor_slice"),
        ("Callbacks", "postkontor_callbacks"),
        ("HostHandle", "postkontor_host"),
        ("AccountHandle", "postkontor_account"),
        ("MessageHandle", "postkontor_message"),
        ("OutboxHandle", "postkontor_outbox"),
        ("CancelHandle", "postkontor_cancel"),
        ("Log", "postkontor_log_fn"),
        ("Progress", "postkontor_progress_fn"),
        ("SecretGet", "postkontor_secret_get_fn"),
        ("SecretPut", "postkontor_secret_put_fn"),
        ("Step", "postkontor_step_fn"),
        ("Write", "postkontor_write_fn"),
        ("Received", "postkontor_received_fn"),
    ],
    convention: "POSTKONTOR_CALL",
    exclude: &[],
};

const PLUGIN: Header = Header {
    file: "postkontor_plugin.h",
    guard: "POSTKONTOR_PLUGIN_H",
    manual: include_str!("../header/postkontor_plugin.txt"),
    opening: "\
#if defined(_WIN32)
#define POSTKONTOR_PLUGIN_EXPORT __declspec(dllexport)
#elif defined(__GNUC__)
#define POSTKONTOR_PLUGIN_EXPORT __attribute__((visibility(\"default\")))
#else
#define POSTKONTOR_PLUGIN_EXPORT
#endif
",
    sources: &["plugins/abi/src/lib.rs"],
    extra: "
/// What the plugin exports: its table, which lives as long as the library.
#[unsafe(no_mangle)]
pub extern \"C\" fn postkontor_plugin_v1() -> *const Plugin {}
",
    names: &[
        ("MAGIC", "POSTKONTOR_PLUGIN_MAGIC"),
        ("CONTROL_STREAM", "POSTKONTOR_PLUGIN_CONTROL_STREAM"),
        ("Bytes", "postkontor_plugin_bytes"),
        ("Buffer", "postkontor_plugin_buffer"),
        ("Plugin", "postkontor_plugin"),
        ("Host", "postkontor_plugin_host"),
    ],
    convention: "",
    exclude: &["ENTRY", "Root"],
};

fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Feeds cbindgen a copy of the sources whose ABI string it understands (it skips `extern "system"`), and puts the
/// calling convention into what it makes of them.
fn generate(header: &Header) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(header.file);
    std::fs::create_dir_all(&folder).unwrap();
    let mut builder = Builder::new();
    for (index, source) in header.sources.iter().enumerate() {
        let text = std::fs::read_to_string(workspace().join(source)).unwrap();
        let text = without_safety(&text).replace("extern \"system\"", "extern \"C\"") + header.extra;
        let copy = folder.join(format!("{index}.rs"));
        std::fs::write(&copy, text).unwrap();
        builder = builder.with_src(copy);
    }

    let mut config = Config {
        language: Language::C,
        cpp_compat: true,
        no_includes: true,
        sys_includes: vec!["stddef.h".to_owned(), "stdint.h".to_owned()],
        include_guard: Some(header.guard.to_owned()),
        header: Some(format!("/*\n{}*/\n\n/* Generated from the Rust sources by `cargo xtask header`. Do not edit. */", header.manual)),
        after_includes: Some(format!("\n{}", header.opening)),
        documentation_style: DocumentationStyle::Doxy,
        style: Style::Both,
        usize_is_size_t: true,
        line_length: 120,
        ..Config::default()
    };
    config.export.rename = header.names.iter().map(|(rust, c)| ((*rust).to_owned(), (*c).to_owned())).collect::<HashMap<_, _>>();
    config.export.exclude = header.exclude.iter().map(|&name| name.to_owned()).collect();

    let mut text = Vec::new();
    builder.with_config(config).generate().unwrap().write(&mut text);
    // cbindgen writes numbers in decimal, in which the letters cannot be recognised.
    let text = String::from_utf8(text).unwrap().replace("5785806435065987073", "0x504b504c55470001ULL");
    header.names.iter().fold(polish(&text, header.convention), |text, (rust, c)| text.replace(&format!("[`{rust}`]"), c))
}

/// Leaves out the sections about safety: they are the Rust side's, the manual at the top is C's.
fn without_safety(text: &str) -> String {
    let mut inside = false;
    let lines = text.lines().filter(|line| {
        inside = line.starts_with("///") && (inside || line.ends_with("# Safety"));
        !inside
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Puts the calling convention before each function's name and into each function pointer type, each parameter of a long
/// function into a line of its own, and what was a table in the source into a table.
fn polish(text: &str, convention: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let (mut inside_comment, mut inside_function) = (false, false);
    for line in text.lines() {
        let comment = inside_comment || line.trim_start().starts_with("/*");
        inside_comment = comment && !line.contains("*/");
        if comment || line.starts_with('#') {
            lines.push(line.to_owned());
            continue;
        }
        let plain = convention.is_empty() || line.starts_with("typedef struct");
        let line = if plain { line.to_owned() } else { line.replace("struct postkontor_", "postkontor_") };
        let starts_function = !line.starts_with([' ', '}']) && !line.starts_with("typedef") && line.contains("postkontor_");
        if inside_function {
            lines.push(format!("    {}", line.trim_start()));
            inside_function = !line.ends_with(");");
        } else if starts_function {
            let start = [" postkontor_", " *postkontor_"].iter().find_map(|name| Some(line.find(name)? + name.find("postkontor_")?));
            let start = start.unwrap();
            let (result, rest) = line.split_at(start);
            let line =
                if convention.is_empty() { format!("POSTKONTOR_PLUGIN_EXPORT {line}") } else { format!("{result}{convention} {rest}") };
            inside_function = !line.ends_with(");");
            match line.split_once('(') {
                Some((name, parameter)) if inside_function => lines.extend([format!("{name}("), format!("    {parameter}")]),
                _ => lines.push(line),
            }
        } else if convention.is_empty() {
            lines.push(line);
        } else {
            lines.push(line.replace("(*", &format!("({convention} *")));
        }
    }
    one_line_comments(&lines)
}

/// Comments of one line get one line, and numbers stand below each other.
fn one_line_comments(lines: &[String]) -> String {
    let mut polished: Vec<String> = Vec::new();
    let mut index = 0;
    while let Some(line) = lines.get(index) {
        let text = lines.get(index + 1).and_then(|text| text.trim_start().strip_prefix("* "));
        let single = line.trim() == "/**" && lines.get(index + 2).is_some_and(|end| end.trim() == "*/");
        match text {
            Some(text) if single => {
                let before = polished.len().saturating_sub(2);
                let between = [polished.get(before), lines.get(index + 3)];
                if between.iter().all(|line| line.is_some_and(|line| line.starts_with("#define POSTKONTOR_"))) {
                    polished.pop_if(|line| line.is_empty());
                }
                polished.push(line.replace("/**", &format!("/** {text} */")));
                index += 3;
            }
            _ if line.trim() == "*" && lines.get(index + 1).is_some_and(|end| end.trim() == "*/") => index += 1,
            _ => {
                polished.push(line.clone());
                index += 1;
            }
        }
    }
    polished.join("\n") + "\n"
}

fn assert_fresh(header: &Header) {
    let path = workspace().join("include").join(header.file);
    let expected = generate(header);
    if std::env::var_os("POSTKONTOR_HEADER").is_some_and(|word| word == "write") {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(found == expected, "include/{} is stale; run `cargo xtask header` and commit it", header.file);
}

fn assert_compiles(header: &Header) {
    let include = workspace().join("include");
    for (compiler, standard, suffix) in [("gcc", "-std=c99", "c"), ("g++", "-std=c++11", "cpp")] {
        let source: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("twice_{}.{suffix}", header.guard));
        let line = format!("#include \"{}\"\n", header.file);
        std::fs::write(&source, format!("{line}{line}int twice(void);\nint twice(void) {{ return 0; }}\n")).unwrap();
        let output = Command::new(compiler)
            .args([standard, "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", "-I"])
            .arg(&include)
            .arg(&source)
            .output()
            .unwrap();
        assert!(output.status.success(), "{compiler} {standard}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn the_client_header_is_what_the_sources_say() {
    assert_fresh(&CLIENT);
}

#[test]
fn the_plugin_header_is_what_the_sources_say() {
    assert_fresh(&PLUGIN);
}

#[test]
fn c_and_cpp_take_the_client_header_twice() {
    assert_compiles(&CLIENT);
}

#[test]
fn a_compiler_for_32_bit_windows_sees_stdcall_everywhere() {
    // No such compiler is at hand, but gcc knows the convention, and freestanding it needs no headers of the system.
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join("stdcall.c");
    std::fs::write(&source, "#include \"postkontor.h\"\npostkontor_write_fn write_fn;\n").unwrap();
    let mut gcc = Command::new("gcc");
    gcc.args([
        "-std=c99",
        "-m32",
        "-ffreestanding",
        "-D_WIN32",
        "-D__stdcall=__attribute__((stdcall))",
        "-Wall",
        "-Werror",
        "-E",
        "-P",
        "-I",
    ]);
    let output = gcc.arg(workspace().join("include")).arg(&source).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let convention = "__attribute__((stdcall))";
    let functions = text.split(';').filter(|declaration| declaration.contains("postkontor_") && declaration.trim_end().ends_with(')'));
    let (mut count, mut pointers) = (0, 0);
    for function in functions {
        count += 1;
        pointers += usize::from(function.contains("(__attribute__((stdcall)) *"));
        assert!(function.contains(convention), "{function}");
    }
    assert!(count > 28 && pointers == 7, "{count} {pointers}\n{text}");
}

#[test]
fn c_and_cpp_take_the_plugin_header_twice() {
    assert_compiles(&PLUGIN);
}
