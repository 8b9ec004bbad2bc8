//! What lies in the mailbox: numbers, sizes and unique identifiers, from the responses to LIST and UIDL.

use crate::mailbox::{Entry, Mailbox};
use crate::naming;
use crate::session::Session;
use postkontor_plugin::{Call, Error, Missing, Reply, Stage, Status};
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

/// More messages than any mailbox should hold; the list of a hostile server ends here.
const MESSAGES: usize = 1_000_000;

/// More bytes than any message has: what a hostile server claims beyond makes no sum overflow.
const BYTES: u64 = 1 << 40;

/// A response with more lines that make no sense is no list.
const ODD_LINES: usize = 1000;

impl Session {
    /// Lists the mailbox. `known` are the identifiers of earlier calls: messages that had to be distinguished then are distinguished again.
    pub(crate) fn mailbox<'k>(&mut self, known: impl Iterator<Item = &'k str> + Clone, call: &Call) -> Result<Mailbox, Error> {
        let at = |error: Error| error.stage(Stage::Mailbox);
        let Some(mut lists) = self.lists(known.clone(), call).map_err(at)? else {
            return Ok(Mailbox { entries: Vec::new(), missing: Vec::new() });
        };
        let missing = lists.missing(self)?;
        let mut entries = lists.entries;
        if lists.is_named {
            let mut doubled = doubled(&entries);
            doubled.extend(known.filter_map(naming::unnamed).map(str::to_owned));
            if !doubled.is_empty() {
                self.name_by_content(&mut entries, |id| doubled.contains(id), call).map_err(at)?;
            }
        } else {
            self.name_by_content(&mut entries, |_| true, call).map_err(at)?;
        }
        Ok(Mailbox { entries, missing })
    }

    /// The responses to LIST and UIDL; nothing where the mailbox is empty and the server calls that an error.
    fn lists<'k>(&mut self, known: impl Iterator<Item = &'k str>, call: &Call) -> Result<Option<Lists>, Error> {
        let pipelined = self.capabilities.pipelining;
        self.expect_only_blank_lines(call)?;
        self.stream.write(if pipelined { b"LIST\r\nUIDL\r\n" } else { b"LIST\r\n" }, call)?;
        let mut lists = Lists::default();
        let listed = self.next_status(call)?;
        if listed.is_ok() {
            self.lines(MESSAGES, call, |line| lists.sized(line))?;
            lists.entries.sort_by_key(|entry| entry.number);
            lists.entries.dedup_by_key(|entry| entry.number);
        }
        if !pipelined && listed.is_ok() {
            self.expect_only_blank_lines(call)?;
            self.stream.write(b"UIDL\r\n", call)?;
        }
        if pipelined || listed.is_ok() {
            let named = self.next_status(call)?;
            lists.is_named = named.is_ok();
            match named {
                Ok(()) => self.lines(MESSAGES, call, |line| lists.named(line))?,
                Err(reply) => self.may_do_without_identifiers(known, reply)?,
            }
        }
        match listed {
            Ok(()) => Ok(Some(lists)),
            Err(_) if self.is_empty(call)? => Ok(None),
            Err(reply) => Err(self.refused("pop3.list_refused", Status::Refused, reply)),
        }
    }

    /// Whether STAT says that there is no message.
    fn is_empty(&mut self, call: &Call) -> Result<bool, Error> {
        self.expect_only_blank_lines(call)?;
        let response = self.command("STAT\r\n", call)?;
        Ok(response.is_ok_and(|words| words.split_ascii_whitespace().next().is_some_and(|count| count.parse() == Ok(0))))
    }

    /// RFC 1939 makes UIDL optional. A server that has it and refuses it this time is believed to have it: named otherwise, everything
    /// would be fetched again.
    fn may_do_without_identifiers<'k>(&self, known: impl Iterator<Item = &'k str>, reply: Reply) -> Result<(), Error> {
        let is_offered = self.capabilities.uidl || !self.capabilities.is_listed;
        let by_content: Vec<bool> = known.map(naming::is_by_content).collect();
        if is_offered && !by_content.is_empty() && !by_content.contains(&true) {
            return Err(self.refused("pop3.list_refused", Status::Later, reply));
        }
        Ok(())
    }
}

