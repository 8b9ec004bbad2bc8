//! What is asked of the service.

use crate::claims::Role;
use postkontor_plugin::{Error, Stage};

/// A request.
pub(crate) struct Ask<'a> {
    pub(crate) method: &'static str,
    /// Path and query, as [`crate::session::Session::at`] or a link of the service makes them.
    pub(crate) target: String,
    pub(crate) payload: Payload<'a>,
    /// What it needs.
    pub(crate) role: Role,
    pub(crate) stage: Stage,
    /// How many entries an answer may list.
    pub(crate) page: Option<usize>,
    /// It may be carried out twice without harm.
    pub(crate) is_repeatable: bool,
}

/// The body of a request.
pub(crate) enum Payload<'a> {
    Empty,
    Json(&'a [u8]),
    /// A message as MIME, in base64.
    Message(&'a mut dyn Again),
}

/// A body that can be sent a second time.
pub(crate) trait Again {
    /// Begins with the first byte; how many there are.
    fn begin(&mut self) -> Result<u64, Error>;

    /// Writes the next bytes into `data`; 0 at the end.
    fn fill(&mut self, data: &mut [u8]) -> Result<usize, Error>;
}

impl<'a> Ask<'a> {
    /// Asks for something, and changes nothing.
    pub(crate) fn get(target: String, stage: Stage) -> Ask<'a> {
        Ask { method: "GET", target, payload: Payload::Empty, role: Role::Read, stage, page: None, is_repeatable: true }
    }

    /// Does something once.
    pub(crate) fn once(method: &'static str, target: String, role: Role, stage: Stage) -> Ask<'a> {
        Ask { method, target, payload: Payload::Empty, role, stage, page: None, is_repeatable: false }
    }

    /// The same with this body.
    pub(crate) fn with(self, payload: Payload<'a>) -> Ask<'a> {
        Ask { payload, ..self }
    }

    /// The same with so many entries a page.
    pub(crate) fn paged(self, entries: usize) -> Ask<'a> {
        Ask { page: Some(entries), ..self }
    }

    /// The same for what may be done twice.
    pub(crate) fn repeatable(self) -> Ask<'a> {
        Ask { is_repeatable: true, ..self }
    }
}
