//! The version resource of files for Windows: what the file manager shows, and what installers compare.

use super::platform::{Kind, Platform, Product};
use crate::cache::at;
use crate::run;
use crate::windows::std::tool;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Writes and compiles the resource; the object is one more for the linker.
pub(crate) fn compile(platform: &Platform, product: &Product, version: &str, folder: &Path) -> Result<PathBuf, String> {
    let source = folder.join(format!("{}.rc", product.package));
    let object = folder.join(format!("{}.res.o", product.package));
    fs::write(&source, script(product, product.file(platform), version)?).map_err(at(&source))?;
    run::succeed(Command::new(tool(platform.target, "windres")).arg(&source).arg(&object))?;
    Ok(object)
}

/// What the resource of a built file does not say: it is read back from the file.
pub(crate) fn missing(platform: &Platform, product: &Product, version: &str, file: &Path) -> Result<Vec<String>, String> {
    let said = run::output(Command::new(tool(platform.target, "windres")).arg(file))?;
    lacking(&said, product, product.file(platform), version)
}

/// What a script, as windres writes it, does not say.
fn lacking(said: &str, product: &Product, file: &str, version: &str) -> Result<Vec<String>, String> {
    let number = numbers(version)?.replace(',', ", ");
    let values = [("FileDescription", product.about), ("FileVersion", version), ("OriginalFilename", file), ("ProductVersion", version)];
    let lines = ["FILEVERSION", "PRODUCTVERSION"].map(|name| format!("{name} {number}, 0"));
    let wanted = lines.into_iter().chain(values.map(|(name, value)| format!("VALUE \"{name}\", \"{value}\"")));
    Ok(wanted.filter(|line| !said.lines().any(|other| other.trim() == line)).collect())
}

/// The three numbers of a version.
fn numbers(version: &str) -> Result<String, String> {
    let number = version.split(['-', '+']).next().unwrap_or_default().replace('.', ",");
    if number.split(',').count() != 3 || number.split(',').any(|part| part.parse::<u16>().is_err()) {
        return Err(format!("the version {version} is none of three numbers below 65536, as Windows wants them"));
    }
    Ok(number)
}

/// The script of the resource, in US English and Unicode (0x0409, 1200).
fn script(product: &Product, file: &str, version: &str) -> Result<String, String> {
    let number = numbers(version)?;
    let kind = if product.kind == Kind::Command { 1 } else { 2 };
    let about = &product.about;
    Ok(format!(
        "1 VERSIONINFO\nFILEVERSION {number},0\nPRODUCTVERSION {number},0\nFILEFLAGSMASK 0x3f\nFILEFLAGS 0\nFILEOS 0x40004\nFILETYPE {kind}\nBEGIN\n\
         BLOCK \"StringFileInfo\"\nBEGIN\nBLOCK \"040904B0\"\nBEGIN\n\
         VALUE \"FileDescription\", \"{about}\"\nVALUE \"FileVersion\", \"{version}\"\nVALUE \"InternalName\", \"{file}\"\n\
         VALUE \"LegalCopyright\", \"MIT or Apache 2.0, see THIRD-PARTY.md\"\nVALUE \"OriginalFilename\", \"{file}\"\n\
         VALUE \"ProductName\", \"Postkontor\"\nVALUE \"ProductVersion\", \"{version}\"\nEND\nEND\n\
         BLOCK \"VarFileInfo\"\nBEGIN\nVALUE \"Translation\", 0x0409, 1200\nEND\nEND\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_has_the_version_as_text_and_as_numbers() {
        let product = Product { package: "postkontor-ffi", kind: Kind::Library, about: "a library" };
        let script = script(&product, "postkontor.dll", "1.2.3").unwrap();
        assert!(script.contains("FILEVERSION 1,2,3,0\n") && script.contains("VALUE \"FileVersion\", \"1.2.3\""));
        assert!(super::script(&product, "postkontor.dll", "1.2").is_err());
        assert!(super::script(&product, "postkontor.dll", "1.2.70000").is_err());
    }

    #[test]
    fn what_a_file_does_not_say_is_found() {
        let product = Product { package: "postkontor-ffi", kind: Kind::Library, about: "a library" };
        // As windres of binutils 2.40 writes it.
        let said = "1 VERSIONINFO\n FILEVERSION 1, 2, 3, 0\n PRODUCTVERSION 1, 2, 3, 0\nBEGIN\n  BLOCK \"StringFileInfo\"\n  BEGIN\n\
                    VALUE \"FileDescription\", \"a library\"\n      VALUE \"FileVersion\", \"1.2.3\"\n\
                    VALUE \"OriginalFilename\", \"postkontor.dll\"\n      VALUE \"ProductVersion\", \"1.2.3\"\n  END\nEND\n";
        assert!(lacking(said, &product, "postkontor.dll", "1.2.3").unwrap().is_empty());
        assert_eq!(lacking(said, &product, "postkontor.dll", "1.2.4").unwrap().len(), 4);
        assert_eq!(lacking(said, &product, "other.dll", "1.2.3").unwrap(), ["VALUE \"OriginalFilename\", \"other.dll\""]);
    }
}
