//! Reading once more from a place that was passed before.

use super::{Level, Reader, Segments};
use crate::Fault;
use std::io::{Read, Seek};

/// A place in the source.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    position: u64,
    open: Vec<Level>,
    string: Option<Segments>,
}

impl<R: Read + Seek> Reader<R> {
    /// The place that has been reached.
    pub(crate) fn mark(&self) -> Mark {
        Mark { position: self.position, open: self.open.clone(), string: self.string }
    }

    /// Goes back to a place. The source is rewound to its very beginning, and read again up to there.
    pub(crate) fn return_to(&mut self, mark: &Mark) -> Result<(), Fault> {
        self.source.rewind().map_err(|error| Fault::Source(error.to_string()))?;
        (self.ahead, self.position, self.string) = (0..0, 0, None);
        self.open.clear();
        self.pass(mark.position)?;
        self.open.clone_from(&mark.open);
        self.string = mark.string;
        Ok(())
    }
}
