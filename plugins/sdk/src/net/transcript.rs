//! What was said on the wire, without the secrets.

use crate::settings::Auth;
use crate::{Secret, is_unseen};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use std::collections::VecDeque;
use std::fmt::Write as _;
use zeroize::{Zeroize, Zeroizing};

/// How many lines are kept from the beginning of a session, where it is decided, and from its end, where it fails.
const HEAD: usize = 200;
const TAIL: usize = 800;

/// The longest line that is shown whole.
const LINE: usize = 1000;

/// Secrets shorter than this are not searched for: masking each "a" would tell more than it hides.
const SHORTEST: usize = 3;

/// The dialogue of a session: a line each, beginning with `C: ` or `S: `. Off until enabled, and then free of cost.
///
/// What the client writes is masked where it is written ([`super::Stream::write_secret`]). What the server says is searched
/// for the secrets that were registered with [`Transcript::hide`], plain and in every encoding in which they went out.
#[derive(Default)]
pub struct Transcript {
    is_on: bool,
    head: Vec<String>,
    tail: VecDeque<String>,
    left_out: u64,
    /// Bytes of message bodies that were written or read since the last line.
    bodies: Option<(char, u64)>,
    patterns: Vec<Pattern>,
}

/// A form in which a secret may show up.
struct Pattern {
    bytes: Zeroizing<Vec<u8>>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// As it is.
    Plain,
    /// Letters of either case are the same: hexadecimal digits, percent-encoding.
    Caseless,
    /// The whole run of base64 around it belongs to it, since its first and last letter share bits with their neighbours.
    Base64,
}

impl Transcript {
    /// Begins to keep lines.
    pub fn enable(&mut self) {
        self.is_on = true;
    }

    /// Masks every secret of the credentials.
    pub fn hide_credentials(&mut self, auth: &Auth) {
        self.hide(&auth.password);
        if let Some(oauth2) = &auth.oauth2 {
            self.hide(&oauth2.access_token);
        }
    }

    /// Masks this secret in whatever the server says from now on: as it is, in base64 at each of the three alignments,
    /// in hexadecimal, and percent-encoded.
    pub fn hide(&mut self, secret: &Secret) {
        let secret = secret.reveal().as_bytes();
        if secret.len() < SHORTEST || self.patterns.iter().any(|pattern| pattern.bytes.as_slice() == secret) {
            return;
        }
        self.patterns.push(Pattern { bytes: Zeroizing::new(secret.to_vec()), kind: Kind::Plain });
        for shift in 0..3 {
            // Only the letters that the secret alone decides: none that share bits with what stands before or behind.
            let mut shifted = Zeroizing::new(vec![0; shift]);
            shifted.extend_from_slice(secret);
            let encoded = Zeroizing::new(STANDARD_NO_PAD.encode(shifted.as_slice()));
            let own = (8 * shift).div_ceil(6)..8 * shifted.len() / 6;
            let core = encoded.as_bytes()[own].to_vec();
            if core.iter().any(|byte| matches!(byte, b'+' | b'/')) {
                let url = core.iter().map(|byte| {
                    if *byte == b'+' {
                        b'-'
                    } else if *byte == b'/' {
                        b'_'
                    } else {
                        *byte
                    }
                });
                self.patterns.push(Pattern { bytes: Zeroizing::new(url.collect()), kind: Kind::Base64 });
            }
            self.patterns.push(Pattern { bytes: Zeroizing::new(core), kind: Kind::Base64 });
        }
        let mut hex = Zeroizing::new(String::with_capacity(secret.len() * 2));
        let mut url = Zeroizing::new(String::with_capacity(secret.len() * 3));
        for byte in secret {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
            let _ = if plain { write!(url, "{}", char::from(*byte)) } else { write!(url, "%{byte:02x}") };
        }
        if url.as_bytes() != secret {
            self.patterns.push(Pattern { bytes: Zeroizing::new(url.as_bytes().to_vec()), kind: Kind::Caseless });
        }
        self.patterns.push(Pattern { bytes: Zeroizing::new(hex.as_bytes().to_vec()), kind: Kind::Caseless });
    }

