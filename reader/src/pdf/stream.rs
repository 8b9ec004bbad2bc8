//! Streams of PDF: what they hold, inflated (ISO 32000-1, 7.3.8 and 7.4).

use super::object::{Dictionary, Object};
use std::io::Read;

/// What a stream holds: as it is, or inflated to `limit` bytes at most. `None` for other filters, and for more than the limit.
pub(super) fn decoded(dictionary: &Dictionary, bytes: &[u8], limit: usize) -> Option<Vec<u8>> {
    let filter = match dictionary.get("Filter") {
        Some(Object::List(filters)) if filters.len() > 1 => return None,
        Some(Object::List(filters)) => filters.first(),
        other => other,
    };
    match filter {
        None => (bytes.len() <= limit).then(|| bytes.to_vec()),
        Some(Object::Name(name)) if matches!(name.as_slice(), b"FlateDecode" | b"Fl") => {
            let inflated = inflate(bytes, limit)?;
            let parameters = match dictionary.get("DecodeParms") {
                Some(Object::List(list)) => list.first(),
                other => other,
            };
            match parameters {
                Some(Object::Dictionary(parameters)) if parameters.number("Predictor").is_some_and(|predictor| predictor >= 10) => {
                    let columns = parameters.number("Columns").unwrap_or(1);
                    Some(predicted(&inflated, usize::try_from(columns).ok()?))
                }
                _ => Some(inflated),
            }
        }
        Some(_) => None,
    }
}

/// What was inflated of a stream that is cut counts, too.
fn inflate(bytes: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut inflated = Vec::new();
    let mut reader = flate2::read::ZlibDecoder::new(bytes).take(limit as u64 + 1);
    let is_whole = reader.read_to_end(&mut inflated).is_ok();
    ((is_whole || !inflated.is_empty()) && inflated.len() <= limit).then_some(inflated)
}

/// Undoes the predictors of PNG, of one byte a pixel: each row says in front how it was changed.
fn predicted(bytes: &[u8], columns: usize) -> Vec<u8> {
    let mut rows: Vec<u8> = Vec::with_capacity(bytes.len());
    for row in bytes.chunks(columns.saturating_add(1)) {
        let (Some(kind), row) = (row.first(), row.get(1..).unwrap_or_default()) else { break };
        let start = rows.len();
        for (column, byte) in row.iter().enumerate() {
            let before = |rows: &[u8], distance: usize| {
                if column >= distance { rows.get(start + column - distance).copied().unwrap_or_default() } else { 0 }
            };
            let left = before(&rows, 1);
            let above = (start + column).checked_sub(columns).and_then(|at| rows.get(at)).copied().unwrap_or_default();
            let corner = if column == 0 {
                0
            } else {
                (start + column).checked_sub(columns + 1).and_then(|at| rows.get(at)).copied().unwrap_or_default()
            };
            let guess = match kind {
                1 => left,
                2 => above,
                3 => ((u16::from(left) + u16::from(above)) / 2) as u8,
                4 => paeth(left, above, corner),
                _ => 0,
            };
            rows.push(byte.wrapping_add(guess));
        }
    }
    rows
}

/// Of the three neighbours the one next to left + above - corner (PNG, 9.4).
fn paeth(left: u8, above: u8, corner: u8) -> u8 {
    let [a, b, c] = [left, above, corner].map(i16::from);
    let guess = a + b - c;
    let (to_left, to_above, to_corner) = ((guess - a).abs(), (guess - b).abs(), (guess - c).abs());
    if to_left <= to_above && to_left <= to_corner {
        left
    } else if to_above <= to_corner {
        above
    } else {
        corner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predictors_are_undone() {
        assert_eq!(
            predicted(&[0, 1, 2, 3, 1, 1, 1, 1, 2, 1, 1, 1, 3, 1, 1, 1, 4, 1, 1, 1], 3),
            [1, 2, 3, 1, 2, 3, 2, 3, 4, 2, 3, 4, 3, 4, 5]
        );
        assert!(predicted(&[], 3).is_empty() && predicted(&[2, 1], usize::MAX).len() == 1);
    }

    #[test]
    fn what_would_grow_too_large_is_not_inflated() {
        use std::io::Write;
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![0; 1_000_000]).unwrap();
        let bytes = encoder.finish().unwrap();
        assert_eq!(inflate(&bytes, 1_000_000).map(|bytes| bytes.len()), Some(1_000_000));
        assert_eq!(inflate(&bytes, 999_999), None);
        assert_eq!(inflate(b"no zlib", 100), None);
    }
}
