//! Transfer encodings (RFC 2045, section 6): the bytes of a part as they were before they were made fit for their way.
//!
//! Each decoder takes what stands there and gives what it means, block by block. What no author of the RFC had in mind is read as it was most
//! likely meant: nothing but characters that mean nothing is left out, and a fault names what was.

mod base64;
mod decode;
mod label;
mod quoted_printable;
mod uuencode;

use crate::source::{Source, Window};
use base64::Base64;
pub(crate) use base64::value as base64_value;
pub use decode::Faults;
use decode::{BLOCK, Decode, Identity};
pub use label::Encoding;
use quoted_printable::QuotedPrintable;
use std::borrow::Cow;
use std::io::{self, Read};
use std::ops::Range;
use uuencode::Uuencode;
pub use uuencode::{File as UuencodedFile, files as uuencoded_files};

/// The decoded bytes of a range, as a stream that needs the same memory whatever its length.
pub struct Decoded<'a> {
    window: Window<'a>,
    rest: Range<u64>,
    decoder: Box<dyn Decode + Send>,
    is_over: bool,
    /// What is decoded, from `given` on.
    output: Vec<u8>,
    given: usize,
}

impl<'a> Decoded<'a> {
    /// Begins to decode the bytes of this range.
    pub fn new(source: &'a Source, range: Range<u64>, encoding: Encoding) -> Decoded<'a> {
        let decoder: Box<dyn Decode + Send> = match encoding {
            Encoding::Identity => Box::new(Identity),
            Encoding::Base64 => Box::<Base64>::default(),
            Encoding::QuotedPrintable => Box::<QuotedPrintable>::default(),
            Encoding::Uuencode => Box::<Uuencode>::default(),
        };
        let rest = range.start..range.end.min(source.size());
        Decoded { window: Window::new(source), rest, decoder, is_over: false, output: Vec::new(), given: 0 }
    }

    /// The next bytes; empty at the end.
    ///
    /// # Errors
    ///
    /// The file of the message cannot be read any more.
    pub fn block(&mut self) -> io::Result<&[u8]> {
        self.fill()?;
        let block = self.output.get(self.given..).unwrap_or_default();
        self.given = self.output.len();
        Ok(block)
    }

    /// What was not as it should be in what was decoded so far, as codes of repairs.
    pub fn faults(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.decoder.faults().into_iter().flatten()
    }

    /// Decodes until there is something to give, unless it is over.
    fn fill(&mut self) -> io::Result<()> {
        while self.given == self.output.len() && !self.is_over {
            self.output.clear();
            self.given = 0;
            self.next()?;
        }
        Ok(())
    }

    /// Decodes the next block behind what is decoded.
    fn next(&mut self) -> io::Result<()> {
        let left = usize::try_from(self.rest.end.saturating_sub(self.rest.start)).unwrap_or(usize::MAX);
        let input = self.window.at(self.rest.start, left.min(BLOCK))?;
        let input = input.get(..left.min(BLOCK)).unwrap_or(input);
        self.is_over = left <= BLOCK;
        self.rest.start += self.decoder.decode(input, self.is_over, &mut self.output) as u64;
        Ok(())
    }
}

impl Read for Decoded<'_> {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        self.fill()?;
        let count = self.output.get(self.given..).unwrap_or_default().read(block)?;
        self.given += count;
        Ok(count)
    }
}

/// Decodes a range at once, but for what comes behind the first `most` bytes. What needs no decoding is borrowed from memory.
///
/// # Errors
///
/// The file of the message cannot be read any more.
pub fn decoded(source: &Source, range: Range<u64>, encoding: Encoding, most: u64) -> io::Result<(Cow<'_, [u8]>, Faults)> {
    if encoding == Encoding::Identity {
        let end = range.end.min(range.start.saturating_add(most));
        return Ok((source.piece(range.start..end)?, [None; 2]));
    }
    let mut stream = Decoded::new(source, range.clone(), encoding);
    let room = range.end.saturating_sub(range.start).min(most).min(source.size());
    // A block is decoded behind what is wanted, and comes straight to its place.
    stream.output = Vec::with_capacity(usize::try_from(room).unwrap_or_default());
    while !stream.is_over && stream.output.len() as u64 <= most {
        stream.next()?;
    }
    let mut bytes = stream.output;
    bytes.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok((Cow::Owned(bytes), stream.decoder.faults()))
}

/// How many bytes a range has when it is decoded. None of them is kept.
///
/// # Errors
///
/// The file of the message cannot be read any more.
pub fn size(source: &Source, range: Range<u64>, encoding: Encoding, goes_on: &dyn Fn() -> bool) -> io::Result<Option<(u64, Faults)>> {
    if encoding == Encoding::Identity {
        return Ok(Some((range.end.saturating_sub(range.start), [None; 2])));
    }
    let mut stream = Decoded::new(source, range, encoding);
    let mut size = 0;
    loop {
        let count = stream.block()?.len();
        if count == 0 {
            return Ok(Some((size, stream.decoder.faults())));
        }
        size += count as u64;
        if size / STRIDE != (size - count as u64) / STRIDE && !goes_on() {
            return Ok(None);
        }
    }
}

/// After so many bytes the caller is asked whether to go on.
const STRIDE: u64 = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_gives_what_decoding_at_once_gives() {
        let lines = "JVBERi0xLjQKJeLjz9MKMSAwIG9iago8PC9UeXBlL0NhdGFsb2cvUGFnZXMgMiAwIFI+PgplbmRv\r\n".repeat(3000) + "YQ==\r\n";
        let source = Source::from(format!("x{lines}y").into_bytes());
        let range = 1..source.size() - 1;
        let (whole, faults) = decoded(&source, range.clone(), Encoding::Base64, u64::MAX).unwrap();
        assert_eq!((whole.len(), faults), (57 * 3000 + 1, [None; 2]));
        let mut streamed = Vec::new();
        Decoded::new(&source, range.clone(), Encoding::Base64).read_to_end(&mut streamed).unwrap();
        assert_eq!(streamed, whole.as_ref());
        assert_eq!(size(&source, range.clone(), Encoding::Base64, &|| true).unwrap(), Some((whole.len() as u64, [None; 2])));
        let (start, _) = decoded(&source, range.clone(), Encoding::Base64, 100).unwrap();
        assert_eq!(start, &whole[..100]);
        let (start, _) = decoded(&source, range.clone(), Encoding::Identity, 100).unwrap();
        assert_eq!(start, &lines.as_bytes()[..100]);
        let long = Source::from("YWFh\n".repeat(4_000_000).into_bytes());
        assert_eq!(size(&long, 0..long.size(), Encoding::Base64, &|| false).unwrap(), None);
    }

    /// However long a line or a run of blanks is, a block is taken at a time, and all of it comes.
    #[test]
    fn no_line_is_too_long() {
        for encoding in [Encoding::Base64, Encoding::QuotedPrintable, Encoding::Uuencode] {
            for byte in [b'A', b' ', b'=', b'\r', b'`'] {
                let source = Source::from(vec![byte; BLOCK * 5 + 7]);
                let (bytes, _) = decoded(&source, 0..source.size(), encoding, u64::MAX).unwrap();
                match (encoding, byte) {
                    (Encoding::Base64, b'A') => assert_eq!(bytes.len(), (BLOCK * 5 + 7) / 4 * 3 + 2),
                    (Encoding::QuotedPrintable, b'A' | b'`') => assert_eq!(bytes.len(), BLOCK * 5 + 7),
                    _ => (),
                }
            }
        }
    }
}
