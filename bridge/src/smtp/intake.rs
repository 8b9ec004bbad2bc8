//! A mail on its way into its file, with what its header lacks (RFC 6409, section 8; RFC 5321, section 4.4).

use std::fs::File;
use std::io::{self, BufWriter, Write};

/// A header is looked at up to this size; behind it nothing is looked for any more.
const HEAD: usize = 64 * 1024;

/// Writes a mail into its file.
pub(crate) struct Intake {
    file: BufWriter<File>,
    /// The header as far as it has come; none once it was written.
    head: Option<Vec<u8>>,
    added: Added,
    size: u64,
    limit: u64,
}

/// What is added to a mail.
pub(crate) struct Added {
    /// The whole field that says how the mail came.
    pub(crate) received: String,
    /// The sender, for a mail without From; none where it has no sender.
    pub(crate) from: Option<String>,
    /// For a mail without Date.
    pub(crate) date: String,
    /// For a mail without Message-ID, in angle brackets.
    pub(crate) message_id: String,
}

impl Intake {
    pub(crate) fn new(file: File, added: Added, limit: u64) -> Intake {
        Intake { file: BufWriter::with_capacity(64 * 1024, file), head: Some(Vec::with_capacity(2048)), added, size: 0, limit }
    }

    /// Bytes that have come.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Whether more came than may come. Of that nothing is kept.
    pub(crate) fn is_too_large(&self) -> bool {
        self.size > self.limit
    }

    /// Takes the next bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.size += bytes.len() as u64;
        if self.is_too_large() {
            return Ok(());
        }
        let Some(head) = &mut self.head else { return self.file.write_all(bytes) };
        let looked = head.len().saturating_sub(3);
        head.extend_from_slice(bytes);
        let is_whole = head.starts_with(b"\r\n") || memchr::memmem::find(&head[looked..], b"\r\n\r\n").is_some();
        if is_whole || head.len() > HEAD { self.write_head() } else { Ok(()) }
    }

    /// Writes what is left.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.write_head()?;
        self.file.flush()
    }

    fn write_head(&mut self) -> io::Result<()> {
        let Some(head) = self.head.take() else { return Ok(()) };
        let end = memchr::memmem::find(&head, b"\r\n\r\n").map_or(head.len(), |at| at + 2);
        let is_headed = begins_with_field(&head);
        let fields = if is_headed { &head[..end] } else { &[] };
        let Added { received, from, date, message_id } = &self.added;
        write!(self.file, "{received}\r\n")?;
        if !has(fields, "Date") {
            write!(self.file, "Date: {date}\r\n")?;
        }
        if let (Some(from), false) = (from, has(fields, "From")) {
            write!(self.file, "From: <{from}>\r\n")?;
        }
        if !has(fields, "Message-ID") {
            write!(self.file, "Message-ID: {message_id}\r\n")?;
        }
        // A text without any header: an empty line makes it the body.
        if !is_headed && !head.starts_with(b"\r\n") {
            self.file.write_all(b"\r\n")?;
        }
        self.file.write_all(&head)
    }
}

/// Whether a header has a field of this name.
fn has(fields: &[u8], name: &str) -> bool {
    let mut lines = fields.split(|byte| *byte == b'\n');
    lines.any(|line| {
        line.len() > name.len() && line[..name.len()].eq_ignore_ascii_case(name.as_bytes()) && is_end_of_name(&line[name.len()..])
    })
}

/// A colon, before which old programs leave a blank.
fn is_end_of_name(rest: &[u8]) -> bool {
    rest.trim_ascii_start().first() == Some(&b':')
}

fn begins_with_field(head: &[u8]) -> bool {
    let end = head.iter().position(|byte| !byte.is_ascii_graphic() || *byte == b':').unwrap_or(head.len());
    end > 0 && is_end_of_name(&head[end..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Seek};

    fn taken(mail: &str, block: usize, limit: u64) -> (String, bool) {
        let path = std::env::temp_dir().join(format!("postkontor-intake-{}-{}", std::process::id(), crate::token::token()));
        let mut file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
        let added = Added {
            received: "Received: here".to_owned(),
            from: Some("a@b.c".to_owned()),
            date: "today".to_owned(),
            message_id: "<1@b.c>".to_owned(),
        };
        let mut intake = Intake::new(file.try_clone().unwrap(), added, limit);
        mail.as_bytes().chunks(block).for_each(|block| intake.push(block).unwrap());
        intake.finish().unwrap();
        let mut text = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut text).unwrap();
        std::fs::remove_file(path).unwrap();
        (text, intake.is_too_large())
    }

    #[test]
    fn a_header_gets_what_it_lacks_and_nothing_else_is_changed() {
        let whole = "date : x\r\nFROM: <x@y.z>\r\nSubject: a\r\n Message-ID: no\r\nmessage-id: <2@b.c>\r\n\r\nDate: body\r\n";
        let bare = "Subject: a\r\n\r\n\r\nFrom: body\r\n";
        for block in [1, 2, 3, 7, 1000] {
            assert_eq!(taken(whole, block, 1000), (format!("Received: here\r\n{whole}"), false));
            let lacking = "Received: here\r\nDate: today\r\nFrom: <a@b.c>\r\nMessage-ID: <1@b.c>\r\n";
            assert_eq!(taken(bare, block, 1000).0, format!("{lacking}{bare}"));
            assert_eq!(taken("Hello\r\nworld\r\n", block, 1000).0, format!("{lacking}\r\nHello\r\nworld\r\n"), "no header");
            assert_eq!(taken("\r\nHello\r\n", block, 1000).0, format!("{lacking}\r\nHello\r\n"), "an empty header");
            assert_eq!(taken("Subject: a", block, 1000).0, format!("{lacking}Subject: a"), "no body");
        }
    }

    #[test]
    fn more_than_may_come_is_counted_and_not_kept() {
        let (text, is_too_large) = taken(&format!("A: b\r\n\r\n{}", "x".repeat(100)), 10, 60);
        assert!(is_too_large && text.len() < 200, "{text}");
        assert!(!taken(&"x".repeat(60), 60, 60).1);
    }

    #[test]
    fn a_header_without_end_is_not_held_in_memory() {
        let (text, _) = taken(&"X-Long: y\r\n".repeat(20_000), 1000, 1 << 20);
        assert!(text.starts_with("Received: here\r\nDate: today\r\n") && text.len() > 220_000);
    }
}
