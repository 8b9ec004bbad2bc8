//! Secrets in foreign texts.
//!
//! Servers echo what was sent: as it was, in the quotes of a command, escaped for a web page, in another charset, in base64. A
//! [`Mask`] replaces a secret in each of these forms by `***`.

mod base64;
mod character;

use crate::Secret;
use base64::Base64;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::cell::OnceCell;
use zeroize::{Zeroize, Zeroizing};

/// Secrets shorter than this are not searched for: masking each "a" would tell more than it hides.
const SHORTEST: usize = 3;

/// Of what was sent, pieces of this length are recognised.
const PIECE: usize = 8;

/// What stands in the place of a secret.
const STARS: &[u8] = b"***";

/// Members of a JSON document that name something and never quote a server.
const NAMES: [&str; 12] =
    ["code", "pointer", "status", "stage", "step", "transport", "account", "host", "user", "folder", "mechanism", "advice"];

/// Replaces secrets in foreign texts, whatever their form and letter case.
#[derive(Default)]
pub struct Mask {
    secrets: Vec<Known>,
    /// What was sent, in pieces: sorted, in lower case.
    sent: Zeroizing<Vec<u64>>,
}

/// A secret, and what is prepared when it is first searched for.
struct Known {
    secret: Secret,
    prepared: OnceCell<Prepared>,
}

struct Prepared {
    characters: Zeroizing<Vec<char>>,
    /// The secret as a whole in encodings that do not go character by character.
    runs: Vec<Run>,
    /// The bytes with which some form begins.
    first: [bool; 256],
}

/// An encoded secret.
struct Run {
    bytes: Zeroizing<Vec<u8>>,
    /// The whole run of base64 around it belongs to it, since its first and last letter share bits with their neighbours.
    widens: bool,
}

impl Mask {
    /// Masks this secret from now on.
    pub fn hide(&mut self, secret: &Secret) {
        if secret.reveal().len() >= SHORTEST && self.secrets.iter().all(|known| known.secret != *secret) {
            self.secrets.push(Known { secret: secret.clone(), prepared: OnceCell::new() });
        }
    }

    /// Masks pieces of this line, or of what it holds of a secret, from now on: a server may echo only a part.
    pub fn hide_sent(&mut self, line: &[u8]) {
        // More than any exchange of credentials has.
        const MOST: usize = 64 * 1024;
        if self.sent.len() < MOST {
            self.sent.extend(line.trim_ascii().windows(PIECE).map(piece));
            self.sent.sort_unstable();
            self.sent.dedup();
        }
    }

    /// Whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty() && self.sent.is_empty()
    }

    /// The text without the secrets.
    pub fn apply<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let mut ranges: Vec<(usize, usize)> = Vec::new();
        for known in &self.secrets {
            known.prepared.get_or_init(|| Prepared::of(&known.secret)).find(text, &mut ranges);
        }
        if !self.sent.is_empty() {
            let places = text.windows(PIECE).enumerate();
            let sent = places.filter(|(_, bytes)| self.sent.binary_search(&piece(bytes)).is_ok());
            ranges.extend(sent.map(|(at, _)| (at, at + PIECE)));
        }
        if ranges.is_empty() {
            return Cow::Borrowed(text);
        }
        ranges.sort_unstable();
        let mut masked = Vec::with_capacity(text.len());
        let mut at = 0;
        for (start, end) in ranges {
            if start > at || masked.is_empty() {
                masked.extend_from_slice(&text[at..start]);
                masked.extend_from_slice(STARS);
            }
            at = at.max(end);
        }
        masked.extend_from_slice(&text[at..]);
        Cow::Owned(masked)
    }

    /// The same for a text.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.apply(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(masked) => Cow::Owned(String::from_utf8_lossy(&masked).into_owned()),
        }
    }

    /// Masks every text of a JSON document, but for names.
    pub fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.string(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.value(value)),
            Value::Object(members) => self.members(members),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Masks every text of a JSON object, but for names.
    pub fn members(&self, members: &mut Map<String, Value>) {
        for (_, value) in members.iter_mut().filter(|(name, _)| !NAMES.contains(&name.as_str())) {
            self.value(value);
        }
    }

    /// Masks a text in its place.
    pub fn string(&self, text: &mut String) {
        if let Cow::Owned(masked) = self.text(text) {
            let mut whole = std::mem::replace(text, masked);
            whole.zeroize();
        }
    }
}

impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mask").field("secrets", &self.secrets.len()).finish_non_exhaustive()
    }
}

impl Prepared {
    fn of(secret: &Secret) -> Prepared {
        let text = secret.reveal();
        let utf16 = |order: fn(u16) -> [u8; 2]| in_place(2 * text.len(), text.encode_utf16().flat_map(order));
        let latin1 = in_place(text.len(), text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')));
        let escape = |byte: u8| matches!(byte, b'"' | b'\\').then_some(b'\\').into_iter().chain([byte]);
        let quoted = in_place(2 * text.len(), text.bytes().flat_map(escape));
        let spellings: [&[u8]; 5] = [text.as_bytes(), &latin1, &quoted, &utf16(u16::to_le_bytes), &utf16(u16::to_be_bytes)];
        let mut runs: Vec<Run> = Vec::new();
        let mut add = |bytes: Zeroizing<Vec<u8>>, widens| {
            if bytes.len() >= SHORTEST && runs.iter().all(|run| run.bytes != bytes) {
                runs.push(Run { bytes, widens });
            }
        };
        for (index, spelling) in spellings.iter().enumerate() {
            for core in base64::cores(spelling) {
                add(Zeroizing::new(core.iter().map(|byte| base64::url_safe(*byte)).collect()), true);
                add(core, true);
            }
            if index < 2 {
                add(hexadecimal(spelling), false);
            }
        }
        for (shift, alphabet) in [(b'&', Base64::Imap), (b'+', Base64::Standard)] {
            add(base64::utf7(text, shift, alphabet), false);
        }
        let mut first = [false; 256];
        let begin = |byte: &u8| [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()];
        let characters = in_place(text.len(), text.chars());
        let starts = runs.iter().filter_map(|run| run.bytes.first()).flat_map(begin);
        starts.chain(character::starts(characters.first().copied().unwrap_or_default())).for_each(|byte| first[usize::from(byte)] = true);
        Prepared { characters, runs, first }
    }

    /// Notes where in the text the secret stands.
    fn find(&self, text: &[u8], ranges: &mut Vec<(usize, usize)>) {
        for at in (0..text.len()).filter(|at| self.first[usize::from(text[*at])]) {
            let rest = &text[at..];
            ranges.extend(character::spelt(&self.characters, rest).map(|length| (at, at + length)));
            for run in &self.runs {
                let length = run.bytes.len();
                if rest.get(..length).is_some_and(|found| found.eq_ignore_ascii_case(&run.bytes)) {
                    ranges.push(if run.widens { widened(text, at, length) } else { (at, at + length) });
                }
            }
        }
    }
}

/// The run of base64 around a place.
fn widened(text: &[u8], at: usize, length: usize) -> (usize, usize) {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte);
    let before = text[..at].iter().rev().take_while(|byte| is_base64(byte)).count();
    let behind = text[at + length..].iter().take_while(|byte| is_base64(byte)).count();
    (at - before, at + length + behind)
}

fn hexadecimal(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    in_place(2 * bytes.len(), bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]))
}

/// The items in a list that has room for all of them: one that grows would leave pieces of the secret behind.
fn in_place<T: zeroize::DefaultIsZeroes>(room: usize, items: impl Iterator<Item = T>) -> Zeroizing<Vec<T>> {
    let mut list = Zeroizing::new(Vec::with_capacity(room));
    list.extend(items);
    list
}

/// A piece as a number, in lower case.
fn piece(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |piece, byte| piece << 8 | u64::from(byte.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests;
