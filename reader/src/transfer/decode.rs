//! What decoders of all encodings have in common.

/// So much is decoded at once. Of a line or a run of blanks that is longer the rest is taken for another one.
pub(super) const BLOCK: usize = 64 * 1024;

/// Decodes in blocks.
pub(super) trait Decode {
    /// Decodes what is whole of the input, and says how many bytes that is: all of it where it is the last, and at least one of a [`BLOCK`].
    fn decode(&mut self, input: &[u8], is_last: bool, output: &mut Vec<u8>) -> usize;

    /// What was not as it should be so far, as codes of repairs.
    fn faults(&self) -> Faults;
}

/// Codes of repairs.
pub type Faults = [Option<&'static str>; 2];

/// As it stands (`7bit`, `8bit`, `binary`).
pub(super) struct Identity;

impl Decode for Identity {
    fn decode(&mut self, input: &[u8], _: bool, output: &mut Vec<u8>) -> usize {
        output.extend_from_slice(input);
        input.len()
    }

    fn faults(&self) -> Faults {
        [None; 2]
    }
}

/// Decodes texts in tests: at once, and in blocks of each length up to `longest`.
#[cfg(test)]
pub(super) fn check(decoder: impl Fn() -> Box<dyn Decode + Send>, text: &[u8], longest: usize) -> (Vec<u8>, Faults) {
    let mut whole = (Vec::new(), [None; 2]);
    let mut at_once = decoder();
    assert_eq!(at_once.decode(text, true, &mut whole.0), text.len());
    whole.1 = at_once.faults();
    for length in 1..longest {
        let (mut decoder, mut output) = (decoder(), Vec::new());
        let (mut at, mut wanted) = (0, length);
        loop {
            let end = text.len().min(at + wanted);
            let consumed = decoder.decode(&text[at..end], end == text.len(), &mut output);
            at += consumed;
            // What is not whole comes again, with more.
            wanted = if consumed == 0 { wanted + length } else { length };
            if end == text.len() {
                break;
            }
        }
        assert_eq!(
            (String::from_utf8_lossy(&output), decoder.faults()),
            (String::from_utf8_lossy(&whole.0), whole.1),
            "in blocks of {length}"
        );
    }
    whole
}
