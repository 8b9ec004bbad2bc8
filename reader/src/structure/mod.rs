//! Takes a message apart: which bytes are the header of a part, and which its body.
//!
//! One pass from the first line to the last, which looks at no byte more than a few times, whatever stands in the message: delimiters are whole
//! lines (RFC 2046, 5.1.1) and are compared with the boundaries of the multiparts that are open, which are few. A delimiter of an outer
//! multipart ends the inner ones, and a multipart that has no delimiter at all is one part. A message within a message is a part like any
//! other: it is opened on request.

mod entity;
mod header;
mod walk;

use crate::source::Source;
pub use entity::{Entity, Stop, Structure};
pub(crate) use header::header_of;
use walk::Walk;

/// Takes a message apart, as long as `goes_on` says so.
///
/// # Errors
///
/// It was stopped, or the message lies in a file that cannot be read any more.
pub fn structure(source: &Source, goes_on: &dyn Fn() -> bool) -> Result<Structure, Stop> {
    Walk::new(source, goes_on).structure()
}

#[cfg(test)]
mod tests;
