//! Files that programs pack into storages of their own when they are embedded (MS-OLEDS).

use crate::compound::{Compound, Id};
use crate::cursor::Cursor;
use std::borrow::Cow;

/// Streams that hold the whole file as it was.
const WHOLE: [&str; 3] = ["CONTENTS", "Package", "EmbeddedOdf"];

/// The file that is packed in a storage; `None` where it is a document of a program's own.
pub(crate) fn packed<'a>(compound: &Compound<'a>, storage: Id) -> Option<Cow<'a, [u8]>> {
    let native = compound.stream_named(storage, "\u{1}Ole10Native").and_then(|stream| native(&stream));
    native.map(Cow::Owned).or_else(|| WHOLE.iter().find_map(|name| compound.stream_named(storage, name)))
}

/// The streams by which documents of the usual programs are known, and their media types.
const DOCUMENTS: [(&str, &str); 5] = [
    ("WordDocument", "application/msword"),
    ("Workbook", "application/vnd.ms-excel"),
    ("Book", "application/vnd.ms-excel"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("VisioDocument", "application/vnd.visio"),
];

/// The media type of the document that a storage is.
pub(crate) fn media_type(compound: &Compound<'_>, storage: Id) -> &'static str {
    let known = DOCUMENTS.iter().find(|(name, _)| compound.find(storage, name).is_some());
    known.map_or("application/x-ole-storage", |(_, kind)| kind)
}

/// The file in a package of OLE 1.0: its label, two paths and its bytes, each with a NUL or a length.
fn native(stream: &[u8]) -> Option<Vec<u8>> {
    let mut cursor = Cursor::new(stream);
    cursor.take(6)?;
    cursor.until_nul();
    cursor.until_nul();
    cursor.take(4)?;
    let path = cursor.count()?;
    cursor.take(path)?;
    let length = cursor.count()?;
    Some(cursor.take(length)?.to_vec())
}
