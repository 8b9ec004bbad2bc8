//! `winmail.dat`: Outlook's own wrapping of a message's bodies and attachments (MS-OXTNEF).
//!
//! The wrapping is a list of attributes. Those of the message come first; an attachment begins with its rendering data, and its name and
//! bytes follow as attributes of their own or as MAPI properties.

mod attribute;
mod object;
mod property;
#[cfg(test)]
mod tests;

use crate::cursor::Cursor;
use crate::mapi::{self, Attachment, Bodies, Content, DEPTH, Item, Properties, codepage, kind};
use crate::repair::Repairs;
use encoding_rs::{Encoding, WINDOWS_1252};
use std::borrow::Cow;
use std::ops::Range;

/// More files than any message has.
const FILES: usize = 1000;

/// What a wrapping holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wrapping {
    /// The text of the message.
    pub text: Option<String>,
    /// The HTML of the message, also where it stood in RTF.
    pub html: Option<String>,
    /// The attachments, embedded messages among them; last the RTF of the message, where that is all the text there is.
    pub files: Vec<File>,
}

/// A file inside a wrapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name as the sender gave it; empty where there is none.
    pub name: String,
    /// Its media type, where the wrapping names one; `message/rfc822` for an embedded message.
    pub kind: Option<String>,
    /// The Content-ID by which the HTML shows it.
    pub inline: Option<String>,
    /// Its bytes.
    pub bytes: Bytes,
}

/// Where the bytes of a file are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bytes {
    /// In the wrapping.
    At(Range<usize>),
    /// Made of what is in it: an embedded message as MIME, a file taken out of an OLE package, RTF that was compressed.
    Made(Vec<u8>),
}

impl Bytes {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Bytes::At(range) => range.len(),
            Bytes::Made(bytes) => bytes.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Whether these bytes begin as a `winmail.dat` does.
pub fn is_wrapping(bytes: &[u8]) -> bool {
    bytes.starts_with(&attribute::SIGNATURE)
}

/// Opens a wrapping, as far as it can be read. What is broken is noted at `pointer`, that of the part.
pub fn open(bytes: &[u8], repairs: &mut Repairs, pointer: &str) -> Wrapping {
    let item = item(bytes, DEPTH, repairs, pointer);
    let Bodies { text, html, rtf } = item.bodies(repairs, pointer);
    let mut files: Vec<File> = item.attachments.into_iter().map(|attachment| file(bytes, attachment, repairs)).collect();
    files.extend(rtf.map(|rtf| File {
        name: "message.rtf".to_owned(),
        kind: Some("application/rtf".to_owned()),
        inline: None,
        bytes: Bytes::Made(rtf),
    }));
    Wrapping { text, html, files }
}

/// The message that a wrapping holds, as MIME; `None` for what is no wrapping. It is made as long as `goes_on` says so; where it does not the
/// message is not whole.
pub fn message(bytes: &[u8], repairs: &mut Repairs, goes_on: &dyn Fn() -> bool) -> Option<Vec<u8>> {
    is_wrapping(bytes).then(|| {
        let item = item(bytes, DEPTH, repairs, "");
        mapi::message(&item, repairs, goes_on)
    })
}

fn file(whole: &[u8], attachment: Attachment<'_>, repairs: &mut Repairs) -> File {
    let (kind, inline) = (attachment.media_type(), attachment.content_id());
    let name = attachment.name().unwrap_or_default();
    match attachment.content {
        Content::Item(item) => {
            let name = if name.is_empty() || name.to_ascii_lowercase().ends_with(".eml") { name } else { format!("{name}.eml") };
            let bytes = Bytes::Made(mapi::message(&item, repairs, &|| true));
            File { name, kind: Some("message/rfc822".to_owned()), inline: None, bytes }
        }
        Content::Object(own, bytes) => File { name, kind: Some(own.to_owned()), inline, bytes: Bytes::Made(bytes) },
        Content::Bytes(Cow::Owned(bytes)) => File { name, kind, inline, bytes: Bytes::Made(bytes) },
        Content::Bytes(Cow::Borrowed(bytes)) => {
            // It lies in the wrapping, whose bytes are kept anyway.
            let start = bytes.as_ptr().addr().wrapping_sub(whole.as_ptr().addr());
            let range = if bytes.is_empty() { 0..0 } else { start..start + bytes.len() };
            File { name, kind, inline, bytes: Bytes::At(range) }
        }
    }
}

/// Reads a wrapping, and messages within it as deep as `depth` says.
fn item<'a>(bytes: &'a [u8], depth: usize, repairs: &mut Repairs, pointer: &str) -> Item<'a> {
    let mut reader = Reader {
        item: Item { properties: Properties::new(WINDOWS_1252), recipients: Vec::new(), attachments: Vec::new() },
        charset: WINDOWS_1252,
        pending: None,
        is_broken: false,
    };
    let mut cursor = Cursor::new(bytes);
    if cursor.take(4) != Some(&attribute::SIGNATURE) || cursor.u16().is_none() {
        repairs.note("mime.winmail_invalid", pointer);
        return reader.item;
    }
    while let Some(attribute) = attribute::next(&mut cursor) {
        if !attribute.is_whole {
            repairs.note("mime.winmail_checksum", pointer);
        }
        if attribute.id == attribute::id::ATTACH_RENDER_DATA {
            reader.end(depth, repairs, pointer);
            if reader.item.attachments.len() >= FILES {
                reader.is_broken = true;
                break;
            }
            reader.pending = Some(Pending::new(reader.charset));
        } else {
            reader.take(attribute.id, attribute.data);
        }
    }
    reader.end(depth, repairs, pointer);
    // Some gateways fill the end with line ends.
    reader.is_broken |= cursor.rest().iter().any(|byte| !matches!(byte, 0 | b'\r' | b'\n'));
    if reader.is_broken {
        repairs.note("mime.winmail_invalid", pointer);
    }
    reader.item
}

