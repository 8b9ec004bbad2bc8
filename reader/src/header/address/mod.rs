//! Addresses: who stands in From, To, Cc, Bcc, Reply-To and Sender.
//!
//! Beside RFC 5322 with its obsolete forms, what really comes is read: local names without a domain, semicolons between addresses, names with
//! commas, commas that are missing, quotes and brackets that do not close. Nothing is dropped: what is no address becomes text.

mod entry;
mod lexer;
mod mailbox;
mod plain;
mod spec;

use crate::Repairs;
use encoding_rs::Encoding;
use entry::{Entry, Found};
use lexer::{Kind, Lexer, Token};
pub use mailbox::Mailbox;
pub use plain::{Plain, plain_mailboxes};

/// More are not read.
const MOST: usize = 50_000;

/// In longer fields mailboxes are read and given one by one.
const PLAIN: usize = 4 * 1024;

/// So many words without an address are no name that is missing its quotes, and what is longer than that many is no address.
const WORDS: usize = 256;

/// The most letters of the name of a group, which stands at each of its members.
const GROUP: usize = 256;

/// The most bytes of them in all; the mailboxes behind have none.
const NAMED: usize = 16 * 1024;

/// All who stand in fields of one name, one after the other.
///
/// `fallback` is the charset of raw bytes above 127, as in [`super::text`]. Noted at `pointer/INDEX`, the place in the list:
/// `header.address_invalid` (told as text), `header.address_guessed`, and the codes of [`super::text`].
pub fn mailboxes<'v>(
    values: impl Iterator<Item = &'v [u8]>,
    fallback: Option<&'static Encoding>,
    repairs: &mut Repairs,
    pointer: &str,
) -> Vec<Mailbox> {
    let mut list = List::new(Entry { fallback }, repairs, pointer);
    values.for_each(|value| list.read(value));
    list.mailboxes
}

/// The same one by one: all at once, short addresses take fifty times their bytes.
pub fn each_mailbox<'v>(
    values: impl Iterator<Item = &'v [u8]>,
    fallback: Option<&'static Encoding>,
    repairs: &mut Repairs,
    pointer: &str,
    give: &mut dyn FnMut(Mailbox),
) {
    let mut list = List { give: Some(give), ..List::new(Entry { fallback }, repairs, pointer) };
    values.for_each(|value| list.read(value));
}

struct List<'r> {
    entry: Entry,
    /// Those that were not given yet.
    mailboxes: Vec<Mailbox>,
    /// Takes them one by one.
    give: Option<&'r mut dyn FnMut(Mailbox)>,
    given: usize,
    /// The bytes of the names of groups that were told.
    named: usize,
    /// The names of the groups that are open, the innermost last.
    groups: Vec<String>,
    repairs: &'r mut Repairs,
    pointer: &'r str,
    /// Whether a semicolon stands where a comma should.
    is_behind_semicolon: bool,
    /// Whether this is the text of an entry, read once more.
    is_nested: bool,
}

