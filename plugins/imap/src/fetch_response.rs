//! FETCH responses, read item by item.
//!
//! imap-proto is only the judge in the tests: it tries some twenty forms for each item, panics where a date is NIL, and follows nested
//! lists by recursion.

use crate::body_structure::parts;
use crate::date::rfc3339;
use crate::value::Value;
use postkontor_plugin::Parts;

/// The data items of a FETCH response without a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MessageData {
    pub(crate) number: u32,
    pub(crate) uid: u32,
    pub(crate) size: u64,
    /// The response had the size. A change of flags, which a server may send at any time, has none.
    pub(crate) has_size: bool,
    pub(crate) flags: Vec<String>,
    /// The response had the flags, even if there are none.
    pub(crate) has_flags: bool,
    pub(crate) received: Option<String>,
    /// What BODYSTRUCTURE tells of its parts, where that was asked for.
    pub(crate) parts: Option<Parts>,
}

impl MessageData {
    /// Reads a FETCH response; `None` for any other response and for one without a UID.
    pub(crate) fn parse(line: &[u8]) -> Option<MessageData> {
        parse_fetch(line).filter(|data| data.uid > 0)
    }
}

/// What of a message a literal holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    /// All of it.
    Whole,
    /// Its headers.
    Headers,
    /// A part of it, or the beginning of one.
    Part,
}

/// Reads `* 3 FETCH (UID 17 FLAGS (\Seen) INTERNALDATE "…" RFC822.SIZE 1234)`, the items in any order and others between them.
/// `None` for any other response and for one of another form; the UID is 0 where there is none.
pub(crate) fn parse_fetch(line: &[u8]) -> Option<MessageData> {
    let mut data = MessageData::default();
    data.number = data_items(line, |name, value| {
        match (name, value) {
            (b"UID", value) => data.uid = value.number()?,
            (b"RFC822.SIZE", Value::Atom(digits)) => {
                let size = size(digits);
                (data.size, data.has_size) = (size.unwrap_or_default(), size.is_some());
            }
            (b"FLAGS", Value::List(flags)) => {
                let flags = flags.split(|byte| *byte == b' ').filter(|flag| !flag.is_empty());
                data.flags = flags.map(|flag| String::from_utf8_lossy(flag).into_owned()).collect();
                data.has_flags = true;
            }
            (b"BODYSTRUCTURE", Value::List(structure)) => data.parts = parts(structure),
            (b"INTERNALDATE", Value::String(date)) => data.received = rfc3339(std::str::from_utf8(&date).unwrap_or_default()),
            _ => (),
        }
        Some(())
    })?;
    Some(data)
}

/// Gives each item of a FETCH response and its value to `take`, which ends the reading with `None`; the number of the message.
pub(crate) fn data_items<'a>(line: &'a [u8], mut take: impl FnMut(&[u8], Value<'a>) -> Option<()>) -> Option<u32> {
    let (number, mut rest) = fetch_start(line)?;
    loop {
        let end = rest.iter().position(|byte| b" [()\"\r".contains(byte)).filter(|end| *end > 0)?;
        // A section may have spaces: BODY[HEADER.FIELDS (SUBJECT)].
        let end = if rest[end] == b'[' { end + memchr::memchr(b']', &rest[end..])? } else { end };
        let end = end + memchr::memchr(b' ', &rest[end..])?;
        // Of a longer name, which lists fields, the beginning tells what it is.
        let (mut name, length) = ([0; 64], end.min(64));
        let name = &mut name[..length];
        name.copy_from_slice(&rest[..length]);
        name.make_ascii_uppercase();
        let (value, after) = Value::read(rest[end + 1..].trim_ascii_start())?;
        take(name, value)?;
        let after_spaces = after.trim_ascii_start();
        if after_spaces.starts_with(b")") && after_spaces[1..].trim_ascii().is_empty() {
            return Some(number);
        }
        rest = after.strip_prefix(b" ")?.trim_ascii_start();
    }
}

/// The number of the message that a FETCH response is about, and what stands behind its parenthesis.
pub(crate) fn fetch_start(line: &[u8]) -> Option<(u32, &[u8])> {
    let rest = line.strip_prefix(b"* ")?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = rest.split_at(digits);
    let (verb, rest) = rest.split_at_checked(8)?;
    let number = std::str::from_utf8(number).ok()?.parse().ok()?;
    verb.eq_ignore_ascii_case(b" FETCH (").then_some((number, rest))
}

/// Bytes; a size beyond the 63 bits of RFC 9051 counts as the largest, so that the message comes all the same.
fn size(digits: &[u8]) -> Option<u64> {
    const LARGEST: u64 = i64::MAX as u64;
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    is_number
        .then(|| std::str::from_utf8(digits).ok()?.parse().ok())
        .map(|size: Option<u64>| size.map_or(LARGEST, |size| size.min(LARGEST)))
}

