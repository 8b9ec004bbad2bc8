//! What the service is asked for.

use postkontor_plugin::{Body, Error, Stage};
use std::cell::Cell;

/// A request at the service, which can be made more than once.
pub(crate) struct Ask<'a, 'b> {
    pub(crate) method: &'a str,
    /// Behind the service's URL.
    pub(crate) path: &'a str,
    /// Further header fields.
    pub(crate) fields: Vec<(&'a str, String)>,
    pub(crate) payload: Payload<'a, 'b>,
    pub(crate) stage: Stage,
}

/// What is sent behind the head.
pub(crate) enum Payload<'a, 'b> {
    Nothing,
    Json(&'a str),
    /// A form, and as the dialogue shows it.
    Form(&'a str, &'a str),
    /// A mail, of this size where it is known, and how much of it was read.
    Mail {
        size: Option<u64>,
        body: &'a mut Body<'b>,
        read: &'a Cell<u64>,
    },
}

impl<'a, 'b> Ask<'a, 'b> {
    pub(crate) fn new(method: &'a str, path: &'a str, stage: Stage) -> Ask<'a, 'b> {
        Ask { method, path, fields: Vec::new(), payload: Payload::Nothing, stage }
    }

    pub(crate) fn with(self, payload: Payload<'a, 'b>) -> Ask<'a, 'b> {
        Ask { payload, ..self }
    }

    /// Makes ready to ask once more.
    pub(crate) fn begin_again(&mut self) -> Result<(), Error> {
        if let Payload::Mail { body, .. } = &mut self.payload { body.rewind() } else { Ok(()) }
    }
}
