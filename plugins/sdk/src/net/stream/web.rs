//! What HTTP needs of a stream beyond lines and bodies: it writes its own transcript, and an answer may come before the end of what it answers.

use super::Stream;
use crate::{Call, Error, Status};
use std::io::ErrorKind;
use std::time::Instant;

impl Stream {
    /// Reads a line as [`Stream::read_line`] does, without a word of it in the transcript.
    pub(in crate::net) fn read_unrecorded_line(&mut self, call: &Call) -> Result<&[u8], Error> {
        self.take_line(call).map(|line| &self.buffer[line])
    }

    /// Whether something has arrived that was not taken yet, waiting for it; `false` at the end.
    pub(in crate::net) fn has_more(&mut self, call: &Call) -> Result<bool, Error> {
        Ok(self.pending() > 0 || self.fill(call)? > 0)
    }

    /// Writes all of it, without a word of it in the transcript.
    pub(in crate::net) fn write_unrecorded(&mut self, data: &[u8], call: &Call) -> Result<usize, Error> {
        self.write_all(data, call)?;
        Ok(data.len())
    }

    /// Writes until the server says something, which may be the reason why it takes no more; how much was written. For a protocol in
    /// which an answer may come before the end of what it answers.
    pub(in crate::net) fn write_until_answer(&mut self, data: &[u8], call: &Call) -> Result<usize, Error> {
        call.check().map_err(|error| self.facts(error))?;
        self.arrived = 0;
        let (mut written, mut until) = (0, None);
        while written < data.len() && self.is_idle() {
            match self.channel.write(&data[written..]) {
                Ok(0) => return Err(self.facts(Error::new(Status::Network, "net.broken").detail("nothing could be written"))),
                Ok(length) => {
                    written += length;
                    self.written += length as u64;
                    until = None;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let until = *until.get_or_insert_with(|| Instant::now() + self.idle);
                    let Some(socket) = self.channel.socket() else { return Err(self.broken(&ErrorKind::NotConnected.into())) };
                    // One slice: then it is worth to look whether the server has said something.
                    self.wait_slice(socket, socket.blocked(), until, call)?;
                }
                // What the server has said before it broke off can still be read.
                Err(_) if !self.is_idle() && self.pending() > 0 => break,
                Err(error) => return Err(self.broken(&error)),
            }
        }
        if written < data.len() && self.pending() == 0 {
            self.transcript.flush(call);
            return Err(self.ended());
        }
        self.awaits = self.pending() == 0;
        Ok(written)
    }
}
