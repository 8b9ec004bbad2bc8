//! What stands between two commas, as mailboxes.

use super::lexer::{Kind, Token};
use super::mailbox::Mailbox;
use super::spec::Spec;
use crate::Repairs;
use crate::header::text::text;
use encoding_rs::Encoding;
use std::ops::Range;

const GUESSED: &str = "header.address_guessed";
const INVALID: &str = "header.address_invalid";

/// Mailboxes, each with what had to be repaired for it.
pub(super) type Found = Vec<(Mailbox, Repairs)>;

/// Makes mailboxes of tokens.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) fallback: Option<&'static Encoding>,
}

impl Entry {
    /// The mailboxes of one entry; more than one where commas are missing, none where nothing stands there.
    pub(super) fn read(self, tokens: &[Token<'_>], found: &mut Found) {
        match tokens.iter().position(|token| token.is(b'<')) {
            Some(bracket) => self.bracketed(tokens, bracket, found),
            None => self.bare(tokens, found),
        }
    }

    /// A name and an address in brackets; what follows them may be the next such pair.
    fn bracketed(self, tokens: &[Token<'_>], bracket: usize, found: &mut Found) {
        let (mut name, mut pair, first) = (0..bracket, Pair::at(tokens, bracket), found.len());
        loop {
            let mut repairs = Repairs::default();
            let rest = &tokens[pair.rest.clone()];
            let has_address = rest.iter().any(|token| token.is(b'@'));
            let mut words = [&tokens[name], &tokens[pair.notes.clone()]].concat();
            if pair.next.is_none() && !has_address {
                words.extend_from_slice(rest);
            }
            // Commas are missing between pairs, or a bracket is missing or is one too many.
            if found.len() > first || pair.is_broken || (pair.next.is_none() && !rest.is_empty() && !has_address) {
                repairs.note(GUESSED, "");
            }
            let mailbox = self.named(&words, &tokens[pair.inner.clone()], &mut repairs);
            found.push((mailbox, repairs));
            match pair.next {
                Some(next) => (name, pair) = (pair.rest, Pair::at(tokens, next)),
                None if has_address => {
                    let before = found.len();
                    self.bare(rest, found);
                    return found[before..].iter_mut().for_each(|(_, repairs)| repairs.note(GUESSED, ""));
                }
                None => return,
            }
        }
    }

    /// A mailbox whose address stands in brackets.
    fn named(self, words: &[Token<'_>], inner: &[Token<'_>], repairs: &mut Repairs) -> Mailbox {
        let name = self.name(words, repairs);
        let address = self.enclosed(inner, repairs);
        let is_same = |address: &String| name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(address));
        if words.iter().any(|token| token.is(b'@')) && !address.as_ref().is_some_and(is_same) {
            repairs.note(GUESSED, "");
        }
        if address.is_some() {
            return Mailbox { name, address, ..Mailbox::default() };
        }
        repairs.note(INVALID, "");
        let text = self.name(inner, repairs).unwrap_or_else(|| "<>".to_owned());
        Mailbox { name, text: Some(text), ..Mailbox::default() }
    }

    /// The address in brackets, behind a route (RFC 5322, 4.4) or the name of a scheme.
    fn enclosed(self, inner: &[Token<'_>], repairs: &mut Repairs) -> Option<String> {
        let first = count(inner, |token| token.is_between());
        let mut inner = &inner[first..];
        if inner.first()?.is(b'@') {
            let colon = inner.iter().position(|token| token.is(b':'))?;
            inner = &inner[colon + 1..];
        } else if is_scheme(inner) {
            repairs.note(GUESSED, "");
            inner = &inner[2..];
        }
        let at = inner.iter().position(|token| token.is(b'@'))?;
        let spec = Spec::around(inner, at, true)?;
        let is_dot = |token: &Token<'_>| token.is(b'.');
        let (before, behind) = (&inner[..spec.local.start], &inner[spec.domain.end..]);
        if !before.iter().all(Token::is_between) || !behind.iter().all(|token| token.is_between() || is_dot(token)) {
            return None;
        }
        let (address, is_guessed) = spec.read(inner, self.fallback, repairs)?;
        if is_guessed || behind.iter().any(is_dot) {
            repairs.note(GUESSED, "");
        }
        Some(address)
    }

    /// Addresses without brackets, with names in front of them or in comments.
    fn bare(self, tokens: &[Token<'_>], found: &mut Found) {
        let specs = specs(tokens);
        let Some(specs) = specs.filter(|specs| !specs.is_empty()) else { return self.text(tokens, found) };
        let mut from = 0;
        for (index, spec) in specs.iter().enumerate() {
            let mut repairs = Repairs::default();
            let Some((address, is_guessed)) = spec.read(tokens, self.fallback, &mut repairs) else {
                return self.text(&tokens[from..], found);
            };
            let last = index + 1 == specs.len();
            let words = &tokens[from..spec.local.start];
            let behind = &tokens[spec.domain.end..specs.get(index + 1).map_or(tokens.len(), |next| next.local.start)];
            let notes = if last { behind } else { &behind[..count(behind, |token| token.is_between())] };
            from = spec.domain.end + notes.len();
            let is_plain = words.iter().chain(notes).all(Token::is_between);
            if !is_plain || is_guessed || specs.len() > 1 {
                repairs.note(GUESSED, "");
            }
            // A dot or a bracket that stands alone says nothing.
            let is_said = |token: &&Token<'_>| !token.is(b'.') && !token.is(b'>');
            let own: Vec<Token<'_>> =
                tokens[spec.local.start..spec.domain.end].iter().filter(|token| token.kind == Kind::Comment).copied().collect();
            let words: Vec<Token<'_>> = words.iter().chain(&own).chain(notes).filter(|token| is_plain || is_said(token)).copied().collect();
            let name = if is_plain { self.comments(&words, &mut repairs) } else { self.name(&words, &mut repairs) };
            found.push((Mailbox { name, address: Some(address), ..Mailbox::default() }, repairs));
        }
    }

    /// What is no address: a local user, or words.
    fn text(self, tokens: &[Token<'_>], found: &mut Found) {
        let mut repairs = Repairs::default();
        let words: Vec<Token<'_>> = tokens.iter().filter(|token| token.kind != Kind::Comment).copied().collect();
        let (mut text, mut name) = (self.name(&words, &mut repairs), self.comments(tokens, &mut repairs));
        if text.is_none() {
            (text, name) = (name, None);
        }
        if text.is_some() {
            repairs.note(INVALID, "");
            found.push((Mailbox { name, text, ..Mailbox::default() }, repairs));
        }
    }

    /// Words and strings as a person reads them; `None` where nothing stands there. Comments are no part of a name (RFC 5322, 3.2.5); where there
    /// is nothing else, they are it, as in mail of long ago.
    pub(super) fn name(self, tokens: &[Token<'_>], repairs: &mut Repairs) -> Option<String> {
        if tokens.iter().all(Token::is_between) {
            return self.comments(tokens, repairs);
        }
        let mut bytes = Vec::with_capacity(tokens.iter().map(|token| token.bytes.len()).sum());
        for token in tokens {
            match token.kind {
                Kind::Blank if token.bytes.is_empty() => {}
                Kind::Blank | Kind::Comment if bytes.ends_with(b" ") => {}
                Kind::Blank | Kind::Comment => bytes.push(b' '),
                Kind::Quoted => bytes.extend(token.inner()),
                _ => bytes.extend_from_slice(token.bytes),
            }
        }
        self.decoded(&bytes, repairs)
    }

    fn comments(self, tokens: &[Token<'_>], repairs: &mut Repairs) -> Option<String> {
        let comments = tokens.iter().filter(|token| token.kind == Kind::Comment).map(Token::inner);
        self.decoded(&comments.collect::<Vec<_>>().join(&b' '), repairs)
    }

    fn decoded(self, bytes: &[u8], repairs: &mut Repairs) -> Option<String> {
        let name = text(bytes, self.fallback, repairs, "");
        let name = if name.trim().len() == name.len() { name.into_owned() } else { name.trim().to_owned() };
        Some(name).filter(|name| !name.is_empty())
    }
}

/// An address in brackets, and what stands behind it.
struct Pair {
    inner: Range<usize>,
    /// Comments directly behind it, which belong to it.
    notes: Range<usize>,
    /// What follows up to the next pair, and is its name.
    rest: Range<usize>,
    /// The bracket that opens the next pair.
    next: Option<usize>,
    /// Whether there are more brackets than one on each side, or fewer.
    is_broken: bool,
}

impl Pair {
    fn at(tokens: &[Token<'_>], bracket: usize) -> Pair {
        let opened = bracket + count(&tokens[bracket..], |token| token.is(b'<') || token.kind == Kind::Blank);
        let closed = opened + count(&tokens[opened..], |token| !token.is(b'<') && !token.is(b'>'));
        let behind = closed + count(&tokens[closed..], |token| token.is(b'>') || token.kind == Kind::Blank);
        let next = tokens[behind..].iter().position(|token| token.is(b'<')).map(|next| behind + next);
        let end = next.unwrap_or(tokens.len());
        let notes = behind..behind + count(&tokens[behind..end], |token| token.is_between());
        let is_one = |range: Range<usize>, bracket: u8| tokens[range].iter().filter(|token| token.is(bracket)).count() == 1;
        let is_broken = !is_one(bracket..opened, b'<') || !is_one(closed..behind, b'>');
        Pair { inner: opened..closed, rest: notes.end..end, notes, next, is_broken }
    }
}

/// Whether a scheme stands in front of an address: `mailto:`, or the `SMTP:` of Exchange.
pub(super) fn is_scheme(tokens: &[Token<'_>]) -> bool {
    let [scheme, colon, ..] = tokens else { return false };
    colon.is(b':') && [&b"mailto"[..], b"smtp"].iter().any(|name| scheme.bytes.eq_ignore_ascii_case(name))
}

/// All addresses without brackets; `None` where a sign belongs to none, so that it is not clear what is meant.
fn specs(tokens: &[Token<'_>]) -> Option<Vec<Spec>> {
    let mut specs: Vec<Spec> = Vec::new();
    for (at, _) in tokens.iter().enumerate().filter(|(_, token)| token.is(b'@')) {
        let spec = Spec::around(tokens, at, false)?;
        let is_apart = specs.last().is_none_or(|before| before.domain.end < spec.local.start);
        if !is_apart {
            return None;
        }
        specs.push(spec);
    }
    Some(specs)
}

fn count(tokens: &[Token<'_>], is: impl Fn(&Token<'_>) -> bool) -> usize {
    tokens.iter().take_while(|token| is(token)).count()
}
