//! The parameters of Content-Type and Content-Disposition (RFC 2045, 5.1; RFC 2231), and what writers make of them.

use super::encoded_word::hexadecimal;
use super::scanner::Scanner;
use super::text;
use crate::Repairs;
use crate::charset::{self, Doubt};
use encoding_rs::Encoding;
use std::borrow::Cow;
use std::collections::BTreeMap;

const INVALID: &str = "mime.parameter_invalid";

/// More parameters than this are not read: no writer needs them.
const MOST: usize = 500;

/// So many bytes of a value are read.
const LONGEST: usize = 16 * 1024;

/// The parameters of a field by their names in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters {
    /// In the order of their names.
    values: Vec<(Cow<'static, str>, Value)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Value {
    text: String,
    /// As it stands there, without quotes, where that is not the text.
    raw: Option<Vec<u8>>,
}

impl Parameters {
    /// Reads what stands behind the first word of a field.
    pub(super) fn read(value: &[u8], fallback: Option<&'static Encoding>, repairs: &mut Repairs, pointer: &str) -> Parameters {
        if let Some(values) = plain(value) {
            return Parameters { values };
        }
        let mut found = Found::default();
        let mut scanner = Scanner::of(value);
        let mut count = 0;
        while let Some((name, piece)) = scanner.next() {
            count += 1;
            if count > MOST {
                scanner.is_broken = true;
                break;
            }
            scanner.is_broken |= !found.add(name, piece);
        }
        if scanner.is_broken {
            repairs.note(INVALID, pointer);
        }
        let values = found.in_order().into_iter().map(|(name, pieces)| (Cow::Owned(name), pieces.value(fallback, repairs, pointer)));
        let mut values: Vec<_> = values.collect();
        // The list would keep the room of the larger pieces, in each part.
        values.shrink_to_fit();
        Parameters { values }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.value(name).map(|value| value.text.as_str())
    }

    pub(super) fn raw(&self, name: &str) -> Option<&[u8]> {
        self.value(name).map(|value| value.raw.as_deref().unwrap_or(value.text.as_bytes()))
    }

    /// The name is in lower case, as all are.
    fn value(&self, name: &str) -> Option<&Value> {
        let place = self.values.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        self.values.get(place).map(|(_, value)| value)
    }
}

/// Parameters of which each is there once and is its text as it stands: nearly all are. `None` where one is not.
fn plain(value: &[u8]) -> Option<Vec<(Cow<'static, str>, Value)>> {
    let mut values: Vec<(Cow<'static, str>, Value)> = Vec::with_capacity(1);
    let mut scanner = Scanner::of(value);
    while let Some((name, piece)) = scanner.next() {
        let is_plain = text::is_plain(&piece) && piece.trim_ascii().len() == piece.len() && piece.len() <= LONGEST;
        let is_single = !name.contains(&b'*') && values.iter().all(|(known, _)| !known.as_bytes().eq_ignore_ascii_case(name));
        if !is_plain || !is_single || values.len() == FEW {
            return None;
        }
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).ok();
        let name = match usual(name) {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(text(name.to_ascii_lowercase())?),
        };
        values.push((name, Value { text: text(piece.into_owned())?, raw: None }));
    }
    if scanner.is_broken {
        return None;
    }
    values.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    values.shrink_to_fit();
    Some(values)
}

/// The names that nearly all parameters have, as nearly all write them.
fn usual(name: &[u8]) -> Option<&'static str> {
    Some(match name {
        b"charset" => "charset",
        b"boundary" => "boundary",
        b"name" => "name",
        b"filename" => "filename",
        b"format" => "format",
        b"type" => "type",
        _ => return None,
    })
}

/// What was written of one parameter: plain, extended, or in pieces. The extended form is the author's own word for the name; the plain one is
/// for old readers (RFC 6266, 4.3).
#[derive(Debug, Default)]
struct Pieces<'a> {
    plain: Option<Cow<'a, [u8]>>,
    extended: Option<Cow<'a, [u8]>>,
    numbered: Vec<(u32, bool, Cow<'a, [u8]>)>,
}

/// More names than this are looked for in a tree.
const FEW: usize = 16;

/// What was written of each parameter, by its name in lower case.
#[derive(Default)]
struct Found<'a> {
    few: Vec<(String, Pieces<'a>)>,
    more: BTreeMap<String, Pieces<'a>>,
}

impl<'a> Found<'a> {
    /// Puts a parameter to those of its name; whether it is a good one.
    fn add(&mut self, name: &[u8], value: Cow<'a, [u8]>) -> bool {
        let Ok(name) = std::str::from_utf8(name) else { return false };
        let (name, is_extended) = name.strip_suffix('*').map_or((name, false), |name| (name, true));
        let (base, number) = match name.rsplit_once('*').map(|(base, number)| (base, number.parse())) {
            Some((base, Ok(number))) => (base, Some(number)),
            _ => (name, None),
        };
        let has_room = self.few.len() < FEW;
        let known = self.few.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(base));
        match known {
            Some((_, pieces)) => pieces.add(number, is_extended, value),
            None if has_room => {
                let mut pieces = Pieces::default();
                let is_good = pieces.add(number, is_extended, value);
                self.few.push((base.to_ascii_lowercase(), pieces));
                is_good
            }
            None => self.more.entry(base.to_ascii_lowercase()).or_default().add(number, is_extended, value),
        }
    }

    fn in_order(self) -> Vec<(String, Pieces<'a>)> {
        let mut all = self.few;
        all.extend(self.more);
        all.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        all
    }
}

