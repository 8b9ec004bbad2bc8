//! The import library for MinGW: which functions the DLL has, and for 32 bits how many bytes each takes off the stack.

use super::build::{Width, said};
use crate::project::root;
use std::io;
use std::path::Path;

/// The functions of the header as a program names them: with 32 bits each ends in `@` and the bytes of its parameters, as the compiler counts
/// them. `folder` is for files of the compiler.
pub fn symbols(width: Width, folder: &Path) -> io::Result<Vec<String>> {
    let header = std::fs::read_to_string(root().join("include/postkontor.h"))?;
    let declared = header.split("POSTKONTOR_CALL postkontor_").skip(1).filter_map(|rest| rest.split_once('('));
    let uses = declared.map(|(name, _)| format!("(void *)postkontor_{name}, ")).collect::<String>();
    let source = folder.join("symbols.c");
    std::fs::write(&source, format!("#include \"postkontor.h\"\nvoid *functions[] = {{{uses}}};\n"))?;
    let object = folder.join("symbols.o");
    said(width.tool("gcc").arg("-c").arg("-I").arg(root().join("include")).arg(&source).arg("-o").arg(&object))?;
    let listed = said(width.tool("nm").arg("--undefined-only").arg(&object))?;
    // An underscore stands before every name of 32 bits.
    let begin = if width == Width::Bits32 { "_" } else { "" };
    let names = listed.lines().filter_map(|line| line.split_whitespace().last()?.strip_prefix(begin));
    Ok(names.map(str::to_owned).collect())
}

/// Makes `libpostkontor.a` in a folder.
pub(super) fn make(width: Width, folder: &Path) -> io::Result<()> {
    let exports = symbols(width, folder)?.join("\n");
    let definition = folder.join("postkontor.def");
    std::fs::write(&definition, format!("LIBRARY postkontor.dll\nEXPORTS\n{exports}\n"))?;
    let mut tool = width.tool("dlltool");
    tool.arg("--kill-at").arg("-d").arg(&definition).arg("-l").arg(folder.join("libpostkontor.a"));
    said(&mut tool).map(drop)
}
