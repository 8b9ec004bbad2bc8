//! Compression of a connection in both directions (RFC 1951 without any frame, as RFC 4978 uses it).

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use std::io::{self, ErrorKind};

/// How many compressed bytes are read at a time.
const ARRIVED: usize = 16 * 1024;

/// How much is compressed at a time. What was compressed goes out at once, so this is also what a failed write leaves open.
pub(super) const BLOCK: usize = 16 * 1024;

/// The two windows of a compressed connection, and what has arrived and was not unpacked yet.
///
/// Memory is that of the windows and one block of each direction, whatever a server packs: it is unpacked only as far as
/// the reader has room.
pub(super) struct Deflate {
    inflate: Decompress,
    deflate: Compress,
    arrived: Vec<u8>,
    start: usize,
    is_ended: bool,
}

impl Deflate {
    /// `arrived` is what the server has sent already.
    pub(super) fn new(arrived: &[u8]) -> Deflate {
        Deflate {
            inflate: Decompress::new(false),
            deflate: Compress::new(Compression::default(), false),
            arrived: arrived.to_vec(),
            start: 0,
            is_ended: false,
        }
    }

    /// Reads once from the connection where nothing is left to unpack. `Ok(None)`: what came gave no text, so come again, since
    /// a server may send empty blocks for ever. `Ok(Some(0))` is the end.
    pub(super) fn read(&mut self, data: &mut [u8], read: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<Option<usize>> {
        let unpacked = self.unpack(data)?;
        if unpacked > 0 || self.is_ended {
            return Ok(Some(unpacked));
        }
        self.start = 0;
        self.arrived.resize(ARRIVED, 0);
        let read = read(&mut self.arrived);
        self.arrived.truncate(*read.as_ref().unwrap_or(&0));
        if read? == 0 {
            return Ok(Some(0));
        }
        Ok(Some(self.unpack(data)?).filter(|unpacked| *unpacked > 0 || self.is_ended))
    }

    /// Unpacks as much as there is room for.
    fn unpack(&mut self, data: &mut [u8]) -> io::Result<usize> {
        let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
        let status = self.inflate.decompress(&self.arrived[self.start..], data, FlushDecompress::None);
        let status = status.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
        self.start += usize::try_from(self.inflate.total_in() - before_in).unwrap_or(usize::MAX);
        if status == Status::StreamEnd && self.start < self.arrived.len() {
            return Err(io::Error::new(ErrorKind::InvalidData, "bytes behind the end of the compressed stream"));
        }
        self.is_ended |= status == Status::StreamEnd;
        Ok(usize::try_from(self.inflate.total_out() - before_out).unwrap_or_default())
    }

    /// Compresses a block so that the other side can read all of it.
    pub(super) fn pack(&mut self, block: &[u8]) -> io::Result<Vec<u8>> {
        let mut packed = Vec::with_capacity(block.len() + 64);
        let before = self.deflate.total_in();
        loop {
            let taken = usize::try_from(self.deflate.total_in() - before).unwrap_or(usize::MAX);
            self.deflate.compress_vec(&block[taken..], &mut packed, FlushCompress::Sync)?;
            // Only where room is left has everything come out.
            if packed.len() < packed.capacity() && self.deflate.total_in() - before == block.len() as u64 {
                return Ok(packed);
            }
            packed.reserve(block.len() + 64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Unpacks what arrives in pieces.
    fn unpacked(packed: &[u8], piece: usize, room: usize) -> io::Result<Vec<u8>> {
        let mut pieces = packed.chunks(piece);
        let (mut deflate, mut text, mut data) = (Deflate::new(&[]), Vec::new(), vec![0; room]);
        loop {
            let read = deflate.read(&mut data, |arrived| {
                let piece = pieces.next().unwrap_or_default();
                arrived[..piece.len()].copy_from_slice(piece);
                Ok(piece.len())
            })?;
            match read {
                Some(0) => return Ok(text),
                Some(read) => text.extend_from_slice(&data[..read]),
                None => {}
            }
        }
    }

    #[test]
    fn what_is_packed_is_unpacked_whatever_the_pieces() {
        let mut sender = Deflate::new(&[]);
        let noise: Vec<u8> = (0..200_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let blocks = [&b"a1 NOOP\r\n"[..], b"", &[b'x'; BLOCK], &noise[..BLOCK], b"end"];
        let packed: Vec<u8> = blocks.iter().flat_map(|block| sender.pack(block).unwrap()).collect();
        for (piece, room) in [(1, 1), (1, 70_000), (7, 3), (ARRIVED, 100_000), (ARRIVED, 1)] {
            assert_eq!(unpacked(&packed, piece, room).unwrap(), blocks.concat(), "in pieces of {piece} with room for {room}");
        }
    }

    #[test]
    fn each_block_can_be_read_before_the_next_comes() {
        let (mut sender, mut receiver) = (Deflate::new(&[]), Deflate::new(&[]));
        for text in ["a1 LOGIN", "x", "a2 LOGOUT"] {
            let packed = sender.pack(text.as_bytes()).unwrap();
            let mut data = [0; 100];
            let read = receiver.read(&mut data, |arrived| {
                arrived[..packed.len()].copy_from_slice(&packed);
                Ok(packed.len())
            });
            assert_eq!(&data[..read.unwrap().unwrap()], text.as_bytes());
        }
    }

    #[test]
    fn what_is_no_compression_is_an_error() {
        // A block of the type that does not exist, a stored one whose length is not confirmed, and something behind the last one.
        for wrong in [&[0xff; 100][..], &[0x00, 5, 0, 5, 0, 1, 2, 3, 4, 5], &[3, 0, b'x']] {
            assert_eq!(unpacked(wrong, ARRIVED, 1000).unwrap_err().kind(), ErrorKind::InvalidData);
        }
        assert!(unpacked(&[3, 0], ARRIVED, 1000).unwrap().is_empty(), "a proper end is the end");
    }
}
