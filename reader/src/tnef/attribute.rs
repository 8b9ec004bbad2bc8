//! The attributes of a `winmail.dat` (MS-OXTNEF, 2.1.3): each has a level, an id, a length and a checksum.

use crate::cursor::Cursor;

/// What a wrapping begins with.
pub(super) const SIGNATURE: [u8; 4] = 0x223e_9f78_u32.to_le_bytes();

/// Ids of attributes, called as in MS-OXTNEF without `att`.
pub(super) mod id {
    pub(crate) const FROM: u32 = 0x0000_8000;
    pub(crate) const ATTACH_TRANSPORT_FILENAME: u32 = 0x0006_9001;
    pub(crate) const ATTACH_RENDER_DATA: u32 = 0x0006_9002;
    pub(crate) const MESSAGE_PROPERTIES: u32 = 0x0006_9003;
    pub(crate) const RECIPIENT_TABLE: u32 = 0x0006_9004;
    pub(crate) const ATTACHMENT: u32 = 0x0006_9005;
    pub(crate) const OEM_CODEPAGE: u32 = 0x0006_9007;
    pub(crate) const SUBJECT: u32 = 0x0001_8004;
    pub(crate) const MESSAGE_ID: u32 = 0x0001_8009;
    pub(crate) const ATTACH_TITLE: u32 = 0x0001_8010;
    pub(crate) const BODY: u32 = 0x0002_800c;
    pub(crate) const DATE_SENT: u32 = 0x0003_8005;
    pub(crate) const ATTACH_DATA: u32 = 0x0006_800f;
}

/// An attribute.
pub(super) struct Attribute<'a> {
    pub(super) id: u32,
    pub(super) data: &'a [u8],
    /// Whether its checksum fits.
    pub(super) is_whole: bool,
}

/// Reads the next attribute; `None` at the end, and where the bytes end in one, whose beginning then counts for nothing.
pub(super) fn next<'a>(cursor: &mut Cursor<'a>) -> Option<Attribute<'a>> {
    // The level says nothing that the id does not.
    cursor.take(1)?;
    let (id, length) = (cursor.u32()?, cursor.count()?);
    let data = cursor.take(length)?;
    let checksum = cursor.u16()?;
    let sum = data.iter().fold(0u16, |sum, byte| sum.wrapping_add((*byte).into()));
    Some(Attribute { id, data, is_whole: sum == checksum })
}
