//! The last guard before the wire: no bare CR, no bare LF, no NUL.
//!
//! A server that takes a bare line break for the end of a line can be made to see a second message in the first (SMTP smuggling,
//! CVE-2023-51764). The host composes clean messages; whatever is not clean is a defect, and refused rather than repaired.

use postkontor_plugin::{Error, Stage, Status};

/// Checks a message block by block.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LineGuard {
    /// The last two bytes.
    last: [u8; 2],
    any: bool,
}

impl LineGuard {
    /// Checks the next block.
    pub(crate) fn check(&mut self, block: &[u8]) -> Result<(), Error> {
        let (Some(first), Some(last)) = (block.first(), block.last()) else { return Ok(()) };
        // A byte is LF where the one before it is CR, and nowhere else. Summed up instead of asked one by one, so that the compiler
        // makes vector instructions of it; the CR at the very end is the next block's.
        let is_bare = |before: u8, byte: u8| (before == b'\r') != (byte == b'\n');
        let inside = block.iter().zip(&block[1..]).fold(false, |any, (before, byte)| any | is_bare(*before, *byte));
        if inside | is_bare(self.last[1], *first) {
            return Err(bare());
        }
        if memchr::memchr(0, block).is_some() {
            return Err(Error::new(Status::Argument, "message.nul").stage(Stage::Content));
        }
        self.last = if block.len() > 1 { [block[block.len() - 2], *last] } else { [self.last[1], *last] };
        self.any = true;
        Ok(())
    }

    /// Whether the next byte begins a line.
    pub(crate) fn is_fresh(&self) -> bool {
        !self.any || self.last == *b"\r\n"
    }

    /// The end of the message: what is missing of the last line's end.
    pub(crate) fn finish(&self) -> Result<&'static [u8], Error> {
        match self.last {
            _ if self.is_fresh() => Ok(b""),
            [_, b'\r'] => Err(bare()),
            _ => Ok(b"\r\n"),
        }
    }
}

fn bare() -> Error {
    Error::new(Status::Argument, "message.bare_line_break").stage(Stage::Content)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the text cut in two at every place.
    fn everywhere(text: &str) -> Vec<Result<&'static [u8], String>> {
        let checked = |at: usize| {
            let (head, tail) = text.as_bytes().split_at(at);
            let mut guard = LineGuard::default();
            guard.check(head).and_then(|()| guard.check(tail)).and_then(|()| guard.finish()).map_err(|error| error.code.clone())
        };
        (0..=text.len()).map(checked).collect()
    }

    #[test]
    fn clean_lines_pass_wherever_they_are_cut() {
        for text in ["", "a", "\r\n", "a\r\nb\r\n", "\r\n\r\n", "a\r\n\r\n.b"] {
            let missing: &[u8] = if text.is_empty() || text.ends_with('\n') { b"" } else { b"\r\n" };
            assert!(everywhere(text).iter().all(|result| *result == Ok(missing)), "{text:?}");
        }
    }

    #[test]
    fn bare_line_breaks_are_found_wherever_they_are_cut() {
        for text in ["\n", "\r", "a\nb", "a\rb", "a\r\r\nb", "a\r\n\nb", "a\n\r\nb", "a\r", "\n.\r\n", "\r\n.\r\r\n", "\r\n.\n", "a\n\rb\r"]
        {
            let found = everywhere(text);
            assert!(found.iter().all(|result| *result == Err("message.bare_line_break".to_owned())), "{text:?}: {found:?}");
        }
    }

    #[test]
    fn nul_is_refused() {
        assert_eq!(LineGuard::default().check(b"a\0b").unwrap_err().code, "message.nul");
    }
}
