//! Which messages a program wants: by what LIST says, else by the headers (TOP), else by the whole message (RETR).

use crate::mailbox::Entry;
use crate::session::Session;
use postkontor_plugin::{Call, Error, Filter, HeaderCondition, Known, Letter, Missing, Reply, Stage, Status};
use std::borrow::Cow;

/// A message with more bytes is not fetched to look for a text in it.
const WHOLE: u64 = 32 * 1024 * 1024;

/// The filter on the messages of one session; notes whether the server has TOP.
#[derive(Default)]
pub(crate) struct HeaderFilter {
    has_top: bool,
    was_refused: bool,
    pub(crate) missing: Vec<Missing>,
}

impl HeaderFilter {
    /// Whether a message passes. One that the server does not show does not, and is missing.
    pub(crate) fn passes(&mut self, session: &mut Session, entry: &Entry, filter: &Filter, call: &Call) -> Result<bool, Error> {
        if let Some(passes) = filter.judge(&Listed(entry.size)) {
            return Ok(passes);
        }
        let headers = match session.headers(entry.number, call)? {
            Ok(headers) => headers,
            Err(reply) => {
                self.was_refused = true;
                return Ok(self.withheld(session, entry, reply));
            }
        };
        self.has_top = true;
        let judged = filter.judge(&known(Letter::of_headers(&headers), entry));
        if let (None, Some(pointer)) = (judged, filter.on_bodies()) {
            return self.passes_whole(session, entry, filter, &pointer, call);
        }
        // A message without a date passes, since its day is not known.
        Ok(judged.unwrap_or(true))
    }

    /// Whether a message passes whose text decides it.
    fn passes_whole(&mut self, session: &mut Session, entry: &Entry, filter: &Filter, pointer: &str, call: &Call) -> Result<bool, Error> {
        let too_large = |session: &Session| {
            let code = "pop3.too_large_to_search";
            let error = session.error(Status::Unsupported, code).stage(Stage::Fetch).at_request(pointer, code).usable();
            Missing { id: entry.id.clone(), error: error.arg("id", entry.id.as_str()).arg("limit", WHOLE / 1024 / 1024) }
        };
        if entry.size > WHOLE {
            self.missing.push(too_large(session));
            return Ok(false);
        }
        if let Err(reply) = session.command_status(&format!("RETR {}\r\n", entry.number), call)? {
            return Ok(self.withheld(session, entry, reply));
        }
        let mut message = Vec::new();
        // What is larger than it was said to be is read to its end, and not kept.
        let mut is_kept = true;
        session.body(call, |piece| {
            is_kept &= (message.len() + piece.len()) as u64 <= WHOLE;
            if is_kept {
                message.extend_from_slice(piece);
            }
            Ok(())
        })?;
        if !is_kept {
            self.missing.push(too_large(session));
            return Ok(false);
        }
        Ok(filter.judge(&known(Letter::whole(message), entry)).unwrap_or(true))
    }

    fn withheld(&mut self, session: &Session, entry: &Entry, reply: Reply) -> bool {
        let error = session.refused("pop3.retrieve_refused", Status::Refused, reply).stage(Stage::Fetch).usable();
        self.missing.push(Missing { id: entry.id.clone(), error: error.arg("id", entry.id.as_str()) });
        false
    }

    /// Those that were refused, unless the headers of all were: then the server has no TOP, and filtering is impossible.
    pub(crate) fn into_missing(self) -> Result<Vec<Missing>, Error> {
        if self.has_top || !self.was_refused {
            return Ok(self.missing);
        }
        Err(Error::new(Status::Unsupported, "pop3.top_unsupported").stage(Stage::Fetch))
    }
}

/// POP3 has no flags: no message counts as seen.
fn known<'m>(letter: Letter<'m>, entry: &Entry) -> Letter<'m> {
    letter.of_size(entry.size).unseen(true)
}

/// What LIST says of a message: its size.
struct Listed(u64);

impl Known for Listed {
    fn is_unseen(&self) -> Option<bool> {
        Some(true)
    }
    fn day(&self) -> Option<Cow<'_, str>> {
        None
    }
    fn size(&self) -> Option<u64> {
        Some(self.0)
    }
    fn from(&self) -> Option<Cow<'_, str>> {
        None
    }
    fn subject(&self) -> Option<Cow<'_, str>> {
        None
    }
    fn has_header(&self, _condition: &HeaderCondition) -> Option<bool> {
        None
    }
    fn has_in_body(&self, _text: &str) -> Option<bool> {
        None
    }
    fn has_in_headers(&self, _text: &str) -> Option<bool> {
        None
    }
}
