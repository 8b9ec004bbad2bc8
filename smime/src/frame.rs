//! Values in DER of which only the frame is at hand: `der` wants the content in memory, and counts to 4 GB.

/// Tag and length of a value with so many bytes of content.
pub(crate) fn header(tag: u8, length: u64) -> Vec<u8> {
    let digits = length.to_be_bytes();
    let significant = &digits[(length.leading_zeros() as usize / 8).min(7)..];
    let mut header = vec![tag];
    if length >= 0x80 {
        header.push(0x80 | significant.len() as u8);
    }
    header.extend_from_slice(significant);
    header
}

/// A whole value.
pub(crate) fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut value = header(tag, content.len() as u64);
    value.extend_from_slice(content);
    value
}

/// A SET OF, in DER's order.
pub(crate) fn set(tag: u8, mut members: Vec<Vec<u8>>) -> Vec<u8> {
    members.sort_unstable();
    value(tag, &members.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_as_short_as_they_can_be() {
        assert_eq!(header(4, 0), [4, 0]);
        assert_eq!(header(4, 0x7f), [4, 0x7f]);
        assert_eq!(header(4, 0x80), [4, 0x81, 0x80]);
        assert_eq!(header(4, 0x100), [4, 0x82, 1, 0]);
        assert_eq!(header(4, 0x1_0000_0000), [4, 0x85, 1, 0, 0, 0, 0]);
        assert_eq!(header(4, u64::MAX), [4, 0x88, 255, 255, 255, 255, 255, 255, 255, 255]);
        assert_eq!(set(0x31, vec![vec![5, 0], vec![2, 1, 9]]), [0x31, 5, 2, 1, 9, 5, 0]);
    }
}
