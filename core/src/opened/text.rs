//! The text of a message.

use super::{charset, field};
use mail_parser::{GetHeader, HeaderName, HeaderValue};
use postkontor_reader::{Message, Repairs};
use std::borrow::Cow;
use std::io;

/// The most bytes of text, and of HTML, in a summary: no person reads more, and as JSON it may be six times as much.
const TEXT: usize = 4 * 1024 * 1024;

/// So many bytes of a part are decoded for that: some character sets take two for a letter.
const BYTES: u64 = 2 * TEXT as u64;

/// A text, and whether that is all of it.
pub(super) struct Text<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) is_all: bool,
}

/// The texts of one kind, one below the other.
pub(super) fn text<'a>(message: &Message<'a>, entities: &[usize], is_html: bool, repairs: &mut Repairs) -> io::Result<Text<'a>> {
    let pointer = if is_html { "/html" } else { "/text" };
    let mut whole = Text { text: Cow::Borrowed(""), is_all: true };
    for (place, entity) in entities.iter().enumerate() {
        if whole.text.len() > TEXT {
            break;
        }
        let (bytes, faults) = message.decoded(*entity, BYTES)?;
        faults.into_iter().flatten().for_each(|code| repairs.note(code, pointer));
        whole.is_all &= (bytes.len() as u64) < BYTES;
        let header = message.header(*entity)?;
        let fields = field::attached(&header);
        let kind = fields.parts.first().and_then(|part| part.headers.header_value(&HeaderName::ContentType));
        let label = kind.and_then(HeaderValue::as_content_type).and_then(|kind| kind.attribute("charset"));
        let text = charset::text(bytes, label);
        if place == 0 {
            whole.text = text;
        } else {
            let above = whole.text.to_mut();
            above.push('\n');
            above.push_str(&text);
        }
    }
    cut(&mut whole);
    Ok(whole)
}

fn cut(whole: &mut Text<'_>) {
    let mut end = whole.text.len().min(TEXT);
    while !whole.text.is_char_boundary(end) {
        end -= 1;
    }
    whole.is_all &= end == whole.text.len();
    match &mut whole.text {
        Cow::Borrowed(text) => *text = &text[..end],
        Cow::Owned(text) => text.truncate(end),
    }
}
