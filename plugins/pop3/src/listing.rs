//! What lies in the mailbox: numbers, sizes and unique identifiers.

use crate::session::Session;
use mail_parser::MessageParser;
use md5::digest::Output;
use md5::{Digest, Md5};
use postkontor_plugin::{Call, Error, Filter, Stage, Status};
use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

/// More messages than any mailbox should hold; the list of a hostile server ends here.
const MESSAGES: usize = 1_000_000;

/// More bytes than any message has: what a hostile server claims beyond makes no sum overflow.
const BYTES: u64 = 1 << 40;

/// A message in the mailbox. Its number holds for this session only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) number: u32,
    pub(crate) size: u64,
    pub(crate) id: String,
}

impl Session {
    /// Lists the mailbox in the order of its numbers.
    pub(crate) fn listing(&mut self, call: &Call) -> Result<Vec<Entry>, Error> {
        let at = |error: Error| error.stage(Stage::Mailbox);
        let pipelined = self.capabilities.pipelining;
        self.silent().map_err(at)?;
        self.stream.write(if pipelined { b"LIST\r\nUIDL\r\n" } else { b"LIST\r\n" }, call).map_err(at)?;
        if let Err(reply) = self.answer(call).map_err(at)? {
            return Err(at(self.refused("pop3.list_refused", Status::Refused, reply)));
        }
        let malformed = |line: &str| Error::new(Status::Protocol, "pop3.list_malformed").detail(line.chars().take(80).collect::<String>());
        let mut entries = Vec::new();
        let take = |line: &str| {
            entries.push(entry(line).ok_or_else(|| malformed(line))?);
            Ok(())
        };
        self.lines(MESSAGES, call, take).map_err(at)?;
        entries.sort_by_key(|entry| entry.number);
        if !pipelined {
            self.stream.write(b"UIDL\r\n", call).map_err(at)?;
        }
        match self.answer(call).map_err(at)? {
            Ok(_) => {
                self.lines(MESSAGES, call, |line| name(&mut entries, line).ok_or_else(|| malformed(line))).map_err(at)?;
                if let Some(entry) = entries.iter().find(|entry| entry.id.is_empty()) {
                    return Err(at(malformed(&format!("no identifier for message {}", entry.number))));
                }
            }
            // RFC 1939 makes UIDL optional.
            Err(_) => self.name_by_headers(&mut entries, call).map_err(at)?,
        }
        Ok(entries)
    }

    /// For servers without UIDL: the digest of headers and size names a message nearly as well, and its place among equal ones.
    /// Without TOP it is the digest of the whole message, at the price of reading it once more in each session. A message that cannot
    /// be read has a name for this session only.
    fn name_by_headers(&mut self, entries: &mut [Entry], call: &Call) -> Result<(), Error> {
        let mut equal: HashMap<String, usize> = HashMap::new();
        for entry in entries {
            let digest = match self.headers(entry.number, call)? {
                Some(headers) => Some(("top-", Md5::digest(&headers))),
                None => self.digest(entry.number, call)?.map(|digest| ("retr-", digest)),
            };
            entry.id = match digest {
                Some((kind, digest)) => {
                    let id = digest.iter().fold(kind.to_owned(), |id, byte| format!("{id}{byte:02x}"));
                    let id = format!("{id}-{}", entry.size);
                    let count = equal.entry(id.clone()).or_default();
                    *count += 1;
                    if *count == 1 { id } else { format!("{id}-{count}") }
                }
                None => {
                    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
                    format!("once-{now:x}-{}", entry.number)
                }
            };
        }
        Ok(())
    }

    /// The digest of a whole message, or `None` where the server does not give it.
    fn digest(&mut self, number: u32, call: &Call) -> Result<Option<Output<Md5>>, Error> {
        if self.command(&format!("RETR {number}\r\n"), call)?.is_err() {
            return Ok(None);
        }
        let mut hash = Md5::new();
        self.body(call, |piece| {
            hash.update(piece);
            Ok(())
        })?;
        Ok(Some(hash.finalize()))
    }

