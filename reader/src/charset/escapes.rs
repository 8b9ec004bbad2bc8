//! The escape sequences of ISO-2022-JP (RFC 1468).

const ESCAPE: u8 = 0x1b;

/// The text without escapes that shift to a set in which nothing follows before the next escape; `None` where there are none.
///
/// Encoded words begin and end in ASCII each (RFC 1468; RFC 2047, 5), so such pairs stand where two are joined. The Encoding Standard takes
/// them for an error.
pub(super) fn without_idle(bytes: &[u8]) -> Option<Vec<u8>> {
    let idle = || memchr::memchr_iter(ESCAPE, bytes).filter(|at| matches!(bytes.get(*at..*at + 4), Some([_, b'(' | b'$', _, ESCAPE])));
    idle().next()?;
    let (mut kept, mut from) = (Vec::with_capacity(bytes.len()), 0);
    for at in idle() {
        kept.extend_from_slice(bytes.get(from..at).unwrap_or_default());
        from = at + 3;
    }
    kept.extend_from_slice(bytes.get(from..).unwrap_or_default());
    Some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_to_nothing_is_left_out() {
        assert_eq!(without_idle(b"\x1b$B$3\x1b(B\x1b$B$s\x1b(B").as_deref(), Some(&b"\x1b$B$3\x1b$B$s\x1b(B"[..]));
        assert_eq!(without_idle(b"\x1b(B\x1b$B\x1b(Ba").as_deref(), Some(&b"\x1b(Ba"[..]));
        for whole in [&b"\x1b$B$3\x1b(B a"[..], b"a", b"", b"\x1b", b"\x1b(B\x1b"] {
            assert_eq!(without_idle(whole).unwrap_or_else(|| whole.to_vec()).last(), whole.last(), "{whole:?}");
        }
    }
}
