//! Foreign texts for people.

use crate::is_unseen;

/// A foreign text for people: what could move a cursor, end a line, or turn the direction of reading becomes an escape.
pub fn printable(text: &str) -> String {
    // Nearly every line of every server.
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return text.to_owned();
    }
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unseen(c) { clean.extend(c.escape_default()) } else { clean.push(c) }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_the_direction_of_reading_becomes_an_escape() {
        assert_eq!(printable("fdp.\u{202e}exe"), "fdp.\\u{202e}exe");
        assert_eq!(printable("a\r\nb"), "a\\r\\nb");
        assert_eq!(printable("Größe ✓"), "Größe ✓");
    }
}