/// The body in a FETCH response that gives it as a quoted string.
pub(crate) fn quoted_body(line: &[u8]) -> Option<(Section, Vec<u8>)> {
    memchr::memchr(b'"', line)?;
    let mut found = None;
    data_items(line, |name, value| {
        let section = match name {
            b"BODY[]" | b"RFC822" => Section::Whole,
            b"BODY[HEADER]" | b"RFC822.HEADER" => Section::Headers,
            _ => return Some(()),
        };
        if let Value::String(body) = value {
            found = Some((section, body.into_owned()));
        }
        Some(())
    })?;
    found
}

/// Parses the items before the body, which is the last item of `head`, or a whole response.
pub(crate) fn parse_head(head: &[u8]) -> Option<MessageData> {
    if head.ends_with(b"\r\n") {
        return MessageData::parse(head);
    }
    let item = memchr::memrchr2(b' ', b'(', head.strip_suffix(b" ")?.trim_ascii_end())?;
    MessageData::parse(&[&head[..item], b")\r\n"].concat())
}

/// The UID in the part of a FETCH response that stands before the body, or in a response that is whole. Never what looks like one in the
/// value of another item: other users of the folder choose its keywords.
pub(crate) fn uid_in_head(head: &[u8]) -> Option<u32> {
    let (_, items) = fetch_start(head)?;
    first_uid(items).or_else(|| parse_head(head).map(|data| data.uid))
}