/// An attachment whose attributes are being read.
struct Pending<'a> {
    properties: Properties<'a>,
    title: Option<&'a [u8]>,
    path: Option<&'a [u8]>,
    data: Option<&'a [u8]>,
}

impl Pending<'_> {
    fn new(charset: &'static Encoding) -> Self {
        Pending { properties: Properties::new(charset), title: None, path: None, data: None }
    }
}

struct Reader<'a> {
    item: Item<'a>,
    charset: &'static Encoding,
    pending: Option<Pending<'a>>,
    is_broken: bool,
}

impl<'a> Reader<'a> {
    fn take(&mut self, id: u32, data: &'a [u8]) {
        use attribute::id as of;
        if let Some(pending) = &mut self.pending {
            match id {
                of::ATTACH_TITLE => pending.title = Some(data),
                of::ATTACH_TRANSPORT_FILENAME => pending.path = Some(data),
                of::ATTACH_DATA => pending.data = Some(data),
                of::ATTACHMENT => self.is_broken |= !property::list(&mut Cursor::new(data), &mut pending.properties),
                _ => (),
            }
            return;
        }
        let properties = &mut self.item.properties;
        match id {
            of::OEM_CODEPAGE => {
                let named = Cursor::new(data).u32().and_then(codepage::codepage).filter(|charset| charset.is_ascii_compatible());
                self.charset = named.unwrap_or(self.charset);
                properties.set_charset(self.charset);
            }
            of::MESSAGE_PROPERTIES => self.is_broken |= !property::list(&mut Cursor::new(data), properties),
            of::RECIPIENT_TABLE => {
                let (rows, is_whole) = property::rows(data, self.charset);
                self.item.recipients = rows;
                self.is_broken |= !is_whole;
            }
            of::SUBJECT => properties.add(mapi::id::SUBJECT, kind::STRING8, data),
            of::BODY => properties.add(mapi::id::BODY, kind::STRING8, data),
            of::MESSAGE_ID => (),
            of::FROM => from(data, properties),
            of::DATE_SENT => {
                if let Some(time) = date(data) {
                    properties.add(mapi::id::CLIENT_SUBMIT_TIME, kind::TIME, time.to_le_bytes().to_vec());
                }
            }
            _ => (),
        }
    }

    /// Ends the attachment that is being read. One without any data is an icon or a link, which nothing else could open.
    fn end(&mut self, depth: usize, repairs: &mut Repairs, pointer: &str) {
        let Some(mut pending) = self.pending.take() else { return };
        for name in [pending.title, pending.path].into_iter().flatten() {
            pending.properties.add(mapi::id::ATTACH_FILENAME, kind::STRING8, name);
        }
        let value = |kind| match pending.properties.bytes(mapi::id::ATTACH_DATA, kind) {
            Some(Cow::Borrowed(bytes)) => Some(*bytes),
            _ => None,
        };
        let content = match (value(kind::OBJECT).filter(|object| !object.is_empty()), value(kind::BINARY).or(pending.data)) {
            (Some(object), _) => match object::open(object) {
                object::Object::Message(message) if depth > 0 => Content::Item(Box::new(item(message, depth - 1, repairs, pointer))),
                object::Object::Message(message) => Content::Bytes(Cow::Borrowed(message)),
                object::Object::File(file) => Content::Bytes(file),
            },
            (None, Some(data)) => Content::Bytes(Cow::Borrowed(data)),
            (None, None) => return,
        };
        self.item.attachments.push(Attachment { properties: pending.properties, content });
    }
}

/// The author as old programs write him: four lengths, a name and an address with its kind (MS-OXTNEF, 2.1.3.3.10).
fn from<'a>(data: &'a [u8], properties: &mut Properties<'a>) {
    let mut cursor = Cursor::new(data);
    let mut read = || -> Option<(&'a [u8], &'a [u8])> {
        cursor.take(4)?;
        let (name, address) = (cursor.u16()?, cursor.u16()?);
        Some((cursor.take(name.into())?, cursor.take(address.into())?))
    };
    let Some((name, address)) = read() else { return };
    properties.add(mapi::id::SENDER_NAME, kind::STRING8, name);
    properties.add(mapi::id::SENDER_EMAIL_ADDRESS, kind::STRING8, address);
}

/// Seven numbers of 16 bits, the last of which is the day of the week (MS-OXTNEF, 2.1.3.3.4). The time zone is not told; UTC is taken.
fn date(data: &[u8]) -> Option<u64> {
    let mut cursor = Cursor::new(data);
    let (year, month, day) = (cursor.u16()?, cursor.u16()?, cursor.u16()?);
    mapi::of_date(year, month, day, [cursor.u16()?, cursor.u16()?, cursor.u16()?])
}