impl<'r> List<'r> {
    fn new(entry: Entry, repairs: &'r mut Repairs, pointer: &'r str) -> List<'r> {
        let (mailboxes, groups) = (Vec::new(), Vec::new());
        let (give, given, named, is_behind_semicolon, is_nested) = (None, 0, 0, false, false);
        List { entry, mailboxes, give, given, named, groups, repairs, pointer, is_behind_semicolon, is_nested }
    }

    fn read(&mut self, value: &[u8]) {
        let is_room = value.len() < PLAIN && self.count() + value.len() < MOST;
        if !is_room || !plain::read(value, &mut self.mailboxes) {
            self.tokens(value);
        }
        self.hand_on();
    }

    fn count(&self) -> usize {
        self.given + self.mailboxes.len()
    }

    /// Gives what was read so far.
    fn hand_on(&mut self) {
        if let Some(give) = &mut self.give {
            self.given += self.mailboxes.len();
            self.mailboxes.drain(..).for_each(give);
        }
    }

    /// Adds a mailbox with the name of its group.
    fn push(&mut self, mailbox: Mailbox) {
        let group = self.groups.last().filter(|group| self.named + group.len() <= NAMED).cloned();
        if group.is_none() && !self.groups.is_empty() {
            self.repairs.note("header.truncated", self.pointer);
        }
        self.named += group.as_ref().map_or(0, String::len);
        self.mailboxes.push(Mailbox { group, ..mailbox });
    }

    fn tokens(&mut self, value: &[u8]) {
        let mut lexer = Lexer::of(value);
        let mut entry = Tokens::default();
        while let Some(token) = lexer.next() {
            if lexer.is_broken {
                lexer.is_broken = false;
                self.note("header.address_guessed");
            }
            match token.kind {
                Kind::Special(b',') if entry.is_ended_by_comma() => {
                    let is_long = entry.tokens.len() >= WORDS;
                    self.end(&mut entry, is_long);
                }
                Kind::Special(b';') if !entry.is_enclosed() => {
                    self.end(&mut entry, true);
                    self.is_behind_semicolon = self.groups.pop().is_none();
                }
                Kind::Special(b':') if entry.may_be_group() => self.open(&mut entry),
                _ => entry.push(token),
            }
            if entry.tokens.len() == WORDS * 2 {
                self.note("header.address_guessed");
                self.end(&mut entry, true);
            }
        }
        self.end(&mut entry, true);
        // One that is not closed ends with its field.
        self.groups.clear();
        self.is_behind_semicolon = false;
    }

    /// Ends an entry. Words without an address wait for the next entry, unless this `is_last`: `Müller, Anna <anna@example.com>` is one person.
    fn end(&mut self, entry: &mut Tokens<'_>, is_last: bool) {
        if !is_last && !entry.has_address() {
            // Two commas side by side are as good as one (RFC 5322, 4.4).
            if entry.commas.last().copied().unwrap_or_default() != entry.tokens.len() {
                entry.commas.push(entry.tokens.len());
            }
            return;
        }
        let tokens = std::mem::take(entry).pieces();
        let Some((last, words)) = tokens.split_last() else { return };
        let is_named = last.iter().find(|token| !token.is_between()).is_some_and(|token| !token.is(b'<'));
        if !words.is_empty() && is_named && last.iter().any(|token| token.is(b'<')) && last.iter().any(|token| token.is(b'@')) {
            // An empty entry is none of the name.
            let pieces: Vec<&[Token<'_>]> =
                tokens.iter().map(|piece| &**piece).filter(|piece| !piece.iter().all(Token::is_between)).collect();
            let comma = Token { kind: Kind::Atom, bytes: b"," };
            let is_doubtful = pieces.len() > 1;
            self.take(&pieces.join(&comma), is_doubtful);
            return self.hand_on();
        }
        for piece in &tokens {
            self.take(piece, false);
            self.hand_on();
        }
    }

    fn take(&mut self, tokens: &[Token<'_>], is_doubtful: bool) {
        let mut found = Found::new();
        self.entry.read(tokens, &mut found);
        let may_be_encoded = !self.is_nested && !tokens.iter().any(|token| token.is(b'@'));
        for (mailbox, repairs) in found {
            if self.count() >= MOST {
                self.repairs.note("header.truncated", self.pointer);
                return;
            }
            if let Some(text) = mailbox.text.as_ref().filter(|text| may_be_encoded && text.contains('@'))
                && self.again(text)
            {
                continue;
            }
            repairs.as_slice().iter().for_each(|repair| self.note(repair.code));
            if is_doubtful || std::mem::take(&mut self.is_behind_semicolon) {
                self.note("header.address_guessed");
            }
            self.push(mailbox);
        }
    }

    /// Reads the text of an entry as a field of its own: an address that stands in quotes or in an encoded word. Whether it was one.
    fn again(&mut self, text: &str) -> bool {
        let mut unused = Repairs::default();
        let mut list = List { is_nested: true, ..List::new(self.entry, &mut unused, "") };
        list.read(text.as_bytes());
        let found = list.mailboxes;
        if found.is_empty() || found.iter().any(|mailbox| mailbox.address.is_none()) {
            return false;
        }
        for mailbox in found {
            self.note("header.address_guessed");
            self.push(mailbox);
        }
        true
    }

    /// Opens a group, of which the words so far are the name.
    fn open(&mut self, entry: &mut Tokens<'_>) {
        let mut pieces = std::mem::take(entry).pieces();
        let name = pieces.pop().unwrap_or_default();
        pieces.iter().for_each(|piece| self.take(piece, false));
        let mut repairs = Repairs::default();
        let mut name = self.entry.name(&name, &mut repairs).unwrap_or_default();
        repairs.as_slice().iter().for_each(|repair| self.note(repair.code));
        if ["mailto", "smtp"].iter().any(|scheme| name.eq_ignore_ascii_case(scheme)) {
            return self.note("header.address_guessed");
        }
        if let Some((end, _)) = name.char_indices().nth(GROUP) {
            name.truncate(end);
        }
        self.groups.push(name);
    }

    /// Notes a repair of the mailbox that comes next.
    fn note(&mut self, code: &'static str) {
        self.repairs.note(code, &format!("{}/{}", self.pointer, self.count()));
    }
}

/// The tokens of an entry so far.
#[derive(Default)]
struct Tokens<'a> {
    tokens: Vec<Token<'a>>,
    /// Where commas stood between words.
    commas: Vec<usize>,
    /// An opening bracket was seen and none that closes it.
    is_open: bool,
    has_bracket: bool,
    has_sign: bool,
    /// A sign in the bracket that is open.
    has_sign_inside: bool,
    is_route: bool,
}

impl<'a> Tokens<'a> {
    fn push(&mut self, token: Token<'a>) {
        match token.kind {
            Kind::Special(b'<') => {
                (self.is_open, self.has_bracket, self.has_sign_inside, self.is_route) = (true, true, false, false);
            }
            Kind::Special(b'>') => self.is_open = false,
            Kind::Special(b'@') => {
                let is_first = self.tokens.iter().rev().find(|token| token.kind != Kind::Blank).is_some_and(|token| token.is(b'<'));
                self.is_route |= self.is_open && is_first;
                self.has_sign = true;
                self.has_sign_inside |= self.is_open;
            }
            Kind::Special(b':') => self.is_route = false,
            _ => {}
        }
        self.tokens.push(token);
    }

    fn has_address(&self) -> bool {
        self.has_sign || self.has_bracket
    }

    /// Within brackets, where a comma or a semicolon may be part of what is no address.
    fn is_enclosed(&self) -> bool {
        self.is_open && (!self.has_sign_inside || self.is_route)
    }

    fn is_ended_by_comma(&self) -> bool {
        !self.is_enclosed()
    }

    fn may_be_group(&self) -> bool {
        let from = self.commas.last().copied().unwrap_or_default();
        !self.has_address() && self.tokens[from..].iter().any(|token| !token.is_between())
    }

    /// The tokens between the commas.
    fn pieces(self) -> Vec<Vec<Token<'a>>> {
        let mut pieces = Vec::with_capacity(self.commas.len() + 1);
        let mut from = 0;
        for end in self.commas.into_iter().chain([self.tokens.len()]) {
            pieces.push(self.tokens[from..end].to_vec());
            from = end;
        }
        pieces
    }
}

#[cfg(test)]
mod tests;
