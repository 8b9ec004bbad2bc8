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
    fs::write(&source, script(product, &product.file(platform), version)?).map_err(at(&source))?;
    run::succeed(Command::new(tool(platform.target, "windres")).arg(&source).arg(&object))?;
    Ok(object)
}

/// The script of the resource, in US English and Unicode (0x0409, 1200).
fn script(product: &Product, file: &str, version: &str) -> Result<String, String> {
    let number = version.split(['-', '+']).next().unwrap_or_default().replace('.', ",");
    if number.split(',').count() != 3 || number.split(',').any(|part| part.parse::<u16>().is_err()) {
        return Err(format!("the version {version} is none of three numbers below 65536, as Windows wants them"));
    }
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
        let product = Product { package: "postkontor-ffi".to_owned(), kind: Kind::Library, about: "a library".to_owned() };
        let script = script(&product, "postkontor.dll", "1.2.3").unwrap();
        assert!(script.contains("FILEVERSION 1,2,3,0\n") && script.contains("VALUE \"FileVersion\", \"1.2.3\""));
        assert!(super::script(&product, "postkontor.dll", "1.2").is_err());
        assert!(super::script(&product, "postkontor.dll", "1.2.70000").is_err());
    }
}
