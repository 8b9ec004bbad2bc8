//! A server's reply (RFC 5321, section 4.2).

use postkontor_plugin::net::Stream;
use postkontor_plugin::{Call, Error, Reply as CleanReply, Status};

/// The most lines and bytes of one reply. EHLO has some dozens of lines at most.
const MOST_LINES: usize = 256;
const MOST_BYTES: usize = 64 * 1024;

/// The reply to one command: a code, and lines of text as bytes, since servers write in any character set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) code: u16,
    text: Vec<u8>,
}

impl Reply {
    /// Reads the next reply.
    pub(crate) fn read(stream: &mut Stream, call: &Call) -> Result<Reply, Error> {
        let mut reply = Reply { code: 0, text: Vec::new() };
        let mut is_first = true;
        for _ in 0..MOST_LINES {
            let line = stream.read_line(call)?;
            // An empty line says nothing; some servers send one between replies, or between the lines of one.
            if line.is_empty() {
                continue;
            }
            let Some((code, last, text)) = parse(line) else {
                let line = line.to_vec();
                let detail = stream.transcript().clean(&line[..line.len().min(200)]);
                return Err(Error::new(Status::Protocol, "protocol.reply_malformed").arg("host", host(stream)).detail(detail));
            };
            if !std::mem::take(&mut is_first) {
                // The last line counts (RFC 5321, section 4.2.1), as long as all of them are of one class.
                if code / 100 != reply.code / 100 {
                    let detail = format!("a reply that begins with {} goes on with {code}", reply.code);
                    return Err(Error::new(Status::Protocol, "protocol.reply_malformed").arg("host", host(stream)).detail(detail));
                }
                reply.text.push(b'\n');
            }
            reply.code = code;
            reply.text.extend_from_slice(text);
            if last {
                skip_empty_lines(stream, call)?;
                return Ok(reply);
            }
            if reply.text.len() > MOST_BYTES {
                break;
            }
        }
        Err(Error::new(Status::Protocol, "protocol.reply_too_long").arg("host", host(stream)))
    }

    /// The command was carried out.
    pub(crate) fn is_positive(&self) -> bool {
        self.code / 100 == 2
    }

    /// The server will close the connection (RFC 5321, section 3.8).
    pub(crate) fn is_closing(&self) -> bool {
        self.code == 421
    }

    /// The lines, without the code.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.text.split(|byte| *byte == b'\n')
    }

    /// The reply as one line, secrets masked, its enhanced status code (RFC 3463) apart.
    pub(crate) fn cleaned(&self, stream: &mut Stream) -> CleanReply {
        let mut enhanced = None;
        let mut text = String::new();
        for line in self.lines() {
            let (code, rest) = enhanced_code(line, self.code);
            enhanced = enhanced.or(code);
            if !text.is_empty() && !rest.is_empty() {
                text.push(' ');
            }
            text.push_str(&stream.transcript().clean(rest));
        }
        let enhanced = enhanced.or_else(|| code_behind(&text, self.code));
        CleanReply { code: self.code, enhanced, text }
    }
}

/// Skips empty lines that have arrived behind a reply: they would count as an early reply.
pub(crate) fn skip_empty_lines(stream: &mut Stream, call: &Call) -> Result<(), Error> {
    while stream.pending() > 0 {
        let length = match stream.peek(call)? {
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            _ => break,
        };
        stream.consume(length);
    }
    Ok(())
}

fn host(stream: &Stream) -> String {
    stream.endpoint().host.clone()
}

/// Code, whether it is the last line, and text.
fn parse(line: &[u8]) -> Option<(u16, bool, &[u8])> {
    let (code, rest) = line.split_at_checked(3)?;
    if !code.iter().all(u8::is_ascii_digit) || !(b'2'..=b'5').contains(&code[0]) {
        return None;
    }
    let code = code.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    match rest.split_first() {
        None => Some((code, true, rest)),
        // Some servers write a tab.
        Some((b' ' | b'\t', text)) => Some((code, true, text)),
        Some((b'-', text)) => Some((code, false, text)),
        Some(_) => None,
    }
}

/// Splits `5.1.1 text`. A code whose class contradicts the reply is text, as is anything that only looks like one.
fn enhanced_code(line: &[u8], code: u16) -> (Option<String>, &[u8]) {
    let word = line.split(|byte| *byte == b' ').next().unwrap_or_default();
    // OpenSMTPD writes `4.3.0: text`.
    let code_alone = word.strip_suffix(b":").unwrap_or(word);
    let mut parts = code_alone.split(|byte| *byte == b'.');
    let number =
        |part: Option<&[u8]>, most: usize| part.is_some_and(|part| (1..=most).contains(&part.len()) && part.iter().all(u8::is_ascii_digit));
    let is_code = number(parts.next(), 1) && number(parts.next(), 3) && number(parts.next(), 3) && parts.next().is_none();
    if !is_code || u16::from(word[0] - b'0') != code / 100 {
        return (None, line);
    }
    let rest = &line[word.len()..];
    (Some(String::from_utf8_lossy(code_alone).into_owned()), rest.strip_prefix(b" ").unwrap_or(rest))
}

/// The enhanced code as qmail writes it, at the end of the text: `… (#5.7.1)`.
fn code_behind(text: &str, code: u16) -> Option<String> {
    let (_, last) = text.strip_suffix(')')?.rsplit_once("(#")?;
    enhanced_code(last.as_bytes(), code).0.filter(|found| found == last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_replies_differ_from_nonsense() {
        assert_eq!(parse(b"250 ok"), Some((250, true, &b"ok"[..])));
        assert_eq!(parse(b"250-ok"), Some((250, false, &b"ok"[..])));
        assert_eq!(parse(b"354"), Some((354, true, &b""[..])));
        assert_eq!(parse(b"250-"), Some((250, false, &b""[..])));
        assert_eq!(parse(b"250\tok"), Some((250, true, &b"ok"[..])));
        assert_eq!(parse(b"550 Empf\xe4nger"), Some((550, true, &b"Empf\xe4nger"[..])));
        for line in [&b""[..], b"25", b"2500 x", b"abc x", b"150 x", b"650 x", b"+OK", b"* OK", b"250:x", b"HTTP/1.1 400"] {
            assert_eq!(parse(line), None, "{line:?}");
        }
    }

    #[test]
    fn enhanced_codes_are_split_from_the_text() {
        assert_eq!(enhanced_code(b"5.1.1 User unknown", 550), (Some("5.1.1".to_owned()), &b"User unknown"[..]));
        assert_eq!(enhanced_code(b"4.3.0: Temporary Error", 421), (Some("4.3.0".to_owned()), &b"Temporary Error"[..]));
        assert_eq!(enhanced_code(b"2.0.0", 250), (Some("2.0.0".to_owned()), &b""[..]));
        assert_eq!(code_behind("sorry, no mailbox here (#5.1.1)", 550).as_deref(), Some("5.1.1"));
        for text in ["no (#4.1.1)", "no (5.1.1)", "no (#5.1.1) here", "no (#5.1.1 x)", "(#)", ""] {
            assert_eq!(code_behind(text, 550), None, "{text}");
        }
        for line in ["4.1.1 other class", "5.1 short", "5.1.1.1 long", "5.1234.1 wide", "192.0.2.1 address", "text"] {
            assert_eq!(enhanced_code(line.as_bytes(), 550), (None, line.as_bytes()), "{line}");
        }
    }
}