impl<'a> Pieces<'a> {
    /// Puts a parameter to those of its name; whether it is a good one.
    fn add(&mut self, number: Option<u32>, is_extended: bool, value: Cow<'a, [u8]>) -> bool {
        let place = match number {
            Some(number) => {
                self.numbered.push((number, is_extended, value));
                return true;
            }
            None if is_extended => &mut self.extended,
            None => &mut self.plain,
        };
        // Of two with one name the first counts; the same twice is no fault that matters.
        match place {
            Some(first) => *first == value,
            None => {
                *place = Some(value);
                true
            }
        }
    }

    fn value(mut self, fallback: Option<&'static Encoding>, repairs: &mut Repairs, pointer: &str) -> Value {
        let extended = self.extended.take().map(|extended| extended_value([(true, &extended)].into_iter(), fallback, repairs, pointer));
        if let Some(extended) = extended.filter(|value| !value.text.is_empty() || self.plain.is_none()) {
            return extended;
        }
        if !self.numbered.is_empty() {
            self.numbered.sort_by_key(|(number, ..)| *number);
            let numbers = self.numbered.len();
            self.numbered.dedup_by_key(|(number, ..)| *number);
            let is_counted = self.numbered.iter().zip(0..).all(|((number, ..), index)| *number == index);
            if !is_counted || numbers != self.numbered.len() {
                repairs.note(INVALID, pointer);
            }
            let is_extended = self.numbered.iter().any(|(_, is_extended, _)| *is_extended);
            let mut pieces = self.numbered.iter().map(|(_, is_extended, value)| (*is_extended, value));
            if is_extended {
                return extended_value(pieces, fallback, repairs, pointer);
            }
            let whole: Vec<u8> = pieces.by_ref().flat_map(|(_, value)| value.iter().copied()).collect();
            return plain_value(&whole, fallback, repairs, pointer);
        }
        plain_value(&self.plain.unwrap_or_default(), fallback, repairs, pointer)
    }
}

/// A value in the plain form. RFC 2047 does not allow encoded words there, yet many writers put them there.
fn plain_value(raw: &[u8], fallback: Option<&'static Encoding>, repairs: &mut Repairs, pointer: &str) -> Value {
    let (start, end) = (raw.len() - raw.trim_ascii_start().len(), raw.trim_ascii_end().len());
    let Some(inner) = raw.get(start..end) else { return Value { text: String::new(), raw: Some(raw.to_vec()) } };
    let inner = match inner.get(..LONGEST) {
        Some(beginning) if inner.len() > LONGEST => {
            repairs.note(INVALID, pointer);
            beginning
        }
        _ => inner,
    };
    let text = text::text(inner, fallback, repairs, pointer).into_owned();
    let raw = (text.as_bytes() != inner).then(|| inner.to_vec());
    Value { text, raw }
}

/// A value of which parts are percent-encoded (RFC 2231, 3 and 4): `charset'language'text`.
fn extended_value<'v>(
    pieces: impl Iterator<Item = (bool, &'v Cow<'v, [u8]>)>,
    fallback: Option<&'static Encoding>,
    repairs: &mut Repairs,
    pointer: &str,
) -> Value {
    let (mut bytes, mut label) = (Vec::new(), None);
    for (index, (is_extended, piece)) in pieces.enumerate() {
        let mut piece = &**piece;
        if index == 0 && is_extended {
            let mut marks = memchr::memchr_iter(b'\'', piece);
            if let (Some(first), Some(second)) = (marks.next(), marks.next()) {
                label = std::str::from_utf8(&piece[..first]).ok();
                piece = &piece[second + 1..];
            } else {
                repairs.note(INVALID, pointer);
            }
        }
        match is_extended {
            true if !percent_decoded(piece, &mut bytes) => repairs.note(INVALID, pointer),
            true => {}
            false => bytes.extend_from_slice(piece),
        }
    }
    let Some(label) = label.filter(|label| !label.is_empty()) else {
        return plain_value(&bytes, fallback, repairs, pointer);
    };
    if bytes.len() > LONGEST {
        repairs.note(INVALID, pointer);
        bytes.truncate(LONGEST);
    }
    let mut doubt = |doubt| repairs.note(if doubt == Doubt::Guessed { "header.charset_guessed" } else { INVALID }, pointer);
    let decoded = charset::decode_labelled(&bytes, label, &mut doubt);
    let clean = text::without_controls(&decoded);
    if clean.is_some() {
        repairs.note("header.control_removed", pointer);
    }
    let text = clean.unwrap_or_else(|| decoded.into_owned());
    let raw = (text.as_bytes() != bytes).then_some(bytes);
    Value { text, raw }
}

fn percent_decoded(piece: &[u8], bytes: &mut Vec<u8>) -> bool {
    let (mut rest, mut is_valid) = (piece, true);
    while let Some((byte, behind)) = rest.split_first() {
        let decoded = if *byte == b'%' { behind.first_chunk().and_then(hexadecimal) } else { None };
        is_valid &= *byte != b'%' || decoded.is_some();
        bytes.push(decoded.unwrap_or(*byte));
        rest = if decoded.is_some() { &behind[2..] } else { behind };
    }
    is_valid
}
