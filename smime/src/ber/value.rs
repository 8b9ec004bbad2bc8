//! Whole values, rewritten as DER for those who read nothing else.

use super::{CONSTRUCTED, Header, OCTETS, Reader};
use crate::{Fault, frame};
use std::io::Read;

/// SEQUENCE and SET, EXTERNAL and EMBEDDED PDV.
const COLLECTIONS: [u8; 4] = [0x30, 0x31, 0x28, 0x2b];

impl<R: Read> Reader<R> {
    /// The next value, of so many bytes at most, with definite lengths and strings in one piece. DER comes out as it went in.
    pub(crate) fn value(&mut self, most: usize, what: &'static str) -> Result<Vec<u8>, Fault> {
        let outside = self.open.len();
        let last = self.position.saturating_add(most as u64);
        // Values whose end has not come yet, with what is within so far.
        let mut begun: Vec<(u8, Vec<u8>)> = Vec::new();
        loop {
            let header = self.header()?;
            if self.position.saturating_add(header.length.unwrap_or(0)) > last {
                return Err(Fault::TooLarge(what));
            }
            let mut done = None;
            if header.tag & CONSTRUCTED == 0 {
                done = Some((header.tag, self.bytes(header)?));
            } else {
                if header.tag & 0xc0 == 0 && !COLLECTIONS.contains(&header.tag) && header.tag != OCTETS | CONSTRUCTED {
                    return Err(Fault::Malformed(what));
                }
                self.descend(header)?;
                begun.push((header.tag, Vec::new()));
            }
            loop {
                if let Some((tag, content)) = done.take() {
                    let Some((around, within)) = begun.last_mut() else { return Ok(frame::value(tag, &content)) };
                    match (*around == OCTETS | CONSTRUCTED, tag) {
                        (true, OCTETS) => within.extend_from_slice(&content),
                        (true, _) => return Err(Fault::Malformed(what)),
                        (false, _) => {
                            within.extend(frame::header(tag, content.len() as u64));
                            within.extend_from_slice(&content);
                        }
                    }
                }
                if self.open.len() == outside || !self.is_at_end()? {
                    break;
                }
                self.leave(what)?;
                done = begun.pop().map(|(tag, content)| (if tag == OCTETS | CONSTRUCTED { OCTETS } else { tag }, content));
            }
        }
    }

    /// The content of a value without others within.
    fn bytes(&mut self, header: Header) -> Result<Vec<u8>, Fault> {
        let mut left = usize::try_from(header.length.unwrap_or(0)).unwrap_or(usize::MAX);
        let mut bytes = Vec::new();
        while left > 0 {
            if self.ahead.is_empty() {
                self.fill()?;
            }
            let now = left.min(self.ahead.len());
            bytes.extend_from_slice(&self.buffer[self.ahead.start..self.ahead.start + now]);
            self.advance(now);
            left -= now;
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_der() {
        let value = |bytes: &[u8]| Reader::new(bytes).value(100, "it");
        assert_eq!(value(&[0x30, 5, 4, 1, 7, 5, 0]), Ok(vec![0x30, 5, 4, 1, 7, 5, 0]));
        assert_eq!(value(&[0x30, 8, 4, 3, 1, 2, 3, 0x31, 1, 5, 0]), Err(Fault::Malformed("a length beyond the value around it")));
        assert_eq!(
            value(&[0x30, 0x80, 0x24, 0x80, 4, 1, 1, 4, 1, 2, 0, 0, 0xa0, 0x80, 5, 0, 0, 0, 0, 0]),
            Ok(vec![0x30, 8, 4, 2, 1, 2, 0xa0, 2, 5, 0])
        );
        assert_eq!(value(&[0x24, 3, 2, 1, 1]), Err(Fault::Malformed("it")));
        assert_eq!(value(&[0x2c, 3, 4, 1, 1]), Err(Fault::Malformed("it")));
        assert_eq!(value(&[0x04, 0x81, 99]), Err(Fault::TooLarge("it")));
        assert_eq!(value(&[0x30, 0x80].repeat(20)), Err(Fault::Truncated));
        assert_eq!(value(&[&[0x30, 0x80][..], &[5, 0].repeat(60)].concat()), Err(Fault::TooLarge("it")));
    }
}
