//! Addresses out of tokens (RFC 5322, 3.4.1 and 4.4).

use super::lexer::{Kind, Token};
use crate::Repairs;
use crate::charset;
use crate::header::text::text;
use encoding_rs::Encoding;
use std::ops::Range;

/// Where an address stands among the tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spec {
    pub(super) local: Range<usize>,
    pub(super) domain: Range<usize>,
}

impl Spec {
    /// The address around the sign at `at`. Blanks may stand around the sign and the dots; where the address is not `enclosed` in brackets, a dot
    /// that blanks follow ends a sentence.
    pub(super) fn around(tokens: &[Token<'_>], at: usize, enclosed: bool) -> Option<Spec> {
        let local = local(tokens, at)?;
        let domain = domain(tokens, at, enclosed)?;
        Some(Spec { local, domain })
    }

    /// The address as text, and whether anything in it is not as RFC 5322 wants it; `None` where control characters stand in it.
    pub(super) fn read(&self, tokens: &[Token<'_>], fallback: Option<&'static Encoding>, repairs: &mut Repairs) -> Option<(String, bool)> {
        let (local, domain) = (&tokens[self.local.clone()], &tokens[self.domain.clone()]);
        let mut is_guessed = local.iter().chain(domain).any(|token| token.kind == Kind::Word);
        let is_quoted = local.iter().any(|token| token.kind == Kind::Quoted);
        let (mut name, mut host) = (joined(local, fallback, repairs), joined(domain, fallback, repairs));
        // Outlook puts an address in single quotes.
        if name.starts_with('\'') && host.ends_with('\'') && name.len() > 1 && host.len() > 1 {
            name.remove(0);
            host.pop();
            is_guessed = true;
        }
        if name.contains(char::is_control) || host.contains(char::is_control) || name.is_empty() && !is_quoted {
            return None;
        }
        if is_dot_atom(&name) {
            return Some((format!("{name}@{host}"), is_guessed));
        }
        if is_quoted {
            let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
            return Some((format!("\"{escaped}\"@{host}"), is_guessed));
        }
        // Dots where none may stand, or letters that an encoded word brought.
        let is_plain = name.chars().all(|letter| letter == '.' || is_atom(letter));
        is_plain.then(|| (format!("{name}@{host}"), true))
    }
}

fn joined(tokens: &[Token<'_>], fallback: Option<&'static Encoding>, repairs: &mut Repairs) -> String {
    let mut bytes = Vec::new();
    for token in tokens {
        match token.kind {
            Kind::Blank | Kind::Comment => {}
            Kind::Quoted => bytes.extend(token.inner()),
            Kind::Literal => bytes.extend(token.bytes.iter().filter(|byte| !byte.is_ascii_whitespace())),
            _ => bytes.extend_from_slice(token.bytes),
        }
    }
    if tokens.iter().any(|token| token.kind == Kind::Word) {
        return text(&bytes, fallback, repairs, "").into_owned();
    }
    charset::decode_raw(&bytes, fallback, &mut |_| repairs.note("header.charset_guessed", "")).into_owned()
}

fn is_atom(letter: char) -> bool {
    letter.is_alphanumeric() || !letter.is_ascii() || "!#$%&'*+-/=?^_`{|}~\\[]".contains(letter)
}

/// Whether a local part needs no quotes.
fn is_dot_atom(local: &str) -> bool {
    let is_plain = |letter: char| is_atom(letter) && !"\\[]".contains(letter);
    local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_plain))
}

fn is_word(token: &Token<'_>) -> bool {
    matches!(token.kind, Kind::Atom | Kind::Quoted | Kind::Word)
}

/// The tokens of the local part, which ends at the sign.
fn local(tokens: &[Token<'_>], at: usize) -> Option<Range<usize>> {
    let mut start = at;
    let mut found = None;
    loop {
        // Words and dots that nothing stands between.
        let before = |start: usize, is: &dyn Fn(&Token<'_>) -> bool| tokens[..start].iter().rev().take_while(|token| is(token)).count();
        let skipped = start - before(start, &|token| token.is_between());
        let begin = skipped - before(skipped, &|token| is_word(token) || token.is(b'.'));
        let run = &tokens[begin..skipped];
        // Beyond a blank the local part goes on where a dot stands on one side of it.
        let is_joined = found.is_none_or(|from: usize| tokens[from].is(b'.') || run.last().is_some_and(|token| token.is(b'.')));
        if run.is_empty() || !is_joined {
            break;
        }
        found = Some(begin);
        start = begin;
    }
    let start = found?;
    tokens[start..at].iter().any(is_word).then_some(start..at)
}

/// The tokens of the domain, which begins at the sign.
fn domain(tokens: &[Token<'_>], at: usize, enclosed: bool) -> Option<Range<usize>> {
    let skip = |from: usize| from + tokens[from..].iter().take_while(|token| token.is_between()).count();
    let is_host = |index: usize| tokens.get(index).is_some_and(|token| matches!(token.kind, Kind::Atom | Kind::Literal | Kind::Word));
    let start = skip(at + 1);
    if !is_host(start) {
        return None;
    }
    let mut end = start + 1;
    loop {
        // An atom may come in two tokens, with an encoded word in it.
        while is_host(end) {
            end += 1;
        }
        let dot = skip(end);
        if !tokens.get(dot).is_some_and(|token| token.is(b'.')) {
            break;
        }
        let next = skip(dot + 1);
        let is_sentence = !enclosed && next > dot + 1 && dot == end;
        if !is_host(next) || is_sentence {
            break;
        }
        end = next + 1;
    }
    Some(start..end)
}