    /// Hands out the lines so far.
    pub fn take(&mut self) -> Vec<String> {
        self.flush_bodies();
        let mut lines = std::mem::take(&mut self.head);
        if std::mem::take(&mut self.left_out) > 0 {
            lines.push("…".to_owned());
        }
        lines.extend(std::mem::take(&mut self.tail));
        lines
    }

    /// A text of the server for people, as it belongs into errors: secrets masked, control characters as escapes.
    /// Bytes that are not UTF-8 are taken for Latin-1.
    pub fn clean(&self, text: &[u8]) -> String {
        let mut masked = self.masked(text);
        let clean = match std::str::from_utf8(&masked) {
            Ok(text) => printable(text),
            Err(_) => printable(&masked.iter().map(|byte| char::from(*byte)).collect::<String>()),
        };
        masked.zeroize();
        clean
    }

    pub(super) fn client(&mut self, data: &[u8]) {
        if self.is_on {
            let data = data.strip_suffix(b"\n").unwrap_or(data);
            for line in data.split(|byte| *byte == b'\n') {
                self.add('C', line.strip_suffix(b"\r").unwrap_or(line));
            }
        }
    }

    pub(super) fn client_secret(&mut self, shown: &str) {
        if self.is_on {
            self.add('C', shown.as_bytes());
        }
    }

    pub(super) fn client_body(&mut self, size: usize) {
        self.add_body('C', size);
    }

    pub(super) fn server(&mut self, line: &[u8]) {
        if self.is_on {
            self.add('S', line);
        }
    }

    pub(super) fn server_body(&mut self, size: usize) {
        self.add_body('S', size);
    }

    fn add(&mut self, who: char, line: &[u8]) {
        self.flush_bodies();
        // Masked before it is cut, so that a secret at the edge does not lose its end and with that its mask.
        let mut clean = self.clean(line);
        if clean.len() > LINE {
            let cut = (0..=LINE).rev().find(|cut| clean.is_char_boundary(*cut)).unwrap_or_default();
            clean.truncate(cut);
            clean.push('…');
        }
        self.keep(format!("{who}: {clean}"));
    }

    fn add_body(&mut self, who: char, size: usize) {
        if !self.is_on {
            return;
        }
        match &mut self.bodies {
            Some((same, sum)) if *same == who => *sum += size as u64,
            _ => {
                self.flush_bodies();
                self.bodies = Some((who, size as u64));
            }
        }
    }

    fn flush_bodies(&mut self) {
        if let Some((who, size)) = self.bodies.take() {
            self.keep(format!("{who}: [{size} bytes]"));
        }
    }

    fn keep(&mut self, line: String) {
        if self.head.len() < HEAD {
            self.head.push(line);
            return;
        }
        if self.tail.len() == TAIL {
            self.tail.pop_front();
            self.left_out += 1;
        }
        self.tail.push_back(line);
    }

    fn masked(&self, text: &[u8]) -> Vec<u8> {
        let mut ranges: Vec<(usize, usize)> = self.patterns.iter().flat_map(|pattern| pattern.places(text)).collect();
        ranges.sort_unstable();
        let mut masked = Vec::with_capacity(text.len());
        let mut at = 0;
        for (start, end) in ranges {
            if start >= at {
                masked.extend_from_slice(&text[at..start]);
                masked.extend_from_slice(b"***");
            }
            at = at.max(end);
        }
        masked.extend_from_slice(&text[at..]);
        masked
    }
}

impl Pattern {
    /// Where in the text the pattern stands.
    fn places(&self, text: &[u8]) -> Vec<(usize, usize)> {
        let length = self.bytes.len();
        let found: Vec<usize> = match self.kind {
            Kind::Caseless => {
                (0..text.len().saturating_sub(length - 1)).filter(|at| text[*at..at + length].eq_ignore_ascii_case(&self.bytes)).collect()
            }
            _ => memchr::memmem::find_iter(text, self.bytes.as_slice()).collect(),
        };
        let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte);
        let widen = |at: usize| {
            let before = text[..at].iter().rev().take_while(|byte| is_base64(byte)).count();
            let behind = text[at + length..].iter().take_while(|byte| is_base64(byte)).count();
            (at - before, at + length + behind)
        };
        found.into_iter().map(|at| if self.kind == Kind::Base64 { widen(at) } else { (at, at + length) }).collect()
    }
}

