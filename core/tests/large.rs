//! A message of a gigabyte is read from its file, in little memory. This program has one test, so that the memory is that test's.
#![cfg(target_os = "linux")]

use postkontor_core::Opened;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// The bytes of each of the two attachments, decoded.
const ATTACHED: u64 = 57 * LINES;
const LINES: u64 = 6_900_000;
const LINE: &[u8] = b"JVBERi0xLjQKJeLjz9MKMSAwIG9iago8PC9UeXBlL0NhdGFsb2cvUGFnZXMgMiAwIFI+PgplbmRv\r\n";

/// A file that goes away with the test.
struct Large(PathBuf);

impl Drop for Large {
    fn drop(&mut self) {
        let removed = std::fs::remove_file(&self.0);
        assert!(removed.is_ok() || std::thread::panicking(), "{removed:?}");
    }
}

fn write(path: &Path) -> std::io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    file.write_all(b"Subject: large\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsee below\r\n")?;
    let block = LINE.repeat(1000);
    for name in ["a", "b"] {
        write!(file, "--b\r\nContent-Disposition: attachment; filename={name}.pdf\r\nContent-Type: application/pdf\r\n")?;
        file.write_all(b"Content-Transfer-Encoding: base64\r\n\r\n")?;
        for _ in 0..LINES / 1000 {
            file.write_all(&block)?;
        }
    }
    file.write_all(b"--b--\r\n")?;
    file.flush()
}

/// The most memory that this process had so far, in KB.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.parse().ok()
}

#[test]
fn a_gigabyte_is_read_and_a_part_of_it_saved_in_sixty_megabytes() {
    let file = Large(Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("large-{}.eml", std::process::id())));
    write(&file.0).unwrap();
    let size = file.0.metadata().unwrap().len();
    assert!(size > 1 << 30);
    let message = Opened::open(&file.0).unwrap();
    let content = message.content();
    assert_eq!((content.size, content.complete, content.text.as_str()), (size, true, "see below"));
    // Repairs say that no invoice was looked for in PDFs of this size.
    assert!(content.repairs.iter().all(|repair| repair.code == "mime.pdf_too_large") && content.repairs.len() == 2);
    assert_eq!(content.parts.iter().map(|part| part.size).collect::<Vec<_>>(), [ATTACHED, ATTACHED]);
    let read = peak().unwrap();
    assert!(read < 60 * 1024, "reading took {read} KB");
    assert_eq!(message.save(Some(1), Path::new("/dev/null")).unwrap(), ATTACHED);
    let mut stream = message.stream(Some(0)).unwrap();
    let mut streamed = 0;
    while let Some(block) = stream.block().unwrap() {
        streamed += block.len() as u64;
    }
    assert_eq!(streamed, ATTACHED);
    let saved = peak().unwrap();
    assert!(saved < read + 4 * 1024, "saving took {} KB more", saved - read);
}
