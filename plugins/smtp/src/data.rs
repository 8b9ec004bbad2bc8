//! Sending with DATA (RFC 5321), to servers without CHUNKING.
//!
//! With PIPELINING (RFC 2920) an envelope and DATA are one write, and so are the end of a message and the envelope of the next: one
//! round trip for each mail of a batch, and never more than one in doubt.

use crate::envelope;
use crate::line_guard::LineGuard;
use crate::reply::Reply;
use crate::session::Session;
use crate::transaction::{
    Batch, Ended, Interruption, Outcome, RESET, Stopped, closing_reply, envelope_replies, envelope_reply, extra_reply, final_reply,
};
use crate::verdict::Verdicts;
use crate::write_buffer::WriteBuffer;
use postkontor_plugin::{Error, Mail, SessionState, Stage, Status};

/// How much of a message is read and written at once.
const BLOCK: usize = 128 * 1024;

/// The end of a message, behind its last line.
const END: &[u8] = b".\r\n";

/// Sends all mails that have no result yet.
pub(crate) fn send(batch: &mut Batch<'_>) -> Outcome {
    Round { batch, from: 0, announced: None, settled: 0 }.send()
}

/// The mails of a batch, one after the other.
struct Round<'r, 'b> {
    batch: &'r mut Batch<'b>,
    /// All mails before this one have a result.
    from: usize,
    /// The mail whose envelope was sent together with the end of the one before it, and that one.
    announced: Option<(usize, usize)>,
    settled: usize,
}

impl Round<'_, '_> {
    fn send(mut self) -> Outcome {
        loop {
            let announced = self.announced.take();
            let Some(index) = announced.map(|(index, _)| index).or_else(|| self.next()) else { return Outcome::settled(self.settled) };
            let mail = &self.batch.mails[index];
            let mut verdicts = Verdicts::default();
            let data = match announced {
                Some(_) => replies(self.batch, mail, false, &mut verdicts),
                None if self.batch.session.capabilities.pipelining => at_once(self.batch, mail, &mut verdicts),
                None => step_by_step(self.batch, mail, &mut verdicts),
            };
            let data = match data {
                Ok(data) => data,
                // Nothing of the message was sent.
                Err(interruption) => {
                    let error = interruption.into_error();
                    if let (Some((_, before)), Status::Protocol) = (announced, error.status) {
                        // The reply that was read as the verdict on the mail before may have belonged to another command.
                        self.batch.doubt(before, &error);
                    }
                    return Outcome::broken(self.settled, error);
                }
            };
            let Ended { result, broken } = match data {
                Some(data) if data.code == 354 && verdicts.any_accepted() => self.content(index, verdicts),
                data => refused(self.batch, mail, verdicts, data),
            };
            self.batch.session.has_served |= result.is_ok() || broken.is_none();
            self.batch.results[index] = Some(result);
            self.settled += 1;
            if let Some(error) = broken {
                return Outcome::broken(self.settled, error);
            }
        }
    }

    /// The next mail without a result. Those that the server cannot take get theirs on the way.
    fn next(&mut self) -> Option<usize> {
        let Batch { session, mails, results, .. } = &mut *self.batch;
        while self.from < mails.len() {
            let index = self.from;
            if results[index].is_none() {
                match envelope::fits(&mails[index], &session.capabilities, &session.stream.endpoint().host) {
                    Ok(()) => return Some(index),
                    Err(error) => results[index] = Some(Err(error)),
                }
            }
            self.from += 1;
        }
        None
    }

    /// Sends the message, and with its end the envelope of the next mail.
    fn content(&mut self, index: usize, verdicts: Verdicts) -> Ended {
        let mail = &self.batch.mails[index];
        let mut content = Content { batch: self.batch, mail, guard: LineGuard::default(), size: 0 };
        let sent = content.all_but_the_end().map(|end| (end, content.size));
        match sent.and_then(|(end, size)| Ok((self.end(index, end)?, size))) {
            Ok((reply, size)) => {
                let Batch { session, call, .. } = &mut *self.batch;
                let extra_reply = if self.announced.is_none() { extra_reply(session, call) } else { None };
                let doubt = extra_reply.as_ref().and_then(|extra_reply| extra_reply.doubt());
                let result = verdicts.conclude(mail, size, &reply, doubt, session);
                Ended::with(result, &reply, extra_reply)
            }
            Err(stopped) => stopped.ended(verdicts, mail, &self.batch.host()),
        }
    }

