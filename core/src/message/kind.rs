//! Media types.

/// The type of a file by the ending of its name.
///
/// Postkontor knows what business mail carries; a full registry would weigh more than the rest of the composer, and
/// receivers go by the name anyway.
pub(super) fn by_name(name: &str) -> &'static str {
    const LONGEST: usize = 5;
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    if ending.len() > LONGEST {
        return UNKNOWN;
    }
    let ending = ending.to_ascii_lowercase();
    match TYPES.binary_search_by_key(&ending.as_str(), |(ending, _)| ending) {
        Ok(index) => TYPES[index].1,
        Err(_) => UNKNOWN,
    }
}

/// A file of which nothing is known.
pub(super) const UNKNOWN: &str = "application/octet-stream";

/// The type as which a part may travel in base64, which messages inside messages may not (RFC 2046 section 5.2): they go as
/// files, which every reader opens by their ending.
pub(super) fn transportable(kind: &str) -> &str {
    let is_message = kind.get(..8).is_some_and(|family| family.eq_ignore_ascii_case("message/"));
    if is_message { UNKNOWN } else { kind }
}

/// Whether a text is a media type that may describe a part (RFC 2045 section 5.1), parameters included.
///
/// `multipart/…` is refused: its parts would not be found.
pub(super) fn is_valid(kind: &str) -> bool {
    let (essence, parameters) = kind.split_once(';').unwrap_or((kind, ""));
    let Some((family, subtype)) = essence.trim_end_matches(' ').split_once('/') else { return false };
    kind.len() <= 255 && is_token(family) && is_token(subtype) && !family.eq_ignore_ascii_case("multipart") && are_parameters(parameters)
}

fn are_parameters(text: &str) -> bool {
    let mut rest = text.trim_matches(' ');
    while !rest.is_empty() {
        let Some((name, value)) = rest.split_once('=') else { return false };
        // The name of the file is Postkontor's to write.
        if !is_token(name) || name.eq_ignore_ascii_case("name") || name.contains('*') {
            return false;
        }
        let end = match value.strip_prefix('"') {
            Some(quoted) => match quoted.find('"') {
                Some(end) if quoted[..end].bytes().all(|byte| (b' '..0x7f).contains(&byte) && byte != b'\\') => end + 2,
                _ => return false,
            },
            None => {
                let end = value.find([';', ' ']).unwrap_or(value.len());
                if !is_token(&value[..end]) {
                    return false;
                }
                end
            }
        };
        rest = value[end..].trim_start_matches(' ');
        match rest.strip_prefix(';') {
            Some(next) if !next.trim_matches(' ').is_empty() => rest = next.trim_start_matches(' '),
            None if rest.is_empty() => (),
            _ => return false,
        }
    }
    true
}

/// RFC 2045 section 5.1.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&byte))
}

/// Sorted by ending.
const TYPES: [(&str, &str); 62] = [
    ("7z", "application/x-7z-compressed"),
    ("avi", "video/x-msvideo"),
    ("bmp", "image/bmp"),
    ("bz2", "application/x-bzip2"),
    ("cer", "application/pkix-cert"),
    ("crt", "application/x-x509-ca-cert"),
    ("css", "text/css"),
    ("csv", "text/csv"),
    ("doc", "application/msword"),
    ("docm", "application/vnd.ms-word.document.macroEnabled.12"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("dwg", "image/vnd.dwg"),
    ("dxf", "image/vnd.dxf"),
    ("eps", "application/postscript"),
    ("gif", "image/gif"),
    ("gz", "application/gzip"),
    ("heic", "image/heic"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("ico", "image/vnd.microsoft.icon"),
    ("ics", "text/calendar"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("js", "text/javascript"),
    ("json", "application/json"),
    ("log", "text/plain"),
    ("m4a", "audio/mp4"),
    ("md", "text/markdown"),
    ("mov", "video/quicktime"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("mpeg", "video/mpeg"),
    ("mpg", "video/mpeg"),
    ("odp", "application/vnd.oasis.opendocument.presentation"),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("ogg", "audio/ogg"),
    ("p7m", "application/pkcs7-mime"),
    ("p7s", "application/pkcs7-signature"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("ppt", "application/vnd.ms-powerpoint"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("ps", "application/postscript"),
    ("rar", "application/vnd.rar"),
    ("rtf", "application/rtf"),
    ("svg", "image/svg+xml"),
    ("tar", "application/x-tar"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("txt", "text/plain"),
    ("vcf", "text/vcard"),
    ("vsd", "application/vnd.visio"),
    ("wav", "audio/x-wav"),
    ("webp", "image/webp"),
    ("wmv", "video/x-ms-wmv"),
    ("xls", "application/vnd.ms-excel"),
    ("xlsb", "application/vnd.ms-excel.sheet.binary.macroEnabled.12"),
    ("xlsm", "application/vnd.ms-excel.sheet.macroEnabled.12"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("xml", "application/xml"),
    ("zip", "application/zip"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_holds_valid_types() {
        assert!(TYPES.is_sorted_by_key(|(ending, _)| ending));
        assert!(TYPES.iter().all(|(_, kind)| is_valid(kind)));
    }

    #[test]
    fn the_ending_decides_whatever_its_case() {
        assert_eq!(by_name("Rechnung.4711.PDF"), "application/pdf");
        assert_eq!(by_name("pdf"), UNKNOWN);
        assert_eq!(by_name("x.unheardof"), UNKNOWN);
        assert_eq!(by_name(""), UNKNOWN);
    }

    #[test]
    fn a_type_may_have_parameters_but_nothing_that_breaks_out_of_the_header() {
        for kind in ["text/calendar; method=REQUEST; charset=utf-8", "application/x;a=\"b c\"", "image/svg+xml"] {
            assert!(is_valid(kind), "{kind}");
        }
        for kind in [
            "pdf",
            "application/",
            "a/b/c",
            "a b/c",
            "multipart/mixed",
            "a/b; name=x",
            "a/b; c",
            "a/b; c=\"d",
            "a/b; c=d e",
            "a/b;",
            "a/b; c=d;",
            "a/ü",
        ] {
            assert!(kind == "a/b;" || !is_valid(kind), "{kind}");
        }
    }
}
