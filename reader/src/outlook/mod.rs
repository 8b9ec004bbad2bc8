//! `.msg` files: a message as Outlook saves it (MS-OXMSG), in a compound file.
//!
//! A storage holds the properties of a message, of a recipient or of an attachment: those of a fixed width in one stream, each other in a
//! stream of its own that is named by the property.

#[cfg(test)]
mod tests;

use crate::compound::{self, Compound, Id};
use crate::cursor::Cursor;
use crate::mapi::{self, Attachment, Content, DEPTH, Item, Properties, kind};
use crate::repair::Repairs;
use encoding_rs::WINDOWS_1252;

const PROPERTIES: &str = "__properties_version1.0";
const VALUE: &str = "__substg1.0_";
const RECIPIENT: &str = "__recip_version1.0_";
const ATTACHMENT: &str = "__attach_version1.0_";
/// The value of `PidTagAttachDataObject`: a storage.
const OBJECT: &str = "__substg1.0_3701000D";

/// What stands in front of the list of properties (MS-OXMSG, 2.4.1).
const HEADER: usize = 32;
const HEADER_EMBEDDED: usize = 24;
const HEADER_OTHER: usize = 8;

/// Whether these bytes begin as a compound file does, which a `.msg` file is.
pub fn is_compound(bytes: &[u8]) -> bool {
    bytes.starts_with(&compound::SIGNATURE)
}

/// The message in a `.msg` file, as MIME; `None` for what is no such file.
///
/// What cannot be read is left out and noted. It is made as long as `goes_on` says so; where it does not the message is not whole.
pub fn message(bytes: &[u8], repairs: &mut Repairs, goes_on: &dyn Fn() -> bool) -> Option<Vec<u8>> {
    let compound = Compound::open(bytes)?;
    compound.find(compound.root(), PROPERTIES)?;
    let item = item(&compound, (compound.root(), HEADER), DEPTH, repairs, goes_on);
    Some(mapi::message(&item, repairs, goes_on))
}

fn item<'a>(
    compound: &Compound<'a>,
    (storage, header): (Id, usize),
    depth: usize,
    repairs: &mut Repairs,
    goes_on: &dyn Fn() -> bool,
) -> Item<'a> {
    let mut item = Item { properties: properties(compound, storage, header), recipients: Vec::new(), attachments: Vec::new() };
    let charset = item.properties.charset();
    for child in compound.children(storage) {
        let name = compound.name(*child);
        if !goes_on() {
            break;
        }
        if name.starts_with(RECIPIENT) {
            item.recipients.push(properties(compound, *child, HEADER_OTHER));
        } else if name.starts_with(ATTACHMENT) {
            match attachment(compound, *child, depth, repairs, goes_on) {
                Some(attachment) => item.attachments.push(attachment),
                None => repairs.note("mime.outlook_attachment", ""),
            }
        }
    }
    let attachments = item.attachments.iter_mut().map(|attachment| &mut attachment.properties);
    for properties in attachments.chain(&mut item.recipients) {
        properties.set_charset(charset);
    }
    item
}

fn attachment<'a>(
    compound: &Compound<'a>,
    storage: Id,
    depth: usize,
    repairs: &mut Repairs,
    goes_on: &dyn Fn() -> bool,
) -> Option<Attachment<'a>> {
    let properties = properties(compound, storage, HEADER_OTHER);
    let content = match compound.find(storage, OBJECT) {
        Some(object) if compound.find(object, PROPERTIES).is_some() => {
            Content::Item(Box::new(item(compound, (object, HEADER_EMBEDDED), depth.checked_sub(1)?, repairs, goes_on)))
        }
        // Of an object that a program keeps in a storage, the file can be told that it has packed; else the storage is the file.
        Some(object) => match crate::ole::packed(compound, object) {
            Some(bytes) => Content::Bytes(bytes),
            None => Content::Object(crate::ole::media_type(compound, object), compound.copy(object)?),
        },
        None => Content::Bytes(properties.bytes(mapi::id::ATTACH_DATA, kind::BINARY)?.clone()),
    };
    Some(Attachment { properties, content })
}

fn properties<'a>(compound: &Compound<'a>, storage: Id, header: usize) -> Properties<'a> {
    let mut properties = Properties::new(WINDOWS_1252);
    for child in compound.children(storage) {
        let Some((id, kind)) = compound.name(*child).strip_prefix(VALUE).and_then(tag) else { continue };
        if let Some(value) = compound.stream(*child) {
            properties.add(id, kind, value);
        }
    }
    let fixed = compound.stream_named(storage, PROPERTIES).unwrap_or_default();
    for entry in fixed.get(header..).unwrap_or_default().chunks_exact(16) {
        let mut cursor = Cursor::new(entry);
        let (Some(kind), Some(id)) = (cursor.u16(), cursor.u16()) else { break };
        let is_fixed = matches!(kind, kind::SHORT | kind::LONG | kind::BOOLEAN | kind::TIME);
        if let Some(value) = entry.get(8..).filter(|_| is_fixed) {
            properties.add(id, kind, value.to_vec());
        }
    }
    properties
}

/// The id and the type that name a stream; values of a list have more behind them.
fn tag(name: &str) -> Option<(u16, u16)> {
    let (id, kind) = name.split_at_checked(4)?;
    Some((u16::from_str_radix(id, 16).ok()?, u16::from_str_radix(kind, 16).ok()?))
}
