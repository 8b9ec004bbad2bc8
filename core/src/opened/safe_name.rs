//! File names that lead nowhere else.

use postkontor_plugin::is_unseen;

/// The longest name in bytes. Most file systems take 255; the number of a collision and the extension must fit, too.
const LONGEST: usize = 180;

/// A file name that every system takes and that leads nowhere else: no path, nothing unseen, no reserved name, no dot or blank at either end.
///
/// Windows refuses `<>:"/\|?*`, drops dots and blanks at the end, and gives the names of devices (CON, NUL, COM1 …) to these whatever
/// extension follows; a right-to-left override would show `exe.fdp` as `pdf.exe`.
pub fn safe_name(name: &str) -> String {
    let shown = name.chars().filter(|c| c.is_control() || !is_unseen(*c));
    let kept: String = shown.map(|c| if c.is_control() || "<>:\"/\\|?*".contains(c) { '_' } else { c }).collect();
    let mut safe = kept.trim_matches(is_edge).to_owned();
    if is_device(&safe) {
        safe.insert(0, '_');
    }
    if safe.len() > LONGEST {
        let extension = safe.rsplit_once('.').map(|(_, extension)| extension).filter(|extension| extension.len() <= 10);
        let extension = extension.map(|extension| format!(".{extension}")).unwrap_or_default();
        let mut end = LONGEST - extension.len();
        while !safe.is_char_boundary(end) {
            end -= 1;
        }
        safe = format!("{}{extension}", safe[..end].trim_end_matches(is_edge));
    }
    if safe.is_empty() { "unnamed".to_owned() } else { safe }
}

/// What is neither the first nor the last character of a name: a dot in front hides a file on Unix, and one at the end is lost on Windows.
fn is_edge(c: char) -> bool {
    c == '.' || c.is_whitespace()
}

/// Whether Windows takes a name for that of a device. Blanks between the stem and the extension do not count there, and the digit of a port may be
/// a superscript one of Latin-1.
fn is_device(name: &str) -> bool {
    const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let port = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
    let is_number = |port: &str| matches!(port.as_bytes(), [b'0'..=b'9']) || matches!(port, "¹" | "²" | "³");
    DEVICES.contains(&stem.as_str()) || port.is_some_and(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_leads_nowhere_else() {
        for (name, safe) in [
            ("../../etc/passwd", "_.._etc_passwd"),
            ("C:\\Windows\\x.dll", "C__Windows_x.dll"),
            ("a\0b\r\nc", "a_b__c"),
            ("...", "unnamed"),
            ("Größe 日本.pdf", "Größe 日本.pdf"),
            (".profile", "profile"),
            ("name. ", "name"),
            ("name.\u{a0}. \u{3000}", "name"),
            (" . . name", "name"),
        ] {
            assert_eq!(safe_name(name), safe);
        }
        let long = safe_name(&format!("{}.pdf", "ü".repeat(200)));
        assert!(long.len() <= 180 && long.ends_with(".pdf"), "{long}");
        // Windows would leave the blanks out, and two such names would be one file.
        assert_eq!(safe_name(&format!("a{}b", " ".repeat(300))), "a");
    }

    #[test]
    fn what_is_not_seen_stands_in_no_file_name() {
        for unseen in [
            '\u{ad}',
            '\u{61c}',
            '\u{180e}',
            '\u{200b}',
            '\u{200e}',
            '\u{2028}',
            '\u{2029}',
            '\u{202e}',
            '\u{2060}',
            '\u{2066}',
            '\u{2069}',
            '\u{206a}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{fff9}',
            '\u{e0041}',
        ] {
            assert_eq!(safe_name(&format!("Rechnung {unseen}fdp.exe")), "Rechnung fdp.exe", "{unseen:?}");
            // A name is looked at as it is without them.
            assert_eq!(safe_name(&format!("CO{unseen}N.txt")), "_CON.txt", "{unseen:?}");
            assert_eq!(safe_name(&format!("name.{unseen}")), "name", "{unseen:?}");
        }
    }

    #[test]
    fn devices_of_windows_are_no_file_names() {
        for name in ["con.txt", "NUL", "aux .pdf", "conout$", "COM1", "com0.txt", "lpt9.tar.gz", "COM¹", "lpt².txt", "Com³.pdf"] {
            assert_eq!(safe_name(name), format!("_{name}"));
        }
        for name in ["com10.txt", "COMA", "console.txt", "com.txt", "nul1"] {
            assert_eq!(safe_name(name), name);
        }
    }
}
