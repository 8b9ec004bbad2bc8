//! A session with the server: commands and their replies.

use crate::capabilities::Capabilities;
use crate::reply::{Reply, skip_empty_lines};
use postkontor_plugin::net::Stream;
use postkontor_plugin::{Call, Error, Stage, Status};
use std::sync::Arc;

/// A connection on which mails can be sent.
pub(crate) struct Session {
    pub(crate) stream: Stream,
    /// The name for EHLO, where the settings give one.
    pub(crate) ehlo: Option<String>,
    pub(crate) capabilities: Arc<Capabilities>,
    /// A transaction was left unfinished; the next one begins with RSET.
    pub(crate) needs_reset: bool,
    /// It has already sent a mail: where it ends unexpectedly, a new connection is tried.
    pub(crate) has_served: bool,
}

impl Session {
    /// A session before the greeting.
    pub(crate) fn new(stream: Stream, ehlo: Option<String>) -> Session {
        Session { stream, ehlo, capabilities: Arc::default(), needs_reset: false, has_served: false }
    }

    /// Sends one command and reads its reply.
    pub(crate) fn command(&mut self, line: &str, stage: Stage, call: &Call) -> Result<Reply, Error> {
        let at = |error: Error| error.stage(stage);
        self.expect_silence().map_err(at)?;
        self.stream.write(line.as_bytes(), call).map_err(at)?;
        self.reply(call).map_err(at)
    }

    /// Reads the next reply.
    pub(crate) fn reply(&mut self, call: &Call) -> Result<Reply, Error> {
        Reply::read(&mut self.stream, call)
    }

    /// Fails when a reply has arrived before its command: it would be taken for the reply to the next one.
    pub(crate) fn expect_silence(&self) -> Result<(), Error> {
        if self.stream.pending() == 0 {
            return Ok(());
        }
        Err(Error::new(Status::Protocol, "protocol.early_reply").arg("host", self.stream.endpoint().host.as_str()))
    }

    /// Whether the connection can take another mail. `Err` after a reply that no command awaits.
    pub(crate) fn is_alive(&mut self, call: &Call) -> Result<bool, Error> {
        if self.stream.is_idle() {
            return Ok(true);
        }
        if self.stream.pending() == 0 {
            return Ok(false);
        }
        skip_empty_lines(&mut self.stream, call)?;
        if self.stream.pending() == 0 {
            return Ok(self.stream.is_idle());
        }
        // As a rule this is 421 for a client that was idle for too long.
        match self.reply(call) {
            Ok(reply) if reply.is_closing() => Ok(false),
            Ok(_) => Err(Error::new(Status::Protocol, "protocol.early_reply").arg("host", self.stream.endpoint().host.as_str())),
            Err(error) if error.status == Status::Network => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The same error under a code that says more.
pub(crate) fn renamed(mut error: Error, code: &str) -> Error {
    code.clone_into(&mut error.code);
    error
}
