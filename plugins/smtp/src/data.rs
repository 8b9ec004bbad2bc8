//! Sending with DATA (RFC 5321), to servers without CHUNKING.
//!
//! With PIPELINING (RFC 2920) an envelope and DATA are one write, and so are the end of a message and the envelope of the next: one
//! round trip for each mail of a batch, and never more than one in doubt.

use crate::capabilities::Capabilities;
use crate::envelope;
use crate::lines::Lines;
use crate::reply::Reply;
use crate::session::Session;
use crate::transaction::{Interruption, Outcome, RESET, Results, envelope_replies, envelope_reply, last_words, surplus};
use crate::verdict::Verdicts;
use crate::write_buffer::WriteBuffer;
use postkontor_plugin::{Call, Error, Mail, Sent, SessionState, Stage, Status};

/// How much of a message is read and written at once.
const BLOCK: usize = 128 * 1024;

/// What the end of a message looks like, behind its last line.
const END: &[u8] = b".\r\n";

/// Sends all mails that have no result yet.
pub(crate) fn send(session: &mut Session, buffer: &mut WriteBuffer, mails: &[Mail], results: &mut Results, call: &Call) -> Outcome {
    let mut settled = 0;
    // The mail whose envelope left together with the end of the one before it, and whether RSET stood in front.
    let mut announced: Option<(usize, bool)> = None;
    while let Some(index) = announced.map(|(index, _)| index).or_else(|| next(mails, results, session)) {
        let mail = &mails[index];
        let mut verdicts = Verdicts::default();
        let data = match announced.take() {
            Some((_, reset)) => replies(session, mail, reset, &mut verdicts, call),
            None if session.capabilities.pipelining => {
                buffer.clear();
                let reset = announce(mail, session.dirty, &session.capabilities, buffer);
                let written = session.silent().and_then(|()| session.stream.write(buffer.bytes(), call));
                written
                    .map_err(|error| Interruption::Lost(error.stage(Stage::Sender)))
                    .and_then(|()| replies(session, mail, reset, &mut verdicts, call))
            }
            None => step_by_step(session, mail, buffer, &mut verdicts, call),
        };
        let data = match data {
            Ok(data) => data,
            // Nothing of the message was sent.
            Err(interruption) => return Outcome::broken(settled, interruption.into_error()),
        };
        let (result, broken) = match data {
            Some(data) if data.code == 354 && verdicts.any_accepted() => {
                content(session, buffer, mails, index, verdicts, results, &mut announced, call)
            }
            data => refused(session, mail, verdicts, data, call),
        };
        session.proven |= result.is_ok() || broken.is_none();
        results[index] = Some(result);
        settled += 1;
        if let Some(error) = broken {
            return Outcome::broken(settled, error);
        }
    }
    Outcome::settled(settled)
}

/// The next mail without a result. Those that the server cannot take get theirs on the way.
fn next(mails: &[Mail], results: &mut Results, session: &Session) -> Option<usize> {
    for index in 0..mails.len() {
        if results[index].is_none() {
            match envelope::fits(&mails[index], &session.capabilities, &session.stream.endpoint().host) {
                Ok(()) => return Some(index),
                Err(error) => results[index] = Some(Err(error)),
            }
        }
    }
    None
}

/// Adds a whole envelope and DATA to the buffer. Says whether it begins with RSET.
fn announce(mail: &Mail, reset: bool, capabilities: &Capabilities, buffer: &mut WriteBuffer) -> bool {
    if reset {
        buffer.push(RESET);
    }
    envelope::write_mail(mail, mail.size, capabilities, buffer);
    mail.recipients.iter().for_each(|address| envelope::write_recipient(mail, address, capabilities, buffer));
    buffer.push(b"DATA\r\n");
    reset
}

/// Reads the replies to a whole envelope; the last is that to DATA.
fn replies(session: &mut Session, mail: &Mail, reset: bool, verdicts: &mut Verdicts, call: &Call) -> Result<Option<Reply>, Interruption> {
    envelope_replies(session, mail, reset, verdicts, call)?;
    data_reply(session, call).map(Some)
}

/// Sends an envelope to a server without PIPELINING. No reply to DATA where DATA was not sent.
fn step_by_step(
    session: &mut Session,
    mail: &Mail,
    buffer: &mut WriteBuffer,
    verdicts: &mut Verdicts,
    call: &Call,
) -> Result<Option<Reply>, Interruption> {
    let lost = |stage: Stage| move |error: Error| Interruption::Lost(error.stage(stage));
    session.silent().map_err(lost(Stage::Sender))?;
    if session.dirty {
        session.stream.write(RESET, call).map_err(lost(Stage::Sender))?;
        let reply = envelope_reply(session, Stage::Sender, call)?;
        if !reply.is_positive() {
            return Err(Interruption::Lost(session.failure(Stage::Sender, &reply)));
        }
        session.dirty = false;
    }
    buffer.clear();
    envelope::write_mail(mail, mail.size, &session.capabilities, buffer);
    session.silent().map_err(lost(Stage::Sender))?;
    session.stream.write(buffer.bytes(), call).map_err(lost(Stage::Sender))?;
    let reply = envelope_reply(session, Stage::Sender, call)?;
    verdicts.sender(&reply, &mut session.stream);
    if !reply.is_positive() {
        return Ok(None);
    }
    for address in &mail.recipients {
        session.silent().map_err(lost(Stage::Recipients))?;
        buffer.clear();
        envelope::write_recipient(mail, address, &session.capabilities, buffer);
        session.stream.write(buffer.bytes(), call).map_err(lost(Stage::Recipients))?;
        let reply = envelope_reply(session, Stage::Recipients, call)?;
        verdicts.recipient(&reply, &mut session.stream);
    }
    if !verdicts.any_accepted() {
        return Ok(None);
    }
    session.silent().map_err(lost(Stage::Content))?;
    session.stream.write(b"DATA\r\n", call).map_err(lost(Stage::Content))?;
    data_reply(session, call).map(Some)
}

