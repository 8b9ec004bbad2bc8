//! The functions of the C header, and the files that linkers for Windows make of them.

use super::platform::Platform;
use crate::cache::at;
use crate::run;
use crate::windows::std::tool;
use crate::workspace::root;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A function of the header.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// What its arguments take on the stack of a 32-bit process: part of the name that compilers of C give a stdcall function.
    bytes: u32,
}

/// The functions of `include/postkontor.h` in their order.
pub(crate) fn functions() -> Result<Vec<Function>, String> {
    let header = root().join("include").join("postkontor.h");
    read(&fs::read_to_string(&header).map_err(at(&header))?)
}

fn read(header: &str) -> Result<Vec<Function>, String> {
    let declarations = header.split("POSTKONTOR_CALL ").skip(1).filter(|rest| rest.starts_with("postkontor_"));
    declarations
        .map(|rest| {
            let (name, rest) = rest.split_once('(').ok_or("a function of the header has no bracket")?;
            let (arguments, _) = rest.split_once(");").ok_or_else(|| format!("{name}: its declaration has no end"))?;
            let bytes = arguments.split(',').map(|argument| size(argument.trim())).sum::<Result<u32, String>>();
            Ok(Function { name: name.to_owned(), bytes: bytes.map_err(|problem| format!("{name}: {problem}"))? })
        })
        .collect()
}

/// The size of an argument on the stack.
fn size(argument: &str) -> Result<u32, String> {
    let kind = argument.trim_start_matches("const ").split(' ').next().unwrap_or_default();
    match kind {
        "void" if argument == "void" => Ok(0),
        _ if argument.contains('*') => Ok(4),
        "uint64_t" | "int64_t" | "double" => Ok(8),
        "uint32_t" | "int32_t" | "size_t" | "postkontor_status" => Ok(4),
        _ if kind.ends_with("_fn") => Ok(4),
        _ => Err(format!("the size of the argument `{argument}` is not known")),
    }
}

/// Writes `postkontor.def`, MinGW's import library `libpostkontor.dll.a` and Microsoft's `postkontor.lib` into `folder`.
///
/// The DLL exports plain names, and a 32-bit compiler asks for `_name@bytes`: the import libraries translate.
pub(crate) fn import_libraries(platform: &Platform, folder: &Path) -> Result<(), String> {
    let functions = functions()?;
    fs::create_dir_all(folder).map_err(at(folder))?;
    let write = |name: &str, line: &dyn Fn(&Function) -> String| {
        let lines: String = functions.iter().map(|function| format!("    {}\n", line(function))).collect();
        let file = folder.join(name);
        fs::write(&file, format!("LIBRARY postkontor.dll\nEXPORTS\n{lines}")).map_err(at(&file)).map(|()| file)
    };
    let plain = write("postkontor.def", &|function| function.name.clone())?;
    let (gnu, microsoft) = match platform.is_32_bit() {
        false => (plain.clone(), plain.clone()),
        true => (
            write("gnu.def", &|function| format!("{}@{}", function.name, function.bytes))?,
            write("microsoft.def", &|function| format!("_{0}@{1} == {0}", function.name, function.bytes))?,
        ),
    };
    let mut dlltool = Command::new(tool(platform.target, "dlltool"));
    // The archive holds the names of its temporary objects, and a symbol made of the path by which it is named here.
    dlltool.args(["--kill-at", "--deterministic-libraries", "--temp-prefix", "postkontor"]).current_dir(folder);
    run::succeed(dlltool.arg("-d").arg(&gnu).args(["-l", "libpostkontor.dll.a"]))?;
    let machine = if platform.is_32_bit() { "x86" } else { "x64" };
    let mut lld = Command::new(linker()?);
    lld.args(["-flavor", "link", "/lib", &format!("/machine:{machine}")]);
    lld.arg(format!("/def:{}", microsoft.display())).arg(format!("/out:{}", folder.join("postkontor.lib").display()));
    run::succeed(&mut lld)?;
    for file in [gnu, microsoft].iter().filter(|file| **file != plain) {
        fs::remove_file(file).map_err(at(file))?;
    }
    Ok(())
}

/// The linker that comes with Rust.
fn linker() -> Result<PathBuf, String> {
    let sysroot = run::output(Command::new("rustc").args(["--print", "sysroot"]))?;
    let version = run::output(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc does not name its host")?;
    Ok(Path::new(sysroot.trim()).join("lib/rustlib").join(host).join("bin/rust-lld"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_gives_the_name_and_the_bytes_on_the_stack() {
        let header = "int32_t POSTKONTOR_CALL postkontor_abi(void);\ntypedef int32_t (POSTKONTOR_CALL *postkontor_write_fn)(void *user);\n\
                      postkontor_status POSTKONTOR_CALL postkontor_cancel_new(\n    uint64_t milliseconds,\n    postkontor_cancel **cancel, size_t n);\n";
        let found = read(header).unwrap();
        let names: Vec<(&str, u32)> = found.iter().map(|function| (function.name.as_str(), function.bytes)).collect();
        assert_eq!(names, [("postkontor_abi", 0), ("postkontor_cancel_new", 16)]);
        assert!(read("void POSTKONTOR_CALL postkontor_x(struct postkontor_y y);").is_err());
    }

    #[test]
    fn the_header_is_read_whole() {
        let header = fs::read_to_string(root().join("include/postkontor.h")).unwrap();
        let declared = header.matches("POSTKONTOR_CALL postkontor_").count();
        assert_eq!(functions().unwrap().len(), declared);
        assert!(declared > 20);
    }
}
