//! Compressed RTF, as messages of Outlook hold it (MS-OXRTFCP).

use crate::cursor::Cursor;

/// What the dictionary holds before the first byte (MS-OXRTFCP, 2.1.3.1.1); compressed texts refer to it.
const DICTIONARY: &[u8] =
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArial\
    Times New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
const COMPRESSED: u32 = 0x7546_5a4c;
const UNCOMPRESSED: u32 = 0x414c_454d;
const RING: usize = 4096;

/// The RTF, and whether it is as long and has the checksum as the header says. `None` for what is no compressed RTF.
///
/// A reference of two bytes gives 17 at most, so the text is never more than some eight times as long.
pub(crate) fn decompress(bytes: &[u8]) -> Option<(Vec<u8>, bool)> {
    let mut cursor = Cursor::new(bytes);
    let (length, raw_length, kind, checksum) = (cursor.count()?, cursor.count()?, cursor.u32()?, cursor.u32()?);
    // The length counts what follows it.
    let body = cursor.rest().get(..length.saturating_sub(12)).unwrap_or(cursor.rest());
    match kind {
        UNCOMPRESSED => {
            let text = body.get(..raw_length).unwrap_or(body);
            Some((text.to_vec(), text.len() == raw_length))
        }
        COMPRESSED => {
            let mut text = inflate(body);
            let is_whole = text.len() >= raw_length && crc(body) == checksum;
            text.truncate(raw_length);
            Some((text, is_whole))
        }
        _ => None,
    }
}

fn inflate(body: &[u8]) -> Vec<u8> {
    let mut ring = [b' '; RING];
    ring[..DICTIONARY.len()].copy_from_slice(DICTIONARY);
    let (mut text, mut at) = (Vec::with_capacity(body.len() * 2), DICTIONARY.len());
    let mut cursor = Cursor::new(body);
    while let Some(control) = cursor.u8() {
        for bit in 0..8 {
            if control & (1 << bit) == 0 {
                let Some(byte) = cursor.u8() else { return text };
                text.push(byte);
                ring[at] = byte;
                at = (at + 1) % RING;
                continue;
            }
            let Some(pair) = cursor.take(2) else { return text };
            let reference = u16::from_be_bytes([pair[0], pair[1]]);
            let (offset, length) = (usize::from(reference >> 4), usize::from(reference & 0xf) + 2);
            if offset == at {
                return text;
            }
            for step in 0..length {
                let byte = ring[(offset + step) % RING];
                text.push(byte);
                ring[at] = byte;
                at = (at + 1) % RING;
            }
        }
    }
    text
}

/// CRC-32 as in ZIP, but without the two inversions (MS-OXRTFCP, 2.1.3.2).
fn crc(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table();
    bytes.iter().fold(0, |crc: u32, byte| TABLE[usize::from(crc as u8 ^ byte)] ^ (crc >> 8))
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let (mut crc, mut bit) = (index as u32, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The text stored in compressed form, byte by byte; the last reference is the end.
    pub(crate) fn compress(text: &[u8]) -> Vec<u8> {
        let mut body = Vec::new();
        let mut chunks = text.chunks(8).peekable();
        while let Some(chunk) = chunks.next() {
            let is_end = chunks.peek().is_none() && chunk.len() < 8;
            body.push(if is_end { 1 << chunk.len() } else { 0 });
            body.extend_from_slice(chunk);
            if is_end {
                let at = (DICTIONARY.len() + text.len()) % RING;
                body.extend_from_slice(&(u16::try_from(at).unwrap() << 4).to_be_bytes());
            }
        }
        let length = |length: usize| u32::try_from(length).unwrap().to_le_bytes();
        [&length(body.len() + 12)[..], &length(text.len()), &COMPRESSED.to_le_bytes(), &crc(&body).to_le_bytes(), &body].concat()
    }

    // The examples of MS-OXRTFCP, 3.1.
    const SIMPLE: &[u8] =
        b"\x2d\x00\x00\x00\x2b\x00\x00\x00\x4c\x5a\x46\x75\xf1\xc5\xc7\xa7\x03\x00\x0a\x00\x72\x63\x70\x67\x31\x32\x35\x42\x32\x0a\xf3\
        \x20\x68\x65\x6c\x09\x00\x20\x62\x77\x05\xb0\x6c\x64\x7d\x0a\x80\x0f\xa0";
    const CROSSING: &[u8] =
        b"\x1a\x00\x00\x00\x1c\x00\x00\x00\x4c\x5a\x46\x75\xe2\xd4\x4b\x51\x41\x00\x04\x20\x57\x58\x59\x5a\x0d\x6e\x7d\x01\x0e\xb0";

    #[test]
    fn the_examples_of_the_specification_are_decompressed() {
        assert_eq!(decompress(SIMPLE), Some((b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n".to_vec(), true)));
        assert_eq!(decompress(CROSSING), Some((b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}".to_vec(), true)));
        let text = b"{\\rtf1 0123456789abcdef}";
        assert_eq!(decompress(&compress(text)), Some((text.to_vec(), true)));
    }

    #[test]
    fn what_is_damaged_is_noted_and_read_as_far_as_it_goes() {
        let mut wrong = SIMPLE.to_vec();
        wrong[30] ^= 1;
        assert!(decompress(&wrong).is_some_and(|(text, is_whole)| text.starts_with(b"{\\rtf1") && !is_whole));
        for length in 0..SIMPLE.len() {
            assert!(decompress(&SIMPLE[..length]).is_none_or(|(text, _)| text.len() <= 43), "{length}");
        }
        let stored = [&13u32.to_le_bytes()[..], &1u32.to_le_bytes(), &UNCOMPRESSED.to_le_bytes(), &[0; 4], b"x"].concat();
        assert_eq!(decompress(&stored), Some((b"x".to_vec(), true)));
    }
}
