//! What BDAT, DATA and windows share: replies to an envelope, the end of a connection, the results.

use crate::reply::Reply;
use crate::session::Session;
use crate::verdict::Verdicts;
use crate::write_buffer::WriteBuffer;
use postkontor_plugin::{Call, Error, Mail, Sent, Stage, Status};
use std::time::{Duration, Instant};

/// The result of each mail, as far as it is known.
pub(crate) type Results = [Option<Result<Sent, Error>>];

/// The mails of one call, on the connection that takes them.
pub(crate) struct Batch<'b> {
    pub(crate) session: &'b mut Session,
    pub(crate) buffer: &'b mut WriteBuffer,
    pub(crate) mails: &'b [Mail],
    pub(crate) results: &'b mut Results,
    pub(crate) call: &'b Call<'b>,
}

impl Batch<'_> {
    /// The name of the server.
    pub(crate) fn host(&self) -> String {
        self.session.stream.endpoint().host.clone()
    }

    /// Makes the verdict on a mail an uncertain one: its reply may have belonged to another command.
    pub(crate) fn doubt(&mut self, index: usize, cause: &Error) {
        let host = self.session.stream.endpoint().host.as_str();
        self.results[index] = Some(Err(Verdicts::default().uncertain(&self.mails[index], cause, host)));
    }
}

/// How the transaction of one mail ended.
pub(crate) struct Ended {
    pub(crate) result: Result<Sent, Error>,
    /// Why the connection cannot be used any more.
    pub(crate) broken: Option<Error>,
}

impl Ended {
    /// The end of a transaction after its last reply, with an extra one where there is any.
    pub(crate) fn with(result: Result<Sent, Error>, reply: &Reply, extra_reply: Option<ExtraReply>) -> Ended {
        let broken = if reply.is_closing() { result.as_ref().err().cloned() } else { extra_reply.map(|extra_reply| extra_reply.error) };
        Ended { result, broken }
    }
}

/// Why the transaction of one mail was broken off, and with it the connection.
pub(crate) enum Stopped {
    /// The server cannot have taken the message, since it was never completed.
    NotTaken(Error),
    /// It may have.
    InDoubt(Error),
}

/// An error before the last byte of a message has left.
impl From<Error> for Stopped {
    fn from(error: Error) -> Stopped {
        Stopped::NotTaken(error)
    }
}

impl Stopped {
    /// The end of the transaction.
    pub(crate) fn ended(self, verdicts: Verdicts, mail: &Mail, host: &str) -> Ended {
        match self {
            Stopped::NotTaken(error) => Ended { result: Err(error.clone()), broken: Some(error) },
            Stopped::InDoubt(cause) => Ended { result: Err(verdicts.uncertain(mail, &cause, host)), broken: Some(cause) },
        }
    }
}

/// Ends an unfinished transaction.
pub(crate) const RESET: &[u8] = b"RSET\r\n";

/// How long to wait for the reason why the server closed the connection.
const CLOSING_REPLY: Duration = Duration::from_millis(200);

/// How long a server that replied 421 may take to close the connection, and how many commands it may refuse until then.
const CLOSING: Duration = Duration::from_secs(1);
const MOST_REFUSALS: usize = 10_000;

/// What became of the mails that were sent together.
pub(crate) struct Outcome {
    /// How many of them, from the first, have a verdict. The server certainly took none of the others.
    pub(crate) settled: usize,
    /// Why the connection cannot be used any more.
    pub(crate) broken: Option<Error>,
}

impl Outcome {
    pub(crate) fn settled(settled: usize) -> Outcome {
        Outcome { settled, broken: None }
    }

    pub(crate) fn broken(settled: usize, error: Error) -> Outcome {
        Outcome { settled, broken: Some(error) }
    }
}

/// Why no further reply will come.
pub(crate) enum Interruption {
    /// The server replied 421 to a command of the envelope.
    Closing(Error),
    /// The connection broke, the call ended, or the reply makes no sense.
    Lost(Error),
}