/// A foreign text for people: what could move a cursor, end a line, or turn the direction of reading becomes an escape.
pub(super) fn printable(text: &str) -> String {
    // Nearly every line of every server.
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return text.to_owned();
    }
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unseen(c) { clean.extend(c.escape_default()) } else { clean.push(c) }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    fn transcript(secret: &str) -> Transcript {
        let mut transcript = Transcript::default();
        transcript.enable();
        transcript.hide(&Secret::new(secret));
        transcript
    }

    #[test]
    fn an_echoed_secret_is_masked_in_every_encoding() {
        let secret = "gehe!m?wort";
        let transcript = transcript(secret);
        for prefix in ["", "a", "ab", "\0anna\0", "user\0"] {
            for suffix in ["", "x", "xy"] {
                let encoded = STANDARD.encode(format!("{prefix}{secret}{suffix}"));
                let clean = transcript.clean(format!("535 what is {encoded} then").as_bytes());
                assert_eq!(clean, "535 what is *** then", "{prefix:?} {suffix:?}");
            }
        }
        assert_eq!(transcript.clean(b"no gehe!m?wort, no"), "no ***, no");
        assert_eq!(transcript.clean(b"gehe%21m%3Fwort gehe%21m%3fwort"), "*** ***");
        assert_eq!(transcript.clean(b"67656865216D3F776F7274."), "***.");
        assert_eq!(transcript.clean(b"gehe!m?worgehe!m?wort"), "gehe!m?wor***");
    }

    #[test]
    fn url_safe_base64_is_masked_too() {
        let transcript = transcript("??>>~~");
        assert_eq!(transcript.clean(b"<Pz8-Pn5->"), "<***>");
        assert_eq!(transcript.clean(b"<Pz8+Pn5+>"), "<***>");
    }

    #[test]
    fn control_characters_cannot_reach_a_terminal() {
        let clean = Transcript::default().clean(b"a\x1b[2Jb\rc\0\x7f");
        assert_eq!(clean, "a\\u{1b}[2Jb\\rc\\u{0}\\u{7f}");
        assert_eq!(printable("fdp.\u{202e}exe"), "fdp.\\u{202e}exe");
        assert_eq!(printable("Größe ✓"), "Größe ✓");
        assert_eq!(Transcript::default().clean(b"gr\xf6\xdfe"), "größe");
    }

    #[test]
    fn nothing_is_kept_until_enabled() {
        let mut transcript = Transcript::default();
        transcript.client(b"EHLO x\r\n");
        transcript.server(b"250 x");
        transcript.client_body(7);
        assert!(transcript.take().is_empty());
    }

    #[test]
    fn bodies_are_counted_and_long_sessions_keep_both_ends() {
        let mut transcript = Transcript::default();
        transcript.enable();
        transcript.client(b"MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n");
        transcript.client_body(1000);
        transcript.client_body(24);
        transcript.server(&[b'x'; 5000]);
        let lines = transcript.take();
        assert_eq!(lines[..4], ["C: MAIL FROM:<a>", "C: RCPT TO:<b>", "C: DATA", "C: [1024 bytes]"]);
        assert!(lines[4].len() < 1100 && lines[4].ends_with('…'));
        (0..10_000).for_each(|number| transcript.server(number.to_string().as_bytes()));
        let lines = transcript.take();
        assert_eq!(lines.len(), HEAD + 1 + TAIL);
        assert_eq!(lines.first().map(String::as_str), Some("S: 0"));
        assert_eq!(lines[HEAD], "…");
        assert_eq!(lines.last().map(String::as_str), Some("S: 9999"));
    }
}
