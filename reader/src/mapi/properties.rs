//! MAPI properties of a message, a recipient or an attachment (MS-OXPROPS), wherever they were stored.

use super::codepage::codepage;
use encoding_rs::{Encoding, WINDOWS_1252};
use std::borrow::Cow;

/// Types of values (MS-OXCDATA, 2.11.1).
pub(crate) mod kind {
    pub(crate) const SHORT: u16 = 0x0002;
    pub(crate) const LONG: u16 = 0x0003;
    pub(crate) const BOOLEAN: u16 = 0x000b;
    pub(crate) const OBJECT: u16 = 0x000d;
    pub(crate) const STRING8: u16 = 0x001e;
    pub(crate) const UNICODE: u16 = 0x001f;
    pub(crate) const TIME: u16 = 0x0040;
    pub(crate) const BINARY: u16 = 0x0102;
}

/// Ids of properties, called as in MS-OXPROPS without `PidTag`.
pub(crate) mod id {
    pub(crate) const IMPORTANCE: u16 = 0x0017;
    pub(crate) const SUBJECT: u16 = 0x0037;
    pub(crate) const CLIENT_SUBMIT_TIME: u16 = 0x0039;
    pub(crate) const SENT_REPRESENTING_NAME: u16 = 0x0042;
    pub(crate) const SENT_REPRESENTING_ADDRESS_TYPE: u16 = 0x0064;
    pub(crate) const SENT_REPRESENTING_EMAIL_ADDRESS: u16 = 0x0065;
    pub(crate) const TRANSPORT_MESSAGE_HEADERS: u16 = 0x007d;
    pub(crate) const RECIPIENT_TYPE: u16 = 0x0c15;
    pub(crate) const SENDER_NAME: u16 = 0x0c1a;
    pub(crate) const SENDER_ADDRESS_TYPE: u16 = 0x0c1e;
    pub(crate) const SENDER_EMAIL_ADDRESS: u16 = 0x0c1f;
    pub(crate) const DISPLAY_BCC: u16 = 0x0e02;
    pub(crate) const DISPLAY_CC: u16 = 0x0e03;
    pub(crate) const DISPLAY_TO: u16 = 0x0e04;
    pub(crate) const MESSAGE_DELIVERY_TIME: u16 = 0x0e06;
    pub(crate) const BODY: u16 = 0x1000;
    pub(crate) const RTF_COMPRESSED: u16 = 0x1009;
    pub(crate) const BODY_HTML: u16 = 0x1013;
    pub(crate) const INTERNET_MESSAGE_ID: u16 = 0x1035;
    pub(crate) const INTERNET_REFERENCES: u16 = 0x1039;
    pub(crate) const IN_REPLY_TO_ID: u16 = 0x1042;
    pub(crate) const DISPLAY_NAME: u16 = 0x3001;
    pub(crate) const ADDRESS_TYPE: u16 = 0x3002;
    pub(crate) const EMAIL_ADDRESS: u16 = 0x3003;
    /// `AttachDataBinary` and `AttachDataObject`, by their type.
    pub(crate) const ATTACH_DATA: u16 = 0x3701;
    pub(crate) const ATTACH_EXTENSION: u16 = 0x3703;
    pub(crate) const ATTACH_FILENAME: u16 = 0x3704;
    pub(crate) const ATTACH_LONG_FILENAME: u16 = 0x3707;
    pub(crate) const ATTACH_MIME_TAG: u16 = 0x370e;
    pub(crate) const ATTACH_CONTENT_ID: u16 = 0x3712;
    pub(crate) const SMTP_ADDRESS: u16 = 0x39fe;
    pub(crate) const INTERNET_CODEPAGE: u16 = 0x3fde;
    pub(crate) const MESSAGE_CODEPAGE: u16 = 0x3ffd;
    pub(crate) const SENDER_SMTP_ADDRESS: u16 = 0x5d01;
    pub(crate) const SENT_REPRESENTING_SMTP_ADDRESS: u16 = 0x5d02;
    pub(crate) const ATTACHMENT_HIDDEN: u16 = 0x7ffe;
}

/// A property: its id, its type and the bytes of its (first) value.
#[derive(Clone, Debug)]
struct Property<'a> {
    id: u16,
    kind: u16,
    value: Cow<'a, [u8]>,
}

/// Properties with the character set of their 8-bit texts. Of two with one id and type the first counts.
#[derive(Clone, Debug)]
pub(crate) struct Properties<'a> {
    list: Vec<Property<'a>>,
    /// What is said of the character set outside the properties, as by a winmail.dat.
    charset: &'static Encoding,
}

