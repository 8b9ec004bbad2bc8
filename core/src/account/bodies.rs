//! The bytes of composed mails, as a transport reads them.

use super::pointers::of_host;
use crate::error::failed;
use crate::loader::Streams;
use crate::message::Composed;
use crate::settings::Document;
use postkontor_plugin::wire::REWIND;
use postkontor_plugin::{Error, Status};

/// The bytes a second that even a slow line carries.
pub(super) const SLOW_LINE: u64 = 64 * 1024;

/// The mails of one call as the streams that the transport reads.
pub(super) struct Bodies<'a, 'b> {
    pub(super) mails: Vec<&'a mut Composed<'b>>,
    pub(super) document: &'a Document,
    /// The mail whose source failed, and why.
    pub(super) failed: Option<(usize, Error)>,
}

impl Streams for Bodies<'_, '_> {
    fn read(&mut self, stream: u64, data: &mut [u8]) -> Result<usize, Error> {
        let index = usize::try_from(stream & !REWIND).ok().and_then(|stream| stream.checked_sub(1));
        let mail = index.and_then(|index| Some((index, self.mails.get_mut(index)?)));
        let Some((index, mail)) = mail else { return Err(failed(Status::Argument, "host.stream_unknown")) };
        if stream & REWIND != 0 {
            mail.rewind();
            return Ok(0);
        }
        mail.read(data).map_err(|error| {
            let error = of_host(error, mail.index, self.document);
            self.failed = Some((index, error.clone()));
            error
        })
    }

    fn write(&mut self, _stream: u64, _data: &[u8]) -> Result<(), Error> {
        Err(failed(Status::Unsupported, "host.stream_unknown"))
    }
}
