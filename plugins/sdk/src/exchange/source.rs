//! Where the bytes of a message come from.

use crate::{Body, Error};

/// Where the bytes of a message come from.
pub trait Source {
    /// Reads the next bytes into `data`; 0 at the end.
    fn read(&mut self, data: &mut [u8]) -> Result<usize, Error>;
}

impl Source for Body<'_> {
    fn read(&mut self, data: &mut [u8]) -> Result<usize, Error> {
        Body::read(self, data)
    }
}

impl Source for &[u8] {
    fn read(&mut self, data: &mut [u8]) -> Result<usize, Error> {
        let count = self.len().min(data.len());
        data[..count].copy_from_slice(&self[..count]);
        *self = &self[count..];
        Ok(count)
    }
}
