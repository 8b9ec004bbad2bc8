//! Paths as people read them.

use std::path::Path;

/// A path as it stands in a text.
///
/// What Windows answers to the question where a file really lies begins with `\\?\`, which turns off the interpretation of the rest
/// (Win32 File Namespaces). People, and the programs that they give the path to, know it without.
pub fn path(path: &Path) -> String {
    readable(&path.to_string_lossy())
}

/// Without the beginning that only Windows reads: `\\?\C:\ERP` is `C:\ERP`, `\\?\UNC\server\share` is `\\server\share`.
fn readable(path: &str) -> String {
    let Some(rest) = path.strip_prefix(r"\\?\") else { return path.to_owned() };
    if let Some(place) = rest.strip_prefix(r"UNC\") {
        return format!(r"\\{place}");
    }
    // A volume without a letter has no other name: `\\?\Volume{…}\`.
    let has_drive = matches!(rest.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    if has_drive { rest.to_owned() } else { path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_as_people_write_it() {
        for (given, shown) in [
            (r"\\?\C:\ERP\plugins\postkontor_smtp.dll", r"C:\ERP\plugins\postkontor_smtp.dll"),
            (r"\\?\UNC\server\erp\Größe 日本", r"\\server\erp\Größe 日本"),
            (r"\\?\Volume{b75e2c83-0000-0000-0000-602f00000000}\x", r"\\?\Volume{b75e2c83-0000-0000-0000-602f00000000}\x"),
            (r"\\server\erp", r"\\server\erp"),
            (r"C:\a", r"C:\a"),
            ("/opt/erp/plugins", "/opt/erp/plugins"),
            (r"\\?\", r"\\?\"),
            ("", ""),
        ] {
            assert_eq!(path(Path::new(given)), shown);
        }
    }
}