impl Interruption {
    pub(crate) fn into_error(self) -> Error {
        let (Interruption::Closing(error) | Interruption::Lost(error)) = self;
        error
    }
}

/// Reads the replies to RSET (where one was sent), MAIL and every RCPT.
pub(crate) fn envelope_replies(
    session: &mut Session,
    mail: &Mail,
    reset: bool,
    verdicts: &mut Verdicts,
    call: &Call,
) -> Result<(), Interruption> {
    if reset {
        let reply = envelope_reply(session, Stage::Sender, call)?;
        if !reply.is_positive() {
            return Err(Interruption::Lost(session.failure(Stage::Sender, &reply)));
        }
        session.needs_reset = false;
    }
    let reply = envelope_reply(session, Stage::Sender, call)?;
    verdicts.sender(&reply, &mut session.stream);
    for _ in &mail.recipients {
        let reply = envelope_reply(session, Stage::Recipients, call)?;
        verdicts.recipient(&reply, &mut session.stream);
    }
    Ok(())
}

/// Reads the reply to one command of an envelope.
pub(crate) fn envelope_reply(session: &mut Session, stage: Stage, call: &Call) -> Result<Reply, Interruption> {
    let reply = session.reply(call).map_err(|error| Interruption::Lost(error.stage(stage)))?;
    match reply.code {
        421 => Err(Interruption::Closing(session.failure(stage, &reply))),
        300..400 => Err(Interruption::Lost(session.failure(stage, &reply))),
        _ => Ok(reply),
    }
}

/// Reads the reply to a message or a block of it.
pub(crate) fn final_reply(session: &mut Session, call: &Call) -> Result<Reply, Interruption> {
    let reply = session.reply(call).map_err(|error| Interruption::Lost(error.stage(Stage::Acceptance)))?;
    match reply.code {
        300..400 => Err(Interruption::Lost(session.failure(Stage::Acceptance, &reply))),
        _ => Ok(reply),
    }
}

/// A reply behind the last one that a command awaits.
pub(crate) struct ExtraReply {
    pub(crate) error: Error,
    is_closing: bool,
}

impl ExtraReply {
    /// The error of an extra reply other than 421: the reply before it may have belonged to another command.
    pub(crate) fn doubt(&self) -> Option<&Error> {
        Some(&self.error).filter(|_| !self.is_closing)
    }
}

/// Reads a reply that has arrived although no command awaits one.
pub(crate) fn extra_reply(session: &mut Session, call: &Call) -> Option<ExtraReply> {
    session.expect_silence().err().map(|early| match session.reply(call) {
        Ok(reply) if reply.is_closing() => ExtraReply { error: session.failure(Stage::Quit, &reply), is_closing: true },
        _ => ExtraReply { error: early, is_closing: false },
    })
}

/// Whether a server that replied 421 keeps replying instead of closing the connection (RFC 5321, section 3.8): it may then accept the mails
/// that were sent before. Negative replies accept nothing.
pub(crate) fn keeps_replying(session: &mut Session, call: &Call) -> Option<Error> {
    let call = call.until(Instant::now() + CLOSING);
    for _ in 0..MOST_REFUSALS {
        match session.reply(&call) {
            Ok(reply) if reply.code >= 400 => {}
            Ok(reply) => return Some(session.failure(Stage::Acceptance, &reply)),
            Err(error) if error.status == Status::Protocol => return Some(error),
            Err(_) => return None,
        }
    }
    None
}

/// The reply that the server sent before it closed the connection, which explains more than the failed write does.
pub(crate) fn closing_reply(session: &mut Session, stage: Stage, error: Error, call: &Call) -> Error {
    if error.status != Status::Network {
        return error.stage(stage);
    }
    match session.reply(&call.until(Instant::now() + CLOSING_REPLY)) {
        Ok(reply) if reply.code >= 400 => {
            let mut said = session.failure(stage, &reply);
            said.session = postkontor_plugin::SessionState::Closed;
            said
        }
        _ => error.stage(stage),
    }
}
