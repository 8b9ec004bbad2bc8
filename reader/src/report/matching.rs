//! Phrases of the tables and addresses in a text.

use super::address;
use std::ops::Range;

/// An address ends within so many bytes.
const AHEAD: usize = 1024;
/// A phrase that names an address is searched for so many times.
const MOST: usize = 1000;

/// A phrase in a text.
pub(super) struct Found {
    pub(super) range: Range<usize>,
    /// What stands for `{}` in it.
    pub(super) address: Option<Range<usize>>,
}

/// Where a phrase stands; a blank in it stands for any white space. What names no address is searched for once.
pub(super) fn find<'a>(small: &'a str, phrase: &'a str) -> impl Iterator<Item = Found> {
    let first = phrase.split([' ', '{']).next().unwrap_or_default();
    let most = if phrase.contains("{}") { MOST } else { 1 };
    memchr::memmem::find_iter(small.as_bytes(), first).filter_map(move |start| matches(small, start, phrase)).take(most)
}

fn matches(small: &str, start: usize, phrase: &str) -> Option<Found> {
    let mut at = start;
    let mut address = None;
    let mut words = phrase.split(' ').peekable();
    while let Some(word) = words.next() {
        let rest = small.get(at..)?;
        if word == "{}" {
            let found = address_at(rest)?;
            address = Some(at + found.0.start..at + found.0.end);
            at += found.1;
        } else {
            at += rest.strip_prefix(word).map(|_| word.len())?;
        }
        if words.peek().is_some() {
            let rest = small.get(at..)?;
            // Quoted and commented lines begin with a sign.
            let blanks = rest.bytes().take(100).take_while(|byte| matches!(byte, b' ' | b'\n' | b'>' | b'#' | b'*')).count();
            at += Some(blanks).filter(|blanks| *blanks > 0)?;
        }
    }
    Some(Found { range: start..at, address })
}

/// The address with which a text begins, in brackets or not, and where what belongs to it ends.
pub(super) fn address_at(rest: &str) -> Option<(Range<usize>, usize)> {
    let rest = cut(rest, AHEAD);
    let opened = rest.len() - rest.trim_start_matches(['<', '(', '"', '\'', '[']).len();
    let range = address::next(rest, opened).filter(|range| range.start == opened)?;
    let mut end = range.end;
    let closed = |end: usize| rest.get(end..).map_or(0, |rest| rest.len() - rest.trim_start_matches(['>', ')', '"', '\'', ']']).len());
    end += closed(end);
    if rest.get(end..).is_some_and(|rest| rest.starts_with("<mailto:")) {
        end += rest.get(end..).and_then(|rest| rest.find('>')).map_or(0, |at| at + 1);
    }
    Some((range, end))
}

/// The addresses in a text.
pub(super) fn all(value: &str) -> Vec<String> {
    let mut at = 0;
    std::iter::from_fn(|| {
        let range = address::next(value, at)?;
        at = range.end;
        Some(value[range].to_owned())
    })
    .collect()
}

/// The beginning of a text, at most so many bytes of it.
pub(super) fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
