//! The files that the command line names.

use crate::texts::problem;
use postkontor_core::{Error, Status, texts};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// A text file; `-` is standard input.
pub(crate) fn read(path: &Path) -> Result<String, Error> {
    let mut bytes = Vec::new();
    let result = if path == Path::new("-") {
        std::io::stdin().read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    result.and_then(|_| text(bytes)).map_err(|error| local("cli.file_unreadable", path, &error))
}

/// The text in UTF-8, or in UTF-16 with its byte order mark, as PowerShell 5 writes it. The mark, which editors on Windows like to write
/// before UTF-8, too, is left out.
pub(crate) fn text(bytes: Vec<u8>) -> io::Result<String> {
    let utf16 = |bytes: &[u8], number: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks();
        let text: Option<String> = char::decode_utf16(pairs.iter().map(|pair| number(*pair))).collect::<Result<_, _>>().ok();
        text.filter(|_| rest.is_empty()).ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "no UTF-16"))
    };
    let invalid = |error| io::Error::new(ErrorKind::InvalidData, error);
    match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).map_err(invalid),
        _ => String::from_utf8(bytes).map_err(invalid),
    }
}

pub(crate) fn local(code: &str, path: &Path, error: &std::io::Error) -> Error {
    let mut problem = problem(code).arg("path", texts::path(path)).arg("cause", error.to_string());
    problem.status = Status::Local;
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_in_the_encodings_that_editors_write() {
        let text = "{\"host\": \"büro.example\", \"name\": \"日本 🔑\"}\r\n";
        let wide = |bytes: fn(u16) -> [u8; 2]| "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(bytes).collect::<Vec<u8>>();
        for bytes in [text.into(), format!("\u{feff}{text}").into_bytes(), wide(u16::to_le_bytes), wide(u16::to_be_bytes)] {
            assert_eq!(super::text(bytes).unwrap(), text);
        }
        assert_eq!(super::text(Vec::new()).unwrap(), "");
        for bytes in [&b"\xfc"[..], b"\xff\xfea", b"\xff\xfe\x00\xd8", b"\xef\xbb\xbf\xff"] {
            assert_eq!(super::text(bytes.to_vec()).unwrap_err().kind(), ErrorKind::InvalidData, "{bytes:?}");
        }
    }
}
