//! A ZIP archive whose bytes depend on nothing but its content: names in order, one time, fixed modes.
//!
//! gzip compresses: what it writes without a name is a header of ten bytes, the compressed data as ZIP wants them, the CRC-32 and the size
//! (RFC 1952, section 2.3). The format is that of PKWARE's APPNOTE, sections 4.3 and 4.4.

use super::stamp::Stamp;
use crate::cache::at;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// What becomes of a file in the archive.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) executable: bool,
}

/// Writes the archive.
pub(crate) fn write(file: &Path, mut entries: Vec<Entry>, stamp: &Stamp) -> Result<(), String> {
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    for entry in &entries {
        let packed = Packed::new(&entry.bytes)?;
        let header = header(entry, &packed, stamp)?;
        let offset = fits(archive.len())?;
        archive.extend([0x50, 0x4b, 3, 4]);
        archive.extend(&header);
        archive.extend(entry.name.as_bytes());
        archive.extend(&packed.data);
        // Made by: version 2.0 on Unix, whose modes stand in the upper half of the external attributes.
        directory.extend([0x50, 0x4b, 1, 2, 20, 3]);
        directory.extend(&header);
        let mode: u32 = if entry.executable { 0o100_755 } else { 0o100_644 };
        directory.extend([0; 6]);
        directory.extend((mode << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(entry.name.as_bytes());
    }
    let count = u16::try_from(entries.len()).map_err(|_| format!("{}: too many files", file.display()))?.to_le_bytes();
    let (size, offset) = (fits(directory.len())?, fits(archive.len())?);
    archive.extend(directory);
    archive.extend([0x50, 0x4b, 5, 6, 0, 0, 0, 0]);
    archive.extend([count, count].concat());
    archive.extend(size.to_le_bytes());
    archive.extend(offset.to_le_bytes());
    archive.extend([0, 0]);
    fs::write(file, archive).map_err(at(file))
}

/// The part that a file's own header and the directory share: from the version needed to the length of the extra field.
fn header(entry: &Entry, packed: &Packed, stamp: &Stamp) -> Result<Vec<u8>, String> {
    let mut header = vec![20, 0];
    // The name is UTF-8.
    header.extend(0x0800_u16.to_le_bytes());
    header.extend([8, 0]);
    header.extend(stamp.dos());
    header.extend(&packed.sum);
    header.extend(fits(packed.data.len())?.to_le_bytes());
    header.extend(&packed.size);
    let length = u16::try_from(entry.name.len()).map_err(|_| format!("{}: the name is too long", entry.name))?;
    header.extend(length.to_le_bytes());
    header.extend([0, 0]);
    Ok(header)
}

/// What gzip made of a file.
struct Packed {
    data: Vec<u8>,
    /// The CRC-32.
    sum: Vec<u8>,
    /// The size before.
    size: Vec<u8>,
}

impl Packed {
    fn new(bytes: &[u8]) -> Result<Packed, String> {
        fits(bytes.len())?;
        let packed = through(Command::new("gzip").args(["-9", "-n", "-c"]), bytes)?;
        let body = packed.get(10..packed.len().saturating_sub(8)).filter(|_| packed.starts_with(&[0x1f, 0x8b, 8, 0]));
        let body = body.ok_or("gzip wrote something else than expected")?.to_vec();
        let (sum, size) = packed[packed.len() - 8..].split_at(4);
        Ok(Packed { data: body, sum: sum.to_vec(), size: size.to_vec() })
    }
}

/// What a program makes of its input.
fn through(command: &mut Command, input: &[u8]) -> Result<Vec<u8>, String> {
    use std::io::{Read, Write};
    let failed = |error: std::io::Error| format!("gzip: {error}");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(failed)?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (Some(mut stdin), Some(mut stdout)) = (stdin, stdout) else { return Err("gzip has no input or output".to_owned()) };
    let output = std::thread::scope(|scope| {
        let writer = scope.spawn(move || stdin.write_all(input));
        let mut output = Vec::new();
        let read = stdout.read_to_end(&mut output).map_err(failed);
        writer.join().map_err(|_| "gzip: the thread that feeds it broke off".to_owned())?.map_err(failed)?;
        read.map(|_| output)
    })?;
    let status = child.wait().map_err(failed)?;
    if status.success() { Ok(output) } else { Err(format!("gzip ended with {status}")) }
}

/// Sizes beyond 4 GB need another format.
fn fits(size: usize) -> Result<u32, String> {
    u32::try_from(size).map_err(|_| "a file of 4 GB does not fit into the archive".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run;

    /// Python's zipfile is the judge.
    #[test]
    fn a_foreign_program_reads_the_archive() {
        let folder = std::env::temp_dir().join(format!("postkontor-zip-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let entry = |name: &str, bytes: &[u8], executable| Entry { name: name.to_owned(), bytes: bytes.to_vec(), executable };
        let large: Vec<u8> = (0..300_000_u32).flat_map(|number| (number % 251).to_le_bytes()).collect();
        let entries = || vec![entry("b/Größe.txt", b"\xc3\xa4", false), entry("a", &large, true), entry("empty", b"", false)];
        let (one, other) = (folder.join("one.zip"), folder.join("other.zip"));
        write(&one, entries(), &Stamp::at(1_700_000_001)).unwrap();
        write(&other, entries().into_iter().rev().collect(), &Stamp::at(1_700_000_001)).unwrap();
        assert_eq!(fs::read(&one).unwrap(), fs::read(&other).unwrap(), "the order of what is given does not matter");
        let script = "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\n\
                      for i in z.infolist(): print(i.filename, i.file_size, oct(i.external_attr >> 16), i.date_time)";
        let said = run::output(Command::new("python3").args(["-c", script]).arg(&one).env("PYTHONIOENCODING", "utf-8")).unwrap();
        let expected = "a 1200000 0o100755 (2023, 11, 14, 22, 13, 20)\nb/Größe.txt 2 0o100644 (2023, 11, 14, 22, 13, 20)\n\
                        empty 0 0o100644 (2023, 11, 14, 22, 13, 20)\n";
        assert_eq!(said, expected);
        fs::remove_dir_all(&folder).unwrap();
    }
}
