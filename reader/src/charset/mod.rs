//! Texts out of bytes: what a charset label means, and what holds where it is missing or evidently wrong.
//!
//! A label is believed unless the bytes prove it wrong. Bytes above 127 that are valid UTF-8 are UTF-8, whatever set of one byte a letter the
//! label claims: by chance they practically never are. A text that claims UTF-8, or nothing, and is not, is windows-1252, as browsers take it
//! to be; unless more of its letters are valid UTF-8 than are not: then a few bytes were damaged, and each of them becomes U+FFFD.

mod code_page;
mod decoded;
mod escapes;
mod evidence;
mod label;
mod utf7;
mod wide;

use crate::Repairs;
use decoded::decoded;
use encoding_rs::{EUC_JP, Encoding, ISO_2022_JP, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE};
use label::{Charset, Label};
use std::borrow::Cow;

/// Why a text is perhaps not what its author wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// The label names no set that we have.
    Unknown,
    /// The label is missing or evidently wrong.
    Guessed,
    /// Bytes that are no letter of the set became U+FFFD.
    Invalid,
}

/// Decodes a text of a message.
///
/// `label` is the charset that the part names, if any; `is_html` lets the page name one itself. Doubts are noted at `pointer`:
/// `text.charset_unknown`, `text.charset_guessed`, `text.bytes_invalid`. What is ASCII or UTF-8 is not copied.
pub fn decode<'a>(bytes: &'a [u8], label: Option<&str>, is_html: bool, repairs: &mut Repairs, pointer: &str) -> Cow<'a, str> {
    Text { bytes, is_html, is_whole: true }.decode(label, &mut |doubt| repairs.note(code(doubt), pointer))
}

/// Decodes the first bytes of a text: a letter of which only the beginning is there is left out and is no repair.
///
/// Else like [`decode`].
pub fn decode_start<'a>(bytes: &'a [u8], label: Option<&str>, is_html: bool, repairs: &mut Repairs, pointer: &str) -> Cow<'a, str> {
    Text { bytes, is_html, is_whole: false }.decode(label, &mut |doubt| repairs.note(code(doubt), pointer))
}

/// The text of bytes that are UTF-8 and are labelled so, without a copy; any other bytes come back, for [`decode`].
///
/// # Errors
///
/// The bytes.
pub fn utf8(bytes: Vec<u8>, label: Option<&str>) -> Result<String, Vec<u8>> {
    let is_labelled = label.is_some_and(|label| Label::read(label) == Label::Known(Charset::Standard(UTF_8)));
    // A mark is taken away, and what shifts to other letters is looked at more closely.
    if !is_labelled || wide::mark(&bytes).is_some() || memchr::memchr(0x1b, &bytes).is_some() {
        return Err(bytes);
    }
    String::from_utf8(bytes).map_err(|error| error.into_bytes())
}

/// The encoding that a label names, as a second opinion on the raw bytes of a header; `None` where it names none of the Encoding Standard.
pub fn encoding(label: &str) -> Option<&'static Encoding> {
    match Label::read(label) {
        Label::Known(Charset::Standard(encoding)) => Some(encoding),
        _ => None,
    }
}

/// Decodes the bytes of an encoded word or of an extended parameter.
pub(crate) fn decode_labelled<'a>(bytes: &'a [u8], label: &str, doubt: &mut dyn FnMut(Doubt)) -> Cow<'a, str> {
    Text { bytes, is_html: false, is_whole: true }.decode(Some(label), doubt)
}

/// Decodes what stands in a header as it is: UTF-8 (RFC 6532), else the body's charset, else windows-1252.
pub(crate) fn decode_raw<'a>(bytes: &'a [u8], fallback: Option<&'static Encoding>, doubt: &mut dyn FnMut(Doubt)) -> Cow<'a, str> {
    let text = Text { bytes, is_html: false, is_whole: true };
    match std::str::from_utf8(bytes) {
        Ok(_) => text.utf8(true, doubt),
        Err(_) if evidence::Count::of(bytes).is_utf8() => {
            doubt(Doubt::Guessed);
            String::from_utf8_lossy(bytes)
        }
        Err(_) => {
            doubt(Doubt::Guessed);
            let own = fallback.filter(|encoding| encoding.is_ascii_compatible() && *encoding != UTF_8);
            let own = own.map(|encoding| decoded(encoding, bytes, true)).filter(|(_, is_valid)| *is_valid);
            own.unwrap_or_else(|| decoded(evidence::western(bytes), bytes, true)).0
        }
    }
}

