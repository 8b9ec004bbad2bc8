//! GSSAPI (RFC 4752) and GSS-SPNEGO: the ticket of the user who is logged on to this machine; on Windows that user's NTLM, too.
//!
//! The first two have the same messages, GSS-SPNEGO in an envelope. GSSAPI ends with a choice of layers that would protect what follows; none is
//! chosen, that is the task of TLS. Beside what RFC 4752 asks for, the proof is bound to the TLS connection: a server that does not look
//! at that does not mind, and Windows servers can insist on it.

use super::super::logged_on::{LoggedOn, Package, Peer};
use super::misbehaviour::{malformed, unexpected};
use crate::{Call, Error, Stage, Status};
use zeroize::Zeroizing;

/// In the server's choice of layers, and in ours: none.
const NO_LAYER: u8 = 1;

pub(super) struct Gssapi {
    user: LoggedOn,
    step: Step,
    /// Whether a choice of layers follows; with GSS-SPNEGO Windows servers have none.
    has_layers: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Nothing was sent.
    Start,
    /// Both sides prove themselves.
    Proof,
    /// The server's choice of layers is due.
    Layers,
    /// Everything was sent.
    Done,
}

impl Gssapi {
    pub(super) fn new(package: Package, peer: Peer) -> Gssapi {
        Gssapi { user: LoggedOn::new(package, peer), step: Step::Start, has_layers: package == Package::Kerberos }
    }

    pub(super) fn aim(&mut self, service: &str) {
        self.user.aim(service);
    }

    pub(super) fn is_at_start(&self) -> bool {
        self.step == Step::Start
    }

    pub(super) fn respond(&mut self, challenge: &[u8], call: &Call) -> Result<Zeroizing<Vec<u8>>, Error> {
        match self.step {
            Step::Start | Step::Proof => {
                // The server's first message only invites the client to begin.
                let message = self.user.step(if self.is_at_start() { &[] } else { challenge }, call)?.message;
                self.step = if self.user.is_complete() { Step::Layers } else { Step::Proof };
                Ok(message)
            }
            // The server only waits for its turn.
            Step::Layers if challenge.is_empty() => Ok(Zeroizing::new(Vec::new())),
            Step::Layers => {
                self.step = Step::Done;
                let offered = self.user.unwrap(challenge)?;
                self.choose(&offered)
            }
            Step::Done => Err(unexpected()),
        }
    }

    /// Success that was reported before both sides have proved themselves is some misunderstanding.
    pub(super) fn finish(&self) -> Result<(), Error> {
        let is_finished = self.step == Step::Done || self.step == Step::Layers && !self.has_layers;
        if is_finished { Ok(()) } else { Err(malformed()) }
    }

    /// Our choice of layers: none, for nothing that could be received, as the user of the ticket.
    fn choose(&mut self, offered: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let layers: [u8; 4] = offered.try_into().map_err(|_| malformed())?;
        if layers[0] & NO_LAYER == 0 {
            let error = Error::new(Status::Unsupported, "auth.layer_unsupported").stage(Stage::Login);
            return Err(error.arg("offered", "integrity, confidentiality"));
        }
        self.user.wrap(&[NO_LAYER, 0, 0, 0])
    }
}
