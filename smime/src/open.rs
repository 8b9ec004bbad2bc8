//! Opening `application/pkcs7-mime` and `application/pkcs7-signature`: what it is, and its content as a stream.

use crate::Fault;
use crate::ber::{Reader, SEQUENCE};
use crate::compressed::Compressed;
use crate::decrypt::Encrypted;
use crate::verify::Signed;
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911;
use der::Decode;
use std::io::Read;

/// compressed-data (RFC 3274, section 1.1).
const COMPRESSED: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.9");

/// What a CMS object turned out to be. What the mail says about it, in `smime-type` or a file name, does not count.
pub enum Opened<R: Read> {
    /// Signed content, a signature of content that is elsewhere, or certificates alone.
    Signed(Signed<R>),
    /// Encrypted content.
    Encrypted(Encrypted<R>),
    /// Compressed content.
    Compressed(Compressed<R>),
}

/// Reads the begin of a CMS object in BER (RFC 5652, section 3), the source being at its very beginning.
///
/// # Errors
///
/// [`Fault::ContentUnsupported`] where it is of a kind that mail does not have, [`Fault::Malformed`] where it is no CMS, [`Fault::Truncated`], [`Fault::Source`].
pub fn open<R: Read>(source: R) -> Result<Opened<R>, Fault> {
    let mut reader = Reader::new(source);
    reader.enter(SEQUENCE, "no CMS")?;
    let kind = reader.value(64, "the kind of the content")?;
    let kind = ObjectIdentifier::from_der(&kind).map_err(|_| Fault::Malformed("the kind of the content"))?;
    reader.enter(0xa0, "the content")?;
    match kind {
        rfc5911::ID_SIGNED_DATA => Signed::read(reader).map(Opened::Signed),
        rfc5911::ID_ENVELOPED_DATA => Encrypted::read(reader, false).map(Opened::Encrypted),
        rfc5911::ID_CT_AUTH_ENVELOPED_DATA => Encrypted::read(reader, true).map(Opened::Encrypted),
        COMPRESSED => Compressed::read(reader).map(Opened::Compressed),
        other => Err(Fault::ContentUnsupported(other.to_string())),
    }
}
