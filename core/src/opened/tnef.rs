//! Files inside a `winmail.dat`: Outlook's own wrapping of attachments (MS-OXTNEF).
//!
//! The wrapping is a list of attributes, each with a level, an id, a length and a checksum; an attachment begins with its
//! rendering data, and its name and bytes follow as attributes of their own or as MAPI properties (MS-OXTNEF, 2.1.3).

use std::borrow::Cow;
use std::ops::Range;

const SIGNATURE: u32 = 0x223e_9f78;

/// More files, and more properties of one, than any message has.
pub(super) const FILES: usize = 1000;
const PROPERTIES: u32 = 10_000;

/// Attributes (MS-OXTNEF, 2.1.3.3).
const ATTACH_RENDER_DATA: u32 = 0x0006_9002;
const ATTACH_TITLE: u32 = 0x0001_8010;
const ATTACH_DATA: u32 = 0x0006_800f;
const ATTACHMENT: u32 = 0x0006_9005;
const OEM_CODEPAGE: u32 = 0x0006_9007;

/// Properties (MS-OXPROPS).
const PR_ATTACH_LONG_FILENAME: u16 = 0x3707;
const PR_ATTACH_MIME_TAG: u16 = 0x370e;
const PR_ATTACH_CONTENT_ID: u16 = 0x3712;

/// A file inside the wrapping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) kind: Option<String>,
    pub(super) inline: Option<String>,
    /// Where its bytes lie in the wrapping.
    pub(super) range: Range<usize>,
}

/// The files inside a wrapping, as far as it can be read; what is broken ends the list.
pub(super) fn files(bytes: &[u8]) -> Vec<File> {
    let mut cursor = Cursor { bytes, at: 0 };
    let mut files: Vec<File> = Vec::new();
    if cursor.u32() != Some(SIGNATURE) || cursor.u16().is_none() {
        return files;
    }
    let mut charset = encoding_rs::WINDOWS_1252;
    while let Some((id, range)) = cursor.attribute() {
        let data = &bytes[range.clone()];
        match id {
            OEM_CODEPAGE => charset = codepage(data).unwrap_or(charset),
            ATTACH_RENDER_DATA if files.len() == FILES => break,
            ATTACH_RENDER_DATA => files.push(File::default()),
            _ => {
                let Some(file) = files.last_mut() else { continue };
                match id {
                    ATTACH_TITLE if file.name.is_empty() => file.name = text(data, charset).into_owned(),
                    ATTACH_DATA => file.range = range,
                    ATTACHMENT => properties(data, charset, file),
                    _ => (),
                }
            }
        }
    }
    // An attachment without data is a message or an object of Outlook's, which nothing else could open.
    files.retain(|file| !file.range.is_empty());
    files
}

fn codepage(data: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let number = Cursor { bytes: data, at: 0 }.u32()?;
    let label = if number == 65_001 { "utf-8".to_owned() } else { format!("windows-{number}") };
    encoding_rs::Encoding::for_label(label.as_bytes())
}

/// Reads the properties of an attachment that are of interest; broken ones end the reading.
fn properties(data: &[u8], charset: &'static encoding_rs::Encoding, file: &mut File) {
    let mut cursor = Cursor { bytes: data, at: 0 };
    let count = cursor.u32().unwrap_or(0).min(PROPERTIES);
    for _ in 0..count {
        let Some((id, kind, value)) = cursor.property() else { return };
        let value = match kind {
            0x001f => {
                let units: Vec<u16> = value.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
                String::from_utf16_lossy(&units).trim_end_matches('\0').to_owned()
            }
            0x001e => text(value, charset).into_owned(),
            _ => continue,
        };
        match id {
            // The long name is the true one; the title before it may be cut to 8 and 3 letters.
            PR_ATTACH_LONG_FILENAME if !value.is_empty() => file.name = value,
            PR_ATTACH_MIME_TAG if value.contains('/') => file.kind = Some(value.to_ascii_lowercase()),
            PR_ATTACH_CONTENT_ID if !value.is_empty() => file.inline = Some(value.trim_matches(['<', '>']).to_owned()),
            _ => (),
        }
    }
}

fn text<'a>(data: &'a [u8], charset: &'static encoding_rs::Encoding) -> Cow<'a, str> {
    let end = memchr::memchr(0, data).unwrap_or(data.len());
    charset.decode_without_bom_handling(&data[..end]).0
}

