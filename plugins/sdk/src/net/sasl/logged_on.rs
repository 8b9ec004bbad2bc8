//! NTLM as the user who is logged on to this machine: Windows knows the secret and gives the proof (SSPI).
//!
//! What is proved, and what the proof is bound to, is the same as in [`super::ntlm`]; the messages are Windows' own.

use super::{malformed, unexpected};
use crate::settings::Endpoint;
use crate::{Error, Stage, Status};
use winauth::NextBytes;
use winauth::windows::{NtlmSspi, NtlmSspiBuilder};
use zeroize::Zeroizing;

/// The prefix of what a proof is bound to (RFC 5056, section 2.1; RFC 5929, section 4).
const PREFIX: &[u8] = b"tls-server-end-point:";

pub(super) struct LoggedOn {
    host: String,
    /// The service that is meant to be reached, such as `IMAP/mail.example.com`.
    target: String,
    binding: Option<Vec<u8>>,
    step: Step,
}

enum Step {
    /// Nothing was said.
    Start,
    /// We said what we can; the server's challenge is due.
    Negotiated(Box<NtlmSspi>),
    /// We sent our proof.
    Proved,
}

impl LoggedOn {
    /// `binding` is the data of `tls-server-end-point`.
    pub(super) fn new(endpoint: &Endpoint, binding: Option<Vec<u8>>) -> LoggedOn {
        LoggedOn { host: endpoint.host.clone(), target: String::new(), binding, step: Step::Start }
    }

    pub(super) fn aim(&mut self, service: &str) {
        self.target = format!("{service}/{}", self.host);
    }

    pub(super) fn is_at_start(&self) -> bool {
        matches!(self.step, Step::Start)
    }

    pub(super) fn respond(&mut self, challenge: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        match std::mem::replace(&mut self.step, Step::Proved) {
            // Whatever the server said here was only the invitation to begin.
            Step::Start => {
                let mut builder = NtlmSspiBuilder::new().target_spn(&self.target);
                if let Some(binding) = &self.binding {
                    builder = builder.channel_bindings(&[PREFIX, binding].concat());
                }
                let mut sspi = builder.build().map_err(|error| failed(&error))?;
                let message = said(&mut sspi, None)?;
                self.step = Step::Negotiated(Box::new(sspi));
                Ok(message)
            }
            Step::Negotiated(mut sspi) => said(&mut sspi, Some(challenge)),
            Step::Proved => Err(unexpected()),
        }
    }

    /// Success that was reported before we proved anything is some misunderstanding.
    pub(super) fn finish(&self) -> Result<(), Error> {
        if matches!(self.step, Step::Proved) { Ok(()) } else { Err(malformed()) }
    }
}

/// What Windows says next.
fn said(sspi: &mut NtlmSspi, heard: Option<&[u8]>) -> Result<Zeroizing<Vec<u8>>, Error> {
    let message = sspi.next_bytes(heard).map_err(|error| failed(&error))?;
    message.map(Zeroizing::new).ok_or_else(malformed)
}

fn failed(error: &std::io::Error) -> Error {
    let code = "auth.logged_on_user_failed";
    Error::new(Status::Auth, code).stage(Stage::Login).detail(error.to_string()).at("/auth/user", code)
}
