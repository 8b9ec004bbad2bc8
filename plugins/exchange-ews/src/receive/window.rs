//! Some messages that are asked for at once, handed over as they come.
//!
//! A message's id stands behind its content in an answer, so the action on it is asked for only when that was read and is the one that was asked
//! for.

use super::headers::Headers;
use crate::items::{Row, item_id};
use crate::meaning::Class;
use crate::message::{Message, Take};
use crate::xml::Content;
use postkontor_plugin::{Action, Call, Error, Incoming, Stage, Status, Summary};

/// What became of a message of the window.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fate {
    /// The host has taken it.
    Taken(Action, /* only its headers */ bool),
    /// It is not there any more.
    Gone,
    /// The service does not hand it over.
    Withheld(Error),
}

/// How much of the current message came.
enum Phase {
    /// Nothing.
    Waiting,
    /// It is handed over as it comes.
    Passing(u64, Headers),
    /// It proved too large, and its headers were handed over.
    HeadersOnly,
    /// It proved too large, and its headers have not ended yet.
    HeadersComing(Headers),
}

/// Messages on their way.
pub(super) struct Window<'w> {
    rows: &'w [Row],
    host: &'w str,
    folder: &'w str,
    summary: Summary,
    max_bytes: Option<u64>,
    call: &'w Call<'w>,
    phase: Phase,
    /// One for each message that was dealt with, in their order.
    pub(super) fates: Vec<Fate>,
    pub(super) is_stopped: bool,
    /// A message has begun and not ended.
    pub(super) is_within: bool,
}

impl<'w> Window<'w> {
    pub(super) fn new(
        rows: &'w [Row],
        host: &'w str,
        folder: &'w str,
        summary: Summary,
        max_bytes: Option<u64>,
        call: &'w Call<'w>,
    ) -> Window<'w> {
        Window {
            rows,
            host,
            folder,
            summary,
            max_bytes,
            call,
            phase: Phase::Waiting,
            fates: Vec::new(),
            is_stopped: false,
            is_within: false,
        }
    }

    /// Announces the current message.
    fn announce(&self, headers_only: bool) -> Result<(), Error> {
        let row = self.rows.get(self.fates.len()).ok_or_else(|| crate::xml::malformed("more messages than were asked for"))?;
        self.call.announce(&incoming(row, self.folder, self.summary, headers_only))
    }

    /// Hands headers over, in the place of a message that is too large.
    fn hand_over(&self, headers: &Headers) -> Result<(), Error> {
        self.announce(true)?;
        self.call.message(headers.bytes())
    }
}

/// What the host learns of a message.
pub(super) fn incoming(row: &Row, folder: &str, summary: Summary, headers_only: bool) -> Incoming {
    let is_full = summary != Summary::None;
    Incoming {
        id: row.id.clone(),
        // The size in the store is not that of the message.
        size: None,
        folder: Some(folder.to_owned()),
        flags: if is_full { row.flags() } else { Vec::new() },
        received: row.received.clone().filter(|_| is_full),
        headers_only,
        ..Incoming::default()
    }
}

impl Content for Window<'_> {
    fn begin(&mut self) {
        self.is_within = true;
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.call.check()?;
        if let Phase::Waiting = self.phase {
            self.announce(false)?;
            self.phase = Phase::Passing(0, Headers::default());
        }
        let limit = self.max_bytes.unwrap_or(u64::MAX);
        self.phase = match std::mem::replace(&mut self.phase, Phase::Waiting) {
            Phase::Passing(passed, mut headers) => {
                if self.max_bytes.is_some() {
                    headers.take(bytes);
                }
                let passed = passed + bytes.len() as u64;
                if passed <= limit {
                    self.call.message(bytes)?;
                    self.call.progress(passed, 0)?;
                    Phase::Passing(passed, headers)
                } else if headers.is_whole() {
                    self.hand_over(&headers)?;
                    Phase::HeadersOnly
                } else {
                    Phase::HeadersComing(headers)
                }
            }
            Phase::HeadersComing(mut headers) => {
                headers.take(bytes);
                if headers.is_whole() {
                    self.hand_over(&headers)?;
                    Phase::HeadersOnly
                } else {
                    Phase::HeadersComing(headers)
                }
            }
            phase => phase,
        };
        Ok(())
    }
}

impl Take for Window<'_> {
    fn message(&mut self, message: Message) -> Result<bool, Error> {
        self.is_within = false;
        let place = self.fates.len();
        let row = self.rows.get(place).ok_or_else(|| crate::xml::malformed("more answers than were asked for"))?;
        let phase = std::mem::replace(&mut self.phase, Phase::Waiting);
        if !message.is_success {
            let fate = if message.class() == Class::Gone { Fate::Gone } else { Fate::Withheld(message.error(self.host, Stage::Fetch)) };
            self.fates.push(fate);
            return Ok(true);
        }
        if message.item().and_then(item_id) != Some(row.id.as_str()) {
            return Err(Error::new(Status::Protocol, "ews.item_foreign").arg("host", self.host).stage(Stage::Fetch));
        }
        let is_headers = match phase {
            Phase::Waiting => {
                let withheld = Error::new(Status::Protocol, "ews.message_withheld").arg("host", self.host).stage(Stage::Fetch);
                self.fates.push(Fate::Withheld(withheld));
                return Ok(true);
            }
            Phase::Passing(..) => false,
            Phase::HeadersOnly => true,
            Phase::HeadersComing(headers) => {
                self.hand_over(&headers)?;
                true
            }
        };
        let action = self.call.action()?;
        self.is_stopped = action == Action::Stop;
        self.fates.push(Fate::Taken(action, is_headers));
        Ok(!self.is_stopped)
    }
}