/// Little-endian numbers and counted values, never past the end.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> Option<Range<usize>> {
        let end = self.at.checked_add(length).filter(|end| *end <= self.bytes.len())?;
        let range = self.at..end;
        self.at = end;
        Some(range)
    }

    fn u16(&mut self) -> Option<u16> {
        let range = self.take(2)?;
        Some(u16::from_le_bytes(self.bytes[range].try_into().ok()?))
    }

    fn u32(&mut self) -> Option<u32> {
        let range = self.take(4)?;
        Some(u32::from_le_bytes(self.bytes[range].try_into().ok()?))
    }

    /// Level, id, length, data, checksum; an attribute whose checksum does not fit ends the list.
    fn attribute(&mut self) -> Option<(u32, Range<usize>)> {
        self.take(1)?;
        let id = self.u32()?;
        let length = usize::try_from(self.u32()?).ok()?;
        let range = self.take(length)?;
        let checksum = self.u16()?;
        let sum = self.bytes[range.clone()].iter().fold(0u16, |sum, byte| sum.wrapping_add((*byte).into()));
        (sum == checksum).then_some((id, range))
    }

    /// Id, type and, for single values, the bytes of the value (MS-OXTNEF, 2.1.3.4).
    fn property(&mut self) -> Option<(u16, u16, &'a [u8])> {
        let (kind, id) = (self.u16()?, self.u16()?);
        if id >= 0x8000 {
            // A named property: its set, and a number or a name.
            self.take(16)?;
            if self.u32()? == 0 {
                self.take(4)?;
            } else {
                self.counted()?;
            }
        }
        let values = if kind & 0x1000 != 0 { self.u32()?.min(PROPERTIES) } else { 1 };
        let mut first = &self.bytes[..0];
        for index in 0..values {
            let value = match kind & !0x1000 {
                0x0002 | 0x0003 | 0x0004 | 0x000a | 0x000b => self.take(4)?,
                0x0005 | 0x0006 | 0x0007 | 0x0014 | 0x0040 => self.take(8)?,
                0x0048 => self.take(16)?,
                0x001e | 0x001f | 0x000d | 0x0102 => {
                    // Single values of variable length have a count, too, which is always one.
                    if kind & 0x1000 == 0 {
                        self.u32()?;
                    }
                    self.counted()?
                }
                _ => return None,
            };
            if index == 0 {
                first = &self.bytes[value];
            }
        }
        Some((id, kind, first))
    }

    /// A length and so many bytes, filled up to a multiple of four.
    fn counted(&mut self) -> Option<Range<usize>> {
        let length = usize::try_from(self.u32()?).ok()?;
        let range = self.take(length)?;
        self.take(length.next_multiple_of(4) - length)?;
        Some(range)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn attribute(level: u8, id: u32, data: &[u8]) -> Vec<u8> {
        let sum = data.iter().fold(0u16, |sum, byte| sum.wrapping_add((*byte).into()));
        let length = u32::try_from(data.len()).unwrap().to_le_bytes();
        [&[level][..], &id.to_le_bytes(), &length, data, &sum.to_le_bytes()].concat()
    }

    fn property(kind: u16, id: u16, value: &[u8]) -> Vec<u8> {
        let mut property = [&kind.to_le_bytes()[..], &id.to_le_bytes()].concat();
        if matches!(kind, 0x001e | 0x001f) {
            property.extend(1u32.to_le_bytes());
            property.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
        }
        property.extend(value);
        property.resize(property.len().next_multiple_of(4), 0);
        property
    }

    /// A wrapping of two files and an attachment without data. tnefparse, a parser in Python, reads it alike.
    pub(in crate::opened) fn wrapping() -> Vec<u8> {
        let long: Vec<u8> = "Größe 日本.pdf\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let properties = [
            &4u32.to_le_bytes()[..],
            &property(0x0003, 0x0e20, &7u32.to_le_bytes()),
            &property(0x001f, PR_ATTACH_LONG_FILENAME, &long),
            &property(0x001e, PR_ATTACH_MIME_TAG, b"Application/PDF\0"),
            &property(0x001e, PR_ATTACH_CONTENT_ID, b"<a@b>\0"),
        ]
        .concat();
        [
            &SIGNATURE.to_le_bytes()[..],
            &[1, 0],
            &attribute(1, OEM_CODEPAGE, &[&1250u32.to_le_bytes()[..], &[0; 4]].concat()),
            &attribute(1, 0x0002_800c, b"text\0"),
            &attribute(2, ATTACH_RENDER_DATA, &[0; 14]),
            &attribute(2, ATTACH_TITLE, b"GROSSE~1.PDF\0"),
            &attribute(2, ATTACH_DATA, b"%PDF-1.4"),
            &attribute(2, ATTACHMENT, &properties),
            &attribute(2, ATTACH_RENDER_DATA, &[0; 14]),
            &attribute(2, ATTACH_TITLE, b"\x9aunka.txt\0"),
            &attribute(2, ATTACH_DATA, b"abc"),
            &attribute(2, ATTACH_RENDER_DATA, &[0; 14]),
        ]
        .concat()
    }

    #[test]
    fn files_are_found_with_their_true_names() {
        let bytes = wrapping();
        let files = files(&bytes);
        assert_eq!(files.len(), 2);
        assert_eq!(
            (files[0].name.as_str(), files[0].kind.as_deref(), files[0].inline.as_deref()),
            ("Größe 日本.pdf", Some("application/pdf"), Some("a@b"))
        );
        assert_eq!(&bytes[files[0].range.clone()], b"%PDF-1.4");
        assert_eq!((files[1].name.as_str(), &bytes[files[1].range.clone()]), ("šunka.txt", &b"abc"[..]));
    }

    #[test]
    fn broken_wrappings_give_what_is_whole_and_never_fail() {
        let bytes = wrapping();
        for length in 0..bytes.len() {
            let cut = &bytes[..length];
            assert!(files(cut).len() <= 2);
        }
        // A small generator of its own is random enough to break every field in turn.
        let mut random = 7u32;
        for _ in 0..20_000 {
            let mut broken = bytes.clone();
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = random as usize % broken.len();
            broken[at] ^= (random >> 24) as u8 | 1;
            for file in files(&broken) {
                assert!(file.range.end <= broken.len());
            }
        }
    }
}