    /// Sends the end of the message, which stands in the buffer up to `end`, and reads the verdict.
    fn end(&mut self, index: usize, end: u64) -> Result<Reply, Stopped> {
        if self.batch.session.capabilities.pipelining {
            // This mail has a result when the next one is searched.
            self.batch.results[index] = Some(Err(Error::new(Status::Internal, "smtp.unsettled")));
            if let Some(next) = self.next() {
                announce(self.batch, &self.batch.mails[next]);
                self.announced = Some((next, index));
            }
        }
        let Batch { session, buffer, call, .. } = &mut *self.batch;
        let before = session.stream.written();
        let body = buffer.len().min(usize::try_from(end).unwrap_or(usize::MAX));
        if let Err(error) = session.stream.write_mixed(buffer.bytes(), std::iter::once(0..body), call) {
            let has_left = session.stream.written() - before >= end;
            return Err(match has_left {
                true => Stopped::InDoubt(error),
                false => Stopped::NotTaken(closing_reply(session, Stage::Content, error, call)),
            });
        }
        final_reply(session, call).map_err(|interruption| Stopped::InDoubt(interruption.into_error()))
    }
}

/// A message that leaves block by block.
struct Content<'c, 'b> {
    batch: &'c mut Batch<'b>,
    mail: &'c Mail,
    guard: LineGuard,
    /// Bytes of the message so far.
    size: u64,
}

impl Content<'_, '_> {
    /// Sends all blocks but the last one, which stands in the buffer then, with the end behind it: so many bytes.
    ///
    /// When it fails, half a message must never be completed: the connection is closed instead.
    fn all_but_the_end(&mut self) -> Result<u64, Stopped> {
        let mut body = self.batch.call.body(self.mail.stream);
        loop {
            let is_fresh = self.guard.is_fresh();
            let remaining = self.mail.size.map(|total| total.saturating_sub(self.size));
            self.batch.buffer.clear();
            let ended = self.batch.buffer.fill(&mut body, BLOCK, remaining).and_then(|ended| self.check(ended).map(|()| ended));
            let ended = ended.map_err(|mut error| {
                error.session = SessionState::Closed;
                error
            })?;
            self.batch.buffer.stuff(0, is_fresh);
            if ended {
                let missing = self.guard.finish()?;
                self.size += missing.len() as u64;
                self.batch.buffer.push(missing);
                self.batch.buffer.push(END);
                // A reply before the end of the message is no verdict on it.
                interjection(self.batch)?;
                return Ok(self.batch.buffer.len() as u64);
            }
            let Batch { session, buffer, call, .. } = &mut *self.batch;
            if let Err(error) = session.stream.write_body(buffer.bytes(), call) {
                return Err(Stopped::NotTaken(closing_reply(session, Stage::Content, error, call)));
            }
            call.progress(self.size, self.mail.size.unwrap_or(self.size)).map_err(|error| error.stage(Stage::Content))?;
        }
    }

    /// Checks the block in the buffer.
    fn check(&mut self, is_last: bool) -> Result<(), Error> {
        let Batch { session, buffer, .. } = &mut *self.batch;
        self.guard.check(buffer.bytes())?;
        self.size += buffer.len() as u64;
        envelope::size_fits(self.size, &session.capabilities, &session.stream.endpoint().host)?;
        if is_last { self.guard.finish().map(drop) } else { Ok(()) }
    }
}

/// Adds a whole envelope and DATA to the buffer.
fn announce(batch: &mut Batch<'_>, mail: &Mail) {
    let Batch { session, buffer, .. } = batch;
    envelope::write_mail(mail, mail.size, &session.capabilities, buffer);
    mail.recipients.iter().for_each(|address| envelope::write_recipient(mail, address, &session.capabilities, buffer));
    buffer.push(b"DATA\r\n");
}

/// Sends a whole envelope and DATA in one write.
fn at_once(batch: &mut Batch<'_>, mail: &Mail, verdicts: &mut Verdicts) -> Result<Option<Reply>, Interruption> {
    let reset = batch.session.needs_reset;
    batch.buffer.clear();
    if reset {
        batch.buffer.push(RESET);
    }
    announce(batch, mail);
    let Batch { session, buffer, call, .. } = &mut *batch;
    let written = session.expect_silence().and_then(|()| session.stream.write(buffer.bytes(), call));
    written.map_err(|error| Interruption::Lost(error.stage(Stage::Sender)))?;
    replies(batch, mail, reset, verdicts)
}

/// Reads the replies to a whole envelope; the last is that to DATA.
fn replies(batch: &mut Batch<'_>, mail: &Mail, reset: bool, verdicts: &mut Verdicts) -> Result<Option<Reply>, Interruption> {
    envelope_replies(batch.session, mail, reset, verdicts, batch.call)?;
    data_reply(batch).map(Some)
}

