//! Sending a large message by BDAT, block by block, after the server has agreed to its envelope.

use crate::envelope;
use crate::lines::Lines;
use crate::session::Session;
use crate::transaction::{Interruption, Outcome, RESET, Results, envelope_replies, final_reply, last_words, surplus};
use crate::verdict::Verdicts;
use crate::window::{BLOCK, Entry, bdat};
use crate::write_buffer::WriteBuffer;
use postkontor_plugin::{Body, Call, Error, Mail, Stage};

/// How many blocks may be without an answer: enough to keep the line busy, few enough for their replies to fit the socket buffers.
const UNANSWERED: u32 = 4;

/// Room for the BDAT command in front of a block.
const GAP: usize = 32;

/// Sends the mail whose commands and beginning are in the buffer.
///
/// As long as the outcome has nothing settled, they still are, and can be sent again on another connection.
pub(crate) fn send(
    entry: &Entry,
    lines: Lines,
    session: &mut Session,
    buffer: &mut WriteBuffer,
    mail: &Mail,
    results: &mut Results,
    call: &Call,
) -> Outcome {
    let mut verdicts = Verdicts::default();
    let reset = session.dirty;
    let from = entry.start + if reset { 0 } else { RESET.len() };
    if let Err(error) = session.silent().and_then(|()| session.stream.write(&buffer.bytes()[from..entry.body], call)) {
        return Outcome::broken(0, error.stage(Stage::Sender));
    }
    if let Err(interruption) = envelope_replies(session, mail, reset, &mut verdicts, call) {
        return Outcome::broken(0, interruption.into_error());
    }
    if !verdicts.any_accepted() {
        session.dirty = true;
        session.proven = true;
        results[entry.index] = Some(Err(verdicts.refusal(mail, &session.stream.endpoint().host)));
        return Outcome::settled(1);
    }
    buffer.truncate(entry.end);
    buffer.replace(0..entry.body, &[b' '; GAP]);
    let (result, broken) = content(lines, verdicts, session, buffer, mail, call);
    session.proven |= result.is_ok();
    results[entry.index] = Some(result);
    Outcome { settled: 1, broken }
}

/// Sends the message, whose first block stands in the buffer behind the gap. The second result says why the connection is done with.
fn content(
    mut lines: Lines,
    verdicts: Verdicts,
    session: &mut Session,
    buffer: &mut WriteBuffer,
    mail: &Mail,
    call: &Call,
) -> (Result<postkontor_plugin::Sent, Error>, Option<Error>) {
    let done_for = |error: Error| (Err(error.clone()), Some(error));
    let host = session.stream.endpoint().host.clone();
    let mut body: Body = call.body(mail.stream);
    let (mut size, mut unanswered, mut ended) = (0, 0, false);
    loop {
        if ended {
            match lines.finish() {
                Ok(missing) => buffer.push(missing),
                Err(error) => return done_for(error),
            }
        }
        let length = (buffer.len() - GAP) as u64;
        size += length;
        if let Err(mut error) = envelope::size_fits(size, &session.capabilities, &host) {
            error.session = postkontor_plugin::SessionState::Closed;
            return done_for(error);
        }
        let command = bdat(length, ended);
        let from = GAP - command.len();
        buffer.replace(from..GAP, command.as_bytes());
        // Nothing before the last block can have been accepted, whatever happens to the connection.
        while unanswered >= UNANSWERED || session.stream.pending() > 0 && unanswered > 0 {
            match final_reply(session, call) {
                Ok(reply) if reply.is_positive() => unanswered -= 1,
                Ok(reply) => {
                    let told = reply.told(&mut session.stream);
                    // Whether the server still reads the blocks that are under way is not said anywhere.
                    let mut error = verdicts.refused(mail, told, &host);
                    error.session = postkontor_plugin::SessionState::Closed;
                    return done_for(error);
                }
                Err(interruption) => return done_for(interruption.into_error().stage(Stage::Content)),
            }
        }
        let before = session.stream.written();
        if let Err(error) = session.stream.write_body(&buffer.bytes()[from..], call) {
            let left = session.stream.written() - before >= (buffer.len() - from) as u64;
            if ended && left {
                return (Err(verdicts.uncertain(mail, &error, &host)), Some(error));
            }
            return done_for(last_words(session, Stage::Content, error, call));
        }
        unanswered += 1;
        if ended {
            break;
        }
        if let Err(error) = call.progress(size, mail.size.unwrap_or(size)) {
            return done_for(error.stage(Stage::Content));
        }
        buffer.truncate(GAP);
        let remaining = mail.size.map(|total| total.saturating_sub(size));
        let filled = buffer.fill(&mut body, BLOCK, remaining).and_then(|end| lines.check(&buffer.bytes()[GAP..]).map(|()| end));
        match filled {
            Ok(end) => ended = end,
            Err(error) => return done_for(error),
        }
    }
    // From here on the message may be accepted, whatever is heard of it.
    let mut refusal = None;
    for _ in 1..unanswered {
        match final_reply(session, call) {
            Ok(reply) if reply.is_positive() => {}
            Ok(reply) => refusal = refusal.or(Some(reply)),
            Err(interruption) => {
                let error = interruption.into_error();
                return (Err(verdicts.uncertain(mail, &error, &host)), Some(error));
            }
        }
    }
    let reply = match final_reply(session, call) {
        Ok(reply) => reply,
        Err(Interruption::Lost(error) | Interruption::Closing(error)) => {
            return (Err(verdicts.uncertain(mail, &error, &host)), Some(error));
        }
    };
    session.dirty = !reply.is_positive();
    let farewell = surplus(session, call);
    if let (Some(refusal), true) = (&refusal, reply.is_positive()) {
        // One block refused and the whole accepted: nobody can know what was accepted.
        let error = session.failure(Stage::Acceptance, refusal);
        return (Err(verdicts.uncertain(mail, &error, &host)), Some(error));
    }
    let reply = refusal.unwrap_or(reply);
    let result = verdicts.conclude(mail, size, &reply, farewell.as_ref(), session);
    let closing = if reply.is_closing() { result.as_ref().err().cloned() } else { farewell.map(|farewell| farewell.error) };
    (result, closing)
}