/// The responses to LIST and UIDL while they come in.
#[derive(Default)]
struct Lists {
    entries: Vec<Entry>,
    /// UIDL was answered.
    is_named: bool,
    odd_sizes: Vec<Odd>,
    odd_names: Vec<Odd>,
    /// What UIDL calls messages that LIST does not have.
    unlisted: HashMap<u32, String>,
}

/// A line that makes no sense, with the number of the message it is about if it has one.
struct Odd {
    number: Option<u32>,
    line: String,
}

impl Lists {
    /// Reads a line of LIST.
    fn sized(&mut self, line: &str) -> Result<(), Error> {
        let (number, rest) = numbered(line);
        let size = rest.and_then(|rest| rest.split_ascii_whitespace().next()?.parse().ok()).filter(|size| *size <= BYTES);
        match (number, size) {
            (Some(number), Some(size)) => self.entries.push(Entry { number, size, id: String::new() }),
            _ => note(&mut self.odd_sizes, number, line)?,
        }
        Ok(())
    }

    /// Reads a line of UIDL.
    fn named(&mut self, line: &str) -> Result<(), Error> {
        let (number, rest) = numbered(line);
        let id = rest.map(str::trim_ascii).unwrap_or_default();
        let Some(number) = number else { return note(&mut self.odd_names, None, line) };
        // RFC 1939, section 7: 1 to 70 printable characters.
        if id.is_empty() || id.len() > 255 || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return note(&mut self.odd_names, Some(number), line);
        }
        match self.entries.binary_search_by_key(&number, |entry| entry.number) {
            Ok(index) if self.entries[index].id.is_empty() || self.entries[index].id == id => self.entries[index].id = id.to_owned(),
            // Two names for one message: neither can be relied on.
            Ok(_) => return note(&mut self.odd_names, Some(number), line),
            Err(_) if self.unlisted.len() < ODD_LINES => drop(self.unlisted.insert(number, id.to_owned())),
            Err(_) => return Err(malformed(line)),
        }
        Ok(())
    }

    /// Takes the messages out that cannot be fetched because a line about them makes no sense, and says of each why.
    fn missing(&mut self, session: &mut Session) -> Result<Vec<Missing>, Error> {
        let mut missing = Vec::new();
        let last = self.entries.last().map_or(0, |entry| entry.number);
        for odd in std::mem::take(&mut self.odd_sizes) {
            let number = odd.number.or_else(|| self.unlisted.keys().min().copied());
            let id = number.and_then(|number| self.unlisted.remove(&number)).unwrap_or_default();
            self.odd_names.retain(|name| number.is_none() || name.number != number);
            missing.push(Missing { id, error: session.odd_line("LIST", &odd.line) });
        }
        if self.is_named {
            let odd_numbers: HashMap<u32, String> = self.odd_names.iter().filter_map(|odd| Some((odd.number?, odd.line.clone()))).collect();
            let mut unnumbered: Vec<String> =
                std::mem::take(&mut self.odd_names).into_iter().filter(|odd| odd.number.is_none()).map(|odd| odd.line).collect();
            unnumbered.reverse();
            let (named, unnamed) = std::mem::take(&mut self.entries)
                .into_iter()
                .partition(|entry| !entry.id.is_empty() && !odd_numbers.contains_key(&entry.number));
            self.entries = named;
            for entry in unnamed {
                let line = odd_numbers.get(&entry.number).cloned().or_else(|| unnumbered.pop());
                let error = match line {
                    Some(line) => session.odd_line("UIDL", &line),
                    None => session.no_line("UIDL", entry.number),
                };
                missing.push(Missing { id: String::new(), error });
            }
            missing.extend(unnumbered.iter().map(|line| Missing { id: String::new(), error: session.odd_line("UIDL", line) }));
        }
        // What has a higher number than all others came between the two responses, and is there the next time.
        let mut gaps: Vec<(u32, String)> = self.unlisted.drain().filter(|(number, _)| *number < last).collect();
        gaps.sort();
        missing.extend(gaps.into_iter().map(|(number, id)| Missing { id, error: session.no_line("LIST", number) }));
        if missing.len() > ODD_LINES { Err(malformed("").stage(Stage::Mailbox)) } else { Ok(missing) }
    }
}

