//! Base64 (RFC 2045 section 6.8), in lines of 76 characters.

use base64_simd::STANDARD;

/// Bytes in a full line, and characters with its CRLF.
pub(super) const LINE_BYTES: usize = 57;
pub(super) const LINE_LENGTH: usize = 78;

/// Length without line ends.
pub(super) fn encoded_length(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4
}

/// Length in lines, each with its CRLF; nothing when there is nothing.
pub(super) fn length_in_lines(bytes: u64) -> u64 {
    let full = bytes / LINE_BYTES as u64;
    let rest = bytes % LINE_BYTES as u64;
    full * LINE_LENGTH as u64 + if rest > 0 { rest.div_ceil(3) * 4 + 2 } else { 0 }
}

/// Appends without line ends.
pub(super) fn append(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.resize(start + encoded_length(bytes.len()), 0);
    encode(bytes, &mut out[start..]);
}

/// Appends in lines, the last one with its CRLF, too.
pub(super) fn append_lines(out: &mut Vec<u8>, bytes: &[u8]) {
    for line in bytes.chunks(LINE_BYTES) {
        append(out, line);
        out.extend_from_slice(b"\r\n");
    }
}

/// Writes as many full lines as there are bytes and room for, and returns how many.
pub(super) fn encode_lines(bytes: &[u8], out: &mut [u8]) -> usize {
    let lines = bytes.chunks_exact(LINE_BYTES).zip(out.chunks_exact_mut(LINE_LENGTH));
    let mut count = 0;
    for (line, room) in lines {
        let (text, end) = room.split_at_mut(LINE_LENGTH - 2);
        encode(line, text);
        end.copy_from_slice(b"\r\n");
        count += 1;
    }
    count
}

/// Writes one line, which may be shorter, with its CRLF and returns its length. `out` holds at least [`LINE_LENGTH`].
pub(super) fn encode_line(bytes: &[u8], out: &mut [u8]) -> usize {
    let length = encoded_length(bytes.len());
    encode(bytes, &mut out[..length]);
    out[length..length + 2].copy_from_slice(b"\r\n");
    length + 2
}

fn encode(bytes: &[u8], out: &mut [u8]) {
    use base64_simd::AsOut;
    let _: &mut [u8] = STANDARD.encode(bytes, out.as_out());
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The other direction, for tests.
    pub(crate) fn decode(text: &str) -> Vec<u8> {
        STANDARD.decode_to_vec(text.replace("\r\n", "")).unwrap()
    }

    #[test]
    fn lines_are_76_characters_and_their_total_is_known_beforehand() {
        let bytes: Vec<u8> = (0..1000).map(|index| (index * 7 % 256) as u8).collect();
        for length in (0..200).chain([1000]) {
            let mut out = Vec::new();
            append_lines(&mut out, &bytes[..length]);
            assert_eq!(out.len() as u64, length_in_lines(length as u64));
            let text = String::from_utf8(out).unwrap();
            assert!(text.lines().all(|line| line.len() <= 76));
            assert_eq!(decode(&text), bytes[..length]);
        }
    }
}
