//! The text of a value: unfolded, with its encoded words decoded.

use super::encoded_word::{Joined, Word, Words, begins};
use crate::Repairs;
use crate::charset::{self, Doubt};
use encoding_rs::Encoding;
use memchr::{memchr2, memchr3, memmem};
use std::borrow::Cow;

/// The text of a field, as a person reads it.
///
/// Folds are taken away (RFC 5322, 2.2.3), encoded words decoded (RFC 2047), also where they touch other text or stand in quotes, and blanks
/// between two of them dropped. Raw bytes above 127 are UTF-8, else of `fallback`, the charset that the body names, else windows-1252. Line ends
/// and NUL that come out of all this become blanks; blanks around the whole are left out.
///
/// Noted at `pointer`: `header.charset_guessed`, `header.encoded_word_invalid`, `header.control_removed`.
pub fn text<'a>(value: &'a [u8], fallback: Option<&'static Encoding>, repairs: &mut Repairs, pointer: &str) -> Cow<'a, str> {
    let value = value.trim_ascii();
    if is_plain(value) {
        // All of it is ASCII.
        return Cow::Borrowed(std::str::from_utf8(value).unwrap_or_default());
    }
    let text = decoded(value, fallback, repairs, pointer);
    match without_controls(&text) {
        Some(clean) => {
            repairs.note("header.control_removed", pointer);
            Cow::Owned(clean)
        }
        None => match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) if text.trim().len() < text.len() => Cow::Owned(text.trim().to_owned()),
            Cow::Owned(text) => Cow::Owned(text),
        },
    }
}

/// Whether a value is its text as it stands: letters and blanks in ASCII, and nothing that an encoded word may begin with.
pub(super) fn is_plain(value: &[u8]) -> bool {
    value.iter().all(|byte| matches!(byte, b' '..=b'~') && *byte != b'=')
}

fn decoded<'a>(value: &'a [u8], fallback: Option<&'static Encoding>, repairs: &mut Repairs, pointer: &str) -> Cow<'a, str> {
    let mut words = Words::of(value);
    let mut decoder = Decoder { fallback, repairs, pointer };
    let Some(mut next) = words.next(0) else { return decoder.raw(value) };
    let (mut text, mut from) = (String::with_capacity(value.len()), 0);
    loop {
        let (start, word) = next;
        text.push_str(&decoder.raw(&value[from..start]));
        from = decoder.run(word, value, &mut words, &mut text);
        match words.next(from) {
            Some(further) => next = further,
            None => break,
        }
    }
    text.push_str(&decoder.raw(&value[from..]));
    Cow::Owned(text)
}

struct Decoder<'r> {
    fallback: Option<&'static Encoding>,
    repairs: &'r mut Repairs,
    pointer: &'r str,
}

impl Decoder<'_> {
    /// What stands between encoded words.
    fn raw<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, str> {
        if bytes.is_empty() {
            return Cow::Borrowed("");
        }
        if begins(bytes) {
            self.repairs.note("header.encoded_word_invalid", self.pointer);
        }
        let mut doubt = |_| self.repairs.note("header.charset_guessed", self.pointer);
        match unfolded(bytes) {
            Cow::Borrowed(bytes) => charset::decode_raw(bytes, self.fallback, &mut doubt),
            Cow::Owned(bytes) => Cow::Owned(charset::decode_raw(&bytes, self.fallback, &mut doubt).into_owned()),
        }
    }

    /// Words with nothing but blanks between them, from this one on; the place behind them.
    fn run<'a>(&mut self, first: Word<'a>, value: &[u8], words: &mut Words<'a>, text: &mut String) -> usize {
        let (mut word, mut joined) = (first, Joined::default());
        loop {
            joined.push(&word);
            let blanks = value[word.end..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let next = words.at(word.end + blanks);
            match next {
                Some(next) if next.charset.eq_ignore_ascii_case(word.charset) => word = next,
                _ => {
                    self.end(joined, word.charset, text);
                    let Some(next) = next else { return word.end };
                    (word, joined) = (next, Joined::default());
                }
            }
        }
    }

    fn end(&mut self, mut joined: Joined, label: &str, text: &mut String) {
        if !joined.is_valid() {
            self.repairs.note("header.encoded_word_invalid", self.pointer);
        }
        let mut doubt = |doubt| {
            let code = if doubt == Doubt::Guessed { "header.charset_guessed" } else { "header.encoded_word_invalid" };
            self.repairs.note(code, self.pointer);
        };
        text.push_str(&charset::decode_labelled(&joined.bytes, label, &mut doubt));
    }
}

