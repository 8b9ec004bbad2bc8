//! Waiting for new messages: IDLE (RFC 2177, RFC 9051 section 6.3.13).
//!
//! A message may come at any moment, also between the search that did not find it and the IDLE that would tell of it. So the number of
//! messages is followed through every response of the session (EXISTS, EXPUNGE), and after each wait, whatever ended it, the folder is
//! searched again: what a server tells is only a reason to look.

use crate::session::Session;
use postkontor_plugin::{Call, Error};
use std::time::{Duration, Instant};

/// What a session knows of the selected folder without having asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Watch {
    pub(crate) messages: u32,
    /// There are more messages than there were.
    has_grown: bool,
    /// The server said that it can IDLE, and would not.
    is_refused: bool,
    /// DONE was sent, at least once.
    pub(crate) was_idle: bool,
}

impl Watch {
    /// Takes note of an untagged response.
    pub(crate) fn note(&mut self, line: &[u8]) {
        let Some((number, word)) = counted(line) else { return };
        if word.eq_ignore_ascii_case(b"EXISTS") {
            self.has_grown |= number > self.messages;
            self.messages = number;
        } else if word.eq_ignore_ascii_case(b"EXPUNGE") {
            self.messages = self.messages.saturating_sub(1);
        }
    }
}

/// The number and the word of `* 23 EXISTS`.
pub(crate) fn counted(line: &[u8]) -> Option<(u32, &[u8])> {
    let rest = line.strip_prefix(b"* ")?.trim_ascii_end();
    let space = rest.iter().take(11).position(|byte| *byte == b' ')?;
    let number = std::str::from_utf8(&rest[..space]).ok()?.parse().ok()?;
    Some((number, &rest[space + 1..]))
}

impl Session {
    /// What has come until now is known: the folder was just selected.
    pub(crate) fn is_up_to_date(&mut self) {
        self.watch.has_grown = false;
    }

    /// Waits until the folder may hold something new, at most until then; whether it is worth while to look. Not when the wait is over,
    /// and not at a server without IDLE, which tells only whoever asks.
    ///
    /// IDLE is begun anew every `renewal`, or the server and the routers on the way to it would take the connection for dead.
    pub(crate) fn idle(&mut self, until: Instant, renewal: Duration, call: &Call) -> Result<bool, Error> {
        if std::mem::take(&mut self.watch.has_grown) {
            return Ok(true);
        }
        let is_able = self.capabilities.has("IDLE") || self.capabilities.has("IMAP4rev2");
        let now = Instant::now();
        if now >= until || renewal.is_zero() || !is_able || self.watch.is_refused {
            return Ok(false);
        }
        let until = until.min(now.checked_add(renewal).unwrap_or(until));
        let tag = self.start("IDLE", call)?;
        let (mut is_idle, mut heard) = (false, 0);
        loop {
            if is_idle && (self.watch.has_grown || Instant::now() >= until || !self.stream.arrives(until, call)?) {
                self.watch.was_idle = true;
                self.stream.write(b"DONE\r\n", call)?;
                self.finish(&tag, call, |_| Ok(()))?;
                self.watch.has_grown = false;
                return Ok(true);
            }
            let line = self.hear(&mut heard, call)?;
            if line.starts_with(b"+") && !is_idle {
                is_idle = true;
            } else if self.done(&tag, &line)?.is_some() {
                // Refused, or ended of its own accord, which it might do without end: the host asks it now and then instead.
                self.watch.is_refused = true;
                return Ok(is_idle);
            }
        }
    }
}
