//! The headers of a message that is too large.

use crate::items::{Row, get_mime};
use crate::message::{Message, Take};
use crate::talk::Talk;
use crate::xml::Content;
use postkontor_plugin::{Error, Stage};

/// `PidTagTransportMessageHeaders`: the headers as they arrived; items that did not arrive from elsewhere have none.
const HEADERS: &str = "0x007D";

/// The most bytes of headers that are kept.
const LIMIT: usize = 1024 * 1024;

/// The headers of a message that passes.
#[derive(Debug, Default)]
pub(super) struct Headers {
    bytes: Vec<u8>,
    is_whole: bool,
}

impl Headers {
    /// Takes the next bytes of the message.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        if self.is_whole {
            return;
        }
        let from = self.bytes.len().saturating_sub(3);
        self.bytes.extend_from_slice(bytes);
        if let Some(end) = memchr::memmem::find(&self.bytes[from..], b"\r\n\r\n") {
            self.bytes.truncate(from + end + 4);
            self.is_whole = true;
        } else if self.bytes.len() > LIMIT {
            self.bytes.truncate(LIMIT);
            self.is_whole = true;
        }
    }

    /// Whether they have ended.
    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Talk<'_, '_> {
    /// The headers of a message, where the service has them apart from it.
    pub(super) fn headers(&mut self, id: &str) -> Result<Option<Vec<u8>>, Error> {
        let messages = self.ask(Stage::Fetch, |xml| {
            xml.group("m:GetItem", &[], |xml| {
                xml.group("m:ItemShape", &[], |xml| {
                    xml.text("t:BaseShape", "IdOnly");
                    xml.group("t:AdditionalProperties", &[], |xml| {
                        xml.empty("t:ExtendedFieldURI", &[("PropertyTag", HEADERS), ("PropertyType", "String")]);
                    });
                });
                crate::items::ids(xml, "m:ItemIds", &[id]);
            });
        })?;
        Ok(messages.first().and_then(|message| found(message, id)))
    }
}

impl Talk<'_, '_> {
    /// The headers of a message: those that the service has apart from it, else those of the message as it would come. What was not sent
    /// through the service's own transport has none apart.
    pub(super) fn all_headers(&mut self, row: &Row) -> Result<Vec<u8>, Error> {
        if let Some(headers) = self.headers(&row.id)? {
            return Ok(headers);
        }
        let document = self.envelope(|xml| get_mime(xml, std::slice::from_ref(row)));
        let mut passing = Passing { id: &row.id, headers: Headers::default(), is_it: false };
        self.each(&document, Stage::Fetch, &mut passing)?;
        Ok(if passing.is_it { passing.headers.bytes } else { Vec::new() })
    }
}

/// A message that passes for its headers.
struct Passing<'p> {
    id: &'p str,
    headers: Headers,
    is_it: bool,
}

impl Content for Passing<'_> {
    fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.headers.take(bytes);
        Ok(())
    }
}

impl Take for Passing<'_> {
    fn message(&mut self, message: Message) -> Result<bool, Error> {
        self.is_it = message.is_success && message.item().and_then(crate::items::item_id) == Some(self.id);
        Ok(false)
    }
}

fn found(message: &Message, id: &str) -> Option<Vec<u8>> {
    let item = message.item().filter(|item| message.is_success && crate::items::item_id(item) == Some(id))?;
    let text = &item.child("ExtendedProperty")?.child("Value")?.text;
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    // A line without a name is none of a header.
    let is_header = lines.first().is_some_and(|line| line.contains(':'));
    is_header.then(|| format!("{}\r\n\r\n", lines.join("\r\n")).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_end_at_the_first_empty_line_whatever_the_pieces() {
        let message = b"Subject: a\r\nTo: b\r\n\r\nbody\r\n\r\n";
        for size in 1..message.len() {
            let mut headers = Headers::default();
            message.chunks(size).for_each(|piece| headers.take(piece));
            assert!(headers.is_whole());
            assert_eq!(headers.bytes(), b"Subject: a\r\nTo: b\r\n\r\n");
        }
        let mut headers = Headers::default();
        headers.take(&vec![b'x'; LIMIT + 1]);
        assert_eq!((headers.bytes().len(), headers.is_whole()), (LIMIT, true));
    }
}
