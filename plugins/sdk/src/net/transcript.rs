//! The dialogue on the wire, without the secrets.

use crate::settings::Auth;
use crate::{Call, Level, Mask, Secret, printable};
use std::collections::VecDeque;

/// How many lines are kept from the beginning of a session, which shows its capabilities, and from its end, which shows a failure.
const HEAD: usize = 200;
const TAIL: usize = 800;

/// The longest line that is shown whole.
const LINE: usize = 1000;

/// The dialogue of a session: a line each, beginning with `C: ` or `S: `. Kept once it is enabled, and written to the log of each call
/// that is read at [`Level::Trace`]; free of cost where neither holds.
///
/// What the client writes is masked where it is written ([`super::Stream::write_secret`]). What the server sends is searched for
/// the secrets that were registered with [`Transcript::hide`] and for what was written of them, in every form ([`Mask`]).
#[derive(Default)]
pub struct Transcript {
    is_on: bool,
    head: Vec<String>,
    tail: VecDeque<String>,
    left_out: u64,
    /// Bytes of message bodies that were written or read since the last line.
    bodies: Option<(char, u64)>,
    mask: Mask,
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

    /// Masks this secret in all that the server sends from now on, whatever its form.
    pub fn hide(&mut self, secret: &Secret) {
        self.mask.hide(secret);
    }

    /// Hands out the lines so far.
    pub fn take(&mut self) -> Vec<String> {
        if let Some((who, size)) = self.bodies.take().filter(|_| self.is_on) {
            self.store(format!("{who}: [{size} bytes]"));
        }
        let mut lines = std::mem::take(&mut self.head);
        if std::mem::take(&mut self.left_out) > 0 {
            lines.push("…".to_owned());
        }
        lines.extend(std::mem::take(&mut self.tail));
        lines
    }

    /// A server's text as errors show it: secrets masked, control characters as escapes.
    /// Bytes that are not UTF-8 are taken for Latin-1.
    pub fn clean(&self, text: &[u8]) -> String {
        let masked = self.mask.apply(text);
        match std::str::from_utf8(&masked) {
            Ok(text) => printable(text),
            Err(_) => printable(&masked.iter().map(|byte| char::from(*byte)).collect::<String>()),
        }
    }

    pub(super) fn client(&mut self, data: &[u8], call: &Call) {
        if self.is_wanted(call) && !data.is_empty() {
            let data = data.strip_suffix(b"\n").unwrap_or(data);
            for line in data.split(|byte| *byte == b'\n') {
                self.add('C', line.strip_suffix(b"\r").unwrap_or(line), call);
            }
        }
    }

    /// Notes `shown` in the place of `data`. Where three stars stand for its end, a server that echoes pieces of that end shows stars, too.
    pub(super) fn client_secret(&mut self, data: &[u8], shown: &str, call: &Call) {
        if let Some(open) = shown.strip_suffix("***") {
            let same = open.bytes().zip(data).take_while(|(open, data)| open == *data).count();
            self.mask.hide_sent(&data[same..]);
        }
        if self.is_wanted(call) {
            self.add('C', shown.as_bytes(), call);
        }
    }

    pub(super) fn client_body(&mut self, size: usize, call: &Call) {
        self.add_body('C', size, call);
    }

    pub(super) fn server(&mut self, line: &[u8], call: &Call) {
        if self.is_wanted(call) {
            self.add('S', line, call);
        } else {
            // The count belongs to a body that is not recorded.
            self.bodies = None;
        }
    }

    /// A body that the server sends, counted without a call at hand; [`Transcript::flush`] writes it to the log.
    pub(super) fn server_body(&mut self, size: usize) {
        self.count('S', size);
    }

    /// Records the size of a body, because the dialogue goes on, or ends.
    pub(super) fn flush(&mut self, call: &Call) {
        if let Some((who, size)) = self.bodies.take() {
            self.keep(format!("{who}: [{size} bytes]"), call);
        }
    }

    pub(super) fn is_wanted(&self, call: &Call) -> bool {
        self.is_on || call.logs(Level::Trace)
    }