/// Sends an envelope to a server without PIPELINING. No reply to DATA where DATA was not sent.
fn step_by_step(batch: &mut Batch<'_>, mail: &Mail, verdicts: &mut Verdicts) -> Result<Option<Reply>, Interruption> {
    if batch.session.needs_reset {
        let reply = step(batch, Stage::Sender, |_, buffer| buffer.push(RESET))?;
        if !reply.is_positive() {
            return Err(Interruption::Lost(batch.session.failure(Stage::Sender, &reply)));
        }
        batch.session.needs_reset = false;
    }
    let reply = step(batch, Stage::Sender, |session, buffer| envelope::write_mail(mail, mail.size, &session.capabilities, buffer))?;
    verdicts.sender(&reply, &mut batch.session.stream);
    if !reply.is_positive() {
        return Ok(None);
    }
    for address in &mail.recipients {
        let write = |session: &Session, buffer: &mut WriteBuffer| envelope::write_recipient(mail, address, &session.capabilities, buffer);
        let reply = step(batch, Stage::Recipients, write)?;
        verdicts.recipient(&reply, &mut batch.session.stream);
    }
    if !verdicts.any_accepted() {
        return Ok(None);
    }
    let Batch { session, call, .. } = &mut *batch;
    let written = session.expect_silence().and_then(|()| session.stream.write(b"DATA\r\n", call));
    written.map_err(|error| Interruption::Lost(error.stage(Stage::Content)))?;
    data_reply(batch).map(Some)
}

/// Sends one command of an envelope and reads its reply.
fn step(batch: &mut Batch<'_>, stage: Stage, write: impl FnOnce(&Session, &mut WriteBuffer)) -> Result<Reply, Interruption> {
    let Batch { session, buffer, call, .. } = batch;
    buffer.clear();
    write(session, buffer);
    let written = session.expect_silence().and_then(|()| session.stream.write(buffer.bytes(), call));
    written.map_err(|error| Interruption::Lost(error.stage(stage)))?;
    envelope_reply(session, stage, call)
}

fn data_reply(batch: &mut Batch<'_>) -> Result<Reply, Interruption> {
    let Batch { session, call, .. } = batch;
    let reply = session.reply(call).map_err(|error| Interruption::Lost(error.stage(Stage::Content)))?;
    match reply.code {
        421 => Err(Interruption::Closing(session.failure(Stage::Content, &reply))),
        354 | 400..600 => Ok(reply),
        _ => Err(Interruption::Lost(session.failure(Stage::Content, &reply))),
    }
}

/// Ends a transaction whose envelope or DATA was refused.
fn refused(batch: &mut Batch<'_>, mail: &Mail, verdicts: Verdicts, data: Option<Reply>) -> Ended {
    let Batch { session, call, .. } = batch;
    session.needs_reset = true;
    let host = session.stream.endpoint().host.clone();
    let is_waiting = data.as_ref().is_some_and(|data| data.code == 354);
    // The server refused the sender and accepted a recipient: it might deliver an empty message.
    let may_end = !verdicts.contradicts_itself();
    let mut error = match &data {
        Some(data) if verdicts.any_accepted() => {
            let cleaned = data.cleaned(&mut session.stream);
            verdicts.refused(mail, cleaned, &host)
        }
        _ => verdicts.refusal(mail, &host),
    };
    if !is_waiting {
        return Ended { result: Err(error), broken: None };
    }
    // The server answers 354 without an accepted recipient: it gets an empty message (RFC 2920, section 3.1).
    let broken = if may_end {
        let ended = session.expect_silence().and_then(|()| session.stream.write(END, call)).and_then(|()| session.reply(call));
        match ended {
            Ok(reply) if !reply.is_closing() => None,
            Ok(_) => Some(error.clone()),
            Err(broken) => Some(broken),
        }
    } else {
        Some(Error::new(Status::Protocol, "protocol.unexpected_reply").stage(Stage::Content).arg("host", host))
    };
    if broken.is_some() {
        error.session = SessionState::Closed;
    }
    Ended { result: Err(error), broken }
}

/// Fails when a reply arrives in the middle of a message: as a rule a refusal.
fn interjection(batch: &mut Batch<'_>) -> Result<(), Error> {
    let Batch { session, call, .. } = batch;
    if session.stream.is_idle() {
        return Ok(());
    }
    let mut error = match session.reply(call) {
        Ok(reply) if reply.code >= 400 => session.failure(Stage::Content, &reply),
        Ok(_) => {
            Error::new(Status::Protocol, "protocol.early_reply").stage(Stage::Content).arg("host", session.stream.endpoint().host.as_str())
        }
        Err(error) => error.stage(Stage::Content),
    };
    error.session = SessionState::Closed;
    Err(error)
}
