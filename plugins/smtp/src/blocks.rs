//! Sending a large message by BDAT, block by block, after the server has agreed to its envelope.

use crate::envelope;
use crate::line_guard::LineGuard;
use crate::reply::Reply;
use crate::transaction::{Batch, Ended, Outcome, RESET, Stopped, closing_reply, envelope_replies, extra_reply, final_reply};
use crate::verdict::Verdicts;
use crate::window::{BLOCK, Entry, bdat};
use postkontor_plugin::{Body, Mail, SessionState, Stage};

/// How many blocks may be without a reply: enough to keep the line busy, few enough for their replies to fit the socket buffers.
const OUTSTANDING: u32 = 4;

/// Room for the BDAT command in front of a block.
const GAP: usize = 32;

/// Sends the mail whose commands and beginning are in the buffer.
///
/// Where the outcome settles nothing, they are still in the buffer and can be sent again on another connection.
pub(crate) fn send(entry: &Entry, guard: LineGuard, batch: &mut Batch<'_>) -> Outcome {
    let Batch { session, buffer, call, .. } = batch;
    let mail = &batch.mails[entry.index];
    let mut verdicts = Verdicts::default();
    let reset = session.needs_reset;
    let from = entry.start + if reset { 0 } else { RESET.len() };
    if let Err(error) = session.expect_silence().and_then(|()| session.stream.write(&buffer.bytes()[from..entry.body], call)) {
        return Outcome::broken(0, error.stage(Stage::Sender));
    }
    if let Err(interruption) = envelope_replies(session, mail, reset, &mut verdicts, call) {
        return Outcome::broken(0, interruption.into_error());
    }
    if !verdicts.any_accepted() {
        session.needs_reset = true;
        session.has_served = true;
        batch.results[entry.index] = Some(Err(verdicts.refusal(mail, &session.stream.endpoint().host)));
        return Outcome::settled(1);
    }
    buffer.truncate(entry.end);
    buffer.replace(0..entry.body, &[b' '; GAP]);
    let Ended { result, broken } = Content { batch, mail, guard, verdicts, size: 0, outstanding: 0 }.send();
    batch.session.has_served |= result.is_ok();
    batch.results[entry.index] = Some(result);
    Outcome { settled: 1, broken }
}

/// A message that leaves block by block. Its next block stands in the buffer, behind the gap.
struct Content<'c, 'b> {
    batch: &'c mut Batch<'b>,
    mail: &'c Mail,
    guard: LineGuard,
    verdicts: Verdicts,
    /// Bytes of the message so far, with the block in the buffer.
    size: u64,
    /// Blocks without a reply.
    outstanding: u32,
}

impl Content<'_, '_> {
    fn send(mut self) -> Ended {
        match self.blocks().and_then(|()| self.verdict()) {
            Ok((reply, refused)) => self.conclude(&reply, refused),
            Err(stopped) => stopped.ended(self.verdicts, self.mail, &self.batch.host()),
        }
    }

    /// Sends all blocks. When it fails, nothing can have been accepted unless it says so.
    fn blocks(&mut self) -> Result<(), Stopped> {
        let mut body: Body = self.batch.call.body(self.mail.stream);
        let mut is_last = false;
        loop {
            self.block(is_last)?;
            if is_last {
                return Ok(());
            }
            self.batch.call.progress(self.size, self.mail.size.unwrap_or(self.size)).map_err(|error| error.stage(Stage::Content))?;
            is_last = self.fill(&mut body)?;
        }
    }

    /// Reads the next block into the buffer. Says whether the message ends with it.
    fn fill(&mut self, body: &mut Body) -> Result<bool, Stopped> {
        let remaining = self.mail.size.map(|total| total.saturating_sub(self.size));
        let buffer = &mut *self.batch.buffer;
        buffer.truncate(GAP);
        let ended = buffer.fill(body, BLOCK, remaining)?;
        self.guard.check(&buffer.bytes()[GAP..])?;
        Ok(ended)
    }

    /// Sends the block in the buffer, once there is room for one more without a reply.
    fn block(&mut self, is_last: bool) -> Result<(), Stopped> {
        if is_last {
            self.batch.buffer.push(self.guard.finish()?);
        }
        let length = (self.batch.buffer.len() - GAP) as u64;
        self.size += length;
        envelope::size_fits(self.size, &self.batch.session.capabilities, &self.batch.host()).map_err(|mut error| {
            error.session = SessionState::Closed;
            error
        })?;
        let command = bdat(length, is_last);
        let from = GAP - command.len();
        self.batch.buffer.replace(from..GAP, command.as_bytes());
        self.read_replies()?;
        let Batch { session, buffer, call, .. } = &mut *self.batch;
        let before = session.stream.written();
        if let Err(error) = session.stream.write_mixed(&buffer.bytes()[from..], std::iter::once(GAP - from..buffer.len() - from), call) {
            let has_left = session.stream.written() - before >= (buffer.len() - from) as u64;
            if is_last && has_left {
                return Err(Stopped::InDoubt(error));
            }
            return Err(Stopped::NotTaken(closing_reply(session, Stage::Content, error, call)));
        }
        self.outstanding += 1;
        Ok(())
    }

    /// Reads the replies to blocks that have arrived, and awaits one where too many blocks are without. Nothing before the last block can
    /// have been accepted, whatever happens to the connection.
    fn read_replies(&mut self) -> Result<(), Stopped> {
        let Batch { session, call, .. } = &mut *self.batch;
        while self.outstanding >= OUTSTANDING || session.stream.pending() > 0 && self.outstanding > 0 {
            let reply = final_reply(session, call).map_err(|interruption| interruption.into_error().stage(Stage::Content))?;
            if !reply.is_positive() {
                let cleaned = reply.cleaned(&mut session.stream);
                // No RFC says whether the server still reads the blocks that are under way.
                let host = session.stream.endpoint().host.as_str();
                let mut error = std::mem::take(&mut self.verdicts).refused(self.mail, cleaned, host);
                error.session = SessionState::Closed;
                return Err(Stopped::NotTaken(error));
            }
            self.outstanding -= 1;
        }
        Ok(())
    }

    /// The reply to the last block, and the first refusal among those before it. From here on the message may have been accepted, whatever
    /// the connection does.
    fn verdict(&mut self) -> Result<(Reply, Option<Reply>), Stopped> {
        let Batch { session, call, .. } = &mut *self.batch;
        let mut refused = None;
        for _ in 1..self.outstanding {
            let reply = final_reply(session, call).map_err(|interruption| Stopped::InDoubt(interruption.into_error()))?;
            if !reply.is_positive() {
                refused = refused.or(Some(reply));
            }
        }
        let reply = final_reply(session, call).map_err(|interruption| Stopped::InDoubt(interruption.into_error()))?;
        Ok((reply, refused))
    }

    fn conclude(self, reply: &Reply, refused: Option<Reply>) -> Ended {
        let Content { batch: Batch { session, call, .. }, mail, verdicts, size, .. } = self;
        session.needs_reset = !reply.is_positive();
        let extra_reply = extra_reply(session, call);
        if let (Some(refused), true) = (&refused, reply.is_positive()) {
            // The server refused a block and accepted the message: what it accepted is unknown.
            let error = session.failure(Stage::Acceptance, refused);
            return Stopped::InDoubt(error).ended(verdicts, mail, &session.stream.endpoint().host);
        }
        let reply = refused.as_ref().unwrap_or(reply);
        let result = verdicts.conclude(mail, size, reply, extra_reply.as_ref().and_then(|extra_reply| extra_reply.doubt()), session);
        Ended::with(result, reply, extra_reply)
    }
}
