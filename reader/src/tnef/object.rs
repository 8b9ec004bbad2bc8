//! Objects in a `winmail.dat`: another message, or a file that a program has embedded (MS-OXTNEF, 2.1.3.4.2).

use super::attribute::SIGNATURE;
use crate::compound::Compound;
use crate::ole;
use std::borrow::Cow;

/// Interfaces by which an object is read; each stands in front of it as a GUID.
const MESSAGE: [u8; 16] = guid(0x0002_0307);
const STORAGE: [u8; 16] = guid(0x0000_000b);
const STREAM: [u8; 16] = guid(0x0000_000c);

/// `XXXXXXXX-0000-0000-C000-000000000046`.
const fn guid(first: u32) -> [u8; 16] {
    let [a, b, c, d] = first.to_le_bytes();
    [a, b, c, d, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46]
}

/// What an object holds.
pub(super) enum Object<'a> {
    /// A message, as a `winmail.dat` of its own.
    Message(&'a [u8]),
    File(Cow<'a, [u8]>),
}

/// Opens the value of `PidTagAttachDataObject`.
pub(super) fn open(value: &[u8]) -> Object<'_> {
    match value.split_first_chunk() {
        Some((&MESSAGE, message)) => Object::Message(message),
        Some((&STORAGE | &STREAM, file)) => Object::File(unpacked(file)),
        // Some programs leave the interface out.
        _ if value.starts_with(&SIGNATURE) => Object::Message(value),
        _ => Object::File(unpacked(value)),
    }
}

/// The file that a program has packed into a storage of its own; a storage that is a document itself (.doc, .xls) is that file.
fn unpacked(file: &[u8]) -> Cow<'_, [u8]> {
    let packed = Compound::open(file).and_then(|compound| ole::packed(&compound, compound.root()));
    packed.unwrap_or(Cow::Borrowed(file))
}
