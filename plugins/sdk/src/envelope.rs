//! The envelope of a mail: what every transport that sends refuses.

use crate::{Error, Mail, Stage, Status};

impl Mail {
    /// Refuses a mail without a recipient, or with an address that `is_address` does not take, with a pointer into the mail. An empty
    /// sender is the null sender of reports.
    pub fn check_addresses(&self, is_address: impl Fn(&str) -> bool) -> Result<(), Error> {
        let refusal =
            |pointer: &str, code: &str| Error::new(Status::Argument, code).stage(Stage::Message).at_message(pointer, code).usable();
        if !self.from.is_empty() && !is_address(&self.from) {
            return Err(refusal("/from", "message.address_malformed"));
        }
        if self.recipients.is_empty() {
            return Err(refusal("/recipients", "message.no_recipient"));
        }
        match self.recipients.iter().position(|address| !is_address(address)) {
            Some(index) => Err(refusal(&format!("/recipients/{index}"), "message.address_malformed")),
            None => Ok(()),
        }
    }
}
