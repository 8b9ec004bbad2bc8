//! What a built file exports, and what it asks of the system, as GNU binutils read it.

use super::platform::Platform;
use crate::run;
use crate::windows::std::tool;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// A function that a file takes from a library of the system.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Import {
    /// In small letters: Windows does not tell them apart.
    pub(crate) library: String,
    pub(crate) function: String,
}

fn dump(platform: &Platform, file: &Path) -> Result<String, String> {
    let program = if platform.is_windows() { tool(platform.target, "objdump") } else { "objdump".to_owned() };
    run::output(Command::new(program).arg("-p").arg(file))
}

/// The names that a dynamic library exports.
pub(crate) fn exports(platform: &Platform, file: &Path) -> Result<BTreeSet<String>, String> {
    if platform.is_windows() {
        return Ok(exports_of_windows(&dump(platform, file)?));
    }
    let table = run::output(Command::new("nm").args(["-D", "--defined-only"]).arg(file))?;
    Ok(table.lines().filter_map(|line| line.rsplit(' ').next()).map(str::to_owned).collect())
}

/// The section `[Ordinal/Name Pointer] Table`: `\t[   0] +base[   1]  0000 postkontor_abi`, in older versions without `+base` and what follows.
fn exports_of_windows(dump: &str) -> BTreeSet<String> {
    let table = dump.split_once("[Ordinal/Name Pointer] Table").map_or("", |(_, rest)| rest);
    let rows = table.lines().skip(1).take_while(|line| line.trim_start().starts_with('['));
    rows.filter_map(|line| line.split_whitespace().last()).map(str::to_owned).collect()
}

/// What a file for Windows takes from DLLs.
pub(crate) fn imports(platform: &Platform, file: &Path) -> Result<BTreeSet<Import>, String> {
    Ok(imports_of_windows(&dump(platform, file)?))
}

/// `\tDLL Name: KERNEL32.dll`, a line of headings, then `\t3f2a0\t  123  CreateFileW` for each function.
fn imports_of_windows(dump: &str) -> BTreeSet<Import> {
    let tables = dump.split("DLL Name: ").skip(1);
    let imports = tables.flat_map(|table| {
        let library = table.lines().next().unwrap_or_default().trim().to_lowercase();
        let rows = table.lines().skip(1).filter(|line| line.starts_with('\t'));
        rows.filter_map(move |line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let is_row = words.len() >= 3 && u64::from_str_radix(words[0], 16).is_ok() && words[1].parse::<u32>().is_ok();
            is_row.then(|| Import { library: library.clone(), function: words.last().copied().unwrap_or_default().to_owned() })
        })
    });
    imports.collect()
}

/// The time stamp of a file for Windows, in seconds since 1970. Its header begins at the offset that stands at 0x3c (Microsoft's PE format, "COFF File Header").
pub(crate) fn time_stamp(bytes: &[u8]) -> Option<u32> {
    let number = |place: usize| Some(u32::from_le_bytes(bytes.get(place..place.checked_add(4)?)?.try_into().ok()?));
    let header = usize::try_from(number(0x3c)?).ok()?;
    bytes.get(header..)?.starts_with(b"PE\0\0").then(|| number(header + 8))?
}

/// The libraries that a file for Linux needs.
pub(crate) fn needed(platform: &Platform, file: &Path) -> Result<BTreeSet<String>, String> {
    let dump = dump(platform, file)?;
    Ok(dump.lines().filter_map(|line| line.trim().strip_prefix("NEEDED")).map(|name| name.trim().to_owned()).collect())
}

/// The name by which programs on Linux ask for a library.
pub(crate) fn soname(platform: &Platform, file: &Path) -> Result<Option<String>, String> {
    let dump = dump(platform, file)?;
    Ok(dump.lines().find_map(|line| line.trim().strip_prefix("SONAME")).map(|name| name.trim().to_owned()))
}

/// The newest glibc whose symbols a file for Linux asks for: `(2, 34)`.
pub(crate) fn glibc(platform: &Platform, file: &Path) -> Result<(u32, u32), String> {
    let dump = dump(platform, file)?;
    newest(&dump).ok_or_else(|| format!("{}: it asks for no glibc", file.display()))
}

/// Of words like `GLIBC_2.2.5`.
fn newest(dump: &str) -> Option<(u32, u32)> {
    let versions = dump.split_whitespace().filter_map(|word| {
        let mut parts = word.strip_prefix("GLIBC_")?.split('.').map(|part| part.parse().ok());
        Some((parts.next()??, parts.next()??))
    });
    versions.max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_stamp_is_found_by_the_header() {
        let mut file = vec![0; 0x60];
        file[0x3c] = 0x50;
        file[0x50..0x5c].copy_from_slice(b"PE\0\0\x64\x86\x01\0\x04\x03\x02\x01");
        assert_eq!(time_stamp(&file), Some(0x0102_0304));
        assert_eq!((time_stamp(&file[..0x5b]), time_stamp(b"MZ")), (None, None));
    }

    #[test]
    fn the_tables_of_objdump_are_read() {
        let dump = "The Import Tables\n vma: Hint\n 00001\n\n\tDLL Name: KERNEL32.dll\n\tvma:  Hint/Ord Member-Name Bound-To\n\t3f2a0\t  123  CreateFileW\n\
                    \t3f2b0\t    4  ExitProcess\n\n 00002\n\n\tDLL Name: msvcrt.dll\n\tvma:  Hint/Ord Member-Name Bound-To\n\t3f000\t    1  abort\n\n\
                    There is an export table in .edata\n[Ordinal/Name Pointer] Table\n\t[   0] postkontor_abi\n\t[   1] +base[   2]  0001 postkontor_version\n\nThe Base\n\t[ 3] no\n";
        let imports: Vec<(String, String)> = imports_of_windows(dump).into_iter().map(|import| (import.library, import.function)).collect();
        let expected = [("kernel32.dll", "CreateFileW"), ("kernel32.dll", "ExitProcess"), ("msvcrt.dll", "abort")];
        assert_eq!(imports, expected.map(|(library, function)| (library.to_owned(), function.to_owned())));
        assert_eq!(exports_of_windows(dump), ["postkontor_abi", "postkontor_version"].map(str::to_owned).into());
        assert_eq!(newest("0x0d GLIBC_2.2.5\n 0x06 GLIBC_2.34\n GLIBC_2.4 OPENSSL_3.0.0"), Some((2, 34)));
    }
}
