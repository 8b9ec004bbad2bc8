//! The fonts of an RTF document, for their character sets.

use crate::mapi::codepage::{codepage, of_font};
use encoding_rs::Encoding;
use std::collections::HashMap;

/// The character sets of fonts that have one of their own.
#[derive(Default)]
pub(super) struct Fonts {
    charsets: HashMap<i32, &'static Encoding>,
    /// The font that the table is telling of.
    current: i32,
}

impl Fonts {
    /// Takes a control word of the font table.
    pub(super) fn take(&mut self, word: &[u8], number: Option<i32>) {
        match (word, number) {
            (b"f", Some(font)) => self.current = font,
            (b"fcharset", Some(charset)) => self.add(of_font(charset)),
            (b"cpg", Some(page)) => self.add(u32::try_from(page).ok()),
            _ => (),
        }
    }

    fn add(&mut self, page: Option<u32>) {
        if let Some(charset) = page.and_then(codepage) {
            self.charsets.insert(self.current, charset);
        }
    }

    /// The character set of a font; `None` where it is the document's.
    pub(super) fn charset(&self, font: i32) -> Option<&'static Encoding> {
        self.charsets.get(&font).copied()
    }
}