/// The bytes without folds. Of a fold the blanks behind the line end stay, a tabulator as a blank; lines of blanks only are left out.
pub(super) fn unfolded(bytes: &[u8]) -> Cow<'_, [u8]> {
    let Some(mut end) = memchr2(b'\r', b'\n', bytes) else { return Cow::Borrowed(bytes) };
    let (mut unfolded, mut from) = (Vec::with_capacity(bytes.len()), 0);
    loop {
        unfolded.extend_from_slice(&bytes[from..end]);
        // All line ends up to the line that goes on, with the blanks between them.
        let gap = bytes[end..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
        let gap = &bytes[end..end + gap];
        let last = gap.iter().rposition(|byte| matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
        match gap.get(last) {
            Some(_) => {
                unfolded.push(b' ');
                unfolded.extend_from_slice(&gap[last + 1..]);
            }
            // Not a fold: the line end is seen by the caller.
            None => unfolded.push(b'\n'),
        }
        from = end + gap.len();
        match memchr2(b'\r', b'\n', &bytes[from..]) {
            Some(further) => end = from + further,
            None => break,
        }
    }
    unfolded.extend_from_slice(&bytes[from..]);
    Cow::Owned(unfolded)
}

/// The text with a blank for each line end and each NUL, and without those around it; `None` where there are none.
pub(super) fn without_controls(text: &str) -> Option<String> {
    memchr3(b'\r', b'\n', 0, text.as_bytes())?;
    let text = if memmem::find(text.as_bytes(), b"\r\n").is_some() { &text.replace("\r\n", " ") } else { text };
    Some(text.replace(['\r', '\n', '\0'], " ").trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BROKEN: &str = "header.encoded_word_invalid";
    const GUESSED: &str = "header.charset_guessed";
    const CONTROL: &str = "header.control_removed";

    fn check(value: &[u8], fallback: Option<&str>, right: &str, codes: &[&str]) {
        let mut repairs = Repairs::default();
        let read = text(value, fallback.and_then(charset::encoding), &mut repairs, "/subject");
        let told: Vec<&str> = repairs.as_slice().iter().map(|repair| repair.code).collect();
        assert_eq!((&*read, &*told), (right, codes), "{}", value.escape_ascii());
    }

    #[test]
    fn values_are_unfolded() {
        let table = [
            (" Rechnung 4711", "Rechnung 4711"),
            ("a\r\n b\r\n \r\n c\r\n", "a b c"),
            ("a\r\n\tb\n c\r d", "a b c d"),
            ("two  blanks \r\n here", "two  blanks  here"),
            ("\r\n on the next line", "on the next line"),
            ("a\tb", "a\tb"),
            ("", ""),
            (" \r\n ", ""),
        ];
        table.iter().for_each(|(value, right)| check(value.as_bytes(), None, right, &[]));
        assert!(matches!(text(b" plain text ", None, &mut Repairs::default(), ""), Cow::Borrowed("plain text")));
        assert!(matches!(text(" Grüße".as_bytes(), None, &mut Repairs::default(), ""), Cow::Borrowed("Grüße")));
    }

    #[test]
    fn encoded_words_are_decoded() {
        let table: [(&str, &str, &[&str]); 35] = [
            ("=?utf-8?q?a=3F?=\r\n =?utf-8?b?Yg==?= =?utf-8?q?c?d?=", "a?bc?d", &[]),
            ("=?iso-8859-1?Q?Gr=FC=DFe?= an =?UTF-8?B?w7w=?=", "Grüße an ü", &[]),
            ("=?iso-8859-1?q?a?=  =?utf-8?q?b?= \t=?iso-8859-1?q?c?=", "abc", &[]),
            ("=?utf-8*de?Q?Gr=C3=BC=C3=9Fe?=", "Grüße", &[]),
            ("=?utf-8?Q?Gr=C3?= =?UTF-8?Q?=BC=C3?=\r\n =?utf-8?B?n2U=?=", "Grüße", &[]),
            ("=?utf-8?B?R3L?= =?utf-8?B?DvMOfZQ==?=", "Grüße", &[]),
            ("Re:=?utf-8?Q?x?=y", "Re:xy", &[]),
            ("\"=?utf-8?Q?=C3=BC?=\"", "\"ü\"", &[]),
            ("=?utf-8?Q?a b?=", "a b", &[]),
            ("=?utf-8?Q?a\r\n b?=", "a b", &[]),
            ("=?utf-8?Q??=", "", &[]),
            ("a =?utf-8?Q??=", "a", &[]),
            ("=?utf-8?Q??= =?utf-8?Q?a?=", "a", &[]),
            ("=?utf-8?Q?a?==?utf-8?Q?b?=", "ab", &[]),
            ("=?utf-8?Q?_a_?=", "a", &[]),
            ("a =?utf-8?Q?=20b?=", "a  b", &[]),
            ("=?iso-2022-jp?B?GyRCJDMkcxsoQg==?=", "こん", &[]),
            ("=?iso-2022-jp?B?GyRCJDM=?= =?iso-2022-jp?B?GyRCJHMbKEI=?=", "こん", &[]),
            ("=?utf-7?Q?Gr+APwA3w-e?=", "Grüße", &[]),
            ("=?cp850?Q?Gr=81=E1e?=", "Grüße", &[]),
            ("=?big5?B?pKSk5Q==?=", "中文", &[]),
            ("100% =? no word ?=", "100% =? no word ?=", &[]),
            ("=?utf-8?X?a?=", "=?utf-8?X?a?=", &[]),
            ("=??Q?a?=", "=??Q?a?=", &[]),
            ("=?utf-8?q?a =?utf-8?q?b?=", "=?utf-8?q?a b", &[BROKEN]),
            ("=?utf-8?Q?a", "=?utf-8?Q?a", &[BROKEN]),
            ("=?utf-8?B?R3LDvM", "=?utf-8?B?R3LDvM", &[BROKEN]),
            ("=?utf-8?Q?100=?=", "100=", &[BROKEN]),
            ("=?utf-8?B?R3L!DvA==?=", "Grü", &[BROKEN]),
            ("=?klingon?Q?Gr=FC=DFe?=", "Grüße", &[BROKEN, GUESSED]),
            ("=?utf-8?Q?=C3?= x", "Ã x", &[GUESSED]),
            ("=?utf-8?Q?=C3=BC=C3=9F=C3?= x", "üß\u{fffd} x", &[BROKEN]),
            ("=?iso-8859-1?Q?=C3=BC?=", "ü", &[GUESSED]),
            ("=?utf-8?Q?Gr=FC=DFe?=", "Grüße", &[GUESSED]),
            ("=?us-ascii?Q?Gr=FC=DFe?=", "Grüße", &[GUESSED]),
        ];
        table.iter().for_each(|(value, right, codes)| check(value.as_bytes(), None, right, codes));
    }

    #[test]
    fn raw_bytes_are_utf_8_or_of_the_bodys_charset_or_windows_1252() {
        check("Grüße".as_bytes(), Some("iso-8859-2"), "Grüße", &[]);
        check(b"Gr\xfc\xdfe", None, "Grüße", &[GUESSED]);
        check(b"Gr\xfc\xdfe", Some("utf-8"), "Grüße", &[GUESSED]);
        check(b"\xb9unka", Some("iso-8859-2"), "šunka", &[GUESSED]);
        check(b"\x82\xb1\x82\xf1", Some("shift_jis"), "こん", &[GUESSED]);
        check(b"Gr\xfc\xdfe \xff", Some("shift_jis"), "Grüße ÿ", &[GUESSED]);
        check(b"\x1b$B$3$s\x1b(B\r\n \x1b$B$3\x1b(B", None, "こん こ", &[GUESSED]);
        check(b"Gr\xfc\xdfe =?utf-8?Q?=C3=BC?=", None, "Grüße ü", &[GUESSED]);
        // Cut within a letter.
        check(b"Gr\xc3\xbc\xc3\x9fe \xc3", None, "Grüße \u{fffd}", &[GUESSED]);
    }

    #[test]
    fn line_ends_and_nul_become_blanks() {
        check(b"=?utf-8?Q?a=0D=0Ab=0Ac=00d=0A?=", None, "a b c d", &[CONTROL]);
        check(b"a\0b", None, "a b", &[CONTROL]);
        check(b"a\rb", None, "a b", &[CONTROL]);
        check(b"=?utf-8?B?YQ0KVG86IHhAeS56?=", None, "a To: x@y.z", &[CONTROL]);
    }
}
