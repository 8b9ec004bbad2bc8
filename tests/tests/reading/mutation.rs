//! Ways in which a message is broken.

use crate::random::Random;

/// Breaks a message.
pub(crate) type Mutate = fn(&[u8], &mut Random) -> Vec<u8>;

pub(crate) const MUTATIONS: [(&str, Mutate); 8] = [
    ("cut anywhere", |raw, random| raw[..random.share(raw.len())].to_vec()),
    ("bytes changed", |raw, random| {
        let mut raw = raw.to_vec();
        for _ in 0..=random.below(8) {
            let at = random.share(raw.len());
            raw[at] = random.bytes(1)[0];
        }
        raw
    }),
    ("a boundary doubled", |raw, random| with_line(raw, random, |line| line.starts_with(b"--"), |line| [line, line].concat())),
    ("a boundary lost", |raw, random| with_line(raw, random, |line| line.starts_with(b"--"), |_| Vec::new())),
    ("headers folded at every blank", |raw, _| folded(raw)),
    ("a line lost", |raw, random| with_line(raw, random, |_| true, |_| Vec::new())),
    ("a line doubled", |raw, random| with_line(raw, random, |_| true, |line| [line, line].concat())),
    ("line feeds only", |raw, _| raw.iter().copied().filter(|byte| *byte != b'\r').collect()),
];

/// Replaces one of the lines that `is_meant`.
fn with_line(raw: &[u8], random: &mut Random, is_meant: fn(&[u8]) -> bool, replaced: fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let lines: Vec<&[u8]> = raw.split_inclusive(|byte| *byte == b'\n').collect();
    let meant: Vec<usize> = (0..lines.len()).filter(|line| is_meant(lines[*line])).collect();
    if meant.is_empty() {
        return raw.to_vec();
    }
    let chosen = *random.one_of(&meant);
    lines.iter().enumerate().flat_map(|(line, bytes)| if line == chosen { replaced(bytes) } else { bytes.to_vec() }).collect()
}

/// The message with a fold at each blank of its own header that does not stand in quotes.
fn folded(raw: &[u8]) -> Vec<u8> {
    let header = raw.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap_or(raw.len());
    let (mut folded, mut is_quoted) = (Vec::new(), false);
    for byte in &raw[..header] {
        is_quoted ^= *byte == b'"';
        match byte {
            // A fold that is there already stays one.
            b' ' if !is_quoted && !folded.ends_with(b"\r\n") => folded.extend_from_slice(b"\r\n "),
            byte => folded.push(*byte),
        }
    }
    folded.extend_from_slice(&raw[header..]);
    folded
}
