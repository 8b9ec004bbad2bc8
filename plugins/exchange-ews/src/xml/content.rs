//! Base64 in an answer, decoded as it comes.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Exchange pads; what does without is read as well.
const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));

/// Decodes base64 in pieces.
#[derive(Default)]
pub(super) struct Decoder {
    /// Characters without blanks that are not decoded yet: at most three before a piece.
    pending: Vec<u8>,
    decoded: Vec<u8>,
    is_padded: bool,
}

impl Decoder {
    /// Takes the next characters; what they are, or nothing where they are no base64.
    pub(super) fn decode(&mut self, characters: &[u8]) -> Option<&[u8]> {
        self.pending.extend(characters.iter().filter(|byte| !byte.is_ascii_whitespace()));
        if self.is_padded && !self.pending.is_empty() {
            return None;
        }
        let whole = self.pending.len() / 4 * 4;
        self.take(whole)
    }

    /// The rest.
    pub(super) fn finish(mut self) -> Option<Vec<u8>> {
        let rest = self.pending.len();
        self.take(rest)?;
        Some(self.decoded)
    }

    fn take(&mut self, count: usize) -> Option<&[u8]> {
        self.decoded.clear();
        LENIENT.decode_vec(&self.pending[..count], &mut self.decoded).ok()?;
        self.is_padded |= self.pending[..count].ends_with(b"=");
        self.pending.drain(..count);
        Some(&self.decoded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str, step: usize) -> Option<Vec<u8>> {
        let mut decoder = Decoder::default();
        let mut whole = Vec::new();
        for piece in text.as_bytes().chunks(step) {
            whole.extend_from_slice(decoder.decode(piece)?);
        }
        whole.extend(decoder.finish()?);
        Some(whole)
    }

    #[test]
    fn base64_is_decoded_whatever_its_pieces() {
        for step in 1..9 {
            assert_eq!(decoded("YWJj\r\nZGVm\n Zw==", step).unwrap(), b"abcdefg");
            assert_eq!(decoded("YWJjZGVmZw", step).unwrap(), b"abcdefg");
            assert_eq!(decoded("", step).unwrap(), b"");
            for wrong in ["YWJ*", "Y", "YQ==YQ==", "YWJj-_", "===="] {
                assert_eq!(decoded(wrong, step), None, "{wrong}");
            }
        }
    }
}
