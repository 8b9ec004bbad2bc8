//! Characters that stand in a text and are not seen.

/// Whether a character moves, hides or turns what stands around it without being seen itself: a control character, a separator of lines
/// or paragraphs, a mark of writing direction, a zero-width character, a filler, a selector of variants, a tag.
///
/// Names of files and lines of a protocol show foreign text to people, and none of these belongs into either: `Rechnung\u{202e}fdp.exe` reads
/// as `Rechnungexe.pdf`. The list is Unicode's category Cf without the signs of Arabic and Syriac numbers, which are seen, together with the
/// property Default_Ignorable_Code_Point, the separators U+2028 and U+2029, and the Braille pattern without dots.
pub fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{13430}'..='\u{1345f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_differs_from_what_can() {
        for c in
            "\0\n\r\u{7f}\u{85}\u{9f}\u{ad}\u{61c}\u{180e}\u{200b}\u{200d}\u{200e}\u{2028}\u{2029}\u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\
            \u{206f}\u{3164}\u{fe0f}\u{feff}\u{fff9}\u{1d173}\u{e0001}\u{e007f}\u{e01ef}"
                .chars()
        {
            assert!(is_unseen(c), "{c:?}");
        }
        for c in " \u{a0}aßé‐–—…€日本한글عר\u{600}\u{6dd}\u{301}👍\u{fffd}".chars() {
            assert!(!is_unseen(c), "{c:?}");
        }
    }
}
