//! From CRLF to the line endings of this machine.

use postkontor_plugin::{Error, Stage, Status};

/// Converts a message block by block. Whatever is not CRLF is refused: it would become a line break that the author never wrote.
#[derive(Default)]
pub(crate) struct LineEndings {
    /// The last block ended in a CR, which is still owed.
    owed: bool,
}

impl LineEndings {
    /// Appends the block to `out`.
    pub(crate) fn convert(&mut self, block: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let mut rest = block;
        if self.owed && !rest.is_empty() {
            rest = rest.strip_prefix(b"\n").ok_or_else(bare)?;
            self.owed = false;
            out.push(b'\n');
        }
        while let Some(at) = memchr::memchr2(b'\r', b'\n', rest) {
            out.extend_from_slice(&rest[..at]);
            match rest[at..] {
                [b'\r', b'\n', ..] => {
                    out.push(b'\n');
                    rest = &rest[at + 2..];
                }
                [b'\r'] => {
                    self.owed = true;
                    rest = &[];
                }
                _ => return Err(bare()),
            }
        }
        out.extend_from_slice(rest);
        Ok(())
    }

    /// The end of the message.
    pub(crate) fn finish(&self) -> Result<(), Error> {
        if self.owed { Err(bare()) } else { Ok(()) }
    }
}

fn bare() -> Error {
    Error::new(Status::Argument, "message.bare_line_break").stage(Stage::Content)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Converts the text cut in two at every place.
    fn everywhere(text: &str) -> Vec<Option<String>> {
        let converted = |at: usize| {
            let (mut endings, mut out) = (LineEndings::default(), Vec::new());
            let (head, tail) = text.as_bytes().split_at(at);
            let result = endings.convert(head, &mut out).and_then(|()| endings.convert(tail, &mut out)).and_then(|()| endings.finish());
            result.ok().map(|()| String::from_utf8_lossy(&out).into_owned())
        };
        (0..=text.len()).map(converted).collect()
    }

    #[test]
    fn crlf_becomes_lf_wherever_it_is_cut() {
        let converted = everywhere("a\r\n\r\n.\r\nb");
        assert!(converted.iter().all(|text| text.as_deref() == Some("a\n\n.\nb")), "{converted:?}");
    }

    #[test]
    fn bare_line_breaks_are_refused_wherever_they_are_cut() {
        for text in ["a\nb", "a\rb", "a\r\r\nb", "a\r", "\n", "a\r\n\n"] {
            assert!(everywhere(text).iter().all(Option::is_none), "{text:?}");
        }
    }
}