    /// The headers of a message, or `None` where the server has no TOP.
    pub(crate) fn headers(&mut self, number: u32, call: &Call) -> Result<Option<Vec<u8>>, Error> {
        if self.command(&format!("TOP {number} 0\r\n"), call)?.is_err() {
            return Ok(None);
        }
        let mut headers = Vec::new();
        self.body(call, |piece| {
            // Headers of more than a megabyte are nobody's headers.
            if headers.len() + piece.len() > 1_048_576 {
                return Err(Error::new(Status::Protocol, "protocol.reply_too_long").stage(Stage::Fetch).arg("limit", 1_048_576));
            }
            headers.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(Some(headers))
    }

    /// Whether a message passes the conditions that need its headers. Without TOP they cannot be asked for.
    pub(crate) fn passes(&mut self, entry: &Entry, filter: &Filter, call: &Call) -> Result<bool, Error> {
        if filter.min_size.is_some_and(|size| entry.size < size) || filter.max_size.is_some_and(|size| entry.size > size) {
            return Ok(false);
        }
        if filter.from.is_none() && filter.subject.is_none() && filter.since.is_none() {
            return Ok(true);
        }
        let Some(headers) = self.headers(entry.number, call)? else {
            return Err(Error::new(Status::Unsupported, "pop3.top_unsupported").stage(Stage::Fetch));
        };
        Ok(matches(&headers, filter))
    }
}

/// Reads a line of LIST.
fn entry(line: &str) -> Option<Entry> {
    let mut words = line.split_ascii_whitespace();
    let number = words.next()?.parse().ok()?;
    let size = words.next()?.parse().ok().filter(|size| *size <= BYTES)?;
    Some(Entry { number, size, id: String::new() })
}

/// Gives an entry the unique identifier that a line of UIDL tells; nothing where the line makes no sense.
fn name(entries: &mut [Entry], line: &str) -> Option<()> {
    let (number, id) = line.trim_end().split_once(' ')?;
    let number: u32 = number.parse().ok()?;
    let id = id.trim();
    // RFC 1939, section 7: 1 to 70 printable characters.
    if id.is_empty() || id.len() > 255 || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    if let Ok(index) = entries.binary_search_by_key(&number, |entry| entry.number) {
        entries[index].id = id.to_owned();
    }
    Some(())
}

fn matches(headers: &[u8], filter: &Filter) -> bool {
    let Some(message) = MessageParser::default().parse_headers(headers) else { return false };
    let contains =
        |text: &str, wanted: &Option<String>| wanted.as_ref().is_none_or(|wanted| text.to_lowercase().contains(&wanted.to_lowercase()));
    let from = message.from().into_iter().flat_map(|address| address.iter());
    let from: String =
        from.map(|person| format!("{} <{}> ", person.name().unwrap_or_default(), person.address().unwrap_or_default())).collect();
    // RFC 3339 dates compare as texts; a message without a date passes, since nobody knows.
    let day = message.date().map(|date| date.to_rfc3339());
    let recent = filter.since.as_ref().is_none_or(|since| day.is_none_or(|day| day.get(..10).is_none_or(|day| day >= since.as_str())));
    contains(&from, &filter.from) && contains(message.subject().unwrap_or_default(), &filter.subject) && recent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_find_their_messages_in_any_order() {
        let entry = |number| Entry { number, size: 1, id: String::new() };
        let mut entries = vec![entry(1), entry(3)];
        assert!(["3 c", "1 a", "2 gone"].iter().all(|line| name(&mut entries, line).is_some()));
        assert_eq!((entries[0].id.as_str(), entries[1].id.as_str()), ("a", "c"));
        assert!(["1", "x a", "1 a\u{e4}"].iter().all(|line| name(&mut entries, line).is_none()));
    }

    #[test]
    fn filters_look_at_decoded_headers() {
        let headers = b"From: =?utf-8?Q?J=C3=BCrgen?= <j@example.com>\r\nSubject: =?utf-8?Q?R=C3=BCckfrage?=\r\nDate: Fri, 20 Nov 2026 10:00:00 +0100\r\n\r\n";
        let filter = |json: &str| postkontor_plugin::serde_json::from_str::<Filter>(json).unwrap();
        assert!(matches(headers, &filter(r#"{"from":"JÜRGEN","subject":"rück"}"#)));
        assert!(matches(headers, &filter(r#"{"from":"j@example","since":"2026-11-20"}"#)));
        assert!(!matches(headers, &filter(r#"{"since":"2026-11-21"}"#)));
        assert!(!matches(headers, &filter(r#"{"subject":"Rechnung"}"#)));
    }
}