impl Session {
    fn odd_line(&mut self, command: &str, line: &str) -> Error {
        let line: String = self.stream.transcript().clean(line.as_bytes()).chars().take(80).collect();
        let error = Error::new(Status::Protocol, "pop3.line_malformed").stage(Stage::Mailbox).usable();
        error.arg("host", self.stream.endpoint().host.as_str()).arg("command", command).arg("line", line)
    }

    fn no_line(&mut self, command: &str, number: u32) -> Error {
        let error = Error::new(Status::Protocol, "pop3.line_missing").stage(Stage::Mailbox).usable();
        error.arg("host", self.stream.endpoint().host.as_str()).arg("command", command).arg("number", number)
    }
}

/// The identifiers that several messages have. A mailbox may hold a million, so what is kept of each is its hash.
fn doubled(entries: &[Entry]) -> HashSet<String> {
    let state = RandomState::new();
    let mut hashes: Vec<u64> = entries.iter().map(|entry| state.hash_one(&entry.id)).collect();
    hashes.sort_unstable();
    let suspicious: HashSet<u64> = hashes.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    if suspicious.is_empty() {
        return HashSet::new();
    }
    let mut seen = HashSet::new();
    let suspects = entries.iter().filter(|entry| suspicious.contains(&state.hash_one(&entry.id)));
    suspects.filter(|entry| !seen.insert(entry.id.as_str())).map(|entry| entry.id.clone()).collect()
}

/// Splits a line at the number it begins with.
fn numbered(line: &str) -> (Option<u32>, Option<&str>) {
    let line = line.trim_ascii_start();
    let (number, rest) = line.split_once(|c: char| c.is_ascii_whitespace()).map_or((line, None), |(number, rest)| (number, Some(rest)));
    match number.parse().ok().filter(|number| *number > 0) {
        Some(number) => (Some(number), rest),
        None => (None, None),
    }
}

fn note(odd: &mut Vec<Odd>, number: Option<u32>, line: &str) -> Result<(), Error> {
    if odd.len() >= ODD_LINES {
        return Err(malformed(line));
    }
    odd.push(Odd { number, line: line.chars().take(80).collect() });
    Ok(())
}

fn malformed(line: &str) -> Error {
    Error::new(Status::Protocol, "pop3.list_malformed").detail(line.chars().take(80).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_whatever_blanks_they_have_and_in_any_order() {
        let mut lists = Lists::default();
        for line in ["1 5", " 2\t 6", "3   7  octets"] {
            lists.sized(line).unwrap();
        }
        for line in ["3 \t c", "1 a ", "\t2\tb", "4 new"] {
            lists.named(line).unwrap();
        }
        let found: Vec<_> = lists.entries.iter().map(|entry| (entry.number, entry.size, entry.id.as_str())).collect();
        assert_eq!(found, [(1, 5, "a"), (2, 6, "b"), (3, 7, "c")]);
        assert!(lists.odd_sizes.is_empty() && lists.odd_names.is_empty());
    }

    #[test]
    fn lines_without_sense_are_noted_and_too_many_are_no_list() {
        let mut lists = Lists::default();
        for line in ["", "1", "x 5", "0 5", "2 x", "3 99999999999999999999999", "99999999999 5", "-1 5"] {
            lists.sized(line).unwrap();
        }
        let long = format!("4 {}", "x".repeat(300));
        for line in ["", "1", "1 ", "2 a b", "3 \u{e4}", &long] {
            lists.named(line).unwrap();
        }
        assert_eq!((lists.entries.len(), lists.odd_sizes.len(), lists.odd_names.len()), (0, 8, 6));
        assert!((0..ODD_LINES).any(|_| lists.named("x").is_err()));
    }
}
