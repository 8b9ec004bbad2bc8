//! Waiting for new messages: IDLE (RFC 2177, RFC 9051 section 6.3.13).
//!
//! A message may arrive at any moment, also between the SEARCH that did not find it and IDLE. So EXISTS and EXPUNGE are counted in every
//! response of the session, and the folder is searched again after each wait, whatever ended it.

use crate::session::Session;
use crate::settings::Settings;
use postkontor_plugin::{Call, Error, Status};
use std::time::{Duration, Instant};

/// The pause after a search that found nothing: first, and at most.
const SHORTEST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(10);

/// How long a server may take to end a response that it has begun.
const GRACE: Duration = Duration::from_secs(10);

/// How long to wait for new messages, and how.
#[derive(Clone, Debug)]
pub(crate) struct IdleWait {
    until: Instant,
    /// How long one IDLE lasts; where it is zero, IDLE is not used.
    renewal: Duration,
    /// How long the server may take to end a response that it has begun, and IDLE.
    grace: Duration,
    /// Until then EXISTS is no reason to search.
    rest: Instant,
    /// How long that is after the last search.
    pause: Duration,
}

impl IdleWait {
    /// For so many seconds.
    pub(crate) fn new(seconds: u64, settings: &Settings) -> IdleWait {
        let now = Instant::now();
        IdleWait {
            until: now + Duration::from_secs(seconds),
            renewal: Duration::from_secs(settings.imap.idle_seconds.into()),
            grace: GRACE.min(Duration::from_secs(settings.server.timeout_seconds.into())),
            rest: now,
            pause: Duration::ZERO,
        }
    }

    /// Plans the next search after a wait that began at this moment. The pause grows where a server keeps announcing messages that are not
    /// there or do not match the filter.
    fn looks_again(&mut self, begun: Instant) {
        let now = Instant::now();
        let is_calm = now.duration_since(begun) > 6 * LONGEST;
        self.pause = if is_calm { Duration::ZERO } else { (2 * self.pause).clamp(SHORTEST, LONGEST) };
        self.rest = now + self.pause;
    }
}

impl Session {
    /// Forgets that messages arrived: the folder was just selected.
    pub(crate) fn forget_growth(&mut self) {
        self.updates.has_grown = false;
    }

    /// Waits by IDLE until the folder may hold new messages; whether to search. No where the time is over, or the server has no IDLE.
    ///
    /// IDLE is sent anew at intervals: servers and routers close idle connections.
    pub(crate) fn idle(&mut self, wait: &mut IdleWait, call: &Call) -> Result<bool, Error> {
        let now = Instant::now();
        if self.updates.has_grown && now >= wait.rest {
            self.updates.has_grown = false;
            wait.looks_again(now);
            return Ok(true);
        }
        let is_able = self.capabilities.has("IDLE") || self.capabilities.has("IMAP4rev2");
        if now >= wait.until || wait.renewal.is_zero() || !is_able || self.updates.is_refused {
            return Ok(false);
        }
        let until = wait.until.min(now.checked_add(wait.renewal).unwrap_or(wait.until));
        let tag = self.send_command("IDLE", call)?;
        let is_worth_while = self.idle_until(&tag, until, wait, call)?;
        wait.looks_again(now);
        Ok(is_worth_while)
    }

    fn idle_until(&mut self, tag: &str, until: Instant, wait: &IdleWait, call: &Call) -> Result<bool, Error> {
        // A line that never ends does not prolong the wait.
        let in_time = call.until(until.checked_add(wait.grace).unwrap_or(until));
        let (mut is_idle, mut count) = (false, 0);
        loop {
            let end = if self.updates.has_grown { until.min(wait.rest) } else { until };
            if is_idle && (Instant::now() >= end || !self.stream.arrives(end, call)?) {
                self.updates.was_idle = true;
                self.stream.write(b"DONE\r\n", call)?;
                let completion = self.read_completion(tag, &call.until(Instant::now() + wait.grace), |_| Ok(()));
                completion.map_err(|error| self.overdue(error, wait, call))?;
                self.updates.has_grown = false;
                return Ok(true);
            }
            let line = self.next_response(&mut count, &in_time);
            let line = line.map_err(|error| self.overdue(error, wait, call))?;
            if line.starts_with(b"+") && !is_idle {
                is_idle = true;
            } else if self.completion(tag, &line)?.is_some() {
                // The server refused IDLE or ended it by itself, and might do so again: the host polls instead.
                self.updates.is_refused = true;
                return Ok(is_idle);
            }
        }
    }

    /// The error of a wait that the server did not let end, while the call still has time.
    fn overdue(&self, error: Error, wait: &IdleWait, call: &Call) -> Error {
        if error.code != "call.timeout" || call.remaining().is_zero() {
            return error;
        }
        let error = self.error(Status::Timeout, "net.idle_timeout").arg("port", self.stream.endpoint().port);
        error.arg("seconds", wait.grace.as_secs())
    }
}
