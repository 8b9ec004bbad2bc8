//! Sending with PIPELINING and CHUNKING (RFC 2920, RFC 3030): whole mails leave in one write, several at a time.
//!
//! A mail is `MAIL`, its `RCPT`s and `BDAT n LAST` with the message; nothing in it waits for a reply, so it costs one round trip, and
//! a window of mails costs no more. Between two mails stands `RSET`: after a refusal the server's state is undefined
//! (RFC 3030, section 4.2), and the next mail's recipients must not end up in the transaction of the last one.

use crate::capabilities::Capabilities;
use crate::envelope;
use crate::line_guard::LineGuard;
use crate::reply::Reply;
use crate::transaction::{Batch, Ended, Interruption, Outcome, RESET, envelope_replies, extra_reply, final_reply, keeps_replying};
use crate::verdict::Verdicts;
use crate::write_buffer::WriteBuffer;
use postkontor_plugin::{Body, Error, Mail, SessionState, Stage, Status};
use std::sync::Arc;

/// The most mails and bytes in one window. Its replies must fit the socket buffers: they are read only after it was written.
const MAILS: usize = 64;
const BYTES: usize = 256 * 1024;

/// A message that fits is sent without waiting; before a larger one, the replies to its envelope are awaited.
pub(crate) const BLOCK: usize = 512 * 1024;

/// Mails that are ready to leave, in the buffer.
#[derive(Default)]
pub(crate) struct Window {
    pub(crate) entries: Vec<Entry>,
    /// The capabilities of the server that they were prepared for.
    pub(crate) prepared_for: Arc<Capabilities>,
}

/// One mail's place in the buffer.
pub(crate) struct Entry {
    /// Which mail it is.
    pub(crate) index: usize,
    pub(crate) start: usize,
    /// Where the message begins; before it stand the commands.
    pub(crate) body: usize,
    pub(crate) end: usize,
    /// The guard of a message that is not read to its end yet.
    pub(crate) unfinished: Option<LineGuard>,
}

impl Window {
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether another mail may join those that are there. One of unknown size may be large, and has to come alone.
    pub(crate) fn has_room(&self, mail: &Mail, buffer: &WriteBuffer) -> bool {
        self.entries.len() < MAILS && mail.size.is_some_and(|size| buffer.len() as u64 + size <= BYTES as u64)
    }

    /// Forgets the first mails of the window, which have their verdicts.
    pub(crate) fn settle(&mut self, count: usize, buffer: &mut WriteBuffer) {
        self.entries.drain(..count.min(self.entries.len()));
        if self.entries.is_empty() {
            buffer.clear();
        }
    }

    /// Puts a mail into the buffer, without sending it. A mail with an error leaves no trace there.
    ///
    /// Of a large message only the beginning is read; it is taken only into an empty window, and fills it.
    pub(crate) fn add(&mut self, index: usize, mail: &Mail, body: &mut Body, host: &str, buffer: &mut WriteBuffer) -> Result<(), Error> {
        let start = buffer.len();
        let entry = compose(index, mail, body, &self.prepared_for, host, buffer);
        if entry.is_err() {
            buffer.truncate(start);
        }
        self.entries.push(entry.map_err(Error::usable)?);
        Ok(())
    }

    /// Sends all mails of the window and reads the verdict on each.
    pub(crate) fn send(&self, batch: &mut Batch<'_>) -> Outcome {
        let Some(first) = self.entries.first() else { return Outcome::settled(0) };
        // The RSET in front of the first mail is needed only where something was left unfinished.
        let mut reset = batch.session.needs_reset;
        let from = first.start + if reset { 0 } else { RESET.len() };
        if let Err(early) = batch.session.expect_silence() {
            return Outcome::broken(0, early.stage(Stage::Sender));
        }
        let before = batch.session.stream.written();
        let bodies = self.entries.iter().map(|entry| entry.body - from..entry.end - from);
        let written = batch.session.stream.write_mixed(&batch.buffer.bytes()[from..], bodies, batch.call);
        // Where in the buffer the bytes end that have left.
        let left = from + usize::try_from(batch.session.stream.written() - before).unwrap_or(usize::MAX - from);
        if let Err(error) = written {
            return self.lost(0, Verdicts::default(), error, left, batch);
        }
        for (position, entry) in self.entries.iter().enumerate() {
            let mut verdicts = Verdicts::default();
            let reply = match self.replies(entry, reset, &mut verdicts, batch) {
                Ok(reply) => reply,
                Err(Interruption::Closing(error)) => return self.closing(position, error, left, batch),
                Err(Interruption::Lost(error)) => {
                    self.doubt(position, &error, batch);
                    return self.lost(position, verdicts, error, left, batch);
                }
            };
            reset = true;
            let extra_reply = if position + 1 == self.entries.len() { extra_reply(batch.session, batch.call) } else { None };
            if let Some(error) = extra_reply.as_ref().and_then(|extra_reply| extra_reply.doubt()) {
                self.doubt(position, error, batch);
            }
            batch.session.needs_reset = !(reply.is_positive() && verdicts.any_accepted());
            let (mail, size) = (&batch.mails[entry.index], (entry.end - entry.body) as u64);
            let doubt = extra_reply.as_ref().and_then(|extra_reply| extra_reply.doubt());
            let result = verdicts.conclude(mail, size, &reply, doubt, batch.session);
            batch.session.has_served |= result.is_ok();
            let Ended { result, broken } = Ended::with(result, &reply, extra_reply);
            batch.results[entry.index] = Some(result);
            if let Some(error) = broken {
                return self.closing(position + 1, error, left, batch);
            }
        }
        Outcome::settled(self.entries.len())
    }

