//! XML, written and read as a stream.

mod content;
mod node;
mod reader;
mod source;
mod writer;

pub(crate) use node::Node;
pub(crate) use reader::{Content, Reader, malformed};
pub(crate) use source::Bytes;
pub(crate) use writer::{Document, Writer, encoded_length};
