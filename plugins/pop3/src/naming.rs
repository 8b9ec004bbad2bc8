//! Names for messages that the server gives none, or the same as another: a digest of what they are.
//!
//! Such a name is `top-DIGEST-SIZE` by the headers, or `retr-DIGEST-SIZE` by the whole message where the server has no TOP; behind a unique
//! identifier that several messages have it stands after a `#`. Messages that are equal even so are numbered with how many there are,
//! `….2.1` and `….2.2`: as soon as one of them is gone, nothing says which of them it was, so the others have other names then and are
//! fetched again rather than taken for it.

use crate::mailbox::Entry;
use crate::session::Session;
use md5::digest::Output;
use md5::{Digest, Md5};
use postkontor_plugin::{Call, Error, Reply, Stage, Status};
use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

/// What stands before the digest.
const BY_HEADERS: &str = "top-";
const BY_ALL: &str = "retr-";
/// A message that cannot be read has a name for this session only.
const NONE: &str = "once-";

/// More bytes than the headers of any message have.
const HEADERS: usize = 1_048_576;

/// Whether a message has this name because the server gives it none.
pub(crate) fn is_by_content(id: &str) -> bool {
    [BY_HEADERS, BY_ALL, NONE].iter().any(|kind| id.starts_with(kind))
}

/// The unique identifier that a message with this name shares with another.
pub(crate) fn unnamed(id: &str) -> Option<&str> {
    let (before, name) = id.rsplit_once('#')?;
    is_by_content(name).then_some(before)
}

impl Session {
    /// Names those of the messages whose identifier does not tell them apart by what they are.
    pub(crate) fn name_by_content(&mut self, entries: &mut [Entry], is_meant: impl Fn(&str) -> bool, call: &Call) -> Result<(), Error> {
        let mut equal: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, entry) in entries.iter_mut().enumerate().filter(|(_, entry)| is_meant(&entry.id)) {
            let digest = match self.headers(entry.number, call)? {
                Ok(headers) => Some((BY_HEADERS, Md5::digest(&headers))),
                Err(_) => self.digest(entry.number, call)?.map(|digest| (BY_ALL, digest)),
            };
            let name = match digest {
                Some((kind, digest)) => {
                    let name = digest.iter().fold(kind.to_owned(), |name, byte| format!("{name}{byte:02x}"));
                    format!("{name}-{}", entry.size)
                }
                None => {
                    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
                    format!("{NONE}{now:x}-{}", entry.number)
                }
            };
            entry.id = if entry.id.is_empty() { name } else { format!("{}#{name}", entry.id) };
            equal.entry(entry.id.clone()).or_default().push(index);
        }
        for places in equal.values().filter(|places| places.len() > 1) {
            for (place, index) in places.iter().enumerate() {
                let id = &mut entries[*index].id;
                *id = format!("{id}.{}.{}", places.len(), place + 1);
            }
        }
        Ok(())
    }

    /// The digest of a whole message, or `None` where the server does not give it.
    fn digest(&mut self, number: u32, call: &Call) -> Result<Option<Output<Md5>>, Error> {
        if self.command_status(&format!("RETR {number}\r\n"), call)?.is_err() {
            return Ok(None);
        }
        let mut hash = Md5::new();
        self.body(call, |piece| {
            hash.update(piece);
            Ok(())
        })?;
        Ok(Some(hash.finalize()))
    }

    /// The headers of a message, or why the server does not give them.
    pub(crate) fn headers(&mut self, number: u32, call: &Call) -> Result<Result<Vec<u8>, Reply>, Error> {
        if let Err(reply) = self.command_status(&format!("TOP {number} 0\r\n"), call)? {
            return Ok(Err(reply));
        }
        let mut headers = Vec::new();
        self.body(call, |piece| {
            if headers.len() + piece.len() > HEADERS {
                return Err(Error::new(Status::Protocol, "protocol.reply_too_long").stage(Stage::Fetch).arg("limit", HEADERS as u64));
            }
            headers.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(Ok(headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_it_stands_for() {
        for (id, by_content, shared) in [
            ("a", false, None),
            ("a#b", false, None),
            ("top-00-5", true, None),
            ("a#top-00-5", false, Some("a")),
            ("a#b#retr-00-5.2.1", false, Some("a#b")),
            ("#once-00-1", false, Some("")),
        ] {
            assert_eq!((is_by_content(id), unnamed(id)), (by_content, shared), "{id}");
        }
    }
}
