//! Base64 of a secret that stands in the middle of other bytes, and UTF-7.

use zeroize::Zeroizing;

/// Which letters stand for 62 and 63.
#[derive(Clone, Copy)]
pub(super) enum Base64 {
    Standard,
    /// Modified base64 of folder names (RFC 3501, section 5.1.3).
    Imap,
}

const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Base64 of the bytes at each of the three alignments: only the letters that the bytes alone decide, none that share bits with what
/// stands before or behind.
pub(super) fn cores(bytes: &[u8]) -> impl Iterator<Item = Zeroizing<Vec<u8>>> {
    (0..3).map(move |shift| {
        let mut shifted = Zeroizing::new(Vec::with_capacity(shift + bytes.len()));
        shifted.resize(shift, 0);
        shifted.extend_from_slice(bytes);
        let own = (8 * shift).div_ceil(6)..8 * shifted.len() / 6;
        let encoded = encoded(&shifted, Base64::Standard);
        Zeroizing::new(encoded.get(own).unwrap_or_default().to_vec())
    })
}

/// The letter that the alphabet for URLs has in its place.
pub(super) fn url_safe(letter: u8) -> u8 {
    match letter {
        b'+' => b'-',
        b'/' => b'_',
        other => other,
    }
}

/// The text in UTF-7 (RFC 2152) or in the form of IMAP's folder names, by the character that begins what is encoded.
pub(super) fn utf7(text: &str, shift: u8, alphabet: Base64) -> Zeroizing<Vec<u8>> {
    let mut written = Zeroizing::new(Vec::with_capacity(text.len() * 3));
    let mut held = Zeroizing::new(Vec::with_capacity(text.len() * 2));
    for c in text.chars() {
        if !c.is_ascii() {
            held.extend(c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()));
            continue;
        }
        flush(&mut written, &mut held, shift, alphabet);
        written.push(c as u8); // ASCII, as was asked above.
        if c as u8 == shift {
            written.push(b'-');
        }
    }
    flush(&mut written, &mut held, shift, alphabet);
    written
}

fn flush(written: &mut Vec<u8>, held: &mut Vec<u8>, shift: u8, alphabet: Base64) {
    if !held.is_empty() {
        written.push(shift);
        written.extend_from_slice(&encoded(held, alphabet));
        written.push(b'-');
        held.clear();
    }
}

/// Base64 without padding.
fn encoded(bytes: &[u8], alphabet: Base64) -> Zeroizing<Vec<u8>> {
    let letter = |bits: u32| match (bits & 63, alphabet) {
        (62, _) => b'+',
        (63, Base64::Standard) => b'/',
        (63, Base64::Imap) => b',',
        (bits, _) => LETTERS.get(bits as usize).copied().unwrap_or_default(),
    };
    let mut written = Zeroizing::new(Vec::with_capacity(bytes.len().div_ceil(3) * 4));
    for block in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | u32::from(block.get(at).copied().unwrap_or_default()));
        written.extend((0..=block.len()).map(|at| letter(bits >> (18 - 6 * at))));
    }
    written
}
