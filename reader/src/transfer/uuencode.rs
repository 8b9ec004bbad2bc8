//! uuencode, as POSIX describes it: `begin MODE NAME`, lines that begin with their length, `end`.

use super::decode::{BLOCK, Decode, Faults};
use memchr::memmem::Finder;
use std::ops::Range;
use std::sync::LazyLock;

/// More files than any text has.
const FILES: usize = 1000;

/// Reads a file in uuencode. What stands before its `begin` and behind its `end` is no part of it.
#[derive(Default)]
pub(super) struct Uuencode {
    place: Place,
    is_invalid: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Before,
    Within,
    /// Behind the line without data, which comes before `end`.
    Ending,
    Behind,
}

impl Decode for Uuencode {
    fn decode(&mut self, input: &[u8], is_last: bool, output: &mut Vec<u8>) -> usize {
        let mut at = 0;
        while let Some(rest) = input.get(at..).filter(|rest| !rest.is_empty()) {
            let end = memchr::memchr(b'\n', rest);
            if end.is_none() && !is_last && (at > 0 || rest.len() < BLOCK) {
                break;
            }
            let line = &rest[..end.unwrap_or(rest.len())];
            self.line(line.strip_suffix(b"\r").unwrap_or(line), output);
            at += end.map_or(rest.len(), |end| end + 1);
        }
        self.is_invalid |= is_last && self.place != Place::Behind;
        at
    }

    fn faults(&self) -> Faults {
        [self.is_invalid.then_some("mime.uuencode_invalid"), None]
    }
}

impl Uuencode {
    fn line(&mut self, line: &[u8], output: &mut Vec<u8>) {
        match self.place {
            Place::Before if begin(line).is_some() => self.place = Place::Within,
            Place::Before | Place::Behind => (),
            Place::Within | Place::Ending if line.trim_ascii_end() == b"end" => self.place = Place::Behind,
            Place::Within | Place::Ending => match length(line) {
                Some(0) => self.place = Place::Ending,
                Some(length) => data(line, length, output),
                None => self.is_invalid |= !line.trim_ascii().is_empty(),
            },
        }
    }
}

/// Whether a file begins in the first lines of a body.
pub(super) fn is_likely(first: &[u8]) -> bool {
    first.trim_ascii().is_empty() || first.split(|byte| *byte == b'\n').any(|line| begin(line).is_some())
}

/// The name in a line that begins a file.
fn begin(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"begin ")?;
    let digits = rest.iter().take_while(|byte| matches!(byte, b'0'..=b'7')).count();
    let name = rest.get(digits..)?.strip_prefix(b" ")?.trim_ascii();
    (matches!(digits, 3 | 4) && !name.is_empty()).then_some(name)
}

/// How many bytes a line of data has; `None` where it is none.
fn length(line: &[u8]) -> Option<usize> {
    let (first, data) = line.split_first()?;
    let length = usize::from(bits(*first)?);
    let characters = length.div_ceil(3) * 4;
    // Blanks at its end may have been lost on the way; some programs write a checksum behind it.
    (data.len() <= characters + 2 && data.iter().all(|byte| bits(*byte).is_some())).then_some(length)
}

fn data(line: &[u8], length: usize, output: &mut Vec<u8>) {
    let end = output.len() + length;
    for quantum in line.get(1..).unwrap_or_default().chunks(4) {
        let value = (0..4).fold(0, |value, at| value << 6 | u32::from(quantum.get(at).and_then(|byte| bits(*byte)).unwrap_or_default()));
        let [_, bytes @ ..] = value.to_be_bytes();
        output.extend_from_slice(&bytes);
    }
    output.resize(end, 0);
}

fn bits(byte: u8) -> Option<u8> {
    matches!(byte, b' '..=b'`').then(|| (byte - b' ') & 0x3f)
}

/// A file within a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name as it stands there, in the character set of the text.
    pub name: Vec<u8>,
    /// Its lines, from `begin` to `end`.
    pub range: Range<usize>,
}

