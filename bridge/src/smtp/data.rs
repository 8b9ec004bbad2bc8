//! The bytes of a mail on their way in (RFC 5321, section 4.5.2): where it ends, and what may not stand in it.
//!
//! Only CRLF, dot, CRLF ends a mail. A CR or LF that stands alone is refused wherever it is: a server behind us may take it for the end of a line,
//! and what follows for commands (SMTP smuggling).

use memchr::memchr2;

/// Takes a mail apart, however its bytes are cut into blocks.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    place: Place,
}

/// What stands before the next byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// The beginning of a line.
    #[default]
    Begin,
    /// Something within a line.
    Within,
    /// A CR, whose LF has to follow.
    Cr,
    /// A dot at the beginning of a line.
    Dot,
    /// That and a CR.
    DotCr,
}

/// What a block brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Scanned {
    /// All of it belongs to the mail.
    All,
    /// The mail ended; so many bytes of the block belong to it and its end.
    End(usize),
    /// A CR or an LF stands alone.
    Bare,
}

impl Scanner {
    /// Looks at a block, and hands over what is the mail's own.
    pub(crate) fn scan<E>(&mut self, block: &[u8], mut take: impl FnMut(&[u8]) -> Result<(), E>) -> Result<Scanned, E> {
        let mut at = 0;
        while at < block.len() {
            let byte = block[at];
            self.place = match (self.place, byte) {
                (Place::Begin, b'.') => Place::Dot,
                (Place::Begin | Place::Within, b'\r') => Place::Cr,
                (Place::Begin | Place::Within, b'\n') => return Ok(Scanned::Bare),
                (Place::Begin | Place::Within, _) => {
                    let end = memchr2(b'\r', b'\n', &block[at..]).map_or(block.len(), |found| at + found);
                    take(&block[at..end])?;
                    at = end;
                    self.place = Place::Within;
                    continue;
                }
                (Place::Cr, b'\n') => {
                    take(b"\r\n")?;
                    Place::Begin
                }
                (Place::Dot, b'\r') => Place::DotCr,
                (Place::DotCr, b'\n') => {
                    self.place = Place::Begin;
                    return Ok(Scanned::End(at + 1));
                }
                (Place::Cr | Place::DotCr, _) | (Place::Dot, b'\n') => return Ok(Scanned::Bare),
                // The dot was doubled for the way, or should have been.
                (Place::Dot, _) => {
                    if byte != b'.' {
                        take(b".")?;
                    }
                    take(&block[at..=at])?;
                    Place::Within
                }
            };
            at += 1;
        }
        Ok(Scanned::All)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    /// The mail, and how it ended with how many bytes left.
    fn scan(bytes: &[u8], block: usize) -> (Vec<u8>, &'static str, usize) {
        let (mut scanner, mut mail) = (Scanner::default(), Vec::new());
        let mut at = 0;
        for piece in bytes.chunks(block) {
            let scanned = scanner.scan::<Infallible>(piece, |bytes| {
                mail.extend_from_slice(bytes);
                Ok(())
            });
            match scanned.unwrap() {
                Scanned::All => at += piece.len(),
                Scanned::End(used) => return (mail, "end", bytes.len() - at - used),
                Scanned::Bare => return (mail, "bare", 0),
            }
        }
        (mail, "all", 0)
    }

    #[test]
    fn a_mail_comes_out_as_it_went_in_however_it_is_cut() {
        let sent = b"Subject: x\r\n\r\n..dot\r\n...\r\n.x\r\na\r\n\r\n.\r\nQUIT\r\n";
        for block in 1..=sent.len() {
            let (mail, end, left) = scan(sent, block);
            assert_eq!((mail.as_slice(), end, left), (&b"Subject: x\r\n\r\n.dot\r\n..\r\n.x\r\na\r\n\r\n"[..], "end", 6), "{block}");
        }
        assert_eq!(scan(b".\r\n", 1), (Vec::new(), "end", 0), "an empty mail");
    }

    #[test]
    fn no_other_end_is_taken_for_one() {
        let inner: [&[u8]; 10] =
            [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\n\n.\r\n", b"\r\n.\r\r\n", b"\r\n\x00.\n", b"a\rb"];
        for smuggled in inner {
            let sent = [b"a\r\nb", smuggled, b"MAIL FROM:<a@b.c>\r\n.\r\n"].concat();
            for block in 1..=sent.len() {
                assert_eq!(scan(&sent, block).1, "bare", "{smuggled:?} in blocks of {block}");
            }
        }
        assert_eq!(scan(b"a\r\n\0.\r\n", 3).1, "all", "no end at all");
    }
}