    fn add(&mut self, who: char, line: &[u8], call: &Call) {
        self.flush(call);
        // Masked before it is cut, so that a secret at the edge does not lose its end and with that its mask.
        let mut clean = self.clean(line);
        if clean.len() > LINE {
            let cut = (0..=LINE).rev().find(|cut| clean.is_char_boundary(*cut)).unwrap_or_default();
            clean.truncate(cut);
            clean.push('…');
        }
        self.keep(format!("{who}: {clean}"), call);
    }

    fn add_body(&mut self, who: char, size: usize, call: &Call) {
        if !self.is_wanted(call) {
            self.bodies = None;
            return;
        }
        if self.bodies.is_some_and(|(other, _)| other != who) {
            self.flush(call);
        }
        self.count(who, size);
    }

    fn count(&mut self, who: char, size: usize) {
        match &mut self.bodies {
            Some((same, sum)) if *same == who => *sum += size as u64,
            // An older count belongs to a call that is not recorded.
            bodies => *bodies = Some((who, size as u64)),
        }
    }

    fn keep(&mut self, line: String, call: &Call) {
        call.log(Level::Trace, &line);
        if self.is_on {
            self.store(line);
        }
    }

    fn store(&mut self, line: String) {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestHost;
    use std::time::{Duration, Instant};

    #[test]
    fn a_call_that_is_traced_logs_the_dialogue_as_it_goes_on() {
        let (mut transcript, host) = (Transcript::default(), TestHost::new().logging(Level::Trace));
        transcript.hide(&Secret::new("geheim"));
        let traced = host.call();
        transcript.client(b"MAIL FROM:<a>\r\n", &call());
        transcript.client_body(7, &call());
        transcript.server(b"250 not recorded", &call());
        transcript.client_secret(b"PASS geheim\r\n", "PASS ***", &traced);
        transcript.server(b"-ERR GEHEIM is no password", &traced);
        transcript.client_body(1000, &traced);
        transcript.client_body(24, &traced);
        transcript.flush(&traced);
        let lines = host.log();
        assert!(lines.iter().all(|(level, _)| *level == Level::Trace));
        let lines: Vec<_> = lines.iter().map(|(_, line)| line.as_str()).collect();
        assert_eq!(lines, ["C: PASS ***", "S: -ERR *** is no password", "C: [1024 bytes]"]);
        assert!(transcript.take().is_empty());
    }

    /// A call without a log.
    fn call() -> Call<'static> {
        Call::new(&(), Instant::now() + Duration::from_secs(60))
    }

    #[test]
    fn control_characters_cannot_reach_a_terminal() {
        let clean = Transcript::default().clean(b"a\x1b[2Jb\rc\0\x7f");
        assert_eq!(clean, "a\\u{1b}[2Jb\\rc\\u{0}\\u{7f}");
        assert_eq!(Transcript::default().clean(b"gr\xf6\xdfe"), "größe");
    }

    #[test]
    fn nothing_is_kept_until_enabled() {
        let mut transcript = Transcript::default();
        transcript.client(b"EHLO x\r\n", &call());
        transcript.server(b"250 x", &call());
        transcript.client_body(7, &call());
        assert!(transcript.take().is_empty());
    }

    #[test]
    fn bodies_are_counted_and_long_sessions_keep_both_ends() {
        let mut transcript = Transcript::default();
        transcript.enable();
        let call = call();
        transcript.client(b"MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n", &call);
        transcript.client_body(1000, &call);
        transcript.client_body(24, &call);
        transcript.server(&[b'x'; 5000], &call);
        let lines = transcript.take();
        assert_eq!(lines[..4], ["C: MAIL FROM:<a>", "C: RCPT TO:<b>", "C: DATA", "C: [1024 bytes]"]);
        assert!(lines[4].len() < 1100 && lines[4].ends_with('…'));
        (0..10_000).for_each(|number| transcript.server(number.to_string().as_bytes(), &call));
        let lines = transcript.take();
        assert_eq!(lines.len(), HEAD + 1 + TAIL);
        assert_eq!(lines.first().map(String::as_str), Some("S: 0"));
        assert_eq!(lines[HEAD], "…");
        assert_eq!(lines.last().map(String::as_str), Some("S: 9999"));
    }
}