/// The files that a text holds, each whole from `begin` to `end` and nothing but data in between.
pub fn files(text: &[u8]) -> Vec<File> {
    let mut files: Vec<File> = Vec::new();
    let mut at = 0;
    // Made once: most texts take less time than that.
    static BEGIN: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("begin "));
    for found in BEGIN.find_iter(text) {
        let is_line = found >= at && (found == 0 || text.get(found - 1) == Some(&b'\n'));
        if is_line
            && files.len() < FILES
            && let Some((name, end, is_file)) = file(text, found)
        {
            // What was looked at is not looked at again.
            at = end;
            if is_file {
                files.push(File { name: name.to_vec(), range: found..end });
            }
        }
    }
    files
}

/// The name in the line at `start`, where the data ends that follows it, and whether a file ends there.
fn file(text: &[u8], start: usize) -> Option<(&[u8], usize, bool)> {
    let mut at = start;
    let mut line = || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        at += end;
        Some((rest.get(..end)?.trim_ascii_end(), at))
    };
    let name = begin(line()?.0)?;
    let mut lines = 0_usize;
    let mut last = start;
    loop {
        let Some((line, end)) = line() else { return Some((name, last, false)) };
        if line == b"end" {
            return Some((name, end, lines > 0));
        }
        // The line without data may be a blank, or nothing where that was lost.
        if !line.is_empty() && length(line).is_none() {
            return Some((name, last.max(start + 1), false));
        }
        lines += 1;
        last = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> (Vec<u8>, bool) {
        let (bytes, faults) = super::super::decode::check(|| Box::<Uuencode>::default(), text.as_bytes(), 12);
        (bytes, faults[0].is_some())
    }

    /// As Python's binascii writes it.
    const FILE: &str =
        "begin 644 data.bin\r\nM``<.%1PC*C$X/T9-5%MB:7!W?H6,DYJAJ*^VO<3+TMG@Y^[U_`,*$1@?)BTT\r\n-.T)) 4%=>96QS>H&(\r\n`\r\nend\r\n";

    #[test]
    fn a_file_is_decoded_and_what_is_around_it_is_not() {
        let bytes: Vec<u8> = (0..45_u32).map(|at| (at * 7 % 256) as u8).collect();
        let one = FILE.lines().take(2).collect::<Vec<_>>().join("\r\n") + "\r\n`\r\nend\r\n";
        assert_eq!(decode(&one), (bytes.clone(), false));
        assert_eq!(decode(&format!("see below\r\n\r\n{one}\r\nregards\r\n")), (bytes.clone(), false));
        assert_eq!(decode(&one.replace("`\r\nend", " \nend")), (bytes.clone(), false));
        assert_eq!(decode(&one.replace("end", "")), (bytes.clone(), true));
        assert_eq!(decode(&one.replace("`\r\n", "this is no data!\r\n")), (bytes, true));
        assert_eq!(decode("begin 644 a\n#8V%T\n`\nend\n"), (b"cat".to_vec(), false));
        // Blanks at the end were lost.
        assert_eq!(decode("begin 644 a\n$8V%T\n \nend\n"), (b"cat\0".to_vec(), false));
        assert_eq!(decode("nothing"), (Vec::new(), true));
    }

    #[test]
    fn blanks_that_were_lost_are_zeros() {
        assert_eq!(decode("begin 644 a\nM\n`\nend\n"), (vec![0; 45], false));
    }

    #[test]
    fn files_in_a_text_are_those_that_are_whole() {
        let file = "begin 644 cat.txt\n#8V%T\n`\nend\n";
        let text = format!("hello\n{file}and\nbegin 644 the work\nat once\nend\n{file}begin 644 x\n#8V%T\n");
        let found = files(text.as_bytes());
        assert_eq!(found.iter().map(|file| &text[file.range.clone()]).collect::<Vec<_>>(), [file, file]);
        assert_eq!(found[0].name, b"cat.txt");
        assert!(files("begin 644 a\n".repeat(100_000).as_bytes()).is_empty());
        assert!(files("begin 644 a\nend\n".as_bytes()).is_empty());
    }
}
