//! Lists of MAPI properties within attributes (MS-OXTNEF, 2.1.3.4).

use crate::cursor::Cursor;
use crate::mapi::{Properties, kind};
use encoding_rs::Encoding;

/// More properties than this are not read of one list.
const MOST: usize = 10_000;
/// Set in the type of a property with several values.
const SEVERAL: u16 = 0x1000;
/// Ids from here on have names of their own.
const NAMED: u16 = 0x8000;
/// An id in a property set of its own, which stands in front of the value, is no number.
const BY_NUMBER: u32 = 0;

/// Reads a list of properties, as far as it is whole; `false` says that it is broken.
pub(super) fn list<'a>(cursor: &mut Cursor<'a>, properties: &mut Properties<'a>) -> bool {
    let Some(count) = cursor.count() else { return false };
    for _ in 0..count.min(MOST) {
        let Some((id, kind, value)) = property(cursor) else { return false };
        // Of several values none is of interest here.
        if kind & SEVERAL == 0 && id < NAMED {
            properties.add(id, kind, value);
        }
    }
    count <= MOST
}

/// The rows of a table of recipients.
pub(super) fn rows<'a>(data: &'a [u8], charset: &'static Encoding) -> (Vec<Properties<'a>>, bool) {
    let mut cursor = Cursor::new(data);
    let Some(count) = cursor.count() else { return (Vec::new(), false) };
    let mut rows = Vec::new();
    for _ in 0..count.min(MOST) {
        let mut row = Properties::new(charset);
        let is_whole = list(&mut cursor, &mut row);
        rows.push(row);
        if !is_whole {
            return (rows, false);
        }
    }
    (rows, count <= MOST)
}

/// Id, type, and the bytes of the first value.
fn property<'a>(cursor: &mut Cursor<'a>) -> Option<(u16, u16, &'a [u8])> {
    let (kind, id) = (cursor.u16()?, cursor.u16()?);
    if id >= NAMED {
        cursor.take(16)?;
        if cursor.u32()? == BY_NUMBER {
            cursor.take(4)?;
        } else {
            counted(cursor)?;
        }
    }
    let width = match kind & !SEVERAL {
        // Nothing is stored of an error's or an empty value but its room.
        0x0002 | 0x0003 | 0x0004 | 0x000a | 0x000b => Some(4),
        0x0005 | 0x0006 | 0x0007 | 0x0014 | 0x0040 => Some(8),
        0x0048 => Some(16),
        0x0000 | 0x0001 => Some(0),
        kind::STRING8 | kind::UNICODE | kind::OBJECT | kind::BINARY => None,
        _ => return None,
    };
    // A single value of variable length has a count, too.
    let values = if kind & SEVERAL != 0 || width.is_none() { cursor.count()? } else { 1 };
    let mut first: &[u8] = &[];
    for index in 0..values {
        // A value of no width would be counted without end.
        if width == Some(0) {
            break;
        }
        let value = match width {
            Some(width) => cursor.take(width)?,
            None => counted(cursor)?,
        };
        if index == 0 {
            first = value;
        }
    }
    Some((id, kind, first))
}

/// A length and so many bytes, filled up to a multiple of four.
fn counted<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let length = cursor.count()?;
    let value = cursor.take(length)?;
    // The last value of all may lack what fills it up.
    let fill = (length.next_multiple_of(4) - length).min(cursor.rest().len());
    cursor.take(fill)?;
    Some(value)
}
