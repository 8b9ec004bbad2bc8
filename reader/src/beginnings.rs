//! Which of many words a text may begin with, told by its first two letters: mostly none, which takes no comparing.

/// Pairs of letters. Of letters that differ in their highest bits only, as capital and small ones do, one counts for all.
pub(crate) struct Beginnings([u32; 32]);

impl Beginnings {
    pub(crate) const NONE: Beginnings = Beginnings([0; 32]);

    /// The same with the first letters of these words, which are two at least.
    pub(crate) const fn with(mut self, words: &str) -> Beginnings {
        let words = words.as_bytes();
        self.0[(words[0] & 31) as usize] |= 1 << (words[1] & 31);
        self
    }

    /// Whether a text may begin with one of the words, in whatever case, as far as that is ASCII.
    pub(crate) fn may_begin(&self, text: &str) -> bool {
        match text.as_bytes() {
            [first, second, ..] if first.is_ascii() && second.is_ascii() => self.0[usize::from(first & 31)] >> (second & 31) & 1 == 1,
            // A letter of more bytes may have another form.
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_left_out_by_its_first_letters_only() {
        let words = Beginnings::NONE.with("out of office").with("réponse");
        for (text, may) in
            [("OUT", true), ("ou", true), ("oa", false), ("to", false), ("Ré", true), ("o", true), ("", true), ("\u{212a}x", true)]
        {
            assert_eq!(words.may_begin(text), may, "{text}");
        }
    }
}