/// The text, if all of it is UTF-8: found out by vector instructions, in a third of the time that the standard library takes.
fn whole_utf8(bytes: &[u8]) -> Option<&str> {
    match UTF_8.decode_without_bom_handling_and_without_replacement(bytes)? {
        Cow::Borrowed(text) => Some(text),
        // It is never copied.
        Cow::Owned(_) => std::str::from_utf8(bytes).ok(),
    }
}

fn code(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::Unknown => "text.charset_unknown",
        Doubt::Guessed => "text.charset_guessed",
        Doubt::Invalid => "text.bytes_invalid",
    }
}

#[derive(Clone, Copy)]
struct Text<'a> {
    bytes: &'a [u8],
    is_html: bool,
    /// False where more bytes follow that are not here.
    is_whole: bool,
}

impl<'a> Text<'a> {
    fn decode(self, label: Option<&str>, doubt: &mut dyn FnMut(Doubt)) -> Cow<'a, str> {
        let label = label.map_or(Label::Missing, Label::read);
        if let Some((charset, mark)) = wide::mark(self.bytes) {
            let agrees = match label {
                Label::Known(Charset::Standard(encoding)) => Charset::Standard(encoding) == charset || !encoding.is_ascii_compatible(),
                Label::Known(Charset::Utf16 | Charset::Utf32) | Label::Missing => true,
                _ => false,
            };
            if !agrees {
                doubt(Doubt::Guessed);
            }
            return Text { bytes: &self.bytes[mark..], ..self }.labelled(charset, doubt);
        }
        match label {
            Label::Known(charset) => self.labelled(charset, doubt),
            Label::Missing => self.unlabelled(doubt),
            Label::Unknown => {
                doubt(Doubt::Unknown);
                self.unlabelled(doubt)
            }
        }
    }

    fn labelled(self, charset: Charset, doubt: &mut dyn FnMut(Doubt)) -> Cow<'a, str> {
        match charset {
            Charset::Standard(encoding) if encoding == UTF_8 => self.utf8(true, doubt),
            Charset::Ascii => self.utf8(false, doubt),
            Charset::Standard(encoding) if encoding.is_single_byte() => self.single(encoding, doubt),
            Charset::Standard(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => self.utf16(Some(encoding), doubt),
            Charset::Standard(encoding) => self.multiple(encoding, doubt),
            Charset::CodePage(letters) => self.code_page(letters, doubt),
            Charset::Utf16 => self.utf16(None, doubt),
            Charset::Utf32 => told(wide::utf32(self.bytes, self.is_whole), doubt),
            Charset::Utf7 if self.bytes.is_ascii() => told(utf7::utf7(self.bytes), doubt),
            Charset::Utf7 => self.utf8(false, doubt),
            Charset::Hz => self.converted(utf7::hz(self.bytes), encoding_rs::GBK, doubt),
            Charset::Iso2022Kr => self.converted(utf7::iso_2022_kr(self.bytes), encoding_rs::EUC_KR, doubt),
        }
    }

    /// A text that says nothing of its charset.
    fn unlabelled(self, doubt: &mut dyn FnMut(Doubt)) -> Cow<'a, str> {
        let named = if self.is_html { evidence::meta(self.bytes).map(Label::read) } else { None };
        if let Some(Label::Known(charset)) = named {
            // A page whose letters can be read as ASCII is not UTF-16, whatever it says (HTML, prescan of the encoding).
            let is_wide = matches!(charset, Charset::Utf16 | Charset::Utf32)
                || matches!(charset, Charset::Standard(encoding) if !encoding.is_ascii_compatible() && encoding != ISO_2022_JP);
            return if is_wide { self.utf8(true, doubt) } else { self.labelled(charset, doubt) };
        }
        if let Some(encoding) = evidence::zeros(self.bytes) {
            doubt(Doubt::Guessed);
            return self.with(encoding, doubt);
        }
        self.utf8(false, doubt)
    }

    /// A text that should be UTF-8; where it is not `labelled` so, any letter beyond ASCII is a guess.
    fn utf8(self, labelled: bool, doubt: &mut dyn FnMut(Doubt)) -> Cow<'a, str> {
        let valid = match whole_utf8(self.bytes) {
            Some(text) => Some(text),
            None if self.is_whole => None,
            None => match std::str::from_utf8(self.bytes) {
                Err(error) if error.error_len().is_none() => std::str::from_utf8(&self.bytes[..error.valid_up_to()]).ok(),
                valid => valid.ok(),
            },
        };
        if let Some(text) = valid {
            if evidence::is_iso_2022_jp(self.bytes) {
                doubt(Doubt::Guessed);
                return self.with(ISO_2022_JP, doubt);
            }
            if !labelled && !text.is_ascii() {
                doubt(Doubt::Guessed);
            }
            return Cow::Borrowed(text);
        }
        let count = evidence::Count::of(self.bytes);
        let is_utf8 = count.is_utf8() || labelled && count.is_perhaps_utf8();
        if !is_utf8 {
            doubt(Doubt::Guessed);
            return self.with(evidence::western(self.bytes), doubt);
        }
        if !labelled {
            doubt(Doubt::Guessed);
        }
        self.with(UTF_8, doubt)
    }

    /// A text in a set of one byte a letter.
    fn single(self, encoding: &'static Encoding, doubt: &mut dyn FnMut(Doubt)) -> Cow<'a, str> {
        if self.is_evidently_utf8() { self.utf8(false, doubt) } else { self.with(encoding, doubt) }
    }

    fn code_page(self, letters: &str, doubt: &mut dyn FnMut(Doubt)) -> Cow<'a, str> {
        if self.bytes.is_ascii() || self.is_evidently_utf8() {
            return self.utf8(false, doubt);
        }
        told(code_page::decode(self.bytes, letters), doubt)
    }

    /// Whether a text whose label names a set of one byte a letter is UTF-8 nevertheless.
    fn is_evidently_utf8(self) -> bool {
        match std::str::from_utf8(self.bytes) {
            Ok(text) => !text.is_ascii(),
            Err(error) if !self.is_whole && error.error_len().is_none() => !self.bytes[..error.valid_up_to()].is_ascii(),
            Err(_) => evidence::Count::of(self.bytes).is_evidently_utf8(),
        }
    }

    /// A text in a set of several bytes a letter.
    fn multiple(self, encoding: &'static Encoding, doubt: &mut dyn FnMut(Doubt)) -> Cow<'a, str> {
        if encoding == ISO_2022_JP
            && let Some(bytes) = escapes::without_idle(self.bytes)
        {
            return self.converted(Cow::Owned(bytes), encoding, doubt);
        }
        let (text, is_valid) = decoded(encoding, self.bytes, self.is_whole);
        // Few letters may be valid in both.
        let is_utf8 = self.is_evidently_utf8() && (!is_valid || evidence::Count::of(self.bytes).is_surely_utf8());
        if is_utf8 {
            return self.utf8(false, doubt);
        }
        if is_valid {
            return text;
        }
        if encoding == ISO_2022_JP && !self.bytes.is_ascii() {
            let others = [SHIFT_JIS, EUC_JP].map(|other| decoded(other, self.bytes, self.is_whole));
            if let Some((text, _)) = others.into_iter().find(|(_, is_valid)| *is_valid) {
                doubt(Doubt::Guessed);
                return text;
            }
        }
        doubt(Doubt::Invalid);
        text
    }

    fn utf16(self, order: Option<&'static Encoding>, doubt: &mut dyn FnMut(Doubt)) -> Cow<'a, str> {
        let evident = evidence::zeros(self.bytes);
        // Letters in ASCII, read as UTF-16, would be Chinese.
        if self.bytes.len() > 1 && self.bytes.is_ascii() && memchr::memchr(0, self.bytes).is_none() {
            doubt(Doubt::Guessed);
            return self.utf8(true, doubt);
        }
        if evident.is_some() && order.is_some() && evident != order {
            doubt(Doubt::Guessed);
        }
        // Without a mark the order is the network's (RFC 2781, 4.3).
        self.with(evident.or(order).unwrap_or(UTF_16BE), doubt)
    }

    fn with(self, encoding: &'static Encoding, doubt: &mut dyn FnMut(Doubt)) -> Cow<'a, str> {
        let (text, is_valid) = decoded(encoding, self.bytes, self.is_whole);
        if !is_valid {
            doubt(Doubt::Invalid);
        }
        text
    }

    /// A text that was brought into another encoding first.
    fn converted(self, bytes: Cow<'a, [u8]>, encoding: &'static Encoding, doubt: &mut dyn FnMut(Doubt)) -> Cow<'a, str> {
        match bytes {
            Cow::Borrowed(bytes) => Text { bytes, ..self }.multiple(encoding, doubt),
            Cow::Owned(bytes) => Cow::Owned(Text { bytes: &bytes, ..self }.multiple(encoding, doubt).into_owned()),
        }
    }
}

fn told<'a>((text, is_whole): (String, bool), doubt: &mut dyn FnMut(Doubt)) -> Cow<'a, str> {
    if !is_whole {
        doubt(Doubt::Invalid);
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests;
