//! A message that goes along in another one as it is (RFC 2046, 5.2.1).

use super::file::File;
use super::findings::Findings;
use super::line_ends::{Counter, with_line_ends};
use super::members::Original;
use memchr::memchr;
use postkontor_plugin::Input;

/// RFC 5322, 2.1.1: a line has at most so many bytes.
const LINE: usize = 998;

/// A message with CRLF as its line ends, 7-bit or 8-bit.
pub(super) struct Enclosed {
    pub(super) source: Source,
    /// Its bytes, line ends made CRLF.
    pub(super) size: u64,
    pub(super) eight_bit: bool,
    /// NUL or lines too long for any server: it can go in base64 only, as a file.
    pub(super) binary: bool,
}

pub(super) enum Source {
    File(File),
    Bytes(Vec<u8>),
}

/// What one pass over the bytes finds.
#[derive(Default)]
struct Scan {
    counter: Counter,
    eight_bit: bool,
    binary: bool,
    /// Bytes of the line that the last block left open.
    line: usize,
}

impl Enclosed {
    /// Finds the message and looks through it once; nothing where it cannot go out, and `findings` say why.
    pub(super) fn find(original: &Original<'_>, parts: &[&[u8]], pointer: &str, findings: &mut Findings<'_>) -> Option<Enclosed> {
        let mut scan = Scan::default();
        let source = match original {
            Original::Part(index) => {
                // That it is there was found when it was opened.
                let bytes = parts.get(*index)?;
                scan.add(bytes);
                Source::Bytes(if scan.binary { bytes.to_vec() } else { with_line_ends(bytes.to_vec()) })
            }
            Original::File(path) => {
                let pointer = format!("{pointer}/file");
                match File::find(path, Input::Message, &pointer) {
                    Ok(file) => Source::File(scan.file(file, findings)?),
                    Err(unreadable) => {
                        unreadable.note(path, &pointer, findings);
                        return None;
                    }
                }
            }
        };
        let size = match &source {
            Source::Bytes(bytes) => bytes.len() as u64,
            Source::File(file) if scan.binary => file.size,
            Source::File(_) => scan.counter.size,
        };
        Some(Enclosed { source, size, eight_bit: scan.eight_bit && !scan.binary, binary: scan.binary })
    }
}

impl Scan {
    fn file(&mut self, file: File, findings: &mut Findings<'_>) -> Option<File> {
        // A file that cannot be read any more, or has changed, fails when it is sent.
        let mut opened = file.open(0).ok()?;
        loop {
            let block = opened.block(&file).ok()?;
            if block.is_empty() {
                return Some(file);
            }
            if !findings.goes_on() {
                return None;
            }
            let count = block.len();
            self.add(block);
            opened.consume(count);
        }
    }

    fn add(&mut self, block: &[u8]) {
        self.counter.add(block);
        self.eight_bit = self.eight_bit || !block.is_ascii();
        self.binary = self.binary || memchr(0, block).is_some();
        for line in block.split_inclusive(|byte| matches!(byte, b'\r' | b'\n')) {
            self.line += line.len();
            self.binary = self.binary || self.line > LINE + 1;
            if line.ends_with(b"\r") || line.ends_with(b"\n") {
                self.line = 0;
            }
        }
    }
}
