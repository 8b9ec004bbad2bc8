//! The fields of a small value that is at hand as DER.

use super::{INTEGER, OCTETS, SEQUENCE};
use crate::Fault;
use const_oid::ObjectIdentifier;
use der::asn1::AnyRef;
use der::{Decode, Reader as _, SliceReader};

/// Fields, taken one after the other.
pub(crate) struct Fields<'a> {
    reader: SliceReader<'a>,
    what: &'static str,
}

impl<'a> Fields<'a> {
    /// The fields within a whole value with this tag; `what` is named where it is damaged.
    pub(crate) fn of(value: &'a [u8], tag: u8, what: &'static str) -> Result<Self, Fault> {
        Self::within(whole(value, tag, what)?, what)
    }

    /// Fields that follow one another.
    pub(crate) fn within(content: &'a [u8], what: &'static str) -> Result<Self, Fault> {
        Ok(Self { reader: SliceReader::new(content).map_err(|_| Fault::Malformed(what))?, what })
    }

    /// The next field as it stands; `None` after the last.
    pub(crate) fn next(&mut self) -> Result<Option<&'a [u8]>, Fault> {
        if self.reader.is_finished() {
            return Ok(None);
        }
        self.reader.tlv_bytes().map(Some).map_err(|_| Fault::Malformed(self.what))
    }

    /// The next field, which must be there.
    pub(crate) fn required(&mut self) -> Result<&'a [u8], Fault> {
        self.next()?.ok_or(Fault::Malformed(self.what))
    }

    /// The next field if it has this tag, as it stands.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, Fault> {
        if self.reader.peek_byte() == Some(tag) { self.next() } else { Ok(None) }
    }

    /// The content of the next field, which must have this tag.
    pub(crate) fn content(&mut self, tag: u8) -> Result<&'a [u8], Fault> {
        whole(self.required()?, tag, self.what)
    }

    /// The next field, an octet string.
    pub(crate) fn octets(&mut self) -> Result<&'a [u8], Fault> {
        self.content(OCTETS)
    }

    /// The next field, an object identifier.
    pub(crate) fn oid(&mut self) -> Result<ObjectIdentifier, Fault> {
        ObjectIdentifier::from_der(self.required()?).map_err(|_| Fault::Malformed(self.what))
    }

    /// The next field, an AlgorithmIdentifier.
    pub(crate) fn algorithm(&mut self) -> Result<Algorithm<'a>, Fault> {
        Algorithm::read(self.required()?, self.what)
    }

    /// Passes over a version.
    pub(crate) fn version(&mut self) -> Result<(), Fault> {
        self.content(INTEGER).map(drop)
    }
}

/// An AlgorithmIdentifier (RFC 5280, section 4.1.1.2).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Algorithm<'a> {
    pub(crate) oid: ObjectIdentifier,
    /// The parameters as they stand, where there are any but NULL.
    pub(crate) parameters: Option<&'a [u8]>,
}

impl<'a> Algorithm<'a> {
    /// Reads one.
    pub(crate) fn read(value: &'a [u8], what: &'static str) -> Result<Self, Fault> {
        let mut fields = Fields::of(value, SEQUENCE, what)?;
        let oid = fields.oid()?;
        Ok(Self { oid, parameters: fields.next()?.filter(|parameters| *parameters != [5, 0]) })
    }
}

/// The content of a value with this tag that has nothing behind it.
pub(crate) fn whole<'a>(value: &'a [u8], tag: u8, what: &'static str) -> Result<&'a [u8], Fault> {
    match AnyRef::from_der(value) {
        Ok(any) if value[0] == tag => Ok(any.value()),
        _ => Err(Fault::Malformed(what)),
    }
}