fn data_reply(session: &mut Session, call: &Call) -> Result<Reply, Interruption> {
    let reply = session.reply(call).map_err(|error| Interruption::Lost(error.stage(Stage::Content)))?;
    match reply.code {
        421 => Err(Interruption::Closing(session.failure(Stage::Content, &reply))),
        354 | 400..600 => Ok(reply),
        _ => Err(Interruption::Lost(session.failure(Stage::Content, &reply))),
    }
}

/// Ends a transaction whose envelope or DATA was refused.
fn refused(
    session: &mut Session,
    mail: &Mail,
    verdicts: Verdicts,
    data: Option<Reply>,
    call: &Call,
) -> (Result<Sent, Error>, Option<Error>) {
    session.dirty = true;
    let host = session.stream.endpoint().host.clone();
    let mut error = match &data {
        Some(data) if verdicts.any_accepted() => {
            let told = data.told(&mut session.stream);
            verdicts.refused(mail, told, &host)
        }
        _ => verdicts.refusal(mail, &host),
    };
    if data.is_none_or(|data| data.code != 354) {
        return (Err(error), None);
    }
    // The server wants a message although it has accepted nobody: it gets an empty one (RFC 2920, section 3.1).
    let ended = session.silent().and_then(|()| session.stream.write(END, call)).and_then(|()| session.reply(call));
    match ended {
        Ok(reply) if !reply.is_closing() => (Err(error), None),
        Ok(_) => {
            error.session = SessionState::Closed;
            (Err(error.clone()), Some(error))
        }
        Err(broken) => {
            error.session = SessionState::Closed;
            (Err(error), Some(broken))
        }
    }
}

/// Sends the message, and with its end the envelope of the next mail.
#[allow(clippy::too_many_arguments)]
fn content(
    session: &mut Session,
    buffer: &mut WriteBuffer,
    mails: &[Mail],
    index: usize,
    verdicts: Verdicts,
    results: &mut Results,
    announced: &mut Option<(usize, bool)>,
    call: &Call,
) -> (Result<Sent, Error>, Option<Error>) {
    let done_for = |error: Error| (Err(error.clone()), Some(error));
    let mail = &mails[index];
    let host = session.stream.endpoint().host.clone();
    let mut body = call.body(mail.stream);
    let mut lines = Lines::default();
    let mut size: u64 = 0;
    let end = loop {
        buffer.clear();
        let fresh = lines.is_fresh();
        let remaining = mail.size.map(|total| total.saturating_sub(size));
        let filled = buffer.fill(&mut body, BLOCK, remaining).and_then(|ended| {
            lines.check(buffer.bytes())?;
            size += buffer.len() as u64;
            envelope::size_fits(size, &session.capabilities, &host)?;
            Ok((ended, if ended { lines.finish()? } else { b"" }))
        });
        let (ended, missing) = match filled {
            Ok(filled) => filled,
            // Half a message must never be completed: the connection is closed instead.
            Err(mut error) => {
                error.session = SessionState::Closed;
                return done_for(error);
            }
        };
        buffer.stuff(0, fresh);
        if ended {
            size += missing.len() as u64;
            buffer.push(missing);
            buffer.push(END);
            break buffer.len() as u64;
        }
        if let Err(error) = session.stream.write_body(buffer.bytes(), call) {
            return done_for(last_words(session, Stage::Content, error, call));
        }
        if let Err(error) = call.progress(size, mail.size.unwrap_or(size)) {
            return done_for(error.stage(Stage::Content));
        }
    };
    // What the server says before it has the whole message is no verdict on it.
    if let Some(error) = interjection(session, call) {
        return done_for(error);
    }
    if session.capabilities.pipelining {
        // This mail is not open any more when the next one is looked for.
        results[index] = Some(Err(Error::new(Status::Internal, "smtp.unsettled")));
        if let Some(next) = next(mails, results, session) {
            *announced = Some((next, announce(&mails[next], false, &session.capabilities, buffer)));
        }
    }
    let before = session.stream.written();
    let written = session.stream.write_body(buffer.bytes(), call);
    let left = session.stream.written() - before >= end;
    if let Err(error) = written {
        if left {
            return (Err(verdicts.uncertain(mail, &error, &host)), Some(error));
        }
        return done_for(last_words(session, Stage::Content, error, call));
    }
    let reply = match crate::transaction::final_reply(session, call) {
        Ok(reply) => reply,
        Err(Interruption::Lost(error) | Interruption::Closing(error)) => {
            return (Err(verdicts.uncertain(mail, &error, &host)), Some(error));
        }
    };
    let farewell = if announced.is_none() { surplus(session, call) } else { None };
    let result = verdicts.conclude(mail, size, &reply, farewell.as_ref(), session);
    let closing = if reply.is_closing() { result.as_ref().err().cloned() } else { farewell.map(|farewell| farewell.error) };
    (result, closing)
}

/// What the server says in the middle of a message: as a rule that it will not take it.
fn interjection(session: &mut Session, call: &Call) -> Option<Error> {
    if session.stream.is_idle() {
        return None;
    }
    let mut error = match session.reply(call) {
        Ok(reply) if reply.code >= 400 => session.failure(Stage::Content, &reply),
        Ok(_) => {
            Error::new(Status::Protocol, "protocol.early_reply").stage(Stage::Content).arg("host", session.stream.endpoint().host.as_str())
        }
        Err(error) => error.stage(Stage::Content),
    };
    error.session = SessionState::Closed;
    Some(error)
}
