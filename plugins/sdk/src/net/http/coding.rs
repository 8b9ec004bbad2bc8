//! Answers that are packed (RFC 9110, section 8.4.1).

use flate2::bufread::MultiGzDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use std::io::{self, BufRead, ErrorKind, Read};

/// How many packed bytes are held at a time.
pub(super) const PACKED: usize = 16 * 1024;

/// Unpacks a body as its pieces arrive.
pub(super) enum Unpacker {
    Gzip(Box<MultiGzDecoder<Feed>>),
    Deflate(Box<Inflate>),
}

/// The packed bytes that have arrived and were not unpacked yet.
#[derive(Default)]
pub(super) struct Feed {
    bytes: Vec<u8>,
    start: usize,
    is_ended: bool,
}

/// `deflate`, which some servers send in its frame (RFC 1950), as they should, and others without it.
pub(super) struct Inflate {
    feed: Feed,
    inner: Option<Decompress>,
    is_ended: bool,
}

impl Unpacker {
    /// For a coding by its name; `None` where it is not known.
    pub(super) fn of(coding: &str) -> Option<Unpacker> {
        match coding {
            "gzip" | "x-gzip" => Some(Unpacker::Gzip(Box::new(MultiGzDecoder::new(Feed::default())))),
            "deflate" => Some(Unpacker::Deflate(Box::new(Inflate { feed: Feed::default(), inner: None, is_ended: false }))),
            _ => None,
        }
    }

    /// Unpacks as much as there is room for; 0 at the proper end. `WouldBlock`: feed it.
    pub(super) fn read(&mut self, data: &mut [u8]) -> io::Result<usize> {
        match self {
            Unpacker::Gzip(decoder) => decoder.read(data),
            Unpacker::Deflate(inflate) => inflate.read(data),
        }
    }

    /// Takes packed bytes, after all before were used; none at their end.
    pub(super) fn feed(&mut self, packed: &[u8]) {
        let feed = match self {
            Unpacker::Gzip(decoder) => decoder.get_mut(),
            Unpacker::Deflate(inflate) => &mut inflate.feed,
        };
        // A frame's head may have been asked for more than there was.
        feed.bytes.drain(..std::mem::take(&mut feed.start));
        feed.bytes.extend_from_slice(packed);
        feed.is_ended |= packed.is_empty();
    }
}

impl Feed {
    fn left(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

impl Read for Feed {
    fn read(&mut self, data: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(data)?;
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Feed {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.bytes.len() && !self.is_ended { Err(ErrorKind::WouldBlock.into()) } else { Ok(self.left()) }
    }

    fn consume(&mut self, length: usize) {
        self.start += length;
    }
}

impl Inflate {
    fn read(&mut self, data: &mut [u8]) -> io::Result<usize> {
        let broken = || io::Error::from(ErrorKind::InvalidData);
        loop {
            if self.is_ended {
                return if self.feed.fill_buf()?.is_empty() { Ok(0) } else { Err(broken()) };
            }
            let is_last = self.feed.is_ended;
            let packed = self.feed.left();
            if packed.len() < 2 && !is_last && (self.inner.is_none() || packed.is_empty()) {
                return Err(ErrorKind::WouldBlock.into());
            }
            let inner = self.inner.get_or_insert_with(|| Decompress::new(has_frame(packed)));
            let before = (inner.total_in(), inner.total_out());
            let status = inner.decompress(packed, data, FlushDecompress::None).map_err(|_| broken())?;
            let taken = usize::try_from(inner.total_in() - before.0).unwrap_or_default();
            let unpacked = usize::try_from(inner.total_out() - before.1).unwrap_or_default();
            self.feed.start += taken;
            self.is_ended = status == Status::StreamEnd;
            if unpacked > 0 {
                return Ok(unpacked);
            }
            if taken == 0 && !self.is_ended {
                // It goes no further with what there is.
                return Err(if is_last { broken() } else { ErrorKind::WouldBlock.into() });
            }
        }
    }
}

/// Whether the two bytes are the head of a zlib frame.
fn has_frame(packed: &[u8]) -> bool {
    matches!(packed, [first, second, ..] if first & 0x0f == 8 && u16::from_be_bytes([*first, *second]) % 31 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use std::io::Write;

    fn unpacked(coding: &str, packed: &[u8], piece: usize, room: usize) -> io::Result<Vec<u8>> {
        let (mut unpacker, mut pieces) = (Unpacker::of(coding).unwrap(), packed.chunks(piece));
        let (mut text, mut data) = (Vec::new(), vec![0; room]);
        loop {
            match unpacker.read(&mut data) {
                Ok(0) => return Ok(text),
                Ok(length) => text.extend_from_slice(&data[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => unpacker.feed(pieces.next().unwrap_or_default()),
                Err(error) => return Err(error),
            }
        }
    }

    fn text() -> Vec<u8> {
        (0..30_000_u32).flat_map(|at| [b'x', (at.wrapping_mul(2_654_435_761) >> 13) as u8]).collect()
    }

    fn packed() -> [(&'static str, Vec<u8>); 3] {
        let text = text();
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        let mut bare = DeflateEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(&text).unwrap();
        zlib.write_all(&text).unwrap();
        bare.write_all(&text).unwrap();
        [("gzip", gzip.finish().unwrap()), ("deflate", zlib.finish().unwrap()), ("deflate", bare.finish().unwrap())]
    }

    #[test]
    fn what_was_packed_is_unpacked_whatever_the_pieces() {
        for (coding, packed) in packed() {
            for (piece, room) in [(1, 1000), (7, 1), (PACKED, 100_000)] {
                assert!(unpacked(coding, &packed, piece, room).unwrap() == text(), "{coding} in pieces of {piece} with room for {room}");
            }
        }
    }

    #[test]
    fn a_gzip_body_may_have_several_members() {
        let [(_, gzip), ..] = packed();
        assert!(unpacked("gzip", &[gzip.as_slice(), &gzip].concat(), 1000, 1000).unwrap() == [text(), text()].concat());
    }

    #[test]
    fn what_is_cut_or_changed_or_goes_on_is_an_error() {
        for (coding, packed) in packed() {
            let lengths = (0..packed.len()).step_by(997).chain(packed.len() - 12..packed.len());
            for length in lengths {
                assert!(unpacked(coding, &packed[..length], 1000, 1000).is_err(), "{coding} of {length} bytes");
            }
            assert!(unpacked(coding, &[packed.as_slice(), b"x"].concat(), 1000, 1000).is_err(), "{coding} that goes on");
        }
        let [(_, mut gzip), ..] = packed();
        let checksum = gzip.len() - 8;
        gzip[checksum] ^= 1;
        assert!(unpacked("gzip", &gzip, 1000, 1000).is_err());
    }
}
