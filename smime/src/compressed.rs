//! Content that was compressed (RFC 3274).

use crate::Fault;
use crate::ber::{Algorithm, OCTETS, Reader, SEQUENCE};
use const_oid::ObjectIdentifier;
use flate2::read::ZlibDecoder;
use std::io::{self, Read};

/// zlibCompress (RFC 3274, section 2).
const ZLIB: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.3.8");

/// Bytes that are given at once.
const BLOCK: usize = 64 * 1024;

/// Compressed content that is being read. It may be a thousand times as long as the message: the caller sets the limit.
pub struct Compressed<R: Read> {
    decoder: ZlibDecoder<Segments<R>>,
    block: Box<[u8]>,
}

impl<R: Read> Compressed<R> {
    /// Reads what stands before the content.
    pub(crate) fn read(mut reader: Reader<R>) -> Result<Self, Fault> {
        reader.enter(SEQUENCE, "compressed-data")?;
        reader.skip()?;
        let algorithm = reader.value(1024, "the compression")?;
        let algorithm = Algorithm::read(&algorithm, "the compression")?;
        if algorithm.oid != ZLIB {
            return Err(Fault::AlgorithmUnsupported(algorithm.oid.to_string()));
        }
        reader.enter(SEQUENCE, "the compressed content")?;
        reader.skip()?;
        reader.enter(0xa0, "the compressed content")?;
        reader.begin_string(OCTETS, "the compressed content")?;
        let decoder = ZlibDecoder::new(Segments { reader, fault: None });
        Ok(Self { decoder, block: vec![0; BLOCK].into() })
    }

    /// The next block of the content; `None` at its end.
    ///
    /// # Errors
    ///
    /// [`Fault::Malformed`] where it is damaged, and those of reading.
    pub fn block(&mut self) -> Result<Option<&[u8]>, Fault> {
        match self.decoder.read(&mut self.block) {
            Ok(0) => Ok(None),
            Ok(length) => Ok(Some(&self.block[..length])),
            Err(_) => Err(self.decoder.get_mut().fault.take().unwrap_or(Fault::Malformed("the compressed content"))),
        }
    }
}

/// The segments of a string as a source.
struct Segments<R> {
    reader: Reader<R>,
    /// Why reading failed.
    fault: Option<Fault>,
}

impl<R: Read> Read for Segments<R> {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        match self.reader.segment_of(block.len()) {
            Ok(segment) => {
                let segment = segment.unwrap_or_default();
                block[..segment.len()].copy_from_slice(segment);
                Ok(segment.len())
            }
            Err(fault) => {
                let error = io::Error::other(fault.to_string());
                self.fault = Some(fault);
                Err(error)
            }
        }
    }
}
