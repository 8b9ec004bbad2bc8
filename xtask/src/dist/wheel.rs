//! Wheels for Python: the module with the library beside it, where it looks first.
//!
//! The format is that of the Python packaging guide's "Binary distribution format", version 1.0.

use super::binary;
use super::pack::{digest, entries};
use super::platform::{Kind, dist_folder};
use super::release::{Release, copy};
use super::stamp::Stamp;
use super::zip;
use crate::cache::{self, at};
use crate::workspace::root;
use std::fs;

/// Writes the wheel of a platform.
pub(crate) fn write(release: &Release, stamp: &Stamp) -> Result<(), String> {
    let tree = dist_folder().join("wheel").join(release.platform.name);
    cache::empty(&tree)?;
    let version = &release.version;
    let package = tree.join("postkontor");
    copy(&root().join("ffi/bindings/python/postkontor.py"), &package.join("__init__.py"))?;
    for (product, file) in &release.products {
        // The command is no part of the module.
        if product.kind == Kind::Library {
            copy(file, &package.join(product.place(release.platform)))?;
        }
    }
    let information = tree.join(format!("postkontor-{version}.dist-info"));
    for name in ["LICENSE-APACHE", "LICENSE-MIT", "THIRD-PARTY.md", "licences/rust-standard-library.html", "licences/mingw-w64.txt"] {
        let file = release.folder.join(name);
        if file.exists() {
            copy(&file, &information.join("licenses").join(name))?;
        }
    }
    copy(&release.folder.join("sbom.cdx.json"), &information.join("sboms/postkontor.cdx.json"))?;
    let tag = tag(release)?;
    let put = |name: &str, text: String| fs::write(information.join(name), text).map_err(at(&information));
    put(
        "METADATA",
        format!(
            "Metadata-Version: 2.1\nName: postkontor\nVersion: {version}\nSummary: Test mail settings, send and fetch mail\n\
             License: MIT OR Apache-2.0\nRequires-Python: >=3.8\nDescription-Content-Type: text/markdown\n\n{}",
            description(release)?
        ),
    )?;
    put("WHEEL", format!("Wheel-Version: 1.0\nGenerator: postkontor\nRoot-Is-Purelib: false\nTag: {tag}\n"))?;
    let record = format!("postkontor-{version}.dist-info/RECORD");
    let mut lines = String::new();
    for entry in entries(&tree, "")? {
        let hexadecimal = digest(&tree.join(&entry.name))?;
        lines += &format!("{},sha256={},{}\n", entry.name, base64(&hexadecimal)?, entry.bytes.len());
    }
    put("RECORD", format!("{lines}{record},,\n"))?;
    zip::write(&Release::files().join(format!("postkontor-{version}-{tag}.whl")), entries(&tree, "")?, stamp)
}

/// Where a wheel may be installed: any Python 3; on Linux with the glibc that the files ask for (PEP 600).
fn tag(release: &Release) -> Result<String, String> {
    let platform = match release.platform.name {
        "windows-x86_64" => "win_amd64".to_owned(),
        "windows-i686" => "win32".to_owned(),
        _ => {
            let versions = release.products.iter().map(|(_, file)| binary::glibc(release.platform, file));
            let (major, minor) = versions.collect::<Result<Vec<_>, _>>()?.into_iter().max().ok_or("there are no files")?;
            format!("manylinux_{major}_{minor}_x86_64")
        }
    };
    Ok(format!("py3-none-{platform}"))
}

/// The words of the module about itself.
fn description(release: &Release) -> Result<String, String> {
    let file = root().join("ffi/bindings/python/postkontor.py");
    let module = fs::read_to_string(&file).map_err(at(&file))?;
    let words = module.split("\"\"\"").nth(1).ok_or("postkontor.py does not begin with what it is for")?;
    let openssl = if release.platform.is_windows() { "" } else { "\nThe library uses the system's OpenSSL 3 (libssl.so.3).\n" };
    Ok(format!("{}\n{openssl}", words.trim()))
}

/// Hexadecimal digits as base64 for URLs without padding (RFC 4648, section 5), as RECORD wants it.
fn base64(hexadecimal: &str) -> Result<String, String> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digits = hexadecimal.chars().map(|digit| digit.to_digit(16)).collect::<Option<Vec<u32>>>();
    let digits = digits.ok_or_else(|| format!("{hexadecimal} is no digest"))?;
    // Three digits are twelve bits, two letters; what is missing at the end counts as zero and gets no letter of its own.
    let letters = digits.chunks(3).flat_map(|three| {
        let bits = three.iter().chain(&[0, 0]).take(3).fold(0, |bits, digit| bits << 4 | digit);
        let count = (three.len() * 4).div_ceil(6);
        [bits >> 6, bits & 63].into_iter().take(count).map(|bits| char::from(LETTERS[bits as usize]))
    });
    Ok(letters.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of RFC 4648, section 10, and two letters that only the alphabet for URLs has.
    #[test]
    fn digests_are_written_in_base64() {
        let pairs = [("", ""), ("66", "Zg"), ("666f", "Zm8"), ("666f6f", "Zm9v"), ("666f6f62", "Zm9vYg"), ("fbff", "-_8")];
        pairs.into_iter().for_each(|(digits, letters)| assert_eq!(base64(digits).unwrap(), letters));
        assert!(base64("xy").is_err());
    }
}