    fn replies(&self, entry: &Entry, reset: bool, verdicts: &mut Verdicts, batch: &mut Batch<'_>) -> Result<Reply, Interruption> {
        envelope_replies(batch.session, &batch.mails[entry.index], reset, verdicts, batch.call)?;
        final_reply(batch.session, batch.call)
    }

    /// The server replied 421 before it accepted the mails from `from` on, unless it keeps replying.
    fn closing(&self, from: usize, error: Error, left: usize, batch: &mut Batch<'_>) -> Outcome {
        let is_over = from == self.entries.len();
        match if is_over { None } else { keeps_replying(batch.session, batch.call) } {
            None => Outcome::broken(from, error),
            Some(cause) => self.lost(from, Verdicts::default(), cause, left, batch),
        }
    }

    /// Makes the verdicts on the mails before `end` uncertain ones where a reply makes no sense: with one reply too many, each belonged to
    /// another command.
    fn doubt(&self, end: usize, error: &Error, batch: &mut Batch<'_>) {
        if !matches!(error.status, Status::Network | Status::Timeout | Status::Cancelled | Status::Tls) {
            self.entries[..end].iter().for_each(|entry| batch.doubt(entry.index, error));
        }
    }

    /// The connection is gone: mails whose last byte may have left are in doubt, those behind them are not.
    fn lost(&self, from: usize, mut verdicts: Verdicts, error: Error, left: usize, batch: &mut Batch<'_>) -> Outcome {
        let host = batch.host();
        let mut settled = from;
        for entry in &self.entries[from..] {
            let mail = &batch.mails[entry.index];
            let known = std::mem::take(&mut verdicts);
            let mut result = if known.all_refused(mail) {
                known.refusal(mail, &host)
            } else if entry.end <= left {
                known.uncertain(mail, &error, &host)
            } else {
                break;
            };
            result.session = SessionState::Closed;
            batch.results[entry.index] = Some(Err(result));
            settled += 1;
        }
        Outcome::broken(settled, error)
    }
}

fn compose(index: usize, mail: &Mail, body: &mut Body, to: &Capabilities, host: &str, buffer: &mut WriteBuffer) -> Result<Entry, Error> {
    envelope::fits(mail, to, host)?;
    let start = buffer.len();
    buffer.push(RESET);
    envelope::write_mail(mail, mail.size, to, buffer);
    mail.recipients.iter().for_each(|address| envelope::write_recipient(mail, address, to, buffer));
    // With the size known, the command is right from the start and the message need not be moved.
    let command = buffer.len();
    buffer.push(bdat(mail.size.unwrap_or(0), true).as_bytes());
    let from = buffer.len();
    let ended = buffer.fill(body, BLOCK, mail.size)?;
    let mut guard = LineGuard::default();
    guard.check(&buffer.bytes()[from..])?;
    if !ended {
        // Each of its blocks gets a command of its own when it leaves.
        buffer.replace(command..from, b"");
        return Ok(Entry { index, start, body: command, end: buffer.len(), unfinished: Some(guard) });
    }
    buffer.push(guard.finish()?);
    let size = (buffer.len() - from) as u64;
    envelope::size_fits(size, to, host)?;
    let mut body = from;
    if mail.size != Some(size) {
        let line = bdat(size, true);
        buffer.replace(command..from, line.as_bytes());
        body = command + line.len();
    }
    Ok(Entry { index, start, body, end: buffer.len(), unfinished: None })
}

/// The command for a block of so many bytes.
pub(crate) fn bdat(size: u64, last: bool) -> String {
    format!("BDAT {size}{}\r\n", if last { " LAST" } else { "" })
}
