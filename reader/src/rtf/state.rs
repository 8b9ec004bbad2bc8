//! Reads tokens of RTF into a text, group by group.

use super::fonts::Fonts;
use super::token::Token;
use crate::mapi::codepage::codepage;
use encoding_rs::{Encoding, WINDOWS_1252};

/// Groups whose content is not shown.
const HIDDEN: [&[u8]; 22] = [
    b"colortbl",
    b"stylesheet",
    b"info",
    b"pict",
    b"object",
    b"fldinst",
    b"header",
    b"headerl",
    b"headerr",
    b"headerf",
    b"footer",
    b"footerl",
    b"footerr",
    b"footerf",
    b"footnote",
    b"pntext",
    b"listtable",
    b"listoverridetable",
    b"revtbl",
    b"rsidtbl",
    b"themedata",
    b"xmlnstbl",
];

/// What a group is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Shown,
    Hidden,
    FontTable,
    /// `\htmltag`: its content is HTML as it stands.
    Tag,
}

/// What holds for a group and ends with it.
#[derive(Clone, Copy)]
struct Group {
    place: Place,
    /// Within `\htmlrtf`: only for readers of RTF.
    rtf_only: bool,
    charset: Option<&'static Encoding>,
    /// How many characters stand behind `\u` for those that do not know it.
    substitutes: usize,
    /// `\*` was read: a group of an unknown kind is not shown.
    is_optional: bool,
}

pub(super) struct Reader {
    is_html: bool,
    groups: Vec<Group>,
    group: Group,
    fonts: Fonts,
    charset: &'static Encoding,
    /// Bytes of the same character set that were not decoded yet.
    pending: Vec<u8>,
    pending_charset: &'static Encoding,
    /// Characters behind `\u` that are still to be left out.
    substitutes: usize,
    /// The first half of a character beyond the basic plane.
    surrogate: Option<u16>,
    text: String,
}

impl Reader {
    pub(super) fn new(is_html: bool) -> Reader {
        let group = Group { place: Place::Shown, rtf_only: false, charset: None, substitutes: 1, is_optional: false };
        Reader {
            is_html,
            groups: Vec::new(),
            group,
            fonts: Fonts::default(),
            charset: WINDOWS_1252,
            pending: Vec::new(),
            pending_charset: WINDOWS_1252,
            substitutes: 0,
            surrogate: None,
            text: String::new(),
        }
    }

    pub(super) fn take(&mut self, token: Token<'_>) {
        match token {
            Token::Open => {
                self.substitutes = 0;
                self.groups.push(self.group);
                self.group.is_optional = false;
            }
            Token::Close => {
                self.substitutes = 0;
                self.group = self.groups.pop().unwrap_or(self.group);
            }
            Token::Word(word, number) => self.word(word, number),
            Token::Symbol(b'*') => self.group.is_optional = true,
            Token::Symbol(symbol) => self.symbol(symbol),
            Token::Byte(byte) => self.bytes(&[byte]),
            Token::Text(bytes) => self.bytes(bytes),
        }
    }

    pub(super) fn into_text(mut self) -> String {
        self.flush();
        self.text
    }

    fn is_shown(&self) -> bool {
        matches!(self.group.place, Place::Shown | Place::Tag) && !self.group.rtf_only
    }

    fn word(&mut self, word: &[u8], number: Option<i32>) {
        if std::mem::take(&mut self.group.is_optional) && !matches!(word, b"htmltag" | b"shppict") {
            self.group.place = Place::Hidden;
        }
        if self.group.place == Place::FontTable {
            return self.fonts.take(word, number);
        }
        match word {
            b"htmltag" if self.is_html && self.group.place == Place::Shown => self.group.place = Place::Tag,
            b"htmlrtf" if self.is_html => self.group.rtf_only = number != Some(0),
            b"ansicpg" => self.charset = number.and_then(|page| codepage(u32::try_from(page).ok()?)).unwrap_or(self.charset),
            b"mac" => self.charset = encoding_rs::MACINTOSH,
            b"fonttbl" => self.group.place = Place::FontTable,
            b"f" => self.group.charset = number.and_then(|font| self.fonts.charset(font)),
            b"plain" => self.group.charset = None,
            b"uc" => self.group.substitutes = number.and_then(|count| usize::try_from(count).ok()).unwrap_or(1),
            b"u" => self.unicode(number),
            _ if HIDDEN.contains(&word) => self.group.place = Place::Hidden,
            _ => self.character(word),
        }
    }

    /// Control words that stand for a character.
    fn character(&mut self, word: &[u8]) {
        let is_tag = self.group.place == Place::Tag;
        let character = match word {
            b"par" | b"line" | b"sect" | b"page" | b"row" => "\r\n",
            b"tab" => "\t",
            b"cell" if !self.is_html => "\t",
            b"lquote" => "\u{2018}",
            b"rquote" => "\u{2019}",
            b"ldblquote" => "\u{201c}",
            b"rdblquote" => "\u{201d}",
            b"bullet" => "\u{2022}",
            b"endash" => "\u{2013}",
            b"emdash" => "\u{2014}",
            b"emspace" | b"enspace" | b"qmspace" if !is_tag => " ",
            _ => return,
        };
        self.push(character);
    }

    fn symbol(&mut self, symbol: u8) {
        match symbol {
            b'{' | b'}' | b'\\' => self.bytes(&[symbol]),
            b'~' if self.is_html => self.push("&nbsp;"),
            b'~' => self.push("\u{a0}"),
            b'_' if self.is_html => self.push("&#8209;"),
            b'_' => self.push("\u{2011}"),
            b'\r' | b'\n' => self.push("\r\n"),
            b'\t' => self.push("\t"),
            _ => (),
        }
    }

    /// A code unit of UTF-16, written as a signed number of 16 bits.
    fn unicode(&mut self, number: Option<i32>) {
        self.substitutes = self.group.substitutes;
        let Some(number) = number.filter(|_| self.is_shown()) else { return };
        self.flush();
        let unit = number as u16;
        let high = self.surrogate.take();
        if matches!(unit, 0xd800..=0xdbff) {
            self.surrogate = Some(unit);
            return;
        }
        let units = high.into_iter().chain([unit]);
        self.text.extend(char::decode_utf16(units).map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER)));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        let skipped = self.substitutes.min(bytes.len());
        self.substitutes -= skipped;
        if skipped == bytes.len() || !self.is_shown() {
            return;
        }
        let charset = if self.group.place == Place::Tag { None } else { self.group.charset }.unwrap_or(self.charset);
        if charset != self.pending_charset {
            self.flush();
            self.pending_charset = charset;
        }
        self.surrogate = None;
        self.pending.extend_from_slice(&bytes[skipped..]);
    }

    fn push(&mut self, text: &str) {
        if self.is_shown() {
            self.flush();
            self.surrogate = None;
            self.text.push_str(text);
        }
    }

    fn flush(&mut self) {
        if !self.pending.is_empty() {
            self.text.push_str(&self.pending_charset.decode_without_bom_handling(&self.pending).0);
            self.pending.clear();
        }
    }
}
