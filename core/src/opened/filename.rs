//! The name under which an attachment travels.

use super::field;
use mail_parser::{HeaderName, MessagePart, MimeHeaders};
use std::borrow::Cow;

/// The name of an attachment, decoded, or nothing.
pub(super) fn name<'a>(part: &'a MessagePart<'_>, raw: &[u8]) -> Option<Cow<'a, str>> {
    let name = unfolded(part, raw).map(Cow::Owned).or_else(|| part.attachment_name().map(Cow::Borrowed))?;
    let trimmed = name.trim();
    if trimmed.is_empty() { None } else { Some(if trimmed.len() == name.len() { name } else { Cow::Owned(trimmed.to_owned()) }) }
}

/// A name that was written in several encoded words. RFC 2047 does not allow them in a quoted string, yet Outlook writes them there, and
/// the blanks between them, which belong to the encoding (section 6.2), would be taken for blanks of the name.
fn unfolded(part: &MessagePart<'_>, raw: &[u8]) -> Option<String> {
    let mut named = [HeaderName::ContentDisposition, HeaderName::ContentType].into_iter().filter_map(|name| {
        let header = part.headers().iter().rfind(|header| header.name == name)?;
        joined(raw.get(header.offset_start as usize..header.offset_end as usize)?)
    });
    named.find_map(|value| {
        let header = [b"Content-Disposition:", &*value, b"\r\n"].concat();
        let parsed = field::read(&header, 0..header.len())?;
        let disposition = parsed.value.as_content_type()?;
        disposition.attribute("filename").or_else(|| disposition.attribute("name")).map(str::to_owned)
    })
}

/// A header without the blanks between encoded words, if it has such.
fn joined(value: &[u8]) -> Option<Vec<u8>> {
    let ends = memchr::memmem::find_iter(value, b"?=");
    let follows = |end: usize| {
        let blanks = value[end..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        (blanks > 0 && value[end + blanks..].starts_with(b"=?")).then_some(blanks)
    };
    ends.clone().find_map(|at| follows(at + 2))?;
    let (mut joined, mut from) = (Vec::with_capacity(value.len()), 0);
    for end in ends.map(|at| at + 2) {
        joined.extend_from_slice(&value[from..end]);
        from = end + follows(end).unwrap_or_default();
    }
    joined.extend_from_slice(&value[from..]);
    Some(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &str) -> Option<String> {
        let raw = format!("{headers}\r\n\r\nx");
        let message = field::attached(raw.as_bytes());
        name(&message.parts[0], raw.as_bytes()).map(Cow::into_owned)
    }

    #[test]
    fn a_name_in_several_encoded_words_has_no_blanks_between_them() {
        for between in [" ", "\r\n ", "\r\n\t", ""] {
            let words = format!("=?utf-8?B?R3LDtg==?={between}=?iso-8859-1?Q?=DFe_2?={between}=?utf-8?Q?.pdf?=");
            assert_eq!(read(&format!("Content-Disposition: attachment; filename=\"{words}\"; size=5")).as_deref(), Some("Größe 2.pdf"));
            assert_eq!(read(&format!("Content-Type: application/pdf;\r\n name=\"{words}\"")).as_deref(), Some("Größe 2.pdf"));
        }
        assert_eq!(read("Content-Type: application/pdf; name=\"=?utf-8?Q?a?= b =?utf-8?Q?c?=\"").as_deref(), Some("a b c"));
        assert_eq!(read("Content-Disposition: attachment; filename=\"a  b.txt\"").as_deref(), Some("a  b.txt"));
        assert_eq!(read("Content-Disposition: attachment; filename=\" \""), None);
    }
}
