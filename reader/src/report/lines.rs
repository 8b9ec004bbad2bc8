//! Prose about recipients, line by line.

use super::matching::{address_at, all};
use super::phrases::{CAUSES, LABELS, SENDERS, lower};
use super::status::Codes;
use std::ops::Range;

/// The server's words are not kept beyond this.
const WORDS: usize = 1000;
const RECIPIENTS: usize = 1000;

/// What a server says of the recipients.
pub(super) struct Lines<'a> {
    text: &'a str,
    small: &'a str,
    /// The addresses of the message itself.
    own: Vec<String>,
}

impl<'a> Lines<'a> {
    /// A text, the same in lower case, and the addresses that are no recipients.
    pub(super) fn new(text: &'a str, small: &'a str, own: Vec<String>) -> Lines<'a> {
        Lines { text, small, own }
    }

    /// The recipients that lines begin with, each with what is said of it.
    pub(super) fn recipients(&self) -> Vec<(String, String)> {
        let mut told: Vec<(String, String)> = Vec::new();
        let mut open = None;
        for (line, small) in self.text.lines().zip(self.small.lines()) {
            let is_open =
                |address: &str| open.and_then(|index: usize| told.get(index)).is_some_and(|(known, _)| known.eq_ignore_ascii_case(address));
            // The server's words name the recipient again.
            if let Some((address, rest)) = beginning(line, small).filter(|(address, _)| !self.is_own(address) && !is_open(address)) {
                let known = told.iter().position(|(known, _)| known.eq_ignore_ascii_case(address));
                let known = known.or_else(|| (told.len() < RECIPIENTS).then_some(told.len()));
                let Some(index) = known else { break };
                if index == told.len() {
                    told.push((address.to_owned(), String::new()));
                }
                // Said already, with its code: what follows is the same for people.
                open = told.get(index).filter(|(_, words)| Codes::of(words) == Codes::default()).map(|_| index);
                append(&mut told, open, rest);
            } else if line.trim().is_empty() {
                open = None;
            } else {
                append(&mut told, open, line);
            }
        }
        told
    }

    /// The only address that there is, but for those of servers and of the message itself.
    pub(super) fn only(&self) -> Option<String> {
        let mut others = all(self.text);
        others.retain(|address| !is_of_server(address) && !self.is_own(address));
        others.dedup_by(|one, other| one.eq_ignore_ascii_case(other));
        if others.len() == 1 { others.pop() } else { None }
    }

    fn is_own(&self, address: &str) -> bool {
        self.own.iter().any(|own| own.eq_ignore_ascii_case(address))
    }

    /// What stands behind a word such as "because", else the first line with a code.
    pub(super) fn cause(&self) -> Option<String> {
        let lines: Vec<(&str, &str)> = self.text.lines().map(str::trim).zip(self.small.lines().map(str::trim)).collect();
        let labelled = lines.iter().enumerate().find_map(|(index, (line, small))| {
            let label = CAUSES.iter().filter(|label| small.starts_with(**label)).max_by_key(|label| label.len())?;
            let behind = line.get(label.len()..).unwrap_or_default();
            let next = lines.iter().skip(index + 1).map(|(line, _)| *line).skip_while(|line| line.is_empty());
            let next = next.take_while(|line| !line.is_empty());
            let words = if behind.trim().is_empty() { next.collect::<Vec<_>>().join(" ") } else { behind.to_owned() };
            Some(words).filter(|words| !words.trim().is_empty())
        });
        let coded = || lines.iter().map(|(line, _)| *line).find(|line| Codes::of(line) != Codes::default()).map(str::to_owned);
        let mut told = vec![(String::new(), String::new())];
        append(&mut told, Some(0), &labelled.or_else(coded)?);
        told.pop().map(|(_, words)| words)
    }
}

/// What stands behind a place in its paragraph.
pub(super) fn paragraph(text: &str, from: usize) -> String {
    let rest = text.get(from..).unwrap_or_default();
    let rest = rest.split("\n\n").next().unwrap_or_default().trim_start_matches(['.', ':', ',', ' ', '\n']);
    let mut told = [(String::new(), String::new())];
    append(&mut told, Some(0), rest);
    let [(_, words)] = told;
    words
}

/// Adds a line to what is said of a recipient, with single blanks.
fn append(told: &mut [(String, String)], open: Option<usize>, line: &str) {
    let Some((_, words)) = open.and_then(|index| told.get_mut(index)) else { return };
    for word in line.split_whitespace() {
        if words.len() + word.len() > WORDS {
            return;
        }
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
}

/// The recipient that a line begins with, behind a label or a name, and the rest of the line.
fn beginning<'a>(line: &'a str, small: &str) -> Option<(&'a str, &'a str)> {
    let bare = |text: &str| text.len() - text.trim_start_matches([' ', '*', '-', '\u{b7}', '\u{2022}']).len();
    let mut begin = bare(line);
    begin += if begin == 0 && line.starts_with("> ") { 2 } else { 0 };
    let label = LABELS.iter().find(|label| small.get(begin..).is_some_and(|small| small.starts_with(**label)));
    begin += label.map_or(0, |label| label.len());
    begin += bare(line.get(begin..)?);
    let rest = line.get(begin..)?;
    let at = |found: (Range<usize>, usize)| Some((rest.get(found.0)?, rest.get(found.1..)?));
    let (address, behind) = match address_at(rest) {
        Some(found) => {
            let in_brackets = found.0.start > 0;
            let (address, behind) = at(found)?;
            // A sentence that goes on with words is no list of recipients, unless what it names stands in brackets.
            let goes_on = behind.trim_start().starts_with(char::is_alphabetic) && !in_brackets && label.is_none();
            (!goes_on).then_some((address, behind))?
        }
        // "Anna Novak (anna@example.com)", and nothing behind it.
        None => {
            let open = rest.find(['<', '('])?;
            let found = address_at(rest.get(open..)?)?;
            let range = open + found.0.start..open + found.0.end;
            let behind = rest.get(open + found.1..)?;
            let is_name = open < 80 && !rest.get(..open)?.contains([':', '>', '=']);
            (is_name && behind.trim_matches([' ', ':', '.', ';', ',']).is_empty()).then_some((rest.get(range)?, behind))?
        }
    };
    (!is_of_server(address)).then(|| (address, behind.trim_start_matches([':', ';', '.', ',', ' ', '-', '>'])))
}

fn is_of_server(address: &str) -> bool {
    SENDERS.iter().any(|name| lower(address).starts_with(name))
}
