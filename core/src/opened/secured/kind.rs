//! Parts of S/MIME by their types.

use postkontor_reader::header::{self, Disposition, Field, Fields};
use postkontor_reader::{Message, Repairs};
use std::io;

/// Whether a part is one of CMS by its type, or by its name where a gateway does not know the type.
pub(super) fn is_cms(message: &Message<'_>, part: usize) -> io::Result<bool> {
    match message.entity(part).map(|entity| entity.kind()) {
        Some(("application", "pkcs7-mime" | "x-pkcs7-mime")) => Ok(true),
        Some(("application", "octet-stream")) => is_named(message, part, ".p7m"),
        _ => Ok(false),
    }
}

/// Whether a part is a signature, likewise.
pub(super) fn is_signature(message: &Message<'_>, part: usize) -> io::Result<bool> {
    match message.entity(part).map(|entity| entity.kind()) {
        Some(("application", "pkcs7-signature" | "x-pkcs7-signature")) => Ok(true),
        Some(("application", "octet-stream")) => is_named(message, part, ".p7s"),
        _ => Ok(false),
    }
}

/// Whether the name of a part has this ending.
fn is_named(message: &Message<'_>, part: usize, ending: &str) -> io::Result<bool> {
    let header = message.header(part)?;
    let fields = Fields::read(&header);
    let disposition = fields.first("Content-Disposition").map(Field::value);
    let disposition = disposition.map(|value| Disposition::read_as(value, None, &mut Repairs::default(), ""));
    let kind = message.entity(part).and_then(|entity| entity.content_type.as_deref());
    Ok(header::file_name(disposition.as_ref(), kind).is_some_and(|name| name.to_ascii_lowercase().ends_with(ending)))
}
