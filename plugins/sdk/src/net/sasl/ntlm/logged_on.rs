//! The user who is logged on to this machine: Windows knows the secret and gives the proof (SSPI).
//!
//! What is proved, and what the proof is bound to, is the same as for a user whom the settings name; the messages are Windows' own.

use super::super::misbehaviour::{malformed, unexpected};
use super::proof::application_data;
use crate::{Error, Stage, Status};
use winauth::NextBytes;
use winauth::windows::{NtlmSspi, NtlmSspiBuilder};
use zeroize::Zeroizing;

/// What Windows keeps from its first message to the next.
#[derive(Default)]
pub(super) struct LoggedOn(Option<Box<NtlmSspi>>);

impl LoggedOn {
    pub(super) fn negotiate(&mut self, target: &str, binding: Option<&[u8]>) -> Result<Vec<u8>, Error> {
        let mut builder = NtlmSspiBuilder::new().target_spn(target);
        if let Some(binding) = binding {
            builder = builder.channel_bindings(&application_data(binding));
        }
        let sspi = self.0.insert(Box::new(builder.build().map_err(|error| failed(&error))?));
        next_message(sspi, None)
    }

    pub(super) fn authenticate(self, challenge: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut sspi = self.0.ok_or_else(unexpected)?;
        next_message(&mut sspi, Some(challenge)).map(Zeroizing::new)
    }
}

/// The next message of Windows.
fn next_message(sspi: &mut NtlmSspi, challenge: Option<&[u8]>) -> Result<Vec<u8>, Error> {
    sspi.next_bytes(challenge).map_err(|error| failed(&error))?.ok_or_else(malformed)
}

fn failed(error: &std::io::Error) -> Error {
    let code = "auth.logged_on_user_failed";
    Error::new(Status::Auth, code).stage(Stage::Login).detail(error.to_string()).at("/auth/user", code)
}