impl<'a> Properties<'a> {
    pub(crate) fn new(charset: &'static Encoding) -> Properties<'a> {
        Properties { list: Vec::new(), charset }
    }

    pub(crate) fn add(&mut self, id: u16, kind: u16, value: impl Into<Cow<'a, [u8]>>) {
        self.list.push(Property { id, kind, value: value.into() });
    }

    /// The character set of 8-bit texts: that of `MessageCodepage` where it is there.
    pub(crate) fn charset(&self) -> &'static Encoding {
        let named = self.number(id::MESSAGE_CODEPAGE).and_then(codepage);
        named.filter(|charset| charset.is_ascii_compatible()).unwrap_or(self.charset)
    }

    /// Says what the character set is where the properties do not: that of the message, for its recipients and attachments.
    pub(crate) fn set_charset(&mut self, charset: &'static Encoding) {
        self.charset = charset;
    }

    /// The bytes of a property of this type.
    pub(crate) fn bytes(&self, id: u16, kind: u16) -> Option<&Cow<'a, [u8]>> {
        self.list.iter().find(|property| property.id == id && property.kind == kind).map(|property| &property.value)
    }

    /// A text, up to its NUL; `None` where it is missing or empty.
    pub(crate) fn text(&self, id: u16) -> Option<String> {
        let text = match self.bytes(id, kind::UNICODE) {
            Some(bytes) => utf16(bytes),
            None => {
                let bytes = self.bytes(id, kind::STRING8)?;
                let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
                self.charset().decode_without_bom_handling(&bytes[..end]).0.into_owned()
            }
        };
        Some(text).filter(|text| !text.is_empty())
    }

    /// A number of 32 bits; one of 16 and a truth value count, too.
    pub(crate) fn number(&self, id: u16) -> Option<u32> {
        let is_number = |kind: u16| matches!(kind, kind::LONG | kind::SHORT | kind::BOOLEAN);
        let found = self.list.iter().find(|property| property.id == id && is_number(property.kind))?;
        let width = if found.kind == kind::LONG { 4 } else { 2 };
        let mut number = [0; 4];
        number[..width].copy_from_slice(found.value.get(..width)?);
        Some(u32::from_le_bytes(number))
    }

    /// A time, in units of 100 ns since 1601 (UTC).
    pub(crate) fn time(&self, id: u16) -> Option<u64> {
        let bytes = self.bytes(id, kind::TIME)?.get(..8)?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    }

    /// The HTML body: a text by its type, else bytes in the code page that the message names for the Internet.
    pub(crate) fn html(&self) -> Option<String> {
        let Some(bytes) = self.bytes(id::BODY_HTML, kind::BINARY).filter(|bytes| !bytes.is_empty()) else {
            return self.text(id::BODY_HTML);
        };
        let bytes = bytes.trim_ascii_end();
        let bytes = bytes.strip_suffix(b"\0").unwrap_or(bytes);
        let named = self.number(id::INTERNET_CODEPAGE).and_then(codepage);
        // A text that is UTF-8 by its bytes is UTF-8, whatever single-byte page is named.
        let is_utf8 = std::str::from_utf8(bytes).is_ok() && named.is_none_or(Encoding::is_single_byte);
        let charset = if is_utf8 { encoding_rs::UTF_8 } else { named.unwrap_or(WINDOWS_1252) };
        Some(charset.decode(bytes).0.into_owned())
    }
}

/// Little-endian UTF-16 up to its NUL.
fn utf16(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).take_while(|unit| *unit != 0).collect();
    String::from_utf16_lossy(&units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_in_their_character_set_and_end_with_nul() {
        let mut properties = Properties::new(WINDOWS_1252);
        properties.add(id::SUBJECT, kind::STRING8, &b"\x9aunka\0rest"[..]);
        assert_eq!(properties.text(id::SUBJECT).as_deref(), Some("šunka"));
        properties.add(id::MESSAGE_CODEPAGE, kind::LONG, 1251u32.to_le_bytes().to_vec());
        assert_eq!(properties.text(id::SUBJECT).as_deref(), Some("љunka"));
        properties.add(id::BODY, kind::UNICODE, &b"G\0r\0\xfc\0\0\0x\0"[..]);
        assert_eq!(properties.text(id::BODY).as_deref(), Some("Grü"));
        assert_eq!((properties.text(id::DISPLAY_TO), properties.number(id::IMPORTANCE)), (None, None));
    }

    #[test]
    fn html_is_decoded_by_its_code_page_unless_its_bytes_prove_that_wrong() {
        let html = |page: u32, bytes: &'static [u8]| {
            let mut properties = Properties::new(WINDOWS_1252);
            properties.add(id::INTERNET_CODEPAGE, kind::LONG, page.to_le_bytes().to_vec());
            properties.add(id::BODY_HTML, kind::BINARY, bytes);
            properties.html()
        };
        assert_eq!(html(28591, b"<p>Gr\xfc\xdfe\0").as_deref(), Some("<p>Grüße"));
        assert_eq!(html(1252, "<p>Grüße".as_bytes()).as_deref(), Some("<p>Grüße"));
        assert_eq!(html(932, b"<p>\x93\xfa\x96{").as_deref(), Some("<p>日本"));
    }
}