/// The UID where it is the first item, as it is with most servers.
fn first_uid(items: &[u8]) -> Option<u32> {
    let digits = items.split_at_checked(4).filter(|(name, _)| name.eq_ignore_ascii_case(b"UID ")).map(|(_, digits)| digits)?;
    let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    let uid = std::str::from_utf8(&digits[..end]).ok()?.parse().ok()?;
    matches!(digits[end], b' ' | b')').then_some(uid).filter(|uid| *uid > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use imap_proto::{AttributeValue, Response};

    #[test]
    fn the_common_form_is_read_in_any_order() {
        let data = parse_fetch(b"* 3 FETCH (FLAGS (\\Seen $Done) RFC822.SIZE 1234 INTERNALDATE \"20-Nov-2026 10:00:00 +0100\" UID 17)\r\n")
            .unwrap();
        assert_eq!((data.number, data.uid, data.size, data.has_size), (3, 17, 1234, true));
        assert_eq!(data.flags, ["\\Seen", "$Done"]);
        assert_eq!(data.received.as_deref(), Some("2026-11-20T10:00:00+01:00"));
        assert!(MessageData::parse(b"* 3 FETCH (FLAGS ())\r\n").is_none());
    }

    #[test]
    fn a_size_is_read_up_to_the_largest_of_63_bits() {
        let data = |size: &str| MessageData::parse(format!("* 3 FETCH (UID 17 rfc822.size {size} FLAGS ())\r\n").as_bytes());
        let large = |size: &str| data(size).filter(|data| data.has_size).map(|data| data.size);
        for size in [0, 4_294_967_295, 4_294_967_296, 5_000_000_000, 9_223_372_036_854_775_807] {
            assert_eq!(large(&size.to_string()), Some(size));
        }
        for size in ["9223372036854775808", "99999999999999999999"] {
            assert_eq!(large(size), Some(9_223_372_036_854_775_807));
        }
        assert_eq!(large("x"), None);
    }

    /// The same by imap-proto alone, which cannot read sizes above 32 bits.
    fn judged(line: &[u8]) -> Option<MessageData> {
        let Ok((b"", Response::Fetch(number, attributes))) = Response::parse(line) else { return None };
        let mut data = MessageData { number, ..MessageData::default() };
        for attribute in attributes {
            match attribute {
                AttributeValue::Uid(uid) => data.uid = uid,
                AttributeValue::Rfc822Size(size) => (data.size, data.has_size) = (size.into(), true),
                AttributeValue::Flags(flags) => {
                    data.flags = flags.into_iter().map(|flag| flag.into_owned()).collect();
                    data.has_flags = true;
                }
                AttributeValue::InternalDate(date) => data.received = rfc3339(&date),
                // Of what it does not know it says nothing.
                AttributeValue::Unknown => return None,
                _ => (),
            }
        }
        Some(data)
    }

    /// Responses of pieces in any order, with a byte changed in most of them: what both read they read alike.
    #[test]
    fn what_is_read_here_imap_proto_reads_alike() {
        const ITEMS: [&str; 10] = [
            "UID 17",
            "UID 0",
            "UID 999999999",
            "UID 4294967295",
            "RFC822.SIZE 007",
            "FLAGS ()",
            "FLAGS (\\Seen)",
            "FLAGS (\\Seen \\Answered $Forwarded NonJunk)",
            "INTERNALDATE \" 1-Nov-2026 10:00:00 +0100\"",
            "MODSEQ (12)",
        ];
        const BYTES: &[u8] = b"\"\\() {}*%[]\r\n09aZ.$-_\x00\x7f\x80\xff";
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut random = move |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as usize % below
        };
        let (mut both, mut here, mut neither) = (0, 0, 0);
        for _ in 0..200_000 {
            let items: Vec<&str> = (0..=random(4)).map(|_| ITEMS[random(ITEMS.len())]).collect();
            let mut line = format!("* {} FETCH ({})\r\n", random(100), items.join(" ")).into_bytes();
            if random(4) > 0 {
                let at = random(line.len());
                line[at] = BYTES[random(BYTES.len())];
            }
            match (parse_fetch(&line), judged(&line)) {
                (Some(data), Some(judged)) => {
                    assert_eq!(data, judged, "{}", line.escape_ascii());
                    both += 1;
                }
                (Some(_), None) => here += 1,
                (None, Some(_)) => panic!("only imap-proto reads {}", line.escape_ascii()),
                (None, None) => neither += 1,
            }
        }
        assert!(both > 10_000 && neither > 1000, "{both} read alike, {here} only here, {neither} by neither");
    }

    /// What imap-proto panics at, or follows by recursion to the end of the stack.
    #[test]
    fn whatever_a_server_sends_is_read_or_not_and_nothing_else() {
        let data = parse_fetch(b"* 1 FETCH (UID 5 INTERNALDATE NIL FLAGS (\\Seen) RFC822.SIZE 5)\r\n").unwrap();
        assert_eq!((data.uid, data.received, data.size, data.has_flags), (5, None, 5, true));
        for before in ["X (\")", "X a\"b", ""] {
            let deep = format!("* 1 FETCH (UID 5 {before} BODYSTRUCTURE {}{})\r\n", "(".repeat(500_000), ")".repeat(500_000));
            assert!(parse_fetch(deep.as_bytes()).is_none_or(|data| data.uid == 5));
        }
        for line in [
            "",
            "* ",
            "* 1 FETCH (",
            "* 1 FETCH ()\r\n",
            "* 1 FETCH (UID)\r\n",
            "* 1 FETCH (UID 5\r\n",
            "* 1 FETCH (BODY[ X)\r\n",
            "* 1 FETCH (UID 4294967296)\r\n",
        ] {
            assert_eq!(parse_fetch(line.as_bytes()), None, "{line:?}");
        }
    }

    #[test]
    fn a_short_body_may_stand_in_quotes() {
        assert_eq!(quoted_body(b"* 1 FETCH (UID 5 BODY[] \"a \\\"b\\\"\")\r\n"), Some((Section::Whole, b"a \"b\"".to_vec())));
        assert_eq!(quoted_body(b"* 1 FETCH (UID 5 RFC822 \"ab\")\r\n"), Some((Section::Whole, b"ab".to_vec())));
        assert_eq!(quoted_body(b"* 1 FETCH (UID 5 BODY[HEADER] \"\")\r\n"), Some((Section::Headers, Vec::new())));
        for line in ["* 1 FETCH (UID 5 BODY[] NIL)\r\n", "* 1 FETCH (UID 5 BODY[1] \"a\")\r\n", "* 1 FETCH (UID 5 BODY[]<0> \"a\")\r\n"] {
            assert_eq!(quoted_body(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn the_uid_is_found_before_the_body() {
        assert_eq!(uid_in_head(b"* 1 FETCH (UID 5 BODY[] "), Some(5));
        assert_eq!(uid_in_head(b"* 1 FETCH (FLAGS (\\Seen) UID 77 BODY[] "), Some(77));
        assert_eq!(uid_in_head(b"* 1 fetch (uid 5)\r\n"), Some(5));
        for head in ["* 1 FETCH (BODY[] ", "* 1 FETCH (FLAGS (UID 7) BODY[] ", "* 1 FETCH (X \"UID 7 \" BODY[] ", "* OK (UID 5 BODY[] "] {
            assert_eq!(uid_in_head(head.as_bytes()), None, "{head}");
        }
        assert_eq!(uid_in_head(b"* 1 FETCH (FLAGS (UID 7) UID 5 BODY[] "), Some(5));
        assert_eq!(parse_head(b"* 1 FETCH (UID 5 FLAGS (\\Seen) BODY[] ").map(|data| (data.uid, data.has_flags)), Some((5, true)));
        assert_eq!(parse_head(b"* 1 FETCH (UID 5 FLAGS () BODY[] \"a\")\r\n").map(|data| (data.uid, data.has_flags)), Some((5, true)));
        assert_eq!((parse_head(b"* 1 FETCH (BODY[] "), parse_head(b"* 1 FETCH (FLAGS () BODY[] "), parse_head(b"")), (None, None, None));
        assert_eq!(fetch_start(b"* 12 FETCH (BODY[] ").map(|(number, _)| number), Some(12));
    }
}
