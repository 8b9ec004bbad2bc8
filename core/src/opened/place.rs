//! Where the bytes of a part lie.

use postkontor_reader::tnef::Bytes;
use postkontor_reader::transfer::Encoding;
use std::ops::Range;
use std::sync::OnceLock;

/// Where the bytes of a part lie.
pub(super) enum Place {
    Own(Body),
    /// Within those of another part, for a file inside a `winmail.dat`.
    Inner {
        outer: usize,
        bytes: Bytes,
    },
}

/// A part in the raw bytes.
pub(super) struct Body {
    pub(super) range: Range<u64>,
    pub(super) encoding: Encoding,
    /// Its decoded bytes, kept as soon as a file is taken out of them: there may be a thousand more.
    pub(super) unwrapped: OnceLock<Vec<u8>>,
}
