//! From the message document (JSON) to the message on the wire (MIME), in one stream.

mod compose;
mod composed;

pub use compose::compose;
pub use composed::{Composed, Recipient};
