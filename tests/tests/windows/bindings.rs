//! The bindings have the functions of the DLL, as it has them.

use crate::good;
use postkontor_tests::folder::Folder;
use postkontor_tests::products::Products;
use postkontor_tests::windows::{Installation, Width, ready, symbols};

/// The declarations of the module for Visual Basic 6: each function with the bytes of its parameters.
fn of_basic() -> Vec<(String, usize)> {
    let text = include_str!("../../../examples/vb6/Postkontor.bas").replace("_\n", "").replace("_\r\n", "");
    let declare = |line: &str| {
        let (before, parameters) = line.split_once(" Lib \"postkontor.dll\"")?;
        let list = parameters.split_once('(')?.1.split_once(')')?.0;
        let bytes = list.split(',').map(|parameter| if parameter.contains("ByVal") && parameter.contains("As Currency") { 8 } else { 4 });
        Some((before.rsplit(' ').next()?.to_owned(), bytes.sum()))
    };
    text.lines().filter_map(declare).collect()
}

/// The functions of the header for 32 bits: each with the bytes of its parameters, as the compiler counts them.
fn of_header() -> Vec<(String, usize)> {
    let folder = Folder::new().unwrap();
    let symbols = symbols(Width::Bits32, folder.path()).unwrap();
    let split = |symbol: &String| symbol.split_once('@').map(|(name, bytes)| (name.to_owned(), bytes.parse().unwrap()));
    symbols.iter().map(|symbol| split(symbol).unwrap_or_else(|| panic!("{symbol} is not stdcall"))).collect()
}

#[test]
fn each_dll_exports_the_functions_of_the_header_by_their_plain_names_and_nothing_else() {
    for width in Width::ALL {
        if ready(width).is_none() {
            return;
        }
        let library = Products::for_windows(width).unwrap().library();
        let output = good(width.tool("objdump").arg("-p").arg(library));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (_, table) = text.split_once("[Ordinal/Name Pointer] Table").unwrap();
        let names = table.lines().skip(1).map_while(|line| line.rsplit_once(' ')).map(|(_, name)| name.to_owned());
        let mut declared: Vec<String> = of_header().into_iter().map(|(name, _)| name).collect();
        declared.sort();
        assert_eq!(names.collect::<Vec<_>>(), declared, "{width:?}");
    }
}

#[test]
fn the_functions_of_visual_basic_are_there_and_leave_the_stack_where_it_was() {
    let Some(installation) = Installation::new(Width::Bits32, &["smtp"]).unwrap() else { return };
    let (basic, header) = (of_basic(), of_header());
    assert!(basic.len() >= 14, "{basic:?}");
    for declared in &basic {
        assert!(header.contains(declared), "Basic has {declared:?}; {header:?}");
    }
    let program = installation.c("tests/callers/stack.c", &[]).unwrap();
    let moved = |functions: &[(String, usize)]| {
        let mut command = installation.command(&program);
        let output = good(command.args(functions.iter().map(|(name, bytes)| format!("{name}={bytes}"))));
        String::from_utf8_lossy(&output.stdout).replace('\r', "")
    };
    for functions in [&basic, &header] {
        let still: String = functions.iter().map(|(name, _)| format!("{name} 0\n")).collect();
        assert_eq!(moved(functions), still);
    }
    // A declaration with one parameter too many is found out.
    assert_eq!(moved(&[("postkontor_host_close".to_owned(), 12)]), "postkontor_host_close 4\n");
}
