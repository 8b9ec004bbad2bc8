//! The text of a message.

use encoding_rs::Encoding;
use postkontor_reader::source::Source;
use postkontor_reader::transfer::{self, UuencodedFile, decoded, uuencoded_files};
use postkontor_reader::{Message, Repairs, charset, flowed};
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

/// The character set that the first text of a message names.
pub(super) fn named(message: &Message<'_>) -> Option<&'static Encoding> {
    let bodies = message.bodies();
    let first = bodies.text.first().or(bodies.html.first())?;
    charset::encoding(message.entity(*first)?.content_type.as_ref()?.parameter("charset")?)
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
        let is_all = (bytes.len() as u64) < BYTES;
        whole.is_all &= is_all;
        let parameter = |name: &str| message.entity(*entity)?.content_type.as_ref()?.parameter(name);
        let decode = if is_all { charset::decode } else { charset::decode_start };
        let mut text = match bytes {
            Cow::Borrowed(bytes) => decode(bytes, parameter("charset"), is_html, repairs, pointer),
            Cow::Owned(bytes) => Cow::Owned(charset::utf8(bytes, parameter("charset")).unwrap_or_else(|bytes| {
                match decode(&bytes, parameter("charset"), is_html, repairs, pointer) {
                    // It was UTF-8 already, and need not be copied.
                    Cow::Borrowed(text) if text.len() == bytes.len() => String::from_utf8(bytes).unwrap_or_default(),
                    text => text.into_owned(),
                }
            })),
        };
        if !is_html && parameter("format").is_some_and(|format| format.eq_ignore_ascii_case("flowed")) {
            let delsp = parameter("delsp").is_some_and(|delsp| delsp.eq_ignore_ascii_case("yes"));
            text = Cow::Owned(flowed::join(&text, delsp).into_owned());
        }
        if place == 0 {
            whole.text = text;
        } else {
            let above = whole.text.to_mut();
            let wanted = text.len() + 1;
            if above.capacity() - above.len() < wanted {
                // Twice as much room would be in memory beside what is there.
                above.reserve_exact(wanted.max(above.len() / 8));
            }
            above.push('\n');
            above.push_str(&text);
        }
    }
    cut(&mut whole);
    Ok(whole)
}

/// The files in uuencode that stand in a text, decoded, with their names. The text keeps their lines.
pub(super) fn files(text: &str) -> io::Result<Vec<(String, Vec<u8>)>> {
    let decode = |file: UuencodedFile| {
        let lines = Source::from(text.as_bytes().get(file.range).unwrap_or_default().to_vec());
        let (bytes, _) = decoded(&lines, 0..lines.size(), transfer::Encoding::Uuencode, u64::MAX)?;
        Ok((String::from_utf8_lossy(&file.name).into_owned(), bytes.into_owned()))
    };
    uuencoded_files(text.as_bytes()).into_iter().map(decode).collect()
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
